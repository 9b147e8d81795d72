/* SPDX-License-Identifier: MIT */
/*
 * Every row is held against the hash it carries and the row before it, every snapshot against the one before it and the intervals
 * between the two, and what may change against the seal and the last snapshot.
 */
#include "store/audit/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit/key.h"
#include "store/private.h"

#define SLICE_EVENTS 100
#define SLICE_INTERVALS 500

struct mm_verify {
	struct mm_verify_result result;
	int64_t last_event, last_interval; /* ids */
	int64_t snapshot;		   /* event of the last one seen, 0: none */
	char *json;			   /* of that one */
};

int mm_verify_new(struct mm_verify **ret)
{
	struct mm_verify *verify = calloc(1, sizeof(*verify));

	if (!verify) {
		return -ENOMEM;
	}
	verify->last_event = verify->last_interval = INT64_MIN;
	*ret = verify;
	return 0;
}

void mm_verify_free(struct mm_verify *verify)
{
	if (verify) {
		free(verify->json);
		free(verify);
	}
}

const struct mm_verify_result *mm_verify_result(const struct mm_verify *verify)
{
	return &verify->result;
}

__attribute__((format(printf, 4, 5))) static void found(struct mm_verify *verify, const char *part, int64_t id,
							const char *format, ...)
{
	struct mm_verify_result *result = &verify->result;
	va_list args;

	if (result->bad < MM_PROBLEMS_MAX) {
		struct mm_problem *problem = &result->problem[result->bad];

		problem->part = part;
		problem->id = id;
		va_start(args, format);
		vsnprintf(problem->text, sizeof(problem->text), format, args);
		va_end(args);
	}
	result->bad++;
}

/* Ids follow each other from 1 on; returns whether the row before this one, if it should have one, is there. */
static bool check_id(struct mm_verify *verify, const char *part, int64_t last, int64_t id)
{
	int64_t expected = last < 1 ? 1 : last + 1;

	if (id < 1) {
		found(verify, part, id, "none is numbered like that");
	} else if (id == expected + 1) {
		found(verify, part, expected, "it is missing");
	} else if (id > expected) {
		found(verify, part, expected, "it and those up to %" PRId64 " are missing", id - 1);
	}
	return id == expected;
}

