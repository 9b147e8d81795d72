/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_WATCHDOG_H
#define MM_DAEMON_WATCHDOG_H

/*
 * Whether the service manager's watchdog is fed: while the store's thread makes progress and that of at least one front end; the
 * loop shows its own by asking. One front end of several that is stuck must not cost the others a restart, which would not bring
 * a stuck bus back either. It is logged, and its supervisor has it stale.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct mm_beat {
	uint64_t count;
	int64_t changed_ns;
	bool stalled; /* it has been logged */
};

struct mm_watchdog {
	struct mm_beat front_end[MM_FRONT_ENDS_MAX], store;
};

/*
 * How often to call mm_watchdog_look(), in microseconds: every 5 s, and at least twice in the patience of the service manager.
 * That is what sd_watchdog_enabled(3) gives; 0: it does not watch.
 */
uint64_t mm_watchdog_period_us(uint64_t patience_us);

/*
 * Is it fed? Call it with the beats of the threads, those of the front ends in the order of the configuration,
 * and CLOCK_MONOTONIC: virtual time does not hang. Logs each thread that is stuck, once.
 */
bool mm_watchdog_look(struct mm_watchdog *watchdog, const struct mm_config *config, const uint64_t front_end_beats[],
		      uint64_t store_beat, int64_t now_ns);

#endif
