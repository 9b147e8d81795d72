/* SPDX-License-Identifier: MIT */
/* The ADE9000 through minimeter's own driver, which counts on: against the simulated board, and window by window. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "afe/ade9000_window.h"
#include "core/units.h"
#include "fixture/afe_fixture.h"
#include "fixture/suite.h"

#define FULL_SCALE_V (M_SQRT1_2 * 1001.0)
#define FULL_SCALE_A (M_SQRT1_2 / 5.1 * 200.0 / 0.1)

static const struct mm_afe_config front_end = {
	.input = {{.phase = 0, .full_scale_v = FULL_SCALE_V, .full_scale_a = FULL_SCALE_A, .nominal_v = 120},
		  {.phase = 1, .full_scale_v = FULL_SCALE_V, .full_scale_a = FULL_SCALE_A}},
};

static struct fixture *start(const char *driver, double ppm, const char *scenario)
{
	struct fixture *b = begin_scenario(ppm, "chip = ade9000-minimeter");

	say(b, "%s", scenario);
	fixture_start(b, mm_afe_driver_find(driver), &front_end);
	return b;
}

/* What both elements have seen from a moment on, and what was counted since. */
struct since {
	int64_t truth_uwh[2];
};

static struct since begin(struct fixture *b)
{
	/* The first window is where counting begins. */
	(void)step(b);
	fixture_reset(b);
	return (struct since){{ask(b, "truth_seen_a_uwh"), ask(b, "truth_seen_b_uwh")}};
}

/* Counted up to the last window's end, a reading after it: at 10 kW that is 42,000 uWh at most. */
static void assert_counted(struct fixture *b, const struct since *since, double tolerance, double late_uwh)
{
	int64_t truth[2] = {ask(b, "truth_seen_a_uwh"), ask(b, "truth_seen_b_uwh")};

	for (unsigned i = 0; i < 2; i++) {
		double counted = b->active_ws[i] * MM_UWH_PER_WS, flowed = (double)(truth[i] - since->truth_uwh[i]);

		ck_assert_msg(fabs(counted - flowed) <= tolerance * fabs(flowed) + late_uwh, "%c: %.0f of %.0f uWh", 'A' + i,
			      counted, flowed);
	}
}

START_TEST(an_hour)
{
	static const double ppms[] = {0, 500, -500};
	struct fixture *b =
		start("ade9000-minimeter", ppms[_i],
		      "[at 0]\nload_a = 6000 W 0.8 lag\nload_b = 3 W\nct_b = reversed\n[at 1800.3]\nload_a = 900 W\n");
	struct since since = begin(b);

	run_until(b, 3600);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_eq(b->missed, 0);
	ck_assert_uint_ge(b->windows, 3595);
	assert_counted(b, &since, 1e-4, 1000);
	ck_assert_double_eq_tol(b->last.input[0].voltage_v, 120, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].current_a, 7.5, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].frequency_hz, 60, 0.04); /* by the chip's clock */
	ck_assert_double_lt(b->last.input[1].active_ws, 0);
	fixture_free(b);
}
END_TEST

/* The driver's name that everybody has in the configuration takes ours where it is there, and the other one where not. */
START_TEST(either_driver)
{
	static const char *const chips[] = {"ade9000-minimeter", "ade9000"};
	struct fixture *b = begin_scenario(0, "");

	say(b, "chip = %s\n[at 0]\nload_a = 2000 W\n", chips[_i]);
	fixture_start(b, mm_afe_driver_find("ade9000"), &front_end);
	run_until(b, 30);
	ck_assert_uint_ge(b->windows, 25);
	ck_assert_double_eq_tol(b->active_ws[0] / b->windows, 2000, 1);
	ck_assert_int_eq(b->last.counters.epoch != 0, _i == 0);
	fixture_free(b);
}
END_TEST

/* A bus that fails or stalls, and a device that is gone for a while, cost nothing. */
START_TEST(late_readers_lose_nothing)
{
	static const char *const faults[] = {"eio", "vanished", "stall 3000"};
	static const int seconds[] = {1, 5, 20, 60, 95};
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\nload_b = 500 W\n");
	struct since since = begin(b);

	for (unsigned round = 0; round < 5; round++) {
		double until = 40.0 + 150 * round;

		run_until(b, until);
		ck_assert_int_eq(fixture_write(b, "fault", faults[_i]), 0);
		b->afe->ops->close(b->afe);
		ck_assert_int_eq(mm_clock_sleep_until(b->clock, (int64_t)((until + seconds[round]) * 1e9)), 0);
		ck_assert_int_eq(fixture_write(b, "fault", "none"), 0);
		reopen(b);
		(void)step(b);
		ck_assert_double_gt(b->last.length_s, seconds[round] - 1);
	}
	run_until(b, 800);
	ck_assert_uint_eq(b->missed, 0);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	assert_counted(b, &since, 1e-6, 50000);
	fixture_free(b);
}
END_TEST

