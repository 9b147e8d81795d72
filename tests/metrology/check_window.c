/* SPDX-License-Identifier: MIT */
/*
 * The window tracker against a made-up chip in virtual time: whatever the clock error, the jitter, the stalls and the load, each
 * latched window is counted once, or is in a gap that was flagged.
 */
#include <check.h>
#include <math.h>

#include "fixture/suite.h"
#include "fixture/window_fixture.h"

START_TEST(every_clock_error)
{
	double ppm = -500 + 50.0 * _i;
	struct run run;
	int64_t first;
	double sum;

	run_init(&run, ppm);
	go(&run, 1);
	ck_assert_int_gt(run.last, 1000); /* what stood at the start is not counted */
	ck_assert_int_eq(run.last, 1001);
	ck_assert(run.worst_end_ns < 16 * MS);
	first = run.last;
	go(&run, 99);
	run.reads = 0;
	run.worst_end_ns = 0;
	go(&run, 20000);
	ck_assert_int_eq(run.missed, 0);
	ck_assert_int_eq(run.overdue, 0);
	ck_assert_int_eq(run.lost, 0);
	ck_assert_int_eq(run.counted, run.last - first + 1);
	ck_assert_msg(run.worst_end_ns < 5 * MS, "end off by %.1f ms", run.worst_end_ns / MS);
	ck_assert_msg(fabs(run.window.period_ns - run.chip.period_ns) < 8e-6 * SECOND, "period off by %.1f ppm",
		      (run.window.period_ns - run.chip.period_ns) / 1e3);
	sum = run.energy_ns / ((double)run.counted * run.chip.period_ns) - 1;
	ck_assert_msg(fabs(sum) < 5e-6, "time counted is off by %.2f ppm", sum * 1e6);
	/* A reading a window, and a probe in every few. */
	ck_assert_int_le(run.reads, 20000 * REGISTERS + 20000 / 3);
}
END_TEST

START_TEST(jitter)
{
	static const double most[] = {1, 5, 20, 45, 200, 900};
	struct run run;

	run_init(&run, _i % 2 ? 300 : -300);
	run.jitter_ns = most[_i] * MS;
	go(&run, 20000);
	ck_assert_int_eq(run.unflagged, 0);
	ck_assert_int_eq(run.missed, run.lost);
	if (most[_i] <= 200) {
		ck_assert_int_eq(run.lost, 0);
		ck_assert_int_eq(run.overdue, 0);
	}
}
END_TEST

START_TEST(stalls)
{
	static const double longest_s[] = {0.1, 0.5, 1.0, 2.0, 10.0};
	struct run run;

	run_init(&run, _i % 2 ? 400 : -400);
	run.stall_chance = 0.01;
	run.stall_max_ns = longest_s[_i] * SECOND;
	go(&run, 50000);
	ck_assert_int_eq(run.unflagged, 0);
	/* A reading that took longer than a window leaves open how many went by: rather one too many is flagged than one too few.
	 */
	ck_assert_int_ge(run.missed, run.lost);
	ck_assert_int_le(run.missed, run.lost + 4 * run.overdue);
	if (longest_s[_i] >= 2.0) {
		ck_assert_int_gt(run.lost, 100);
	}
}
END_TEST

START_TEST(one_long_stall)
{
	static const double seconds[] = {0.3, 1.1, 2.5, 10, 60, 600};
	struct run run;
	int64_t last;

	run_init(&run, 100);
	go(&run, 3000);
	ck_assert_int_eq(run.missed, 0);
	last = run.last;
	pass(&run, seconds[_i] * SECOND);
	ck_assert_int_eq(next(&run), MM_WINDOW_LATCHED);
	ck_assert_int_eq(run.window.missed, run.last - last - 1);
	ck_assert_int_ge(run.window.missed, (int64_t)seconds[_i] - 1);
	go(&run, 100);
	ck_assert_int_eq(run.unflagged, 0);
	ck_assert_int_eq(run.missed, run.lost);
}
END_TEST

