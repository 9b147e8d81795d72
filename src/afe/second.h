/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_SECOND_H
#define MM_AFE_SECOND_H

/*
 * Windows of 10 or 12 cycles put together to measurements of about a second, which is what meters, clients and the register are
 * made for, and what is judged of a converter by them. Pure.
 */

#include "afe/afe.h"
#include "metrology/metrology.h"

#define MM_SECOND_WINDOWS 5
#define MM_SECOND_NOMINAL_V 120.0 /* every model's rated voltage */

struct mm_second_input {
	double vv, ii;			       /* squares of rms values times time */
	uint32_t voltage_flags, current_flags; /* MM_CHANNEL_*: stuck in one of the windows, clipped in all */
	bool swapped;			       /* in all */
};

struct mm_second {
	unsigned windows;
	struct mm_measurement sum;
	struct mm_second_input input[MM_INPUTS_MAX];
};

void mm_second_reset(struct mm_second *second);

/* Adds a window; true: it is a second. */
bool mm_second_add(struct mm_second *second, const struct mm_afe_config *config, const struct mm_metrology_window *window);

/*
 * Takes what has been added, and begins anew; false: there is nothing. Where the converter is not to be trusted the health says
 * so, and the message (MM_AFE_MESSAGE_MAX) which of the device's channels:
 * - STUCK: a channel stood still all through a window;
 * - SATURATED: a channel was at a rail in all windows (for a while a motor's start may do that: what is left of it counts);
 * - SWAPPED: in all windows what should be a current would be the supply's voltage, while the voltage is none but not nothing.
 */
bool mm_second_take(struct mm_second *second, const struct mm_afe_config *config, const char *device, struct mm_measurement *ret,
		    char message[static MM_AFE_MESSAGE_MAX]);

#endif
