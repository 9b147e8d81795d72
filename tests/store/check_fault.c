/* SPDX-License-Identifier: MIT */
/*
 * A failing disk under the register, at every call of every kind: nothing acknowledged is lost, nothing is stored twice, and as
 * soon as the disk works again, so does the register. MM_FAULT_STEP (1) takes only one of so many calls.
 */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture/fault_vfs.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define COMMITS 12
/* Two commits a checkpoint, so that those fail as well. */
#define CHECKPOINT "PRAGMA wal_autocheckpoint = 8"

static int commit_n(struct mm_store *store, int64_t n)
{
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	return mm_store_commit(store, &c.commit);
}

static void assert_is_disk_error(int r, const char *message, enum fault fault, unsigned at)
{
	ck_assert_msg(r == -EIO || r == -ENOSPC || r == -EROFS, "%s, call %u: %d: %s", fault_name(fault), at, r, message);
	ck_assert_msg(strlen(message) > 0, "%s, call %u: no message", fault_name(fault), at);
}

/* What must be found where commits 0..acknowledged succeeded, and attempted was begun last. */
static void assert_kept(struct fixture *b, int64_t acknowledged, int64_t attempted, enum fault fault, unsigned at)
{
	unsigned counts[COMMITS + 1];
	struct mm_registers got, expected;
	struct mm_store *store = fixture_open(b, 1);
	int64_t highest = fixture_count(store, counts, COMMITS + 1);

	ck_assert_msg(highest >= acknowledged && highest <= attempted, "%s, call %u: commit %lld of %lld to %lld is the last",
		      fault_name(fault), at, (long long)highest, (long long)acknowledged, (long long)attempted);
	for (int64_t n = 0; n <= highest; n++) {
		ck_assert_msg(counts[n] == 1, "%s, call %u: commit %lld is there %u times", fault_name(fault), at, (long long)n,
			      counts[n]);
	}
	if (highest >= 0) {
		fixture_registers(highest, 0, &expected);
		ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
		if (got.profile.last_boot_ns == 0) { /* stored in the other run of the machine */
			expected.profile.last_boot_ns = 0;
		}
		ck_assert_mem_eq(&got, &expected, sizeof(got));
	}
	mm_store_close(store);
}

/* The process dies here, and the disk is sound again. */
static void assert_crash_keeps(struct fixture *b, int64_t acknowledged, int64_t attempted, enum fault fault, unsigned at)
{
	struct fixture crash;

	fixture_copy(b, &crash);
	assert_kept(&crash, acknowledged, attempted, fault, at);
	fixture_end(&crash);
}

/* Was there a call to fail, or is the sequence shorter? The disk is sound from here on. */
static bool struck(struct fault_vfs *vfs)
{
	bool hit = fault_vfs_hits(vfs) > 0;

	fault_vfs_set(vfs, FAULT_NONE, 0, 0);
	return hit;
}

/* Each fault at each call that there is, until one way through has no such call. Returns how many there were. */
static unsigned sweep(bool (*way)(struct fault_vfs *, enum fault, unsigned at, int, unsigned *), int variant, unsigned *failures)
{
	unsigned points = 0, step = fixture_number("MM_FAULT_STEP", 1);
	struct fault_vfs vfs;

	fault_vfs_install(&vfs);
	for (enum fault fault = FAULT_WRITE_FULL; fault < FAULT_COUNT; fault++) {
		for (unsigned at = fault % step; way(&vfs, fault, at, variant, failures); at += step) {
			points++;
		}
	}
	fault_vfs_remove(&vfs);
	return points;
}

