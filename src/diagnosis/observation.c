/* SPDX-License-Identifier: MIT */
/* The windows that a diagnosis goes by. */
#include "diagnosis/observation.h"

#include <assert.h>
#include <math.h>

/* Two channels for one voltage differ by their calibration, and that difference stays. */
#define ONE_VOLTAGE_RATIO 0.005
#define ONE_VOLTAGE_APART_V 0.03
#define ONE_VOLTAGE_MOVED_V 0.1
#define ONE_VOLTAGE_LOAD_A 3.0

struct range {
	double min, max;
};

void mm_observation_init(struct mm_observation *observation, unsigned elements)
{
	assert(elements >= 1 && elements <= MM_ELEMENTS_MAX);
	*observation = (struct mm_observation){.elements = elements};
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		observation->jump[e].windows = observation->jump[e].earlier = MM_OBSERVATION_WINDOWS;
	}
}

struct mm_observation_window mm_observation_present(const struct mm_observation *observation)
{
	unsigned count =
		observation->count < MM_OBSERVATION_PRESENT_WINDOWS ? observation->count : MM_OBSERVATION_PRESENT_WINDOWS;
	struct mm_observation_window mean = {0};

	for (unsigned back = 0; back < count; back++) {
		const struct mm_observation_window *window = mm_observation_back(observation, back);

		for (unsigned e = 0; e < observation->elements; e++) {
			mean.voltage_v[e] += window->voltage_v[e] / count;
			mean.current_a[e] += window->current_a[e] / count;
			mean.active_w[e] += window->active_w[e] / count;
			mean.reactive_var[e] += window->reactive_var[e] / count;
		}
	}
	return mean;
}

unsigned mm_observation_steps(const struct mm_observation *observation,
			      struct mm_observation_step ret[static MM_OBSERVATION_WINDOWS])
{
	unsigned count = observation->count > 0 ? observation->count - 1 : 0;

	for (unsigned i = 0; i < count; i++) {
		const struct mm_observation_window *before = mm_observation_back(observation, count - i);
		const struct mm_observation_window *after = mm_observation_back(observation, count - i - 1);

		ret[i] = (struct mm_observation_step){0};
		for (unsigned e = 0; e < observation->elements; e++) {
			if (before->voltage_v[e] < MM_DEAD_VOLTAGE_V || after->voltage_v[e] < MM_DEAD_VOLTAGE_V) {
				continue;
			}
			ret[i].voltage_v[e] = after->voltage_v[e] - before->voltage_v[e];
			ret[i].active_a[e] =
				after->active_w[e] / after->voltage_v[e] - before->active_w[e] / before->voltage_v[e];
			ret[i].reactive_a[e] =
				after->reactive_var[e] / after->voltage_v[e] - before->reactive_var[e] / before->voltage_v[e];
		}
	}
	return count;
}

static void widen(struct range *range, double value, bool first)
{
	range->min = first ? value : fmin(range->min, value);
	range->max = first ? value : fmax(range->max, value);
}

bool mm_observation_one_voltage(const struct mm_observation *observation, bool *ret_sure)
{
	struct range volts = {0}, apart_v = {0}, apart_a = {0};

	for (unsigned i = 0; i < observation->count; i++) {
		const struct mm_observation_window *window = mm_observation_back(observation, i);

		widen(&volts, window->voltage_v[0], i == 0);
		widen(&apart_v, window->voltage_v[0] - window->voltage_v[1], i == 0);
		widen(&apart_a, window->current_a[0] - window->current_a[1], i == 0);
	}
	*ret_sure = volts.max - volts.min >= ONE_VOLTAGE_MOVED_V && apart_a.max - apart_a.min >= ONE_VOLTAGE_LOAD_A;
	return observation->elements == 2 && apart_v.max - apart_v.min <= ONE_VOLTAGE_APART_V &&
	       fmax(fabs(apart_v.max), fabs(apart_v.min)) <= ONE_VOLTAGE_RATIO * volts.max;
}