/* Another run goes on from where the last one stood. */
START_TEST(restarts_lose_nothing)
{
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\nload_b = 500 W\nct_b = reversed\n");
	struct since since = begin(b);

	for (unsigned i = 0; i < 100; i++) {
		struct mm_counters stood;

		run_until(b, 10.0 * (i + 1) + 0.0193 * i);
		stood = b->last.counters;
		mm_afe_free(b->afe);
		b->afe = fixture_new_afe(b, "ade9000");
		b->afe->resume = stood;
		ck_assert_int_eq(mm_clock_sleep_until(b->clock, mm_clock_boottime(b->clock) + (i % 7) * 290 * MM_NS_PER_MS), 0);
		ck_assert_int_eq(b->afe->ops->open(b->afe), 0);
	}
	run_until(b, 1010);
	ck_assert_uint_eq(b->missed, 0);
	assert_counted(b, &since, 1e-7, 50000);
	fixture_free(b);
}
END_TEST

/* Beyond the sure time the counters may have gone round: nothing is invented, and the gap shows. */
START_TEST(too_long_a_gap)
{
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\n");
	struct since since;
	int64_t end_ns;

	(void)begin(b);
	run_until(b, 20);
	end_ns = b->last.end_ns;
	b->afe->ops->close(b->afe);
	ck_assert_int_eq(mm_clock_sleep_until(b->clock, end_ns + INT64_C(108) * MM_NS_PER_S), 0);
	ck_assert_int_eq(b->afe->ops->open(b->afe), 0);
	b->last.latched = false;
	since = begin(b);
	ck_assert_int_ge(b->last.start_ns, end_ns + INT64_C(106) * MM_NS_PER_S);
	run_until(b, 160);
	assert_counted(b, &since, 1e-4, 50000);
	fixture_free(b);
}
END_TEST

/* A chip that restarts counts from 0: what it has counted since is energy, and that some is missing is said. */
START_TEST(chip_restarts)
{
	struct fixture *b =
		start("ade9000", 0, "[at 0]\nload_a = 9000 W\n[at 30.4]\nfault = restarted\n[at 31.9]\nfault = none\n");
	struct mm_measurement m;
	int r = 0;

	run_until(b, 29.5);
	fixture_reset(b);
	while (r == 0 && b->missed == 0) {
		r = b->afe->ops->next(b->afe, &m);
		b->missed += r == 0 ? m.missed : 0;
	}
	ck_assert_int_eq(r, -ESTALE);
	ck_assert_ptr_nonnull(strstr(b->afe->error.text, "the chip has restarted"));
	reopen(b);
	b->last.latched = false;
	(void)step(b);
	ck_assert_uint_eq(b->missed, 1);
	/* From 30.4 to the end of that window, not from where it stood before. */
	ck_assert_double_gt(b->last.input[0].active_ws, 0);
	ck_assert_double_le(b->last.input[0].active_ws, 9001 * ((double)b->last.end_ns / 1e9 - 30.4));
	fixture_free(b);
}
END_TEST

/* Nothing is lost, and it is said. */
START_TEST(silent_interrupt)
{
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\n");

	run_until(b, 20);
	ck_assert(!b->last.interrupt_silent);
	ck_assert_int_eq(fixture_write(b, "fault", "no-trigger"), 0);
	run_until(b, 30);
	ck_assert(b->last.interrupt_silent && b->last.latched);
	ck_assert_uint_eq(b->missed, 0);
	fixture_free(b);
}
END_TEST

/* What another chip has counted before anybody looked at it is nobody's. */
START_TEST(another_chip_in_its_place)
{
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\n");
	struct mm_counters stood;

	run_until(b, 60);
	stood = b->last.counters;
	stood.epoch += 1000;
	mm_afe_free(b->afe);
	b->afe = fixture_new_afe(b, "ade9000");
	b->afe->resume = stood;
	ck_assert_int_eq(b->afe->ops->open(b->afe), 0);
	b->last.latched = false;
	(void)step(b);
	ck_assert_double_gt(b->last.input[0].active_ws, 0);
	ck_assert_double_le(b->last.input[0].active_ws, 9100);
	ck_assert_int_gt(b->last.start_ns, stood.end_ns);
	fixture_free(b);
}
END_TEST

/* A line that has gone when the next run begins had volts before: what was counted then is right. */
START_TEST(line_lost_after_a_restart)
{
	static const char *const volts[] = {"0", "3", "20", "40"};
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 20000 W\n");
	struct mm_counters stood;

	run_until(b, 20);
	stood = b->last.counters;
	mm_afe_free(b->afe);
	ck_assert_int_eq(mm_clock_sleep_until(b->clock, stood.end_ns + INT64_C(45) * MM_NS_PER_S), 0);
	ck_assert_int_eq(fixture_write(b, "voltage_a", volts[_i]), 0);
	ck_assert_int_eq(mm_clock_sleep_until(b->clock, stood.end_ns + INT64_C(47) * MM_NS_PER_S), 0);
	b->afe = fixture_new_afe(b, "ade9000");
	b->afe->resume = stood;
	ck_assert_int_eq(b->afe->ops->open(b->afe), 0);
	ck_assert_int_eq(step(b), MM_HEALTH_OK);
	ck_assert_double_ge(b->last.input[0].active_ws, 20000 * 44.9);
	fixture_free(b);
}
END_TEST

