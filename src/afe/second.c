/* SPDX-License-Identifier: MIT */
#include "afe/second.h"

#include <math.h>
#include <stdio.h>

#include "core/meter.h"
#include "core/units.h"

/* Below this a voltage channel has no signal: that is an open lead, not a current. */
#define SIGNAL_MIN_V 1.0
/* Above this it has the supply's, however bad. */
#define SUPPLY_MIN_RATIO 0.6

void mm_second_reset(struct mm_second *second)
{
	*second = (struct mm_second){0};
}

/* Does the current's channel have what the voltage's should, and that one something else? */
static bool is_swapped(const struct mm_afe_input *config, const struct mm_input_reading *reading)
{
	double volts_at_current = reading->current_a * config->full_scale_v / config->full_scale_a;

	return volts_at_current >= MM_SUPPLY_MIN_V && volts_at_current <= MM_SUPPLY_MAX_V && reading->voltage_v >= SIGNAL_MIN_V &&
	       reading->voltage_v < SUPPLY_MIN_RATIO * MM_SECOND_NOMINAL_V;
}

static void add_input(struct mm_second *second, unsigned i, const struct mm_metrology_window *window, bool swapped,
		      double seconds)
{
	const struct mm_input_reading *from = &window->measurement.input[i];
	const struct mm_metrology_detail *detail = &window->detail[i];
	struct mm_second_input *input = &second->input[i];
	struct mm_input_reading *sum = &second->sum.input[i];
	uint32_t clipped = second->windows > 0 ? MM_CHANNEL_CLIPPED : 0;

	sum->active_ws += from->active_ws;
	sum->reactive_vars += from->reactive_vars;
	sum->frequency_hz = from->frequency_hz > 0.0 ? from->frequency_hz : sum->frequency_hz;
	input->vv += from->voltage_v * from->voltage_v * seconds;
	input->ii += from->current_a * from->current_a * seconds;
	input->voltage_flags = (input->voltage_flags | detail->voltage_flags) & ~(clipped & ~detail->voltage_flags);
	input->current_flags = (input->current_flags | detail->current_flags) & ~(clipped & ~detail->current_flags);
	input->swapped = swapped && (input->swapped || second->windows == 0);
	second->sum.phasors[i] = window->measurement.phasors[i];
}

bool mm_second_add(struct mm_second *second, const struct mm_afe_config *config, const struct mm_metrology_window *window)
{
	const struct mm_measurement *m = &window->measurement;
	double seconds = (double)(m->end_ns - m->start_ns) / MM_NS_PER_S;

	if (second->windows == 0) {
		second->sum = (struct mm_measurement){.start_ns = m->start_ns, .latched = true, .input_count = m->input_count};
	}
	second->sum.end_ns = m->end_ns;
	second->sum.missed += m->missed;
	for (unsigned i = 0; i < m->input_count; i++) {
		add_input(second, i, window, is_swapped(&config->input[i], &m->input[i]), seconds);
	}
	for (unsigned i = 0; i < m->event_count && second->sum.event_count < MM_INPUTS_MAX; i++) {
		second->sum.event[second->sum.event_count++] = m->event[i];
	}
	second->windows++;
	return second->windows == MM_SECOND_WINDOWS;
}

/* The worst of an input's faults, with its words. */
static enum mm_health judge(const struct mm_second_input *input, const struct mm_afe_input *config, const char *device,
			    char message[static MM_AFE_MESSAGE_MAX])
{
	uint32_t flags = input->voltage_flags | input->current_flags;
	uint32_t flag = flags & MM_CHANNEL_STUCK ? MM_CHANNEL_STUCK : MM_CHANNEL_CLIPPED;
	unsigned channel = input->voltage_flags & flag ? config->voltage_channel : config->current_channel;

	if (flags & MM_CHANNEL_STUCK) {
		snprintf(message, MM_AFE_MESSAGE_MAX, "channel voltage%u of %s stands still", channel, device);
		return MM_HEALTH_STUCK;
	}
	if (flags & MM_CHANNEL_CLIPPED) {
		snprintf(message, MM_AFE_MESSAGE_MAX, "channel voltage%u of %s is at its rails", channel, device);
		return MM_HEALTH_SATURATED;
	}
	if (input->swapped) {
		snprintf(message, MM_AFE_MESSAGE_MAX,
			 "channel voltage%u of %s has what looks like the supply, voltage%u does not: are they swapped?",
			 config->current_channel, device, config->voltage_channel);
		return MM_HEALTH_SWAPPED;
	}
	return MM_HEALTH_OK;
}

bool mm_second_take(struct mm_second *second, const struct mm_afe_config *config, const char *device, struct mm_measurement *ret,
		    char message[static MM_AFE_MESSAGE_MAX])
{
	double seconds = (double)(second->sum.end_ns - second->sum.start_ns) / MM_NS_PER_S;

	if (second->windows == 0) {
		return false;
	}
	*ret = second->sum;
	for (unsigned i = 0; i < ret->input_count; i++) {
		ret->input[i].voltage_v = sqrt(second->input[i].vv / seconds);
		ret->input[i].current_a = sqrt(second->input[i].ii / seconds);
		if (ret->health == MM_HEALTH_OK) {
			ret->health = judge(&second->input[i], &config->input[i], device, message);
		}
	}
	mm_second_reset(second);
	return true;
}
