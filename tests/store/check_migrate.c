/* SPDX-License-Identifier: MIT */
/*
 * A database of schema version 2 becomes one of today's, with its history and its proof as they were, and as a whole: a power cut
 * at any moment of it leaves the one or the other. One of a newer version is left as it is.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/crash_log.h"
#include "fixture/older_slot.h"
#include "fixture/older_store.h"
#include "fixture/random.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define INTERVALS "SELECT group_concat(delivered_uwh || ':' || quote(previous) || ':' || quote(clock_flags), ' ') FROM profile"
#define TAMPERED "SELECT count(*) FROM event WHERE code = 'tampered'"

static void assert_sound(struct mm_store *store)
{
	struct mm_verify *verify = fixture_verify(store);

	fixture_assert_sound(verify);
	mm_verify_free(verify);
}

/* Registers n of a meter as version 2 kept them. */
static void registers_2(int64_t n, unsigned meter, struct mm_registers *ret)
{
	fixture_registers(n, meter, ret);
	ret->element_delivered[2] = ret->element_received[2] = (struct mm_energy){0};
	ret->calibration.constants[2] = (struct mm_calibration){0};
	ret->profile.row.clock_flags = 0;
	ret->profile.row.uncertainty_uwh = 0;
	memset(ret->profile.row.element_delivered_uwh, 0, sizeof(ret->profile.row.element_delivered_uwh));
	memset(ret->profile.row.element_received_uwh, 0, sizeof(ret->profile.row.element_received_uwh));
}

static void assert_registers_2(struct mm_store *store, int64_t n, unsigned meters)
{
	struct mm_registers expected, got;

	for (unsigned i = 0; i < meters; i++) {
		registers_2(n, i, &expected);
		ck_assert_int_eq(mm_store_load(store, i, &got), 0);
		ck_assert_mem_eq(&got, &expected, sizeof(got));
	}
}

/* ---- What becomes of it ---- */

START_TEST(test_version_2_is_migrated)
{
	struct mm_store *store;
	struct fixture b;

	fixture_begin(&b);
	fixture_make_version_2(&b);
	older_store_assert_sound(b.path);
	store = fixture_open(&b, 2);
	fixture_assert_answer(store, "PRAGMA user_version", "3");
	fixture_assert_answer(store, "PRAGMA integrity_check", "ok");
	fixture_assert_answer(store, "SELECT program FROM head", PACKAGE_VERSION);
	assert_registers_2(store, 5, 2);
	fixture_assert_answer(store, INTERVALS,
			      "1:NULL:NULL 1:NULL:NULL 2:NULL:NULL 2:NULL:NULL 3:NULL:NULL 3:NULL:NULL 4:NULL:NULL 4:NULL:NULL "
			      "5:NULL:NULL 5:NULL:NULL 6:NULL:NULL 6:NULL:NULL");
	fixture_assert_answer(store, "SELECT count(*) FROM event", "21");
	assert_sound(store);
	/* It goes on: an interval knows the one before. */
	fixture_commit_n(store, 6, 2);
	fixture_commit_n(store, 7, 2);
	fixture_assert_answer(store, "SELECT group_concat(id || ':' || previous, ' ') FROM profile WHERE previous NOT NULL",
			      "13:11 14:13");
	store = fixture_reopen(&b, store, 2);
	assert_sound(store);
	fixture_assert_answer(store, TAMPERED, "0");
	ck_assert_str_eq(mm_store_findings(store), "");
	fixture_stop(&b, store);
}
END_TEST

/* Where another hand was there before, it is seen after the migration too. */
START_TEST(test_migration_hides_nothing)
{
	static const char *const hands[] = {
		"UPDATE register SET delivered_uwh = delivered_uwh + 1",
		"UPDATE head SET sequence = sequence + 1",
		"UPDATE meter SET name = 'x'",
	};
	struct mm_store *store;
	struct fixture b;

	fixture_begin(&b);
	fixture_make_version_2(&b);
	ck_assert_int_eq(fixture_sql(b.path, hands[_i]), SQLITE_OK);
	store = fixture_open(&b, 2);
	fixture_assert_answer(store, TAMPERED, "1");
	fixture_stop(&b, store);
}
END_TEST

