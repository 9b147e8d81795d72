/* SPDX-License-Identifier: MIT */
/*
 * Backups. A new one is made whole under a name of its own, synced and checked before it takes the place of the last, which then
 * takes that of the one before. It takes seconds on a slow card: what the second copy can take is written meanwhile.
 */
#include "store/mirror.h"
#include "store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A millisecond or so of SQLite's work on a small board. */
#define STEPS 2000
/* So much is synced at a time, so that no single sync takes long. */
#define SYNC_BYTES (1 << 20)

struct progress {
	struct mm_store *reg;
	int fd; /* of the file that grows */
	off_t synced;
};

static int on_progress(void *userdata)
{
	struct progress *progress = userdata;
	struct stat st;

	if (progress->fd >= 0 && fstat(progress->fd, &st) == 0 && st.st_size - progress->synced >= SYNC_BYTES) {
		(void)fdatasync(progress->fd);
		progress->synced = st.st_size;
	}
	if (progress->reg->serve) {
		progress->reg->serve(progress->reg->serve_userdata);
	}
	return 0;
}

static int write_out(struct mm_store *reg, const char *to, struct progress *progress)
{
	sqlite3_stmt *stmt = NULL;
	int r = 0;

	sqlite3_progress_handler(reg->db, STEPS, on_progress, progress);
	if (sqlite3_prepare_v2(reg->db, "VACUUM INTO ?1", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, to, -1, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_DONE) {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_finalize(stmt);
	sqlite3_progress_handler(reg->db, 0, NULL, NULL);
	if (r == 0 && fsync(progress->fd) < 0) {
		r = mm_store_fail(reg, -errno, "can't sync the backup");
	}
	return r;
}

/* The first column of the only row; "" where there is none. */
static void ask(sqlite3 *db, const char *sql, char *ret, size_t size)
{
	sqlite3_stmt *stmt = NULL;

	ret[0] = '\0';
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);

		snprintf(ret, size, "%s", text ? text : "");
	}
	sqlite3_finalize(stmt);
}

/* Where the chains end says what is in it; it is the same as in the register, or older. */
#define HEAD "SELECT sequence || '/' || event || '/' || profile || '/' || hex(seal) FROM head"

/* Is the file a whole register? Its head goes to ret_head. */
static int check(const char *path, struct progress *progress, char *ret_head, size_t size)
{
	char answer[64];
	sqlite3 *db = NULL;
	int r = -EBADMSG;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_progress_handler(db, STEPS, on_progress, progress);
		ask(db, "PRAGMA integrity_check", answer, sizeof(answer));
		ask(db, HEAD, ret_head, size);
		r = strcmp(answer, "ok") == 0 && ret_head[0] != '\0' ? 0 : -EBADMSG;
	}
	sqlite3_close(db);
	return r;
}

static int check_new(struct mm_store *reg, const char *path, struct progress *progress)
{
	char expected[256], found[256];

	ask(reg->db, HEAD, expected, sizeof(expected));
	if (check(path, progress, found, sizeof(found)) < 0 || strcmp(expected, found) != 0) {
		return mm_store_fail(reg, -EIO, "the backup reads back otherwise than it was written");
	}
	return 0;
}

static int put_in_place(struct mm_store *reg, const char *made)
{
	char *newest = NULL, *older = NULL;
	int r = 0;

	if (asprintf(&newest, "%s%s", reg->path, mm_store_backup_suffix[0]) < 0 ||
	    asprintf(&older, "%s%s", reg->path, mm_store_backup_suffix[1]) < 0) {
		r = -ENOMEM;
	} else if ((rename(newest, older) < 0 && errno != ENOENT) || rename(made, newest) < 0) {
		r = mm_store_fail(reg, -errno, "can't name the backup");
	} else {
		r = mm_store_sync_directory(newest);
	}
	free(newest);
	free(older);
	return r;
}

