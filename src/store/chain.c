/* SPDX-License-Identifier: MIT */
#include "store/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "core/units.h"

/* Adds without overflow: figures that another program wrote must not stop the meter. */
static int64_t sum(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* ---- Opening ---- */

static bool same_hash(sqlite3_stmt *a, int i, sqlite3_stmt *b, int j)
{
	int size = sqlite3_column_bytes(a, i);

	/* No row at all means the hash that a chain begins with. */
	if (sqlite3_column_type(b, j) == SQLITE_NULL) {
		return true;
	}
	return size == sqlite3_column_bytes(b, j) &&
	       memcmp(sqlite3_column_blob(a, i), sqlite3_column_blob(b, j), (size_t)size) == 0;
}

static const char *judge_end(int64_t head, int64_t newest, bool same)
{
	if (newest < head) {
		return "the newest are gone";
	}
	if (newest > head) {
		return "some were added by another hand";
	}
	return same ? NULL : "the newest is another";
}

int mm_chain_check(struct mm_db *db, bool *ret_sealed, struct mm_error *ret_broken)
{
	sqlite3_stmt *head = db->stmt[MM_STMT_HEAD], *newest = db->stmt[MM_STMT_NEWEST];
	int r = mm_db_step(db, MM_STMT_HEAD, SQLITE_OK);

	*ret_broken = (struct mm_error){0};
	*ret_sealed = true;
	if (r <= 0) {
		return r < 0 ? r : mm_db_fail(db, -EBADMSG, "the head of the audit trail is gone");
	}
	r = mm_db_row(db, MM_STMT_NEWEST, SQLITE_OK);
	if (r == 0) {
		const char *events =
			judge_end(sqlite3_column_int64(head, 0), sqlite3_column_int64(newest, 0), same_hash(head, 1, newest, 1));
		const char *rows =
			judge_end(sqlite3_column_int64(head, 2), sqlite3_column_int64(newest, 2), same_hash(head, 3, newest, 3));
		bool sealed = sqlite3_column_int(head, 5) != 0 || sqlite3_column_int64(newest, 4) == 0;

		*ret_sealed = sealed;
		if (events || rows || !sealed) {
			mm_error_set(ret_broken, 0, "%s%s%s%s%s", sealed ? "" : "registers, meters or heads changed",
				     events ? "; of the events " : "", events ? events : "", rows ? "; of the intervals " : "",
				     rows ? rows : "");
		}
	}
	sqlite3_reset(head);
	sqlite3_reset(newest);
	return r;
}

static int add_energies(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance, enum mm_stmt which,
			int bound)
{
	sqlite3_stmt *stmt = db->stmt[which];
	int r;

	while ((r = mm_db_step(db, which, bound)) > 0) {
		int i = mm_roster_index(roster, sqlite3_column_int64(stmt, 0));

		for (int k = 0; k < MM_ENERGIES && i >= 0; k++) {
			balance->uwh[i][k] = sum(balance->uwh[i][k], sqlite3_column_int64(stmt, k + 1));
		}
	}
	return r;
}

int mm_chain_load(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *ret)
{
	sqlite3_stmt *head = db->stmt[MM_STMT_HEAD];
	int64_t snapshot;
	int rc, r = mm_db_row(db, MM_STMT_HEAD, SQLITE_OK);

	if (r < 0) {
		return r;
	}
	snapshot = sqlite3_column_int64(head, 4);
	sqlite3_reset(head);
	*ret = (struct mm_balance){0};
	r = add_energies(db, roster, ret, MM_STMT_CLOSED, sqlite3_bind_int64(db->stmt[MM_STMT_CLOSED], 1, snapshot));
	if (r == 0) {
		rc = sqlite3_bind_int64(db->stmt[MM_STMT_PROFILED], 1, snapshot);
		rc |= sqlite3_bind_int64(db->stmt[MM_STMT_PROFILED], 2, MM_SNAPSHOT_NONE);
		r = add_energies(db, roster, ret, MM_STMT_PROFILED, rc);
	}
	return r;
}

/* ---- Where they end ---- */

static void get_hash(sqlite3_stmt *stmt, int column, uint8_t ret[static MM_HASH_SIZE])
{
	if (sqlite3_column_bytes(stmt, column) == MM_HASH_SIZE) {
		memcpy(ret, sqlite3_column_blob(stmt, column), MM_HASH_SIZE);
	}
}

int mm_chain_heads(struct mm_db *db, struct mm_heads *ret)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_HEADS];
	int r = mm_db_row(db, MM_STMT_HEADS, SQLITE_OK);

	if (r == 0) {
		*ret = (struct mm_heads){.event = sqlite3_column_int64(stmt, 0), .profile = sqlite3_column_int64(stmt, 2)};
		get_hash(stmt, 1, ret->event_hash);
		get_hash(stmt, 3, ret->profile_hash);
		sqlite3_reset(stmt);
	}
	return r;
}

