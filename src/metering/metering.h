/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_METERING_H
#define MM_METERING_METERING_H

/*
 * Metering: reports of the front ends in; registers to the store, edges to the outputs, events to the audit trail out. It runs on
 * the main loop and never blocks; it knows ports, not adapters. The invariant: what was put out on a line or submitted to the
 * store is in the memory that the next run reads. What others may see of it, and the verbs of clients, are in view.h.
 */

#include "clock/clock.h"
#include "config/config.h"
#include "metering/front_end.h"
#include "config/inputs.h"
#include "metering/memory.h"
#include "metering/view.h"
#include "metering/point_outputs.h"
#include "store/store.h"
#include "store/worker.h"

/* What metering works with, all of it borrowed. */
struct mm_metering_parts {
	struct mm_config *config;
	struct mm_clock *clock;
	struct mm_store *store;	  /* while it is made only */
	struct mm_memory *memory; /* that outlives the process; NULL: none does */
	mm_outputs_factory outputs_new;
};

/*
 * Loads the meters from the store or, where memory has more of the run before, from there; requests the output lines and opens
 * the displays. 0, or -errno with the reason in error.
 */
int mm_metering_new(const struct mm_metering_parts *parts, struct mm_metering **ret, struct mm_error *error);
void mm_metering_free(struct mm_metering *metering); /* NULL-safe */

/* Gives metering the store's thread (borrowed), writes the start into the audit trail and shows what was stored. */
void mm_metering_start(struct mm_metering *metering, struct mm_store_worker *worker);

/* From where a front end that counts has to go on: what the run before has registered; epoch 0: from now. */
void mm_metering_counters(const struct mm_metering *metering, unsigned front_end, struct mm_counters *ret);

/*
 * Deals with one report of a front end, a number of the configuration's; its measurement is completed on the way. Meters of other
 * front ends take no step. True when readings have changed (a window, or a fault that is new).
 */
bool mm_metering_report(struct mm_metering *metering, unsigned front_end, struct mm_front_end_report *report);

/*
 * A front end has found this chip, as struct mm_afe names it: the audit trail gets the meters whose chip was another before. A
 * chip that another front end has already is absent from this one: its energy would be billed twice.
 */
void mm_metering_chip(struct mm_metering *metering, unsigned front_end, const char *chip);

/* Plays what is due, ends output tests, notices front ends that have gone silent; arms the clock's timer for the next time. */
void mm_metering_tick(struct mm_metering *metering);

/* Takes note of how the store fares. */
void mm_metering_store_status(struct mm_metering *metering, const struct mm_store_status *status);

/*
 * The supply fails, as the line said at edge_ns (CLOCK_MONOTONIC): commits everything at once, within what the medium is allowed.
 * Metering goes on.
 */
void mm_metering_power_fail(struct mm_metering *metering, int64_t edge_ns);
void mm_metering_power_returned(struct mm_metering *metering);

/* Safe levels, release of all lines, and the last commit with the reason of the stop. */
void mm_metering_stop(struct mm_metering *metering, const char *reason);

#endif