START_TEST(no_load)
{
	struct run run;
	int64_t from;
	double begin;

	run_init(&run, 500);
	run.chip.loaded = never;
	run.chip.shown = run.chip.shown0 = 0;
	go(&run, 1);
	begin = run.now;
	ck_assert(begin - 1000 * SECOND < 1.25 * SECOND);
	from = run.chip.k;
	go(&run, 20000);
	ck_assert_int_eq(run.missed, 0);
	ck_assert_int_eq(run.overdue, 0);
	ck_assert_int_eq(run.counted, 0);
	ck_assert_int_le(llabs(run.chip.k - from - 20000), 12);
}
END_TEST

/* Registers that hold nothing yet show a latch only afterwards, some time within half a window. */
START_TEST(an_end_that_was_a_guess_is_put_right_at_once)
{
	struct run run;

	run_init(&run, 50);
	run.chip.latch_ns -= 0.09 * _i * SECOND;
	run.chip.shown = run.chip.shown0 = 0;
	go(&run, 2);
	run.worst_end_ns = 0;
	go(&run, 60);
	ck_assert_msg(run.worst_end_ns < 16 * MS, "end off by %.1f ms", run.worst_end_ns / MS);
	ck_assert_int_eq(run.missed, 0);
}
END_TEST

static bool rarely(int64_t k)
{
	uint64_t block = (uint64_t)k / 7919 * UINT64_C(0x9e3779b97f4a7c15) >> 40;

	return k % 7919 >= (int64_t)(block % 7000) && k % 7919 < (int64_t)(block % 7000) + 1 + (int64_t)(block % 5);
}

static bool often(int64_t k)
{
	return ((uint64_t)k * UINT64_C(0x9e3779b97f4a7c15)) >> 62 != 0;
}

static bool in_turns(int64_t k)
{
	return k / 40 % 2 == 0;
}

START_TEST(load_comes_and_goes)
{
	static bool (*const loads[])(int64_t) = {rarely, often, in_turns};
	static const double ppms[] = {-500, -100, -1, 0, 1, 100, 500};
	struct run run;
	int64_t loaded = 0, from;

	run_init(&run, ppms[_i % 7]);
	run.chip.loaded = loads[_i / 7];
	run.jitter_ns = 2 * MS;
	go(&run, 2);
	from = run.last + 1;
	run.counted = 0;
	go(&run, 200000);
	for (int64_t k = from; k <= run.last; k++) {
		loaded += run.chip.loaded(k);
	}
	ck_assert_int_gt(loaded, 50);
	ck_assert_int_eq(run.counted, loaded);
	ck_assert_int_eq(run.lost, 0);
	ck_assert_int_eq(run.overdue, 0);
	ck_assert_int_eq(run.missed, 0);
}
END_TEST

START_TEST(idle_with_stalls)
{
	struct run run;

	run_init(&run, 200);
	run.chip.loaded = rarely;
	run.stall_chance = 0.01;
	run.stall_max_ns = 5 * SECOND;
	go(&run, 200000);
	ck_assert_int_eq(run.unflagged, 0);
	ck_assert_int_gt(run.counted, 20);
}
END_TEST

START_TEST(stuck)
{
	struct run run;
	int64_t last;

	run_init(&run, -80);
	run.chip.stuck_from = 4000;
	run.chip.stuck_to = 4100;
	while (run.last < 3999) {
		(void)next(&run);
	}
	last = run.last;
	for (unsigned i = 0; i < 60; i++) {
		double before = run.now;

		run.reads = 0;
		ck_assert_int_eq(next(&run), MM_WINDOW_OVERDUE);
		ck_assert(run.now - before < 1.5 * SECOND);
		/* At first there may be a latch any moment; later there is no hurry. */
		ck_assert_int_le(run.reads, i < 3 ? 80 : 20);
	}
	while (next(&run) == MM_WINDOW_OVERDUE) {
		continue;
	}
	ck_assert_int_eq(run.last, 4100);
	ck_assert_int_eq(run.window.missed, run.last - last - 1);
	go(&run, 1000);
	ck_assert_int_eq(run.missed, run.lost);
	ck_assert_int_eq(run.unflagged, 0);
}
END_TEST

