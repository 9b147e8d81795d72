/* SPDX-License-Identifier: MIT */
/* What verifying finds: every change that can be made to a stored register, one by one. */
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "store/audit/audit.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define DAYS 3
#define COMMITS_A_DAY 24

static void verify(struct mm_store *store, struct mm_verify_result *ret)
{
	struct mm_verify *verify = fixture_verify(store);

	*ret = *mm_verify_result(verify);
	mm_verify_free(verify);
}

static void assert_sound(struct mm_store *store)
{
	struct mm_verify *verify = fixture_verify(store);

	fixture_assert_sound(verify);
	mm_verify_free(verify);
}

/* Commit n of two meters: an hour of 1000 and 500 uWh, of which the last quarter is open, and an event now and then. */
static void commit_hour(struct mm_store *store, int64_t n)
{
	struct mm_store_profile_row rows[2] = {{.meter = 0}, {.meter = 1}};
	struct mm_store_event event = {.meter = (int)(n % 3) - 1, .realtime_ns = n, .boottime_ns = n + 1, .code = "gap"};
	struct mm_store_commit c = {.boottime_ns = n * 3600 * MM_NS_PER_S,
				    .realtime_ns = (FIXTURE_EPOCH_S + n * 3600) * MM_NS_PER_S,
				    .meter_count = 2,
				    .events = &event,
				    .event_count = n % 2 == 0,
				    .rows = rows,
				    .row_count = 2};

	snprintf(event.text, sizeof(event.text), "hour %lld", (long long)n);
	for (unsigned i = 0; i < 2; i++) {
		int64_t hour_uwh = i == 0 ? 1000 : 500;

		rows[i].row = (struct mm_profile_row){.start_s = FIXTURE_EPOCH_S + n * 3600 - 900,
						      .duration_s = 3600,
						      .delivered_uwh = n == 0 ? hour_uwh * 3 / 4 : hour_uwh,
						      .received_uwh = 5,
						      .lagging_uvarh = 6,
						      .leading_uvarh = 7,
						      .covered_ns = 8};
		/* What is registered now and then without an interval is an event of its own. */
		c.meter[i].delivered.uwh = (n + 1) * hour_uwh + n / 20;
		c.meter[i].received.uwh = (n + 1) * 5;
		c.meter[i].lagging.uwh = (n + 1) * 6;
		c.meter[i].leading.uwh = (n + 1) * 7;
		c.meter[i].delivered.carry = 0.25;
		c.meter[i].max_demand_w = 0.5;
		c.meter[i].profile.open = true;
		c.meter[i].profile.row.delivered_uwh = hour_uwh / 4;
	}
	ck_assert_msg(mm_store_commit(store, &c) == 0, "%s", store->db.error.text);
}

static struct mm_store *fill(struct fixture *b)
{
	struct mm_store_event record = {.meter = 0, .code = "calibration", .text = "by anna (uid 1000)"};
	struct mm_store *store = fixture_open(b, 2);

	for (int64_t n = 0; n < (int64_t)DAYS * COMMITS_A_DAY; n++) {
		commit_hour(store, n);
	}
	ck_assert_int_eq(mm_store_record(store, &record, "{\"gain\":1.5}"), 0);
	return store;
}

START_TEST(test_what_was_written_is_sound)
{
	struct mm_verify_result result;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	assert_sound(store);
	mm_store_close(store);
	store = fill(&b);
	verify(store, &result);
	ck_assert_int_eq(result.bad, 0);
	ck_assert_int_eq(result.intervals, 2 * DAYS * COMMITS_A_DAY);
	ck_assert_int_eq(result.snapshots, DAYS);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'unprofiled'", "6");
	mm_store_close(store);
	/* Other runs, and a meter that leaves and comes back. */
	for (unsigned meters = 1; meters <= 3; meters++) {
		store = fixture_open(&b, meters);
		assert_sound(store);
		fixture_commit_n(store, 100 + meters, meters);
		assert_sound(store);
		mm_store_close(store);
	}
	fixture_end(&b);
}
END_TEST

