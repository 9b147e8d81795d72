/* SPDX-License-Identifier: MIT */
/*
 * Calibration: the stage on known figures, the constants found against a reference that knows the truth, and every measurement
 * that has to be refused.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/meter.h"
#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

#define TURN (2 * acos(-1.0))

/* What a current channel does to the truth: the errors that calibration is to find. */
struct error {
	double ratio, lead_deg, leak_w;
};

struct fixture {
	struct mm_meter_config config;
	struct mm_measurement window;
};

static struct fixture *setup(struct fixture *f)
{
	struct mm_model_error error;

	f->config = (struct mm_meter_config){.input = {2, 0}, .profile_interval_s = 900};
	ck_assert_int_eq(mm_model_parse("MMD-120-2001", &f->config.model, &error), 0);
	f->window = (struct mm_measurement){.end_ns = MM_NS_PER_S, .latched = true, .input_count = 3};
	return f;
}

/* The input as an erring channel shows volts, amperes and an angle of lag; returns the true watts. */
static double show(struct fixture *f, unsigned input, const struct error *e, double voltage_v, double current_a, double lag_deg)
{
	double seen_rad = (lag_deg - e->lead_deg) * TURN / 360,
	       seconds = (double)(f->window.end_ns - f->window.start_ns) / MM_NS_PER_S;
	double seen_va = voltage_v * current_a * e->ratio;

	f->window.input[input] = (struct mm_input_reading){
		.voltage_v = voltage_v,
		.current_a = current_a * e->ratio,
		.active_ws = (seen_va * cos(seen_rad) + e->leak_w * voltage_v * voltage_v / 14400) * seconds,
		.reactive_vars = seen_va * sin(seen_rad) * seconds,
		.frequency_hz = 60,
	};
	return voltage_v * current_a * cos(lag_deg * TURN / 360);
}

static const struct error right = {.ratio = 1};

/* ---- The stage ---- */

START_TEST(a_meter_never_calibrated_is_left_as_it_is)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_measurement before;

	show(f, 0, &right, 121, 3, 31);
	show(f, 1, &right, 122, 4, 32);
	show(f, 2, &right, 123, 5, 33);
	before = f->window;
	mm_calibration_apply(mm_calibration_none.constants, &f->config.model, f->config.input, &f->window);
	ck_assert_mem_eq(&f->window, &before, sizeof(f->window));
}
END_TEST

START_TEST(constants_undo_the_errors_of_their_own_element)
{
	struct fixture fixture, *f = setup(&fixture);

	/* 1 % high, leading by 0.5 degrees, 2 W too many at 120 V. */
	static const struct error e = {1.01, 0.5, 2};
	const double leak_w = 2 / 1.01 * cos(TURN / 720); /* it is scaled and turned with the current */
	struct mm_calibration constants[MM_ELEMENTS_MAX] = {{1 / 1.01, 0.5, -leak_w}, {1, 0, 0}};
	double true_w, true_var;

	f->window.end_ns = 3 * MM_NS_PER_S;
	true_w = show(f, 2, &e, 132, 50, 60); /* element 1 */
	true_var = 132 * 50 * sin(TURN / 6);
	show(f, 0, &e, 132, 50, 60);
	mm_calibration_apply(constants, &f->config.model, f->config.input, &f->window);
	ck_assert_double_eq_tol(f->window.input[2].active_ws, 3 * true_w, 1e-9);
	/* What the turn makes reactive of the leak, 0.02 var, nobody bills. */
	ck_assert_double_eq_tol(f->window.input[2].reactive_vars, 3 * true_var, 3 * 0.025);
	ck_assert_double_eq_tol(f->window.input[2].current_a, 50, 1e-12);
	ck_assert_double_eq(f->window.input[2].voltage_v, 132);
	ck_assert_double_eq_tol(f->window.input[0].current_a, 50.5, 1e-12);
}
END_TEST

START_TEST(a_tenth_of_a_degree_costs_0_30_percent_at_half_power_factor)
{
	struct fixture fixture, *f = setup(&fixture);
	static const struct error e = {1, 0.1, 0};
	double true_w = show(f, 2, &e, 120, 100, 60), read_w = f->window.input[2].active_ws;
	struct mm_calibration constants[MM_ELEMENTS_MAX] = {{1, 0.1, 0}, {1, 0, 0}};

	ck_assert_double_eq_tol(100 * (read_w / true_w - 1), 0.302, 0.001);
	mm_calibration_apply(constants, &f->config.model, f->config.input, &f->window);
	ck_assert_double_eq_tol(f->window.input[2].active_ws, true_w, 1e-9);
}
END_TEST