START_TEST(away_and_back)
{
	struct run run;
	int64_t last;

	run_init(&run, 60);
	go(&run, 2000);
	last = run.last;
	/* The chip is powered up anew: another phase, and another window standing that nobody saw latch. */
	pass(&run, (37 + 0.17 * _i) * SECOND);
	run.chip.latch_ns -= 0.13 * _i * SECOND;
	restart(&run);
	last = run.chip.k - last;
	ck_assert_int_eq(next(&run), MM_WINDOW_LATCHED);
	ck_assert_int_le(llabs((int64_t)run.window.missed - last), 1);
	go(&run, 100);
	ck_assert_int_eq(run.overdue, 0);
	ck_assert_int_eq(run.missed, run.window.missed + run.missed); /* none since */
}
END_TEST

START_TEST(slewed_clock)
{
	struct run run;

	run_init(&run, 30);
	for (unsigned i = 0; i < 20; i++) {
		go(&run, 300);
		ck_assert(fabs(run.window.period_ns - run.chip.period_ns) < 40e-6 * SECOND);
		run.slew = i % 2 ? 0.083 : -0.083; /* what chrony does to a clock that is far out */
		go(&run, 15);
		run.slew = 0;
	}
	ck_assert_int_eq(run.lost, 0);
	ck_assert_int_eq(run.missed, 0);
	ck_assert_int_eq(run.overdue, 0);
}
END_TEST

START_TEST(probe_register_repeats)
{
	struct run run;

	run_init(&run, 500);
	run.chip.repeat_every = 7;
	go(&run, 20000);
	ck_assert_int_eq(run.lost, 0);
	ck_assert_int_eq(run.missed, 0);
}
END_TEST

START_TEST(slow_bus)
{
	static const double ms[] = {3, 10, 30, 100, 180};
	struct run run;

	run_init(&run, 100);
	run.read_ns = ms[_i] * MS;
	go(&run, 3000);
	ck_assert_int_eq(run.unflagged, 0);
	ck_assert_int_eq(run.missed, run.lost);
	if (ms[_i] <= 100) {
		ck_assert_int_eq(run.lost, 0);
	}
}
END_TEST

START_TEST(hopeless_bus)
{
	struct run run;

	run_init(&run, 0);
	run.read_ns = 400 * MS;
	for (unsigned i = 0; i < 100; i++) {
		double before = run.now;

		ck_assert_int_eq(next(&run), MM_WINDOW_OVERDUE);
		ck_assert(run.now - before < 4.5 * SECOND);
	}
}
END_TEST

START_TEST(millions)
{
	struct run run;
	const double period = SECOND * (1 + 40e-6);

	run_init(&run, 40);
	for (unsigned hour = 0; hour < 1000; hour++) {
		/* A crystal over the day's temperature. */
		run.chip.period_ns = period * (1 + 10e-6 * sin(hour * 2 * M_PI / 24));
		go(&run, 3600);
	}
	ck_assert_int_eq(run.lost, 0);
	ck_assert_int_eq(run.missed, 0);
	ck_assert_int_eq(run.counted, 3600000);
	ck_assert(fabs(run.energy_ns / (3600000 * period) - 1) < 2e-6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window");
	TCase *tcase = tcase_create("tracker");
	TCase *slow = tcase_create("slow");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, jitter, 0, 6);
	tcase_add_loop_test(tcase, stalls, 0, 5);
	tcase_add_loop_test(tcase, one_long_stall, 0, 6);
	tcase_add_test(tcase, no_load);
	tcase_add_loop_test(tcase, an_end_that_was_a_guess_is_put_right_at_once, 0, 8);
	tcase_add_loop_test(tcase, load_comes_and_goes, 0, 21);
	tcase_add_test(tcase, idle_with_stalls);
	tcase_add_test(tcase, stuck);
	tcase_add_loop_test(tcase, away_and_back, 0, 6);
	tcase_add_test(tcase, slewed_clock);
	tcase_add_test(tcase, probe_register_repeats);
	tcase_add_loop_test(tcase, slow_bus, 0, 5);
	tcase_add_test(tcase, hopeless_bus);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 120);
	tcase_add_loop_test(slow, every_clock_error, 0, 21);
	tcase_add_test(slow, millions);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
