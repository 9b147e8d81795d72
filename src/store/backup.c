/* SPDX-License-Identifier: MIT */
/*
 * Backups. A new one is made whole under a name of its own, synced and checked before it takes the place of the last, which then
 * takes that of the one before. It takes seconds on a slow card: what the second copy can take is written meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time_text.h"
#include "store/database.h"
#include "store/mirror.h"
#include "store/private.h"

const char *const mm_backup_suffix[MM_BACKUPS] = {".backup", ".backup-old"};

/* A millisecond or so of SQLite's work on a small board. */
#define STEPS 2000
/* So much is synced at a time, so that no single sync takes long. */
#define SYNC_BYTES (1 << 20)

struct progress {
	struct mm_store *store;
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
	if (progress->store->meanwhile) {
		progress->store->meanwhile(progress->store->meanwhile_userdata);
	}
	return 0;
}

static int write_out(struct mm_db *db, const char *to, struct progress *progress)
{
	sqlite3_stmt *stmt = NULL;
	int r = 0;

	sqlite3_progress_handler(db->connection, STEPS, on_progress, progress);
	if (sqlite3_prepare_v2(db->connection, "VACUUM INTO ?1", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, to, -1, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(stmt) != SQLITE_DONE) {
		r = mm_db_fail_sql(db);
	}
	sqlite3_finalize(stmt);
	sqlite3_progress_handler(db->connection, 0, NULL, NULL);
	if (r == 0 && fsync(progress->fd) < 0) {
		r = mm_db_fail(db, -errno, "can't sync the backup");
	}
	return r;
}

/* Where the chains end says what is in it; it is the same as in the register, or older. */
#define END "SELECT sequence || '/' || event || '/' || profile || '/' || hex(seal) FROM head"

/* Is the file a whole database? Where its chains end goes to ret_end. */
static int check(char *path, struct progress *progress, char *ret_end, size_t size)
{
	struct mm_db db = {.path = path};
	int r = -EBADMSG;

	ret_end[0] = '\0';
	if (sqlite3_open_v2(path, &db.connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_progress_handler(db.connection, STEPS, on_progress, progress);
		if (mm_database_check(&db) == 0 && mm_db_ask(&db, END, ret_end, size) == 0 && ret_end[0] != '\0') {
			r = 0;
		}
	}
	sqlite3_close(db.connection);
	return r;
}

static int check_new(struct mm_db *db, char *path, struct progress *progress)
{
	char expected[256], found[256];
	int r = mm_db_ask(db, END, expected, sizeof(expected));

	if (r == 0 && (check(path, progress, found, sizeof(found)) < 0 || strcmp(expected, found) != 0)) {
		r = mm_db_fail(db, -EIO, "the backup reads back otherwise than it was written");
	}
	return r;
}

static int put_in_place(struct mm_db *db, const char *made)
{
	char newest[PATH_MAX], older[PATH_MAX];
	int r;

	if (snprintf(newest, sizeof(newest), "%s%s", db->path, mm_backup_suffix[0]) >= (int)sizeof(newest) ||
	    snprintf(older, sizeof(older), "%s%s", db->path, mm_backup_suffix[1]) >= (int)sizeof(older)) {
		return mm_db_fail(db, -ENAMETOOLONG, "can't name the backup");
	}
	r = mm_file_rename(newest, older, MM_FILE_UNSYNCED);
	r = r < 0 && r != -ENOENT ? r : mm_file_rename(made, newest, 0);
	return r < 0 ? mm_db_fail(db, r, "can't name the backup") : 0;
}

int mm_store_backup(struct mm_store *store)
{
	struct progress progress = {.store = store, .fd = -1};
	char *made;
	int r = 0;

	if (asprintf(&made, "%s%s.new", store->db.path, mm_backup_suffix[0]) < 0) {
		return -ENOMEM;
	}
	progress.fd = open(made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (progress.fd < 0) {
		r = mm_db_fail(&store->db, -errno, "can't make a backup");
	}
	if (r == 0) {
		r = write_out(&store->db, made, &progress);
	}
	if (r == 0) {
		r = check_new(&store->db, made, &progress);
	}
	if (r == 0) {
		r = put_in_place(&store->db, made);
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

int64_t mm_store_backed_up(const struct mm_store *store)
{
	char *newest;
	struct stat st;
	int64_t when = 0;

	if (asprintf(&newest, "%s%s", store->db.path, mm_backup_suffix[0]) >= 0) {
		when = stat(newest, &st) == 0 ? (int64_t)st.st_mtime : 0;
		free(newest);
	}
	return when;
}

/* ---- Looking at all of it ---- */

static void inspect_database(struct mm_store *store, struct mm_store_inspection *ret)
{
	struct progress progress = {.store = store, .fd = -1};

	sqlite3_progress_handler(store->db.connection, STEPS, on_progress, &progress);
	ret->error = mm_database_check(&store->db) == 0 ? 0 : -EBADMSG;
	sqlite3_progress_handler(store->db.connection, 0, NULL, NULL);
	snprintf(ret->text, sizeof(ret->text), "%s", ret->error ? "it is damaged inside" : "every page is whole");
}

static void inspect_mirror(struct mm_store *store, struct mm_store_inspection *ret)
{
	const struct mm_slot *newest = NULL;

	ret->error = store->mirror_error;
	if (store->mirror) {
		mm_mirror_reread(store->mirror);
		newest = mm_mirror_newest(store->mirror);
	}
	if (ret->error == 0 && (!newest || newest->state.sequence != store->number || !mm_mirror_follows(store->mirror))) {
		ret->error = -EBADMSG;
	}
	if (ret->error) {
		snprintf(ret->text, sizeof(ret->text), "it does not hold what was written to it");
	} else {
		snprintf(ret->text, sizeof(ret->text), "it holds the newest state, %llu", (unsigned long long)store->number);
	}
}

static int inspect_backup(struct mm_store *store, const char *suffix, struct mm_store_inspection *ret)
{
	struct progress progress = {.store = store, .fd = -1};
	char end[256], when[MM_TIME_TEXT_MAX], *path;
	struct stat st;

	if (asprintf(&path, "%s%s", store->db.path, suffix) < 0) {
		return -ENOMEM;
	}
	if (stat(path, &st) < 0) {
		ret->error = -errno;
		snprintf(ret->text, sizeof(ret->text), "%s", errno == ENOENT ? "there is none yet" : strerror(errno));
	} else {
		ret->error = check(path, &progress, end, sizeof(end));
		snprintf(ret->text, sizeof(ret->text), "%s, of %s", ret->error ? "it is damaged" : "every page is whole",
			 mm_time_text(st.st_mtime, when));
	}
	free(path);
	return 0;
}

int mm_store_inspect(struct mm_store *store, unsigned number, struct mm_store_inspection *ret)
{
	unsigned first = store->mirror_path ? 2 : 1; /* of the backups */
	struct mm_store_inspection inspection = {.what = number == 0 ? "database" : "copy"};
	int r = 0;

	if (number >= first + MM_BACKUPS) {
		return -ENODATA;
	}
	if (number >= first) {
		inspection.what = mm_backup_suffix[number - first] + 1;
		r = inspect_backup(store, mm_backup_suffix[number - first], &inspection);
	} else if (number == 0) {
		inspect_database(store, &inspection);
	} else {
		inspect_mirror(store, &inspection);
	}
	if (r == 0) {
		*ret = inspection;
	}
	return r;
}
