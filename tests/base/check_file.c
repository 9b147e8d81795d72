/* SPDX-License-Identifier: MIT */
/*
 * Files that are whole or not at all. What a power cut leaves is tested where a file matters, on a disk that keeps only what
 * was synced (tests/crash_log.h); here: names, modes, links, and what is left where something fails.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture/suite.h"
#include "base/file.h"

struct fixture {
	char dir[32];
	char path[64], draft[64], other[64];
};

static struct fixture make(void)
{
	struct fixture f = {.dir = "/tmp/check_file.XXXXXX"};

	ck_assert_ptr_nonnull(mkdtemp(f.dir));
	snprintf(f.path, sizeof(f.path), "%s/file", f.dir);
	snprintf(f.draft, sizeof(f.draft), "%s/file.new", f.dir);
	snprintf(f.other, sizeof(f.other), "%s/other", f.dir);
	umask(022);
	return f;
}

static void clean(const struct fixture *f)
{
	(void)unlink(f->path);
	(void)unlink(f->draft);
	(void)unlink(f->other);
	ck_assert_int_eq(rmdir(f->dir), 0);
}

static void expect(const char *path, const char *text)
{
	char *bytes;
	size_t size;

	ck_assert_int_eq(mm_file_read(path, 100, 0, &bytes, &size), 0);
	ck_assert_uint_eq(size, strlen(text));
	ck_assert_str_eq(bytes, text);
	free(bytes);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(a_file_is_replaced)
{
	struct fixture f = make();

	ck_assert_int_eq(mm_file_replace(f.path, "one", 3, 0600, MM_FILE_NEW), 0);
	expect(f.path, "one");
	ck_assert_uint_eq(mode_of(f.path), 0600);
	ck_assert_int_eq(mm_file_replace(f.path, "two", 3, 0640, 0), 0);
	expect(f.path, "two");
	ck_assert_uint_eq(mode_of(f.path), 0640);
	ck_assert_int_eq(mm_file_replace(f.path, "", 0, 0666, MM_FILE_UNSYNCED), 0);
	expect(f.path, "");
	ck_assert_uint_eq(mode_of(f.path), 0644);
	ck_assert(!exists(f.draft));
	clean(&f);
}
END_TEST

START_TEST(a_new_file_takes_no_others_place)
{
	struct fixture f = make();

	ck_assert_int_eq(mm_file_replace(f.path, "one", 3, 0600, 0), 0);
	ck_assert_int_eq(mm_file_replace(f.path, "two", 3, 0600, MM_FILE_NEW), -EEXIST);
	expect(f.path, "one");
	ck_assert(!exists(f.draft));
	clean(&f);
}
END_TEST

START_TEST(what_a_crash_left_is_no_hindrance)
{
	struct fixture f = make();
	struct mm_draft *draft;

	ck_assert_int_eq(mm_file_replace(f.draft, "a longer half", 13, 0666, 0), 0);
	ck_assert_int_eq(mm_draft_new(f.path, 0600, &draft), 0);
	ck_assert_uint_eq(mode_of(f.draft), 0600);
	ck_assert_int_eq(mm_file_write(mm_draft_fd(draft), "whole", 5), 0);
	ck_assert(!exists(f.path));
	ck_assert_int_eq(mm_draft_publish(draft, 0), 0);
	mm_draft_free(draft);
	expect(f.path, "whole");
	clean(&f);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	struct fixture f = make();
	char *bytes;
	size_t size;

	ck_assert_int_eq(mm_file_replace(f.other, "theirs", 6, 0600, 0), 0);
	ck_assert_int_eq(symlink(f.other, f.draft), 0);
	ck_assert_int_eq(symlink(f.other, f.path), 0);
	expect(f.path, "theirs");
	ck_assert_int_eq(mm_file_read(f.path, 100, MM_FILE_NO_LINK, &bytes, &size), -ELOOP);
	ck_assert_int_eq(mm_file_replace(f.path, "ours", 4, 0600, 0), 0);
	expect(f.other, "theirs");
	expect(f.path, "ours");
	clean(&f);
}
END_TEST

START_TEST(a_draft_that_is_given_up_leaves_nothing)
{
	struct fixture f = make();
	struct mm_draft *draft;

	ck_assert_int_eq(mm_file_replace(f.path, "old", 3, 0600, 0), 0);
	ck_assert_int_eq(mm_draft_new(f.path, 0600, &draft), 0);
	ck_assert_str_eq(mm_draft_path(draft), f.draft);
	ck_assert(exists(f.draft));
	mm_draft_free(draft);
	mm_draft_free(NULL);
	ck_assert(!exists(f.draft));
	expect(f.path, "old");
	clean(&f);
}
END_TEST

START_TEST(failures_have_their_errno)
{
	struct fixture f = make();
	char below[96];

	snprintf(below, sizeof(below), "%s/nowhere/file", f.dir);
	ck_assert_int_eq(mm_file_replace(below, "x", 1, 0600, 0), -ENOENT);
	ck_assert_int_eq(mm_file_sync_directory(below), -ENOENT);
	ck_assert_int_eq(mm_file_sync_directory(f.path), 0);
	ck_assert_int_eq(mm_file_rename(f.path, f.other, 0), -ENOENT);
	ck_assert_int_eq(mkdir(f.draft, 0700), 0);
	ck_assert_int_eq(mm_file_replace(f.path, "x", 1, 0600, 0), -EEXIST);
	ck_assert_int_eq(rmdir(f.draft), 0);
	ck_assert_int_eq(mm_file_write(-1, "x", 1), -EBADF);
	clean(&f);
}
END_TEST

START_TEST(a_file_is_renamed)
{
	struct fixture f = make();

	ck_assert_int_eq(mm_file_replace(f.path, "one", 3, 0600, 0), 0);
	ck_assert_int_eq(mm_file_rename(f.path, f.other, MM_FILE_NEW), 0);
	ck_assert_int_eq(mm_file_replace(f.path, "two", 3, 0600, 0), 0);
	ck_assert_int_eq(mm_file_rename(f.path, f.other, MM_FILE_NEW), -EEXIST);
	expect(f.other, "one");
	ck_assert_int_eq(mm_file_rename(f.path, f.other, 0), 0);
	expect(f.other, "two");
	clean(&f);
}
END_TEST

START_TEST(only_whole_regular_files_are_read)
{
	struct fixture f = make();
	char *bytes = NULL;
	size_t size = 7;

	ck_assert_int_eq(mm_file_read(f.path, 100, 0, &bytes, &size), -ENOENT);
	ck_assert_int_eq(mm_file_replace(f.path, "a\0b", 3, 0600, 0), 0);
	ck_assert_int_eq(mm_file_read(f.path, 2, 0, &bytes, &size), -EFBIG);
	ck_assert_int_eq(mm_file_read(f.dir, 100, 0, &bytes, &size), -EISDIR);
	ck_assert_int_eq(mkfifo(f.other, 0600), 0);
	ck_assert_int_eq(mm_file_read(f.other, 100, 0, &bytes, &size), -ENOTSUP);
	ck_assert_ptr_null(bytes);
	ck_assert_uint_eq(size, 7);
	ck_assert_int_eq(mm_file_read(f.path, 3, 0, &bytes, &size), 0);
	ck_assert_uint_eq(size, 3);
	ck_assert_int_eq(memcmp(bytes, "a\0b", 4), 0);
	free(bytes);
	clean(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *tcase = tcase_create("whole");

	tcase_add_test(tcase, a_file_is_replaced);
	tcase_add_test(tcase, a_new_file_takes_no_others_place);
	tcase_add_test(tcase, what_a_crash_left_is_no_hindrance);
	tcase_add_test(tcase, a_link_is_not_followed);
	tcase_add_test(tcase, a_draft_that_is_given_up_leaves_nothing);
	tcase_add_test(tcase, failures_have_their_errno);
	tcase_add_test(tcase, a_file_is_renamed);
	tcase_add_test(tcase, only_whole_regular_files_are_read);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
