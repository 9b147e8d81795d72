/* SPDX-License-Identifier: MIT */
/* The second copy: what goes in comes out, and whatever is damaged is never taken for something that was written. */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/magic.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/units.h"
#include "store/mirror.h"
#include "store/private.h"
#include "store/worker.h"
#include "fixture/slot_fixture.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define SLOT 16384

/* ---- A copy that fails ---- */

enum fault { FAULT_NONE, FAULT_EIO, FAULT_FULL, FAULT_SHORT, FAULT_SYNC, FAULT_READ, FAULT_COUNT, FAULT_STALL };

static struct {
	enum fault fault;
	unsigned times; /* calls that fail */
	unsigned hits;
	bool halved; /* a short write goes on with a failure */
	sem_t stalled, go_on;
} copy_fault;

static bool strikes(int fd, enum fault fault)
{
	char link[64], path[400];
	ssize_t n;

	if (copy_fault.fault != fault) {
		return false;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 5 || memcmp(path + n - 5, ".copy", 5) != 0) {
		return false;
	}
	if (copy_fault.hits >= copy_fault.times) {
		return false;
	}
	copy_fault.hits++;
	return true;
}

/* Files pass for an EEPROM that the kernel shows under /sys. */
static bool mirrors_are_devices;

/* These come before the C library's. */
int fstatfs(int fd, struct statfs *ret)
{
	(void)fd;
	*ret = (struct statfs){.f_type = mirrors_are_devices ? SYSFS_MAGIC : TMPFS_MAGIC};
	return 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t);

	*(void **)(&real) = dlsym(RTLD_NEXT, "pwrite64");
	if (strikes(fd, FAULT_EIO)) {
		errno = EIO;
		return -1;
	}
	if (strikes(fd, FAULT_FULL)) {
		errno = ENOSPC;
		return -1;
	}
	if (copy_fault.halved) {
		copy_fault.halved = false;
		errno = EIO;
		return -1;
	}
	if (count > 1 && strikes(fd, FAULT_SHORT)) {
		copy_fault.halved = true;
		count /= 2;
	}
	return real(fd, bytes, count, offset);
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
	ssize_t (*real)(int, void *, size_t, off_t);

	*(void **)(&real) = dlsym(RTLD_NEXT, "pread64");
	if (strikes(fd, FAULT_READ)) {
		errno = EIO;
		return -1;
	}
	return real(fd, bytes, count, offset);
}

int fdatasync(int fd)
{
	int (*real)(int);

	*(void **)(&real) = dlsym(RTLD_NEXT, "fdatasync");
	if (strikes(fd, FAULT_SYNC)) {
		errno = EIO;
		return -1;
	}
	if (strikes(fd, FAULT_STALL)) {
		sem_post(&copy_fault.stalled);
		while (sem_wait(&copy_fault.go_on) < 0) {
		}
	}
	return real(fd);
}

static void set_fault(enum fault fault, unsigned times)
{
	copy_fault.fault = fault;
	copy_fault.times = times;
	copy_fault.hits = 0;
	copy_fault.halved = false;
}

/* ---- Slots ---- */

static struct mm_mirror *open_mirror(const char *path)
{
	struct mm_mirror *copy = NULL;
	int r = mm_mirror_open(path, &copy);

	ck_assert_msg(r == 0, "%s: %s", path, strerror(-r));
	return copy;
}

static void write_n(struct mm_mirror *copy, uint64_t n)
{
	static struct mm_slot slot;

	fixture_slot(n, 1, 0, 0, &slot);
	ck_assert_int_eq(mm_mirror_write(copy, &slot), 0);
}

static void assert_newest(const char *path, uint64_t sequence, uint64_t previous)
{
	struct mm_mirror *copy = open_mirror(path);
	const struct mm_slot *slot = mm_mirror_newest(copy);
	struct mm_registers expected;

	ck_assert_ptr_nonnull(slot);
	ck_assert_uint_eq(slot->state.sequence, sequence);
	ck_assert_uint_eq(slot->previous, previous);
	fixture_registers((int64_t)sequence, 0, &expected);
	ck_assert_mem_eq(&slot->state.meter[0], &expected, sizeof(expected));
	mm_mirror_close(copy);
}

static void begin(struct fixture *b, char *path, size_t size)
{
	static struct mm_slot slot;

	fixture_begin(b);
	snprintf(path, size, "%s.copy", b->path);
	fixture_slot(1, 1, 0, 0, &slot);
	ck_assert_int_eq(mm_mirror_create(path, &slot), 0);
	assert_newest(path, 1, 0);
}

