/* SPDX-License-Identifier: MIT */
/* What a verdict says of one chip: faults, what was missed, silence; and that no time is unaccounted for. */
#include "metering/supervisor.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

#define START_NS (1000 * MM_NS_PER_S)

static struct mm_supervisor *make(void)
{
	static const struct mm_health_limits limits[2] = {{400, 200}, {400, 200}};
	struct mm_supervisor *supervisor;

	ck_assert_int_eq(mm_supervisor_new(limits, 2, &supervisor), 0);
	mm_supervisor_start(supervisor, START_NS);
	return supervisor;
}

/* A right window; its figures are alive. */
static struct mm_front_end_report window(int64_t start_ns, int64_t length_ns)
{
	struct mm_front_end_report report = {.at_ns = start_ns + length_ns};
	struct mm_measurement *m = &report.measurement;

	*m = (struct mm_measurement){.start_ns = start_ns, .end_ns = start_ns + length_ns, .latched = true, .input_count = 2};
	for (unsigned i = 0; i < 2; i++) {
		m->input[i] = (struct mm_input_reading){.voltage_v = 120 + (double)(start_ns % 997) * 1e-6,
							.current_a = 10,
							.active_ws = 1000 * (double)length_ns / MM_NS_PER_S,
							.frequency_hz = 60};
	}
	return report;
}

static struct mm_verdict give(struct mm_supervisor *supervisor, struct mm_front_end_report report)
{
	return mm_supervisor_report(supervisor, &report);
}

START_TEST(a_right_window_ends_the_start)
{
	struct mm_supervisor *s = make();
	struct mm_verdict v;

	ck_assert_int_eq(mm_supervisor_state(s)->health, MM_HEALTH_STARTING);
	v = give(s, window(START_NS, MM_NS_PER_S));
	ck_assert_int_eq(v.before, MM_HEALTH_STARTING);
	ck_assert_int_eq(v.health, MM_HEALTH_OK);
	ck_assert(v.window);
	ck_assert_uint_eq(v.missed, 0);
	ck_assert_int_eq(v.missed_ns, 0);
	ck_assert_int_eq(mm_supervisor_state(s)->since_ns, START_NS + MM_NS_PER_S);
	ck_assert_uint_eq(mm_supervisor_state(s)->windows, 1);
	mm_supervisor_free(s);
}
END_TEST

/* Its thread has gone on while the main loop waited for something. */
START_TEST(reports_that_were_taken_late_are_no_silence)
{
	struct mm_supervisor *s = make();

	for (int i = 0; i < 16; i++) {
		struct mm_front_end_report report = window(START_NS + i * MM_NS_PER_S, MM_NS_PER_S);

		report.taken_ns = START_NS + 45 * MM_NS_PER_S;
		(void)mm_supervisor_report(s, &report);
		ck_assert_int_eq(mm_supervisor_tick(s, report.taken_ns).health, MM_HEALTH_OK);
	}
	ck_assert_int_eq(mm_supervisor_tick(s, START_NS + 50 * MM_NS_PER_S).health, MM_HEALTH_STALE);
	mm_supervisor_free(s);
}
END_TEST

