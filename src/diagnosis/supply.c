/* SPDX-License-Identifier: MIT */
#include "diagnosis/supply.h"

#include <math.h>

/* With the neutral lead on a line, the other line shows what lies between them: 1.73 (wye) or 2 times its own voltage. */
#define BETWEEN_LINES_MIN 1.5
#define BETWEEN_LINES_MAX 2.25
/* A split phase without its neutral: the lines share twice the rated volts (240 V) by their loads. */
#define LOST_NEUTRAL_MIN_RATIO 0.1
#define LOST_NEUTRAL_SUM_RATIO 0.05
/* Half of what lies between two lines of a wye is 0.866 of the rated volts (104 V); within the tolerance of the supply. */
#define HALF_OF_TWO_LINES_MIN_RATIO 0.775
#define HALF_OF_TWO_LINES_MAX_RATIO 0.9167

/* One voltage as it should be or dead, the other that between two lines: the element whose lead went to N, or -1. */
static int swapped_neutral_of_pair(const struct mm_stage *stage)
{
	const struct mm_observation_window *present = &stage->present;
	double min_v = mm_model_supply_min_v(stage->model), max_v = mm_model_supply_max_v(stage->model);

	for (unsigned e = 0; e < 2; e++) {
		double own = present->voltage_v[e], other = present->voltage_v[1 - e];
		bool between = other > BETWEEN_LINES_MIN * min_v && other < BETWEEN_LINES_MAX * max_v;

		if (between && (mm_stage_is_dead(own) || (other > BETWEEN_LINES_MIN * own && other < BETWEEN_LINES_MAX * own &&
							  own >= min_v && own <= max_v))) {
			return (int)e;
		}
	}
	return -1;
}

/* Of three elements: one voltage as it should be, both others those between two lines. */
static int swapped_neutral_of_three(const struct mm_stage *stage)
{
	double min_v = mm_model_supply_min_v(stage->model), max_v = mm_model_supply_max_v(stage->model);
	int right = -1;
	unsigned between = 0;

	for (unsigned e = 0; e < stage->observation->elements; e++) {
		double volts = stage->present.voltage_v[e];

		between += volts > BETWEEN_LINES_MIN * min_v && volts < BETWEEN_LINES_MAX * max_v;
		right = volts >= min_v && volts <= max_v ? (int)e : right;
	}
	return between == 2 ? right : -1;
}

static int swapped_neutral(const struct mm_stage *stage)
{
	unsigned elements = stage->observation->elements;

	return elements == 2 ? swapped_neutral_of_pair(stage) : elements > 2 ? swapped_neutral_of_three(stage) : -1;
}

static bool lost_neutral(const struct mm_stage *stage)
{
	double rated_v = stage->model->rated_voltage_v, a = stage->present.voltage_v[0], b = stage->present.voltage_v[1];
	bool outside = fmin(a, b) < mm_model_supply_min_v(stage->model) || fmax(a, b) > mm_model_supply_max_v(stage->model);

	return stage->model->wires != MM_WIRES_NETWORK && !mm_stage_is_dead(a) && !mm_stage_is_dead(b) && outside &&
	       fabs(a - b) > LOST_NEUTRAL_MIN_RATIO * rated_v && fabs(a + b - 2 * rated_v) < LOST_NEUTRAL_SUM_RATIO * 2 * rated_v;
}

/* Two dividers in series between two lines of a wye: 104 V each, and always alike. */
static bool half_of_two_lines(const struct mm_stage *stage)
{
	double rated_v = stage->model->rated_voltage_v;
	const double *volts = stage->present.voltage_v;
	bool sure;

	return stage->model->wires != MM_WIRES_SPLIT && mm_observation_one_voltage(stage->observation, &sure) &&
	       fmax(volts[0], volts[1]) < HALF_OF_TWO_LINES_MAX_RATIO * rated_v &&
	       fmin(volts[0], volts[1]) > HALF_OF_TWO_LINES_MIN_RATIO * rated_v;
}

bool mm_stage_judge_supply(struct mm_stage *stage)
{
	const struct mm_observation *observation = stage->observation;
	const double *volts = stage->present.voltage_v;
	int swapped = swapped_neutral(stage);
	bool all_dead = true;

	for (unsigned e = 0; e < observation->elements; e++) {
		all_dead = all_dead && mm_stage_is_dead(volts[e]);
	}
	if (all_dead) {
		mm_stage_find(stage, MM_CAUSE_NO_SUPPLY, 0, 0.98);
		return false;
	}
	if (swapped >= 0) {
		mm_stage_find(stage, MM_CAUSE_NEUTRAL_SWAPPED, (unsigned)swapped + 1, 0.95);
		return false;
	}
	if (observation->elements == 2 && lost_neutral(stage)) {
		mm_stage_find(stage, MM_CAUSE_NEUTRAL_LOST, 0, 0.9);
		return false;
	}
	if (half_of_two_lines(stage)) {
		mm_stage_find(stage, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0, 0.8);
		return false;
	}
	for (unsigned e = 0; e < observation->elements; e++) {
		if (mm_stage_is_dead(volts[e])) {
			mm_stage_find(stage, MM_CAUSE_LINE_MISSING, e + 1, 0.98);
		} else if (volts[e] < mm_model_supply_min_v(stage->model)) {
			mm_stage_find(stage, MM_CAUSE_VOLTAGE_LOW, e + 1, 0.95);
		} else if (volts[e] > mm_model_supply_max_v(stage->model)) {
			mm_stage_find(stage, MM_CAUSE_VOLTAGE_HIGH, e + 1, 0.95);
		}
	}
	if (observation->frequency_hz > 0 &&
	    (observation->frequency_hz < MM_FREQUENCY_MIN_HZ || observation->frequency_hz > MM_FREQUENCY_MAX_HZ)) {
		mm_stage_find(stage, MM_CAUSE_FREQUENCY, 0, 0.9);
	}
	return true;
}
