/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_ADE9000_WINDOW_H
#define MM_AFE_ADE9000_WINDOW_H

/*
 * A window as minimeter's own driver of the ADE9000 hands it out, one line of text, and the energy between two of them. The chip
 * counts energy in 45 bits and begins again at their end, so that a difference is the energy as long as it is less than half of
 * that: at full scale for 106 s, the sure time.
 */

#include <stdbool.h>

#include "core/measurement.h"

#define MM_ADE9000_SURE_NS (100 * MM_NS_PER_S)

enum mm_ade9000_flag {
	MM_ADE9000_INTERRUPT_SILENT = 1, /* it is wired, and does not come */
	MM_ADE9000_AT_60_HZ = 2,
};

struct mm_ade9000_window {
	uint64_t number; /* since the driver was loaded */
	int64_t now_ns;	 /* the driver's clock when it was read, and counters.end_ns by the same clock */
	uint32_t flags;
	uint64_t standstill_ns; /* of all changes between 50 and 60 Hz */
	struct mm_counters counters;
	uint32_t voltage[MM_COUNTER_PHASES], current[MM_COUNTER_PHASES], period[MM_COUNTER_PHASES]; /* codes */
};

/* -EPROTO: the text is no window. */
int mm_ade9000_window_parse(const char *text, struct mm_ade9000_window *ret);

/* What was counted from before to after, of one epoch or from 0. */
int64_t mm_ade9000_window_counted(int64_t before, int64_t after);

/* The line's frequency; 0: a code that no line has. */
double mm_ade9000_window_hz(uint32_t period);

#endif
