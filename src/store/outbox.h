/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_OUTBOX_H
#define MM_STORE_OUTBOX_H

/*
 * What waits for the store's thread: the newest registers, the events and intervals that the database does not have yet, and
 * queries. Numbers of commits only rise. What a commit that was taken from here refers to stays where it is until
 * mm_outbox_written(), whatever is added behind it. Each query is answered once, in the order they came, and clients' queries
 * leave room for the daemon's own. The owner of the mutex calls all this.
 */

#include "store/store.h"

struct mm_outbox;

struct mm_query {
	mm_store_query_fn run;
	mm_store_done_fn done;
	void *userdata;
	bool own; /* the daemon's own, not a client's */
	int result;
};

/* number: of the last commit that is durable. */
int mm_outbox_new(uint64_t number, struct mm_outbox **ret);
void mm_outbox_free(struct mm_outbox *outbox); /* NULL-safe */

/* Adds a commit. -EINVAL: its number is not higher than that of the last. */
int mm_outbox_add(struct mm_outbox *outbox, const struct mm_store_commit *commit);

/* How many events and intervals had no room so far. */
void mm_outbox_dropped(const struct mm_outbox *outbox, int64_t *ret_events, int64_t *ret_rows);

/* All that was added and not written yet, as one commit; its number is that of the last that was added. */
const struct mm_store_commit *mm_outbox_commit(const struct mm_outbox *outbox);

/* A commit that was taken from here is in the database. */
void mm_outbox_written(struct mm_outbox *outbox, const struct mm_store_commit *commit);

/* Adds a query; -EAGAIN: there is no room for one of its kind. */
int mm_outbox_ask(struct mm_outbox *outbox, const struct mm_query *query);

/* The first query that has not run; NULL: none. It stays where it is until it is answered. */
struct mm_query *mm_outbox_query(struct mm_outbox *outbox);

/* That query has run. */
void mm_outbox_ran(struct mm_outbox *outbox, int result);

/* Takes out the first query; false: none, or (unless all are wanted) it has not run. One that has not gets -ECANCELED. */
bool mm_outbox_answer(struct mm_outbox *outbox, bool all, struct mm_query *ret);

#endif
