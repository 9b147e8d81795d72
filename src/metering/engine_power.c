/* SPDX-License-Identifier: MIT */
/* The engine when its supply fails: everything to the register at once, but never so often that it wears the medium. */
#include "metering/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/units.h"

/*
 * A supply that flickers before it goes is written for each time; one that flickers for ever, or a line that bounces, costs no
 * more than one commit in five minutes: 2.3 GB a year at 22 KB.
 */
#define POWER_FAIL_BURST 8
#define POWER_FAIL_INTERVAL_NS (300 * MM_NS_PER_S)

void mm_engine_power_fail(struct mm_engine *engine, int64_t edge_ns)
{
	struct mm_engine_power *power = &engine->power;
	int64_t now = mm_clock_boottime(engine->clock);
	char skipped[64] = "";

	if (power->spent_ns - now > (POWER_FAIL_BURST - 1) * POWER_FAIL_INTERVAL_NS) {
		power->skipped++;
		return;
	}
	power->spent_ns = (power->spent_ns > now ? power->spent_ns : now) + POWER_FAIL_INTERVAL_NS;
	if (power->skipped > 0) {
		snprintf(skipped, sizeof(skipped), ", after %" PRIu64 " times that came too soon for it", power->skipped);
	}
	mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, POWER_FAIL, skipped);
	power->skipped = 0;
	power->failed = true;
	power->edge_ns = edge_ns;
	power->commit_ns = mm_engine_commit(engine);
}

void mm_engine_power_returned(struct mm_engine *engine)
{
	if (engine->power.failed) {
		engine->power.failed = false;
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, POWER_RETURNED);
	}
}

void mm_engine_power_status(struct mm_engine *engine, const struct mm_store_status *status)
{
	struct mm_engine_power *power = &engine->power;
	struct timespec now;

	if (power->commit_ns == 0 || status->committed_ns < power->commit_ns) {
		return;
	}
	power->commit_ns = 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	mm_log_event(POWER_FAIL_WRITTEN, NULL,
		     (double)(now.tv_sec * MM_NS_PER_S + now.tv_nsec - power->edge_ns) / (double)MM_NS_PER_MS);
}