static bool is_hash(sqlite3_stmt *stmt, int column, int64_t id, const uint8_t *hash)
{
	char hex[MM_HEX_MAX(MM_HASH_SIZE)];
	const char *stored = (const char *)sqlite3_column_text(stmt, column);

	return id == 0 || (stored && strcmp(stored, mm_hex(hash, MM_HASH_SIZE, hex)) == 0);
}

int mm_chain_has(struct mm_db *db, const struct mm_heads *heads)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_HASHES];
	int rc = sqlite3_bind_int64(stmt, 1, heads->event), r;

	rc |= sqlite3_bind_int64(stmt, 2, heads->profile);
	r = mm_db_row(db, MM_STMT_HASHES, rc);
	if (r == 0) {
		r = is_hash(stmt, 0, heads->event, heads->event_hash) && is_hash(stmt, 1, heads->profile, heads->profile_hash);
		sqlite3_reset(stmt);
	}
	return r;
}

/* ---- Adding ---- */

int mm_chain_add(struct mm_db *db, const struct mm_roster *roster, const struct mm_store_event *event, const char *data)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_EVENT_ADD];
	int64_t id;
	int rc, r;

	rc = sqlite3_bind_int64(stmt, 1, roster->boot);
	rc |= sqlite3_bind_int64(stmt, 2, event->boottime_ns);
	rc |= sqlite3_bind_int64(stmt, 3, event->realtime_ns);
	if (event->meter >= 0) {
		rc |= sqlite3_bind_int64(stmt, 4, roster->id[event->meter]);
	} else {
		rc |= sqlite3_bind_null(stmt, 4);
	}
	rc |= sqlite3_bind_text(stmt, 5, event->code, (int)strnlen(event->code, sizeof(event->code)), SQLITE_STATIC);
	rc |= sqlite3_bind_text(stmt, 6, event->text, (int)strnlen(event->text, sizeof(event->text)), SQLITE_STATIC);
	rc |= sqlite3_bind_text(stmt, 7, data, -1, SQLITE_STATIC); /* NULL binds a null */
	rc |= event->clock_flags != 0 ? sqlite3_bind_int64(stmt, 8, event->clock_flags) : sqlite3_bind_null(stmt, 8);
	r = mm_db_run(db, MM_STMT_EVENT_ADD, rc);
	id = sqlite3_last_insert_rowid(db->connection);
	return r < 0 ? r : mm_db_run(db, MM_STMT_EVENT_HEAD, sqlite3_bind_int64(db->stmt[MM_STMT_EVENT_HEAD], 1, id));
}

static int bind_register(sqlite3_stmt *stmt, int i, int64_t uwh)
{
	return uwh < 0 ? sqlite3_bind_null(stmt, i) : sqlite3_bind_int64(stmt, i, uwh);
}

int mm_chain_add_row(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
		     const struct mm_store_profile_row *entry)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_PROFILE_ADD];
	const struct mm_profile_row *row = &entry->row;
	const int64_t energies[MM_ENERGIES] = {row->delivered_uwh, row->received_uwh, row->lagging_uvarh, row->leading_uvarh};
	int64_t id;
	int rc, r;

	rc = sqlite3_bind_int64(stmt, 1, roster->id[entry->meter]);
	rc |= sqlite3_bind_int64(stmt, 2, row->start_s);
	rc |= sqlite3_bind_int64(stmt, 3, row->duration_s);
	rc |= sqlite3_bind_int64(stmt, 4, row->status);
	for (int k = 0; k < MM_ENERGIES; k++) {
		rc |= sqlite3_bind_int64(stmt, 5 + k, energies[k]);
		balance->uwh[entry->meter][k] = sum(balance->uwh[entry->meter][k], energies[k]);
	}
	rc |= sqlite3_bind_int64(stmt, 9, row->covered_ns);
	rc |= sqlite3_bind_int64(stmt, 10, (int64_t)row->clock_flags);
	rc |= sqlite3_bind_int64(stmt, 11, row->uncertainty_uwh);
	for (int e = 0; e < MM_ELEMENTS_MAX; e++) {
		rc |= sqlite3_bind_int64(stmt, 12 + 2 * e, row->element_delivered_uwh[e]);
		rc |= sqlite3_bind_int64(stmt, 13 + 2 * e, row->element_received_uwh[e]);
	}
	rc |= bind_register(stmt, 12 + 2 * MM_ELEMENTS_MAX, row->register_delivered_uwh);
	rc |= bind_register(stmt, 13 + 2 * MM_ELEMENTS_MAX, row->register_received_uwh);
	r = mm_db_run(db, MM_STMT_PROFILE_ADD, rc);
	id = sqlite3_last_insert_rowid(db->connection);
	if (r == 0) {
		r = mm_db_run(db, MM_STMT_PROFILE_HEAD, sqlite3_bind_int64(db->stmt[MM_STMT_PROFILE_HEAD], 1, id));
	}
	return r < 0 ? r : mm_db_run(db, MM_STMT_PROFILE_NEWEST, sqlite3_bind_int64(db->stmt[MM_STMT_PROFILE_NEWEST], 1, id));
}