/* Do the registers of one snapshot (or now) follow from the one before and what lies between? */
static int check_account(struct mm_verify *verify, struct mm_db *db, int64_t event, const char *json)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_VERIFY_ACCOUNT];
	int rc, r = 0;

	rc = sqlite3_bind_int64(stmt, 1, verify->snapshot);
	rc |= sqlite3_bind_int64(stmt, 2, event);
	rc |= sqlite3_bind_text(stmt, 3, verify->json ? verify->json : "{}", -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(stmt, 4, json, -1, SQLITE_STATIC);
	if (rc != SQLITE_OK) {
		r = mm_db_fail_sql(db);
	}
	while (r == 0 && (rc = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (rc == SQLITE_ROW && event == MM_SNAPSHOT_NONE) {
			found(verify, "register", 0,
			      "meter %s does not follow from the snapshot in event %" PRId64 " and its intervals",
			      (const char *)sqlite3_column_text(stmt, 0), verify->snapshot);
		} else if (rc == SQLITE_ROW) {
			found(verify, "event", event,
			      "its registers of meter %s do not follow from the snapshot before and the intervals between",
			      (const char *)sqlite3_column_text(stmt, 0));
		} else if ((rc & 0xff) == SQLITE_ERROR) {
			/* Figures that can't be added up, JSON that is none: none of ours. */
			found(verify, event == MM_SNAPSHOT_NONE ? "register" : "event", event == MM_SNAPSHOT_NONE ? 0 : event,
			      "the registers or intervals up to here make no sense: %s", sqlite3_errmsg(db->connection));
			break;
		} else {
			r = mm_db_fail_sql(db);
		}
	}
	sqlite3_reset(stmt);
	return r;
}

static int check_snapshot(struct mm_verify *verify, struct mm_db *db, int64_t event, const char *json)
{
	char *copy = strdup(json);
	int r;

	if (!copy) {
		return -ENOMEM;
	}
	r = check_account(verify, db, event, copy);
	free(verify->json);
	verify->json = copy;
	verify->snapshot = event;
	verify->result.snapshots++;
	return r;
}

static int check_event(struct mm_verify *verify, struct mm_db *db, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	const char *json = (const char *)sqlite3_column_text(stmt, 2), *code = (const char *)sqlite3_column_text(stmt, 4);
	bool follows = check_id(verify, "event", verify->last_event, id);

	verify->last_event = id;
	verify->result.events++;
	if (follows && sqlite3_column_int(stmt, 1) == 0) {
		found(verify, "event", id, "its hash is not that of its fields and the event before");
	}
	if (code && strcmp(code, "tampered") == 0) {
		found(verify, "event", id, "when the register was opened then, it had been changed from outside");
	}
	if (!json) {
		return 0;
	}
	if (sqlite3_column_int(stmt, 3) == 0) {
		found(verify, "event", id, "the profile that ended when this snapshot was taken ends otherwise");
	}
	return check_snapshot(verify, db, id, json);
}

static int check_interval(struct mm_verify *verify, struct mm_db *db, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	bool follows = check_id(verify, "interval", verify->last_interval, id);

	(void)db;
	verify->last_interval = id;
	verify->result.intervals++;
	if (follows && sqlite3_column_int(stmt, 1) == 0) {
		found(verify, "interval", id, "its hash is not that of its fields and the interval before");
	}
	return 0;
}

/* Checks up to limit rows after an id. 1: there may be more. */
static int check_rows(struct mm_verify *verify, struct mm_db *db, enum mm_stmt which, int64_t after, int limit,
		      int (*check)(struct mm_verify *, struct mm_db *, sqlite3_stmt *))
{
	sqlite3_stmt *stmt = db->stmt[which];
	int rc = sqlite3_bind_int64(stmt, 1, after), r, rows = 0;

	rc |= sqlite3_bind_int64(stmt, 2, limit);
	while ((r = mm_db_step(db, which, rc)) > 0 && (r = check(verify, db, stmt)) == 0) {
		rows++;
	}
	sqlite3_reset(stmt);
	return r < 0 ? r : rows == limit;
}

/* At the end, with no commit in between: what is there now. */
static int check_now(struct mm_verify *verify, struct mm_db *db)
{
	struct mm_error broken;
	char *json = NULL;
	bool sealed;
	int r = mm_chain_check(db, &sealed, &broken);

	if (r == -EBADMSG) {
		found(verify, "register", 0, "%.150s", db->error.text);
		return 0;
	}
	if (r == 0 && broken.text[0] != '\0') {
		found(verify, "register", 0, "%.150s", broken.text);
	}
	if (r == 0) {
		r = mm_chain_snapshot(db, &json);
	}
	if (r == 0) {
		r = check_account(verify, db, MM_SNAPSHOT_NONE, json);
	}
	free(json);
	return r;
}

int mm_verify_step(struct mm_verify *verify, struct mm_store *store)
{
	int r = check_rows(verify, &store->db, MM_STMT_VERIFY_EVENTS, verify->last_event, SLICE_EVENTS, check_event);

	if (r == 0) {
		r = check_rows(verify, &store->db, MM_STMT_VERIFY_PROFILE, verify->last_interval, SLICE_INTERVALS,
			       check_interval);
	}
	return r != 0 ? r : check_now(verify, &store->db);
}

/* ---- A checkpoint from earlier on ---- */

struct known_key {
	const char *fingerprint;
	bool known;
};

static bool compare_key(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct known_key *key = userdata;

	(void)event;
	key->known = key->known || strstr(data, key->fingerprint) != NULL;
	return true;
}

static int check_signature(struct mm_verify *verify, struct mm_store *store, const struct mm_signed_checkpoint *signed_checkpoint)
{
	char fingerprint[MM_FINGERPRINT_MAX];
	struct known_key key = {.fingerprint = fingerprint};
	int r = mm_key_check(signed_checkpoint->public_key, signed_checkpoint->statement, signed_checkpoint->signature,
			     fingerprint);

	if (r == -EBADMSG) {
		found(verify, "head", 0, "it is not signed by the key beside it: it was changed since");
		return 0;
	}
	if (r == 0) {
		r = mm_store_records(store, "key", -1, compare_key, &key);
	}
	if (r == 0 && !key.known) {
		found(verify, "head", 0, "its key %.16s... was never this register's, as the audit trail has it", fingerprint);
	}
	return r;
}

static void check_row(struct mm_verify *verify, const char *part, int64_t id, const char *expected, const char *hash)
{
	if (id > 0 && !hash) {
		found(verify, part, id, "the head names it, and it is gone");
	} else if (id > 0 && strcmp(hash, expected) != 0) {
		found(verify, part, id, "it is not the one that the head names: it, or one before it, was changed since");
	}
}

static int check_hashes(struct mm_verify *verify, struct mm_db *db, const struct mm_checkpoint *checkpoint)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_HASHES];
	int rc = sqlite3_bind_int64(stmt, 1, checkpoint->event), r;

	rc |= sqlite3_bind_int64(stmt, 2, checkpoint->interval);
	r = mm_db_row(db, MM_STMT_HASHES, rc);
	if (r == 0) {
		check_row(verify, "event", checkpoint->event, checkpoint->event_hash, (const char *)sqlite3_column_text(stmt, 0));
		check_row(verify, "interval", checkpoint->interval, checkpoint->interval_hash,
			  (const char *)sqlite3_column_text(stmt, 1));
		sqlite3_reset(stmt);
	}
	return r;
}