/* A register that is refused stays the older version's: that one may be installed again. */
START_TEST(test_a_refused_register_is_not_migrated)
{
	struct fixture b;
	uint64_t before;

	fixture_begin(&b);
	fixture_make_version_2(&b);
	ck_assert_int_eq(fixture_sql(b.path, "PRAGMA journal_mode = WAL"), SQLITE_OK);
	strcpy(b.meters[1].model, "MMS-120-2001");
	before = fixture_digest(&b);
	ck_assert_int_eq(fixture_open_fails(&b, 2), -EXDEV);
	ck_assert_uint_eq(fixture_digest(&b), before);
	older_store_assert_sound(b.path);
	fixture_end(&b);
}
END_TEST

static void read_schema(struct mm_store *store, char *ret, size_t size)
{
	static const char sql[] =
		"SELECT group_concat(x, ' ') FROM (SELECT s.name || '.' || t.name || ':' || t.type || t.\"notnull\" || "
		"coalesce(t.dflt_value, '-') AS x FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS t "
		"UNION ALL SELECT name || ' ' || sql FROM sqlite_schema WHERE type IN ('trigger', 'index') ORDER BY 1)";
	sqlite3_stmt *stmt;

	ck_assert_int_eq(sqlite3_prepare_v2(store->db.connection, sql, -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	ck_assert_int_lt(snprintf(ret, size, "%s", (const char *)sqlite3_column_text(stmt, 0)), (int)size);
	sqlite3_finalize(stmt);
}

/* Tables, columns, indices and triggers of a migrated database are those of a new one. */
START_TEST(test_a_migrated_register_is_like_a_new_one)
{
	static char expected[32768], got[32768];
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	read_schema(store, expected, sizeof(expected));
	fixture_stop(&b, store);
	fixture_begin(&b);
	fixture_make_version_2(&b);
	store = fixture_open(&b, 2);
	read_schema(store, got, sizeof(got));
	ck_assert_str_eq(got, expected);
	fixture_stop(&b, store);
}
END_TEST

/* The second copy of 0.2.0 beside it, which was ahead, or is all that is left. */
START_TEST(test_a_copy_of_the_version_before_is_taken)
{
	struct mm_store *store;
	struct fixture b;

	fixture_begin_with_copy(&b);
	store = fixture_open(&b, 1);
	fixture_commit_n(store, 5, 1);
	ck_assert_int_eq(fixture_mirror_n(store, 7), 0);
	ck_assert_int_eq(fixture_mirror_n(store, 8), 0);
	mm_store_close(store);
	older_slot_make_1(b.copy);
	ck_assert_int_eq(unlink(b.path), 0);
	store = fixture_open(&b, 1);
	assert_registers_2(store, 8, 1);
	/* It is written anew in turn, and the layout before is gone with the second commit. */
	ck_assert_int_eq(fixture_mirror_n(store, 9), 0);
	ck_assert_int_eq(fixture_mirror_n(store, 10), 0);
	mm_store_close(store);
	ck_assert_int_eq(unlink(b.path), 0);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 10);
	fixture_stop(&b, store);
}
END_TEST

/* ---- Newer ones ---- */

START_TEST(test_a_newer_version_is_refused)
{
	struct mm_store *store;
	struct fixture b;
	uint64_t before;

	fixture_begin_with_copy(&b);
	store = fixture_open(&b, 1);
	fixture_commit_n(store, 3, 1);
	mm_store_close(store);
	ck_assert_int_eq(fixture_sql(b.path, "UPDATE head SET program = '9.8.7'; PRAGMA user_version = 4"), SQLITE_OK);
	before = fixture_digest(&b);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fixture_open_fails(&b, 1), -EPROTO);
		ck_assert_ptr_nonnull(strstr(b.error.text, b.path));
		ck_assert_ptr_nonnull(strstr(b.error.text,
					     "schema version 4, written by minimeterd 9.8.7; this is minimeterd " PACKAGE_VERSION
					     ", which knows versions 2 to 3"));
		ck_assert_ptr_nonnull(strstr(b.error.text, "install the version that wrote it again"));
		ck_assert_int_eq(mm_store_check(b.path, b.copy, b.meters, 1, &b.error), -EPROTO);
	}
	ck_assert_uint_eq(fixture_digest(&b), before);
	ck_assert_int_eq(fixture_sql(b.path, "DROP TABLE head"), SQLITE_OK);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EPROTO);
	ck_assert_ptr_nonnull(strstr(b.error.text, "written by minimeterd of a newer version"));
	fixture_end(&b);
}
END_TEST

