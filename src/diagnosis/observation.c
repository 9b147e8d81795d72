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

#define DEG_PER_RAD (180 / 3.14159265358979323846)

struct range {
	double min, max;
};

void mm_observation_init(struct mm_observation *observation, unsigned elements)
{
	assert(elements >= 1 && elements <= MM_ELEMENTS_MAX);
	*observation = (struct mm_observation){.elements = elements};
}

/* The angle between two voltages as a phasor of length 1; 0 where it is not known. */
static struct mm_phasor lag_between(struct mm_phasor one, struct mm_phasor two)
{
	struct mm_phasor product = mm_phasor_power(one, two);
	double size = hypot(product.re, product.im);

	if (hypot(one.re, one.im) < MM_DEAD_VOLTAGE_V || hypot(two.re, two.im) < MM_DEAD_VOLTAGE_V) {
		return (struct mm_phasor){0, 0};
	}
	return (struct mm_phasor){product.re / size, product.im / size};
}

/* The window so many before the latest, 0 being that. */
static const struct mm_observation_window *window_back(const struct mm_observation *observation, unsigned back)
{
	return &observation->window[(observation->next + MM_OBSERVATION_WINDOWS - 1 - back) % MM_OBSERVATION_WINDOWS];
}

/*
 * Mean direction of the windows' angles and its standard error, by the length of their mean: circular standard deviation
 * sqrt(-2 ln R) (Mardia and Jupp, Directional Statistics, 2.3).
 */
static bool average_lag(const struct mm_observation *observation, unsigned element, double *ret_deg, double *ret_error_deg)
{
	struct mm_phasor sum = {0, 0};
	unsigned count = 0;
	double length;

	for (unsigned back = 0; back < observation->count; back++) {
		const struct mm_observation_window *window = window_back(observation, back);

		if (fmin(window->voltage_v[0], window->voltage_v[element]) < MM_DEAD_VOLTAGE_V) {
			break;
		}
		sum.re += window->lag[element - 1].re;
		sum.im += window->lag[element - 1].im;
		count += window->lag[element - 1].re != 0 || window->lag[element - 1].im != 0;
	}
	length = count >= MM_LAG_WINDOWS_MIN ? fmin(hypot(sum.re, sum.im) / count, 1) : 0;
	if (length <= 0) {
		return false;
	}
	*ret_deg = atan2(sum.im, sum.re) * DEG_PER_RAD;
	*ret_error_deg = 2 * sqrt(-2 * log(length) / count) * DEG_PER_RAD;
	return *ret_error_deg <= MM_LAG_ERROR_MAX_DEG;
}

void mm_observation_add(struct mm_observation *observation, const struct mm_meter_config *config,
			const struct mm_measurement *measurement)
{
	double seconds = mm_measurement_seconds(measurement);
	struct mm_observation_window window = {0};

	for (unsigned e = 0; e < observation->elements; e++) {
		const struct mm_input_reading *input = &measurement->input[config->input[e]];

		window.voltage_v[e] = input->voltage_v;
		window.current_a[e] = input->current_a;
		window.active_w[e] = input->active_ws / seconds;
		window.reactive_var[e] = input->reactive_vars / seconds;
		observation->frequency_hz = input->frequency_hz;
	}
	for (unsigned e = 1; e < observation->elements; e++) {
		window.lag[e - 1] = lag_between(measurement->phasors[config->input[0]].voltage,
						measurement->phasors[config->input[e]].voltage);
	}
	observation->window[observation->next] = window;
	observation->next = (observation->next + 1) % MM_OBSERVATION_WINDOWS;
	observation->count += observation->count < MM_OBSERVATION_WINDOWS;
	if (observation->elements > 1) {
		observation->lag_known = average_lag(observation, 1, &observation->lag_deg, &observation->lag_error_deg);
	}
	if (observation->elements > 2) {
		double error_deg;

		observation->third_lag_known = average_lag(observation, 2, &observation->third_lag_deg, &error_deg);
	}
}

struct mm_observation_window mm_observation_present(const struct mm_observation *observation)
{
	unsigned count =
		observation->count < MM_OBSERVATION_PRESENT_WINDOWS ? observation->count : MM_OBSERVATION_PRESENT_WINDOWS;
	struct mm_observation_window mean = {0};

	for (unsigned back = 0; back < count; back++) {
		const struct mm_observation_window *window = window_back(observation, back);

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
		const struct mm_observation_window *before = window_back(observation, count - i);
		const struct mm_observation_window *after = window_back(observation, count - i - 1);

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
		const struct mm_observation_window *window = &observation->window[i];

		widen(&volts, window->voltage_v[0], i == 0);
		widen(&apart_v, window->voltage_v[0] - window->voltage_v[1], i == 0);
		widen(&apart_a, window->current_a[0] - window->current_a[1], i == 0);
	}
	*ret_sure = volts.max - volts.min >= ONE_VOLTAGE_MOVED_V && apart_a.max - apart_a.min >= ONE_VOLTAGE_LOAD_A;
	return observation->elements == 2 && apart_v.max - apart_v.min <= ONE_VOLTAGE_APART_V &&
	       fmax(fabs(apart_v.max), fabs(apart_v.min)) <= ONE_VOLTAGE_RATIO * volts.max;
}
