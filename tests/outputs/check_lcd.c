/* SPDX-License-Identifier: MIT */

/* The display: a regular file, and a named pipe standing for the character device. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outputs/outputs.h"
#include "fixture/suite.h"

struct fixture {
	char directory[32], path[40];
};

static struct fixture *make_directory(struct fixture *f)
{
	strcpy(f->directory, "/tmp/check_lcd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/lcd", f->directory);
	return f;
}

static void remove_directory(struct fixture *f)
{
	unlink(f->path);
	ck_assert_int_eq(rmdir(f->directory), 0); /* nothing is left behind in it */
}

static struct mm_lcd *must_make(const char *at)
{
	struct mm_lcd *lcd = NULL;

	ck_assert_int_eq(mm_lcd_new(at, &lcd), 0);
	return lcd;
}

/* Waits for the attempt that is under way; the test's time limit ends a wait in vain. */
static void await_error(struct mm_lcd *lcd, int error)
{
	while (mm_lcd_error(lcd) != error) {
		poll(NULL, 0, 1);
	}
}

/* ---- A regular file ---- */

/* Tells when a file has been moved into the directory. */
static int watch_directory(struct fixture *f)
{
	int fd = inotify_init1(IN_CLOEXEC);

	ck_assert_int_ge(inotify_add_watch(fd, f->directory, IN_MOVED_TO), 0);
	return fd;
}

static void await_move(int watch)
{
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];

	ck_assert_int_gt(read(watch, event, sizeof(event)), 0);
}

static void expect_file(struct fixture *f, const char *text)
{
	char buffer[128];
	FILE *file = fopen(f->path, "r");

	ck_assert_ptr_nonnull(file);
	buffer[fread(buffer, 1, sizeof(buffer) - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(buffer, text);
}

START_TEST(file_is_replaced)
{
	struct fixture fixture, *f = make_directory(&fixture);
	static const struct {
		const char *line1;
		const char *line2;
		const char *text;
	} cases[] = {
		{"", "", "\n\n"},
		{"000123.4 kWh", "1234 W", "000123.4 kWh\n1234 W\n"},
		{"000123.4 kWh", "1235 W", "000123.4 kWh\n1235 W\n"},
		{"12345678901234567890123", "abcdefghijklmnopqrstuvw", "12345678901234567890\nabcdefghijklmnopqrst\n"},
		{"\033[LI\f\n", "\303\244\177", "?[LI??\n???\n"},
	};
	struct stat status;

	umask(077);
	int watch = watch_directory(f);
	struct mm_lcd *lcd = must_make(f->path);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mm_lcd_show(lcd, cases[i].line1, cases[i].line2);
		await_move(watch);
		expect_file(f, cases[i].text);
	}
	ck_assert_int_eq(stat(f->path, &status), 0);
	ck_assert_uint_eq(status.st_mode, S_IFREG | 0644);
	mm_lcd_free(lcd);
	close(watch);
	remove_directory(f);
}
END_TEST

START_TEST(file_error_and_recovery)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make(f->path);

	ck_assert_int_eq(rmdir(f->directory), 0);
	mm_lcd_show(lcd, "a", "b");
	await_error(lcd, -ENOENT);
	ck_assert_int_eq(mkdir(f->directory, 0700), 0);
	mm_lcd_show(lcd, "a", "b"); /* the same text: it has not been shown yet */
	await_error(lcd, 0);
	expect_file(f, "a\nb\n");
	mm_lcd_free(lcd);
	remove_directory(f);
}
END_TEST

START_TEST(file_cannot_be_replaced)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make("/dev/full/lcd");

	mm_lcd_show(lcd, "a", "b");
	await_error(lcd, -ENOTDIR);
	mm_lcd_free(lcd);
	remove_directory(f);
}
END_TEST

/* ---- A device ---- */

static void expect_read(int fd, const char *text)
{
	char buffer[128];
	ssize_t length = read(fd, buffer, sizeof(buffer) - 1);

	ck_assert_int_ge(length, 0);
	buffer[length] = '\0';
	ck_assert_str_eq(buffer, text);
}

