/* SPDX-License-Identifier: MIT */
/* A chip's energy against its power: ripple, pulses, and scales that are wrong. */
#include <check.h>
#include <math.h>

#include "base/count_of.h"
#include "fixture/suite.h"
#include "metrology/power_check.h"

/* A window of polls with the ripple of a register that lets a tenth of 2f through. */
static void poll_window(struct mm_power_check *check, double power_w, double hz, double offset)
{
	mm_power_check_begin(check);
	for (unsigned i = 0; i < 26; i++) {
		double t = offset + i * (double)MM_POWER_CHECK_STEP_NS * 1e-9;

		mm_power_check_poll(check, power_w * (1 + 0.1 * cos(4 * M_PI * hz * t)));
	}
}

/*
 * A load that pulses, as polled and as counted. The mean of polls is wrong by chance, and at the
 * window's period by the same chance for ever.
 */
START_TEST(power_check_of_pulses)
{
	static const double pulses[][2] = {{0.1, 1.0},	  {0.2, 1.003},	  {0.1, 0.3},	{0.15, 0.31}, {0.1, 5.0}, {0.3, 2.0},
					   {0.1, 1.0138}, {0.1, 0.97764}, {0.5, 0.999}, {0.05, 0.5},  {0.1, 0.5}, {0.1, 1.0 / 3}};
	static const double base_w[] = {0, 500};

	for (unsigned i = 0; i < 2 * COUNT_OF(pulses); i++) {
		double on_s = pulses[i / 2][0], period_s = pulses[i / 2][1], base = base_w[i % 2], step_s = 0.03618034;
		struct mm_power_check check = {0};

		for (unsigned window = 0; window < 4000; window++) {
			double counted = 0;

			mm_power_check_begin(&check);
			for (double t = window + 0.02; t < window + 1.015; t += step_s) {
				mm_power_check_poll(&check, base + (fmod(t, period_s) < on_s ? 10000 : 0));
			}
			for (unsigned ms = 0; ms < 1000; ms++) {
				counted += base + (fmod(window + ms * 1e-3 + 0.0005, period_s) < on_s ? 10000 : 0);
			}
			mm_power_check_end(&check, counted / 1000, 100);
			ck_assert_msg(!check.wrong, "%g s of %g s on %g W, window %u", on_s, period_s, base, window);
		}
	}
}
END_TEST

/* What is wrong is found on a load that moves, too. */
START_TEST(power_check_of_a_wrong_scale)
{
	static const double scales[] = {0, 0.0067, 0.048, 0.5, 1.5};

	for (unsigned i = 0; i < COUNT_OF(scales); i++) {
		struct mm_power_check check = {0};
		unsigned window;

		for (window = 0; window < 200 && !check.wrong; window++) {
			double power_w = 1000 + 900.0 * (window % 7);

			poll_window(&check, power_w, 50, window * 0.00037);
			mm_power_check_end(&check, power_w * scales[i], 100);
		}
		ck_assert_msg(window <= 10, "%g: %u windows", scales[i], window);
	}
}
END_TEST

START_TEST(power_check)
{
	static const double hertz[] = {47, 49.9, 50, 50.1, 52, 58, 59.95, 60, 60.05, 62};
	struct mm_power_check check = {0};

	for (unsigned i = 0; i < 10; i++) {
		for (unsigned j = 0; j < 50; j++) {
			poll_window(&check, 5000, hertz[i], j * 0.00037);
			ck_assert_double_eq_tol(mm_power_check_end(&check, 5000, 100), 5000, 100);
		}
	}
	check = (struct mm_power_check){0};
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(!check.wrong);
		poll_window(&check, -3000, 60, 0);
		mm_power_check_end(&check, -2700, 100);
	}
	ck_assert(check.wrong && !check.done);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(check.wrong);
		poll_window(&check, 3000, 60, 0);
		mm_power_check_end(&check, 3010, 100);
	}
	ck_assert(!check.wrong && check.done);
	/* Little load, or few polls, say nothing. */
	check = (struct mm_power_check){0};
	for (unsigned i = 0; i < 9; i++) {
		poll_window(&check, 90, 60, 0);
		mm_power_check_end(&check, 10, 100);
		mm_power_check_begin(&check);
		mm_power_check_poll(&check, 5000);
		mm_power_check_end(&check, 10, 100);
	}
	ck_assert(!check.wrong && !check.done);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("power_check");
	TCase *tcase = tcase_create("power_check"), *slow = tcase_create("pulses");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, power_check);
	tcase_add_test(tcase, power_check_of_a_wrong_scale);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 120);
	tcase_add_test(slow, power_check_of_pulses);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