START_TEST(test_a_newer_copy_is_refused)
{
	struct mm_store *store;
	struct fixture b;
	uint64_t before;

	fixture_begin_with_copy(&b);
	store = fixture_open(&b, 1);
	fixture_commit_n(store, 3, 1);
	mm_store_close(store);
	older_slot_make_newer(b.copy);
	before = fixture_digest(&b);
	ck_assert_int_eq(mm_store_check(b.path, b.copy, b.meters, 1, &b.error), -EPROTO);
	ck_assert_ptr_nonnull(strstr(b.error.text, "the copy was written by minimeterd 9.8.7"));
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EPROTO);
	ck_assert_ptr_nonnull(strstr(b.error.text, "the copy was written by minimeterd 9.8.7"));
	ck_assert_uint_eq(fixture_digest(&b), before);
	fixture_end(&b);
}
END_TEST

/* The database is lost: a backup of a newer version is not passed over, for the meter would begin at zero. */
START_TEST(test_a_newer_backup_is_not_passed_over)
{
	struct mm_store *store;
	struct fixture b;
	char backup[320];

	fixture_begin(&b);
	store = fixture_open(&b, 1);
	fixture_commit_n(store, 3, 1);
	ck_assert_int_eq(mm_store_backup(store), 0);
	mm_store_close(store);
	snprintf(backup, sizeof(backup), "%s.backup", b.path);
	ck_assert_int_eq(fixture_sql(backup, "PRAGMA user_version = 4"), SQLITE_OK);
	ck_assert_int_eq(unlink(b.path), 0);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EPROTO);
	ck_assert_int_eq(fixture_sql(backup, "PRAGMA user_version = 3"), SQLITE_OK);
	fixture_assert_stored(&b, 3);
	fixture_end(&b);
}
END_TEST

/* ---- A power cut ---- */

static int take_number(void *userdata, int count, char **values, char **names)
{
	(void)count;
	(void)names;
	*(int *)userdata = values[0] ? atoi(values[0]) : 0;
	return 0;
}

static int ask(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	int answer = -1;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, take_number, &answer, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	return answer;
}

/* Version 2 or 3, the whole of it. */
static int assert_whole(const struct fixture *b)
{
	static const int columns[] = {[2] = 11 + 46 + 9 + 8, [3] = 22 + 62 + 12 + 10};
	int version = ask(b->path, "PRAGMA user_version");

	ck_assert_msg(version == 2 || version == 3, "version %d", version);
	ck_assert_int_eq(ask(b->path, "SELECT count(*) FROM sqlite_schema AS s JOIN pragma_table_info(s.name) WHERE s.name IN "
				      "('profile', 'register', 'event', 'head')"),
			 columns[version]);
	ck_assert_int_eq(ask(b->path, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), 9);
	return version;
}

