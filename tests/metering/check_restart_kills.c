/* SPDX-License-Identifier: MIT */
/*
 * The real daemon killed, at any moment of the metering of minutes, of its start and of a call. MM_KILLS sets how often in each
 * of the ways (default 30; make check-register: 10,002 in all).
 */
#include "fixture/restart_fixture.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture/let_run.h"
#include "fixture/random.h"
#include "store/store.h"
#include "fixture/suite.h"

struct toll {
	unsigned doubts;
	int64_t lost_uwh, worst_uwh; /* registered, but not in the register at a kill */
	int64_t repeated_uwh;	     /* played, but not noted in the register */
};

/* What the kernel does to lines whose process is gone, where it does not leave them as they are. */
static void let_go(struct restart_fixture *f)
{
	for (int i = 0; i < GPIO_SHIM_LINES; i++) {
		struct gpio_shim_wire *wire = &f->wires->wire[0][i];

		wire->high = wire->output = 0;
	}
}

/* Runs the daemon and kills it: mostly at a random moment of its metering, at times of its start, at times within a call. */
static void run_and_kill(struct restart_fixture *f, int round)
{
	char path[96];

	if (round % 8 == 3 && strcmp(driver, "gpiod") == 0) {
		path_in(f, path, sizeof(path), "kill-set");
		write_text(path, "%" PRIu64 " %s\n", 1 + mm_random(&f->chance) % 50, round % 16 == 3 ? "before" : "after");
		run(f);
		(void)manager_stop(&f->manager, 0);
		unlink(path);
	} else if (round % 8 == 7) {
		run(f);
		let_run(f->manager.child, (int64_t)(mm_random(&f->chance) % (30 * MM_NS_PER_MS)));
		(void)manager_stop(&f->manager, SIGKILL);
	} else {
		run_until_metering(f);
		let_run(f->manager.child, (int64_t)(mm_random(&f->chance) % (12 * MM_NS_PER_MS)));
		(void)manager_stop(&f->manager, SIGKILL);
	}
}

/*
 * One life without memory: it began where the register had the outputs, has put out each pulse from there on once, and what the
 * next one repeats of them is bound.
 */
static void assert_life(const struct restart_fixture *f, const struct left *left, const struct mm_registers *began,
			const struct mm_registers *stored, const uint32_t *pulses_before, int round)
{
	int64_t repeated_uwh = left->played_uwh - stored->output_uwh;

	ck_assert_msg(repeated_uwh >= 0 && repeated_uwh <= COMMIT_WH * MM_UWH_PER_WH + WINDOW_UWH + 5 * MM_UWH_PER_WH,
		      "round %d: %lld uWh put out, but not noted in the register", round, (long long)repeated_uwh);
	for (int o = 0; o < ON_LINE_COUNT && strcmp(driver, "gpiod") == 0; o++) {
		uint32_t pulses = f->wires->wire[0][o].pulses - pulses_before[o];
		uint32_t expected = left->expected[o] - pulses_up_to(f, on_line[o], began->output_uwh);

		ck_assert_msg(pulses == expected || (left->in_doubt && pulses + 1 == expected),
			      "round %d, output %s: %u pulses for %u", round, mm_output_name(on_line[o]), pulses, expected);
	}
}

static struct toll kill_often(struct restart_fixture *f, int kills, bool reverts)
{
	struct mm_registers stored = {0}, last_held = {0};
	struct toll toll = {0};

	for (int round = 0; round < kills; round++) {
		struct mm_registers last_stored = stored;
		uint32_t pulses[ON_LINE_COUNT];
		struct left left;
		int64_t lost_uwh;

		for (int o = 0; o < ON_LINE_COUNT; o++) {
			pulses[o] = f->wires->wire[0][o].pulses;
		}
		run_and_kill(f, round);
		left = read_memory(f);
		stored = read_register(f);
		lost_uwh = left.registers.delivered.uwh - stored.delivered.uwh;
		ck_assert_msg(mm_registers_follow(&stored, &last_stored) == 0, "round %d: the register went back", round);
		if (!left.known) {
			continue; /* a run that ended before it had any memory */
		}
		ck_assert_msg(lost_uwh >= 0, "round %d: memory is behind the register", round);
		toll.lost_uwh += lost_uwh;
		toll.worst_uwh = lost_uwh > toll.worst_uwh ? lost_uwh : toll.worst_uwh;
		toll.repeated_uwh += left.played_uwh - stored.output_uwh;
		if (f->manager.store) {
			ck_assert_msg(mm_registers_follow(&left.registers, &last_held) == 0, "round %d: memory went back", round);
			last_held = left.registers;
		} else {
			assert_life(f, &left, &last_stored, &stored, pulses, round);
		}
		toll.doubts += left.in_doubt;
		if (f->manager.store && !left.in_doubt && !(reverts && toll.doubts > 0)) {
			assert_pulses(f, &left, round);
		}
		if (reverts) {
			let_go(f);
		}
	}
	return toll;
}

