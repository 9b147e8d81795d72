/* SPDX-License-Identifier: MIT */
#include "metering/power_supply.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/now.h"
#include "core/units.h"

/*
 * A supply that flickers before it goes is written for each time; one that flickers for ever, or a line that bounces, costs no
 * more than one commit in five minutes: 2.3 GB a year at 22 KB.
 */
#define BURST 8
#define INTERVAL_NS (300 * MM_NS_PER_S)

bool mm_power_supply_fails(struct mm_power_supply *supply, int64_t edge_ns)
{
	int64_t now = mm_clock_boottime(supply->clock);
	char skipped[64] = "";

	if (supply->spent_ns - now > (BURST - 1) * INTERVAL_NS) {
		supply->skipped++;
		return false;
	}
	supply->spent_ns = (supply->spent_ns > now ? supply->spent_ns : now) + INTERVAL_NS;
	if (supply->skipped > 0) {
		snprintf(skipped, sizeof(skipped), ", after %" PRIu64 " times that came too soon for it", supply->skipped);
	}
	mm_journal_add(supply->journal, MM_JOURNAL_DAEMON, POWER_FAIL, skipped);
	supply->skipped = 0;
	supply->failed = true;
	supply->edge_ns = edge_ns;
	return true;
}

void mm_power_supply_committing(struct mm_power_supply *supply, uint64_t commit)
{
	supply->commit = commit;
}

void mm_power_supply_returned(struct mm_power_supply *supply)
{
	if (supply->failed) {
		supply->failed = false;
		mm_journal_add(supply->journal, MM_JOURNAL_DAEMON, POWER_RETURNED);
	}
}

void mm_power_supply_durable(struct mm_power_supply *supply, uint64_t commit)
{
	if (supply->commit == 0 || commit < supply->commit) {
		return;
	}
	supply->commit = 0;
	mm_log_event(POWER_FAIL_WRITTEN, NULL, (double)(mm_now(CLOCK_MONOTONIC) - supply->edge_ns) / (double)MM_NS_PER_MS);
}
