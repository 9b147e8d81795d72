/* SPDX-License-Identifier: MIT */
/*
 * The register's thread. A card can stall for seconds, so nothing of SQLite ever runs on the caller's thread: commits are
 * gathered under a mutex and written by the thread, which takes the registers as a copy and reads the queued events and rows in
 * place. That is sound without the mutex because the caller only ever writes behind those the thread has been told of.
 */
#include "store/private.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"

#define RETRY_FIRST_NS MM_NS_PER_S
#define RETRY_MAX_NS (30 * MM_NS_PER_S)
#define IDLE_NS (2 * MM_NS_PER_S)

struct query {
	mm_store_query_fn query;
	mm_store_done_fn done;
	void *userdata;
	int result;
};

struct mm_store_worker {
	struct mm_store *reg; /* the thread's, but for its meter count */
	int fd;
	pthread_t thread;
	pthread_mutex_t mutex; /* over all below */
	pthread_cond_t cond;   /* something to do for the thread */
	bool stop;

	uint64_t durable; /* number of the last commit that is durable somewhere; pending's is that of the last one taken in */
	bool database_wanted; /* the database lacks one that it must have */
	struct mm_store_commit pending;
	struct mm_store_event *events; /* pending.events and pending.rows, writable */
	struct mm_store_profile_row *rows;
	int64_t retry_ns; /* wait after the next failure */
	int64_t due_ns;	  /* CLOCK_MONOTONIC before which a failed commit is not tried again */

	/* Ring: query_ran finished ones from query_head on, then those waiting. */
	struct query queries[MM_STORE_QUERIES_WAITING_MAX];
	unsigned query_head, query_ran, query_count;

	struct mm_store_status status;
};

static int64_t monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * MM_NS_PER_S + ts.tv_nsec;
}

static void notify(struct mm_store_worker *worker)
{
	/* Only fails where the counter is full, and the descriptor is readable then. */
	(void)eventfd_write(worker->fd, 1);
}

/* ---- On the thread, with the mutex held but while SQLite runs ---- */

static void drop_front(struct mm_store_worker *worker, const struct mm_store_commit *written)
{
	struct mm_store_commit *pending = &worker->pending;

	pending->event_count -= written->event_count;
	pending->row_count -= written->row_count;
	memmove(worker->events, worker->events + written->event_count, pending->event_count * sizeof(*worker->events));
	memmove(worker->rows, worker->rows + written->row_count, pending->row_count * sizeof(*worker->rows));
}

/* What came of an attempt; r of the database. */
static void note(struct mm_store_worker *worker, const struct mm_store_commit *commit, int r)
{
	struct mm_store *reg = worker->reg;
	struct mm_store_status *status = &worker->status;

	if (reg->number == commit->number) {
		worker->durable = commit->number;
		memcpy(status->committed, commit->meter, sizeof(status->committed));
	}
	if (r < 0) {
		worker->database_wanted = true;
		worker->due_ns = monotonic() + worker->retry_ns;
		worker->retry_ns = worker->retry_ns * 2 < RETRY_MAX_NS ? worker->retry_ns * 2 : RETRY_MAX_NS;
		status->error = r;
		status->failures++;
		snprintf(status->message, sizeof(status->message), "%s", reg->message);
	} else if (reg->database_number == commit->number) {
		worker->database_wanted = worker->database_wanted && worker->pending.number != commit->number;
		worker->retry_ns = RETRY_FIRST_NS;
		worker->due_ns = 0;
		drop_front(worker, commit);
		status->error = 0;
		status->message[0] = '\0';
		status->commits++;
		status->durable = commit->number;
	}
	status->copy_error = reg->copy_error;
	notify(worker);
}

static void attempt(struct mm_store_worker *worker)
{
	struct mm_store_commit commit = worker->pending;
	int r;

	commit.copy_suffices = !worker->database_wanted || monotonic() < worker->due_ns;
	if (!commit.copy_suffices) {
		worker->database_wanted = false;
	}
	pthread_mutex_unlock(&worker->mutex);
	r = mm_store_commit(worker->reg, &commit);
	pthread_mutex_lock(&worker->mutex);
	note(worker, &commit, r);
}

