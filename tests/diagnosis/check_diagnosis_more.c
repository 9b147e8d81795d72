/* SPDX-License-Identifier: MIT */
/* What the diagnosis goes by besides volts and amperes: the lines' angle, a correction in force, loads that are known. */
#include <math.h>

#include "fixture/diagnosis_fixture.h"
#include "fixture/suite.h"

/* Adds so many windows in which element 2's voltage lags by deg, give or take scatter. */
static void add_lags(struct diagnosis_fixture *f, unsigned windows, double deg, double scatter_deg)
{
	static const struct mm_meter_config config = {.input = {2, 0}};

	for (unsigned i = 0; i < windows; i++) {
		struct mm_measurement m = {.end_ns = 1000000000, .input_count = 3};
		double angle = (90 - deg + (i % 2 ? scatter_deg : -scatter_deg)) * RAD;

		m.input[0].voltage_v = m.input[2].voltage_v = 120;
		m.phasors[2].voltage = (struct mm_phasor){.re = 0, .im = 120};
		m.phasors[0].voltage = (struct mm_phasor){.re = 120 * cos(angle), .im = 120 * sin(angle)};
		mm_observation_add(&f->observation, &config, &m);
	}
}

START_TEST(angle_comes_with_the_windows)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	static const struct mm_meter_config config = {.input = {2, 0}};
	struct mm_measurement m = {.end_ns = 1000000000, .input_count = 3};

	begin(f, 2);
	mm_observation_add(&f->observation, &config, &m);
	add_lags(f, MM_LAG_WINDOWS_MIN - 1, 120, 0);
	ck_assert(!f->observation.lag_known);
	add_lags(f, 1, 120, 0);
	ck_assert(f->observation.lag_known);
	ck_assert_double_eq_tol(f->observation.lag_deg, 120, 1e-9);
	ck_assert_double_eq_tol(f->observation.lag_error_deg, 0, 1e-5);
	/* A lead that was moved with the power off counts from there. */
	mm_observation_add(&f->observation, &config, &m);
	add_lags(f, MM_LAG_WINDOWS_MIN, -2, 0);
	ck_assert(f->observation.lag_known);
	ck_assert_double_eq_tol(f->observation.lag_deg, -2, 1e-9);
}
END_TEST

START_TEST(angle_has_its_uncertainty)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	add_lags(f, 16, 180, 12);
	ck_assert(f->observation.lag_known);
	ck_assert_double_eq_tol(fabs(f->observation.lag_deg), 180, 1e-6);
	ck_assert_double_eq_tol(f->observation.lag_error_deg, 6, 0.1); /* twice 12 degrees over the root of 16 */
	begin(f, 2);
	add_lags(f, 16, 180, 25);
	ck_assert(!f->observation.lag_known);
	begin(f, 2);
	add_lags(f, 20, 180, 0);
	add_lags(f, 20, 0, 0);
	ck_assert(!f->observation.lag_known);
}
END_TEST

static void diagnose_with(struct diagnosis_fixture *f, const struct mm_circumstances *circumstances)
{
	mm_diagnose(&f->observation, &dual, circumstances, &f->diagnosis);
}

/* Somebody has said what is wrong and corrects it by arithmetic: as long as the wires show that, it is no fault. */
START_TEST(correction_settles_what_it_is_for)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	struct mm_circumstances turned = {.correction = MM_CORRECTION_CT2_REVERSED};
	struct mm_circumstances crossed = {.correction = MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 10}, (struct shown){119, 6, 185});
	diagnose_with(f, &turned);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	ck_assert(f->diagnosis.finding[0].corrected);
	ck_assert_ptr_null(found(f, MM_CAUSE_GENERATION, 2));
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	ck_assert(!f->diagnosis.finding[0].corrected);
	/* Of what fits two mistakes in a split phase, it is the one that was said. */
	begin(f, 2);
	steady(f, (struct shown){120, 9, 180}, (struct shown){119, 6, 180});
	diagnose_with(f, &crossed);
	ck_first(f, MM_CAUSE_CTS_CROSSED, 0);
	ck_assert(f->diagnosis.finding[0].corrected);
	turned.correction |= MM_CORRECTION_CT1_REVERSED;
	diagnose_with(f, &turned);
	ck_first(f, MM_CAUSE_CTS_REVERSED, 0);
	ck_assert(f->diagnosis.finding[0].corrected);
	/* It is for another angle. */
	f->observation.lag_known = true;
	f->observation.lag_deg = 180;
	crossed.correction = MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_120;
	diagnose_with(f, &crossed);
	ck_assert(mm_cause_info(f->diagnosis.finding[0].cause)->fault && !f->diagnosis.finding[0].corrected);
}
END_TEST

