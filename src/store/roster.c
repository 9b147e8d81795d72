/* SPDX-License-Identifier: MIT */
#include "store/roster.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ini.h"
#include "store/serial.h"

/* A stored meter of the configuration. -EXDEV: with another model. */
static int take_row(struct mm_db *db, struct mm_roster *roster, unsigned i, const struct mm_store_meter *meters)
{
	const struct mm_store_meter *meter = &meters[i];
	sqlite3_stmt *stmt = db->stmt[MM_STMT_METERS];
	char stored[MM_STORE_NAME_MAX], model[MM_MODEL_TEXT_MAX], text[MM_SERIAL_TEXT_MAX], why[MM_ERROR_TEXT_MAX];
	int other;

	mm_db_text(stmt, 1, stored, sizeof(stored));
	mm_db_text(stmt, 2, model, sizeof(model));
	if (strcmp(model, meter->model) != 0) {
		snprintf(why, sizeof(why), "serial %s is stored as model %s, the configuration says %s", meter->serial, model,
			 meter->model);
		return mm_db_fail(db, -EXDEV, why);
	}
	if (roster->id[i] != 0) {
		snprintf(why, sizeof(why), "two meters are stored whose serial %s was misread, one as %s", meter->serial,
			 mm_serial_text(stored, text));
		return mm_db_fail(db, -ENOTUNIQ, why);
	}
	other = mm_roster_index(roster, sqlite3_column_int64(stmt, 0));
	if (other >= 0) {
		snprintf(why, sizeof(why), "the stored %s may be serial %s or %s", mm_serial_text(stored, text),
			 meters[other].serial, meter->serial);
		return mm_db_fail(db, -ENOTUNIQ, why);
	}
	roster->id[i] = sqlite3_column_int64(stmt, 0);
	if (strcmp(stored, meter->serial) != 0) {
		strcpy(roster->misread[i], stored);
	}
	return 0;
}

static bool is_same(const char *stored, const char *serial)
{
	return strcmp(stored, serial) == 0;
}

/* Finds the rows of the meters that have none yet. The first serial number that is stored goes to ret_first. */
static int match(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters,
		 bool (*is)(const char *stored, const char *serial), char ret_first[static MM_STORE_NAME_MAX])
{
	const struct mm_roster before = *roster;
	char stored[MM_STORE_NAME_MAX];
	int r;

	while ((r = mm_db_step(db, MM_STMT_METERS, SQLITE_OK)) > 0) {
		mm_db_text(db->stmt[MM_STMT_METERS], 1, stored, sizeof(stored));
		if (ret_first[0] == '\0') {
			strcpy(ret_first, stored);
		}
		for (unsigned i = 0; i < roster->count && r >= 0; i++) {
			if (before.id[i] == 0 && is(stored, meters[i].serial)) {
				r = take_row(db, roster, i, meters);
			}
		}
		if (r < 0) {
			sqlite3_reset(db->stmt[MM_STMT_METERS]);
			return r;
		}
	}
	return r;
}

/* -ENOTUNIQ: a stored meter that no configuration has any more may be meter i, which has no row, under a number misread. */
static int doubt_row(struct mm_db *db, const struct mm_store_meter *meter)
{
	char stored[MM_STORE_NAME_MAX], model[MM_MODEL_TEXT_MAX], text[MM_SERIAL_TEXT_MAX], right[MM_SERIAL_RIGHT_MAX];
	char why[MM_ERROR_TEXT_MAX];

	mm_db_text(db->stmt[MM_STMT_METERS], 1, stored, sizeof(stored));
	mm_db_text(db->stmt[MM_STMT_METERS], 2, model, sizeof(model));
	if (strcmp(model, meter->model) != 0 || !mm_ini_value_fault(stored)) {
		return 0;
	}
	(void)mm_serial_correct(stored, 0, right); /* which is there always */
	if (right[0] == '\0' || strlen(right) >= MM_STORE_NAME_MAX || mm_ini_value_fault(right)) {
		snprintf(why, sizeof(why), "serial %s may be the stored %s, which nothing can say now", meter->serial,
			 mm_serial_text(stored, text));
	} else {
		snprintf(why, sizeof(why), "is serial %s the stored %s? Then write %s", meter->serial,
			 mm_serial_text(stored, text), right);
	}
	return mm_db_fail(db, -ENOTUNIQ, why);
}

/* None of the meters that have no row may be one of the rows that have no meter. */
static int doubt(struct mm_db *db, const struct mm_roster *roster, const struct mm_store_meter *meters)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_METERS];
	int r;

	while ((r = mm_db_step(db, MM_STMT_METERS, SQLITE_OK)) > 0) {
		bool has_meter = mm_roster_index(roster, sqlite3_column_int64(stmt, 0)) >= 0;

		for (unsigned i = 0; i < roster->count && r >= 0 && !has_meter; i++) {
			r = roster->id[i] == 0 ? doubt_row(db, &meters[i]) : 0;
		}
		if (r < 0) {
			sqlite3_reset(stmt);
			return r;
		}
	}
	return r;
}

int mm_roster_match(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters)
{
	char stored[MM_STORE_NAME_MAX] = "", why[MM_ERROR_TEXT_MAX];
	unsigned matched = 0;
	int r;

	memset(roster->id, 0, sizeof(roster->id));
	memset(roster->misread, 0, sizeof(roster->misread));
	r = match(db, roster, meters, is_same, stored);
	if (r == 0) {
		r = match(db, roster, meters, mm_serial_is_misread, stored);
	}
	for (unsigned i = 0; i < roster->count; i++) {
		matched += roster->id[i] != 0;
	}
	if (r == 0 && matched == 0 && stored[0] != '\0') {
		snprintf(why, sizeof(why), "the register is of meter serial %s, the configuration says %s", stored,
			 meters[0].serial);
		r = mm_db_fail(db, -EXDEV, why);
	}
	return r == 0 ? doubt(db, roster, meters) : r;
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
	int rc = sqlite3_bind_text(stmt, 1, meter->serial, -1, SQLITE_STATIC), r;

	rc |= sqlite3_bind_text(stmt, 2, meter->model, -1, SQLITE_STATIC);
	r = mm_db_step(db, MM_STMT_METER_FIND, rc);
	if (r <= 0) {
		return r < 0 ? r : add_meter(db, meter, ret_id);
	}
	*ret_id = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
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