START_TEST(test_a_power_cut_while_migrating)
{
	enum crash_loss losses[] = {CRASH_ALL_LOST, CRASH_NONE_LOST, CRASH_LAST_LOST, CRASH_ONLY_LAST,
				    CRASH_RANDOM,   CRASH_RANDOM,    CRASH_RANDOM};
	unsigned variants = fixture_number("MM_CRASH_VARIANTS", MM_COUNT_OF(losses)), found[4] = {0};
	uint64_t random = fixture_number("MM_CRASH_SEED", 1);
	struct mm_store *store;
	struct crash_log *log;
	struct fixture b;

	fixture_begin(&b);
	fixture_make_version_2(&b);
	older_store_add_days(b.path, 3);
	log = crash_record(b.dir);
	mm_store_close(fixture_open(&b, 2));
	crash_stop(log);
	for (size_t moment = 0; moment <= crash_moments(log); moment++) {
		for (unsigned i = 0; i < variants; i++) {
			struct fixture cut;

			fixture_begin(&cut);
			crash_make(log, moment, losses[i < MM_COUNT_OF(losses) ? i : MM_COUNT_OF(losses) - 1], &random, cut.dir);
			found[assert_whole(&cut)]++;
			store = fixture_open(&cut, 2);
			fixture_assert_answer(store, "SELECT delivered_uwh FROM register WHERE meter = 1", "5288022");
			fixture_assert_answer(store, TAMPERED, "0");
			assert_sound(store);
			mm_store_close(store);
			fixture_end(&cut);
		}
	}
	printf("power cuts while migrating: %zu moments, %u of version 2, %u of version 3, nothing lost\n",
	       crash_moments(log) + 1, found[2], found[3]);
	ck_assert_uint_gt(found[2], 10);
	ck_assert_uint_gt(found[3], 10);
	crash_free(log);
	fixture_end(&b);
}
END_TEST

/* ---- Ten years ---- */

static double ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 + (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

START_TEST(test_ten_years_are_migrated)
{
	const int days = 3652;
	struct mm_store *store;
	struct timespec from;
	struct stat st;
	struct fixture b;
	double ms;

	fixture_begin(&b);
	fixture_make_version_2(&b);
	older_store_add_days(b.path, days);
	older_store_assert_sound(b.path);
	ck_assert_int_eq(stat(b.path, &st), 0);
	(void)sqlite3_memory_highwater(1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	store = fixture_open(&b, 2);
	ms = ms_since(&from);
	printf("ten years migrated: %.1f MB in %.0f ms, with %.2f MB of memory\n", (double)st.st_size / 1e6, ms,
	       (double)sqlite3_memory_highwater(0) / 1e6);
	ck_assert_int_lt(sqlite3_memory_highwater(0), 4000000);
	fixture_assert_answer(store, "SELECT count(*) FROM profile", "350604");
	fixture_assert_answer(store, "SELECT delivered_uwh FROM register WHERE meter = 1", "355592022");
	assert_sound(store);
	fixture_commit_n(store, 356, 2);
	assert_sound(store);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("migrate");
	TCase *tcase = tcase_create("migrate"), *cuts = tcase_create("power cuts"), *slow = tcase_create("ten years");

	fixture_use_memory();
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_version_2_is_migrated);
	tcase_add_loop_test(tcase, test_migration_hides_nothing, 0, 3);
	tcase_add_test(tcase, test_a_refused_register_is_not_migrated);
	tcase_add_test(tcase, test_a_migrated_register_is_like_a_new_one);
	tcase_add_test(tcase, test_a_copy_of_the_version_before_is_taken);
	tcase_add_test(tcase, test_a_newer_version_is_refused);
	tcase_add_test(tcase, test_a_newer_copy_is_refused);
	tcase_add_test(tcase, test_a_newer_backup_is_not_passed_over);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(cuts, "slow");
	tcase_set_timeout(cuts, 600);
	tcase_add_test(cuts, test_a_power_cut_while_migrating);
	suite_add_tcase(suite, cuts);
	tcase_set_tags(slow, "slow size");
	tcase_set_timeout(slow, 600);
	tcase_add_test(slow, test_ten_years_are_migrated);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
