/* SPDX-License-Identifier: MIT */
/* The table of causes. */
#include "diagnosis/cause.h"

#include <assert.h>
#include <stddef.h>

static const struct mm_cause_info causes[MM_CAUSE_COUNT] = {
	[MM_CAUSE_NONE] = {"none"},
	[MM_CAUSE_NO_READING] = {"no-reading"},
	[MM_CAUSE_FRONT_END_ABSENT] = {"front-end-absent", .event = "absent", .fault = true},
	[MM_CAUSE_FRONT_END_STALE] = {"front-end-stale", .event = "stale", .fault = true},
	[MM_CAUSE_FRONT_END_FROZEN] = {"front-end-frozen", .event = "frozen", .fault = true},
	[MM_CAUSE_FRONT_END_IMPLAUSIBLE] = {"front-end-implausible", .event = "implausible", .fault = true},
	[MM_CAUSE_FRONT_END_NO_CHANNEL] = {"front-end-no-channel", .event = "no-channel", .fault = true},
	[MM_CAUSE_FRONT_END_NO_TRIGGER] = {"front-end-no-trigger", .event = "no-trigger", .fault = true},
	[MM_CAUSE_FRONT_END_WRONG_RATE] = {"front-end-wrong-rate", .event = "wrong-rate", .fault = true},
	[MM_CAUSE_FRONT_END_STUCK] = {"front-end-stuck", .event = "stuck", .fault = true},
	[MM_CAUSE_FRONT_END_SATURATED] = {"front-end-saturated", .event = "saturated", .fault = true},
	[MM_CAUSE_FRONT_END_SWAPPED] = {"front-end-swapped", .event = "swapped", .fault = true},
	[MM_CAUSE_NO_SUPPLY] = {"no-supply", .event = "voltage-low", .fault = true},
	[MM_CAUSE_LINE_MISSING] = {"line-missing", .event = "voltage-low", .fault = true},
	[MM_CAUSE_VOLTAGE_LOW] = {"voltage-low", .event = "voltage-low", .fault = true},
	[MM_CAUSE_VOLTAGE_HIGH] = {"voltage-high", .event = "voltage-high", .fault = true},
	[MM_CAUSE_NEUTRAL_SWAPPED] = {"neutral-swapped", .event = "voltage-high", .fault = true},
	[MM_CAUSE_NEUTRAL_LOST] = {"neutral-lost", .event = "voltage-high", .fault = true},
	[MM_CAUSE_NEUTRAL_LEAD_OPEN] = {"neutral-lead-open", .fault = true},
	[MM_CAUSE_LEAD_WRONG_LINE] = {"lead-wrong-line", .event = "reversed", .fault = true},
	[MM_CAUSE_FREQUENCY] = {"frequency", .event = "frequency", .fault = true},
	[MM_CAUSE_CT_OPEN] = {"ct-open", .fault = true},
	[MM_CAUSE_CT_REVERSED] = {"ct-reversed", .event = "reversed", .fault = true},
	[MM_CAUSE_CTS_REVERSED] = {"cts-reversed", .event = "reversed", .fault = true},
	[MM_CAUSE_CTS_CROSSED] = {"cts-crossed", .event = "reversed", .fault = true},
	[MM_CAUSE_CT_WRONG_LINE] = {"ct-wrong-line", .event = "reversed", .fault = true},
	[MM_CAUSE_SEVERAL] = {"several-mistakes", .event = "reversed", .fault = true},
	[MM_CAUSE_CORRECTION_WRONG] = {"correction-wrong", .event = "correction", .fault = true},
	[MM_CAUSE_OVER_RANGE] = {"over-range", .event = "over-current", .fault = true},
	[MM_CAUSE_CT_RATIO] = {"ct-ratio", .event = "over-current", .fault = true},
	[MM_CAUSE_GENERATION] = {"generation", .event = "reversed"},
	[MM_CAUSE_REACTIVE_LOAD] = {"reactive-load"},
	[MM_CAUSE_LOAD_SMALL] = {"load-too-small"},
	[MM_CAUSE_CREEP] = {"creep", .fault = true},
};

const struct mm_cause_info *mm_cause_info(enum mm_cause cause)
{
	assert(cause < MM_CAUSE_COUNT);
	return &causes[cause];
}
