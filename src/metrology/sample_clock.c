/* SPDX-License-Identifier: MIT */
/* The delay-locked loop; sample_clock.h says what for. */
#include "metrology/sample_clock.h"

#include <math.h>

#define NS_PER_S 1e9
/* The loop looks back over a part of what it has seen, between these: quick at first, calm later. */
#define MEMORY_MIN_S 1.0
#define MEMORY_MAX_S 30.0
#define MEMORY_RATIO 0.25
/* The most by which a converter's rate can differ from its nominal one. */
#define RATE_TOLERANCE 0.03

void mm_sample_clock_init(struct mm_sample_clock *clock, double nominal_hz)
{
	*clock = (struct mm_sample_clock){.nominal_hz = nominal_hz, .period_ns = NS_PER_S / nominal_hz};
}

void mm_sample_clock_unlock(struct mm_sample_clock *clock)
{
	clock->locked = false;
	clock->late_ns = 0;
}

/* Goes to an instant: whole nanoseconds, and the rest. */
static void move(struct mm_sample_clock *clock, double by_ns)
{
	double sum = clock->time_rest + by_ns;
	double whole = floor(sum);

	clock->time_ns += (int64_t)whole;
	clock->time_rest = sum - whole;
}

void mm_sample_clock_update(struct mm_sample_clock *clock, int64_t index, int64_t time_ns)
{
	const double nominal_ns = NS_PER_S / clock->nominal_hz;
	double samples = (double)(index - clock->index);
	double error_ns, memory_s, gain;

	if (!clock->locked) {
		clock->locked = true;
		clock->index = index;
		clock->time_ns = time_ns;
		clock->time_rest = 0.0;
		return;
	}
	move(clock, samples * clock->period_ns);
	error_ns = (double)(time_ns - clock->time_ns) - clock->time_rest;
	clock->index = index;
	clock->late_ns = llround(error_ns);
	clock->learning_s += samples / clock->nominal_hz;
	memory_s = fmin(MEMORY_MAX_S, fmax(MEMORY_MIN_S, MEMORY_RATIO * clock->learning_s));
	gain = fmin(0.5, samples / clock->nominal_hz / memory_s);
	move(clock, M_SQRT2 * gain * error_ns);
	clock->period_ns += gain * gain * error_ns / samples;
	clock->period_ns = fmin(nominal_ns * (1.0 + RATE_TOLERANCE), fmax(nominal_ns * (1.0 - RATE_TOLERANCE), clock->period_ns));
}

int64_t mm_sample_clock_time(const struct mm_sample_clock *clock, int64_t index, double fraction)
{
	double samples = (double)(index - clock->index) + fraction;

	return clock->time_ns + llround(samples * clock->period_ns + clock->time_rest);
}

double mm_sample_clock_rate(const struct mm_sample_clock *clock)
{
	return NS_PER_S / clock->period_ns;
}
