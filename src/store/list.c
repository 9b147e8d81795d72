/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"

static const char sql[] =
	"SELECT name, serial, model, delivered_uwh, received_uwh FROM meter JOIN register ON register.meter = meter.id "
	"ORDER BY meter.id";

static int list_rows(struct mm_db *db, mm_store_list_fn *fn, void *userdata)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db->connection, sql, -1, &stmt, NULL);

	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		struct mm_store_meter meter;

		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW) {
			mm_db_text(stmt, 0, meter.name, sizeof(meter.name));
			mm_db_text(stmt, 1, meter.serial, sizeof(meter.serial));
			mm_db_text(stmt, 2, meter.model, sizeof(meter.model));
			fn(userdata, &meter, sqlite3_column_int64(stmt, 3), sqlite3_column_int64(stmt, 4));
		}
	}
	rc = rc == SQLITE_DONE ? 0 : mm_db_fail_sql(db);
	sqlite3_finalize(stmt);
	return rc;
}

int mm_store_list(const char *path, mm_store_list_fn *fn, void *userdata, struct mm_error *error)
{
	struct mm_db db = {.path = (char *)path}; /* for its messages; nobody changes or frees it */
	struct stat st;
	int r;

	if (access(path, R_OK) < 0) {
		return mm_error_set(error, -errno, "%s: %s", path, strerror(errno));
	}
	r = mm_db_find(&db, &st);
	if (r > 0) {
		return mm_error_set(error, -ENOENT, "%s: %s", path, strerror(ENOENT));
	}
	if (r == 0 && sqlite3_open_v2(path, &db.connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		r = mm_db_fail_sql(&db);
	} else if (r == 0) {
		r = list_rows(&db, fn, userdata);
	}
	if (r < 0) {
		r = mm_error_set(error, r, "%s", db.error.text);
	}
	/* Nothing was written: closing has nothing to lose. */
	(void)sqlite3_close(db.connection);
	return r;
}
