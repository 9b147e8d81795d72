/* SPDX-License-Identifier: MIT */
/* The diagnosis, cause by cause, from readings that are what that cause shows. tests/diagnosis/wiring.c has the combinations. */
#include <math.h>
#include <string.h>

#include "fixture/diagnosis_fixture.h"
#include "fixture/suite.h"

START_TEST(front_end_comes_first)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	static const struct {
		enum mm_health health;
		enum mm_cause cause;
	} table[] = {
		{MM_HEALTH_STARTING, MM_CAUSE_NO_READING},
		{MM_HEALTH_ABSENT, MM_CAUSE_FRONT_END_ABSENT},
		{MM_HEALTH_STALE, MM_CAUSE_FRONT_END_STALE},
		{MM_HEALTH_FROZEN, MM_CAUSE_FRONT_END_FROZEN},
		{MM_HEALTH_IMPLAUSIBLE, MM_CAUSE_FRONT_END_IMPLAUSIBLE},
		{MM_HEALTH_NO_CHANNEL, MM_CAUSE_FRONT_END_NO_CHANNEL},
		{MM_HEALTH_NO_TRIGGER, MM_CAUSE_FRONT_END_NO_TRIGGER},
		{MM_HEALTH_WRONG_RATE, MM_CAUSE_FRONT_END_WRONG_RATE},
		{MM_HEALTH_STUCK, MM_CAUSE_FRONT_END_STUCK},
		{MM_HEALTH_SATURATED, MM_CAUSE_FRONT_END_SATURATED},
		{MM_HEALTH_SWAPPED, MM_CAUSE_FRONT_END_SWAPPED},
	};

	begin(f, 2);
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_NO_READING, 0);
	steady(f, (struct shown){0, 0, 0}, (struct shown){0, 0, 0});
	for (int i = 0; i < MM_COUNT_OF(table); i++) {
		mm_diagnose(&f->observation, &dual, &(struct mm_circumstances){.health = table[i].health}, &f->diagnosis);
		ck_assert_uint_eq(f->diagnosis.count, 1);
		ck_first(f, table[i].cause, 0);
	}
}
END_TEST

/* Readings of two elements at 10 A and what they mean. */
static const struct {
	struct shown one, two;
	enum mm_cause cause;
	unsigned element;
} table[] = {
	{{120, 10, 0}, {119, 6, 20}, MM_CAUSE_NONE, 0},
	{{0.4, 0, 0}, {0.2, 0, 0}, MM_CAUSE_NO_SUPPLY, 0},
	{{0.4, 9, 0}, {119, 6, 20}, MM_CAUSE_LINE_MISSING, 1},
	{{120, 9, 0}, {2.0, 6, 20}, MM_CAUSE_LINE_MISSING, 2},
	{{101.9, 9, 0}, {119, 6, 20}, MM_CAUSE_VOLTAGE_LOW, 1},
	{{120, 9, 0}, {138.1, 6, 20}, MM_CAUSE_VOLTAGE_HIGH, 2},
	/* The neutral lead on line 1, in a split phase and in a wye, with and without line 1's on the neutral. */
	{{120, 9, 180}, {239, 6, 20}, MM_CAUSE_NEUTRAL_SWAPPED, 1},
	{{207, 9, 30}, {119, 6, 180}, MM_CAUSE_NEUTRAL_SWAPPED, 2},
	{{0.1, 9, 0}, {240, 6, 20}, MM_CAUSE_NEUTRAL_SWAPPED, 1},
	{{96, 9, 0}, {143, 6, 20}, MM_CAUSE_NEUTRAL_LOST, 0},
	{{104, 9, 30}, {104, 6, -30}, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0},
	{{120, 9, 180}, {119, 6, 20}, MM_CAUSE_CT_REVERSED, 1},
	{{120, 9, 10}, {119, 6, -150}, MM_CAUSE_CT_REVERSED, 2},
	{{120, 9, 190}, {119, 6, -150}, MM_CAUSE_CTS_CROSSED, 0},
	/* In a wye a current of the other line is 120 degrees off, the one way or the other. */
	{{120, 9, 122}, {119, 6, -118}, MM_CAUSE_CTS_CROSSED, 0},
	{{120, 9, -110}, {119, 6, 125}, MM_CAUSE_CTS_CROSSED, 0},
	{{120, 221, 0}, {119, 6, 20}, MM_CAUSE_OVER_RANGE, 1},
	{{120, 9, 0}, {119, 405, 20}, MM_CAUSE_CT_RATIO, 2},
	/* The lowest power factors that the meter is for raise no alarm, nor do loads between the lines of a wye. */
	{{120, 9, 60}, {119, 6, 60}, MM_CAUSE_NONE, 0},
	{{120, 9, -60}, {119, 6, -60}, MM_CAUSE_NONE, 0},
	{{120, 9, 60}, {119, 6, -60}, MM_CAUSE_NONE, 0},
	{{120, 9, -60}, {119, 6, 60}, MM_CAUSE_NONE, 0},
	{{120, 9, 90}, {120.5, 9, 30}, MM_CAUSE_REACTIVE_LOAD, 1},
	{{120, 9, 75}, {119, 6, 20}, MM_CAUSE_REACTIVE_LOAD, 1},
	{{120, 9, 0}, {119, 6, -80}, MM_CAUSE_REACTIVE_LOAD, 2},
	{{120, 0.3, 0}, {119, 6, 0}, MM_CAUSE_LOAD_SMALL, 1},
	{{120, 0.01, 0}, {119, 6, 0}, MM_CAUSE_CT_OPEN, 1},
	{{120, 9, 0}, {119, 0, 0}, MM_CAUSE_CT_OPEN, 2},
	{{120, 0.2, 20}, {119, 0.2, 20}, MM_CAUSE_LOAD_SMALL, 1},
};

