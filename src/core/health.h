/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_HEALTH_H
#define MM_CORE_HEALTH_H

/*
 * Judges a front end by what it says. A live RMS register never repeats to the last digit for seconds; a device that does
 * is read through a cache (the mainline ade9000 driver up to at least 7.3 does so) or is dead, and nothing it says may be billed.
 */

#include "core/measurement.h"

/* Consecutive windows with every rms figure unchanged after which a front end counts as frozen. */
#define MM_HEALTH_FROZEN_WINDOWS 3
/* Windows in a row without a new energy latch after which it counts as stale. */
#define MM_HEALTH_STALE_WINDOWS 3

/* What no right reading exceeds; anything above is a fault of the chip or of the configuration. */
struct mm_health_limits {
	double voltage_v; /* full scale of the voltage inputs */
	double current_a; /* full scale of the current inputs */
};

struct mm_health_judge {
	struct mm_health_limits limits[MM_INPUTS_MAX];
	struct mm_measurement last;
	unsigned repeats;   /* windows in a row that repeated the figures of the one before */
	unsigned unlatched; /* windows in a row without a new energy latch */
};

/* limits: one for each of the front end's inputs, input_count (at most MM_INPUTS_MAX) of them. */
void mm_health_init(struct mm_health_judge *judge, const struct mm_health_limits *limits, unsigned input_count);

/*
 * Takes the next measurement and returns how to treat it:
 * - its own health where that is neither OK nor STARTING;
 * - IMPLAUSIBLE where it is OK but a figure is not finite, below zero (rms) or above the input's full scale, where mean power is
 *   more than 1 % (and 1 % of full scale) above V times I, or where the window has no length;
 * - FROZEN where every rms figure (with any voltage above 1 V) has repeated for MM_HEALTH_FROZEN_WINDOWS windows. One live
 *   window ends it. A front end that is STARTING is judged too, since one behind a cache never gets past that;
 * - STALE where no energy window has latched for MM_HEALTH_STALE_WINDOWS;
 * - its own health otherwise.
 */
enum mm_health mm_health_judge(struct mm_health_judge *judge, const struct mm_measurement *measurement);

/* Stable lower-case name: "ok", "starting", "absent", "stale", "frozen", "implausible", "no-channel", ... */
const char *mm_health_name(enum mm_health health);

#endif