START_TEST(no_offset_comes_from_a_dead_line)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_calibration constants[MM_ELEMENTS_MAX] = {{1, 0, 24}, {1, 0, -24}};

	show(f, 2, &right, 0, 1, 0);
	show(f, 0, &right, 60, 1, 0);
	mm_calibration_apply(constants, &f->config.model, f->config.input, &f->window);
	ck_assert_double_eq(f->window.input[2].active_ws, 0);
	ck_assert_double_eq_tol(f->window.input[0].active_ws, 60 - 6, 1e-12);
}
END_TEST

START_TEST(whatever_constants_pass_the_check_keep_figures_finite)
{
	struct fixture fixture, *f = setup(&fixture);
	uint64_t seed = 5;

	for (int i = 0; i < 20000; i++) {
		struct mm_calibration c = {mm_random_between(&seed, 0.8, 1.2), mm_random_between(&seed, -4, 4),
					   mm_random_between(&seed, -30, 30)};
		struct mm_calibration constants[MM_ELEMENTS_MAX] = {c, {1, 0, 0}};
		bool inside = fabs(c.gain - 1) <= 0.1 && fabs(c.phase_deg) <= 3 && fabs(c.offset_w) <= 24;

		ck_assert_int_eq(mm_calibration_check(&c, &f->config.model) == MM_CALIBRATION_FINE, inside);
		f->window.input[2] = (struct mm_input_reading){.voltage_v = mm_random_between(&seed, 0, 1e9),
							       .current_a = mm_random_between(&seed, 0, 1e9),
							       .active_ws = mm_random_between(&seed, -1e9, 1e9),
							       .reactive_vars = mm_random_between(&seed, -1e9, 1e9)};
		mm_calibration_apply(constants, &f->config.model, f->config.input, &f->window);
		ck_assert(isfinite(f->window.input[2].active_ws) && isfinite(f->window.input[2].reactive_vars) &&
			  isfinite(f->window.input[2].current_a));
	}
}
END_TEST

static const struct {
	struct mm_calibration constants;
	enum mm_calibration_fault fault;
} checks[] = {
	{{NAN, 0, 0}, MM_CALIBRATION_GAIN_LIMIT},      {{1, NAN, 0}, MM_CALIBRATION_PHASE_LIMIT},
	{{1, 0, NAN}, MM_CALIBRATION_OFFSET_LIMIT},    {{INFINITY, 0, 0}, MM_CALIBRATION_GAIN_LIMIT},
	{{-1, 0, 0}, MM_CALIBRATION_GAIN_LIMIT},       {{1, 180, 0}, MM_CALIBRATION_PHASE_LIMIT},
	{{1, 0, -24.1}, MM_CALIBRATION_OFFSET_LIMIT},  {{1.1001, 0, 0}, MM_CALIBRATION_GAIN_LIMIT},
	{{1.0999, 2.999, 23.99}, MM_CALIBRATION_FINE},
};

START_TEST(constants_beyond_their_limits_are_named)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_int_eq(mm_calibration_check(&checks[_i].constants, &f->config.model), checks[_i].fault);
}
END_TEST

/* ---- The procedure ---- */

/* Measures a point of element 1 for ten seconds; reference_w is the truth. */
static struct mm_calibration_result take(struct fixture *f, const struct error *e, double voltage_v, double current_a,
					 double lag_deg)
{
	struct mm_calibration_result result = {.taken = true};
	struct mm_calibration_run run = {0};

	for (int i = 0; i < 10; i++) {
		result.reference_w = show(f, 2, e, voltage_v, current_a, lag_deg);
		mm_calibration_add(&run, &f->config.model, f->config.input, &f->window);
	}
	ck_assert_uint_eq(run.windows, 10);
	ck_assert_double_eq_tol(run.seconds, 10, 1e-9);
	result.mean = run.element[0];
	return result;
}

