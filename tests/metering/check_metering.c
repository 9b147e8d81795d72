/* SPDX-License-Identifier: MIT */
/*
 * The policy of metering that no other room has: what a fault does, what an output test may do, which constants are in force,
 * what is in the log. When it commits: check_committer.c; what a restart finds: check_carryover.c.
 */
#include "fixture/metering_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"
#include "metering/settings.h"
#include "fixture/suite.h"

START_TEST(faults_stop_registration_and_a_gap_is_counted)
{
	struct metering_fixture *f = setup();
	int64_t before;

	window(f, 7200);
	before = f->metering->meters[0].meter.registers.delivered.uwh;
	for (int i = 0; i < 5; i++) {
		failed_report(f, -ENODEV);
	}
	ck_assert_int_eq(mm_view_front_end(f->metering, 0).health, MM_HEALTH_ABSENT);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, before);
	ck_assert_uint_eq(mm_view_front_end(f->metering, 0).missed, 0);
	window(f, 7200);
	ck_assert_int_eq(mm_view_front_end(f->metering, 0).health, MM_HEALTH_OK);
	ck_assert_uint_eq(mm_view_front_end(f->metering, 0).missed, 5);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 2 * before);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(silence_is_stale)
{
	struct metering_fixture *f = setup();

	window(f, 7200);
	run_timer_until(f, f->now_ns + 4 * MM_NS_PER_S);
	ck_assert_int_eq(mm_view_front_end(f->metering, 0).health, MM_HEALTH_OK);
	ck_assert(f->lines.level[MM_OUTPUT_LED_POWER]);
	run_timer_until(f, f->now_ns + 2 * MM_NS_PER_S);
	ck_assert_int_eq(mm_view_front_end(f->metering, 0).health, MM_HEALTH_STALE);
	ck_assert(!f->lines.level[MM_OUTPUT_LED_POWER]);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(lines_that_fail_are_made_again)
{
	struct metering_fixture *f = setup();

	window(f, 7200);
	f->lines.set_error = -ENODEV;
	f->lines.new_error = -ENODEV;
	for (int i = 0; i < 20; i++) {
		window(f, 7200);
		run_timer_until(f, f->now_ns);
	}
	ck_assert(mm_point_outputs_failing(f->metering->meters[0].outputs));
	ck_assert_uint_eq(f->lines.freed, 1);
	f->lines.set_error = f->lines.new_error = 0;
	for (int i = 0; i < 20; i++) {
		window(f, 7200);
		run_timer_until(f, f->now_ns);
	}
	ck_assert(!mm_point_outputs_failing(f->metering->meters[0].outputs));
	ck_assert_uint_eq(f->lines.made, 2);
	/* 82 Wh, of which the outputs have played up to 79 Wh: every pulse of the time without lines was paid out. */
	ck_assert_uint_eq(f->lines.rising[MM_OUTPUT_10], 8);
	ck_assert(f->lines.level[MM_OUTPUT_LED_POWER]);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(an_output_test_inverts_an_indicator_and_nothing_else)
{
	struct metering_fixture *f = setup();

	window(f, 7200);
	ck_assert(f->lines.level[MM_OUTPUT_LED_POWER]);
	ck_assert_int_eq(mm_metering_test_output(f->metering, 0, MM_OUTPUT_10, 3, "anna (uid 1000)"), -EINVAL);
	ck_assert_int_eq(mm_metering_test_output(f->metering, 0, MM_OUTPUT_LED_LOAD, 3, "anna (uid 1000)"), -EINVAL);
	ck_assert_int_eq(mm_metering_test_output(f->metering, 0, MM_OUTPUT_LED_POWER, 3, "anna (uid 1000)"), 0);
	ck_assert(!f->lines.level[MM_OUTPUT_LED_POWER]);
	run_timer_until(f, f->now_ns + 3 * MM_NS_PER_S);
	ck_assert(f->lines.level[MM_OUTPUT_LED_POWER]);
	stop(f);
	teardown(f);
}
END_TEST

/* Records of a calibration on their way to the store. */
struct recording {
	const struct metering_fixture *f;
	const char *const *records; /* ends with NULL */
};

static int record(struct mm_store *reg, void *userdata)
{
	const struct recording *recording = userdata;
	int64_t now_ns = recording->f->now_ns;
	const struct mm_store_event event = {
		.boottime_ns = now_ns, .realtime_ns = now_ns + recording->f->wall_offset_ns, .code = "calibration"};

	for (const char *const *data = recording->records; *data; data++) {
		ck_assert_int_eq(mm_store_record(reg, &event, *data), 0);
	}
	return 0;
}

/* A record on the disk counts even where the registers with its constants are not there; what is no record does not. */
START_TEST(the_last_calibration_on_record_is_in_force)
{
	struct metering_fixture *f = setup();
	static const char *const records[] = {
		"{\"version\":1,\"constants\":[{\"gain\":1.02,\"phase_deg\":0,\"offset_w\":0}]}",
		"{\"version\":2,\"constants\":[{\"gain\":1.01,\"phase_deg\":0.5,\"offset_w\":-1}]}",
		"{\"version\":3,\"constants\":[{\"gain\":7,\"phase_deg\":0,\"offset_w\":0}]}",
		"{\"version\":3,\"constants\":[]}",
		"{\"version\":\"3\"}",
		"[]",
		NULL,
	};
	struct recording recording = {.f = f, .records = records};
	const struct mm_calibration_version *calibration;

	window(f, 7200);
	ck_assert_double_eq(f->metering->meters[0].meter.element[0].power_w, 7200);
	ask_store(f, record, &recording);
	stop(f);
	start(f);
	calibration = &f->metering->meters[0].meter.registers.calibration;
	ck_assert_int_eq(calibration->number, 2);
	ck_assert_double_eq(calibration->constants[0].gain, 1.01);
	ck_assert_double_eq(calibration->constants[0].phase_deg, 0.5);
	ck_assert_double_eq(calibration->constants[0].offset_w, -1);
	window(f, 7200);
	ck_assert_double_eq_tol(f->metering->meters[0].meter.element[0].power_w, 7271 - 0.277, 1e-3);
	ck_assert_uint_eq(count(f).unrecorded, 0);
	stop(f);
	teardown(f);
}
END_TEST

struct multipliers {
	unsigned count;
	char text[4][192];
};

static bool take_multiplier(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct multipliers *seen = userdata;

	ck_assert_ptr_nonnull(data);
	strcpy(seen->text[seen->count++], event->text);
	return true;
}

static int look_at_multipliers(struct mm_store *store, void *userdata)
{
	return mm_store_records(store, "multiplier", 0, take_multiplier, userdata);
}

/* Another multiplier is in the trail before the first window that it is for, and once: a restart repeats nothing. */
START_TEST(a_multiplier_is_on_record_before_it_is_in_force)
{
	static const double multipliers[] = {1, 2, 2, 0.5, 1};
	struct metering_fixture *f = setup();
	struct multipliers seen = {0};
	int64_t uwh = 0;

	for (unsigned i = 0; i < COUNT_OF(multipliers); i++) {
		stop(f);
		f->config.meter[0].multiplier = multipliers[i];
		start(f);
		window(f, 3600);
		uwh += (int64_t)(multipliers[i] * 1e6);
		ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, uwh);
		ck_assert_double_eq_tol(f->metering->meters[0].meter.element[0].power_w, multipliers[i] * 3600, 1e-9);
	}
	ask_store(f, look_at_multipliers, &seen);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_str_eq(
		seen.text[0],
		"energy and power are multiplied by 2 from 0.001000 kWh delivered, 0.000000 kWh received on (was: by 1)");
	ck_assert_str_eq(
		seen.text[1],
		"energy and power are multiplied by 0.5 from 0.005000 kWh delivered, 0.000000 kWh received on (was: by 2)");
	ck_assert_str_eq(
		seen.text[2],
		"energy and power are multiplied by 1 from 0.005500 kWh delivered, 0.000000 kWh received on (was: by 0.5)");
	stop(f);
	teardown(f);
}
END_TEST

struct zones {
	struct mm_settings *settings;
	unsigned count;
	char text[4][192], data[4][128];
};

static bool take_zone(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct zones *seen = userdata;

	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(event->meter, -1);
	strcpy(seen->text[seen->count], event->text);
	strcpy(seen->data[seen->count++], data);
	return true;
}

static int record_and_look(struct mm_store *store, void *userdata)
{
	struct zones *seen = userdata;

	seen->count = 0;
	ck_assert_int_eq(mm_settings_record(store, seen->settings), 0);
	return mm_store_records(store, "time-zone", -1, take_zone, seen);
}

/* The first zone is none that has changed; another one is on record once. */
START_TEST(another_time_zone_is_on_record)
{
	static const struct {
		const char *zone;
		unsigned count;
	} starts[] = {{"Europe/Berlin", 0}, {"Europe/Berlin", 0}, {"Asia/Kathmandu", 1}, {"Asia/Kathmandu", 1}, {"UTC", 2}};
	struct metering_fixture *f = setup();
	struct zones seen = {0};

	for (unsigned i = 0; i < COUNT_OF(starts); i++) {
		strcpy(f->config.time_zone, starts[i].zone);
		ck_assert_int_eq(mm_settings_new(&f->config, &f->clock, &seen.settings), 0);
		ask_store(f, record_and_look, &seen);
		mm_settings_free(seen.settings);
		ck_assert_uint_eq(seen.count, starts[i].count);
	}
	ck_assert_str_eq(seen.text[0], "days, months and rates are those of Asia/Kathmandu from here on (was: Europe/Berlin)");
	ck_assert_str_eq(seen.data[1], "{\"time_zone\":\"UTC\",\"was\":\"Asia/Kathmandu\"}");
	stop(f);
	teardown(f);
}
END_TEST

/* The registers are there again, from the copy; what was in the trail is not, and nothing is said of it. */
START_TEST(a_multiplier_is_on_record_anew_where_the_trail_is_lost)
{
	static const double multipliers[] = {1, 2};
	struct metering_fixture *f = setup();
	struct multipliers seen = {0};
	char expected[192];

	snprintf(f->copy_path, sizeof(f->copy_path), "%s.copy", f->register_path);
	stop(f);
	f->config.meter[0].multiplier = 2;
	start(f);
	window(f, 3600);
	stop(f);
	ck_assert_int_eq(unlink(f->register_path), 0);
	f->config.meter[0].multiplier = multipliers[_i];
	start(f);
	stop(f);
	start(f); /* once */
	ask_store(f, look_at_multipliers, &seen);
	ck_assert_uint_eq(seen.count, 1);
	snprintf(expected, sizeof(expected),
		 "energy and power are multiplied by %g from 0.002000 kWh delivered, 0.000000 kWh received on (was: not known, "
		 "the "
		 "trail from before is lost)",
		 multipliers[_i]);
	ck_assert_str_eq(seen.text[0], expected);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(constants_outlive_the_audit_trail)
{
	struct metering_fixture *f = setup();
	const struct mm_calibration_version calibration = {.number = 2, .constants = {{1.01, 0, 0}}};

	window(f, 7200);
	ck_assert_int_eq(mm_meter_calibrate(&f->metering->meters[0].meter, &calibration), 0);
	window(f, 7200);
	stop(f);
	start(f);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.calibration.number, 2);
	window(f, 7200);
	ck_assert_double_eq_tol(f->metering->meters[0].meter.element[0].power_w, 7272, 1e-9);
	(void)mm_metering_commit(f->metering);
	ck_assert_uint_eq(count(f).unrecorded, 1);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(what_matters_to_a_bill_is_in_the_log_once)
{
	struct metering_fixture *f = setup();
	struct counts counts;

	window(f, 7200);
	f->wall_offset_ns += 3600 * MM_NS_PER_S;
	window(f, 7200);
	window(f, 7200);
	f->voltage_event =
		(struct mm_voltage_event){.start_ns = f->now_ns, .end_ns = f->now_ns + MM_NS_PER_S / 4, .extreme_v = 84};
	window(f, 7200);
	f->voltage_event = (struct mm_voltage_event){.end_ns = 1, .input = 1}; /* of no element */
	window(f, 7200);
	failed_report(f, -EIO);
	failed_report(f, -EIO);
	window(f, 7200);
	f->now_ns += 61 * MM_NS_PER_S;
	window(f, 7200);
	counts = count(f);
	ck_assert_uint_eq(counts.clock_step, 1);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.absent, 1);
	ck_assert_uint_eq(counts.sag, 1);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(daylight_saving_is_that_of_the_time_zone)
{
	struct metering_fixture *f = setup();

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
	stop(f);
	teardown(f);
}
END_TEST

/* Below the current that tells a reversed element, and all day long. */
START_TEST(energy_that_flows_back_is_told_once_a_day)
{
	struct metering_fixture *f = setup();

	for (int i = 0; i < 20; i++) {
		window(f, i % 4 == 3 ? 50 : -50);
	}
	ck_assert_uint_eq(count(f).received, 1);
	f->now_ns += 24 * 3600 * MM_NS_PER_S;
	window(f, 50);
	ck_assert_uint_eq(count(f).received, 1);
	for (int i = 0; i < 20; i++) {
		window(f, -50);
	}
	ck_assert_uint_eq(count(f).received, 2);
	stop(f);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering");
	TCase *tc = tcase_create("metering");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, faults_stop_registration_and_a_gap_is_counted);
	tcase_add_test(tc, silence_is_stale);
	tcase_add_test(tc, lines_that_fail_are_made_again);
	tcase_add_test(tc, an_output_test_inverts_an_indicator_and_nothing_else);
	tcase_add_test(tc, the_last_calibration_on_record_is_in_force);
	tcase_add_test(tc, a_multiplier_is_on_record_before_it_is_in_force);
	tcase_add_test(tc, another_time_zone_is_on_record);
	tcase_add_loop_test(tc, a_multiplier_is_on_record_anew_where_the_trail_is_lost, 0, 2);
	tcase_add_test(tc, constants_outlive_the_audit_trail);
	tcase_add_test(tc, what_matters_to_a_bill_is_in_the_log_once);
	tcase_add_test(tc, energy_that_flows_back_is_told_once_a_day);
	tcase_add_test(tc, daylight_saving_is_that_of_the_time_zone);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