START_TEST(correction_that_is_wrong_is_named)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	const struct mm_circumstances turned = {.correction = MM_CORRECTION_CT2_REVERSED};
	static const unsigned own[] = {0, 1};
	static const double turned_sign[] = {1, -1}, right_sign[] = {1, 1};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 10}, (struct shown){119, 6, 5});
	diagnose_with(f, &turned);
	ck_first(f, MM_CAUSE_CORRECTION_WRONG, 0);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 2, true); /* with generation: it reads the same */
	/* Switched loads tell which. */
	begin(f, 2);
	switch_loads(f, 5, 8, own, right_sign);
	diagnose_with(f, &turned);
	ck_first(f, MM_CAUSE_CORRECTION_WRONG, 0);
	ck_assert(f->diagnosis.finding[0].tie == 0);
	begin(f, 2);
	switch_loads(f, 5, 8, own, turned_sign);
	diagnose_with(f, &turned);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	ck_assert(f->diagnosis.finding[0].corrected);
	/* Without a load on the CT it is for, nothing speaks against it. */
	begin(f, 2);
	steady(f, (struct shown){120, 9, 10}, (struct shown){119, 0.5, 5});
	diagnose_with(f, &turned);
	ck_first(f, MM_CAUSE_LOAD_SMALL, 2);
	ck_assert_ptr_null(found(f, MM_CAUSE_CORRECTION_WRONG, 0));
}
END_TEST

/* A wrong ratio reads in proportion, as a smaller or larger load would: only what is known of the load shows it. */
START_TEST(known_load_shows_a_wrong_ratio)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	struct mm_circumstances known = {.load_known = true, .load_w = 1500};

	begin(f, 2);
	steady(f, (struct shown){120, 6.2, 0}, (struct shown){119, 0.3, 0});
	diagnose(f, &dual);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_RATIO, 0));
	diagnose_with(f, &known);
	ck_first(f, MM_CAUSE_CT_RATIO, 0);
	ck_assert_double_eq_tol(f->diagnosis.finding[0].shown_w, 6.2 * 120 + 0.3 * 119, 1e-6);
	known.load_w = 800;
	diagnose_with(f, &known);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_RATIO, 0));
	known.load_w = 200;
	diagnose_with(f, &known);
	ck_first(f, MM_CAUSE_CT_RATIO, 0);
	/* With a CT turned round it is what would be shown with the CT turned. */
	begin(f, 2);
	steady(f, (struct shown){120, 6, 0}, (struct shown){119, 6, 180});
	known.load_w = 12 * 120;
	diagnose_with(f, &known);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_RATIO, 0));
	known.load_w = 24 * 120;
	diagnose_with(f, &known);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	ck_assert_ptr_nonnull(found(f, MM_CAUSE_CT_RATIO, 0));
	/* Without a voltage there is no power to compare. */
	begin(f, 2);
	steady(f, (struct shown){120, 6, 0}, (struct shown){0, 6, 0});
	diagnose_with(f, &known);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_RATIO, 0));
}
END_TEST

START_TEST(creep_is_what_registers_without_load)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	const struct mm_circumstances none = {.load_known = true};

	begin(f, 2);
	steady(f, (struct shown){120, 0.2, 20}, (struct shown){119, 0.2, 20});
	diagnose(f, &dual);
	ck_first(f, MM_CAUSE_LOAD_SMALL, 1);
	ck_ambiguous(f, MM_CAUSE_CREEP, 1, true);
	diagnose_with(f, &none);
	ck_first(f, MM_CAUSE_CREEP, 1);
	ck_assert_uint_eq(f->diagnosis.count, 2);
	ck_ambiguous(f, MM_CAUSE_CREEP, 1, false);
	ck_ambiguous(f, MM_CAUSE_CREEP, 2, false);
	begin(f, 2);
	steady(f, (struct shown){120, 0.1, 20}, (struct shown){119, 0, 0});
	diagnose_with(f, &none);
	ck_first(f, MM_CAUSE_NONE, 0);
	ck_assert_uint_eq(f->diagnosis.count, 1);
}
END_TEST

