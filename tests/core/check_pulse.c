/* SPDX-License-Identifier: MIT */
/*
 * Pulse outputs: edges where the register says, at their instants, never too close, whatever loads and windows come.
 */
#include <check.h>

#include "core/pulse.h"
#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

static const struct mm_model coarse = {.elements = 2, .kh_wh = 10};
static const struct mm_model fine = {.elements = 2, .kh_wh = 10, .fine_pulses = true};

START_TEST(kh_table)
{
	static const struct {
		const char *name;
		int64_t wh, fine_wh;
	} want[MM_OUTPUT_COUNT] = {{"10", 10, 10},	 {"100", 100, 100},   {"1000", 1000, 0},    {"counter", 1000, 100},
				   {"led_load", 10, 10}, {"led_power", 0, 0}, {"led_reverse", 0, 0}};

	for (enum mm_output output = 0; output < MM_OUTPUT_COUNT; output++) {
		ck_assert_str_eq(mm_output_name(output), want[output].name);
		ck_assert_int_eq(mm_output_kh_uwh(&coarse, output), want[output].wh * MM_UWH_PER_WH);
		ck_assert_int_eq(mm_output_kh_uwh(&fine, output), want[output].fine_wh * MM_UWH_PER_WH);
	}
}
END_TEST

START_TEST(levels)
{
	ck_assert(!mm_output_level(&coarse, MM_OUTPUT_10, 0));
	ck_assert(!mm_output_level(&coarse, MM_OUTPUT_10, 5 * MM_UWH_PER_WH - 1));
	ck_assert(mm_output_level(&coarse, MM_OUTPUT_10, 5 * MM_UWH_PER_WH));
	ck_assert(mm_output_level(&coarse, MM_OUTPUT_10, 10 * MM_UWH_PER_WH - 1));
	ck_assert(!mm_output_level(&coarse, MM_OUTPUT_10, 10 * MM_UWH_PER_WH));
	ck_assert(mm_output_level(&coarse, MM_OUTPUT_1000, 123999 * MM_UWH_PER_WH));
	ck_assert(!mm_output_level(&coarse, MM_OUTPUT_1000, 123499 * MM_UWH_PER_WH));
	ck_assert(!mm_output_level(&fine, MM_OUTPUT_1000, 123999 * MM_UWH_PER_WH));
	ck_assert(!mm_output_level(&coarse, MM_OUTPUT_LED_POWER, 123999 * MM_UWH_PER_WH));
}
END_TEST

START_TEST(one_window)
{
	static const struct mm_edge want[] = {
		{1 * MM_NS_PER_S + 1, 50 * MM_UWH_PER_WH, MM_OUTPUT_10, false},
		{1 * MM_NS_PER_S + 1, 50 * MM_UWH_PER_WH, MM_OUTPUT_100, true},
		{1 * MM_NS_PER_S + 1, 50 * MM_UWH_PER_WH, MM_OUTPUT_COUNTER, true},
		{1 * MM_NS_PER_S + 1, 50 * MM_UWH_PER_WH, MM_OUTPUT_LED_LOAD, false},
		{2 * MM_NS_PER_S + 1, 55 * MM_UWH_PER_WH, MM_OUTPUT_10, true},
		{2 * MM_NS_PER_S + 1, 55 * MM_UWH_PER_WH, MM_OUTPUT_LED_LOAD, true},
	};
	int64_t position = 45 * MM_UWH_PER_WH;
	struct mm_edges edges;

	mm_pulse_advance(&fine, &position, 55 * MM_UWH_PER_WH, 1, 2 * MM_NS_PER_S + 1, &edges);
	ck_assert_int_eq(position, 55 * MM_UWH_PER_WH);
	ck_assert_uint_eq(edges.count, MM_COUNT_OF(want));
	for (unsigned i = 0; i < edges.count; i++) {
		ck_assert_int_eq(edges.edge[i].at_ns, want[i].at_ns);
		ck_assert_int_eq(edges.edge[i].position_uwh, want[i].position_uwh);
		ck_assert_int_eq(edges.edge[i].output, want[i].output);
		ck_assert_int_eq(edges.edge[i].level, want[i].level);
	}
	/* An edge reached at the end of a window is not played again in the next one. */
	mm_pulse_advance(&fine, &position, 56 * MM_UWH_PER_WH, 2 * MM_NS_PER_S + 1, 3 * MM_NS_PER_S, &edges);
	ck_assert_uint_eq(edges.count, 0);
	/* The instant is rounded up. */
	position = 5 * MM_UWH_PER_WH - 1;
	mm_pulse_advance(&fine, &position, position + 3, 0, 100, &edges);
	ck_assert_uint_eq(edges.count, 2);
	ck_assert_int_eq(edges.edge[0].at_ns, 34);
}
END_TEST