START_TEST(test_slots_are_written_in_turn)
{
	struct mm_mirror *copy;
	char path[320];
	struct stat before, after;
	struct fixture b;

	begin(&b, path, sizeof(path));
	ck_assert_int_eq(stat(path, &before), 0);
	copy = open_mirror(path);
	ck_assert(!mm_mirror_is_device(copy));
	ck_assert_int_eq(mm_mirror_slot_error(copy, 1), -ENODATA);
	write_n(copy, 5);
	write_n(copy, 6);
	mm_mirror_reread(copy);
	ck_assert_uint_eq(mm_mirror_newest(copy)->state.sequence, 6);
	write_n(copy, 9);
	mm_mirror_close(copy);
	mm_mirror_close(NULL);
	assert_newest(path, 9, 6);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_int_eq(before.st_size, after.st_size);
	ck_assert_int_eq(before.st_blocks, after.st_blocks);
	fixture_end(&b);
}
END_TEST

START_TEST(test_what_is_there_is_not_written_over)
{
	static struct mm_slot slot;
	struct mm_mirror *copy, *second = NULL;
	char path[320], none[330];
	struct fixture b;

	begin(&b, path, sizeof(path));
	fixture_slot(2, 1, 0, 0, &slot);
	ck_assert_int_eq(mm_mirror_create(path, &slot), -EEXIST);
	assert_newest(path, 1, 0);
	copy = open_mirror(path);
	ck_assert_int_eq(mm_mirror_open(path, &second), -EBUSY);
	mm_mirror_close(copy);
	snprintf(none, sizeof(none), "%s.none", path);
	ck_assert_int_eq(mm_mirror_open(none, &second), -ENOENT);
	ck_assert_int_eq(mm_mirror_open(b.dir, &second), -EISDIR);
	ck_assert_ptr_null(second);
	fixture_write(none, 0, "small", 5);
	copy = open_mirror(none);
	ck_assert_ptr_null(mm_mirror_newest(copy));
	ck_assert_int_eq(mm_mirror_slot_error(copy, 0), -ENOMSG);
	ck_assert_int_eq(mm_mirror_slot_error(copy, 1), -ENODATA);
	mm_mirror_close(copy);
	fixture_end(&b);
}
END_TEST

/* A partition or a chip is not ours because it was named: nothing is written over what is on it. Zeros give it free. */
START_TEST(test_a_device_that_holds_something_else_is_refused)
{
	static const char zeros[SLOT];
	struct mm_mirror *copy;
	char bytes[2 * SLOT];
	uint64_t before;
	struct fixture b;

	fixture_begin_with_copy(&b);
	memset(bytes, 'x', sizeof(bytes));
	fixture_write(b.copy, 0, bytes, sizeof(bytes));
	before = fixture_digest(&b);
	mirrors_are_devices = true;
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EXDEV);
	ck_assert_msg(strstr(b.error.text, "this device holds something else: write zeros over its begin"), "%s", b.error.text);
	ck_assert_uint_eq(fixture_digest(&b), before);
	fixture_write(b.copy, 0, zeros, SLOT);
	fixture_write(b.copy, SLOT, zeros, SLOT);
	mm_store_close(fixture_open(&b, 1));
	mirrors_are_devices = false;
	copy = open_mirror(b.copy);
	ck_assert_ptr_nonnull(mm_mirror_newest(copy));
	mm_mirror_close(copy);
	fixture_end(&b);
}
END_TEST

/* An EEPROM of 4 KB: smaller slots, the same rules. */
START_TEST(test_small_chip)
{
	static const char blank[4096];
	static struct mm_slot slot;
	struct mm_mirror *copy;
	char path[320];
	struct fixture b;

	fixture_begin(&b);
	snprintf(path, sizeof(path), "%s/eeprom", b.dir);
	fixture_write(path, 0, blank, sizeof(blank));
	copy = open_mirror(path);
	ck_assert_ptr_null(mm_mirror_newest(copy));
	for (uint64_t n = 1; n < 5; n++) {
		write_n(copy, n);
	}
	fixture_slot(5, 8, 0, 0, &slot);
	ck_assert_int_eq(mm_mirror_write(copy, &slot), -EFBIG);
	mm_mirror_close(copy);
	assert_newest(path, 4, 3);
	fixture_end(&b);
}
END_TEST