/* A measurement that nobody takes is in the next. */
START_TEST(what_is_dropped_comes_again)
{
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\n");
	struct mm_measurement m;
	int64_t end_ns;

	run_until(b, 20);
	end_ns = b->last.end_ns;
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(b->afe->ops->next(b->afe, &m), 0);
		ck_assert_int_eq(m.start_ns, end_ns);
		b->afe->dropped = true;
	}
	(void)step(b);
	ck_assert_int_eq(b->last.start_ns, end_ns);
	ck_assert_double_eq_tol(b->last.input[0].active_ws, 6 * 9000, 10);
	(void)step(b);
	ck_assert_double_eq_tol(b->last.input[0].active_ws, 9000, 10);
	ck_assert_uint_eq(b->missed, 0);
	fixture_free(b);
}
END_TEST

/* Nor does it move the chip's clock, by which every later window is billed. */
START_TEST(what_is_dropped_is_measured_once)
{
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\n");
	struct mm_measurement m;

	run_until(b, 20);
	ck_assert_int_eq(b->afe->ops->next(b->afe, &m), 0);
	b->afe->dropped = true;
	run_until(b, 1100);
	ck_assert_double_eq_tol(b->last.input[0].active_ws, 9000, 0.5);
	fixture_free(b);
}
END_TEST

START_TEST(errors_in_words)
{
	static const struct {
		const char *fault;
		int error;
		const char *words;
	} cases[] = {
		{"eio", -EIO, "the SPI bus fails"},
		{"stuck", -ETIME, "windows do not end"},
	};
	struct fixture *b = start("ade9000", 0, "[at 0]\nload_a = 9000 W\n");
	struct mm_measurement m;
	int r = 0;

	run_until(b, 20);
	ck_assert_int_eq(fixture_write(b, "fault", cases[_i].fault), 0);
	for (unsigned i = 0; i < 10 && r == 0; i++) {
		r = b->afe->ops->next(b->afe, &m);
	}
	ck_assert_int_eq(r, cases[_i].error);
	ck_assert_ptr_nonnull(strstr(b->afe->error.text, cases[_i].words));
	fixture_free(b);
}
END_TEST

START_TEST(differences_go_round)
{
	const int64_t half = INT64_C(1) << 44;

	ck_assert_int_eq(mm_ade9000_window_counted(5, 12), 7);
	ck_assert_int_eq(mm_ade9000_window_counted(half - 3, -half + 4), 7);
	ck_assert_int_eq(mm_ade9000_window_counted(-half + 4, half - 3), -7);
	ck_assert_int_eq(mm_ade9000_window_counted(0, half - 1), half - 1);
}
END_TEST

START_TEST(windows_as_text)
{
	static const char good[] = "7 9000 9500 305419897 2 0 1 -2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18";
	static const char *const bad[] = {"",
					  "7 -9223372036854775808 9500 1 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7 9 9223372036854775807 1 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7",
					  "7 9000 8000 1 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7 9000 9500 0 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7 9000 9500 1 0 0 1 2 3 -4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7 9000 9500 1 0 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 x",
					  "7 9000 9500 1 0 0 9223372036854775808 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7 9000 9500 1 0 0 -9223372036854775809 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18",
					  "7 9000 9500 1 0 0 - 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"};
	struct mm_ade9000_window w = {0};

	ck_assert_int_eq(mm_ade9000_window_parse(good, &w), 0);
	ck_assert_uint_eq(w.number, 7);
	ck_assert_int_eq(w.counters.end_ns, 9000);
	ck_assert_uint_eq(w.counters.epoch, 305419897);
	ck_assert_uint_eq(w.flags, MM_ADE9000_AT_60_HZ);
	ck_assert_int_eq(w.counters.count[0][1], -2);
	ck_assert_uint_eq(w.voltage[1], 10);
	ck_assert_uint_eq(w.period[2], 18);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert_int_eq(mm_ade9000_window_parse(bad[i], &w), -EPROTO);
	}
	ck_assert_double_eq_tol(mm_ade9000_window_hz(8738132), 60, 1e-4);
	ck_assert_double_eq(mm_ade9000_window_hz(0), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ade9000_counting");
	TCase *tc = tcase_create("counting");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, an_hour, 0, 3);
	tcase_add_loop_test(tc, either_driver, 0, 2);
	tcase_add_loop_test(tc, late_readers_lose_nothing, 0, 3);
	tcase_add_test(tc, restarts_lose_nothing);
	tcase_add_test(tc, too_long_a_gap);
	tcase_add_test(tc, chip_restarts);
	tcase_add_test(tc, silent_interrupt);
	tcase_add_test(tc, another_chip_in_its_place);
	tcase_add_loop_test(tc, line_lost_after_a_restart, 0, 4);
	tcase_add_test(tc, what_is_dropped_comes_again);
	tcase_add_test(tc, what_is_dropped_is_measured_once);
	tcase_add_loop_test(tc, errors_in_words, 0, 2);
	tcase_add_test(tc, differences_go_round);
	tcase_add_test(tc, windows_as_text);
	return mm_run_suite(s);
}