START_TEST(never_back)
{
	int64_t position = 7 * MM_UWH_PER_WH;
	struct mm_edges edges = {.count = 3};

	mm_pulse_advance(&fine, &position, 2 * MM_UWH_PER_WH, 0, MM_NS_PER_S, &edges);
	ck_assert_int_eq(position, 7 * MM_UWH_PER_WH);
	ck_assert_uint_eq(edges.count, 0);
	mm_pulse_advance(&fine, &position, 20 * MM_UWH_PER_WH, MM_NS_PER_S, MM_NS_PER_S, &edges);
	mm_pulse_advance(&fine, &position, 20 * MM_UWH_PER_WH, MM_NS_PER_S, MM_NS_PER_S - 1, &edges);
	ck_assert_int_eq(position, 7 * MM_UWH_PER_WH);
	ck_assert_uint_eq(edges.count, 0);
}
END_TEST

/* Owed energy in a very long window: as many edges as there is room for, and the rest later. */
START_TEST(room)
{
	const struct mm_model *model = _i == 0 ? &coarse : &fine;
	int64_t position = 5 * MM_UWH_PER_WH - 1;
	int64_t target = 9000 * MM_UWH_PER_WH;
	int64_t now = 0;
	unsigned most = 0;
	struct mm_edges edges;

	while (position < target) {
		int64_t before = position;

		mm_pulse_advance(model, &position, target, now, now + 3600 * MM_NS_PER_S, &edges);
		now += 3600 * MM_NS_PER_S;
		most = edges.count > most ? edges.count : most;
		ck_assert_int_gt(position, before);
		ck_assert_int_le(position - before, 435 * MM_UWH_PER_WH);
		ck_assert_uint_le(edges.count, MM_EDGES_MAX);
	}
	ck_assert_int_eq(position, target);
	ck_assert_uint_ge(most, _i == 0 ? 184 : 192);
}
END_TEST

/* Follows the edges of all outputs and checks what must hold for each. */
struct follower {
	const struct mm_model *model;
	int64_t at_ns[MM_OUTPUT_ENERGY_COUNT]; /* of the last edge */
	bool level[MM_OUTPUT_ENERGY_COUNT];
	int64_t rising[MM_OUTPUT_ENERGY_COUNT];
	int64_t falling[MM_OUTPUT_ENERGY_COUNT];
	int64_t closest_ns;
	int64_t last_ns;
};

static void follow(struct follower *follower, const struct mm_edges *edges, int64_t start_ns, int64_t end_ns)
{
	for (unsigned i = 0; i < edges->count; i++) {
		const struct mm_edge *edge = &edges->edge[i];
		int64_t spacing = edge->at_ns - follower->at_ns[edge->output];

		ck_assert_int_gt(edge->at_ns, start_ns);
		ck_assert_int_le(edge->at_ns, end_ns);
		ck_assert_int_ge(edge->at_ns, follower->last_ns);
		ck_assert_int_ne(edge->level, follower->level[edge->output]);
		ck_assert_int_eq(edge->level, mm_output_level(follower->model, edge->output, edge->position_uwh));
		ck_assert_int_ne(edge->level, mm_output_level(follower->model, edge->output, edge->position_uwh - 1));
		ck_assert_int_ge(spacing, MM_PULSE_MIN_NS);
		if (edge->level) {
			follower->rising[edge->output]++;
		} else {
			follower->falling[edge->output]++;
		}
		follower->level[edge->output] = edge->level;
		follower->at_ns[edge->output] = edge->at_ns;
		follower->last_ns = edge->at_ns;
		follower->closest_ns = spacing < follower->closest_ns ? spacing : follower->closest_ns;
	}
}

