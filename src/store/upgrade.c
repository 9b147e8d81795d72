/* SPDX-License-Identifier: MIT */
/*
 * A register of schema version 1 becomes one of version 2: its events and its profile enter the audit trail as they are. In one
 * transaction, so that a crash leaves either the one or the other.
 */
#include "store/chain.h"

static int run_sql(struct mm_store *reg, const char *sql)
{
	return sqlite3_exec(reg->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : mm_store_fail_sql(reg);
}

static int read_version(struct mm_store *reg, int *ret)
{
	sqlite3_stmt *stmt;
	int r = 0;

	if (sqlite3_prepare_v2(reg->db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK) {
		return mm_store_fail_sql(reg);
	}
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*ret = sqlite3_column_int(stmt, 0);
	} else {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_finalize(stmt);
	return r;
}

/* Adds every row that a query gives by one of our statements, and moves the head of the chain behind it. */
static int chain_rows(struct mm_store *reg, const char *from, enum mm_stmt add, enum mm_stmt head)
{
	sqlite3_stmt *rows = NULL, *adding = NULL, *moving = NULL;
	int rc, r = 0;

	if (sqlite3_prepare_v2(reg->db, from, -1, &rows, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(reg->db, mm_stmt_sql[add], -1, &adding, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(reg->db, mm_stmt_sql[head], -1, &moving, NULL) != SQLITE_OK) {
		r = mm_store_fail_sql(reg);
	}
	while (r == 0 && (rc = sqlite3_step(rows)) != SQLITE_DONE) {
		for (int i = 0; i < sqlite3_column_count(rows) && rc == SQLITE_ROW; i++) {
			rc = sqlite3_bind_value(adding, i + 1, sqlite3_column_value(rows, i)) == SQLITE_OK ? rc : SQLITE_ERROR;
		}
		if (rc != SQLITE_ROW || sqlite3_step(adding) != SQLITE_DONE ||
		    sqlite3_bind_int64(moving, 1, sqlite3_last_insert_rowid(reg->db)) != SQLITE_OK ||
		    sqlite3_step(moving) != SQLITE_DONE) {
			r = mm_store_fail_sql(reg);
		}
		sqlite3_reset(adding);
		sqlite3_reset(moving);
	}
	sqlite3_finalize(rows);
	sqlite3_finalize(adding);
	sqlite3_finalize(moving);
	return r;
}

static int upgrade_from_1(struct mm_store *reg)
{
	int r = 0;

	for (const char *const *sql = mm_schema_upgrade_sql; *sql && r == 0; sql++) {
		r = run_sql(reg, *sql);
	}
	if (r == 0) {
		r = chain_rows(reg, mm_schema_1_events, MM_STMT_EVENT_ADD, MM_STMT_EVENT_HEAD);
	}
	if (r == 0) {
		r = chain_rows(reg, mm_schema_1_profile, MM_STMT_PROFILE_ADD, MM_STMT_PROFILE_HEAD);
	}
	for (const char *const *sql = mm_schema_upgraded_sql; *sql && r == 0; sql++) {
		r = run_sql(reg, *sql);
	}
	if (r < 0 && !sqlite3_get_autocommit(reg->db)) {
		(void)run_sql(reg, "ROLLBACK");
	}
	return r;
}

int mm_store_upgrade(struct mm_store *reg)
{
	int version = 0;
	int r = read_version(reg, &version);

	return r == 0 && version == 1 ? upgrade_from_1(reg) : r;
}