/* The power fails with some sectors of a write on the disk, in every combination. */
START_TEST(test_torn_write_leaves_the_other_slot)
{
	static uint8_t before[2 * SLOT], after[2 * SLOT];
	struct mm_mirror *copy;
	char path[320];
	struct fixture b;
	FILE *f;

	begin(&b, path, sizeof(path));
	copy = open_mirror(path);
	write_n(copy, 2);
	f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fread(before, 1, sizeof(before), f), sizeof(before));
	write_n(copy, 3);
	mm_mirror_close(copy);
	rewind(f);
	ck_assert_uint_eq(fread(after, 1, sizeof(after), f), sizeof(after));
	fclose(f);
	ck_assert_mem_eq(before + SLOT, after + SLOT, SLOT);
	/* In sectors of 128 bytes, so that there is something to tear. */
	for (unsigned mask = 0; mask < 256; mask++) {
		bool old = true, whole = true;

		fixture_write(path, 0, before, SLOT);
		for (unsigned i = 0; i < 8; i++) {
			bool differs = memcmp(before + 128 * i, after + 128 * i, 128) != 0;

			if (mask & (1u << i)) {
				fixture_write(path, 128 * (long)i, after + 128 * i, 128);
				old = old && !differs;
			} else {
				whole = whole && !differs;
			}
		}
		assert_newest(path, whole ? 3 : 2, whole ? 2 : 1);
		copy = open_mirror(path);
		ck_assert_int_eq(mm_mirror_slot_error(copy, 0), whole || old ? 0 : -EBADMSG);
		mm_mirror_close(copy);
	}
	fixture_end(&b);
}
END_TEST

/* ---- Under the register ---- */

#define COMMITS 8

static void assert_kept(struct fixture *b, int64_t n)
{
	struct fixture cut;

	fixture_copy(b, &cut);
	fixture_assert_stored(&cut, n);
	fixture_end(&cut);
}

/* The copy fails in commit number at, or from it on: the database does its work, and nothing that was acknowledged is lost. */
static void fail_at(enum fault fault, int64_t at, bool lasting)
{
	struct fixture b;
	struct mm_store *store = fixture_start_with_copy(&b, 1);

	for (int64_t n = 0; n < COMMITS; n++) {
		bool fails = lasting ? n >= at : n == at;
		uint64_t sequence = store->database_number;

		set_fault(fails ? fault : FAULT_NONE, UINT32_MAX);
		ck_assert_int_eq(fixture_mirror_n(store, n), 0);
		ck_assert_int_eq(copy_fault.hits > 0, fails);
		ck_assert_int_eq(store->mirror_error != 0, fails);
		ck_assert_int_eq(store->database_number != sequence, fails);
		set_fault(FAULT_NONE, 0);
		assert_kept(&b, n);
	}
	fixture_stop(&b, store);
}

START_TEST(test_register_goes_on_without_its_copy)
{
	unsigned points = 0;

	for (enum fault fault = FAULT_EIO; fault < FAULT_COUNT; fault++) {
		for (int64_t at = 0; at < COMMITS; at++) {
			fail_at(fault, at, false);
			fail_at(fault, at, true);
			points += 2;
		}
	}
	printf("faults of the copy: %u points, nothing lost\n", points);
}
END_TEST

/* Commit n, at a time; the copy suffices. */
static void commit_at(struct mm_store *store, int64_t n, int64_t boottime_s)
{
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	c.commit.boottime_ns = boottime_s * MM_NS_PER_S;
	c.commit.mirror_suffices = true;
	ck_assert_msg(mm_store_commit(store, &c.commit) == 0, "%s", store->db.error.text);
}

/* Where its file system is mounted late. */
START_TEST(test_copy_that_appears_is_begun)
{
	struct mm_store *store;
	char place[280];
	struct fixture b;

	fixture_begin(&b);
	snprintf(place, sizeof(place), "%s/later", b.dir);
	snprintf(b.copy, sizeof(b.copy), "%s/copy", place);
	store = fixture_open(&b, 1);
	ck_assert_int_eq(store->mirror_error, -ENOENT);
	commit_at(store, 0, 1000);
	ck_assert_uint_eq(store->database_number, store->number);
	ck_assert_int_eq(mkdir(place, 0700), 0);
	commit_at(store, 1, 1299);
	ck_assert_int_eq(store->mirror_error, -ENOENT);
	commit_at(store, 2, 1300);
	ck_assert_int_eq(store->mirror_error, 0);
	ck_assert_uint_lt(store->database_number, store->number);
	mm_store_close(store);
	fixture_assert_stored(&b, 2);
	fixture_end(&b);
}
END_TEST

/* It may be all that is left of the run before: the next start decides. */
START_TEST(test_copy_that_holds_more_is_not_written_over)
{
	struct mm_store *store;
	struct fixture b, cut;
	char elsewhere[330];

	store = fixture_start_with_copy(&b, 1);
	fixture_commit_n(store, 0, 1);
	for (int64_t n = 1; n < 10; n++) {
		commit_at(store, n, 1000 + n);
	}
	fixture_copy(&b, &cut);
	mm_store_close(store);
	snprintf(elsewhere, sizeof(elsewhere), "%s.aside", cut.copy);
	ck_assert_int_eq(rename(cut.copy, elsewhere), 0);
	ck_assert_int_eq(mkdir(cut.copy, 0700), 0);
	store = fixture_open(&cut, 1);
	ck_assert_int_eq(store->mirror_error, -EISDIR);
	fixture_assert_registers(store, 0, 0);
	ck_assert_int_eq(rmdir(cut.copy), 0);
	ck_assert_int_eq(rename(elsewhere, cut.copy), 0);
	commit_at(store, 1, 2000);
	commit_at(store, 2, 3000);
	ck_assert_int_eq(store->mirror_error, -EEXIST);
	ck_assert_uint_eq(store->database_number, store->number);
	mm_store_close(store);
	store = fixture_open(&cut, 1);
	fixture_assert_registers(store, 0, 9);
	ck_assert_int_eq(store->mirror_error, 0);
	mm_store_close(store);
	fixture_end(&cut);
	fixture_end(&b);
}
END_TEST