/* Is there something to write that may be tried now? While the database has to wait, the copy need not. */
static bool is_due(const struct mm_store_worker *worker, int64_t now)
{
	bool lacking = worker->pending.number != worker->durable;

	if (now >= worker->due_ns) {
		return lacking || worker->database_wanted;
	}
	return lacking && worker->reg->copy && worker->reg->copy_error == 0;
}

/* In the midst of something long on the thread: what the copy can take does not wait for its end. */
static void serve(void *userdata)
{
	struct mm_store_worker *worker = userdata;

	pthread_mutex_lock(&worker->mutex);
	worker->status.beat++;
	if (worker->pending.number != worker->durable && worker->reg->copy_error == 0) {
		struct mm_store_commit commit = worker->pending;

		pthread_mutex_unlock(&worker->mutex);
		(void)mm_store_commit_to_copy(worker->reg, &commit); /* or it waits for the end */
		pthread_mutex_lock(&worker->mutex);
		note(worker, &commit, 0);
	}
	pthread_mutex_unlock(&worker->mutex);
}

static struct query *query_at(struct mm_store_worker *worker, unsigned i)
{
	return &worker->queries[(worker->query_head + i) % MM_STORE_QUERIES_WAITING_MAX];
}

static void run_query(struct mm_store_worker *worker)
{
	struct query *query = query_at(worker, worker->query_ran);
	int r;

	/* The slot stays where it is: dispatching takes finished ones only. */
	pthread_mutex_unlock(&worker->mutex);
	r = query->query(worker->reg, query->userdata);
	pthread_mutex_lock(&worker->mutex);
	query->result = r;
	worker->query_ran++;
	notify(worker);
}

static void wait_until(struct mm_store_worker *worker, int64_t t)
{
	struct timespec ts = {.tv_sec = t / MM_NS_PER_S, .tv_nsec = t % MM_NS_PER_S};

	(void)pthread_cond_timedwait(&worker->cond, &worker->mutex, &ts);
}

static void *run(void *userdata)
{
	struct mm_store_worker *worker = userdata;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->stop) {
		bool waiting = worker->pending.number != worker->durable || worker->database_wanted;
		bool query = worker->query_ran < worker->query_count;
		int64_t now = monotonic();

		worker->status.beat++;
		if (is_due(worker, now)) {
			attempt(worker);
		} else if (!query) {
			wait_until(worker, waiting && worker->due_ns < now + IDLE_NS ? worker->due_ns : now + IDLE_NS);
		}
		/* One in between, so that neither commits nor queries starve the other. */
		if (query) {
			run_query(worker);
		}
	}
	worker->due_ns = 0;
	if (is_due(worker, monotonic())) {
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
	free(worker->events);
	free(worker->rows);
	free(worker);
}

/* Signals belong to the caller's threads. */
static int start(struct mm_store_worker *worker)
{
	sigset_t all, saved;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	r = -pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (r == 0) {
		pthread_setname_np(worker->thread, "register");
	}
	return r;
}

int mm_store_worker_new(struct mm_store *reg, struct mm_store_worker **ret)
{
	struct mm_store_worker *worker = calloc(1, sizeof(*worker));
	pthread_condattr_t attr;
	int r = 0;

	if (!worker) {
		return -ENOMEM;
	}
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->cond, &attr);
	pthread_condattr_destroy(&attr);
	worker->reg = reg;
	worker->retry_ns = RETRY_FIRST_NS;
	memcpy(worker->status.committed, reg->committed, sizeof(reg->committed));
	worker->status.durable = worker->durable = worker->pending.number = reg->number;
	worker->status.copy_error = reg->copy_error;
	reg->serve = serve;
	reg->serve_userdata = worker;
	worker->events = calloc(MM_STORE_EVENTS_WAITING_MAX, sizeof(*worker->events));
	worker->rows = calloc(MM_STORE_ROWS_WAITING_MAX, sizeof(*worker->rows));
	worker->pending.events = worker->events;
	worker->pending.rows = worker->rows;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->fd < 0) {
		r = -errno;
	} else if (!worker->events || !worker->rows) {
		r = -ENOMEM;
	} else {
		r = start(worker);
	}
	if (r < 0) {
		destroy(worker);
		return r;
	}
	*ret = worker;
	return 0;
}

