/* SPDX-License-Identifier: MIT */
#include "metrology/aggregate.h"

#include <math.h>
#include <string.h>

#include "core/units.h"

/* Below this a voltage channel has no signal: that is an open lead, not a current. */
#define SIGNAL_MIN_V 1.0
/* Above this it has the supply's, however bad. */
#define SUPPLY_MIN_RATIO 0.6
/* Between these it looks like a right one. */
#define SUPPLY_LOW_RATIO 0.85
#define SUPPLY_HIGH_RATIO 1.15

void mm_aggregate_reset(struct mm_aggregate *aggregate)
{
	aggregate->windows = 0;
	aggregate->sum = (struct mm_measurement){0};
	memset(aggregate->input, 0, sizeof(aggregate->input));
}

/* True when the current channel carries what looks like the supply voltage and the voltage channel does not. */
static bool is_swapped(const struct mm_aggregate *aggregate, unsigned i, const struct mm_input_reading *reading)
{
	double volts_at_current = reading->current_a * aggregate->volts_per_ampere[i], nominal_v = aggregate->nominal_v[i];

	return volts_at_current >= SUPPLY_LOW_RATIO * nominal_v && volts_at_current <= SUPPLY_HIGH_RATIO * nominal_v &&
	       reading->voltage_v >= SIGNAL_MIN_V && reading->voltage_v < SUPPLY_MIN_RATIO * nominal_v;
}

static void add_input(struct mm_aggregate *aggregate, unsigned i, const struct mm_metrology_window *window, double seconds)
{
	const struct mm_input_reading *from = &window->measurement.input[i];
	const struct mm_metrology_detail *detail = &window->detail[i];
	struct mm_aggregate_input *input = &aggregate->input[i];
	struct mm_input_reading *sum = &aggregate->sum.input[i];
	bool first = aggregate->windows == 0;
	uint32_t clipped = first ? 0 : MM_CHANNEL_CLIPPED;

	sum->active_ws += from->active_ws;
	sum->reactive_vars += from->reactive_vars;
	sum->frequency_hz = from->frequency_hz > 0.0 ? from->frequency_hz : sum->frequency_hz;
	input->vv += from->voltage_v * from->voltage_v * seconds;
	input->ii += from->current_a * from->current_a * seconds;
	input->voltage_flags = (input->voltage_flags | detail->voltage_flags) & ~(clipped & ~detail->voltage_flags);
	input->current_flags = (input->current_flags | detail->current_flags) & ~(clipped & ~detail->current_flags);
	input->swapped = is_swapped(aggregate, i, from) && (input->swapped || first);
	aggregate->sum.phasors[i] = window->measurement.phasors[i];
}

bool mm_aggregate_add(struct mm_aggregate *aggregate, const struct mm_metrology_window *window)
{
	const struct mm_measurement *m = &window->measurement;
	struct mm_measurement *sum = &aggregate->sum;
	double seconds = (double)(m->end_ns - m->start_ns) / MM_NS_PER_S;

	if (aggregate->windows == 0) {
		*sum = (struct mm_measurement){.start_ns = m->start_ns, .latched = true, .input_count = m->input_count};
	}
	sum->end_ns = m->end_ns;
	sum->missed += m->missed;
	for (unsigned i = 0; i < m->input_count; i++) {
		add_input(aggregate, i, window, seconds);
	}
	for (unsigned i = 0; i < m->event_count && sum->event_count < MM_INPUTS_MAX; i++) {
		sum->event[sum->event_count++] = m->event[i];
	}
	aggregate->windows++;
	return aggregate->windows == MM_AGGREGATE_WINDOWS;
}

/* The worst of an input's faults. */
static enum mm_health judge(const struct mm_aggregate_input *input, bool *ret_voltage)
{
	uint32_t flags = input->voltage_flags | input->current_flags;

	if (flags & MM_CHANNEL_STUCK) {
		*ret_voltage = input->voltage_flags & MM_CHANNEL_STUCK;
		return MM_HEALTH_STUCK;
	}
	if (flags & MM_CHANNEL_CLIPPED) {
		*ret_voltage = input->voltage_flags & MM_CHANNEL_CLIPPED;
		return MM_HEALTH_SATURATED;
	}
	*ret_voltage = false;
	return input->swapped ? MM_HEALTH_SWAPPED : MM_HEALTH_OK;
}

bool mm_aggregate_take(struct mm_aggregate *aggregate, struct mm_measurement *ret, struct mm_aggregate_fault *ret_fault)
{
	double seconds = (double)(aggregate->sum.end_ns - aggregate->sum.start_ns) / MM_NS_PER_S;

	if (aggregate->windows == 0) {
		return false;
	}
	*ret = aggregate->sum;
	for (unsigned i = 0; i < ret->input_count; i++) {
		ret->input[i].voltage_v = sqrt(aggregate->input[i].vv / seconds);
		ret->input[i].current_a = sqrt(aggregate->input[i].ii / seconds);
		if (ret->health == MM_HEALTH_OK) {
			ret->health = judge(&aggregate->input[i], &ret_fault->voltage);
			ret_fault->input = i;
		}
	}
	mm_aggregate_reset(aggregate);
	return true;
}
