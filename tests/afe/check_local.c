/* SPDX-License-Identifier: MIT */
/* Attributes of a device on this machine, in a sysfs of the test's own. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "afe/iio_device.h"
#include "fixture/suite.h"

#define BUS "/sys/bus"
#define DEVICE BUS "/iio/devices/iio:device0"

/* In place, as sysfs gives what is there when it is asked. */
static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* A device with two attributes; false: this machine doesn't let us. */
static bool make_device(void)
{
	static const char *const directories[] = {BUS "/iio", BUS "/iio/devices", DEVICE};

	if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", BUS, "tmpfs", 0, NULL) < 0) {
		printf("no sysfs of our own (%s): skipped\n", strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < COUNT_OF(directories); i++) {
		ck_assert_int_eq(mkdir(directories[i], 0700), 0);
	}
	put(DEVICE "/name", "ade9000-minimeter\n");
	put(DEVICE "/window", "1 2 3\n");
	put(DEVICE "/in_voltage0_raw", "-5\n");
	return true;
}

static void open_device(struct mm_iio_device *device, struct mm_iio_attr *window, struct mm_iio_attr *voltage)
{
	struct mm_error error;

	ck_assert_int_eq(mm_iio_device_open(device, "local:", "ade9000", &error), 0);
	ck_assert_int_eq(mm_iio_device_find(device, "window", window), 0);
	ck_assert_int_eq(mm_iio_device_find(device, "in_voltage0_raw", voltage), 0);
}

START_TEST(their_files_stay_open_and_are_read_anew)
{
	struct mm_iio_device device;
	struct mm_iio_attr window, voltage;
	int64_t code;
	char text[32];

	if (!make_device()) {
		return;
	}
	open_device(&device, &window, &voltage);
	ck_assert_int_eq(mm_iio_device_read_s64(&device, &voltage, &code), 0);
	ck_assert_int_eq(code, -5);
	ck_assert_int_eq(mm_iio_device_read_text(&device, &window, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "1 2 3");
	put(DEVICE "/window", "1000 2000 3000\n");
	ck_assert_int_eq(mm_iio_device_read_text(&device, &window, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "1000 2000 3000");
	/* Nobody opens it again. */
	ck_assert_int_eq(unlink(DEVICE "/in_voltage0_raw"), 0);
	ck_assert_int_eq(mm_iio_device_read_s64(&device, &voltage, &code), 0);
	ck_assert_int_eq(code, -5);
	mm_iio_device_close(&device);
	ck_assert_int_eq(fcntl(window.fd, F_GETFD), -1);
	ck_assert_int_eq(fcntl(voltage.fd, F_GETFD), -1);
}
END_TEST

START_TEST(what_is_too_much_to_keep_open_is_read_all_the_same)
{
	struct mm_iio_device device;
	struct mm_iio_attr window, voltage;
	int64_t code;

	if (!make_device()) {
		return;
	}
	open_device(&device, &window, &voltage);
	for (unsigned i = 2; i < MM_IIO_FILES_MAX; i++) {
		ck_assert_int_eq(mm_iio_device_find(&device, "window", &window), 0);
		ck_assert_int_ge(window.fd, 0);
	}
	ck_assert_int_eq(mm_iio_device_find(&device, "in_voltage0_raw", &voltage), 0);
	ck_assert_int_eq(voltage.fd, -1);
	ck_assert_int_eq(mm_iio_device_read_s64(&device, &voltage, &code), 0);
	ck_assert_int_eq(code, -5);
	mm_iio_device_close(&device);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("local");
	TCase *tcase = tcase_create("local");

	tcase_add_test(tcase, their_files_stay_open_and_are_read_anew);
	tcase_add_test(tcase, what_is_too_much_to_keep_open_is_read_all_the_same);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