int mm_store_backup(struct mm_store *reg)
{
	struct progress progress = {.reg = reg, .fd = -1};
	char *made;
	int r = 0;

	if (asprintf(&made, "%s%s.new", reg->path, mm_store_backup_suffix[0]) < 0) {
		return -ENOMEM;
	}
	progress.fd = open(made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (progress.fd < 0) {
		r = mm_store_fail(reg, -errno, "can't make a backup");
	}
	if (r == 0) {
		r = write_out(reg, made, &progress);
	}
	if (r == 0) {
		r = check_new(reg, made, &progress);
	}
	if (r == 0) {
		r = put_in_place(reg, made);
	}
	if (progress.fd >= 0) {
		close(progress.fd);
	}
	if (r < 0) {
		(void)unlink(made);
	}
	free(made);
	return r;
}

int64_t mm_store_backed_up(const struct mm_store *reg)
{
	char *newest;
	struct stat st;
	int64_t when = 0;

	if (asprintf(&newest, "%s%s", reg->path, mm_store_backup_suffix[0]) >= 0) {
		when = stat(newest, &st) == 0 ? (int64_t)st.st_mtime : 0;
		free(newest);
	}
	return when;
}

/* ---- Looking at all of it ---- */

static void inspect_database(struct mm_store *reg, struct mm_store_inspection *ret)
{
	struct progress progress = {.reg = reg, .fd = -1};
	char answer[64];

	sqlite3_progress_handler(reg->db, STEPS, on_progress, &progress);
	ask(reg->db, "PRAGMA integrity_check", answer, sizeof(answer));
	sqlite3_progress_handler(reg->db, 0, NULL, NULL);
	ret->error = strcmp(answer, "ok") == 0 ? 0 : -EBADMSG;
	snprintf(ret->text, sizeof(ret->text), "%s", ret->error ? "it is damaged inside" : "every page is whole");
}

static void inspect_copy(struct mm_store *reg, struct mm_store_inspection *ret)
{
	const struct mm_image *newest = NULL;

	ret->error = reg->copy_error;
	if (reg->copy) {
		mm_copy_reread(reg->copy);
		newest = mm_copy_newest(reg->copy);
	}
	if (ret->error == 0 && (!newest || newest->state.sequence != reg->number || !mm_copy_follows(reg->copy))) {
		ret->error = -EBADMSG;
	}
	if (ret->error) {
		snprintf(ret->text, sizeof(ret->text), "it does not hold what was written to it");
	} else {
		snprintf(ret->text, sizeof(ret->text), "it holds the newest state, %llu", (unsigned long long)reg->number);
	}
}

static int inspect_backup(struct mm_store *reg, const char *suffix, struct mm_store_inspection *ret)
{
	struct progress progress = {.reg = reg, .fd = -1};
	char head[256], when[32] = "", *path;
	struct stat st;
	struct tm tm;

	if (asprintf(&path, "%s%s", reg->path, suffix) < 0) {
		return -ENOMEM;
	}
	if (stat(path, &st) < 0) {
		ret->error = -errno;
		snprintf(ret->text, sizeof(ret->text), "%s", errno == ENOENT ? "there is none yet" : strerror(errno));
	} else {
		ret->error = check(path, &progress, head, sizeof(head));
		if (gmtime_r(&st.st_mtime, &tm)) {
			strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		}
		snprintf(ret->text, sizeof(ret->text), "%s, of %s", ret->error ? "it is damaged" : "every page is whole", when);
	}
	free(path);
	return 0;
}

int mm_store_inspect(struct mm_store *reg, unsigned number, struct mm_store_inspection *ret)
{
	unsigned first = reg->copy_path ? 2 : 1; /* of the backups */
	struct mm_store_inspection inspection = {.what = number == 0 ? "database" : "copy"};
	int r = 0;

	if (number >= first + MM_STORE_BACKUPS) {
		return -ENODATA;
	}
	if (number >= first) {
		inspection.what = mm_store_backup_suffix[number - first] + 1;
		r = inspect_backup(reg, mm_store_backup_suffix[number - first], &inspection);
	} else if (number == 0) {
		inspect_database(reg, &inspection);
	} else {
		inspect_copy(reg, &inspection);
	}
	if (r == 0) {
		*ret = inspection;
	}
	return r;
}