START_TEST(readings_have_their_cause)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	steady(f, table[_i].one, table[_i].two);
	diagnose(f, &dual);
	ck_first(f, table[_i].cause, table[_i].element);
}
END_TEST

START_TEST(frequency_is_judged)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 0}, (struct shown){119, 6, 0});
	f->observation.frequency_hz = 44.9;
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_FREQUENCY, 0);
	ck_assert_uint_eq(f->diagnosis.count, 1);
	f->observation.frequency_hz = 0;
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_NONE, 0);
}
END_TEST

START_TEST(what_can_not_be_told_apart_is_said)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 180}, (struct shown){119, 6, 20});
	diagnose(f, &dual);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 1, true);
	ck_ambiguous(f, MM_CAUSE_GENERATION, 1, true);

	/* One mistake before two: crossed before both turned round. */
	begin(f, 2);
	steady(f, (struct shown){120, 9, 180}, (struct shown){119, 6, 180});
	diagnose(f, &dual);
	ck_ambiguous(f, MM_CAUSE_CTS_CROSSED, 0, true);
	ck_ambiguous(f, MM_CAUSE_CTS_REVERSED, 0, true);
	ck_ambiguous(f, MM_CAUSE_GENERATION, 0, true);
	ck_assert_double_gt(found(f, MM_CAUSE_CTS_CROSSED, 0)->confidence, found(f, MM_CAUSE_CTS_REVERSED, 0)->confidence);

	/* The same current in both: a CT on the other's line, or turned round while all loads are between the lines. */
	begin(f, 2);
	steady(f, (struct shown){120, 9, 190}, (struct shown){119, 9.01, 10});
	diagnose(f, &dual);
	ck_ambiguous(f, MM_CAUSE_CT_WRONG_LINE, 1, true);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 1, true);

	/* One voltage for both: two lines that are alike, or no neutral; with something else to say it is not worth a word. */
	begin(f, 2);
	steady(f, (struct shown){120, 9, 0}, (struct shown){120, 6, 0});
	diagnose(f, &dual);
	ck_ambiguous(f, MM_CAUSE_NONE, 0, true);
	ck_ambiguous(f, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0, true);
	begin(f, 2);
	steady(f, (struct shown){120, 9, 0}, (struct shown){120, 0.3, 0});
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_LOAD_SMALL, 2);
	ck_assert_uint_eq(f->diagnosis.count, 1);

	/* No current at all: nothing runs, or the CT is open; unless somebody knows that something runs. */
	begin(f, 2);
	steady(f, (struct shown){120, 0, 0}, (struct shown){119, 6, 0});
	diagnose(f, &dual);
	ck_ambiguous(f, MM_CAUSE_CT_OPEN, 1, true);
	ck_ambiguous(f, MM_CAUSE_LOAD_SMALL, 1, true);
	mm_diagnose(&f->observation, &dual, &(struct mm_circumstances){.health = MM_HEALTH_OK, .loaded = true}, &f->diagnosis);
	ck_ambiguous(f, MM_CAUSE_CT_OPEN, 1, false);
	ck_assert_ptr_null(found(f, MM_CAUSE_LOAD_SMALL, 1));
}
END_TEST

