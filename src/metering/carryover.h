/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_CARRYOVER_H
#define MM_METERING_CARRYOVER_H

/*
 * What outlives the process: everything is written to the memory after each window and before each commit. The next run goes on
 * from it where it is sound, of this run of the machine and of these meters, and not behind what the store has.
 */

#include "config/config.h"
#include "metering/journal.h"
#include "metering/memory.h"
#include "metering/meter_point.h"
#include "store/store.h"

struct mm_carryover;

/*
 * Reads what the run before wrote into memory (borrowed; NULL: nothing outlives the process), the rows and events that are not in
 * the store among them: they wait in the journal's queue again. config and journal are borrowed. 0 or -ENOMEM.
 */
int mm_carryover_new(struct mm_memory *memory, const struct mm_config *config, struct mm_journal *journal, struct mm_store *store,
		     struct mm_carryover **ret);
void mm_carryover_free(struct mm_carryover *carryover); /* NULL-safe */

/* How the run before ended; what the store does not know is all zero. */
const struct mm_store_last_run *mm_carryover_last_run(const struct mm_carryover *carryover);

/*
 * Restores a meter whose config, index and outputs are set: registers is what the store has of it and becomes what memory
 * has, and its outputs get back the pulses that were queued. Returns what else memory has, until mm_carryover_restored(); NULL:
 * nothing.
 */
const struct mm_meter_carried *mm_carryover_restore(struct mm_carryover *carryover, struct mm_meter_point *point,
						    struct mm_registers *registers);

/*
 * A meter that is loaded: does energy that waits in the chip belong to it? Not where it was not restored, and not where a setting
 * that names or scales it is another than it was; the trail says that.
 */
void mm_carryover_settle_waiting(struct mm_carryover *carryover, struct mm_meter_point *point);

/* The edge that was being put out on a restored meter's line when the run before ended; NULL: none. */
const struct mm_edge *mm_carryover_doubtful_edge(const struct mm_carryover *carryover, const struct mm_meter_point *point);

/* All meters are restored: says how far that went, and frees the rest. */
void mm_carryover_restored(struct mm_carryover *carryover);

/*
 * Where the counters of a front end, a number of the configuration's, stood at its last window, registered or refused; epoch 0:
 * no meter goes on from there.
 */
void mm_carryover_counters(const struct mm_carryover *carryover, unsigned front_end, struct mm_counters *ret);

/* A window of a front end has been dealt with that brought its counters there. */
void mm_carryover_note_counters(struct mm_carryover *carryover, unsigned front_end, const struct mm_counters *counters);

/* Writes everything for the next run. */
void mm_carryover_write(struct mm_carryover *carryover, struct mm_meter_point *meters, unsigned meter_count);

#endif
