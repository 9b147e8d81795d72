/* SPDX-License-Identifier: MIT */
/*
 * With a = gain cos(phase) and b = gain sin(phase) a calibrated power is a P - b Q + offset (V / rated V)²: linear in what is
 * sought, so three points are three equations.
 */
#include "core/calibration.h"

#include <assert.h>
#include <math.h>

#include "core/meter.h"

/* Below this part of the rated current there is no load to speak of. */
#define LOADED_RATIO 0.003
/* As near as this to another element's power a reference is taken to be that element's. */
#define CROSSED_RATIO 0.03

#define EQUATIONS 3

const struct mm_calibration_version mm_calibration_none = {.constants = {{.gain = 1}, {.gain = 1}, {.gain = 1}}};

const struct mm_calibration_range mm_calibration_range[MM_CALIBRATION_POINT_COUNT] = {
	[MM_CALIBRATION_FULL_LOAD] = {0.10, MM_OVERCURRENT_RATIO, 0.97, 1.0},
	[MM_CALIBRATION_POWER_FACTOR] = {0.10, MM_OVERCURRENT_RATIO, 0.4, 0.6},
	[MM_CALIBRATION_LIGHT_LOAD] = {0.005, 0.02, 0.97, 1.0},
};

const char *mm_calibration_point_name(enum mm_calibration_point point)
{
	static const char *const names[MM_CALIBRATION_POINT_COUNT] = {
		[MM_CALIBRATION_FULL_LOAD] = "full-load",
		[MM_CALIBRATION_POWER_FACTOR] = "power-factor",
		[MM_CALIBRATION_LIGHT_LOAD] = "light-load",
	};

	assert(point < MM_CALIBRATION_POINT_COUNT);
	return names[point];
}

static double radians(double degrees)
{
	return degrees * (acos(-1.0) / 180.0);
}

/* By how much the offset counts at this voltage. */
static double leak(double voltage_v, const struct mm_model *model)
{
	double ratio = voltage_v / model->rated_voltage_v;

	return ratio * ratio;
}

enum mm_calibration_fault mm_calibration_check(const struct mm_calibration *constants, const struct mm_model *model)
{
	double rated_va = model->rated_voltage_v * model->ct_primary_a;

	/* Each is false for NaN. */
	if (!(fabs(constants->gain - 1) <= MM_CALIBRATION_ERROR_MAX_RATIO)) {
		return MM_CALIBRATION_GAIN_LIMIT;
	}
	if (!(fabs(constants->phase_deg) <= MM_CALIBRATION_PHASE_MAX_DEG)) {
		return MM_CALIBRATION_PHASE_LIMIT;
	}
	if (!(fabs(constants->offset_w) <= MM_CALIBRATION_OFFSET_MAX_RATIO * rated_va)) {
		return MM_CALIBRATION_OFFSET_LIMIT;
	}
	return MM_CALIBRATION_FINE;
}

void mm_calibration_apply(const struct mm_calibration constants[static MM_ELEMENTS_MAX], const struct mm_model *model,
			  const unsigned input[static MM_ELEMENTS_MAX], struct mm_measurement *measurement)
{
	double seconds = mm_measurement_seconds(measurement);

	for (unsigned e = 0; e < model->elements; e++) {
		struct mm_input_reading *reading = &measurement->input[input[e]];
		const struct mm_calibration *c = &constants[e];
		double a = c->gain * cos(radians(c->phase_deg)), b = c->gain * sin(radians(c->phase_deg));
		double active_ws = reading->active_ws, reactive_vars = reading->reactive_vars;

		reading->current_a *= c->gain;
		reading->active_ws = a * active_ws - b * reactive_vars + c->offset_w * leak(reading->voltage_v, model) * seconds;
		reading->reactive_vars = b * active_ws + a * reactive_vars;
	}
}

/* ---- Measuring ---- */

