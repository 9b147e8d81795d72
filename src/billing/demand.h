/* SPDX-License-Identifier: MIT */
#ifndef MM_BILLING_DEMAND_H
#define MM_BILLING_DEMAND_H

/*
 * Maximum demand: the highest mean delivered power over a length of time, out of the intervals of a load profile (ANSI C12.1:
 * block and sliding block demand, whose subintervals the intervals are). Pure.
 *
 * The invariant: what it holds are the last intervals, in order and without a gap, all measured whole, and no longer than the
 * length.
 */

#include <stdbool.h>
#include <stdint.h>

#include "billing/tariff.h"
#include "core/profile.h"

#define MM_DEMAND_PARTS_MAX 60 /* an hour of intervals of a minute */

struct mm_demand_peak {
	double w;
	int64_t end_s; /* CLOCK_REALTIME seconds at its end; 0: there is none */
};

struct mm_demand {
	int32_t length_s; /* 0: of each interval by itself, whatever its length */
	bool sliding;	  /* from each interval on, not one after the other from the hour on */
	struct {
		int32_t duration_s;
		int64_t delivered_uwh;
	} part[MM_DEMAND_PARTS_MAX]; /* a ring */
	unsigned first, count;
	int64_t sum_uwh, end_s;
	int32_t sum_s;
	uint8_t rate;	     /* of the last one, */
	int32_t same_rate_s; /* and for so long */
	struct mm_demand_peak peak;
	struct mm_demand_peak of_rate[MM_TARIFF_RATES_MAX]; /* of times that lie in one rate */
};

/* length_s: at most an hour, which it divides; or 0. */
void mm_demand_begin(struct mm_demand *demand, int32_t length_s, bool sliding);

/* Adds the next interval, which has that rate. One that was not measured whole is in no demand. */
void mm_demand_add(struct mm_demand *demand, const struct mm_profile_row *row, uint8_t rate);

#endif
