/* SPDX-License-Identifier: MIT */
/*
 * The policy of metering that no other room has: what a fault does, what an output test may do, which constants are in force,
 * what is in the log. When it commits: check_committer.c; what a restart finds: check_carryover.c.
 */
#include "fixture/metering_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/units.h"
#include "fixture/suite.h"

START_TEST(faults_stop_registration_and_a_gap_is_counted)
{
	int64_t before;

	window(7200);
	before = metering->meters[0].meter.registers.delivered.uwh;
	for (int i = 0; i < 5; i++) {
		failed_report(-ENODEV);
	}
	ck_assert_int_eq(mm_view_front_end(metering).health, MM_HEALTH_ABSENT);
	ck_assert_int_eq(metering->meters[0].meter.registers.delivered.uwh, before);
	ck_assert_uint_eq(mm_view_front_end(metering).missed, 0);
	window(7200);
	ck_assert_int_eq(mm_view_front_end(metering).health, MM_HEALTH_OK);
	ck_assert_uint_eq(mm_view_front_end(metering).missed, 5);
	ck_assert_int_eq(metering->meters[0].meter.registers.delivered.uwh, 2 * before);
	stop();
}
END_TEST

START_TEST(silence_is_stale)
{
	window(7200);
	run_timer_until(now_ns + 4 * MM_NS_PER_S);
	ck_assert_int_eq(mm_view_front_end(metering).health, MM_HEALTH_OK);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	run_timer_until(now_ns + 2 * MM_NS_PER_S);
	ck_assert_int_eq(mm_view_front_end(metering).health, MM_HEALTH_STALE);
	ck_assert(!lines.level[MM_OUTPUT_LED_POWER]);
	stop();
}
END_TEST

START_TEST(lines_that_fail_are_made_again)
{
	window(7200);
	lines.set_error = -ENODEV;
	lines.new_error = -ENODEV;
	for (int i = 0; i < 20; i++) {
		window(7200);
		run_timer_until(now_ns);
	}
	ck_assert(mm_point_outputs_failing(metering->meters[0].outputs));
	ck_assert_uint_eq(lines.freed, 1);
	lines.set_error = lines.new_error = 0;
	for (int i = 0; i < 20; i++) {
		window(7200);
		run_timer_until(now_ns);
	}
	ck_assert(!mm_point_outputs_failing(metering->meters[0].outputs));
	ck_assert_uint_eq(lines.made, 2);
	/* 82 Wh, of which the outputs have played up to 79 Wh: every pulse of the time without lines was paid out. */
	ck_assert_uint_eq(lines.rising[MM_OUTPUT_10], 8);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	stop();
}
END_TEST

START_TEST(an_output_test_inverts_an_indicator_and_nothing_else)
{
	window(7200);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	ck_assert_int_eq(mm_metering_test_output(metering, 0, MM_OUTPUT_10, 3, "anna (uid 1000)"), -EINVAL);
	ck_assert_int_eq(mm_metering_test_output(metering, 0, MM_OUTPUT_LED_LOAD, 3, "anna (uid 1000)"), -EINVAL);
	ck_assert_int_eq(mm_metering_test_output(metering, 0, MM_OUTPUT_LED_POWER, 3, "anna (uid 1000)"), 0);
	ck_assert(!lines.level[MM_OUTPUT_LED_POWER]);
	run_timer_until(now_ns + 3 * MM_NS_PER_S);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	stop();
}
END_TEST

static int record(struct mm_store *reg, void *userdata)
{
	const struct mm_store_event event = {
		.boottime_ns = now_ns, .realtime_ns = now_ns + wall_offset_ns, .code = "calibration"};
	for (const char *const *data = userdata; *data; data++) {
		ck_assert_int_eq(mm_store_record(reg, &event, *data), 0);
	}
	return 0;
}

static bool recorded;

static void record_done(int result, void *userdata)
{
	(void)userdata;
	ck_assert_int_eq(result, 0);
	recorded = true;
}