/* Each window weighs by its length, so that the mean power is all energy by all time, however the front end splits them. */
static void add(struct mm_calibration_mean *mean, double weight, const struct mm_input_reading *input, double seconds)
{
	double active_w = input->active_ws / seconds, before = active_w - mean->active_w;

	mean->voltage_v += weight * (input->voltage_v - mean->voltage_v);
	mean->current_a += weight * (input->current_a - mean->current_a);
	mean->active_w += weight * before;
	mean->reactive_var += weight * (input->reactive_vars / seconds - mean->reactive_var);
	mean->squares += seconds * before * (active_w - mean->active_w);
}

void mm_calibration_add(struct mm_calibration_run *run, const struct mm_model *model,
			const unsigned input[static MM_ELEMENTS_MAX], const struct mm_measurement *measurement)
{
	double seconds = mm_measurement_seconds(measurement);

	run->windows++;
	run->seconds += seconds;
	for (unsigned e = 0; e < model->elements; e++) {
		add(&run->element[e], seconds / run->seconds, &measurement->input[input[e]], seconds);
	}
}

double mm_calibration_spread(const struct mm_calibration_run *run, unsigned element)
{
	const struct mm_calibration_mean *mean = &run->element[element];

	if (run->windows < 2 || mean->active_w == 0) {
		return 0;
	}
	return sqrt(mean->squares / run->seconds * run->windows / (run->windows - 1)) / fabs(mean->active_w);
}

double mm_calibration_power(const struct mm_calibration *constants, const struct mm_model *model,
			    const struct mm_calibration_mean *mean)
{
	double phase = radians(constants->phase_deg);

	return constants->gain * (cos(phase) * mean->active_w - sin(phase) * mean->reactive_var) +
	       constants->offset_w * leak(mean->voltage_v, model);
}

/* ---- Judging ---- */

static bool within(double figure, double min, double max)
{
	return figure >= min && figure <= max;
}

static enum mm_calibration_fault judge_current(const struct mm_calibration_run *run, unsigned element,
					       const struct mm_calibration_range *range, const struct mm_model *model)
{
	double loaded_a = LOADED_RATIO * model->ct_primary_a, current_a = run->element[element].current_a;

	if (current_a < loaded_a) {
		for (unsigned e = 0; e < model->elements; e++) {
			if (run->element[e].current_a >= loaded_a) {
				return MM_CALIBRATION_ELSEWHERE;
			}
		}
		return MM_CALIBRATION_NO_LOAD;
	}
	if (run->element[element].active_w < 0) {
		return MM_CALIBRATION_REVERSED;
	}
	return within(current_a, range->current_min_ratio * model->ct_primary_a, range->current_max_ratio * model->ct_primary_a)
		       ? MM_CALIBRATION_FINE
		       : MM_CALIBRATION_WRONG_LOAD;
}

static bool factor_right(const struct mm_calibration_mean *mean, const struct mm_calibration_range *range)
{
	double apparent_va = hypot(mean->active_w, mean->reactive_var);

	return within(mean->active_w, range->power_factor_min * apparent_va, range->power_factor_max * apparent_va) &&
	       (mean->reactive_var > 0 || range->power_factor_max == 1);
}

enum mm_calibration_fault mm_calibration_judge_run(const struct mm_calibration_run *run, unsigned element,
						   enum mm_calibration_point point, const struct mm_model *model)
{
	const struct mm_calibration_range *range = &mm_calibration_range[point];
	const struct mm_calibration_mean *mean = &run->element[element];
	enum mm_calibration_fault fault;

	if (!within(mean->voltage_v, mm_model_supply_min_v(model), mm_model_supply_max_v(model))) {
		return MM_CALIBRATION_NO_SUPPLY;
	}
	fault = judge_current(run, element, range, model);
	if (fault != MM_CALIBRATION_FINE) {
		return fault;
	}
	if (!factor_right(mean, range)) {
		return MM_CALIBRATION_WRONG_FACTOR;
	}
	if (mm_calibration_spread(run, element) > MM_CALIBRATION_SPREAD_MAX_RATIO) {
		return MM_CALIBRATION_UNSTEADY;
	}
	return MM_CALIBRATION_FINE;
}

