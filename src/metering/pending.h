/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_PENDING_H
#define MM_METERING_PENDING_H

/*
 * Events and profile rows that are not known to be in the database: first those that were submitted already, each with the
 * number of its commit, then those that wait for the next one. A daemon that goes on after a crash needs the former too, because
 * the commit may not have come to its end.
 */

#include "store/commit.h"

#define MM_PENDING_EVENTS_MAX 256
#define MM_PENDING_ROWS_MAX 128

struct mm_pending {
	size_t event_count, events_submitted;
	size_t row_count, rows_submitted;
	uint64_t event_commit[MM_PENDING_EVENTS_MAX]; /* number of the commit; ascending */
	uint64_t row_commit[MM_PENDING_ROWS_MAX];
	struct mm_store_event event[MM_PENDING_EVENTS_MAX];
	struct mm_store_profile_row row[MM_PENDING_ROWS_MAX];
};

/* Adds one; where there is no room the oldest that was submitted is dropped, else the new one is refused (-ENOBUFS). */
int mm_pending_add_event(struct mm_pending *pending, const struct mm_store_event *event);
int mm_pending_add_row(struct mm_pending *pending, const struct mm_store_profile_row *row);

/* Points a commit to what waits. */
void mm_pending_fill(const struct mm_pending *pending, struct mm_store_commit *commit);

/* All that waited was submitted with the commit of that number, which is higher than any before. */
void mm_pending_submitted(struct mm_pending *pending, uint64_t number);

/* Drops what was submitted with commits up to that number. */
void mm_pending_durable(struct mm_pending *pending, uint64_t durable);

/* Nothing counts as submitted any more: everything waits for the next commit. */
void mm_pending_resubmit(struct mm_pending *pending);

#endif
