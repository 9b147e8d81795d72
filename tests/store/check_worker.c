/* SPDX-License-Identifier: MIT */
/* The register's thread: what is queued, what is superseded, what a failing disk does, and that no query is forgotten. */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/fault_vfs.h"
#include "store/private.h"
#include "store/worker.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

static struct mm_store_worker *begin(struct fixture *b)
{
	struct mm_store_worker *worker = NULL;

	fixture_begin(b);
	ck_assert_int_eq(mm_store_worker_new(fixture_open(b, 1), &worker), 0);
	return worker;
}

static void wait_event(struct mm_store_worker *worker)
{
	struct pollfd fd = {.fd = mm_store_worker_fd(worker), .events = POLLIN};

	ck_assert_int_eq(poll(&fd, 1, 60000), 1);
	mm_store_worker_dispatch(worker);
}

static void wait_written(struct mm_store_worker *worker, struct mm_store_status *ret)
{
	mm_store_worker_status(worker, ret);
	while (ret->busy) {
		wait_event(worker);
		mm_store_worker_status(worker, ret);
	}
}

static void queue_n(struct mm_store_worker *worker, int64_t n)
{
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), 0);
}

/* Commits 0 to last are there, once each. */
static void assert_kept(struct fixture *b, int64_t last)
{
	static unsigned counts[2048];
	struct mm_store *store = fixture_open(b, 1);

	ck_assert_int_eq(fixture_count(store, counts, 2048), last);
	for (int64_t n = 0; n <= last; n++) {
		ck_assert_uint_eq(counts[n], 1);
	}
	fixture_assert_registers(store, 0, last);
	mm_store_close(store);
}

/* A query that holds the thread up until the gate is opened. */
struct gate {
	sem_t entered, opened;
	unsigned done;
	int result;
};

static int pass_gate(struct mm_store *store, void *userdata)
{
	struct gate *gate = userdata;

	(void)store;
	sem_post(&gate->entered);
	while (sem_wait(&gate->opened) < 0) {
	}
	return 7;
}

static void gate_done(int result, void *userdata)
{
	struct gate *gate = userdata;

	gate->done++;
	gate->result = result;
}

static void close_gate(struct mm_store_worker *worker, struct gate *gate)
{
	memset(gate, 0, sizeof(*gate));
	sem_init(&gate->entered, 0, 0);
	sem_init(&gate->opened, 0, 0);
	ck_assert_int_eq(mm_store_worker_query(worker, pass_gate, gate_done, gate), 0);
	while (sem_wait(&gate->entered) < 0) {
	}
}

static void free_gate(struct gate *gate)
{
	ck_assert_uint_eq(gate->done, 1);
	ck_assert_int_eq(gate->result, 7);
	sem_destroy(&gate->entered);
	sem_destroy(&gate->opened);
}

START_TEST(test_commits_become_durable)
{
	struct mm_store_status status;
	struct mm_registers expected;
	struct fixture b;
	struct mm_store_worker *worker = begin(&b);

	mm_store_worker_status(worker, &status);
	ck_assert(!status.busy);
	ck_assert_uint_eq(status.commits, 0);
	for (int64_t n = 0; n < 20; n++) {
		queue_n(worker, n);
		wait_written(worker, &status);
		ck_assert_uint_eq(status.commits, (uint64_t)n + 1);
		ck_assert_int_eq(status.error, 0);
		fixture_registers(n, 0, &expected);
		ck_assert_mem_eq(&status.committed[0], &expected, sizeof(expected));
	}
	/* The last ones are written while stopping. */
	for (int64_t n = 20; n < 40; n++) {
		queue_n(worker, n);
	}
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	ck_assert_int_eq(mm_store_worker_free(NULL), 0);
	assert_kept(&b, 39);
	/* It starts from what is stored. */
	ck_assert_int_eq(mm_store_worker_new(fixture_open(&b, 1), &worker), 0);
	mm_store_worker_status(worker, &status);
	fixture_registers(39, 0, &expected);
	ck_assert_mem_eq(&status.committed[0], &expected, sizeof(expected));
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	fixture_end(&b);
}
END_TEST

