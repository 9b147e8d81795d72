/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_WATCHDOG_H
#define MM_DAEMON_WATCHDOG_H

/*
 * The service manager's watchdog: fed only while every thread makes progress; the loop shows its own by asking. Of several front
 * ends one that is stuck must not cost the others a restart, which would not bring a stuck bus back either: only where none of
 * them makes progress the watchdog is left hungry.
 */

#include "metering/front_end.h"
#include "store/worker.h"

struct mm_beat {
	uint64_t count;
	int64_t changed_ns; /* CLOCK_MONOTONIC: virtual time does not hang */
	bool stalled;	    /* it was said */
};

struct mm_watchdog {
	struct mm_beat front_end[MM_FRONT_ENDS_MAX], store;
};

/* Feeds it, or logs which thread is stuck: names are those of the front ends, empty of one without. To be called every second. */
void mm_watchdog_feed(struct mm_watchdog *watchdog, const struct mm_config *config, struct mm_front_end *const front_ends[],
		      struct mm_store_worker *worker);

#endif