int mm_store_worker_free(struct mm_store_worker *worker)
{
	int r;

	if (!worker) {
		return 0;
	}
	pthread_mutex_lock(&worker->mutex);
	worker->stop = true;
	pthread_cond_signal(&worker->cond);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);

	for (unsigned i = 0; i < worker->query_count; i++) {
		struct query *query = query_at(worker, i);

		query->done(i < worker->query_ran ? query->result : -ECANCELED, query->userdata);
	}
	r = worker->pending.number != worker->durable || worker->database_wanted ? worker->status.error : 0;
	mm_store_close(worker->reg);
	destroy(worker);
	return r;
}

/* Copies as many of count as there is room for; returns how many were not. */
static size_t append(void *queue, size_t *used, size_t max, const void *items, size_t count, size_t size)
{
	size_t room = max - *used, taken = count < room ? count : room;

	if (taken > 0) {
		memcpy((char *)queue + *used * size, items, taken * size);
		*used += taken;
	}
	return count - taken;
}

int mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit)
{
	struct mm_store_commit *pending = &worker->pending;
	int r = mm_store_check(worker->reg, commit);

	if (r < 0) {
		return r;
	}
	pthread_mutex_lock(&worker->mutex);
	if (commit->number != 0 && commit->number <= pending->number) {
		pthread_mutex_unlock(&worker->mutex);
		return -EINVAL;
	}
	pending->number = commit->number != 0 ? commit->number : pending->number + 1;
	pending->boottime_ns = commit->boottime_ns;
	pending->realtime_ns = commit->realtime_ns;
	pending->meter_count = commit->meter_count;
	memcpy(pending->meter, commit->meter, commit->meter_count * sizeof(commit->meter[0]));
	worker->status.dropped_events += (int64_t)append(worker->events, &pending->event_count, MM_STORE_EVENTS_WAITING_MAX,
							 commit->events, commit->event_count, sizeof(*worker->events));
	worker->status.dropped_rows += (int64_t)append(worker->rows, &pending->row_count, MM_STORE_ROWS_WAITING_MAX, commit->rows,
						       commit->row_count, sizeof(*worker->rows));
	worker->database_wanted = worker->database_wanted || !commit->copy_suffices;
	pthread_cond_signal(&worker->cond);
	pthread_mutex_unlock(&worker->mutex);
	return 0;
}

int mm_store_worker_fd(const struct mm_store_worker *worker)
{
	return worker->fd;
}

void mm_store_worker_status(struct mm_store_worker *worker, struct mm_store_status *ret)
{
	pthread_mutex_lock(&worker->mutex);
	worker->status.busy = worker->pending.number != worker->durable || worker->database_wanted;
	*ret = worker->status;
	pthread_mutex_unlock(&worker->mutex);
}

int mm_store_worker_query(struct mm_store_worker *worker, mm_store_query_fn query, mm_store_done_fn done, void *userdata)
{
	int r = 0;

	pthread_mutex_lock(&worker->mutex);
	if (worker->query_count == MM_STORE_QUERIES_WAITING_MAX) {
		r = -EAGAIN;
	} else {
		*query_at(worker, worker->query_count) = (struct query){.query = query, .done = done, .userdata = userdata};
		worker->query_count++;
		pthread_cond_signal(&worker->cond);
	}
	pthread_mutex_unlock(&worker->mutex);
	return r;
}

void mm_store_worker_dispatch(struct mm_store_worker *worker)
{
	eventfd_t ignored;

	(void)eventfd_read(worker->fd, &ignored);
	for (;;) {
		struct query query;
		bool any;

		pthread_mutex_lock(&worker->mutex);
		any = worker->query_ran > 0;
		if (any) {
			query = *query_at(worker, 0);
			worker->query_head = (worker->query_head + 1) % MM_STORE_QUERIES_WAITING_MAX;
			worker->query_ran--;
			worker->query_count--;
		}
		pthread_mutex_unlock(&worker->mutex);
		if (!any) {
			return;
		}
		/* Free to ask again. */
		query.done(query.result, query.userdata);
	}
}
