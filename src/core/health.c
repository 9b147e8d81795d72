/* SPDX-License-Identifier: MIT */
/*
 * The judge of a front end. It looks only at what came in, so it works the same for every chip and for a simulated one.
 */
#include "core/health.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A line below this is dead: its readings may well be zero for ever. */
#define DEAD_VOLTAGE_V 1.0
/* How far mean power may lie above volts times amperes, of that product and of full scale. */
#define POWER_EXCESS_RATIO 0.01

static const char *const health_names[MM_HEALTH_COUNT] = {
	[MM_HEALTH_OK] = "ok",
	[MM_HEALTH_STARTING] = "starting",
	[MM_HEALTH_ABSENT] = "absent",
	[MM_HEALTH_STALE] = "stale",
	[MM_HEALTH_FROZEN] = "frozen",
	[MM_HEALTH_IMPLAUSIBLE] = "implausible",
	[MM_HEALTH_NO_CHANNEL] = "no-channel",
	[MM_HEALTH_NO_TRIGGER] = "no-trigger",
	[MM_HEALTH_WRONG_RATE] = "wrong-rate",
	[MM_HEALTH_STUCK] = "stuck",
	[MM_HEALTH_SATURATED] = "saturated",
	[MM_HEALTH_SWAPPED] = "swapped",
};

const char *mm_health_name(enum mm_health health)
{
	assert(health < MM_HEALTH_COUNT);
	return health_names[health];
}

void mm_health_init(struct mm_health_judge *judge, const struct mm_health_limits *limits, unsigned input_count)
{
	assert(input_count <= MM_INPUTS_MAX);
	memset(judge, 0, sizeof(*judge));
	memcpy(judge->limits, limits, input_count * sizeof(*limits));
}

static bool in_range(double value, double max)
{
	return value >= 0 && value <= max; /* false for NaN */
}

static bool input_plausible(const struct mm_input_reading *input, const struct mm_health_limits *limits, double seconds)
{
	double apparent_va = input->voltage_v * input->current_a;
	double excess_va = POWER_EXCESS_RATIO * fmax(apparent_va, limits->voltage_v * limits->current_a);

	return in_range(input->voltage_v, limits->voltage_v) && in_range(input->current_a, limits->current_a) &&
	       isfinite(input->reactive_vars) && isfinite(input->frequency_hz) &&
	       fabs(input->active_ws) / seconds <= apparent_va + excess_va; /* false for NaN */
}

static bool plausible(const struct mm_health_judge *judge, const struct mm_measurement *measurement)
{
	double seconds = mm_measurement_seconds(measurement);

	if (measurement->end_ns <= measurement->start_ns) {
		return false;
	}
	for (unsigned i = 0; i < measurement->input_count; i++) {
		if (!input_plausible(&measurement->input[i], &judge->limits[i], seconds)) {
			return false;
		}
	}
	return true;
}

static bool repeats_last(const struct mm_health_judge *judge, const struct mm_measurement *measurement)
{
	bool live = false;

	if (measurement->input_count != judge->last.input_count) {
		return false;
	}
	for (unsigned i = 0; i < measurement->input_count; i++) {
		const struct mm_input_reading *now = &measurement->input[i];
		const struct mm_input_reading *before = &judge->last.input[i];

		if (now->voltage_v != before->voltage_v || now->current_a != before->current_a) {
			return false;
		}
		live = live || now->voltage_v > DEAD_VOLTAGE_V;
	}
	return live;
}

enum mm_health mm_health_judge(struct mm_health_judge *judge, const struct mm_measurement *measurement)
{
	enum mm_health health = measurement->health;

	assert(measurement->input_count <= MM_INPUTS_MAX);
	if (health == MM_HEALTH_OK && !plausible(judge, measurement)) {
		health = MM_HEALTH_IMPLAUSIBLE;
	}
	/* One that is starting is watched too: behind a cache it would start for ever. */
	if (health != MM_HEALTH_OK && health != MM_HEALTH_STARTING) {
		judge->last.input_count = 0;
		judge->repeats = 0;
		judge->unlatched = 0;
		return health;
	}
	judge->repeats = repeats_last(judge, measurement) ? judge->repeats + 1 : 0;
	judge->unlatched = measurement->latched ? 0 : judge->unlatched + 1;
	judge->last = *measurement;
	if (judge->repeats >= MM_HEALTH_FROZEN_WINDOWS) {
		return MM_HEALTH_FROZEN;
	}
	if (judge->unlatched >= MM_HEALTH_STALE_WINDOWS) {
		return MM_HEALTH_STALE;
	}
	return health;
}