START_TEST(three_points_find_any_error_within_the_limits)
{
	struct fixture fixture, *f = setup(&fixture);
	uint64_t seed = 11;

	for (int i = 0; i < 2000; i++) {
		const struct error e = {mm_random_between(&seed, 0.93, 1.08), mm_random_between(&seed, -2.5, 2.5),
					mm_random_between(&seed, -20, 20)};
		const struct mm_calibration_result points[] = {
			take(f, &e, mm_random_between(&seed, 110, 130), mm_random_between(&seed, 20, 220), 0),
			take(f, &e, mm_random_between(&seed, 110, 130), mm_random_between(&seed, 20, 220), 60),
			take(f, &e, mm_random_between(&seed, 110, 130), mm_random_between(&seed, 1, 4), 0),
		};
		const struct mm_calibration_result elsewhere = take(f, &e, 125, 10, -36.87);
		struct mm_calibration found;

		ck_assert_int_eq(mm_calibration_solve(points, &mm_calibration_none.constants[0], &f->config.model, &found),
				 MM_CALIBRATION_FINE);
		for (int p = 0; p < MM_CALIBRATION_POINT_COUNT; p++) {
			ck_assert_double_eq_tol(mm_calibration_registration(&points[p], &found, &f->config.model), 100, 1e-9);
		}
		/* At a load that was never measured, too. */
		ck_assert_double_eq_tol(mm_calibration_registration(&elsewhere, &found, &f->config.model), 100, 1e-9);
		ck_assert_double_eq_tol(found.phase_deg, e.lead_deg, 1e-9);
		ck_assert_double_eq_tol(found.gain, 1 / e.ratio, 1e-9);
	}
}
END_TEST

START_TEST(what_has_no_point_stays_as_it_is)
{
	struct fixture fixture, *f = setup(&fixture);
	static const struct error e = {1.02, 0.7, 0};
	const struct mm_calibration present = {1.01, 0.7, 1.5};
	struct mm_calibration_result points[MM_CALIBRATION_POINT_COUNT] = {take(f, &e, 120, 100, 0)};
	struct mm_calibration found;

	ck_assert_int_eq(mm_calibration_solve(points, &present, &f->config.model, &found), MM_CALIBRATION_FINE);
	ck_assert_double_eq_tol(found.phase_deg, 0.7, 1e-12);
	ck_assert_double_eq_tol(found.offset_w, 1.5, 1e-12);
	ck_assert_double_eq_tol(mm_calibration_registration(&points[0], &found, &f->config.model), 100, 1e-9);
	points[MM_CALIBRATION_LIGHT_LOAD] = take(f, &e, 120, 2, 0);
	ck_assert_int_eq(mm_calibration_solve(points, &present, &f->config.model, &found), MM_CALIBRATION_FINE);
	ck_assert_double_eq_tol(found.phase_deg, 0.7, 1e-12);
	ck_assert_double_eq_tol(found.offset_w, 0, 1e-9);
	ck_assert_double_eq_tol(found.gain, 1 / 1.02, 1e-12);
}
END_TEST

START_TEST(impossible_constants_are_refused_and_nothing_is_written)
{
	struct fixture fixture, *f = setup(&fixture);
	static const struct error far = {1.2, 0, 0}, turned = {1, 4, 0}, leaks = {1, 0, 30};
	struct mm_calibration_result points[] = {take(f, &far, 120, 100, 0), take(f, &far, 120, 100, 60),
						 take(f, &far, 120, 2, 0)};
	struct mm_calibration found = {7, 7, 7};

	ck_assert_int_eq(mm_calibration_solve(points, &mm_calibration_none.constants[0], &f->config.model, &found),
			 MM_CALIBRATION_GAIN_LIMIT);
	points[0] = take(f, &turned, 120, 100, 0);
	points[1] = take(f, &turned, 120, 100, 60);
	points[2] = take(f, &turned, 120, 2, 0);
	ck_assert_int_eq(mm_calibration_solve(points, &mm_calibration_none.constants[0], &f->config.model, &found),
			 MM_CALIBRATION_PHASE_LIMIT);
	points[0] = take(f, &leaks, 120, 100, 0);
	points[1] = take(f, &leaks, 120, 100, 60);
	points[2] = take(f, &leaks, 120, 2, 0);
	ck_assert_int_eq(mm_calibration_solve(points, &mm_calibration_none.constants[0], &f->config.model, &found),
			 MM_CALIBRATION_OFFSET_LIMIT);
	/* Twice the same point says nothing about the phase. */
	points[1] = points[0];
	ck_assert_int_ne(mm_calibration_solve(points, &mm_calibration_none.constants[0], &f->config.model, &found),
			 MM_CALIBRATION_FINE);
	ck_assert_double_eq(found.gain, 7);
}
END_TEST

