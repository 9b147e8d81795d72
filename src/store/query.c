/* SPDX-License-Identifier: MIT */
/* What is read back: intervals, events and records, how the last run ended. */
#include "store/private.h"

#include <errno.h>
#include <string.h>

/* Ends a query at the result of its last step (a row: the caller has had enough). */
static int end_query(struct mm_store *store, sqlite3_stmt *stmt, int rc)
{
	int r = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : mm_db_fail_sql(&store->db);

	sqlite3_reset(stmt);
	return r;
}

static bool give_row(sqlite3_stmt *stmt, mm_store_row_fn fn, void *userdata)
{
	const struct mm_profile_row row = {
		.start_s = sqlite3_column_int64(stmt, 0),
		.duration_s = (int32_t)sqlite3_column_int64(stmt, 1),
		.status = (uint32_t)sqlite3_column_int64(stmt, 2),
		.delivered_uwh = sqlite3_column_int64(stmt, 3),
		.received_uwh = sqlite3_column_int64(stmt, 4),
		.lagging_uvarh = sqlite3_column_int64(stmt, 5),
		.leading_uvarh = sqlite3_column_int64(stmt, 6),
		.covered_ns = sqlite3_column_int64(stmt, 7),
	};

	return fn(userdata, &row);
}

int mm_store_profile(struct mm_store *store, unsigned index, int64_t from_s, int64_t to_s, mm_store_row_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_PROFILE];
	int rc;

	if (index >= store->roster.count) {
		return -EINVAL;
	}
	rc = sqlite3_bind_int64(stmt, 1, store->roster.id[index]);
	rc |= sqlite3_bind_int64(stmt, 2, from_s);
	rc |= sqlite3_bind_int64(stmt, 3, to_s);
	if (rc == SQLITE_OK) {
		do {
			rc = sqlite3_step(stmt);
		} while (rc == SQLITE_ROW && give_row(stmt, fn, userdata));
	}
	return end_query(store, stmt, rc);
}

static bool give_event(struct mm_store *store, sqlite3_stmt *stmt, mm_store_event_fn fn, void *userdata)
{
	struct mm_store_event event = {
		.id = sqlite3_column_int64(stmt, 0),
		.boottime_ns = sqlite3_column_int64(stmt, 1),
		.realtime_ns = sqlite3_column_int64(stmt, 2),
		.meter = mm_roster_index(&store->roster, sqlite3_column_int64(stmt, 3)), /* NULL reads as 0, which no meter has */
	};

	mm_db_text(stmt, 4, event.code, sizeof(event.code));
	mm_db_text(stmt, 5, event.text, sizeof(event.text));
	return fn(userdata, &event, (const char *)sqlite3_column_text(stmt, 6));
}

/* Runs a bound query for events and ends it. */
static int give_events(struct mm_store *store, sqlite3_stmt *stmt, int bound, mm_store_event_fn fn, void *userdata)
{
	int rc = bound;

	if (rc == SQLITE_OK) {
		do {
			rc = sqlite3_step(stmt);
		} while (rc == SQLITE_ROW && give_event(store, stmt, fn, userdata));
	}
	return end_query(store, stmt, rc);
}

int mm_store_events(struct mm_store *store, int64_t after_id, unsigned limit, bool newest, mm_store_event_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[newest ? MM_STMT_EVENTS_NEWEST : MM_STMT_EVENTS_AFTER];
	int rc = sqlite3_bind_int64(stmt, 1, after_id);

	rc |= sqlite3_bind_int64(stmt, 2, limit);
	return give_events(store, stmt, rc, fn, userdata);
}

int mm_store_records(struct mm_store *store, const char *code, int meter, mm_store_event_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_RECORDS];
	int rc = sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);

	rc |= meter < 0 ? sqlite3_bind_null(stmt, 2) : sqlite3_bind_int64(stmt, 2, store->roster.id[meter]);
	return give_events(store, stmt, rc, fn, userdata);
}

int mm_store_last_run(struct mm_store *store, struct mm_store_last_run *ret)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_LAST_RUN];
	int r = 0;

	if (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *code = (const char *)sqlite3_column_text(stmt, 0);

		*ret = (struct mm_store_last_run){
			.unclean = code && strcmp(code, "start") == 0,
			.same_boot = sqlite3_column_int64(stmt, 1) == store->roster.boot,
			.boottime_ns = sqlite3_column_int64(stmt, 2),
			.realtime_ns = sqlite3_column_int64(stmt, 3),
		};
	} else {
		r = mm_db_fail_sql(&store->db);
	}
	sqlite3_reset(stmt);
	return r;
}
