/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_WORKER_H
#define MM_STORE_WORKER_H

/*
 * The store's thread: a card can stall for seconds, so its owner never waits for it. The thread alone touches the store from
 * mm_store_worker_new() on. What it was given becomes durable in the order it came, and status.durable only rises.
 */

#include "store/store.h"

struct mm_store_worker;

/* What became of the commits, for the main loop. */
struct mm_store_status {
	uint64_t commits;  /* transactions committed to the database since start */
	uint64_t failures; /* failed attempts since start */
	int error;	   /* of the database: 0, or the -errno of the last attempt while it keeps failing */
	int mirror_error;  /* of the second copy: the same, or why it could not be opened */
	char message[MM_ERROR_TEXT_MAX];
	struct mm_registers committed[MM_STORE_METERS_MAX]; /* durable state of every meter */
	uint64_t durable;	/* number of the last commit whose registers, events and rows are all in the database */
	bool busy;		/* a commit is being written or waiting */
	int64_t dropped_events; /* lost because the disk failed for so long that the queue filled */
	int64_t dropped_rows;	/* the same of profile rows; the registers themselves are never dropped */
	uint64_t beat;		/* counts up while the thread makes progress or is idle; for the watchdog */
};

/*
 * Takes over an open register and runs it on a thread of its own; mm_store_worker_fd() becomes readable after each attempt and
 * each finished query. On failure the register stays the caller's.
 */
int mm_store_worker_new(struct mm_store *store, struct mm_store_worker **ret);

/*
 * Commits what is pending (once more, whatever the outcome), stops the thread, calls done for every query not dispatched yet
 * (-ECANCELED where it has not run) and closes the register. 0, or the -errno of that commit. NULL-safe.
 */
int mm_store_worker_free(struct mm_store_worker *worker);

/*
 * Queues a commit and returns at once: registers supersede those still waiting, events and rows are appended in bounded queues.
 * Where a queue is full the oldest are kept: they show how the trouble began, and the registers carry all energy anyhow.
 * A failing commit is tried again after 1 s, 2 s, ... up to 30 s; new ones wait with it, but for what the second copy takes.
 * -EINVAL: a meter or figures as for mm_store_commit(), or a number that is not higher than that of the commit before.
 */
int mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit);

int mm_store_worker_fd(const struct mm_store_worker *worker); /* an eventfd */
void mm_store_worker_status(struct mm_store_worker *worker, struct mm_store_status *ret);

/*
 * Runs query(store, userdata) on the register's thread, then done(result, userdata) on the thread that calls
 * mm_store_worker_dispatch(). A commit that comes meanwhile waits for it: limit its rows. -EAGAIN when too many wait.
 */
int mm_store_worker_query(struct mm_store_worker *worker, mm_store_query_fn query, mm_store_done_fn done, void *userdata);

/* The same for records and backups of the daemon's own: room is kept for them that no query of a client's takes. */
int mm_store_worker_own_query(struct mm_store_worker *worker, mm_store_query_fn query, mm_store_done_fn done, void *userdata);

/* Clears the eventfd and runs the done callbacks of finished queries; call it when the descriptor is readable. */
void mm_store_worker_dispatch(struct mm_store_worker *worker);

#endif
