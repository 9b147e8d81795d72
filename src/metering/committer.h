/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_COMMITTER_H
#define MM_METERING_COMMITTER_H

/*
 * When all registers go to the store, and what of them is there. The invariants: commit numbers rise by one from one to the next,
 * also over a restart, and are the only identity of a commit; and nothing is submitted that carryover does not know, so that what
 * the store has is never ahead of what the next run finds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "metering/carryover.h"
#include "metering/journal.h"
#include "metering/meter_point.h"
#include "store/worker.h"

struct mm_committer;

/* What it works on, all of it borrowed. */
struct mm_committer_parts {
	const struct mm_config *config;
	struct mm_clock *clock;
	struct mm_journal *journal;
	struct mm_carryover *carryover;
	struct mm_meter_point *meters;
	unsigned meter_count;
};

/* How the store fares. */
struct mm_committer_state {
	int error;	  /* 0, or why commits fail */
	int mirror_error; /* 0, or why the second copy is not written */
	int64_t since_ns; /* CLOCK_BOOTTIME of the last change of either */
	char reason[MM_ERROR_TEXT_MAX];
};

/*
 * number: of the last commit that is durable; committed_uwh: the energy of all registers in it (mm_registers_sum()). 0 or
 * -ENOMEM.
 */
int mm_committer_new(const struct mm_committer_parts *parts, uint64_t number, int64_t committed_uwh, struct mm_committer **ret);
void mm_committer_free(struct mm_committer *committer); /* NULL-safe */

/* Gives it the store's thread (borrowed); before that nothing can be committed. */
void mm_committer_start(struct mm_committer *committer, struct mm_store_worker *worker, int64_t now_ns);

/* Submits everything for the database; returns the number of the commit, which mm_store_status.durable will reach. */
uint64_t mm_committer_commit(struct mm_committer *committer);

/* After a window: commits what is due by then, CLOCK_BOOTTIME. */
void mm_committer_window(struct mm_committer *committer, int64_t now_ns);

/* After edges were put out: commits where a power cut would have too many of them put out again. */
void mm_committer_edges(struct mm_committer *committer, int64_t now_ns);

/* Takes note of what has become durable, and adds an event where the store has begun to fail or to work again. */
void mm_committer_note_status(struct mm_committer *committer, const struct mm_store_status *status);

/* Energy in µWh that a power cut now would lose: what the store does not have yet. */
int64_t mm_committer_uncommitted_uwh(const struct mm_committer *committer, const struct mm_store_status *status);

const struct mm_committer_state *mm_committer_state(const struct mm_committer *committer);

#endif
