/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_NOISE_H
#define MM_SIM_NOISE_H

/* The same noise for the same seed, channel and moment, so that a scenario always gives the same codes. */

#include <stdint.h>

/* A hash: the finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t mm_sim_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* From -peak to peak; its density is a triangle of mean zero. */
static inline double mm_sim_noise(uint64_t seed, unsigned channel, uint64_t moment, double peak)
{
	uint64_t x = mm_sim_mix(mm_sim_mix(mm_sim_mix(seed) ^ channel) ^ moment);

	return peak * ((double)(x >> 32) - (double)(x & UINT32_MAX)) / 4294967296.0;
}

#endif
