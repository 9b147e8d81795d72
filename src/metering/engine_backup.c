/* SPDX-License-Identifier: MIT */
/* When the register is backed up. */
#include <errno.h>
#include <string.h>

#include "core/units.h"
#include "metering/engine.h"

/* After the start, and after a failure: nothing is urgent about a backup. */
#define DELAY_NS (600 * MM_NS_PER_S)
#define NS_PER_H (3600 * MM_NS_PER_S)

void mm_engine_plan_backup(struct mm_engine *engine, int64_t last_s)
{
	int64_t now = mm_clock_boottime(engine->clock);
	int64_t age_ns = mm_clock_realtime(engine->clock) - last_s * MM_NS_PER_S;
	int64_t interval_ns = engine->config->backup_interval_h * NS_PER_H;

	/* By a clock that was set since, it may be of any age. */
	engine->backup_ns = now + (last_s > 0 && age_ns >= 0 && age_ns < interval_ns ? interval_ns - age_ns : DELAY_NS);
}

static int run_backup(struct mm_store *reg, void *userdata)
{
	(void)userdata;
	return mm_store_backup(reg);
}

static void backup_done(int result, void *userdata)
{
	struct mm_engine *engine = userdata;
	int64_t now = mm_clock_boottime(engine->clock);

	engine->backup_runs = false;
	engine->backup_ns = now + (result < 0 ? DELAY_NS : engine->config->backup_interval_h * NS_PER_H);
	if (result < 0 && result != -ECANCELED && !engine->backup_failed) {
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, BACKUP_FAILED, strerror(-result));
	}
	engine->backup_failed = result < 0;
}

void mm_engine_backup_if_due(struct mm_engine *engine, int64_t now)
{
	if (engine->config->backup_interval_h > 0 && !engine->backup_runs && now >= engine->backup_ns) {
		engine->backup_runs = mm_store_worker_query(engine->worker, run_backup, backup_done, engine) == 0;
	}
}