START_TEST(a_fault_is_named_and_brings_no_energy)
{
	struct mm_front_end_report report = window(START_NS, MM_NS_PER_S);
	struct mm_supervisor *s = make();
	struct mm_verdict v;

	/* Whatever a measurement holds beside an error is not billed. */
	report.error = -EIO;
	v = mm_supervisor_report(s, &report);
	ck_assert_int_eq(v.health, MM_HEALTH_ABSENT);
	ck_assert(!v.window);
	ck_assert(!report.measurement.latched);
	ck_assert_uint_eq(report.measurement.input_count, 0);
	ck_assert_int_eq(report.measurement.health, MM_HEALTH_ABSENT);
	ck_assert_str_eq(mm_supervisor_state(s)->reason, strerror(EIO));
	/* Where the adapter knows better. */
	report = (struct mm_front_end_report){
		.error = -EIO, .fault = MM_HEALTH_NO_TRIGGER, .reason.text = "no trigger", .at_ns = START_NS + 2 * MM_NS_PER_S};
	v = mm_supervisor_report(s, &report);
	ck_assert_int_eq(v.before, MM_HEALTH_ABSENT);
	ck_assert_int_eq(v.health, MM_HEALTH_NO_TRIGGER);
	ck_assert_str_eq(mm_supervisor_state(s)->reason, "no trigger");
	/* And nothing is left of it afterwards. */
	v = give(s, window(START_NS + 2 * MM_NS_PER_S, MM_NS_PER_S));
	ck_assert_int_eq(v.health, MM_HEALTH_OK);
	ck_assert_str_eq(mm_supervisor_state(s)->reason, "");
	mm_supervisor_free(s);
}
END_TEST

START_TEST(more_than_half_a_window_between_two_is_a_gap)
{
	static const struct {
		int64_t hole_ms;
		uint32_t counted; /* by the adapter */
		uint32_t missed;
		int64_t missed_ms;
	} rows[] = {
		{0, 0, 0, 0},	    {500, 0, 0, 500},	{501, 0, 1, 501}, {3000, 0, 3, 3000},
		{3000, 2, 3, 3000}, {3000, 4, 4, 3000}, {0, 2, 2, 2000},  {-20, 0, 0, 0},
	};

	for (int i = 0; i < MM_COUNT_OF(rows); i++) {
		struct mm_supervisor *s = make();
		struct mm_front_end_report report = window(START_NS + MM_NS_PER_S + rows[i].hole_ms * MM_NS_PER_MS, MM_NS_PER_S);
		struct mm_verdict v;

		(void)give(s, window(START_NS, MM_NS_PER_S));
		report.measurement.missed = rows[i].counted;
		v = mm_supervisor_report(s, &report);
		ck_assert_uint_eq(v.missed, rows[i].missed);
		ck_assert_uint_eq(report.measurement.missed, rows[i].missed); /* the meters flag their interval by it */
		ck_assert_int_eq(v.missed_ns, rows[i].missed_ms * MM_NS_PER_MS);
		ck_assert_uint_eq(mm_supervisor_state(s)->missed, rows[i].missed);
		mm_supervisor_free(s);
	}
}
END_TEST

START_TEST(windows_and_what_is_missed_are_all_the_time)
{
	struct mm_supervisor *s = make();
	int64_t end_ns = START_NS, accounted_ns = 0;
	uint64_t random = 4711;

	mm_supervisor_resume(s, START_NS); /* and what lies between two runs is in it */
	for (int i = 0; i < 5000; i++) {
		int64_t length_ns = 900 * MM_NS_PER_MS + (int64_t)(mm_random(&random) % (200 * MM_NS_PER_MS));
		int64_t hole_ns = mm_random(&random) % 4 ? 0 : (int64_t)(mm_random(&random) % (30 * MM_NS_PER_S));
		struct mm_verdict v;

		for (int64_t t = MM_NS_PER_S; t < hole_ns && i % 2 == 0; t += MM_NS_PER_S) {
			struct mm_front_end_report fault = {.error = -ENODEV, .at_ns = end_ns + t};

			v = mm_supervisor_report(s, &fault);
			ck_assert(!v.window && v.missed == 0 && v.missed_ns == 0);
		}
		v = give(s, window(end_ns + hole_ns, length_ns));
		ck_assert(v.window);
		ck_assert_int_eq(v.missed > 0, 2 * hole_ns > length_ns);
		accounted_ns += length_ns + v.missed_ns;
		end_ns += hole_ns + length_ns;
		ck_assert_int_eq(accounted_ns, end_ns - START_NS);
	}
	mm_supervisor_free(s);
}
END_TEST