/* A commit that fails has to succeed on a sound disk: at the second attempt, or, with a lasting fault, at the fourth. */
static bool commits(struct fault_vfs *vfs, enum fault fault, unsigned at, int lasting, unsigned *failures)
{
	bool hit = false;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	ck_assert_int_eq(sqlite3_exec(store->db.connection, CHECKPOINT, NULL, NULL, NULL), SQLITE_OK);
	fault_vfs_set(vfs, fault, at, lasting ? UINT_MAX : 1);
	for (int64_t n = 0; n < COMMITS; n++) {
		unsigned failed = 0;
		int r;

		while ((r = commit_n(store, n)) < 0) {
			assert_is_disk_error(r, store->db.error.text, fault, at);
			hit = struck(vfs) || hit;
			ck_assert_msg(hit && ++failed <= (lasting ? 3 : 1), "%s, call %u: failure %u on a sound disk: %s",
				      fault_name(fault), at, failed, store->db.error.text);
			assert_crash_keeps(&b, n - 1, n, fault, at);
			if (lasting && failed < 3) {
				fault_vfs_set(vfs, fault, 0, UINT_MAX);
			}
		}
		*failures += failed;
	}
	/* A checkpoint that failed is no failed commit. */
	hit = struck(vfs) || hit;
	assert_crash_keeps(&b, COMMITS - 1, COMMITS - 1, fault, at);
	mm_store_close(store);
	assert_kept(&b, COMMITS - 1, COMMITS - 1, fault, at);
	fixture_end(&b);
	return hit;
}

START_TEST(test_commits_survive_faults)
{
	unsigned points, failures = 0;
	bool lasting = _i != 0;

	points = sweep(commits, lasting, &failures);
	ck_assert_uint_gt(failures, 50);
	printf("%s faults in %d commits: %u points, %u failed attempts\n", lasting ? "lasting" : "single", COMMITS, points,
	       failures);
}
END_TEST

enum stage { STAGE_CREATE, STAGE_OPEN, STAGE_RECOVER, STAGE_COUNT };

/* Opens, commits and closes with one fault on the way. */
static bool opens(struct fault_vfs *vfs, enum fault fault, unsigned at, int stage, unsigned *failures)
{
	int64_t acknowledged = -1, attempted = -1;
	struct mm_store *store = NULL;
	struct fixture b, place;
	bool hit;
	int r;

	fixture_begin(&b);
	place = b;
	if (stage != STAGE_CREATE) {
		store = fixture_open(&b, 1);
		for (int64_t n = 0; n < 4; n++) {
			ck_assert_int_eq(commit_n(store, n), 0);
		}
		if (stage == STAGE_RECOVER) {
			fixture_copy(&b, &place);
		}
		mm_store_close(store);
		acknowledged = attempted = 3;
	}
	fault_vfs_set(vfs, fault, at, 1);
	r = mm_store_open(place.path, NULL, FIXTURE_OTHER_BOOT, place.meters, 1, &place.error, &store);
	if (r == 0) {
		attempted++;
		r = commit_n(store, attempted);
		acknowledged += r == 0;
		memcpy(place.error.text, store->db.error.text, sizeof(place.error.text));
		mm_store_close(store);
	}
	hit = struck(vfs);
	if (r < 0) {
		ck_assert(hit);
		assert_is_disk_error(r, place.error.text, fault, at);
		++*failures;
	}
	assert_kept(&place, acknowledged, attempted, fault, at);
	fixture_end(&b);
	return hit;
}

START_TEST(test_opening_survives_faults)
{
	static const char *const names[STAGE_COUNT] = {"creating", "opening", "recovering"};
	unsigned points, failures = 0;

	points = sweep(opens, _i, &failures);
	ck_assert_uint_gt(failures, 10);
	printf("single faults while %s: %u points, %u failures\n", names[_i], points, failures);
}
END_TEST

/* ---- Real file systems ---- */

/* Upgrades a register of version 2 with one fault on the way: it is as it was before, or of the new version. */
static bool upgrades(struct fault_vfs *vfs, enum fault fault, unsigned at, int unused, unsigned *failures)
{
	struct mm_store *store = NULL;
	struct fixture b;
	bool hit;
	int r;

	(void)unused;
	fixture_begin(&b);
	fixture_make_version_2(&b);
	fault_vfs_set(vfs, fault, at, 1);
	r = mm_store_open(b.path, NULL, FIXTURE_BOOT, b.meters, 2, &b.error, &store);
	if (r == 0) {
		mm_store_close(store);
	}
	hit = struck(vfs);
	if (r < 0) {
		ck_assert(hit);
		assert_is_disk_error(r, b.error.text, fault, at);
		++*failures;
	}
	store = fixture_open(&b, 2);
	fixture_assert_answer(store, "PRAGMA user_version", "3");
	fixture_assert_answer(store, "SELECT count(*) || ' ' || count(DISTINCT code) FROM event", "21 4");
	fixture_assert_answer(store, "SELECT count(*) || ' ' || sum(delivered_uwh) FROM profile", "12 42");
	fixture_assert_answer(store, "SELECT sum(delivered_uwh) FROM register", "10100044");
	fixture_stop(&b, store);
	return hit;
}