/* One number from submit to durable, over the end of a run as well. */
START_TEST(test_commits_are_known_by_their_number)
{
	struct mm_store_status status;
	struct mm_store_worker *worker;
	struct fixture_commit c;
	uint64_t first;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	first = mm_store_number(store) + 1;
	ck_assert_int_eq(mm_store_worker_new(store, &worker), 0);
	for (int64_t n = 0; n < 3; n++) {
		fixture_commit(n, 1, &c);
		c.commit.number = first + 10 * (uint64_t)n;
		c.commit.boottime_ns = 7; /* which may stand still */
		ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), 0);
		wait_written(worker, &status);
		ck_assert_uint_eq(status.durable, c.commit.number);
		ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), -EINVAL);
	}
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	store = fixture_open(&b, 1);
	ck_assert_uint_eq(mm_store_number(store), first + 20);
	ck_assert_int_eq(mm_store_commit(store, &c.commit), -EINVAL);
	c.commit.number++;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	ck_assert_uint_eq(mm_store_number(store), first + 21);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_waiting_commits_become_one)
{
	struct mm_store_status status;
	struct fixture_commit c;
	struct gate gate;
	struct fixture b;
	struct mm_store_worker *worker = begin(&b);

	close_gate(worker, &gate);
	for (int64_t n = 0; n < 100; n++) {
		queue_n(worker, n);
	}
	fixture_commit(0, 1, &c);
	c.event.meter = 1;
	ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), -EINVAL);
	mm_store_worker_status(worker, &status);
	ck_assert(status.busy);
	ck_assert_uint_eq(status.commits, 0);
	sem_post(&gate.opened);
	wait_written(worker, &status);
	ck_assert_uint_eq(status.commits, 1);
	ck_assert_int_eq(status.dropped_events, 0);
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	free_gate(&gate);
	assert_kept(&b, 99);
	fixture_end(&b);
}
END_TEST

START_TEST(test_full_queues_keep_the_oldest)
{
	static struct mm_store_event events[MM_STORE_EVENTS_WAITING_MAX / 2 + 5];
	static struct mm_store_profile_row rows[MM_STORE_ROWS_WAITING_MAX / 2 + 3];
	struct mm_store_status status;
	struct mm_store *store;
	struct fixture_commit c;
	struct gate gate;
	struct fixture b;
	struct mm_store_worker *worker = begin(&b);

	close_gate(worker, &gate);
	for (int64_t n = 0; n < 2; n++) {
		fixture_commit(n, 1, &c);
		for (size_t i = 0; i < COUNT_OF(events); i++) {
			events[i] = c.event;
		}
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			rows[i] = c.row;
		}
		c.commit.events = events;
		c.commit.event_count = COUNT_OF(events);
		c.commit.rows = rows;
		c.commit.row_count = COUNT_OF(rows);
		ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), 0);
	}
	sem_post(&gate.opened);
	wait_written(worker, &status);
	ck_assert_int_eq(status.dropped_events, 10);
	ck_assert_int_eq(status.dropped_rows, 6);
	/* There is room again. */
	queue_n(worker, 2);
	wait_written(worker, &status);
	ck_assert_int_eq(status.dropped_events, 10);
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	free_gate(&gate);

	store = fixture_open(&b, 1);
	fixture_assert_answer(
		store,
		"SELECT group_concat(count, ' ') FROM (SELECT count(*) AS count FROM event WHERE code = 'gap' GROUP BY text "
		"UNION ALL SELECT count(*) FROM profile GROUP BY start_s)",
		"2053 2043 1 515 509 1");
	fixture_stop(&b, store);
}
END_TEST

/* ---- Queries ---- */

struct ask {
	struct mm_store_worker *worker;
	unsigned asked, answered, cancelled;
	bool again;
};

static int ask_count(struct mm_store *store, void *userdata)
{
	unsigned counts[64];
	struct ask *ask = userdata;

	ask->asked++;
	return (int)fixture_count(store, counts, 64);
}

static void ask_done(int result, void *userdata)
{
	struct ask *ask = userdata;

	if (result == -ECANCELED) {
		ask->cancelled++;
		return;
	}
	ck_assert_int_ge(result, -1);
	ask->answered++;
	if (ask->again) {
		ck_assert_int_eq(mm_store_worker_query(ask->worker, ask_count, ask_done, ask), 0);
	}
}

