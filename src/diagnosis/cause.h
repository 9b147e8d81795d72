/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_CAUSE_H
#define MM_DIAGNOSIS_CAUSE_H

/*
 * Causes of what an installer sees, in the terms of the manual's troubleshooting table (section 5) where it has them. The words
 * for them are in service/advice.h.
 */

#include <stdbool.h>

enum mm_cause {
	MM_CAUSE_NONE, /* nothing wrong is seen */
	MM_CAUSE_NO_READING,
	MM_CAUSE_FRONT_END_ABSENT,
	MM_CAUSE_FRONT_END_STALE,
	MM_CAUSE_FRONT_END_FROZEN,
	MM_CAUSE_FRONT_END_IMPLAUSIBLE,
	MM_CAUSE_FRONT_END_NO_CHANNEL,
	MM_CAUSE_FRONT_END_NO_TRIGGER,
	MM_CAUSE_FRONT_END_WRONG_RATE,
	MM_CAUSE_FRONT_END_STUCK,
	MM_CAUSE_FRONT_END_SATURATED,
	MM_CAUSE_FRONT_END_SWAPPED,
	MM_CAUSE_NO_SUPPLY,
	MM_CAUSE_LINE_MISSING,
	MM_CAUSE_VOLTAGE_LOW,
	MM_CAUSE_VOLTAGE_HIGH,
	MM_CAUSE_NEUTRAL_SWAPPED,
	MM_CAUSE_NEUTRAL_LOST,
	MM_CAUSE_NEUTRAL_LEAD_OPEN,
	MM_CAUSE_LEAD_WRONG_LINE,
	MM_CAUSE_FREQUENCY,
	MM_CAUSE_CT_OPEN,
	MM_CAUSE_CT_REVERSED,
	MM_CAUSE_CTS_REVERSED,
	MM_CAUSE_CTS_CROSSED,
	MM_CAUSE_TWO_CTS_CROSSED, /* of three */
	MM_CAUSE_CTS_ROTATED,	  /* all three, each on the next line */
	MM_CAUSE_CT_WRONG_LINE,
	MM_CAUSE_SEVERAL,
	MM_CAUSE_CORRECTION_WRONG,
	MM_CAUSE_OVER_RANGE,
	MM_CAUSE_CT_RATIO,
	MM_CAUSE_GENERATION,
	MM_CAUSE_GENERATION_CONFIGURED, /* where the configuration says that there is */
	MM_CAUSE_REACTIVE_LOAD,
	MM_CAUSE_LOAD_SMALL,
	MM_CAUSE_CREEP,
	MM_CAUSE_UNEXPLAINED, /* a fault that the meter reports, and these readings don't show */
	MM_CAUSE_COUNT,
};

struct mm_cause_info {
	const char *name;  /* stable: "ct-reversed" */
	const char *event; /* code of the events that speak for it; NULL: none */
	bool fault;	   /* of the installation or the meter; otherwise nothing is wrong, or nothing can be said */
};

/* What is known of a cause; static. */
const struct mm_cause_info *mm_cause_info(enum mm_cause cause);

#endif
