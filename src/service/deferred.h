/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_DEFERRED_H
#define MM_SERVICE_DEFERRED_H

/*
 * A deferred reply: a call that is answered when what it waits for has come. From mm_deferred_new() on it is in the list of its
 * service and keeps its call open, until its method takes the call to answer it, or the peer is gone, or the service ends. A
 * method makes one before it does anything: what is done can always be answered.
 */

#include "service/private.h"
#include "store/worker.h"
#include "varlink/varlink.h"

enum mm_deferred_wait {
	MM_WAIT_COMMIT, /* until a commit is durable, or has failed */
	MM_WAIT_WINDOW, /* for the next readings, or another health */
	MM_WAIT_REPORT, /* for the next report of the front end */
	MM_WAIT_STORE,	/* until a query is done, and then until the peer has taken its page */
};

struct mm_deferred;

struct mm_deferred_kind {
	enum mm_deferred_wait wait;
	size_t size;	 /* of the method's struct, which begins with struct mm_deferred */
	unsigned max;	 /* that wait at a time; 0: as many as there are clients */
	const char *why; /* a further one is refused */
	/* What it waits for has come: takes the call, or goes on waiting. NULL for MM_WAIT_STORE. */
	void (*come)(struct mm_deferred *deferred);
	/* Frees what the method keeps beside the call; may be NULL. */
	void (*release)(struct mm_deferred *deferred);
};

/* What follows a query; result is what it returned. Takes the call, or begins another query. */
typedef void (*mm_deferred_fn)(struct mm_deferred *deferred, int result);

struct mm_deferred {
	const struct mm_deferred_kind *kind;
	struct mm_service *service;
	struct mm_varlink_call *call;
	struct mm_deferred *next;
	mm_store_query_fn query; /* to be run, or running */
	mm_deferred_fn done;	 /* and what follows it */
	bool running;		 /* on the store's thread, which has this struct */
	bool following;		 /* its query runs again with the next commit */
	uint64_t seen;		 /* commits to the database before its query */
	uint64_t commit;	 /* number of the one that makes it durable */
	json_t *json;		 /* what the reply is, or is made of; freed with it */
	struct mm_text text;	 /* the same */
};

/* A struct of the kind's size, zero beyond its begin; NULL after having answered the call with Busy. */
void *mm_deferred_new(struct mm_service *service, struct mm_varlink_call *call, const struct mm_deferred_kind *kind);

/* Ends it and frees it; returns its call, for the caller to answer. */
struct mm_varlink_call *mm_deferred_take(struct mm_deferred *deferred);

/* Ends it with a reply (stolen), as mm_call_reply(). */
void mm_deferred_reply(struct mm_deferred *deferred, json_t *reply);

/* The same with its text. */
void mm_deferred_reply_text(struct mm_deferred *deferred);

/* What this is has come: calls come() of each reply that waits for it, and gives up those whose peer is gone. */
void mm_deferred_come(struct mm_service *service, enum mm_deferred_wait wait);

/* Gives all up but those that the store's thread has: they end with their query. */
void mm_deferred_done(struct mm_service *service);

/* ---- Commits ---- */

/* For a change that is about to be made; as mm_deferred_new(). */
struct mm_deferred *mm_deferred_change(struct mm_service *service, struct mm_varlink_call *call);

/* Commits at once what was done so far, and answers with reply (stolen) when it is durable, or else with RegisterFailed. */
void mm_deferred_commit(struct mm_deferred *change, json_t *reply);

/* ---- Queries ---- */

/* Runs a query on the store's thread, with the deferred reply as its userdata, then done; at once with -EAGAIN if too many wait.
 */
void mm_deferred_query(struct mm_deferred *deferred, mm_store_query_fn query, mm_deferred_fn done);

/* The same for a record of what a client did, which no other client's queries keep out. One at a time. */
void mm_deferred_record(struct mm_deferred *deferred, mm_store_query_fn query, mm_deferred_fn done);

/*
 * Sends its text as a page, and runs the query again when the peer has taken it: a slow reader gets all, in its own time. A page
 * that can't be sent ends the call: nobody must miss one and not know.
 */
void mm_deferred_page(struct mm_deferred *deferred);

/* The same, but with the first commit to the database after that query. */
void mm_deferred_page_later(struct mm_deferred *deferred);

/* The same without a page. */
void mm_deferred_rest(struct mm_deferred *deferred);

/* Ends it: Busy for -EAGAIN, else RegisterFailed with the text of the -errno. */
void mm_deferred_failed(struct mm_deferred *deferred, int result);

#endif
