/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_BACKUP_SCHEDULE_H
#define MM_METERING_BACKUP_SCHEDULE_H

/*
 * When the store is backed up: every backup_interval_h, on the store's thread. The invariant: one backup runs at a time, and of
 * failures in a row the first alone is an event.
 */

#include <stdbool.h>

#include "config/config.h"
#include "metering/journal.h"
#include "store/worker.h"

struct mm_backup_schedule {
	const struct mm_config *config;
	struct mm_clock *clock;
	struct mm_journal *journal;
	int64_t next_ns; /* CLOCK_BOOTTIME */
	bool running, failed;
};

/* Plans the next backup; last_s: when the last one was made, CLOCK_REALTIME, 0: never. */
void mm_backup_schedule_plan(struct mm_backup_schedule *schedule, int64_t last_s);

/* Has worker make the backup that is due at now (CLOCK_BOOTTIME); schedule must outlive worker. */
void mm_backup_schedule_run_if_due(struct mm_backup_schedule *schedule, struct mm_store_worker *worker, int64_t now);

#endif
