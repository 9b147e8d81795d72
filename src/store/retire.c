/* SPDX-License-Identifier: MIT */
#include "store/retire.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/count_of.h"
#include "base/file.h"

/* The files that SQLite takes for part of a database, after the database itself. */
static const char *const companions[] = {"", "-wal", "-journal", "-shm"};

#define RETIRED_MAX 1000

static bool exists(const char *path, const char *middle, const char *suffix)
{
	char name[PATH_MAX];
	struct stat st;

	return snprintf(name, sizeof(name), "%s%s%s", path, middle, suffix) >= (int)sizeof(name) || lstat(name, &st) == 0;
}

static int rename_to(const char *path, const char *middle, const char *suffix)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s%s", path, suffix) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s%s%s", path, middle, suffix) >= (int)sizeof(to)) {
		return -ENAMETOOLONG;
	}
	/* One after the other, also on the disk: after a crash the names show how far this came. */
	return mm_file_rename(from, to, MM_FILE_NEW);
}

/*
 * Is this name free for all that is there? Where the database went before a crash and its -wal did not, it is: they belong
 * together.
 */
static bool is_free(const char *path, const char *middle)
{
	for (size_t i = 0; i < COUNT_OF(companions); i++) {
		if (exists(path, "", companions[i]) && exists(path, middle, companions[i])) {
			return false;
		}
	}
	return !exists(path, "", "") || (!exists(path, middle, "-wal") && !exists(path, middle, "-journal"));
}

int mm_retire(const char *path)
{
	char middle[32] = "";
	int n, r = 0;

	for (n = 1; n < RETIRED_MAX; n++) {
		snprintf(middle, sizeof(middle), ".aside-%d", n);
		if (is_free(path, middle)) {
			break;
		}
	}
	for (size_t i = 0; i < COUNT_OF(companions) && r == 0; i++) {
		if (exists(path, "", companions[i])) {
			r = rename_to(path, middle, companions[i]);
		}
	}
	return r;
}

void mm_remove_leftovers(const char *path)
{
	for (size_t i = 0; i < COUNT_OF(companions); i++) {
		char name[PATH_MAX];

		if (snprintf(name, sizeof(name), "%s%s", path, companions[i]) < (int)sizeof(name)) {
			(void)unlink(name); /* what stays is in the way of nothing: the next one to be made begins by this */
		}
	}
}
