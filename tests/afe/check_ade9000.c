/* SPDX-License-Identifier: MIT */
/* The ADE9000 adapter against the simulated board. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "afe/afe.h"
#include "core/health.h"
#include "core/units.h"
#include "fixture/afe_fixture.h"
#include "fixture/random.h"
#include "fixture/suite.h"

START_TEST(an_hour_of_mixed_loads)
{
	static const double ppms[] = {0, 100, -100, 500, -500};
	uint64_t seed = 7;
	struct fixture *b;

	b = begin_scenario(ppms[_i], "");
	say(b, "[at 0]\nload_a = off\nct_b = reversed\n");
	for (double t = 4.3; t < 3590; t += mm_random_between(&seed, 1, 41)) {
		say(b, "[at %.3f]\nload_a = %u W 0.%u lag\nload_b = %u W\nload_ab = %u W 0.9 lead\n", t,
		    mm_random_below(&seed, 9000), 5 + mm_random_below(&seed, 5),
		    mm_random_below(&seed, 3) * mm_random_below(&seed, 4000),
		    mm_random_below(&seed, 2) * mm_random_below(&seed, 7000));
	}
	say(b, "[at 3595.5]\nload_a = off\nload_b = off\nload_ab = off\n");
	fixture_start_ade9000(b);
	run_until(b, 3600);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_eq(b->missed, 0);
	ck_assert_uint_ge(b->windows, 3595);
	assert_all_windows(b, 0);
	ck_assert_int_gt(ask(b, "truth_seen_a_uwh"), 3000000);
	ck_assert_int_lt(ask(b, "truth_seen_b_uwh"), -1000000);
	assert_energy(b->active_ws[0], ask(b, "truth_seen_a_uwh"), 1e-4);
	assert_energy(b->active_ws[1], ask(b, "truth_seen_b_uwh"), 1e-4);
	fixture_free(b);
}
END_TEST

START_TEST(volts_and_amperes)
{
	struct fixture *b;

	b = begin_scenario(20, "");
	say(b, "[at 0]\nload_a = 6000 W 0.8 lag\nload_b = 3000 W 0.5 lead\nvoltage_b = 118\n");
	fixture_start_ade9000(b);
	run_until(b, 10);
	ck_assert_double_eq_tol(b->last.input[0].voltage_v, 120, 0.01);
	ck_assert_double_eq_tol(b->last.input[1].voltage_v, 118, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].current_a, 62.5, 0.01);
	ck_assert_double_eq_tol(b->last.input[1].current_a, 6000.0 / 118, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].active_ws, 6000, 1);
	ck_assert_double_eq_tol(b->last.input[0].reactive_vars, 4500, 1);
	ck_assert_double_eq_tol(b->last.input[1].reactive_vars, -5196.15, 1);
	ck_assert_double_eq_tol(b->last.input[0].frequency_hz, 60, 0.01); /* the driver says 30 */
	fixture_free(b);
}
END_TEST

/* Where a window begins and ends is found out window by window; how long it is, is known from the first. */
START_TEST(power_right_from_the_start)
{
	double worst_ends = 0;
	struct fixture *b;

	b = begin_scenario(80, "");
	say(b, "[at 0]\nload_a = 6000 W\n");
	fixture_start_ade9000(b);
	while (b->windows < 30) {
		if (step(b) == MM_HEALTH_OK) {
			const struct mm_measurement *m = &b->last;
			double by_ends = m->input[0].active_ws / ((double)(m->end_ns - m->start_ns) / MM_NS_PER_S);

			ck_assert_double_eq_tol(m->input[0].active_ws / mm_measurement_seconds(m), 6000, 0.6);
			worst_ends = fmax(worst_ends, fabs(by_ends - 6000));
		}
	}
	ck_assert_double_gt(worst_ends, 6); /* or there was nothing to show */
	fixture_free(b);
}
END_TEST

START_TEST(small_loads)
{
	struct fixture *b;

	/* One watt is 843,000 codes: the lower register and the sign of the upper one count. */
	b = begin_scenario(0, "");
	say(b, "[at 0]\nload_a = 1 W\nload_b = 1 W\nct_b = reversed\n");
	fixture_start_ade9000(b);
	run_until(b, 100.5);
	ck_assert_double_eq_tol(b->active_ws[0] / b->windows, 1.0, 0.002);
	ck_assert_double_eq_tol(b->active_ws[1] / b->windows, -1.0, 0.002);
	fixture_free(b);
}
END_TEST