static void check_counts(const struct follower *follower, int64_t from_uwh, int64_t to_uwh)
{
	for (enum mm_output output = 0; output < MM_OUTPUT_ENERGY_COUNT; output++) {
		int64_t kh = mm_output_kh_uwh(follower->model, output);

		if (kh == 0) {
			ck_assert_int_eq(follower->rising[output] + follower->falling[output], 0);
			continue;
		}
		ck_assert_int_eq(follower->rising[output], (to_uwh + kh / 2) / kh - (from_uwh + kh / 2) / kh);
		ck_assert_int_eq(follower->falling[output], to_uwh / kh - from_uwh / kh);
	}
}

static int64_t random_duration(uint64_t *random)
{
	switch (mm_random(random) % 8) {
	case 0:
		return (int64_t)mm_random_between(random, 1, 100);
	case 1:
		return (int64_t)mm_random_between(random, 1, 50e6);
	case 2:
		return (int64_t)mm_random_between(random, 1e9, 40e9);
	case 3:
		return MM_PULSE_MIN_NS;
	default:
		return (int64_t)mm_random_between(random, 0.9e9, 1.1e9);
	}
}

static double random_power(uint64_t *random)
{
	switch (mm_random(random) % 6) {
	case 0:
		return 0;
	case 1:
		return 121440; /* full load of the largest model */
	case 2:
		return mm_random_between(random, 400e3, 500e3); /* around the speed limit */
	case 3:
		return mm_random_between(random, 0, 200);
	default:
		return mm_random_between(random, 0, 121440);
	}
}

START_TEST(any_load_any_window)
{
	uint64_t random = (uint64_t)_i + 1;
	int64_t from = (int64_t)mm_random_between(&random, 0, 3e9);
	int64_t position = from, target = from, now = (int64_t)mm_random_between(&random, 0, 1e15);
	struct follower follower = {.model = _i % 2 == 0 ? &coarse : &fine, .closest_ns = INT64_MAX};
	struct mm_edges edges;

	for (enum mm_output output = 0; output < MM_OUTPUT_ENERGY_COUNT; output++) {
		follower.at_ns[output] = now - MM_PULSE_MIN_NS;
		follower.level[output] = mm_output_level(follower.model, output, from);
	}
	for (int window = 0; window < 1000 || position < target; window++) {
		int64_t duration = random_duration(&random);

		if (mm_random(&random) % 16 == 0) {
			now += (int64_t)mm_random_between(&random, 0, 100e6); /* windows were missed */
		}
		if (window < 1000) {
			target += (int64_t)(random_power(&random) * (double)duration / MM_NS_PER_S * MM_UWH_PER_WS);
			target += mm_random(&random) % 64 == 0 ? (int64_t)mm_random_between(&random, 0, 100e6) : 0;
		}
		mm_pulse_advance(follower.model, &position, target, now, now + duration, &edges);
		ck_assert_int_le(position, target);
		follow(&follower, &edges, now, now + duration);
		if (window % 16 == 0) {
			check_counts(&follower, from, position);
		}
		now += duration;
	}
	check_counts(&follower, from, target);
	/* The speed limit was reached, so that the spacing was put to the test. */
	ck_assert_int_lt(follower.closest_ns, MM_PULSE_MIN_NS + 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pulse");
	TCase *tcase = tcase_create("pulse");
	TCase *slow = tcase_create("slow");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, kh_table);
	tcase_add_test(tcase, levels);
	tcase_add_test(tcase, one_window);
	tcase_add_test(tcase, never_back);
	tcase_add_loop_test(tcase, room, 0, 2);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 300);
	tcase_add_loop_test(slow, any_load_any_window, 0, 12);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