START_TEST(test_upgrading_survives_faults)
{
	unsigned points, failures = 0;

	points = sweep(upgrades, 0, &failures);
	ck_assert_uint_gt(failures, 10);
	printf("single faults while upgrading: %u points, %u failures\n", points, failures);
}
END_TEST

/* A small file system at b->dir of our own; false where this user may not have one. */
static bool small_disk(struct fixture *b)
{
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		printf("no file system of our own (%s): skipped\n", strerror(errno));
		return false;
	}
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", b->dir, "tmpfs", 0, "size=256k") < 0) {
		printf("no file system of our own (%s): skipped\n", strerror(errno));
		return false;
	}
	return true;
}

/* Takes all room there is. */
static void fill(const char *path)
{
	static const char block[1024] = {1};
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	setbuf(f, NULL);
	while (fwrite(block, sizeof(block), 1, f) == 1) {
	}
	fclose(f);
}

START_TEST(test_full_disk)
{
	unsigned counts[200];
	struct mm_store *store;
	char ballast[300];
	int64_t n = 0;
	struct fixture b;
	int r;

	fixture_begin(&b);
	if (!small_disk(&b)) {
		fixture_end(&b);
		return;
	}
	snprintf(ballast, sizeof(ballast), "%s/ballast", b.dir);
	fill(ballast);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(b.error.text, "free some space"));
	ck_assert_int_eq(truncate(ballast, 0), 0);

	store = fixture_open(&b, 1);
	ck_assert_int_eq(commit_n(store, n), 0);
	fill(ballast);
	do {
		n++;
		ck_assert_int_lt(n, 200);
		r = commit_n(store, n);
	} while (r == 0);
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_int_eq(commit_n(store, n), -ENOSPC);
	ck_assert_int_eq(fixture_count(store, counts, 200), n - 1);
	ck_assert_int_eq(truncate(ballast, 0), 0);
	ck_assert_int_eq(commit_n(store, n), 0);
	fill(ballast);
	/* Nothing but the log is left to be written. */
	mm_store_close(store);
	ck_assert_int_eq(truncate(ballast, 0), 0);
	store = fixture_open(&b, 1);
	ck_assert_int_eq(fixture_count(store, counts, 200), n);
	mm_store_close(store);
	ck_assert_int_eq(umount2(b.dir, MNT_DETACH), 0);
	fixture_end(&b);
}
END_TEST

START_TEST(test_read_only_disk)
{
	struct fixture b;

	fixture_begin(&b);
	if (!small_disk(&b)) {
		fixture_end(&b);
		return;
	}
	mm_store_close(fixture_open(&b, 1));
	ck_assert_int_eq(mount("none", b.dir, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EROFS);
	ck_assert_ptr_nonnull(strstr(b.error.text, "mount it writable"));
	snprintf(b.path, sizeof(b.path), "%s/another.db", b.dir);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EROFS);
	ck_assert_ptr_nonnull(strstr(b.error.text, "another.db.new"));
	ck_assert_int_eq(umount2(b.dir, MNT_DETACH), 0);
	fixture_end(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-fault");
	TCase *tcase = tcase_create("faults");
	TCase *slow = tcase_create("every fault");

	fixture_use_memory();
	tcase_set_timeout(tcase, 1200);
	tcase_set_timeout(slow, 1200);
	tcase_set_tags(slow, "slow");
	tcase_add_loop_test(slow, test_commits_survive_faults, 0, 2);
	tcase_add_loop_test(slow, test_opening_survives_faults, 0, STAGE_COUNT);
	tcase_add_test(slow, test_upgrading_survives_faults);
	tcase_add_test(tcase, test_full_disk);
	tcase_add_test(tcase, test_read_only_disk);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
