/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_HARMONICS_H
#define MM_SERVICE_HARMONICS_H

/*
 * Harmonics on request: a call waits until the front end, which is asked for them, has measured a whole window more.
 */

#include "metering/view.h"
#include "varlink/varlink.h"

#define MM_HARMONICS_CALLS_MAX 8

struct mm_harmonics_desk {
	struct mm_engine *engine;
	struct mm_front_end *front_end; /* NULL: it measures no harmonics */
	struct mm_harmonics_call {
		struct mm_varlink_call *call; /* NULL: free */
		unsigned meter, element, input;
		int64_t until_ns; /* CLOCK_BOOTTIME */
	} calls[MM_HARMONICS_CALLS_MAX];
};

/* The method GetHarmonics; meter_index is what the call names (-1: nothing). */
void mm_harmonics_get(struct mm_harmonics_desk *desk, struct mm_varlink_call *call, const json_t *parameters, int meter_index);

/* After each report of the front end: answers the calls whose harmonics have come, and asks for those of others. */
void mm_harmonics_update(struct mm_harmonics_desk *desk);

/* Gives all calls up. */
void mm_harmonics_done(struct mm_harmonics_desk *desk);

#endif