/* A copy that stalls for as long as it likes holds up the register's thread and nobody else; then it catches up. */
START_TEST(test_stalling_copy_holds_up_nobody)
{
	struct mm_store_worker *worker = NULL;
	struct mm_store_status status;
	struct fixture_commit c;
	struct fixture b;

	fixture_begin_with_copy(&b);
	sem_init(&copy_fault.stalled, 0, 0);
	sem_init(&copy_fault.go_on, 0, 0);
	ck_assert_int_eq(mm_store_worker_new(fixture_open(&b, 1), &worker), 0);
	set_fault(FAULT_STALL, 1);
	for (int64_t n = 0; n < 100; n++) {
		fixture_commit(n, 1, &c);
		c.commit.event_count = c.commit.row_count = 0;
		c.commit.mirror_suffices = true;
		ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), 0);
		if (n == 0) {
			while (sem_wait(&copy_fault.stalled) < 0) {
			}
		}
	}
	mm_store_worker_status(worker, &status);
	ck_assert(status.busy);
	ck_assert_int_eq(status.committed[0].delivered.uwh, 0);
	sem_post(&copy_fault.go_on);
	ck_assert_int_eq(mm_store_worker_free(worker), 0);
	set_fault(FAULT_NONE, 0);
	assert_kept(&b, 99);
	fixture_end(&b);
}
END_TEST

/* While the database fails the copy alone is written, and at once; what waited for the database gets there when it works again.
 */
START_TEST(test_full_disk_leaves_the_copy)
{
	struct mm_store_worker *worker = NULL;
	struct mm_store_status status;
	struct fixture_commit c;
	unsigned counts[20];
	uint64_t number;
	struct fixture b;
	struct mm_store *store = fixture_start_with_copy(&b, 1);

	number = mm_store_number(store);
	ck_assert_int_eq(sqlite3_exec(store->db.connection,
				      "CREATE TEMP TRIGGER full BEFORE UPDATE ON main.register BEGIN "
				      "SELECT RAISE(FAIL, 'full'); END",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(mm_store_worker_new(store, &worker), 0);
	for (int64_t n = 0; n < 10; n++) {
		fixture_commit(n, 1, &c);
		c.commit.mirror_suffices = n > 0;
		ck_assert_int_eq(mm_store_worker_commit(worker, &c.commit), 0);
		do {
			mm_store_worker_status(worker, &status);
		} while (status.committed[0].delivered.uwh != c.commit.meter[0].delivered.uwh || status.failures == 0);
	}
	ck_assert_int_lt(status.error, 0);
	ck_assert_int_eq(status.mirror_error, 0);
	ck_assert_uint_eq(status.durable, number);
	ck_assert(status.busy);
	assert_kept(&b, 9);
	ck_assert_int_lt(mm_store_worker_free(worker), 0);
	store = fixture_open(&b, 1);
	ck_assert_str_eq(mm_store_findings(store), "");
	ck_assert_uint_eq(mm_store_number(store), number + 10);
	fixture_assert_registers(store, 0, 9);
	ck_assert_int_eq(fixture_count(store, counts, 20), 9);
	for (int n = 0; n < 10; n++) {
		ck_assert_uint_eq(counts[n], 1);
	}
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-copy");
	TCase *tcase = tcase_create("copy"), *faults = tcase_create("faults");

	fixture_use_memory();
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_slots_are_written_in_turn);
	tcase_add_test(tcase, test_what_is_there_is_not_written_over);
	tcase_add_test(tcase, test_a_device_that_holds_something_else_is_refused);
	tcase_add_test(tcase, test_small_chip);
	tcase_add_test(tcase, test_copy_that_appears_is_begun);
	tcase_add_test(tcase, test_copy_that_holds_more_is_not_written_over);
	tcase_add_test(tcase, test_stalling_copy_holds_up_nobody);
	tcase_add_test(tcase, test_full_disk_leaves_the_copy);
	tcase_add_test(tcase, test_torn_write_leaves_the_other_slot);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(faults, "slow");
	tcase_set_timeout(faults, 600);
	tcase_add_test(faults, test_register_goes_on_without_its_copy);
	suite_add_tcase(suite, faults);
	return mm_run_suite(suite);
}