START_TEST(device_text)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make(f->path);

	ck_assert_int_eq(mkfifo(f->path, 0600), 0);
	mm_lcd_show(lcd, "000123.4 kWh", "1234 W");
	int fd = open(f->path, O_RDONLY);
	expect_read(fd, "\f000123.4 kWh\n1234 W");
	await_error(lcd, 0);
	mm_lcd_show(lcd, "000123.4 kWh", "1234 W"); /* no change: would only flicker */
	mm_lcd_show(lcd, "000123.5 kWh", "1234 W");
	expect_read(fd, "\f000123.5 kWh\n1234 W");
	mm_lcd_free(lcd);
	expect_read(fd, "");
	close(fd);
	remove_directory(f);
}
END_TEST

START_TEST(device_reopened_after_error)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make(f->path);

	ck_assert_int_eq(mkfifo(f->path, 0600), 0);
	mm_lcd_show(lcd, "1", "");
	int fd = open(f->path, O_RDONLY);
	expect_read(fd, "\f1\n");
	close(fd);
	mm_lcd_show(lcd, "2", ""); /* nobody reads: EPIPE, and SIGPIPE kills nobody */
	await_error(lcd, -EPIPE);
	mm_lcd_show(lcd, "2", "");
	fd = open(f->path, O_RDONLY);
	expect_read(fd, "\f2\n");
	mm_lcd_free(lcd);
	close(fd);
	remove_directory(f);
}
END_TEST

START_TEST(device_not_there)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make("/dev/minimeter-no-lcd");

	mm_lcd_show(lcd, "1", "");
	await_error(lcd, -ENOENT);
	ck_assert_int_ne(access("/dev/minimeter-no-lcd", F_OK), 0); /* not made as a file */
	mm_lcd_free(lcd);
	remove_directory(f);
}
END_TEST

/* Makes a pipe that is full, so that the display's write hangs, and returns its reading end once "first" is being written. */
static int block_first(struct fixture *f, struct mm_lcd *lcd)
{
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	int watch = inotify_init1(IN_CLOEXEC);

	ck_assert_int_eq(mkfifo(f->path, 0600), 0);
	int reader = open(f->path, O_RDONLY | O_NONBLOCK);
	int writer = open(f->path, O_WRONLY | O_NONBLOCK);
	while (write(writer, "#", 1) == 1) {
	}
	ck_assert_int_ge(inotify_add_watch(watch, f->path, IN_OPEN), 0);
	mm_lcd_show(lcd, "first", "");
	ck_assert_int_gt(read(watch, event, sizeof(event)), 0);
	close(writer);
	close(watch);
	fcntl(reader, F_SETFL, 0);
	return reader;
}

/* Reads up to the end of text, leaving out what filled the pipe. */
static void expect_after_filling(int fd, const char *text)
{
	for (const char *c = text; *c != '\0';) {
		char byte;
		ck_assert_int_eq(read(fd, &byte, 1), 1);
		if (byte != '#') {
			ck_assert_int_eq(byte, *c++);
		}
	}
}

START_TEST(newest_wins)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make(f->path);
	int fd = block_first(f, lcd);

	mm_lcd_show(lcd, "second", "");
	mm_lcd_show(lcd, "last", "");
	expect_after_filling(fd, "\ffirst\n\flast\n");
	mm_lcd_free(lcd);
	expect_read(fd, "");
	close(fd);
	remove_directory(f);
}
END_TEST

START_TEST(blocked_at_free)
{
	struct fixture fixture, *f = make_directory(&fixture);
	struct mm_lcd *lcd = must_make(f->path);
	int fd = block_first(f, lcd);

	mm_lcd_show(lcd, "second", "");
	mm_lcd_free(lcd);
	/* When the device is free again, what was being written comes out, nothing more, and the device is let go. */
	expect_after_filling(fd, "\ffirst\n");
	expect_read(fd, "");
	close(fd);
	mm_lcd_free(NULL);
	remove_directory(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lcd");
	TCase *file = tcase_create("file");
	TCase *device = tcase_create("device");

	tcase_add_test(file, file_is_replaced);
	tcase_add_test(file, file_error_and_recovery);
	tcase_add_test(file, file_cannot_be_replaced);
	suite_add_tcase(suite, file);

	tcase_add_test(device, device_text);
	tcase_add_test(device, device_reopened_after_error);
	tcase_add_test(device, device_not_there);
	tcase_add_test(device, newest_wins);
	tcase_add_test(device, blocked_at_free);
	suite_add_tcase(suite, device);

	return mm_run_suite(suite);
}
