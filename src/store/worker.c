/* SPDX-License-Identifier: MIT */
/*
 * Commits are gathered under a mutex and written by the thread, which takes the registers as a copy and reads the queued events
 * and rows in place. That is sound without the mutex because the outbox is only ever written behind those that the thread took.
 */
#include "store/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/now.h"
#include "base/thread.h"
#include "core/units.h"
#include "store/outbox.h"
#include "store/private.h"
#include "store/transaction.h"

#define RETRY_FIRST_NS MM_NS_PER_S
#define RETRY_MAX_NS (30 * MM_NS_PER_S)
#define IDLE_NS (2 * MM_NS_PER_S)

struct mm_store_worker {
	struct mm_store *store; /* the thread's, but for its number of meters */
	int fd;
	pthread_t thread;
	pthread_mutex_t mutex; /* over all below */
	pthread_cond_t cond;   /* something to do for the thread */
	bool stop;

	struct mm_outbox *outbox;
	uint64_t durable;     /* number of the last commit that is durable somewhere */
	bool database_wanted; /* the database lacks one that it must have */
	int64_t retry_ns;     /* wait after the next failure */
	int64_t due_ns;	      /* CLOCK_MONOTONIC before which a failed commit is not tried again */
	struct mm_store_status status;
};

static void notify(struct mm_store_worker *worker)
{
	/* Only fails where the counter is full, and the descriptor is readable then. */
	(void)eventfd_write(worker->fd, 1);
}

/* Is the newest commit durable nowhere yet? */
static bool is_lacking(const struct mm_store_worker *worker)
{
	return mm_outbox_commit(worker->outbox)->number != worker->durable;
}

/* ---- On the thread, with the mutex held but while SQLite runs ---- */

/* What came of an attempt; r of the database. */
static void note(struct mm_store_worker *worker, const struct mm_store_commit *commit, int r)
{
	struct mm_store *store = worker->store;
	struct mm_store_status *status = &worker->status;

	if (store->number == commit->number) {
		worker->durable = commit->number;
		memcpy(status->committed, commit->meter, sizeof(status->committed));
	}
	if (r < 0) {
		worker->database_wanted = true;
		worker->due_ns = mm_now(CLOCK_MONOTONIC) + worker->retry_ns;
		worker->retry_ns = worker->retry_ns * 2 < RETRY_MAX_NS ? worker->retry_ns * 2 : RETRY_MAX_NS;
		status->error = r;
		status->failures++;
		memcpy(status->message, store->db.error.text, sizeof(status->message));
	} else if (store->database_number == commit->number) {
		worker->database_wanted = worker->database_wanted && mm_outbox_commit(worker->outbox)->number != commit->number;
		worker->retry_ns = RETRY_FIRST_NS;
		worker->due_ns = 0;
		mm_outbox_written(worker->outbox, commit);
		status->error = 0;
		status->message[0] = '\0';
		status->commits++;
		status->durable = commit->number;
	}
	status->mirror_error = store->mirror_error;
	notify(worker);
}

static void attempt(struct mm_store_worker *worker)
{
	struct mm_store_commit commit = *mm_outbox_commit(worker->outbox);
	int r;

	commit.mirror_suffices = !worker->database_wanted || mm_now(CLOCK_MONOTONIC) < worker->due_ns;
	if (!commit.mirror_suffices) {
		worker->database_wanted = false;
	}
	pthread_mutex_unlock(&worker->mutex);
	r = mm_store_commit(worker->store, &commit);
	pthread_mutex_lock(&worker->mutex);
	note(worker, &commit, r);
}

/* Is there something to write that may be tried now? While the database has to wait, the second copy need not. */
static bool is_due(const struct mm_store_worker *worker, int64_t now)
{
	if (now >= worker->due_ns) {
		return is_lacking(worker) || worker->database_wanted;
	}
	return is_lacking(worker) && worker->store->mirror && worker->store->mirror_error == 0;
}

/* In the midst of something long on the thread: what the second copy can take does not wait for its end. */
static void meanwhile(void *userdata)
{
	struct mm_store_worker *worker = userdata;

	pthread_mutex_lock(&worker->mutex);
	worker->status.beat++;
	if (is_lacking(worker) && worker->store->mirror_error == 0) {
		struct mm_store_commit commit = *mm_outbox_commit(worker->outbox);

		pthread_mutex_unlock(&worker->mutex);
		(void)mm_store_commit_to_mirror(worker->store, &commit); /* or it waits for the end */
		pthread_mutex_lock(&worker->mutex);
		note(worker, &commit, 0);
	}
	pthread_mutex_unlock(&worker->mutex);
}

static void run_query(struct mm_store_worker *worker, const struct mm_query *query)
{
	int r;

	pthread_mutex_unlock(&worker->mutex);
	r = query->run(worker->store, query->userdata);
	pthread_mutex_lock(&worker->mutex);
	mm_outbox_ran(worker->outbox, r);
	notify(worker);
}