static int kills_wanted(void)
{
	return getenv("MM_KILLS") ? atoi(getenv("MM_KILLS")) : 30;
}

/*
 * The last run is stopped properly; then the register says how many pulses there should be. Lives that were too short to pay what
 * they owed leave it to this one: it gets time, or more of it on a slow machine.
 */
static struct left stop_properly(struct restart_fixture *f)
{
	struct mm_registers stored;
	struct left left;

	for (int i = 0; i < 100; i++) {
		run_until_metering(f);
		let_run(f->manager.child, i * 10 * MM_NS_PER_MS);
		ck_assert_int_eq(manager_stop(&f->manager, SIGTERM), 0);
		left = read_memory(f);
		stored = read_register(f);
		ck_assert_int_eq(stored.delivered.uwh, left.registers.delivered.uwh);
		ck_assert_int_eq(stored.output_uwh, left.played_uwh);
		if (stored.delivered.uwh - stored.output_uwh <= 3 * WINDOW_UWH) {
			break;
		}
	}
	/* Owed is what the outputs are behind by, a window and a bit. */
	ck_assert_int_le(stored.delivered.uwh - stored.output_uwh, 3 * WINDOW_UWH);
	return left;
}

static void print(const struct restart_fixture *f, const char *how, const struct toll *toll, const struct left *left)
{
	printf("%-34s %6d kills, %u of them amid an edge; %.1f Wh registered, at a kill at most %.3f Wh, on average %.3f Wh not "
	       "in the register; %u pulses of 10 Wh for %u\n",
	       how, kills_wanted(), toll->doubts, (double)left->registers.delivered.uwh / MM_UWH_PER_WH,
	       (double)toll->worst_uwh / MM_UWH_PER_WH, (double)toll->lost_uwh / MM_UWH_PER_WH / kills_wanted(),
	       f->wires->wire[0][0].pulses, left->expected[0]);
}

START_TEST(kills_lose_nothing_where_memory_is_held)
{
	struct restart_fixture *f = setup();
	struct toll toll;
	struct left left;

	manager_begin(&f->manager, true);
	toll = kill_often(f, kills_wanted(), false);
	left = stop_properly(f);
	assert_pulses(f, &left, kills_wanted());
	ck_assert_int_gt(left.registers.delivered.uwh, 0);
	print(f, "memory held, lines keep their level", &toll, &left);
	teardown(f);
}
END_TEST

START_TEST(kills_lose_nothing_where_lines_go_dark)
{
	struct restart_fixture *f = setup();
	struct toll toll;
	struct left left;
	char path[96];

	path_in(f, path, sizeof(path), "revert");
	write_text(path, "1\n");
	manager_begin(&f->manager, true);
	toll = kill_often(f, kills_wanted(), true);
	left = stop_properly(f);
	for (int o = 0; o < ON_LINE_COUNT && strcmp(driver, "gpiod") == 0; o++) {
		ck_assert_uint_le(f->wires->wire[0][o].pulses, left.expected[o]);
		ck_assert_uint_le(left.expected[o] - f->wires->wire[0][o].pulses, toll.doubts);
	}
	print(f, "memory held, lines go dark", &toll, &left);
	teardown(f);
}
END_TEST

START_TEST(kills_lose_no_more_than_the_bound_without)
{
	struct restart_fixture *f = setup();
	struct toll toll;
	struct left left;

	manager_begin(&f->manager, false);
	toll = kill_often(f, kills_wanted(), false);
	ck_assert_int_le(toll.worst_uwh, COMMIT_WH * MM_UWH_PER_WH + WINDOW_UWH);
	left = stop_properly(f);
	/* What the register lost of the outputs' position they repeat, and no more. */
	for (int o = 0; o < ON_LINE_COUNT && strcmp(driver, "gpiod") == 0; o++) {
		int64_t kh = mm_output_kh_uwh(&f->model, on_line[o]);

		ck_assert_uint_ge(f->wires->wire[0][o].pulses, left.expected[o]);
		ck_assert_int_le((f->wires->wire[0][o].pulses - left.expected[o]) * kh, toll.repeated_uwh + kh * kills_wanted());
	}
	print(f, "no memory held", &toll, &left);
	teardown(f);
}
END_TEST

int main(void)
{
	const struct {
		const char *name;
		const TTest *test;
	} kills[] = {
		{"kills,held", kills_lose_nothing_where_memory_is_held},
		{"kills,dark", kills_lose_nothing_where_lines_go_dark},
		{"kills,bare", kills_lose_no_more_than_the_bound_without},
	};
	Suite *suite = suite_create("restart: kills");

	/* Each a case of its own, so that they can run beside each other. */
	for (int i = 0; i < MM_COUNT_OF(kills); i++) {
		TCase *tc = tcase_create(kills[i].name);

		tcase_set_timeout(tc, 120 + kills_wanted());
		tcase_set_tags(tc, "slow");
		tcase_add_test(tc, kills[i].test);
		suite_add_tcase(suite, tc);
	}
	return mm_run_suite(suite);
}
