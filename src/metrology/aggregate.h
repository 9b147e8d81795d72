/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_AGGREGATE_H
#define MM_METROLOGY_AGGREGATE_H

/*
 * Windows of 10 or 12 cycles put together to measurements of about a second, which is what meters, clients and the store are
 * made for, and what such a second says of the converter's channels.
 */

#include "metrology/metrology.h"

#define MM_AGGREGATE_WINDOWS 5

struct mm_aggregate_input {
	double vv, ii;			       /* squares of rms values times time */
	uint32_t voltage_flags, current_flags; /* MM_CHANNEL_*: stuck in one of the windows, clipped in all */
	bool swapped;			       /* in all */
};

struct mm_aggregate {
	double nominal_v[MM_INPUTS_MAX];
	double volts_per_ampere[MM_INPUTS_MAX]; /* what a current would be, if its channel had a voltage */
	unsigned windows;
	struct mm_measurement sum;
	struct mm_aggregate_input input[MM_INPUTS_MAX];
};

/* Which channel made a measurement's health other than OK. */
struct mm_aggregate_fault {
	unsigned input;
	bool voltage; /* else its current */
};

/* Forgets the windows that have been added. */
void mm_aggregate_reset(struct mm_aggregate *aggregate);

/* Adds a window; true: it is a second. */
bool mm_aggregate_add(struct mm_aggregate *aggregate, const struct mm_metrology_window *window);

/*
 * Takes what has been added, and begins anew; false: there is nothing. Where the converter can't be trusted the health says so,
 * and the fault which channel:
 * - STUCK: a channel had one code all through a window;
 * - SATURATED: a channel was at a rail in all windows (for a while a motor's start may do that: what remains of it counts);
 * - SWAPPED: in all windows a current would be the supply's voltage, while that input's voltage is too low for one but not zero.
 */
bool mm_aggregate_take(struct mm_aggregate *aggregate, struct mm_measurement *ret, struct mm_aggregate_fault *ret_fault);

#endif