static void *run(void *userdata)
{
	struct mm_store_worker *worker = userdata;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->stop) {
		bool waiting = is_lacking(worker) || worker->database_wanted;
		const struct mm_query *query = mm_outbox_query(worker->outbox);
		int64_t now = mm_now(CLOCK_MONOTONIC);

		worker->status.beat++;
		if (is_due(worker, now)) {
			attempt(worker);
		} else if (!query) {
			struct timespec until =
				mm_timespec(waiting && worker->due_ns < now + IDLE_NS ? worker->due_ns : now + IDLE_NS);

			(void)pthread_cond_timedwait(&worker->cond, &worker->mutex, &until); /* why it woke is looked up */
		}
		/* One in between, so that neither commits nor queries starve the other. */
		if (query) {
			run_query(worker, query);
		}
	}
	worker->due_ns = 0;
	if (is_due(worker, mm_now(CLOCK_MONOTONIC))) {
		attempt(worker);
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

/* ---- On the caller's thread ---- */

static void destroy(struct mm_store_worker *worker)
{
	if (worker->fd >= 0) {
		close(worker->fd);
	}
	pthread_cond_destroy(&worker->cond);
	pthread_mutex_destroy(&worker->mutex);
	mm_outbox_free(worker->outbox);
	free(worker);
}

static void init_locks(struct mm_store_worker *worker)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&worker->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->cond, &attr);
	pthread_condattr_destroy(&attr);
}

int mm_store_worker_new(struct mm_store *store, struct mm_store_worker **ret)
{
	struct mm_store_worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker) {
		return -ENOMEM;
	}
	init_locks(worker);
	worker->store = store;
	worker->retry_ns = RETRY_FIRST_NS;
	memcpy(worker->status.committed, store->committed, sizeof(store->committed));
	worker->status.durable = worker->durable = store->number;
	worker->status.mirror_error = store->mirror_error;
	store->meanwhile = meanwhile;
	store->meanwhile_userdata = worker;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = worker->fd < 0 ? -errno : mm_outbox_new(store->number, &worker->outbox);
	if (r == 0) {
		r = mm_thread_start(&worker->thread, "register", run, worker);
	}
	if (r < 0) {
		store->meanwhile = NULL;
		destroy(worker);
		return r;
	}
	*ret = worker;
	return 0;
}

int mm_store_worker_free(struct mm_store_worker *worker)
{
	struct mm_query query;
	int r;

	if (!worker) {
		return 0;
	}
	pthread_mutex_lock(&worker->mutex);
	worker->stop = true;
	pthread_cond_signal(&worker->cond);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);

	while (mm_outbox_answer(worker->outbox, true, &query)) {
		query.done(query.result, query.userdata);
	}
	r = is_lacking(worker) || worker->database_wanted ? worker->status.error : 0;
	mm_store_close(worker->store);
	destroy(worker);
	return r;
}

int mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit)
{
	int r = mm_transaction_check(&worker->store->roster, commit);

	if (r < 0) {
		return r;
	}
	pthread_mutex_lock(&worker->mutex);
	r = mm_outbox_add(worker->outbox, commit);
	if (r == 0) {
		worker->database_wanted = worker->database_wanted || !commit->mirror_suffices;
		pthread_cond_signal(&worker->cond);
	}
	pthread_mutex_unlock(&worker->mutex);
	return r;
}

int mm_store_worker_fd(const struct mm_store_worker *worker)
{
	return worker->fd;
}

void mm_store_worker_status(struct mm_store_worker *worker, struct mm_store_status *ret)
{
	pthread_mutex_lock(&worker->mutex);
	mm_outbox_dropped(worker->outbox, &worker->status.dropped_events, &worker->status.dropped_rows);
	worker->status.busy = is_lacking(worker) || worker->database_wanted;
	*ret = worker->status;
	pthread_mutex_unlock(&worker->mutex);
}

static int ask(struct mm_store_worker *worker, const struct mm_query *query)
{
	int r;

	pthread_mutex_lock(&worker->mutex);
	r = mm_outbox_ask(worker->outbox, query);
	if (r == 0) {
		pthread_cond_signal(&worker->cond);
	}
	pthread_mutex_unlock(&worker->mutex);
	return r;
}

int mm_store_worker_query(struct mm_store_worker *worker, mm_store_query_fn query, mm_store_done_fn done, void *userdata)
{
	return ask(worker, &(struct mm_query){.run = query, .done = done, .userdata = userdata});
}

int mm_store_worker_own_query(struct mm_store_worker *worker, mm_store_query_fn query, mm_store_done_fn done, void *userdata)
{
	return ask(worker, &(struct mm_query){.run = query, .done = done, .userdata = userdata, .own = true});
}

void mm_store_worker_dispatch(struct mm_store_worker *worker)
{
	eventfd_t ignored;

	(void)eventfd_read(worker->fd, &ignored);
	for (;;) {
		struct mm_query query;
		bool any;

		pthread_mutex_lock(&worker->mutex);
		any = mm_outbox_answer(worker->outbox, false, &query);
		pthread_mutex_unlock(&worker->mutex);
		if (!any) {
			return;
		}
		/* Free to ask again. */
		query.done(query.result, query.userdata);
	}
}
