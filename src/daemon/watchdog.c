/* SPDX-License-Identifier: MIT */
#include "daemon/watchdog.h"

#include "base/events.h"
#include "core/units.h"

/* Threads may be busy for this long: a bus or a card that takes longer is hung. */
#define BEAT_MAX_NS (20 * MM_NS_PER_S)
#define PERIOD_MAX_US UINT64_C(5000000)

/* Does a thread make progress? The first time that it does not, this is logged. */
static bool beats(struct mm_beat *beat, uint64_t count, int64_t now_ns, const char *thread, const char *name)
{
	if (count != beat->count || beat->changed_ns == 0) {
		*beat = (struct mm_beat){.count = count, .changed_ns = now_ns};
	}
	if (now_ns - beat->changed_ns < BEAT_MAX_NS) {
		return true;
	}
	if (!beat->stalled) {
		mm_log_event(STALLED, NULL, thread, name[0] ? " " : "", name, (int)(BEAT_MAX_NS / MM_NS_PER_S));
		beat->stalled = true;
	}
	return false;
}

uint64_t mm_watchdog_period_us(uint64_t patience_us)
{
	return patience_us > 0 && patience_us / 2 < PERIOD_MAX_US ? patience_us / 2 : PERIOD_MAX_US;
}

bool mm_watchdog_look(struct mm_watchdog *watchdog, const struct mm_config *config, const uint64_t front_end_beats[],
		      uint64_t store_beat, int64_t now_ns)
{
	bool measures = false, stores = beats(&watchdog->store, store_beat, now_ns, "register", "");

	for (unsigned i = 0; i < config->front_end_count; i++) {
		measures |= beats(&watchdog->front_end[i], front_end_beats[i], now_ns, "front-end", config->front_end[i].name);
	}
	return measures && stores;
}
