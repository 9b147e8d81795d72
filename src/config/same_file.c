/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/private.h"

#define LINKS_MAX 8

/* The directory of a path, as realpath() takes it, and the name in it. */
static const char *split(const char *path, char ret_directory[static PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash) {
		strcpy(ret_directory, ".");
		return path;
	}
	snprintf(ret_directory, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return slash + 1;
}

/* One step of a link that may lead to nothing yet. False: path is no link. */
static bool follow(char path[static PATH_MAX])
{
	char target[PATH_MAX], directory[PATH_MAX], whole[2 * PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0) {
		return false;
	}
	target[length] = '\0';
	(void)split(path, directory); /* the directory is wanted, not the name */
	snprintf(whole, sizeof(whole), "%s/%s", target[0] == '/' ? "" : directory, target);
	if (strlen(whole) >= PATH_MAX) {
		return false;
	}
	strcpy(path, whole);
	return true;
}

/* The path without links and dots; the file itself need not be there. */
static void resolve(const char *path, char ret[static PATH_MAX])
{
	char directory[PATH_MAX], resolved[PATH_MAX], whole[2 * PATH_MAX];
	const char *name;

	snprintf(ret, PATH_MAX, "%s", path);
	for (int i = 0; i < LINKS_MAX && follow(ret); i++) {
	}
	name = split(ret, directory);
	if (realpath(directory, resolved)) {
		snprintf(whole, sizeof(whole), "%s/%s", resolved, name);
		snprintf(ret, PATH_MAX, "%.*s", PATH_MAX - 1, whole);
	}
}

bool mm_config_same_file(const char *a, const char *b)
{
	char path_a[PATH_MAX], path_b[PATH_MAX];
	struct stat stat_a, stat_b;

	if (stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0) {
		return (stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino) ||
		       (S_ISBLK(stat_a.st_mode) && S_ISBLK(stat_b.st_mode) && stat_a.st_rdev == stat_b.st_rdev);
	}
	resolve(a, path_a);
	resolve(b, path_b);
	return strcmp(path_a, path_b) == 0;
}
