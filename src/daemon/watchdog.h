/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_WATCHDOG_H
#define MM_DAEMON_WATCHDOG_H

/* The service manager's watchdog: fed only while every thread makes progress; the loop shows its own by asking. */

#include "metering/front_end.h"
#include "store/worker.h"

struct mm_beat {
	uint64_t count;
	int64_t changed_ns; /* CLOCK_MONOTONIC: virtual time does not hang */
};

struct mm_watchdog {
	struct mm_beat front_end, store;
};

/* Feeds it, or logs which thread is stuck. To be called every second. */
void mm_watchdog_feed(struct mm_watchdog *watchdog, struct mm_front_end *front_end, struct mm_store_worker *worker);

#endif
