/* SPDX-License-Identifier: MIT */
#include "daemon/watchdog.h"

#include <systemd/sd-daemon.h>

#include "base/events.h"
#include "base/now.h"
#include "core/units.h"

/* Threads may be busy for this long: a bus or a card that takes longer is hung. */
#define BEAT_MAX_NS (20 * MM_NS_PER_S)

/* Does a thread make progress? Once it does not, it says so. */
static bool beats(struct mm_beat *beat, uint64_t count, int64_t now, const char *thread, const char *name)
{
	if (count != beat->count || beat->changed_ns == 0) {
		*beat = (struct mm_beat){.count = count, .changed_ns = now};
	}
	if (now - beat->changed_ns < BEAT_MAX_NS) {
		return true;
	}
	if (!beat->stalled) {
		mm_log_event(STALLED, NULL, thread, name[0] ? " " : "", name, (int)(BEAT_MAX_NS / MM_NS_PER_S));
		beat->stalled = true;
	}
	return false;
}

void mm_watchdog_feed(struct mm_watchdog *watchdog, const struct mm_config *config, struct mm_front_end *const front_ends[],
		      struct mm_store_worker *worker)
{
	int64_t now = mm_now(CLOCK_MONOTONIC);
	struct mm_store_status status;
	bool front_end_beats = false, store_beats;

	mm_store_worker_status(worker, &status);
	for (unsigned i = 0; i < config->front_end_count; i++) {
		front_end_beats |= beats(&watchdog->front_end[i], mm_front_end_beat(front_ends[i]), now, "front-end",
					 config->front_end[i].name);
	}
	store_beats = beats(&watchdog->store, status.beat, now, "register", "");
	if (front_end_beats && store_beats) {
		sd_notify(0, "WATCHDOG=1");
	}
}
