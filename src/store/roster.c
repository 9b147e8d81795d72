/* SPDX-License-Identifier: MIT */
#include "store/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/match.h"

/* All stored meters, in the order in which they were added. */
struct stored {
	size_t count, room;
	struct mm_store_meter *meter;
	int64_t *id;
};

static void free_stored(struct stored *stored)
{
	free(stored->meter);
	free(stored->id);
}

static int make_room(struct stored *stored)
{
	size_t room = stored->room + MM_STORE_METERS_MAX;
	struct mm_store_meter *meter = reallocarray(stored->meter, room, sizeof(*meter));
	int64_t *id;

	if (!meter) {
		return -ENOMEM;
	}
	stored->meter = meter;
	id = reallocarray(stored->id, room, sizeof(*id));
	if (!id) {
		return -ENOMEM;
	}
	stored->id = id;
	stored->room = room;
	return 0;
}

static int read_stored(struct mm_db *db, struct stored *ret)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_METERS];
	int r;

	while ((r = mm_db_step(db, MM_STMT_METERS, SQLITE_OK)) > 0) {
		struct mm_store_meter *meter;

		r = ret->count < ret->room ? 0 : make_room(ret);
		if (r < 0) {
			sqlite3_reset(stmt);
			return r;
		}
		ret->id[ret->count] = sqlite3_column_int64(stmt, 0);
		meter = &ret->meter[ret->count++];
		meter->name[0] = '\0';
		mm_db_text(stmt, 1, meter->serial, sizeof(meter->serial));
		mm_db_text(stmt, 2, meter->model, sizeof(meter->model));
	}
	return r;
}

static void note_rows(struct mm_roster *roster, const struct stored *stored, const int *index,
		      const struct mm_store_meter *meters)
{
	for (unsigned i = 0; i < roster->count; i++) {
		int j = index[i];

		if (j >= 0) {
			roster->id[i] = stored->id[j];
		}
		if (j >= 0 && strcmp(stored->meter[j].serial, meters[i].serial) != 0) {
			strcpy(roster->misread[i], stored->meter[j].serial);
		}
	}
}

int mm_roster_match(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters)
{
	struct stored stored = {0};
	struct mm_error why = {0};
	int index[MM_STORE_METERS_MAX];
	int r = read_stored(db, &stored);

	memset(roster->id, 0, sizeof(roster->id));
	memset(roster->misread, 0, sizeof(roster->misread));
	roster->foreign = false;
	if (r == 0) {
		for (unsigned i = 0; i < roster->count; i++) {
			index[i] = MM_MATCH_NONE;
		}
		r = mm_match(stored.meter, stored.count, meters, roster->count, index, &why);
		roster->foreign = r == -ENXIO;
		r = r == 0 ? 0 : mm_db_fail(db, roster->foreign ? -EXDEV : r, why.text);
	}
	if (r == 0) {
		note_rows(roster, &stored, index, meters);
	}
	free_stored(&stored);
	return r;
}

int mm_roster_boot(struct mm_db *db, const char *boot_id, int64_t *ret_boot)
{
	sqlite3_stmt *add = db->stmt[MM_STMT_BOOT_ADD], *find = db->stmt[MM_STMT_BOOT_FIND];
	int r;

	r = mm_db_run(db, MM_STMT_BOOT_ADD, sqlite3_bind_text(add, 1, boot_id, -1, SQLITE_STATIC));
	if (r == 0) {
		r = mm_db_row(db, MM_STMT_BOOT_FIND, sqlite3_bind_text(find, 1, boot_id, -1, SQLITE_STATIC));
	}
	if (r == 0) {
		*ret_boot = sqlite3_column_int64(find, 0);
		sqlite3_reset(find);
	}
	return r;
}

static int add_meter(struct mm_db *db, const struct mm_store_meter *meter, int64_t *ret_id)
{
	sqlite3_stmt *add = db->stmt[MM_STMT_METER_ADD];
	int64_t id;
	int rc, r;

	rc = sqlite3_bind_text(add, 1, meter->serial, -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(add, 2, meter->model, -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(add, 3, meter->name, -1, SQLITE_STATIC);
	r = mm_db_run(db, MM_STMT_METER_ADD, rc);
	if (r < 0) {
		return r;
	}
	id = sqlite3_last_insert_rowid(db->connection);
	r = mm_db_run(db, MM_STMT_REGISTER_ADD, sqlite3_bind_int64(db->stmt[MM_STMT_REGISTER_ADD], 1, id));
	if (r == 0) {
		*ret_id = id;
	}
	return r;
}

int mm_roster_meter(struct mm_db *db, const struct mm_store_meter *meter, int64_t *ret_id)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_METER_FIND];
	int r = mm_db_step(db, MM_STMT_METER_FIND, sqlite3_bind_text(stmt, 1, meter->serial, -1, SQLITE_STATIC));
	char model[MM_MODEL_TEXT_MAX];
	struct mm_error why = {0};
	int64_t id;

	if (r <= 0) {
		return r < 0 ? r : add_meter(db, meter, ret_id);
	}
	id = sqlite3_column_int64(stmt, 0);
	mm_db_text(stmt, 1, model, sizeof(model));
	sqlite3_reset(stmt);
	if (strcmp(model, meter->model) != 0) {
		mm_error_set(&why, 0, "serial %s is stored as model %s, and in the copy as %s", meter->serial, model,
			     meter->model);
		return mm_db_fail(db, -EXDEV, why.text);
	}
	*ret_id = id;
	return 0;
}

int mm_roster_update(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters)
{
	sqlite3_stmt *name = db->stmt[MM_STMT_METER_NAME];
	int rc, r = 0;

	for (unsigned i = 0; i < roster->count && r == 0; i++) {
		if (roster->id[i] == 0) {
			r = add_meter(db, &meters[i], &roster->id[i]);
			continue;
		}
		rc = sqlite3_bind_int64(name, 1, roster->id[i]);
		rc |= sqlite3_bind_text(name, 2, meters[i].name, -1, SQLITE_STATIC);
		r = mm_db_run(db, MM_STMT_METER_NAME, rc);
	}
	return r;
}

int mm_roster_index(const struct mm_roster *roster, int64_t id)
{
	for (unsigned i = 0; i < roster->count; i++) {
		if (roster->id[i] == id) {
			return (int)i;
		}
	}
	return -1;
}
