/* SPDX-License-Identifier: MIT */
/*
 * Pulse outputs. Edges lie on multiples of MM_PULSE_STEP_UWH only, so that one walk over those finds all of them in the order of
 * their instants.
 */
#include "core/pulse.h"

#include <assert.h>

#include "core/units.h"

/*
 * The speed limit. As the position never takes less than this for a µWh, in whatever windows, 5 Wh never take less than
 * MM_PULSE_MIN_NS: neither within a window nor from one to the next, whatever their powers and lengths. Rounding each instant up
 * to a nanosecond keeps that exact, since the limit is a whole number of them. It amounts to 450 kW; a full load is 121 kW.
 */
#define NS_PER_UWH (MM_PULSE_MIN_NS / MM_PULSE_STEP_UWH)
_Static_assert(NS_PER_UWH *MM_PULSE_STEP_UWH == MM_PULSE_MIN_NS, "the shortest pulse is a whole number of ns per µWh");

/*
 * The most a single window may advance, in steps of 5 Wh: 435 Wh, 13 s of full load. n steps bring n edges each to
 * the 10 Wh output and the load LED, and at most one in ten of them (rounded up) each to the two outputs of 100 Wh of a T
 * model; others have one of 100 Wh and two of 1 kWh, which is fewer.
 */
#define STEPS_MAX 87
_Static_assert(2 * STEPS_MAX + 2 * ((STEPS_MAX + 9) / 10) <= MM_EDGES_MAX, "the edges of one window fit");

static const char *const output_names[MM_OUTPUT_COUNT] = {
	[MM_OUTPUT_10] = "10",
	[MM_OUTPUT_100] = "100",
	[MM_OUTPUT_1000] = "1000",
	[MM_OUTPUT_COUNTER] = "counter",
	[MM_OUTPUT_LED_LOAD] = "led_load",
	[MM_OUTPUT_LED_POWER] = "led_power",
	[MM_OUTPUT_LED_REVERSE] = "led_reverse",
};

/* Manual, tables 2 and 3: Wh per cycle without T and with it. */
static const int kh_wh[MM_OUTPUT_ENERGY_COUNT][2] = {
	[MM_OUTPUT_10] = {10, 10},	   [MM_OUTPUT_100] = {100, 100},    [MM_OUTPUT_1000] = {1000, 0},
	[MM_OUTPUT_COUNTER] = {1000, 100}, [MM_OUTPUT_LED_LOAD] = {10, 10},
};

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

const char *mm_output_name(enum mm_output output)
{
	assert(output < MM_OUTPUT_COUNT);
	return output_names[output];
}

int64_t mm_output_kh_uwh(const struct mm_model *model, enum mm_output output)
{
	return output < MM_OUTPUT_ENERGY_COUNT ? kh_wh[output][model->fine_pulses] * MM_UWH_PER_WH : 0;
}

bool mm_output_level(const struct mm_model *model, enum mm_output output, int64_t register_uwh)
{
	int64_t kh = mm_output_kh_uwh(model, output);

	return kh > 0 && register_uwh % kh >= kh / 2;
}

/* Adds an edge for each output that changes at crossed_uwh. */
static void add_edges(const struct mm_model *model, int64_t crossed_uwh, int64_t at_ns, struct mm_edges *ret)
{
	for (enum mm_output output = 0; output < MM_OUTPUT_ENERGY_COUNT; output++) {
		int64_t kh = mm_output_kh_uwh(model, output);

		if (kh == 0 || crossed_uwh % (kh / 2) != 0) {
			continue;
		}
		assert(ret->count < MM_EDGES_MAX);
		ret->edge[ret->count++] = (struct mm_edge){
			.at_ns = at_ns,
			.position_uwh = crossed_uwh,
			.output = output,
			.level = mm_output_level(model, output, crossed_uwh),
		};
	}
}

void mm_pulse_advance(const struct mm_model *model, int64_t *position_uwh, int64_t target_uwh, int64_t start_ns, int64_t end_ns,
		      struct mm_edges *ret)
{
	int64_t from = *position_uwh;
	int64_t duration = end_ns - start_ns;
	int64_t advance = min(min(target_uwh - from, duration / NS_PER_UWH), STEPS_MAX * MM_PULSE_STEP_UWH);

	ret->count = 0;
	if (advance <= 0) {
		return;
	}
	for (int64_t crossed = (from / MM_PULSE_STEP_UWH + 1) * MM_PULSE_STEP_UWH; crossed <= from + advance;
	     crossed += MM_PULSE_STEP_UWH) {
		/* duration * (crossed - from) / advance, rounded up, in two parts that stay inside 64 bits. */
		int64_t way = crossed - from;
		int64_t offset = duration / advance * way + (duration % advance * way + advance - 1) / advance;

		add_edges(model, crossed, start_ns + offset, ret);
	}
	*position_uwh = from + advance;
}
