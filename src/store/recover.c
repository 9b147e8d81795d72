/* SPDX-License-Identifier: MIT */
/*
 * Recovery. The sources (copy, backups) are only read until the new database is whole, under another name, and synced; what it
 * replaces is given another name and never removed. So a crash at any point of it leaves all that a second recovery needs.
 */
#include "store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time_text.h"
#include "store/database.h"
#include "store/retire.h"

static int copy_bytes(int in, int out)
{
	char buffer[65536];
	ssize_t n;
	int r;

	while ((n = read(in, buffer, sizeof(buffer))) != 0) {
		if (n < 0) {
			return -errno;
		}
		r = mm_file_write(out, buffer, (size_t)n);
		if (r < 0) {
			return r;
		}
	}
	return fsync(out) < 0 ? -errno : 0;
}

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1, r = 0;

	if (in >= 0) {
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	}
	r = in < 0 || out < 0 ? -errno : copy_bytes(in, out);
	if (in >= 0) {
		close(in);
	}
	if (out >= 0) {
		close(out);
	}
	return r;
}

/* ---- A new database ---- */

/* Opens a copy of the newest backup that is right, all of it, at db->path. -ENODATA: none is. */
static int start_from_backup(struct mm_opening *opening, const char *path)
{
	struct mm_store *store = opening->store;
	struct mm_db *db = &store->db;

	for (size_t i = 0; i < MM_BACKUPS; i++) {
		char *backup;
		struct stat st;
		int r;

		if (asprintf(&backup, "%s%s", path, mm_backup_suffix[i]) < 0) {
			return -ENOMEM;
		}
		r = stat(backup, &st) < 0 ? -errno : copy_file(backup, db->path);
		free(backup);
		if (r == 0) {
			r = mm_database_open(db, &store->roster, opening->meters);
		}
		if (r == 0 && mm_database_check(db) < 0) {
			mm_db_close(db);
			r = -EBADMSG;
		}
		if (r == 0) {
			char text[MM_TIME_TEXT_MAX];

			mm_opening_find(opening, "history from the backup of %s", mm_time_text(st.st_mtime, text));
			return 0;
		}
		mm_remove_leftovers(db->path);
		if (r == -ENOTUNIQ || r == -EPROTO || (r == -EXDEV && !store->roster.foreign)) {
			return r; /* without its meters the new database would begin one of them at zero */
		}
		if (r == -ENOSPC || r == -EROFS) {
			return mm_db_fail(db, r, "can't make a new register");
		}
	}
	return -ENODATA;
}

static int start_empty(struct mm_opening *opening)
{
	struct mm_store *store = opening->store;
	int r = mm_database_create(&store->db);

	if (r == 0) {
		r = mm_database_open(&store->db, &store->roster, opening->meters);
	}
	if (r == 0) {
		mm_opening_find(opening, "history begins anew");
	}
	return r;
}

/* The new database, at db->path and closed. */
static int build(struct mm_opening *opening, const char *path, const struct mm_slot *slot)
{
	struct mm_db *db = &opening->store->db;
	char text[MM_TIME_TEXT_MAX];
	int r;

	mm_remove_leftovers(db->path);
	r = start_from_backup(opening, path);
	if (r == -ENODATA && slot) {
		r = start_empty(opening);
	}
	if (r < 0) {
		return r;
	}
	opening->rebuilt = true;
	opening->history_lost = true;
	if (slot) {
		mm_opening_find(opening, "registers from the copy of %s", mm_time_text_ns(slot->state.realtime_ns, text));
	}
	r = mm_reconcile(opening, slot);
	if (r == 0) {
		r = mm_db_flush(db);
	}
	if (r == 0) {
		mm_db_keep(db);
	}
	mm_db_close(db);
	return r;
}

int mm_recover(struct mm_opening *opening, const struct mm_slot *slot)
{
	struct mm_db *db = &opening->store->db;
	char *path = db->path, *temporary;
	int r;

	if (asprintf(&temporary, "%s.recovering", path) < 0) {
		return -ENOMEM;
	}
	db->path = temporary; /* messages name the file that is meant */
	r = build(opening, path, slot);
	if (r < 0) {
		mm_remove_leftovers(temporary);
	}
	db->path = path;
	if (r == 0) {
		r = mm_retire(path);
		r = r < 0 ? mm_db_fail(db, r, "can't set it aside") : 0;
	}
	if (r == 0) {
		r = mm_file_rename(temporary, path, MM_FILE_NEW);
		r = r < 0 ? mm_db_fail(db, r, "can't name the new register") : 0;
	}
	free(temporary);
	return r;
}
