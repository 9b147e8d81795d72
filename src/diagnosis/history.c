/* SPDX-License-Identifier: MIT */
/* How windows come to an observation. */
#include <math.h>

#include "diagnosis/rewiring.h"

#define DEG_PER_RAD (180 / 3.14159265358979323846)

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

/*
 * Mean direction of the windows' angles and its standard error, by the length of their mean: circular standard deviation
 * sqrt(-2 ln R) (Mardia and Jupp, Directional Statistics, 2.3).
 */
static bool average_lag(const struct mm_observation *observation, unsigned element, double *ret_deg, double *ret_error_deg)
{
	struct mm_phasor sum = {0, 0};
	unsigned count = 0;
	double length;

	for (unsigned back = 0; back < observation->lag_count; back++) {
		const struct mm_observation_window *window = mm_observation_back(observation, back);

		if (window->voltage_v[0] < MM_DEAD_VOLTAGE_V || window->voltage_v[element] < MM_DEAD_VOLTAGE_V) {
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

/* A wire is moved within a window: that one goes with those before it. */
static void forget_mixed(unsigned *windows)
{
	*windows = *windows == 1 ? 0 : *windows;
}

/* Evidence of another wiring. */
static void forget(struct mm_observation *observation, const struct mm_observation_window *next)
{
	enum mm_rewiring rewiring;

	if (observation->rewired) {
		forget_mixed(&observation->unmoved);
		for (unsigned e = 0; e < observation->elements; e++) {
			forget_mixed(&observation->jump[e].windows);
		}
	}
	rewiring = mm_rewiring(observation, next);
	if (rewiring == MM_REWIRING_LEAD) {
		observation->unmoved = 0;
		observation->lag_count = 0;
	}
	observation->rewired = rewiring != MM_REWIRING_NONE;
}

static void add_one(unsigned *windows)
{
	*windows += *windows < MM_OBSERVATION_WINDOWS;
}

/* The latest window is there: counts it. */
static void count(struct mm_observation *observation)
{
	add_one(&observation->lag_count);
	add_one(&observation->unmoved);
	observation->count = observation->unmoved;
	for (unsigned e = 0; e < observation->elements; e++) {
		unsigned *windows = &observation->jump[e].windows;

		add_one(windows);
		add_one(&observation->jump[e].earlier);
		observation->count = *windows < observation->count ? *windows : observation->count;
	}
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
	forget(observation, &window);
	observation->window[observation->next] = window;
	observation->next = (observation->next + 1) % MM_OBSERVATION_WINDOWS;
	count(observation);
	if (observation->elements > 1) {
		observation->lag_known = average_lag(observation, 1, &observation->lag_deg, &observation->lag_error_deg);
	}
	if (observation->elements > 2) {
		double error_deg;

		observation->third_lag_known = average_lag(observation, 2, &observation->third_lag_deg, &error_deg);
	}
}
