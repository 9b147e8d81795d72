/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_RANDOM_H
#define MM_TESTS_RANDOM_H

/*
 * Repeatable randomness for tests: xorshift64 (Marsaglia, 2003). The state starts at anything but 0.
 */

#include <stdint.h>

static inline uint64_t mm_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Evenly between low and high, low included. */
static inline double mm_random_between(uint64_t *state, double low, double high)
{
	return low + (high - low) * (double)(mm_random(state) >> 11) / 9007199254740992.0;
}

/* Bell-shaped around 0 with this standard deviation: the sum of twelve even ones, reaching 6 deviations at most. */
static inline double mm_random_noise(uint64_t *state, double deviation)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		sum += mm_random_between(state, 0, 1);
	}
	return sum * deviation;
}

#endif