/* With whatever runs said to be none, creep comes before all that the currents show. */
START_TEST(creep_comes_first)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	struct mm_circumstances none = {.load_known = true};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 180}, (struct shown){119, 6, 0});
	diagnose_with(f, &none);
	ck_first(f, MM_CAUSE_CREEP, 1);
	ck_ambiguous(f, MM_CAUSE_CREEP, 2, false);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 1, true);
	/* What a source feeds back is no creep. */
	none.generates[0] = true;
	diagnose_with(f, &none);
	ck_first(f, MM_CAUSE_CREEP, 2);
	ck_assert_ptr_null(found(f, MM_CAUSE_CREEP, 1));
	steady(f, (struct shown){120, 9, 180}, (struct shown){119, 0.01, 0});
	diagnose_with(f, &none);
	ck_first(f, MM_CAUSE_GENERATION_CONFIGURED, 1);
}
END_TEST

/* Where the configuration says so, power backwards is taken as given: of a turned CT there is no word. */
START_TEST(generation_that_was_said_is_given)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	static const struct {
		struct shown one, two;
		bool generates[MM_ELEMENTS_MAX];
		enum mm_cause cause;
		unsigned element;
	} rows[] = {
		{{120, 9, 180}, {119, 6, 20}, {true, false}, MM_CAUSE_GENERATION_CONFIGURED, 1},
		{{120, 9, 180}, {119, 6, 180}, {true, true}, MM_CAUSE_GENERATION_CONFIGURED, 0},
		{{120, 9, 180}, {119, 6, 20}, {true, true}, MM_CAUSE_GENERATION_CONFIGURED, 1},
		{{120, 9, 10}, {119, 6, 20}, {true, true}, MM_CAUSE_NONE, 0},
		/* Motors run beside it, and the inverter takes no part of their reactive power. */
		{{120, 9, 130}, {119, 6, 20}, {true, true}, MM_CAUSE_GENERATION_CONFIGURED, 1},
		{{120, 9, 143}, {119, 6, -140}, {true, true}, MM_CAUSE_GENERATION_CONFIGURED, 0},
		{{120, 9, 60}, {119, 6, 55}, {true, true}, MM_CAUSE_NONE, 0},
		/* Loads and generation nearly balance: any angle is left. */
		{{120, 2, 85}, {119, 6, 20}, {true, true}, MM_CAUSE_NONE, 0},
		{{120, 2, 100}, {119, 6, 20}, {true, true}, MM_CAUSE_GENERATION_CONFIGURED, 1},
	};

	for (int i = 0; i < MM_COUNT_OF(rows); i++) {
		struct mm_circumstances said = {.generates = {rows[i].generates[0], rows[i].generates[1]}};

		begin(f, 2);
		steady(f, rows[i].one, rows[i].two);
		diagnose_with(f, &said);
		ck_first(f, rows[i].cause, rows[i].element);
		ck_assert_msg(f->diagnosis.count == 1, "row %d has %u findings, %s", i, f->diagnosis.count,
			      mm_cause_info(f->diagnosis.finding[1].cause)->name);
		ck_assert(!mm_cause_info(f->diagnosis.finding[0].cause)->fault);
	}
}
END_TEST

START_TEST(generation_that_was_not_said_is_judged)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	struct mm_circumstances one = {.generates = {true, false}}, both = {.generates = {true, true}};
	static const unsigned own[] = {0, 1}, crossed[] = {1, 0};
	static const double turned[] = {1, -1}, right[] = {1, 1}, back[] = {-1, -1};

	/* It is said of the other element. */
	begin(f, 2);
	steady(f, (struct shown){120, 9, 180}, (struct shown){119, 6, 180});
	diagnose_with(f, &one);
	ck_ambiguous(f, MM_CAUSE_CT_REVERSED, 2, true);
	ck_ambiguous(f, MM_CAUSE_GENERATION, 2, true);
	/* Loads that come and go show a CT that is wrong all the same. */
	begin(f, 2);
	switch_loads(f, 5, 8, own, turned);
	diagnose_with(f, &both);
	ck_first(f, MM_CAUSE_CT_REVERSED, 2);
	begin(f, 2);
	f->observation.lag_known = true;
	f->observation.lag_deg = 180;
	switch_loads(f, 5, 8, crossed, back);
	diagnose_with(f, &both);
	ck_first(f, MM_CAUSE_CTS_CROSSED, 0);
	begin(f, 2);
	switch_loads(f, -30, -25, own, right);
	diagnose_with(f, &both);
	ck_first(f, MM_CAUSE_GENERATION_CONFIGURED, 0);
}
END_TEST