enum mm_calibration_fault mm_calibration_judge_reference(const struct mm_calibration_run *run, unsigned element,
							 double reference_w,
							 const struct mm_calibration constants[static MM_ELEMENTS_MAX],
							 const struct mm_model *model)
{
	double power_w = mm_calibration_power(&constants[element], model, &run->element[element]);

	if (fabs(power_w - reference_w) <= MM_CALIBRATION_ERROR_MAX_RATIO * reference_w) {
		return MM_CALIBRATION_FINE;
	}
	for (unsigned e = 0; e < model->elements; e++) {
		double other_w = fabs(mm_calibration_power(&constants[e], model, &run->element[e]));

		if (e != element && fabs(other_w - reference_w) <= CROSSED_RATIO * reference_w) {
			return MM_CALIBRATION_CROSSED;
		}
	}
	return MM_CALIBRATION_FAR_OFF;
}

/* ---- Solving ---- */

static double determinant(const double m[EQUATIONS][EQUATIONS])
{
	return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
	       m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/* Cramer's rule for column i. */
static double unknown(const double m[EQUATIONS][EQUATIONS], const double right[EQUATIONS], unsigned i)
{
	double replaced[EQUATIONS][EQUATIONS];

	for (unsigned row = 0; row < EQUATIONS; row++) {
		for (unsigned column = 0; column < EQUATIONS; column++) {
			replaced[row][column] = column == i ? right[row] : m[row][column];
		}
	}
	return determinant((const double(*)[EQUATIONS])replaced) / determinant(m);
}

enum mm_calibration_fault mm_calibration_solve(const struct mm_calibration_result result[static MM_CALIBRATION_POINT_COUNT],
					       const struct mm_calibration *present, const struct mm_model *model,
					       struct mm_calibration *ret)
{
	double phase = radians(present->phase_deg), a, b;
	/* Of a, b and offset; the rows of points that are not there keep phase and offset. */
	double m[EQUATIONS][EQUATIONS] = {{0}, {sin(phase), -cos(phase), 0}, {0, 0, 1}};
	double right[EQUATIONS] = {0, 0, present->offset_w};
	enum mm_calibration_fault fault;
	struct mm_calibration found;

	assert(result[MM_CALIBRATION_FULL_LOAD].taken);
	for (unsigned i = 0; i < MM_CALIBRATION_POINT_COUNT; i++) {
		if (result[i].taken) {
			m[i][0] = result[i].mean.active_w;
			m[i][1] = -result[i].mean.reactive_var;
			m[i][2] = leak(result[i].mean.voltage_v, model);
			right[i] = result[i].reference_w;
		}
	}
	/* Points that say nothing about an unknown give no number, which no limit lets pass. */
	a = unknown((const double(*)[EQUATIONS])m, right, 0);
	b = unknown((const double(*)[EQUATIONS])m, right, 1);
	found = (struct mm_calibration){.gain = hypot(a, b),
					.phase_deg = atan2(b, a) / radians(1),
					.offset_w = unknown((const double(*)[EQUATIONS])m, right, 2)};
	if (!result[MM_CALIBRATION_POWER_FACTOR].taken) {
		found.phase_deg = present->phase_deg; /* without the last digits of the detour */
	}
	if (!result[MM_CALIBRATION_LIGHT_LOAD].taken) {
		found.offset_w = present->offset_w;
	}
	fault = mm_calibration_check(&found, model);
	if (fault == MM_CALIBRATION_FINE) {
		*ret = found;
	}
	return fault;
}

double mm_calibration_registration(const struct mm_calibration_result *result, const struct mm_calibration *constants,
				   const struct mm_model *model)
{
	return 100 * mm_calibration_power(constants, model, &result->mean) / result->reference_w;
}

double mm_calibration_weighted_average(double full_load, double light_load)
{
	return (4 * full_load + light_load) / 5;
}