START_TEST(switching_a_load_settles_it)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	/* In a split phase a CT on the other line shows its current backwards, one that is turned round as well. */
	static const struct {
		double base_a, other_a;
		unsigned ct[2];
		double sign[2];
		enum mm_cause cause;
		unsigned element;
	} cases[] = {
		{5, 8, {0, 1}, {1, 1}, MM_CAUSE_NONE, 0},	    {5, 8, {0, 1}, {-1, 1}, MM_CAUSE_CT_REVERSED, 1},
		{-30, 8, {0, 1}, {1, 1}, MM_CAUSE_GENERATION, 1},   {5, 8, {1, 0}, {-1, -1}, MM_CAUSE_CTS_CROSSED, 0},
		{5, 8, {0, 1}, {-1, -1}, MM_CAUSE_CTS_REVERSED, 0}, {-30, -25, {0, 1}, {1, 1}, MM_CAUSE_GENERATION, 0},
		{5, 8, {1, 0}, {1, -1}, MM_CAUSE_SEVERAL, 0},
	};

	for (int i = 0; i < MM_COUNT_OF(cases); i++) {
		begin(f, 2);
		f->observation.lag_known = true;
		f->observation.lag_deg = 180;
		switch_loads(f, cases[i].base_a, cases[i].other_a, cases[i].ct, cases[i].sign);
		diagnose(f, &dual);
		ck_assert_msg(f->diagnosis.finding[0].cause == cases[i].cause && f->diagnosis.finding[0].tie == 0,
			      "case %d: %s%s", i, mm_cause_info(f->diagnosis.finding[0].cause)->name,
			      f->diagnosis.finding[0].tie > 0 ? ", tied" : "");
		ck_assert_uint_eq(f->diagnosis.finding[0].element, cases[i].element);
		ck_assert(f->diagnosis.finding[0].cause == MM_CAUSE_NONE || f->diagnosis.finding[0].as.sagged);
	}
}
END_TEST

START_TEST(angle_between_the_lines_settles_leads)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 0}, (struct shown){120.01, 6, 180});
	diagnose(f, &dual);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 2, true);
	ck_ambiguous(f, MM_CAUSE_LEAD_WRONG_LINE, 2, true);
	f->observation.lag_known = true;
	f->observation.lag_deg = 1;
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_LEAD_WRONG_LINE, 2);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_REVERSED, 2));
	f->observation.lag_deg = 180;
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	ck_assert_ptr_null(found(f, MM_CAUSE_LEAD_WRONG_LINE, 2));
}
END_TEST

START_TEST(voltages_in_lockstep_are_one)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	for (unsigned i = 0; i < 12; i++) {
		double volts = 119 + 0.2 * (i / 2 % 2);

		add(f, (struct shown){volts, i % 2 ? 12 : 3, 0}, (struct shown){volts, 4, 0});
	}
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0);
	/* Of two lines, one goes its own way. */
	add(f, (struct shown){119, 12, 0}, (struct shown){119.2, 4, 0});
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_NONE, 0);
}
END_TEST