START_TEST(short_loads_count_whole)
{
	struct fixture *b;

	/* On for less than a window, and off again before anybody looks at the current. */
	b = begin_scenario(-60, "");
	say(b, "[at 0]\nload_a = off\n");
	for (unsigned i = 0; i < 200; i++) {
		say(b, "[at %.3f]\nload_a = 4000 W\n[at %.3f]\nload_a = off\n", 3 + i * 2.937, 3 + i * 2.937 + 0.2);
	}
	fixture_start_ade9000(b);
	run_until(b, 600);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	assert_energy(b->active_ws[0], ask(b, "truth_seen_a_uwh"), 2e-4);
	fixture_free(b);
}
END_TEST

/* A supply that goes or sags under load, anywhere in a window: what had flowed until then counts. */
START_TEST(supply_lost_under_load)
{
	struct fixture *b;

	b = begin_scenario(-60, "");
	say(b, "[at 0]\nload_a = 12000 W\nload_b = 4000 W\n");
	for (unsigned i = 0; i < 50; i++) {
		say(b, "[at %.3f]\nvoltage_a = 0\nvoltage_b = 40\nload_b = off\n", 5 + i * 5.937);
		say(b, "[at %.3f]\nvoltage_a = 120\nvoltage_b = 120\nload_b = 4000 W\n", 7 + i * 5.937);
	}
	fixture_start_ade9000(b);
	run_until(b, 310);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_eq(b->missed, 0);
	assert_energy(b->active_ws[0], ask(b, "truth_seen_a_uwh"), 5e-3);
	assert_energy(b->active_ws[1], ask(b, "truth_seen_b_uwh"), 5e-3);
	fixture_free(b);
}
END_TEST

START_TEST(restart_in_mid_run)
{
	struct fixture *b;
	int64_t windows = 0;

	b = begin_scenario(35, "");
	say(b, "[at 0]\nload_a = 2000 W\n");
	fixture_start_ade9000(b);
	for (unsigned i = 0; i < 50; i++) {
		int64_t before;

		run_until(b, 10.0 * (i + 1) + 0.0193 * i);
		before = ask(b, "windows");
		mm_afe_free(b->afe);
		b->afe = fixture_new_afe(b, "ade9000");
		ck_assert_int_eq(mm_clock_sleep_until(b->clock, mm_clock_boottime(b->clock) + (i % 7) * 290 * MM_NS_PER_MS), 0);
		ck_assert_int_eq(b->afe->ops->open(b->afe), 0);
		b->last.latched = false;
		/* What latched while nobody was there is not for the new one to count. */
		windows += ask(b, "windows") - before;
	}
	run_until(b, 510);
	windows = ask(b, "windows") - windows;
	ck_assert_int_lt(windows, 490);
	ck_assert_uint_eq(b->windows, windows);
	ck_assert_uint_eq(b->missed, 0);
	ck_assert_double_eq_tol(b->active_ws[0], 2000.0 * (double)windows, 20.0 * (double)windows * 0.01);
	fixture_free(b);
}
END_TEST

START_TEST(no_load_without_noise)
{
	uint64_t seed = 5;
	struct fixture *b;

	/* All registers are zero for long; then a load that never stays the same. */
	b = begin_scenario(-200, "noise = off");
	for (unsigned t = 0; t < 2000; t++) {
		say(b, "[at %u]\nvoltage_a = 120.%03u\n", t, mm_random_below(&seed, 1000));
	}
	for (double t = 2000; t < 2600; t += 0.7) {
		say(b, "[at %.3f]\nload_a = %u W\n", t, 100 + mm_random_below(&seed, 5000));
	}
	say(b, "[at 2600]\nload_a = off\n");
	fixture_start_ade9000(b);
	run_until(b, 1990);
	ck_assert_uint_ge(b->windows, 1988);
	ck_assert_uint_le(b->windows, 1990);
	ck_assert(b->active_ws[0] == 0);
	run_until(b, 2610);
	ck_assert_uint_eq(b->missed, 0);
	assert_energy(b->active_ws[0], ask(b, "truth_seen_a_uwh"), 1e-4);
	fixture_free(b);
}
END_TEST

