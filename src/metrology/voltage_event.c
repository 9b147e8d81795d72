/* SPDX-License-Identifier: MIT */
/* The band and what leaves it; voltage_event.h says what for. */
#include "metrology/voltage_event.h"

#include <math.h>

void mm_voltage_watch_init(struct mm_voltage_watch *watch, double declared_v)
{
	*watch = (struct mm_voltage_watch){.declared_v = declared_v};
}

static enum mm_voltage_event_kind kind_of(const struct mm_voltage_watch *watch)
{
	if (watch->side > 0) {
		return MM_VOLTAGE_SWELL;
	}
	return watch->extreme_v < MM_VOLTAGE_INTERRUPTION_RATIO * watch->declared_v ? MM_VOLTAGE_INTERRUPTION : MM_VOLTAGE_SAG;
}

static double deviation(const struct mm_voltage_watch *watch, double v)
{
	return fabs(v - watch->declared_v);
}

static void end(struct mm_voltage_watch *watch, int64_t end_ns)
{
	struct mm_voltage_event *last = &watch->last;

	if (!watch->ended) {
		last->start_ns = watch->start_ns;
	}
	if (!watch->ended || deviation(watch, watch->extreme_v) > deviation(watch, last->extreme_v)) {
		last->kind = kind_of(watch);
		last->extreme_v = watch->extreme_v;
	}
	last->end_ns = end_ns;
	watch->ended = true;
	watch->side = 0;
}

void mm_voltage_watch_step(struct mm_voltage_watch *watch, double rms_v, int64_t at_ns)
{
	const double ratio = rms_v / watch->declared_v;

	if ((watch->side < 0 && ratio >= MM_VOLTAGE_SAG_RATIO + MM_VOLTAGE_HYSTERESIS_RATIO) ||
	    (watch->side > 0 && ratio <= MM_VOLTAGE_SWELL_RATIO - MM_VOLTAGE_HYSTERESIS_RATIO)) {
		end(watch, at_ns);
	}
	if (watch->side == 0 && (ratio < MM_VOLTAGE_SAG_RATIO || ratio > MM_VOLTAGE_SWELL_RATIO)) {
		watch->side = ratio < 1.0 ? -1 : 1;
		watch->start_ns = at_ns;
		watch->extreme_v = rms_v;
	} else if (watch->side != 0 && deviation(watch, rms_v) > deviation(watch, watch->extreme_v)) {
		watch->extreme_v = rms_v;
	}
}

bool mm_voltage_watch_take(struct mm_voltage_watch *watch, struct mm_voltage_event *ret)
{
	if (!watch->ended) {
		return false;
	}
	*ret = watch->last;
	watch->ended = false;
	return true;
}