START_TEST(mended_power_is_what_flows)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	steady(f, (struct shown){120, 10, 180}, (struct shown){120, 5, 60});
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_CT_REVERSED, 1);
	ck_assert_double_eq_tol(f->diagnosis.finding[0].as.repaired_w, 1200 + 300, 1e-6);
	begin(f, 2);
	steady(f, (struct shown){121, 10, 180}, (struct shown){119, 5, 180});
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_CTS_CROSSED, 0);
	ck_assert_double_eq_tol(f->diagnosis.finding[0].as.repaired_w, 119 * 10 + 121 * 5, 1e-6);
}
END_TEST

START_TEST(one_element_has_its_own_ties)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 1);
	steady(f, (struct shown){120, 10, 20}, (struct shown){0});
	diagnose(f, &single);
	ck_first(f, MM_CAUSE_NONE, 0);
	begin(f, 1);
	steady(f, (struct shown){120, 10, 200}, (struct shown){0});
	diagnose(f, &single);
	ck_first(f, MM_CAUSE_CT_REVERSED, 1);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 1, true);
	ck_ambiguous(f, MM_CAUSE_NEUTRAL_SWAPPED, 1, true);
	begin(f, 1);
	steady(f, (struct shown){1, 10, 200}, (struct shown){0});
	diagnose(f, &single);
	ck_first(f, MM_CAUSE_NO_SUPPLY, 0);
}
END_TEST

START_TEST(every_cause_is_described)
{
	for (enum mm_cause cause = 0; cause < MM_CAUSE_COUNT; cause++) {
		const struct mm_cause_info *info = mm_cause_info(cause);

		ck_assert_ptr_nonnull(info->name);
		for (enum mm_cause other = 0; other < cause; other++) {
			ck_assert_str_ne(info->name, mm_cause_info(other)->name);
		}
	}
}
END_TEST

/* Anything at all that a front end may say: a finding comes of it, and nothing breaks. */
START_TEST(any_reading_is_answered)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	static const double volts[] = {0, 9.9, 10, 60, 104, 120, 207, 240, 1e6};
	static const double amperes[] = {0, 0.1, 0.16, 1, 1.01, 200, 221, 500, 1e6};

	for (unsigned i = 0; i < 9 * 9 * 9 * 9; i++) {
		begin(f, 1 + i % 2);
		add(f, (struct shown){volts[i % 9], amperes[i / 9 % 9], (double)(i % 360)},
		    (struct shown){volts[i / 81 % 9], amperes[i / 729], (double)(i % 357)});
		f->observation.lag_known = i % 2 == 1 && i % 3 == 0;
		f->observation.lag_deg = (double)(i % 361) - 180;
		diagnose(f, i % 2 ? &dual : &single);
		ck_assert_uint_ge(f->diagnosis.count, 1);
		ck_assert_uint_le(f->diagnosis.count, MM_FINDINGS_MAX);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diagnosis");
	TCase *causes = tcase_create("causes");
	TCase *all = tcase_create("slow");

	tcase_add_test(causes, front_end_comes_first);
	tcase_add_loop_test(causes, readings_have_their_cause, 0, MM_COUNT_OF(table));
	tcase_add_test(causes, frequency_is_judged);
	tcase_add_test(causes, what_can_not_be_told_apart_is_said);
	tcase_add_test(causes, switching_a_load_settles_it);
	tcase_add_test(causes, angle_between_the_lines_settles_leads);
	tcase_add_test(causes, voltages_in_lockstep_are_one);
	tcase_add_test(causes, mended_power_is_what_flows);
	tcase_add_test(causes, one_element_has_its_own_ties);
	tcase_add_test(causes, every_cause_is_described);
	suite_add_tcase(suite, causes);
	tcase_set_tags(all, "slow");
	tcase_set_timeout(all, 120);
	tcase_add_test(all, any_reading_is_answered);
	suite_add_tcase(suite, all);
	return mm_run_suite(suite);
}