/* ---- Accounting ---- */

static int account_meter(struct mm_db *db, const struct mm_roster *roster, unsigned index, const struct mm_store_commit *commit,
			 int64_t *balance)
{
	const struct mm_registers *registers = &commit->meter[index];
	const struct mm_profile_row none = {0}, *open = registers->profile.open ? &registers->profile.row : &none;
	const int64_t closed[MM_ENERGIES] = {
		sum(registers->delivered.uwh - registers->preset_delivered_uwh, -open->delivered_uwh),
		sum(registers->received.uwh - registers->preset_received_uwh, -open->received_uwh),
		sum(registers->lagging.uwh, -open->lagging_uvarh), sum(registers->leading.uwh, -open->leading_uvarh)};
	struct mm_store_event event = {.boottime_ns = commit->boottime_ns,
				       .realtime_ns = commit->realtime_ns,
				       .meter = (int)index,
				       .code = "unprofiled"};
	int64_t missing[MM_ENERGIES];
	char data[256];
	bool any = false;

	for (int k = 0; k < MM_ENERGIES; k++) {
		missing[k] = sum(closed[k], -balance[k]);
		balance[k] = closed[k];
		any = any || missing[k] != 0;
	}
	if (!any) {
		return 0;
	}
	snprintf(event.text, sizeof(event.text), "%.6f Wh delivered and %.6f Wh received are in the registers but in no interval",
		 (double)missing[0] / MM_UWH_PER_WH, (double)missing[1] / MM_UWH_PER_WH);
	snprintf(data, sizeof(data),
		 "{\"delivered_uwh\":%" PRId64 ",\"received_uwh\":%" PRId64 ",\"lagging_uvarh\":%" PRId64
		 ",\"leading_uvarh\":%" PRId64 "}",
		 missing[0], missing[1], missing[2], missing[3]);
	return mm_chain_add(db, roster, &event, data);
}

int mm_chain_snapshot(struct mm_db *db, char **ret)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_SNAPSHOT];
	int r = mm_db_row(db, MM_STMT_SNAPSHOT, SQLITE_OK);

	if (r < 0) {
		return r;
	}
	*ret = strdup((const char *)sqlite3_column_text(stmt, 0));
	sqlite3_reset(stmt);
	return *ret ? 0 : -ENOMEM;
}

static int snapshot(struct mm_db *db, const struct mm_roster *roster, const struct mm_store_commit *commit)
{
	struct mm_store_event event = {.boottime_ns = commit->boottime_ns,
				       .realtime_ns = commit->realtime_ns,
				       .meter = -1,
				       .code = MM_STORE_SNAPSHOT,
				       .text = "all registers"};
	char *json = NULL;
	int r = mm_chain_snapshot(db, &json);

	if (r == 0) {
		r = mm_chain_add(db, roster, &event, json);
	}
	free(json);
	return r < 0 ? r : mm_db_run(db, MM_STMT_SNAPSHOT_HEAD, SQLITE_OK);
}

int mm_chain_account(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
		     const struct mm_store_commit *commit)
{
	sqlite3_stmt *due = db->stmt[MM_STMT_SNAPSHOT_DUE];
	int r = 0;

	for (unsigned i = 0; i < roster->count && r == 0; i++) {
		r = account_meter(db, roster, i, commit, balance->uwh[i]);
	}
	if (r == 0) {
		r = mm_db_step(db, MM_STMT_SNAPSHOT_DUE, sqlite3_bind_int64(due, 1, commit->realtime_ns));
	}
	if (r <= 0) {
		return r;
	}
	sqlite3_reset(due);
	return snapshot(db, roster, commit);
}