/* A record on the disk counts even where the registers with its constants are not there; what is no record does not. */
START_TEST(the_last_calibration_on_record_is_in_force)
{
	static const char *const records[] = {
		"{\"version\":1,\"constants\":[{\"gain\":1.02,\"phase_deg\":0,\"offset_w\":0}]}",
		"{\"version\":2,\"constants\":[{\"gain\":1.01,\"phase_deg\":0.5,\"offset_w\":-1}]}",
		"{\"version\":3,\"constants\":[{\"gain\":7,\"phase_deg\":0,\"offset_w\":0}]}",
		"{\"version\":3,\"constants\":[]}",
		"{\"version\":\"3\"}",
		"[]",
		NULL,
	};
	const struct mm_calibration_version *calibration;

	window(7200);
	ck_assert_double_eq(metering->meters[0].meter.element[0].power_w, 7200);
	recorded = false;
	ck_assert_int_eq(mm_store_worker_query(worker, record, record_done, (void *)records), 0);
	while (!recorded) {
		settle();
	}
	stop();
	start();
	calibration = &metering->meters[0].meter.registers.calibration;
	ck_assert_int_eq(calibration->number, 2);
	ck_assert_double_eq(calibration->constants[0].gain, 1.01);
	ck_assert_double_eq(calibration->constants[0].phase_deg, 0.5);
	ck_assert_double_eq(calibration->constants[0].offset_w, -1);
	window(7200);
	ck_assert_double_eq_tol(metering->meters[0].meter.element[0].power_w, 7271 - 0.277, 1e-3);
	ck_assert_uint_eq(count().unrecorded, 0);
	stop();
}
END_TEST

START_TEST(constants_outlive_the_audit_trail)
{
	const struct mm_calibration_version calibration = {.number = 2, .constants = {{1.01, 0, 0}}};

	window(7200);
	ck_assert_int_eq(mm_meter_calibrate(&metering->meters[0].meter, &calibration), 0);
	window(7200);
	stop();
	start();
	ck_assert_int_eq(metering->meters[0].meter.registers.calibration.number, 2);
	window(7200);
	ck_assert_double_eq_tol(metering->meters[0].meter.element[0].power_w, 7272, 1e-9);
	(void)mm_metering_commit(metering);
	ck_assert_uint_eq(count().unrecorded, 1);
	stop();
}
END_TEST

START_TEST(what_matters_to_a_bill_is_in_the_log_once)
{
	struct counts counts;

	window(7200);
	wall_offset_ns += 3600 * MM_NS_PER_S;
	window(7200);
	window(7200);
	voltage_event = (struct mm_voltage_event){.start_ns = now_ns, .end_ns = now_ns + MM_NS_PER_S / 4, .extreme_v = 84};
	window(7200);
	voltage_event = (struct mm_voltage_event){.end_ns = 1, .input = 1}; /* of no element */
	window(7200);
	failed_report(-EIO);
	failed_report(-EIO);
	window(7200);
	now_ns += 61 * MM_NS_PER_S;
	window(7200);
	counts = count();
	ck_assert_uint_eq(counts.clock_step, 1);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.absent, 1);
	ck_assert_uint_eq(counts.sag, 1);
	stop();
}
END_TEST

START_TEST(daylight_saving_is_that_of_the_time_zone)
{
	/* The last minutes before and the first after the changes of 2026 in Germany, and of a zone without. */
	static const struct {
		const char *zone;
		int64_t at_s;
		bool saving;
	} instants[] = {
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774745940, false},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774746060, true},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792889940, true},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792890060, false},
		{"UTC0", 1780315200, false},
	};

	for (int i = 0; i < MM_COUNT_OF(instants); i++) {
		setenv("TZ", instants[i].zone, 1);
		tzset();
		ck_assert_int_eq(mm_wall_clock_daylight_saving(instants[i].at_s * MM_NS_PER_S), instants[i].saving);
	}
	stop();
}
END_TEST

/* Below the current that tells a reversed element, and all day long. */
START_TEST(energy_that_flows_back_is_told_once_a_day)
{
	for (int i = 0; i < 20; i++) {
		window(i % 4 == 3 ? 50 : -50);
	}
	ck_assert_uint_eq(count().received, 1);
	now_ns += 24 * 3600 * MM_NS_PER_S;
	window(50);
	ck_assert_uint_eq(count().received, 1);
	for (int i = 0; i < 20; i++) {
		window(-50);
	}
	ck_assert_uint_eq(count().received, 2);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering");
	TCase *tc = tcase_create("metering");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, faults_stop_registration_and_a_gap_is_counted);
	tcase_add_test(tc, silence_is_stale);
	tcase_add_test(tc, lines_that_fail_are_made_again);
	tcase_add_test(tc, an_output_test_inverts_an_indicator_and_nothing_else);
	tcase_add_test(tc, the_last_calibration_on_record_is_in_force);
	tcase_add_test(tc, constants_outlive_the_audit_trail);
	tcase_add_test(tc, what_matters_to_a_bill_is_in_the_log_once);
	tcase_add_test(tc, energy_that_flows_back_is_told_once_a_day);
	tcase_add_test(tc, daylight_saving_is_that_of_the_time_zone);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
