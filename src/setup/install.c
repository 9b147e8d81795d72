/* SPDX-License-Identifier: MIT */
/* The files: the configuration, and the unit's drop-in for a front end on the network. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/count_of.h"
#include "base/file.h"
#include "setup/private.h"

#define CONFIG_SIZE_MAX (1 << 20)
#define OLD_MAX 1000

/*
 * Where a path leads, which need not be there yet: what is there of it, without symbolic links, and then the rest. -ELOOP: a link
 * to nowhere, or .. behind what is not there.
 */
static int resolve(const char *path, char ret[static PATH_MAX])
{
	char whole[PATH_MAX], head[PATH_MAX], real[PATH_MAX], *rest;
	struct stat st;

	if (snprintf(whole, sizeof(whole), "%s%s", path[0] == '/' ? "" : "./", path) >= (int)sizeof(whole)) {
		return -ENAMETOOLONG;
	}
	strcpy(head, whole);
	while (!realpath(head, real)) {
		char *slash = strrchr(head, '/');

		if (errno != ENOENT) {
			return -errno;
		}
		if (!slash || strcmp(slash, "/..") == 0 || lstat(head, &st) == 0) {
			return -ELOOP;
		}
		slash[slash == head] = '\0';
	}
	rest = whole + strlen(head);
	if (snprintf(ret, PATH_MAX, "%s%s%s", strcmp(real, "/") == 0 ? "" : real, rest[0] == '\0' || rest[0] == '/' ? "" : "/",
		     rest) >= PATH_MAX) {
		return -ENAMETOOLONG;
	}
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];

	return strcmp(a, b) == 0 || (resolve(a, real_a) == 0 && resolve(b, real_b) == 0 && strcmp(real_a, real_b) == 0);
}

int mm_setup_files(const struct mm_setup_machine *machine, const char *config, struct mm_setup_files *ret)
{
	struct mm_setup_files files = {0};
	bool of_unit;

	if (asprintf(&files.config, "%s%s", machine->root, config ? config : machine->config_path) < 0) {
		files.config = NULL;
	}
	if (asprintf(&files.units_config, "%s%s", machine->root, machine->config_path) < 0) {
		files.units_config = NULL;
	}
	of_unit = files.config && files.units_config && is_same(files.config, files.units_config);
	if (of_unit && asprintf(&files.drop_in, "%s%s", machine->root, machine->drop_in_path) < 0) {
		files.drop_in = NULL;
	}
	if (!files.config || !files.units_config || (of_unit && !files.drop_in)) {
		mm_setup_files_free(&files);
		return -ENOMEM;
	}
	*ret = files;
	return 0;
}

void mm_setup_files_free(struct mm_setup_files *files)
{
	if (files) {
		free(files->config);
		free(files->units_config);
		free(files->drop_in);
	}
}

static int fail(struct mm_error *error, int r, const char *path)
{
	return mm_error_set(error, r, "%s: %s%s", path, strerror(-r),
			    r == -EACCES || r == -EPERM ? ": run it as root (sudo minimeter-setup)" : "");
}

int mm_setup_stay_below(const char *root, const struct mm_setup_files *files, struct mm_error *error)
{
	const char *const paths[] = {files->config, files->drop_in};
	char real_root[PATH_MAX], real[PATH_MAX];
	int r = root[0] != '\0' ? resolve(root, real_root) : 0;
	size_t length;

	if (r < 0) {
		return fail(error, r, root);
	}
	if (root[0] == '\0' || strcmp(real_root, "/") == 0) {
		return 0;
	}
	length = strlen(real_root);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		if (!paths[i]) {
			continue;
		}
		r = resolve(paths[i], real);
		if (r < 0 && r != -ELOOP) {
			return fail(error, r, paths[i]);
		}
		if (r < 0 || strncmp(real, real_root, length) != 0 || real[length] != '/') {
			return mm_error_set(error, -EXDEV,
					    "%s: a symbolic link or .. on its way leads out of %s, or nowhere: put a directory "
					    "or a relative link there",
					    paths[i], root);
		}
	}
	return 0;
}

/* Makes the directories that a path needs. */
static int make_directories(const char *path)
{
	char directory[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		if (mkdir(directory, 0755) < 0 && errno != EEXIST) {
			return -errno;
		}
	}
	return 0;
}

/* Keeps what is at path under a name that is free; nothing where nothing is there. */
static int keep_old(const char *path, FILE *out)
{
	char old[PATH_MAX], *bytes;
	size_t size;
	int r = mm_file_read(path, CONFIG_SIZE_MAX, 0, &bytes, &size);

	if (r < 0) {
		return r == -ENOENT ? 0 : r;
	}
	r = -EEXIST;
	for (int n = 1; r == -EEXIST && n <= OLD_MAX; n++) {
		char number[16] = "";

		if (n > 1) {
			snprintf(number, sizeof(number), "-%d", n);
		}
		snprintf(old, sizeof(old), "%.*s.old%s", PATH_MAX - 32, path, number);
		r = mm_file_replace(old, bytes, size, 0644, MM_FILE_NEW);
	}
	free(bytes);
	if (r == 0) {
		fprintf(out, "Kept the old one as %s\n", old);
	}
	return r;
}

int mm_setup_may_write(const char *path, struct mm_error *error)
{
	char directory[PATH_MAX];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	while ((slash = strrchr(directory, '/')) && slash > directory) {
		*slash = '\0';
		if (access(directory, F_OK) == 0) {
			return access(directory, W_OK) == 0 ? 0 : fail(error, -errno, directory);
		}
	}
	return 0; /* if something is wrong, writing says so */
}

static int write_config(const char *path, const struct mm_answers *answers, bool replace, FILE *out, struct mm_error *error)
{
	char *text = mm_answers_text(answers);
	int r = text ? make_directories(path) : -ENOMEM;

	if (r == 0 && replace) {
		r = keep_old(path, out);
	}
	if (r == 0) {
		r = mm_file_replace(path, text, strlen(text), 0644, replace ? 0 : MM_FILE_NEW);
	}
	free(text);
	if (r < 0) {
		return fail(error, r, path);
	}
	fprintf(out, "Wrote %s\n", path);
	return 0;
}

/* One that was written for another front end is removed: it opens the network for nothing. */
static int write_drop_in(const char *path, const char *uri, FILE *out, struct mm_error *error)
{
	char *text = mm_network_drop_in(uri);
	bool was_there = false;
	int r = 0;

	if (text) {
		r = make_directories(path);
		r = r < 0 ? r : mm_file_replace(path, text, strlen(text), 0644, 0);
	} else if (unlink(path) == 0) {
		was_there = true;
	} else if (errno != ENOENT && errno != ENOTDIR) {
		r = -errno;
	}
	if (r == 0 && (text || was_there)) {
		fprintf(out, "%s %s\n", text ? "Wrote" : "Removed", path);
	}
	free(text);
	return r < 0 ? fail(error, r, path) : 0;
}

int mm_setup_write(const struct mm_setup_files *files, const struct mm_answers *answers, bool replace, FILE *out,
		   struct mm_error *error)
{
	int r = write_config(files->config, answers, replace, out, error);

	return r < 0 || !files->drop_in ? r : write_drop_in(files->drop_in, mm_answer(answers, MM_ASK_URI, 0), out, error);
}
