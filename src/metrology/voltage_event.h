/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_VOLTAGE_EVENT_H
#define MM_METROLOGY_VOLTAGE_EVENT_H

/*
 * Sags, swells and interruptions of a supply by its rms over one cycle, anew each half cycle (IEC 61000-4-30, 5.4 and 5.5). An
 * event begins when that leaves the band round the declared voltage and ends when it is back by the hysteresis; how deep it went
 * says what it was.
 */

#include "core/measurement.h"

/* Of the declared voltage. */
#define MM_VOLTAGE_SAG_RATIO 0.90
#define MM_VOLTAGE_SWELL_RATIO 1.10
#define MM_VOLTAGE_INTERRUPTION_RATIO 0.10
#define MM_VOLTAGE_HYSTERESIS_RATIO 0.02

struct mm_voltage_watch {
	double declared_v;
	int side; /* -1: below the band, 1: above, 0: within */
	int64_t start_ns;
	double extreme_v;
	bool ended; /* last is an event that nobody has taken yet */
	struct mm_voltage_event last;
};

void mm_voltage_watch_init(struct mm_voltage_watch *watch, double declared_v);

/* Takes the rms of a cycle, the middle of which was at at_ns. */
void mm_voltage_watch_step(struct mm_voltage_watch *watch, double rms_v, int64_t at_ns);

/*
 * Takes the event that has ended since the last call, if one has. Of several they become one, from the first's start to the
 * last's end and as deep as the deepest. ret->input is the caller's to set.
 */
bool mm_voltage_watch_take(struct mm_voltage_watch *watch, struct mm_voltage_event *ret);

#endif