/* A part of the load that is stated can be fed from behind the meter; more than it can not. */
START_TEST(generation_leaves_less_of_a_known_load)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	struct mm_circumstances known = {.load_known = true, .load_w = 3000, .generates = {true, true}};

	begin(f, 2);
	steady(f, (struct shown){120, 5, 0}, (struct shown){119, 5, 0});
	diagnose_with(f, &known);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_RATIO, 0));
	steady(f, (struct shown){120, 50, 180}, (struct shown){119, 50, 180});
	diagnose_with(f, &known);
	ck_assert_ptr_null(found(f, MM_CAUSE_CT_RATIO, 0));
	steady(f, (struct shown){120, 20, 0}, (struct shown){119, 20, 0});
	diagnose_with(f, &known);
	ck_first(f, MM_CAUSE_CT_RATIO, 0);
}
END_TEST

/* What the meter reports is a fault, also where the present windows don't show it. */
START_TEST(nothing_is_wrong_only_without_a_fault)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};
	struct mm_circumstances reported = {.flags = MM_ELEMENT_OVERCURRENT};

	begin(f, 2);
	steady(f, (struct shown){120, 9, 0}, (struct shown){119, 6, 20});
	diagnose_with(f, &reported);
	ck_first(f, MM_CAUSE_UNEXPLAINED, 0);
	ck_assert_ptr_null(found(f, MM_CAUSE_NONE, 0));
	diagnose_with(f, &(struct mm_circumstances){.failing = true});
	ck_first(f, MM_CAUSE_UNEXPLAINED, 0);
	ck_assert_ptr_null(found(f, MM_CAUSE_NONE, 0));
	/* A cause of it is explanation enough, and so is another fault. */
	steady(f, (struct shown){120, 300, 0}, (struct shown){119, 6, 20});
	diagnose_with(f, &reported);
	ck_first(f, MM_CAUSE_OVER_RANGE, 1);
	ck_assert_ptr_null(found(f, MM_CAUSE_UNEXPLAINED, 0));
	reported.flags = MM_ELEMENT_REVERSED;
	steady(f, (struct shown){120, 9, 75}, (struct shown){119, 6, 20});
	diagnose_with(f, &reported);
	ck_first(f, MM_CAUSE_REACTIVE_LOAD, 1);
	ck_assert_ptr_null(found(f, MM_CAUSE_UNEXPLAINED, 0));
}
END_TEST

/* Which findings are a tie with which: a number each. */
START_TEST(ties_are_told_apart)
{
	struct diagnosis_fixture *f = &(struct diagnosis_fixture){0};

	begin(f, 2);
	steady(f, (struct shown){120, 0, 0}, (struct shown){119, 9, 180});
	diagnose(f, &dual);
	ck_assert_uint_gt(found(f, MM_CAUSE_CT_OPEN, 1)->tie, 0);
	ck_assert_uint_eq(found(f, MM_CAUSE_CT_OPEN, 1)->tie, found(f, MM_CAUSE_LOAD_SMALL, 1)->tie);
	ck_assert_uint_gt(found(f, MM_CAUSE_CT_REVERSED, 2)->tie, 0);
	ck_assert_uint_eq(found(f, MM_CAUSE_CT_REVERSED, 2)->tie, found(f, MM_CAUSE_GENERATION, 2)->tie);
	ck_assert_uint_ne(found(f, MM_CAUSE_CT_OPEN, 1)->tie, found(f, MM_CAUSE_CT_REVERSED, 2)->tie);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diagnosis_more");
	TCase *tcase = tcase_create("more");

	tcase_add_test(tcase, angle_comes_with_the_windows);
	tcase_add_test(tcase, angle_has_its_uncertainty);
	tcase_add_test(tcase, correction_settles_what_it_is_for);
	tcase_add_test(tcase, correction_that_is_wrong_is_named);
	tcase_add_test(tcase, known_load_shows_a_wrong_ratio);
	tcase_add_test(tcase, creep_is_what_registers_without_load);
	tcase_add_test(tcase, creep_comes_first);
	tcase_add_test(tcase, generation_that_was_said_is_given);
	tcase_add_test(tcase, generation_that_was_not_said_is_judged);
	tcase_add_test(tcase, generation_leaves_less_of_a_known_load);
	tcase_add_test(tcase, nothing_is_wrong_only_without_a_fault);
	tcase_add_test(tcase, ties_are_told_apart);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
