/* SPDX-License-Identifier: MIT */
/*
 * kill -9 at random moments of a process that commits as fast as it can: what was acknowledged is there, nothing is there twice,
 * nothing went back. MM_KILL_ROUNDS (200) sets how often, MM_KILL_SEED (1) which moments.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/random.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define ROUNDS_A_REGISTER 10 /* then a new one, so that creating is hit too */
#define COMMITS_MAX 4096

/* Commits from n on and reports each, for ever. */
_Noreturn static void commit_away(const struct fixture *b, int64_t n, bool checkpoints, int report)
{
	struct mm_store *store = NULL;
	struct fixture_commit c;

	if (mm_store_open(b->path, NULL, FIXTURE_BOOT, b->meters, 1, NULL, &store) < 0) {
		_exit(1);
	}
	if (checkpoints && sqlite3_exec(store->db.connection, "PRAGMA wal_autocheckpoint = 8", NULL, NULL, NULL) != SQLITE_OK) {
		_exit(2);
	}
	for (; n < COMMITS_MAX; n++) {
		fixture_commit(n, 1, &c);
		if (mm_store_commit(store, &c.commit) < 0) {
			_exit(3);
		}
		if (write(report, &n, sizeof(n)) != sizeof(n)) {
			_exit(4);
		}
	}
	_exit(5);
}

/* Lets a child commit from n on, kills it after some acknowledgements and a little more; returns the last acknowledged. */
static int64_t kill_one(const struct fixture *b, int64_t n, bool checkpoints, unsigned acknowledgements, unsigned spins)
{
	int64_t last = n - 1;
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[0]);
		commit_away(b, n, checkpoints, fds[1]);
	}
	close(fds[1]);
	for (unsigned i = 0; i < acknowledgements; i++) {
		if (read(fds[0], &last, sizeof(last)) != sizeof(last)) {
			break; /* it has ended by itself: seen below */
		}
	}
	for (volatile unsigned i = 0; i < spins; i++) {
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (read(fds[0], &last, sizeof(last)) == sizeof(last)) {
	}
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "the child ended by itself: %d", WEXITSTATUS(status));
	return last;
}

/* Checks what is stored, the last acknowledged commit being known; returns the last that is there. */
static int64_t assert_kept(struct fixture *b, int64_t acknowledged)
{
	static unsigned counts[COMMITS_MAX];
	struct mm_store *store = fixture_open(b, 1);
	int64_t highest;

	fixture_assert_answer(store, "PRAGMA integrity_check", "ok");
	highest = fixture_count(store, counts, COMMITS_MAX);
	ck_assert_int_ge(highest, acknowledged);
	ck_assert_int_le(highest, acknowledged + 1);
	for (int64_t n = 0; n <= highest; n++) {
		ck_assert_uint_eq(counts[n], 1);
	}
	if (highest >= 0) {
		fixture_assert_registers(store, 0, highest);
	} else {
		fixture_assert_answer(store, "SELECT sum(delivered_uwh) FROM register", "0");
	}
	mm_store_close(store);
	return highest;
}

START_TEST(test_kill)
{
	unsigned rounds = fixture_number("MM_KILL_ROUNDS", 200);
	uint64_t state = fixture_number("MM_KILL_SEED", 1) * UINT64_C(2654435761) + 1;
	uint64_t commits = 0, unacknowledged = 0;
	int64_t highest = -1;
	struct fixture b, crash;

	fixture_begin(&b);
	for (unsigned round = 0; round < rounds; round++) {
		bool checkpoints = mm_random(&state) % 2 == 0, in_place = mm_random(&state) % 2 == 0;
		int64_t acknowledged, found;

		acknowledged = kill_one(&b, highest + 1, checkpoints, (unsigned)(mm_random(&state) % 20),
					(unsigned)(mm_random(&state) % 2000000));
		if (in_place) {
			found = assert_kept(&b, acknowledged);
		} else {
			/* The next child finds the register as this one left it. */
			fixture_copy(&b, &crash);
			found = assert_kept(&crash, acknowledged);
			fixture_end(&crash);
		}
		commits += (uint64_t)(found - highest);
		unacknowledged += found > acknowledged;
		highest = found;
		if (round % ROUNDS_A_REGISTER == ROUNDS_A_REGISTER - 1) {
			fixture_end(&b);
			fixture_begin(&b);
			highest = -1;
		}
	}
	fixture_end(&b);
	printf("%u kills, %llu commits; %llu were durable before they were acknowledged\n", rounds, (unsigned long long)commits,
	       (unsigned long long)unacknowledged);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-kill");
	TCase *tcase = tcase_create("kill");

	/* What is killed leaves its page cache behind, on whatever medium. */
	fixture_use_memory();
	tcase_set_timeout(tcase, 3600);
	tcase_set_tags(tcase, "slow");
	tcase_add_test(tcase, test_kill);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