START_TEST(weighted_average_counts_full_load_four_times)
{
	ck_assert_double_eq_tol(mm_calibration_weighted_average(100.4, 99.4), 100.2, 1e-12);
}
END_TEST

/* ---- Refusals ---- */

/* What a measurement of these two elements is good for; L2 is opposed to L1 and lag_deg is against each line's own voltage. */
static const struct {
	const char *what;
	double voltage_v, current_a, lag_deg, other_a, other_lag_deg;
	enum mm_calibration_point point;
	enum mm_calibration_fault fault;
} runs[] = {
	{"full load", 120, 100, 0, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_FINE},
	{"with load on the other line, too", 120, 20, 0, 90, 30, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_FINE},
	{"half power factor", 120, 100, 60, 0, 0, MM_CALIBRATION_POWER_FACTOR, MM_CALIBRATION_FINE},
	{"light load", 120, 3, 0, 0, 0, MM_CALIBRATION_LIGHT_LOAD, MM_CALIBRATION_FINE},
	{"a dead line", 0, 0, 0, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_NO_SUPPLY},
	{"voltage too high", 140, 100, 0, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_NO_SUPPLY},
	{"no load", 120, 0.1, 0, 0.1, 0, MM_CALIBRATION_LIGHT_LOAD, MM_CALIBRATION_NO_LOAD},
	{"load on the other element", 120, 0.1, 0, 30, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_ELSEWHERE},
	{"CT reversed", 120, 100, 180, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_REVERSED},
	{"CT reversed at half power factor", 120, 100, 240, 0, 0, MM_CALIBRATION_POWER_FACTOR, MM_CALIBRATION_REVERSED},
	{"CT on the other line of a 208 V service", 120, 100, 120, 100, -120, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_REVERSED},
	{"full load too small", 120, 15, 0, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_WRONG_LOAD},
	{"full load too large", 120, 225, 0, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_WRONG_LOAD},
	{"light load too large", 120, 5, 0, 0, 0, MM_CALIBRATION_LIGHT_LOAD, MM_CALIBRATION_WRONG_LOAD},
	{"full load at half power factor", 120, 100, 60, 0, 0, MM_CALIBRATION_FULL_LOAD, MM_CALIBRATION_WRONG_FACTOR},
	{"half power factor at one", 120, 100, 0, 0, 0, MM_CALIBRATION_POWER_FACTOR, MM_CALIBRATION_WRONG_FACTOR},
	{"half power factor leading", 120, 100, -60, 0, 0, MM_CALIBRATION_POWER_FACTOR, MM_CALIBRATION_WRONG_FACTOR},
	{"power factor too low", 120, 100, 68, 0, 0, MM_CALIBRATION_POWER_FACTOR, MM_CALIBRATION_WRONG_FACTOR},
};

START_TEST(a_measurement_of_something_else_is_refused)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_calibration_run run = {0};

	for (int i = 0; i < 10; i++) {
		show(f, 2, &right, runs[_i].voltage_v, runs[_i].current_a, runs[_i].lag_deg);
		show(f, 0, &right, 120, runs[_i].other_a, runs[_i].other_lag_deg);
		mm_calibration_add(&run, &f->config.model, f->config.input, &f->window);
	}
	ck_assert_msg(mm_calibration_judge_run(&run, 0, runs[_i].point, &f->config.model) == runs[_i].fault, "%s", runs[_i].what);
}
END_TEST

