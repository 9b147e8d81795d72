/* SPDX-License-Identifier: MIT */
/* A block device as the second copy of a register: taken where it is blank or ours, and otherwise not touched. Needs root. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define SIZE 65536

/* Takes the next free loop device for a file; its descriptor, or -errno. */
static int take_loop(int control, const char *path, int flags, char *ret_device, size_t device_size)
{
	struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};
	int number = ioctl(control, LOOP_CTL_GET_FREE), file, loop, r = 0;

	if (number < 0) {
		return -errno;
	}
	snprintf(ret_device, device_size, "/dev/loop%d", number);
	file = open(path, flags | O_CLOEXEC);
	loop = open(ret_device, flags | O_CLOEXEC);
	if (loop < 0 || ioctl(loop, LOOP_SET_FD, file) < 0 || ioctl(loop, LOOP_SET_STATUS64, &info) < 0) {
		r = -errno;
	}
	close(file);
	if (r < 0 && loop >= 0) {
		close(loop);
	}
	return r < 0 ? r : loop;
}

/* Puts size bytes of a character on a loop device, which is b's copy until the descriptor is closed. -1: there are none here. */
static int begin(struct fixture *b, char filling, size_t size, int flags)
{
	static char bytes[SIZE];
	char path[320];
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop = -EBUSY;

	fixture_begin(b);
	snprintf(path, sizeof(path), "%s/disk", b->dir);
	memset(bytes, filling, sizeof(bytes));
	fixture_write(path, 0, bytes, size);
	/* Somebody else can be faster. */
	for (int i = 0; i < 100 && loop == -EBUSY; i++) {
		loop = control < 0 ? -errno : take_loop(control, path, flags, b->copy, sizeof(b->copy));
	}
	if (control >= 0) {
		close(control);
	}
	if (loop < 0) {
		printf("skipped: no loop device (%s)\n", strerror(-loop));
		fixture_end(b);
		return -1;
	}
	return loop;
}

static void end(struct fixture *b, int loop)
{
	close(loop);
	fixture_end(b);
}

static void commit_n(struct mm_store *store, int64_t n)
{
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	c.commit.mirror_suffices = true;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
}

START_TEST(test_blank_device_is_taken)
{
	struct mm_store *store;
	struct fixture b, cut;
	int loop = begin(&b, 0, SIZE, O_RDWR);

	if (loop < 0) {
		return;
	}
	store = fixture_open(&b, 1);
	ck_assert_int_eq(store->mirror_error, 0);
	for (int64_t n = 0; n < 5; n++) {
		commit_n(store, n);
	}
	ck_assert_uint_lt(store->database_number, store->number);
	/* The power fails: what is beyond the database is on the device. */
	fixture_copy(&b, &cut);
	memcpy(cut.copy, b.copy, sizeof(cut.copy));
	mm_store_close(store);
	store = fixture_open(&cut, 1);
	ck_assert_str_eq(mm_store_findings(store), "");
	fixture_assert_registers(store, 0, 4);
	mm_store_close(store);
	fixture_end(&cut);
	end(&b, loop);
}
END_TEST

START_TEST(test_device_of_something_else_is_refused)
{
	struct fixture b;
	int loop = begin(&b, 'x', SIZE, O_RDWR);
	char found;

	if (loop < 0) {
		return;
	}
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EXDEV);
	ck_assert_ptr_nonnull(strstr(b.error.text, "write zeros over its begin"));
	for (off_t at = 0; at < SIZE; at += 512) {
		ck_assert_int_eq(pread(loop, &found, 1, at), 1);
		ck_assert_int_eq(found, 'x');
	}
	end(&b, loop);
}
END_TEST

START_TEST(test_device_of_another_meter_is_refused)
{
	struct fixture b, other;
	int loop = begin(&b, 0, SIZE, O_RDWR);

	if (loop < 0) {
		return;
	}
	mm_store_close(fixture_open(&b, 1));
	fixture_begin(&other);
	memcpy(other.copy, b.copy, sizeof(other.copy));
	other.meters[0] = other.meters[1];
	ck_assert_int_eq(fixture_open_fails(&other, 1), -EXDEV);
	ck_assert_ptr_nonnull(strstr(other.error.text, "of another meter"));
	fixture_end(&other);
	end(&b, loop);
}
END_TEST

/* As a mounted file system has it. */
START_TEST(test_device_in_use_is_refused)
{
	struct fixture b;
	int loop = begin(&b, 0, SIZE, O_RDWR), holder;

	if (loop < 0) {
		return;
	}
	holder = open(b.copy, O_RDONLY | O_EXCL | O_CLOEXEC);
	ck_assert_int_ge(holder, 0);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EBUSY);
	ck_assert_ptr_nonnull(strstr(b.error.text, "unmount it"));
	close(holder);
	end(&b, loop);
}
END_TEST

/* Too small, or read-only: a register that is there goes on without it, and says so. */
static const struct {
	size_t size;
	int flags;
} unusable[] = {
	{1024, O_RDWR},
	{SIZE, O_RDONLY},
};

START_TEST(test_device_that_is_no_use_is_gone_without)
{
	struct mm_store *store;
	struct fixture b;
	int loop = begin(&b, 0, unusable[_i].size, unusable[_i].flags);
	char device[sizeof(b.copy)];

	if (loop < 0) {
		return;
	}
	memcpy(device, b.copy, sizeof(device));
	b.copy[0] = '\0';
	mm_store_close(fixture_open(&b, 1));
	memcpy(b.copy, device, sizeof(device));
	store = fixture_open(&b, 1);
	ck_assert_int_lt(store->mirror_error, 0);
	commit_n(store, 0);
	ck_assert_uint_eq(store->database_number, store->number);
	mm_store_close(store);
	end(&b, loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-device");
	TCase *tcase = tcase_create("device");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_blank_device_is_taken);
	tcase_add_test(tcase, test_device_of_something_else_is_refused);
	tcase_add_test(tcase, test_device_of_another_meter_is_refused);
	tcase_add_test(tcase, test_device_in_use_is_refused);
	tcase_add_loop_test(tcase, test_device_that_is_no_use_is_gone_without, 0, MM_COUNT_OF(unusable));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
