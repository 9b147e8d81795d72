/* SPDX-License-Identifier: MIT */
/*
 * The judge of front ends: what is frozen, stale or implausible, what only looks so, and how soon each ends.
 */
#include <check.h>
#include <math.h>

#include "core/health.h"
#include "core/units.h"
#include "fixture/suite.h"

struct fixture {
	struct mm_health_judge judge;
	struct mm_measurement window;
};

static struct fixture *setup(struct fixture *f)
{
	static const struct mm_health_limits limits[] = {{240, 150}, {240, 150}};

	*f = (struct fixture){0};
	mm_health_init(&f->judge, limits, 2);
	f->window = (struct mm_measurement){.end_ns = MM_NS_PER_S, .latched = true, .input_count = 2};
	for (unsigned i = 0; i < 2; i++) {
		f->window.input[i] = (struct mm_input_reading){
			.voltage_v = 120, .current_a = 10, .active_ws = 1200, .reactive_vars = 1, .frequency_hz = 60};
	}
	return f;
}

/* The next window: live on the inputs of the mask. */
static enum mm_health judge_next(struct fixture *f, unsigned live)
{
	f->window.start_ns = f->window.end_ns;
	f->window.end_ns += MM_NS_PER_S;
	for (unsigned i = 0; i < 2; i++) {
		if ((live & (1u << i)) != 0) {
			f->window.input[i].voltage_v += 0.000002;
		}
	}
	return mm_health_judge(&f->judge, &f->window);
}

START_TEST(live_is_ok)
{
	struct fixture fixture, *f = setup(&fixture);

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_OK);
	}
}
END_TEST

START_TEST(frozen_and_back)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_OK);
	for (int i = 1; i < MM_HEALTH_FROZEN_WINDOWS; i++) {
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_OK);
	}
	for (int i = 0; i < 10; i++) {
		/* A cached energy register may look as if it latched or not. */
		f->window.latched = i % 2 == 0;
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_FROZEN);
	}
	f->window.latched = true;
	ck_assert_int_eq(judge_next(f, 1), MM_HEALTH_OK);
	ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_OK);
}
END_TEST

/* A current that moves, or one input of two, is life enough. */
START_TEST(partly_live_is_ok)
{
	struct fixture fixture, *f = setup(&fixture);

	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(judge_next(f, 2), MM_HEALTH_OK);
	}
	for (int i = 0; i < 20; i++) {
		f->window.input[0].current_a += 0.0001;
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_OK);
	}
}
END_TEST

START_TEST(dead_lines_may_repeat)
{
	struct fixture fixture, *f = setup(&fixture);

	for (unsigned i = 0; i < 2; i++) {
		f->window.input[i] = (struct mm_input_reading){.voltage_v = 0.5};
	}
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_OK);
	}
	/* One line alive of two: the dead one repeats, the other must not. */
	f->window.input[1].voltage_v = 120;
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(judge_next(f, 2), MM_HEALTH_OK);
	}
	for (int i = 1; i < MM_HEALTH_FROZEN_WINDOWS; i++) {
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_OK);
	}
	ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_FROZEN);
}
END_TEST

START_TEST(stale_and_back)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_OK);
	f->window.latched = false;
	for (int i = 1; i < MM_HEALTH_STALE_WINDOWS; i++) {
		ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_OK);
	}
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_STALE);
	}
	f->window.latched = true;
	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_OK);
}
END_TEST

/* One that is starting may take a moment, but not for ever. */
START_TEST(starting)
{
	struct fixture fixture, *f = setup(&fixture);

	f->window.health = MM_HEALTH_STARTING;
	f->window.latched = false;
	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_STARTING);
	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_STARTING);
	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_STALE);
	for (int i = 1; i < MM_HEALTH_FROZEN_WINDOWS; i++) {
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_STALE);
	}
	ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_FROZEN);
	f->window.health = MM_HEALTH_OK;
	f->window.latched = true;
	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_OK);
}
END_TEST

