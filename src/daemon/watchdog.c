/* SPDX-License-Identifier: MIT */
#include "daemon/watchdog.h"

#include <systemd/sd-daemon.h>

#include "base/events.h"
#include "base/now.h"
#include "core/units.h"

/* Threads may be busy for this long: a bus or a card that takes longer is hung. */
#define BEAT_MAX_NS (20 * MM_NS_PER_S)

static bool beats(struct mm_beat *beat, uint64_t count, int64_t now)
{
	if (count != beat->count || beat->changed_ns == 0) {
		*beat = (struct mm_beat){.count = count, .changed_ns = now};
	}
	return now - beat->changed_ns < BEAT_MAX_NS;
}

void mm_watchdog_feed(struct mm_watchdog *watchdog, struct mm_front_end *front_end, struct mm_store_worker *worker)
{
	int64_t now = mm_now(CLOCK_MONOTONIC);
	struct mm_store_status status;
	bool front_end_beats, store_beats;

	mm_store_worker_status(worker, &status);
	front_end_beats = beats(&watchdog->front_end, mm_front_end_beat(front_end), now);
	store_beats = beats(&watchdog->store, status.beat, now);
	if (front_end_beats && store_beats) {
		sd_notify(0, "WATCHDOG=1");
	} else {
		mm_log_event(STALLED, NULL, front_end_beats ? "register" : "front-end", (int)(BEAT_MAX_NS / MM_NS_PER_S));
	}
}
