/* SPDX-License-Identifier: MIT */
#include "metering/backup_schedule.h"

#include <errno.h>
#include <string.h>

#include "core/units.h"

/* After the start, and after a failure: nothing is urgent about a backup. */
#define DELAY_NS (600 * MM_NS_PER_S)
#define NS_PER_H (3600 * MM_NS_PER_S)

void mm_backup_schedule_plan(struct mm_backup_schedule *schedule, int64_t last_s)
{
	int64_t now = mm_clock_boottime(schedule->clock);
	int64_t age_ns = mm_clock_realtime(schedule->clock) - last_s * MM_NS_PER_S;
	int64_t interval_ns = schedule->config->backup_interval_h * NS_PER_H;

	/* By a clock that was set since, it may be of any age. */
	schedule->next_ns = now + (last_s > 0 && age_ns >= 0 && age_ns < interval_ns ? interval_ns - age_ns : DELAY_NS);
}

static int run_backup(struct mm_store *store, void *userdata)
{
	(void)userdata;
	return mm_store_backup(store);
}

static void backup_done(int result, void *userdata)
{
	struct mm_backup_schedule *schedule = userdata;
	int64_t now = mm_clock_boottime(schedule->clock);

	schedule->running = false;
	schedule->next_ns = now + (result < 0 ? DELAY_NS : schedule->config->backup_interval_h * NS_PER_H);
	if (result < 0 && result != -ECANCELED && !schedule->failed) {
		mm_journal_add(schedule->journal, MM_JOURNAL_DAEMON, BACKUP_FAILED, strerror(-result));
	}
	schedule->failed = result < 0;
}

void mm_backup_schedule_run_if_due(struct mm_backup_schedule *schedule, struct mm_store_worker *worker, int64_t now)
{
	if (schedule->config->backup_interval_h > 0 && !schedule->running && now >= schedule->next_ns) {
		schedule->running = mm_store_worker_own_query(worker, run_backup, backup_done, schedule) == 0;
	}
}