START_TEST(a_load_that_does_not_hold_still_is_refused)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_calibration_run run = {0}, one = {0};

	for (int i = 0; i < 10; i++) {
		show(f, 2, &right, 120, i < 5 ? 100 : 101.2, 0);
		mm_calibration_add(&run, &f->config.model, f->config.input, &f->window);
	}
	/* Five windows each of 12000 and 12144 W: a deviation of 72 · sqrt(10 / 9) W. */
	ck_assert_double_eq_tol(mm_calibration_spread(&run, 0), 72 * sqrt(10.0 / 9) / 12072, 1e-12);
	ck_assert_int_eq(mm_calibration_judge_run(&run, 0, MM_CALIBRATION_FULL_LOAD, &f->config.model), MM_CALIBRATION_UNSTEADY);
	mm_calibration_add(&one, &f->config.model, f->config.input, &f->window);
	ck_assert_double_eq(mm_calibration_spread(&one, 0), 0);
	ck_assert_double_eq(mm_calibration_spread(&(struct mm_calibration_run){.windows = 9}, 0), 0);
}
END_TEST

START_TEST(a_measurement_is_all_energy_by_all_time)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_calibration_run run = {0};

	f->window.end_ns = 3 * MM_NS_PER_S;
	show(f, 2, &right, 120, 100, 0);
	mm_calibration_add(&run, &f->config.model, f->config.input, &f->window);
	f->window.start_ns = 2 * MM_NS_PER_S;
	show(f, 2, &right, 120, 50, 0);
	mm_calibration_add(&run, &f->config.model, f->config.input, &f->window);
	ck_assert_double_eq_tol(run.seconds, 4, 1e-12);
	ck_assert_double_eq_tol(run.element[0].active_w, (3 * 12000 + 6000) / 4, 1e-9);
}
END_TEST

START_TEST(a_reference_is_held_to_the_element_it_is_of)
{
	struct fixture fixture, *f = setup(&fixture);
	const struct mm_calibration constants[MM_ELEMENTS_MAX] = {{1.05, 0, 0}, {1, 0, 0}};
	struct mm_calibration_run run = {0};

	show(f, 2, &right, 120, 50, 0);
	show(f, 0, &right, 120, 20, 180);
	mm_calibration_add(&run, &f->config.model, f->config.input, &f->window);
	/* As calibrated, element 1 has 6300 W. */
	ck_assert_int_eq(mm_calibration_judge_reference(&run, 0, 6300, constants, &f->config.model), MM_CALIBRATION_FINE);
	ck_assert_int_eq(mm_calibration_judge_reference(&run, 0, 6900, constants, &f->config.model), MM_CALIBRATION_FINE);
	ck_assert_int_eq(mm_calibration_judge_reference(&run, 0, 7100, constants, &f->config.model), MM_CALIBRATION_FAR_OFF);
	ck_assert_int_eq(mm_calibration_judge_reference(&run, 0, 2390, constants, &f->config.model), MM_CALIBRATION_CROSSED);
	ck_assert_int_eq(mm_calibration_judge_reference(&run, 0, 6.3, constants, &f->config.model), MM_CALIBRATION_FAR_OFF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calibration");
	TCase *stage = tcase_create("stage"), *procedure = tcase_create("procedure"), *refusals = tcase_create("refusals");

	tcase_add_test(stage, a_meter_never_calibrated_is_left_as_it_is);
	tcase_add_test(stage, constants_undo_the_errors_of_their_own_element);
	tcase_add_test(stage, a_tenth_of_a_degree_costs_0_30_percent_at_half_power_factor);
	tcase_add_test(stage, no_offset_comes_from_a_dead_line);
	tcase_add_test(stage, whatever_constants_pass_the_check_keep_figures_finite);
	tcase_add_loop_test(stage, constants_beyond_their_limits_are_named, 0, MM_COUNT_OF(checks));
	suite_add_tcase(suite, stage);
	tcase_add_test(procedure, three_points_find_any_error_within_the_limits);
	tcase_add_test(procedure, what_has_no_point_stays_as_it_is);
	tcase_add_test(procedure, impossible_constants_are_refused_and_nothing_is_written);
	tcase_add_test(procedure, weighted_average_counts_full_load_four_times);
	suite_add_tcase(suite, procedure);
	tcase_add_loop_test(refusals, a_measurement_of_something_else_is_refused, 0, MM_COUNT_OF(runs));
	tcase_add_test(refusals, a_load_that_does_not_hold_still_is_refused);
	tcase_add_test(refusals, a_measurement_is_all_energy_by_all_time);
	tcase_add_test(refusals, a_reference_is_held_to_the_element_it_is_of);
	suite_add_tcase(suite, refusals);
	return mm_run_suite(suite);
}
