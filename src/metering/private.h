/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_PRIVATE_H
#define MM_METERING_PRIVATE_H

/* Metering between its own files: metering_new.c makes it, metering.c runs it, metering_outputs.c has lines driven, view.c shows
 * it. */

#include "metering/backup_schedule.h"
#include "metering/carryover.h"
#include "metering/chips.h"
#include "metering/committer.h"
#include "metering/journal.h"
#include "metering/metering.h"
#include "metering/meter_point.h"
#include "metering/power_supply.h"
#include "metering/program.h"
#include "metering/supervisor.h"
#include "metering/wall_clock.h"

struct mm_metering {
	struct mm_config *config;
	struct mm_clock *clock;
	struct mm_memory *memory;
	struct mm_store_worker *worker;
	mm_outputs_factory outputs_new;
	unsigned meter_count;
	struct mm_meter_point *meters;
	unsigned front_end_count;
	struct mm_supervisor *supervisor[MM_FRONT_ENDS_MAX]; /* one a front end */
	char chip[MM_FRONT_ENDS_MAX][MM_AFE_CHIP_MAX];	     /* that was found last; empty: none yet */
	bool second[MM_FRONT_ENDS_MAX];			     /* another had found that chip before */
	uint64_t health_changes;			     /* of all of them */
	int64_t report_ns;				     /* CLOCK_BOOTTIME of the latest report of any */
	struct mm_pending *pending;
	struct mm_journal journal;
	struct mm_carryover *carryover;
	struct mm_committer *committer;
	struct mm_wall_clock wall_clock;
	struct mm_power_supply power;
	struct mm_backup_schedule backup;
	int64_t started_ns;
	char program[MM_PROGRAM_CHECKSUM_MAX]; /* empty: not known */
};

/* ---- metering_outputs.c ---- */

/* Plays what is due on all outputs, and tries lines that failed again. Returns the instant of the next edge, or MM_CLOCK_NEVER.
 */
int64_t mm_metering_play(struct mm_metering *metering, int64_t now);

/* Brings a meter's display up to date. */
void mm_metering_show(struct mm_meter_point *point);

#endif