/* What the adapter says itself stands, and what came before it is forgotten. */
START_TEST(own_word)
{
	struct fixture fixture, *f = setup(&fixture);
	static const enum mm_health bad[] = {MM_HEALTH_ABSENT, MM_HEALTH_STALE, MM_HEALTH_IMPLAUSIBLE, MM_HEALTH_FROZEN};

	judge_next(f, 3);
	judge_next(f, 0);
	judge_next(f, 0);
	f->window.health = bad[_i];
	ck_assert_int_eq(judge_next(f, 0), bad[_i]);
	f->window.health = MM_HEALTH_OK;
	for (int i = 0; i < MM_HEALTH_FROZEN_WINDOWS; i++) {
		ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_OK);
	}
	ck_assert_int_eq(judge_next(f, 0), MM_HEALTH_FROZEN);
}
END_TEST

static const struct {
	struct mm_input_reading input;
	enum mm_health health;
} figures[] = {
	{{120, 10, 1200, 0, 60}, MM_HEALTH_OK},
	{{120, 10, -1200, 0, 60}, MM_HEALTH_OK},
	{{239.9, 149.9, 0, 0, 0}, MM_HEALTH_OK},
	{{240.1, 10, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, 150.1, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{-0.1, 10, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, -0.1, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{NAN, 10, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, NAN, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{INFINITY, 10, 0, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, 10, NAN, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, 10, -INFINITY, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, 10, 0, NAN, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, 10, 0, 0, INFINITY}, MM_HEALTH_IMPLAUSIBLE},
	/* 1 % of full scale is 360 W, of 200 V times 100 A 200 W: the larger counts. */
	{{120, 10, 1559, 0, 60}, MM_HEALTH_OK},
	{{120, 10, 1561, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{120, 10, -1561, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
	{{200, 100, 20359, 0, 60}, MM_HEALTH_OK},
	{{200, 100, 20361, 0, 60}, MM_HEALTH_IMPLAUSIBLE},
};

START_TEST(plausibility)
{
	struct fixture fixture, *f = setup(&fixture);

	f->window.input[1] = figures[_i].input;
	ck_assert_int_eq(judge_next(f, 1), figures[_i].health);
	f->window.input[1] = figures[0].input;
	ck_assert_int_eq(judge_next(f, 1), MM_HEALTH_OK);
}
END_TEST

/* The limit is on power: two seconds bring twice the energy. A window of no length has none. */
START_TEST(window_length)
{
	struct fixture fixture, *f = setup(&fixture);

	f->window.input[0].active_ws = 3000;
	ck_assert_int_eq(judge_next(f, 3), MM_HEALTH_IMPLAUSIBLE);
	f->window.end_ns += MM_NS_PER_S;
	ck_assert_int_eq(mm_health_judge(&f->judge, &f->window), MM_HEALTH_OK);
	f->window.end_ns = f->window.start_ns;
	ck_assert_int_eq(mm_health_judge(&f->judge, &f->window), MM_HEALTH_IMPLAUSIBLE);
	f->window.end_ns = f->window.start_ns - 1;
	ck_assert_int_eq(mm_health_judge(&f->judge, &f->window), MM_HEALTH_IMPLAUSIBLE);
}
END_TEST

START_TEST(names)
{
	static const char *const want[] = {"ok",	 "starting",   "absent",     "stale", "frozen",	   "implausible",
					   "no-channel", "no-trigger", "wrong-rate", "stuck", "saturated", "swapped"};

	for (enum mm_health health = 0; health < MM_HEALTH_COUNT; health++) {
		ck_assert_str_eq(mm_health_name(health), want[health]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("health");
	TCase *tcase = tcase_create("health");

	tcase_add_test(tcase, live_is_ok);
	tcase_add_test(tcase, frozen_and_back);
	tcase_add_test(tcase, partly_live_is_ok);
	tcase_add_test(tcase, dead_lines_may_repeat);
	tcase_add_test(tcase, stale_and_back);
	tcase_add_test(tcase, starting);
	tcase_add_loop_test(tcase, own_word, 0, 4);
	tcase_add_loop_test(tcase, plausibility, 0, MM_COUNT_OF(figures));
	tcase_add_test(tcase, window_length);
	tcase_add_test(tcase, names);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
