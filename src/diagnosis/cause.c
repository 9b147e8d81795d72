/* SPDX-License-Identifier: MIT */
/* The table of causes. */
#include "diagnosis/cause.h"

#include <assert.h>
#include <stddef.h>

static const struct mm_cause_info causes[MM_CAUSE_COUNT] = {
	[MM_CAUSE_NONE] = {"none", NULL, false},
	[MM_CAUSE_NO_READING] = {"no-reading", NULL, false},
	[MM_CAUSE_FRONT_END_ABSENT] = {"front-end-absent", "absent", true},
	[MM_CAUSE_FRONT_END_STALE] = {"front-end-stale", "stale", true},
	[MM_CAUSE_FRONT_END_FROZEN] = {"front-end-frozen", "frozen", true},
	[MM_CAUSE_FRONT_END_IMPLAUSIBLE] = {"front-end-implausible", "implausible", true},
	[MM_CAUSE_FRONT_END_NO_CHANNEL] = {"front-end-no-channel", "no-channel", true},
	[MM_CAUSE_FRONT_END_NO_TRIGGER] = {"front-end-no-trigger", "no-trigger", true},
	[MM_CAUSE_FRONT_END_WRONG_RATE] = {"front-end-wrong-rate", "wrong-rate", true},
	[MM_CAUSE_FRONT_END_STUCK] = {"front-end-stuck", "stuck", true},
	[MM_CAUSE_FRONT_END_SATURATED] = {"front-end-saturated", "saturated", true},
	[MM_CAUSE_FRONT_END_SWAPPED] = {"front-end-swapped", "swapped", true},
	[MM_CAUSE_NO_SUPPLY] = {"no-supply", "voltage-low", true},
	[MM_CAUSE_LINE_MISSING] = {"line-missing", "voltage-low", true},
	[MM_CAUSE_VOLTAGE_LOW] = {"voltage-low", "voltage-low", true},
	[MM_CAUSE_VOLTAGE_HIGH] = {"voltage-high", "voltage-high", true},
	[MM_CAUSE_NEUTRAL_SWAPPED] = {"neutral-swapped", "voltage-high", true},
	[MM_CAUSE_NEUTRAL_LOST] = {"neutral-lost", "voltage-high", true},
	[MM_CAUSE_NEUTRAL_LEAD_OPEN] = {"neutral-lead-open", NULL, true},
	[MM_CAUSE_LEAD_WRONG_LINE] = {"lead-wrong-line", "reversed", true},
	[MM_CAUSE_FREQUENCY] = {"frequency", "frequency", true},
	[MM_CAUSE_CT_OPEN] = {"ct-open", NULL, true},
	[MM_CAUSE_CT_REVERSED] = {"ct-reversed", "reversed", true},
	[MM_CAUSE_CTS_REVERSED] = {"cts-reversed", "reversed", true},
	[MM_CAUSE_CTS_CROSSED] = {"cts-crossed", "reversed", true},
	[MM_CAUSE_TWO_CTS_CROSSED] = {"two-cts-crossed", "reversed", true},
	[MM_CAUSE_CTS_ROTATED] = {"cts-rotated", "reversed", true},
	[MM_CAUSE_CT_WRONG_LINE] = {"ct-wrong-line", "reversed", true},
	[MM_CAUSE_SEVERAL] = {"several-mistakes", "reversed", true},
	[MM_CAUSE_CORRECTION_WRONG] = {"correction-wrong", "correction", true},
	[MM_CAUSE_OVER_RANGE] = {"over-range", "over-current", true},
	[MM_CAUSE_CT_RATIO] = {"ct-ratio", "over-current", true},
	[MM_CAUSE_GENERATION] = {"generation", "reversed", false},
	[MM_CAUSE_GENERATION_CONFIGURED] = {"generation-configured", NULL, false},
	[MM_CAUSE_REACTIVE_LOAD] = {"reactive-load", NULL, false},
	[MM_CAUSE_LOAD_SMALL] = {"load-too-small", NULL, false},
	[MM_CAUSE_CREEP] = {"creep", NULL, true},
	[MM_CAUSE_UNEXPLAINED] = {"unexplained", NULL, true},
};

const struct mm_cause_info *mm_cause_info(enum mm_cause cause)
{
	assert(cause < MM_CAUSE_COUNT);
	return &causes[cause];
}