/* A slice is small, and commits between two slices are checked too. */
START_TEST(test_commits_go_on_meanwhile)
{
	struct mm_verify *verify;
	int64_t n = 0;
	int slices = 0;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	while (n < 300) {
		commit_hour(store, n++);
	}
	ck_assert_int_eq(mm_verify_new(&verify), 0);
	while (mm_verify_step(verify, store) == 1) {
		for (int i = 0; slices < 10 && i < 60; i++) {
			commit_hour(store, n++);
		}
		slices++;
	}
	ck_assert_int_ge(slices, 3);
	ck_assert_int_eq(mm_verify_result(verify)->bad, 0);
	ck_assert_int_eq(mm_verify_result(verify)->intervals, 2 * n);
	mm_verify_free(verify);
	mm_verify_free(NULL);
	fixture_stop(&b, store);
}
END_TEST

/* ---- Tampering ---- */

struct tampering {
	struct mm_store *store;
	unsigned found, refused;
	unsigned change, step; /* how many were at hand, and which of them are made */
};

static void run_sql(struct mm_store *store, const char *sql)
{
	ck_assert_msg(sqlite3_exec(store->db.connection, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(store->db.connection));
}

/* Makes a change, expects it to be found, and takes it back. MM_TAMPER_STEP (1): only one of so many. */
static void tamper(struct tampering *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tamper(struct tampering *t, const char *format, ...)
{
	struct mm_verify_result result;
	char sql[1024];
	va_list args;

	va_start(args, format);
	ck_assert_int_lt(vsnprintf(sql, sizeof(sql), format, args), sizeof(sql));
	va_end(args);
	if (t->change++ % t->step != 0) {
		return;
	}
	run_sql(t->store, "SAVEPOINT tampering");
	if (sqlite3_exec(t->store->db.connection, sql, NULL, NULL, NULL) != SQLITE_OK) {
		t->refused++; /* by the database itself: two rows of one id and the like */
	} else if (sqlite3_changes(t->store->db.connection) > 0) {
		verify(t->store, &result);
		ck_assert_msg(result.bad > 0, "not found: %s", sql);
		t->found++;
	}
	run_sql(t->store, "ROLLBACK TO tampering; RELEASE tampering");
}

/* What a hand might make of a value, by its type: SQL before and after the name of the column. */
static const struct {
	int type;
	const char *before, *after;
} edits[] = {
	{SQLITE_INTEGER, "", " + 1"},
	{SQLITE_INTEGER, "1 - ", ""},
	{SQLITE_FLOAT, "1e-16 + 1.000000000000001 * ", ""},
	{SQLITE_TEXT, "", " || ' '"},
	{SQLITE_TEXT, "replace(", ", '1', '2')"},
	{SQLITE_BLOB, "CAST(", " || x'00' AS BLOB)"},
	{SQLITE_BLOB, "CAST(x'00' || substr(", ", 2) AS BLOB)"},
	{SQLITE_NULL, "coalesce(", ", 1)"},
};

typedef void (*row_fn)(struct tampering *t, const char *table, sqlite3_stmt *row);

static void each_row(struct tampering *t, const char *table, row_fn fn)
{
	sqlite3_stmt *stmt;
	char sql[256];
	int rc;

	snprintf(sql, sizeof(sql), "CREATE TEMP TABLE copy AS SELECT * FROM %s WHERE 0", table);
	run_sql(t->store, sql);
	snprintf(sql, sizeof(sql), "SELECT rowid, * FROM %s", table);
	ck_assert_int_eq(sqlite3_prepare_v2(t->store->db.connection, sql, -1, &stmt, NULL), SQLITE_OK);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		fn(t, table, stmt);
	}
	ck_assert_int_eq(rc, SQLITE_DONE);
	sqlite3_finalize(stmt);
	run_sql(t->store, "DROP TABLE copy");
}

static void edit_every_field(struct tampering *t, const char *table, sqlite3_stmt *row)
{
	long long id = sqlite3_column_int64(row, 0);

	for (int i = 1; i < sqlite3_column_count(row); i++) {
		const char *name = sqlite3_column_name(row, i);

		for (int k = 0; k < MM_COUNT_OF(edits); k++) {
			if (sqlite3_column_type(row, i) == edits[k].type) {
				tamper(t, "UPDATE %s SET %s = %s%s%s WHERE rowid = %lld AND %s IS NOT %s%s%s", table, name,
				       edits[k].before, name, edits[k].after, id, name, edits[k].before, name, edits[k].after);
			}
		}
	}
}

static void remove_row(struct tampering *t, const char *table, sqlite3_stmt *row)
{
	long long id = sqlite3_column_int64(row, 0);

	tamper(t, "DELETE FROM %s WHERE rowid = %lld", table, id);
	tamper(t, "DELETE FROM %s WHERE rowid >= %lld", table, id);
	tamper(t, "DELETE FROM %s WHERE rowid <= %lld", table, id);
}

/* A copy of the row as a new one, behind all others, before them, and after its original where those behind make room. */
static void insert_row(struct tampering *t, const char *table, sqlite3_stmt *row)
{
	const char *key = sqlite3_column_name(row, 1);
	long long id = sqlite3_column_int64(row, 0);
	char copy[128];

	snprintf(copy, sizeof(copy), "INSERT INTO copy SELECT * FROM %s WHERE rowid = %lld", table, id);
	tamper(t, "%s; UPDATE copy SET %s = (SELECT max(rowid) + 1 FROM %s); INSERT INTO %s SELECT * FROM copy", copy, key, table,
	       table);
	tamper(t, "%s; UPDATE copy SET %s = 0; INSERT INTO %s SELECT * FROM copy", copy, key, table);
	tamper(t,
	       "%s; UPDATE copy SET %s = %s + 1; UPDATE %s SET %s = -%s - 1 WHERE %s > %lld; UPDATE %s SET %s = -%s WHERE %s < "
	       "0; "
	       "INSERT INTO %s SELECT * FROM copy",
	       copy, key, key, table, key, key, key, id, table, key, key, key, table);
}

/* This row and another one in each other's place. */
static void swap_row(struct tampering *t, const char *table, sqlite3_stmt *row)
{
	const char *key = sqlite3_column_name(row, 1);
	long long id = sqlite3_column_int64(row, 0);

	for (long long distance = 1; distance <= 64; distance *= 4) {
		tamper(t,
		       "UPDATE %s SET %s = -1 WHERE %s = %lld AND EXISTS (SELECT 1 FROM %s WHERE %s = %lld); UPDATE %s SET %s = "
		       "%lld "
		       "WHERE %s = %lld AND EXISTS (SELECT 1 FROM %s WHERE %s = -1); UPDATE %s SET %s = %lld WHERE %s = -1",
		       table, key, key, id, table, key, id + distance, table, key, id, key, id + distance, table, key, table, key,
		       id + distance, key);
	}
}

START_TEST(test_every_change_is_found)
{
	static const char *const tables[] = {"boot", "meter", "register", "event", "profile", "head"};
	static const struct {
		const char *name;
		row_fn fn;
	} ways[] = {{"edited", edit_every_field}, {"removed", remove_row}, {"inserted", insert_row}, {"swapped", swap_row}};
	struct fixture b;
	struct mm_store *store;

	fixture_begin(&b);
	store = fill(&b);
	assert_sound(store);
	/* A hand that knows how to get round the database's own rules. */
	run_sql(store, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; DROP TRIGGER register_no_decrease; "
		       "DROP TRIGGER register_no_delete; DROP TRIGGER register_no_replace; DROP TRIGGER profile_no_update; "
		       "DROP TRIGGER profile_no_delete; DROP TRIGGER profile_no_replace; DROP TRIGGER event_no_update; "
		       "DROP TRIGGER event_no_delete; DROP TRIGGER event_no_replace");
	for (int w = 0; w < MM_COUNT_OF(ways); w++) {
		struct tampering t = {.store = store, .step = fixture_number("MM_TAMPER_STEP", 1)};

		for (int i = 0; i < MM_COUNT_OF(tables); i++) {
			each_row(&t, tables[i], ways[w].fn);
		}
		printf("%-8s %5u changes, %u found; %u more the database itself refused\n", ways[w].name, t.found, t.found,
		       t.refused);
	}
	fflush(stdout);
	assert_sound(store);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-verify");
	TCase *tcase = tcase_create("verify"), *slow = tcase_create("tamper");

	tcase_add_test(tcase, test_what_was_written_is_sound);
	tcase_add_test(tcase, test_commits_go_on_meanwhile);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 300);
	tcase_add_test(slow, test_every_change_is_found);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
