/* SPDX-License-Identifier: MIT */
/*
 * Pulse outputs. Edges lie on multiples of mm_pulse_step_uwh() only, so that one walk over those finds all of them in the order
 * of their instants.
 */
#include "core/pulse.h"

#include <assert.h>

#include "core/units.h"

/*
 * The most a single window may advance, in steps: of a Mini Meter 435 Wh, 13 s of full load. n steps bring n edges each to
 * the 10 Wh output and the load LED, and at most one in ten of them (rounded up) each to the two outputs of 100 Wh of a T
 * model; others have one of 100 Wh and two of 1 kWh, which is fewer. Where the fastest output has 1 kWh, n steps bring n edges to
 * three.
 */
#define STEPS_MAX 87
#define STEPS_MAX_1000 64
#define PART_BITS 18
_Static_assert(2 * STEPS_MAX + 2 * ((STEPS_MAX + 9) / 10) <= MM_EDGES_MAX, "the edges of one window fit");
_Static_assert(3 * STEPS_MAX_1000 <= MM_EDGES_MAX, "the edges of one window fit");

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
	int kh = output < MM_OUTPUT_ENERGY_COUNT ? kh_wh[output][model->fine_pulses] : 0;

	if (output == MM_OUTPUT_LED_LOAD) {
		kh = model->kh_wh;
	}
	return kh >= model->kh_wh ? kh * MM_UWH_PER_WH : 0;
}

int64_t mm_pulse_step_uwh(const struct mm_model *model)
{
	return model->kh_wh * MM_UWH_PER_WH / 2;
}

double mm_pulse_full_w(const struct mm_model *model)
{
	return (double)mm_pulse_step_uwh(model) / (double)MM_PULSE_MIN_NS * (MM_NS_PER_S / MM_UWH_PER_WS);
}

/*
 * The speed limit: how far a window may advance. As the position never takes less than MM_PULSE_MIN_NS for a step, in whatever
 * windows, no two edges of an output are nearer: neither within a window nor from one to the next, whatever their powers and
 * lengths. Rounding each instant up to a nanosecond keeps that exact, since the limit is a whole number of them.
 */
static int64_t reach_uwh(const struct mm_model *model, int64_t duration_ns)
{
	int64_t steps = model->kh_wh >= 1000 ? STEPS_MAX_1000 : STEPS_MAX, step = mm_pulse_step_uwh(model);

	if (duration_ns >= steps * MM_PULSE_MIN_NS) {
		return steps * step;
	}
	return duration_ns > 0 ? duration_ns * (step / MM_UWH_PER_WH) / (MM_PULSE_MIN_NS / MM_UWH_PER_WH) : 0;
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

/* a * b / whole, rounded up, where none is below 0 or above 2^35, and a below the whole: in two steps that stay inside 64 bits.
 */
static int64_t part(int64_t a, int64_t b, int64_t whole)
{
	int64_t high = a * (b >> PART_BITS), low = a * (b & ((1 << PART_BITS) - 1));

	return (high / whole << PART_BITS) + ((high % whole << PART_BITS) + low + whole - 1) / whole;
}

void mm_pulse_advance(const struct mm_model *model, int64_t *position_uwh, int64_t target_uwh, int64_t start_ns, int64_t end_ns,
		      struct mm_edges *ret)
{
	int64_t from = *position_uwh;
	int64_t duration = end_ns - start_ns;
	int64_t step = mm_pulse_step_uwh(model), advance = min(target_uwh - from, reach_uwh(model, duration));

	ret->count = 0;
	if (advance <= 0) {
		return;
	}
	for (int64_t crossed = (from / step + 1) * step; crossed <= from + advance; crossed += step) {
		int64_t way = crossed - from;

		add_edges(model, crossed, start_ns + duration / advance * way + part(duration % advance, way, advance), ret);
	}
	*position_uwh = from + advance;
}