START_TEST(test_queries_run_between_commits)
{
	struct ask ask = {.again = true};
	struct mm_store_status status;
	struct fixture b;

	ask.worker = begin(&b);
	ck_assert_int_eq(mm_store_worker_query(ask.worker, ask_count, ask_done, &ask), 0);
	for (int64_t n = 0; n < 50; n++) {
		queue_n(ask.worker, n);
		wait_written(ask.worker, &status);
	}
	ask.again = false;
	while (ask.answered < 10) {
		ask.again = ask.answered < 9;
		wait_event(ask.worker);
	}
	ck_assert_int_eq(mm_store_worker_free(ask.worker), 0);
	ck_assert_uint_eq(ask.asked, ask.answered);
	assert_kept(&b, 49);
	fixture_end(&b);
}
END_TEST

START_TEST(test_every_query_is_answered)
{
	struct ask ask = {0};
	struct gate gate;
	struct fixture b;

	ask.worker = begin(&b);
	close_gate(ask.worker, &gate);
	for (unsigned i = 1; i < MM_STORE_QUERIES_WAITING_MAX; i++) {
		ck_assert_int_eq(mm_store_worker_query(ask.worker, ask_count, ask_done, &ask), 0);
	}
	ck_assert_int_eq(mm_store_worker_query(ask.worker, ask_count, ask_done, &ask), -EAGAIN);
	sem_post(&gate.opened);
	while (ask.answered == 0) {
		wait_event(ask.worker);
	}
	/* Twice round the ring. */
	for (unsigned i = 0; i < 2 * MM_STORE_QUERIES_WAITING_MAX; i++) {
		while (mm_store_worker_query(ask.worker, ask_count, ask_done, &ask) == -EAGAIN) {
			wait_event(ask.worker);
		}
	}
	ck_assert_int_eq(mm_store_worker_free(ask.worker), 0);
	ck_assert_uint_eq(ask.answered + ask.cancelled, 3 * MM_STORE_QUERIES_WAITING_MAX - 1);
	ck_assert_uint_eq(ask.answered, ask.asked);
	free_gate(&gate);
	fixture_end(&b);
}
END_TEST

START_TEST(test_clients_leave_room_for_our_own)
{
	struct ask ask = {0};
	struct gate gate;
	struct fixture b;

	ask.worker = begin(&b);
	close_gate(ask.worker, &gate);
	while (mm_store_worker_query(ask.worker, ask_count, ask_done, &ask) == 0) {
	}
	for (unsigned i = 0; i < MM_STORE_OWN_WAITING_MAX; i++) {
		ck_assert_int_eq(mm_store_worker_own_query(ask.worker, ask_count, ask_done, &ask), 0);
	}
	ck_assert_int_eq(mm_store_worker_own_query(ask.worker, ask_count, ask_done, &ask), -EAGAIN);
	/* Nor does ours take any of theirs. */
	sem_post(&gate.opened);
	while (ask.answered < MM_STORE_QUERIES_WAITING_MAX - 1 + MM_STORE_OWN_WAITING_MAX) {
		wait_event(ask.worker);
	}
	for (unsigned i = 0; i < MM_STORE_OWN_WAITING_MAX; i++) {
		ck_assert_int_eq(mm_store_worker_own_query(ask.worker, ask_count, ask_done, &ask), 0);
	}
	ck_assert_int_eq(mm_store_worker_query(ask.worker, ask_count, ask_done, &ask), 0);
	ck_assert_int_eq(mm_store_worker_free(ask.worker), 0);
	free_gate(&gate);
	fixture_end(&b);
}
END_TEST

/* ---- A failing disk ---- */

START_TEST(test_failing_disk_is_tried_again)
{
	struct mm_store_status status;
	struct mm_store_worker *worker;
	struct fault_vfs vfs;
	struct fixture b;

	fault_vfs_install(&vfs);
	worker = begin(&b);
	fault_vfs_set(&vfs, FAULT_WRITE_FULL, 0, UINT_MAX);
	queue_n(worker, 0);
	wait_event(worker);
	mm_store_worker_status(worker, &status);
	ck_assert_int_eq(status.error, -ENOSPC);
	ck_assert_ptr_nonnull(strstr(status.message, "free some space"));
	ck_assert(status.busy);
	ck_assert_uint_eq(status.failures, 1);
	/* New ones wait for the next attempt. */
	for (int64_t n = 1; n < 1000; n++) {
		queue_n(worker, n);
	}
	mm_store_worker_status(worker, &status);
	ck_assert_uint_le(status.failures, 3);
	fault_vfs_set(&vfs, FAULT_NONE, 0, 0);
	wait_written(worker, &status);
	ck_assert_int_eq(status.error, 0);
	ck_assert_str_eq(status.message, "");
	ck_assert_uint_eq(status.commits, 1);
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	assert_kept(&b, 999);
	fault_vfs_remove(&vfs);
	fixture_end(&b);
}
END_TEST