/* The serial number that a meter has today. */
static int serial_now(struct mm_db *db, const char *serial, char ret[static MM_STORE_NAME_MAX])
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_SERIAL_NOW];
	int r = mm_db_step(db, MM_STMT_SERIAL_NOW, sqlite3_bind_text(stmt, 1, serial, -1, SQLITE_STATIC));

	snprintf(ret, MM_STORE_NAME_MAX, "%s", serial);
	if (r > 0) {
		mm_db_text(stmt, 0, ret, MM_STORE_NAME_MAX);
		sqlite3_reset(stmt);
	}
	return r < 0 ? r : 0;
}

/* Does a meter still read what it did, or more? */
static int check_reading(struct mm_verify *verify, struct mm_db *db, const struct mm_checkpoint_meter *meter)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_READINGS];
	char serial[MM_STORE_NAME_MAX];
	bool there = false, lower = false;
	int r = serial_now(db, meter->serial, serial);

	if (r < 0) {
		return r;
	}
	while ((r = mm_db_step(db, MM_STMT_READINGS, SQLITE_OK)) > 0) {
		if (strcmp((const char *)sqlite3_column_text(stmt, 0), serial) != 0 ||
		    strcmp((const char *)sqlite3_column_text(stmt, 1), meter->model) != 0) {
			continue;
		}
		there = true;
		for (int k = 0; k < MM_ENERGIES; k++) {
			lower = lower || sqlite3_column_int64(stmt, 2 + k) < meter->uwh[k];
		}
	}
	if (r == 0 && (!there || lower)) {
		found(verify, "head", 0, "meter %s %s", meter->serial,
		      there ? "reads less now than the head says" : "is not in the register with the model that the head says");
	}
	return r;
}

int mm_verify_checkpoint(struct mm_verify *verify, struct mm_store *store, const struct mm_signed_checkpoint *signed_checkpoint)
{
	struct mm_checkpoint checkpoint;
	int r = check_signature(verify, store, signed_checkpoint);

	if (r == 0 && mm_checkpoint_read(signed_checkpoint->statement, &checkpoint) < 0) {
		found(verify, "head", 0, "its statement is none of minimeter's");
		return 0;
	}
	if (r == 0) {
		r = check_hashes(verify, &store->db, &checkpoint);
	}
	for (unsigned i = 0; r == 0 && i < checkpoint.meter_count; i++) {
		r = check_reading(verify, &store->db, &checkpoint.meter[i]);
	}
	return r;
}

/* ---- The files ---- */

_Static_assert(2 + MM_BACKUPS <= MM_VERIFY_FILES_MAX, "database, copy and backups have room");

int mm_verify_file(struct mm_verify *verify, struct mm_store *store)
{
	struct mm_verify_result *result = &verify->result;
	struct mm_store_inspection inspection;
	int r = mm_store_inspect(store, result->file_count, &inspection);

	if (r == -ENODATA) {
		return 0;
	}
	if (r < 0) {
		return r;
	}
	result->file[result->file_count++] = inspection;
	/* A backup that is not there yet is nothing wrong. */
	if (inspection.error != 0 && inspection.error != -ENOENT) {
		found(verify, "file", 0, "%s: %s", inspection.what, inspection.text);
	}
	return 1;
}