START_TEST(silence_is_stale_once_and_a_window_ends_it)
{
	struct mm_supervisor *s = make();
	int64_t deadline_ns;
	struct mm_verdict v;

	(void)give(s, window(START_NS, MM_NS_PER_S));
	deadline_ns = mm_supervisor_deadline(s);
	ck_assert_int_eq(deadline_ns, START_NS + 6 * MM_NS_PER_S);
	v = mm_supervisor_tick(s, deadline_ns - 1);
	ck_assert(v.health == MM_HEALTH_OK && v.before == MM_HEALTH_OK);
	v = mm_supervisor_tick(s, deadline_ns);
	ck_assert(v.health == MM_HEALTH_STALE && v.before == MM_HEALTH_OK);
	ck_assert(!v.window && v.missed == 0);
	ck_assert_int_eq(mm_supervisor_state(s)->since_ns, deadline_ns);
	v = mm_supervisor_tick(s, deadline_ns + 60 * MM_NS_PER_S);
	ck_assert(v.health == MM_HEALTH_STALE && v.before == MM_HEALTH_STALE);
	v = give(s, window(START_NS + 9 * MM_NS_PER_S, MM_NS_PER_S));
	ck_assert(v.health == MM_HEALTH_OK && v.before == MM_HEALTH_STALE);
	ck_assert_uint_eq(v.missed, 8);
	mm_supervisor_free(s);
}
END_TEST

/* A device that is gone is no more than absent for being silent as well. */
START_TEST(an_absent_front_end_stays_absent)
{
	struct mm_front_end_report fault = {.error = -ENODEV, .at_ns = START_NS};
	struct mm_supervisor *s = make();
	struct mm_verdict v;

	(void)mm_supervisor_report(s, &fault);
	v = mm_supervisor_tick(s, START_NS + 60 * MM_NS_PER_S);
	ck_assert(v.health == MM_HEALTH_ABSENT && v.before == MM_HEALTH_ABSENT);
	mm_supervisor_free(s);
}
END_TEST

START_TEST(a_fault_of_one_chip_is_nothing_to_another)
{
	struct mm_supervisor *right = make(), *beside = make(), *faulty = make();

	for (int i = 0; i < 20; i++) {
		struct mm_front_end_report a = window(START_NS + i * MM_NS_PER_S, MM_NS_PER_S), b = a, bad = a;
		struct mm_verdict va, vb;

		bad.error = i % 3 == 0 ? -EIO : 0;
		bad.measurement.input[0].voltage_v = i % 3 == 1 ? -1 : 120;
		va = mm_supervisor_report(right, &a);
		(void)mm_supervisor_report(faulty, &bad);
		vb = mm_supervisor_report(beside, &b);
		ck_assert(va.window && vb.window && va.health == vb.health && va.before == vb.before);
		ck_assert(va.missed == vb.missed && va.missed_ns == vb.missed_ns);
		ck_assert_mem_eq(&a.measurement, &b.measurement, sizeof(a.measurement));
	}
	ck_assert_uint_lt(mm_supervisor_state(faulty)->windows, 20);
	mm_supervisor_free(right);
	mm_supervisor_free(beside);
	mm_supervisor_free(faulty);
	mm_supervisor_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering: supervisor");
	TCase *tc = tcase_create("supervisor");

	tcase_add_test(tc, a_right_window_ends_the_start);
	tcase_add_test(tc, reports_that_were_taken_late_are_no_silence);
	tcase_add_test(tc, a_fault_is_named_and_brings_no_energy);
	tcase_add_test(tc, more_than_half_a_window_between_two_is_a_gap);
	tcase_add_test(tc, windows_and_what_is_missed_are_all_the_time);
	tcase_add_test(tc, silence_is_stale_once_and_a_window_ends_it);
	tcase_add_test(tc, an_absent_front_end_stays_absent);
	tcase_add_test(tc, a_fault_of_one_chip_is_nothing_to_another);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