START_TEST(cancelled)
{
	struct mm_measurement m;
	struct fixture *b;

	b = begin_scenario(0, "");
	say(b, "[at 0]\nload_a = 100 W\n");
	fixture_start_ade9000(b);
	run_until(b, 3);
	mm_clock_cancel(b->clock);
	ck_assert_int_eq(b->afe->ops->next(b->afe, &m), -ECANCELED);
	fixture_free(b);
}
END_TEST

START_TEST(what_is_not_there)
{
	struct mm_clock *clock;
	struct mm_afe *afe;
	struct fixture *b;

	b = begin_scenario(0, "");
	say(b, "[at 0]\nload_a = off\n");
	fixture_start_ade9000(b);
	afe = fixture_new_afe(b, "ade9078");
	ck_assert_int_eq(afe->ops->open(afe), -ENODEV);
	ck_assert_msg(strstr(afe->error.text, "no IIO device ade9078 at ip:127.0.0.1:"), "%s", afe->error.text);
	mm_afe_free(afe);
	afe = fixture_new_afe(b, "minimeter-sim");
	ck_assert_int_eq(afe->ops->open(afe), -ENOENT);
	ck_assert_msg(strstr(afe->error.text, "in_voltage0_frequency of minimeter-sim"), "%s", afe->error.text);
	mm_afe_free(afe);
	fixture_free(b);
	/* A port that nobody listens at. */
	ck_assert_int_lt(mm_afe_board_clock_new("ip:127.0.0.1:1", &clock), 0);
	ck_assert_int_lt(mm_afe_board_clock_new("no such thing", &clock), 0);
}
END_TEST

START_TEST(scales_of_another_chip_are_refused)
{
	struct fixture *b;

	b = begin_scenario(0, "");
	say(b, "[at 0]\nload_a = off\n");
	fixture_start_ade9000(b);
	b->afe->ops->close(b->afe);
	ck_assert_int_ge(fixture_write(b, "fault", "no-scale"), 0);
	ck_assert_int_eq(b->afe->ops->open(b->afe), -EINVAL);
	ck_assert_msg(strstr(b->afe->error.text, "in_altvoltage0_rms_scale of ade9000 is 0.000000000, not the"), "%s",
		      b->afe->error.text);
	fixture_free(b);
}
END_TEST

START_TEST(configuration)
{
	struct mm_afe_config config = {.uri = "local:",
				       .device = "ade9000",
				       .input_count = 1,
				       .input = {{.phase = 0, .full_scale_v = 700, .full_scale_a = 200}}};
	struct mm_error error;
	const struct mm_afe_driver *driver = mm_afe_driver_find("ade9000");
	struct mm_afe *afe = NULL;

	ck_assert_int_eq(driver->create(driver, &config, NULL, &error, &afe), 0);
	mm_afe_free(afe);
	mm_afe_free(NULL);
	config.input[0].phase = 3;
	ck_assert_int_eq(driver->create(driver, &config, NULL, &error, &afe), -EINVAL);
	config.input[0] = (struct mm_afe_input){.full_scale_v = 0.0, .full_scale_a = 200};
	ck_assert_int_eq(driver->create(driver, &config, NULL, &error, &afe), -EINVAL);
	config.input[0] = (struct mm_afe_input){.full_scale_v = 700, .full_scale_a = NAN};
	ck_assert_int_eq(driver->create(driver, &config, NULL, &error, &afe), -EINVAL);
	config.input[0] = (struct mm_afe_input){.full_scale_v = 700, .full_scale_a = 200};
	config.input_count = MM_INPUTS_MAX + 1;
	ck_assert_int_eq(driver->create(driver, &config, NULL, &error, &afe), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ade9000");
	TCase *tcase = tcase_create("adapter"), *hours = tcase_create("hours");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, volts_and_amperes);
	tcase_add_test(tcase, power_right_from_the_start);
	tcase_add_test(tcase, small_loads);
	tcase_add_test(tcase, short_loads_count_whole);
	tcase_add_test(tcase, supply_lost_under_load);
	tcase_add_test(tcase, restart_in_mid_run);
	tcase_add_test(tcase, cancelled);
	tcase_add_test(tcase, what_is_not_there);
	tcase_add_test(tcase, scales_of_another_chip_are_refused);
	tcase_add_test(tcase, configuration);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(hours, "slow");
	tcase_set_timeout(hours, 120);
	tcase_add_loop_test(hours, an_hour_of_mixed_loads, 0, 5);
	tcase_add_test(hours, no_load_without_noise);
	suite_add_tcase(suite, hours);
	return mm_run_suite(suite);
}