START_TEST(test_stalling_disk_holds_up_nobody)
{
	struct mm_store_status before, status;
	struct mm_store_worker *worker;
	struct fault_vfs vfs;
	struct fixture b;

	fault_vfs_install(&vfs);
	worker = begin(&b);
	fault_vfs_set(&vfs, FAULT_STALL, 0, 1);
	queue_n(worker, 0);
	while (sem_wait(&vfs.stalled) < 0) {
	}
	mm_store_worker_status(worker, &before);
	for (int64_t n = 1; n < 100; n++) {
		queue_n(worker, n);
	}
	mm_store_worker_status(worker, &status);
	ck_assert(status.busy);
	ck_assert_uint_eq(status.commits, 0);
	ck_assert_uint_eq(status.beat, before.beat);
	sem_post(&vfs.go_on);
	wait_written(worker, &status);
	ck_assert_uint_eq(status.commits, 2);
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	assert_kept(&b, 99);
	fault_vfs_remove(&vfs);
	fixture_end(&b);
}
END_TEST

START_TEST(test_stopping_on_a_failing_disk)
{
	struct mm_store_status status;
	struct mm_store_worker *worker;
	struct fault_vfs vfs;
	struct fixture b;
	unsigned hits;

	fault_vfs_install(&vfs);
	worker = begin(&b);
	queue_n(worker, 0);
	wait_written(worker, &status);
	fault_vfs_set(&vfs, FAULT_WRITE_EIO, 0, UINT_MAX);
	queue_n(worker, 1);
	while (status.failures == 0) {
		wait_event(worker);
		mm_store_worker_status(worker, &status);
	}
	hits = fault_vfs_hits(&vfs);
	ck_assert_int_eq(mm_store_worker_free(worker), -EIO);
	ck_assert_uint_gt(fault_vfs_hits(&vfs), hits);
	fault_vfs_set(&vfs, FAULT_NONE, 0, 0);
	assert_kept(&b, 0);
	fault_vfs_remove(&vfs);
	fixture_end(&b);
}
END_TEST

START_TEST(test_decrease_is_reported)
{
	struct mm_store_status status;
	struct fixture b;
	struct mm_store_worker *worker = begin(&b);

	queue_n(worker, 5);
	wait_written(worker, &status);
	queue_n(worker, 4);
	while (status.failures == 0) {
		wait_event(worker);
		mm_store_worker_status(worker, &status);
	}
	ck_assert_int_eq(status.error, -ERANGE);
	ck_assert_int_eq(mm_store_worker_free(worker), -ERANGE);
	fixture_end(&b);
}
END_TEST

/* The thread shows life while it has nothing to do, and none while it is held up. */
START_TEST(test_beat)
{
	struct mm_store_status first, status;
	struct gate gate;
	struct fixture b;
	struct mm_store_worker *worker = begin(&b);

	mm_store_worker_status(worker, &first);
	do {
		poll(NULL, 0, 20);
		mm_store_worker_status(worker, &status);
	} while (status.beat < first.beat + 2);
	close_gate(worker, &gate);
	mm_store_worker_status(worker, &first);
	for (int64_t n = 0; n < 50; n++) {
		queue_n(worker, n);
		mm_store_worker_status(worker, &status);
		ck_assert_uint_eq(status.beat, first.beat);
	}
	sem_post(&gate.opened);
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	free_gate(&gate);
	fixture_end(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-worker");
	TCase *tcase = tcase_create("worker");
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_commits_become_durable);
	tcase_add_test(tcase, test_commits_are_known_by_their_number);
	tcase_add_test(tcase, test_waiting_commits_become_one);
	tcase_add_test(tcase, test_full_queues_keep_the_oldest);
	tcase_add_test(tcase, test_queries_run_between_commits);
	tcase_add_test(tcase, test_every_query_is_answered);
	tcase_add_test(tcase, test_clients_leave_room_for_our_own);
	tcase_add_test(tcase, test_failing_disk_is_tried_again);
	tcase_add_test(tcase, test_stalling_disk_holds_up_nobody);
	tcase_add_test(tcase, test_stopping_on_a_failing_disk);
	tcase_add_test(tcase, test_decrease_is_reported);
	tcase_add_test(tcase, test_beat);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
