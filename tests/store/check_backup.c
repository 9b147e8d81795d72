/* SPDX-License-Identifier: MIT */
/* Backups: made beside a meter that runs, and what a lost or damaged database is made of. */
#include <check.h>
#include <stdio.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/recover_fixture.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

static void make_backup(struct fixture *b, const char *suffix)
{
	char path[330], sql[400];

	snprintf(path, sizeof(path), "%s%s", b->path, suffix);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", path);
	ck_assert_int_eq(fixture_sql(b->path, sql), SQLITE_OK);
}

START_TEST(test_backup_gives_the_history)
{
	unsigned counts[10];
	struct mm_store *store;
	struct fixture b;

	recover_begin(&b);
	make_backup(&b, ".backup-old");
	recover_damage_database(&b);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 5);
	recover_assert_event(store, "history from the backup of ");
	ck_assert_int_eq(fixture_count(store, counts, 10), 3);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_backup_without_copy_gives_all)
{
	struct fixture b;

	recover_begin(&b);
	make_backup(&b, ".backup");
	recover_damage_database(&b);
	recover_damage_copy(&b);
	recover_assert_registers(&b, 3, "the copy was damaged; the database was damaged");
	fixture_end(&b);
}
END_TEST

/* Where a table begins in a file. */
static long offset_of(const char *path, const char *table)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	long offset;

	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?", -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	offset = (sqlite3_column_int(stmt, 0) - 1) * 4096L;
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return offset;
}

/* Damaged where only a check of all of it finds that, and from its begin. */
START_TEST(test_damaged_backup_is_passed_over)
{
	char path[330];
	struct fixture b;

	recover_begin(&b);
	make_backup(&b, ".backup");
	make_backup(&b, ".backup-old");
	snprintf(path, sizeof(path), "%s.backup", b.path);
	fixture_write_noise(path, offset_of(path, "event"), 4096);
	recover_lose_database(&b);
	recover_assert_registers(&b, 5, "history from the backup of ");
	snprintf(path, sizeof(path), "%s.backup-old", b.path);
	fixture_write_noise(path, 0, 4096);
	recover_damage_database(&b);
	recover_assert_registers(&b, 5, "history begins anew");
	ck_assert(fixture_has(&b, ".aside-1"));
	fixture_end(&b);
}
END_TEST

struct meanwhile {
	struct mm_store *store;
	int64_t n;
};

static void commit_meanwhile(void *userdata)
{
	struct meanwhile *meanwhile = userdata;
	struct fixture_commit c;

	if (meanwhile->n < 50) {
		fixture_commit(++meanwhile->n, 1, &c);
		c.commit.event_count = c.commit.row_count = 0;
		ck_assert(mm_store_commit_to_mirror(meanwhile->store, &c.commit));
	}
}

/* Two are kept; and while one is made the copy is written, which is what bounds the loss. */
START_TEST(test_backups_are_made_and_kept)
{
	static struct mm_store_event filler[1000];
	unsigned counts[300];
	struct meanwhile meanwhile = {0};
	struct fixture_commit c;
	struct fixture b;

	meanwhile.store = fixture_start_with_copy(&b, 1);
	ck_assert_int_eq(mm_store_backed_up(meanwhile.store), 0);
	while (meanwhile.n < 30) {
		fixture_commit_n(meanwhile.store, meanwhile.n++, 1);
	}
	fixture_commit(meanwhile.n, 1, &c);
	for (int i = 0; i < MM_COUNT_OF(filler); i++) {
		filler[i] = c.event;
		snprintf(filler[i].code, sizeof(filler[i].code), "filler");
	}
	c.commit.events = filler;
	c.commit.event_count = MM_COUNT_OF(filler);
	c.commit.row_count = 0;
	ck_assert_int_eq(mm_store_commit(meanwhile.store, &c.commit), 0);
	ck_assert_int_eq(mm_store_backup(meanwhile.store), 0);
	ck_assert_int_gt(mm_store_backed_up(meanwhile.store), 0);
	ck_assert(fixture_has(&b, ".backup") && !fixture_has(&b, ".backup-old") && !fixture_has(&b, ".backup.new"));
	meanwhile.store->meanwhile = commit_meanwhile;
	meanwhile.store->meanwhile_userdata = &meanwhile;
	ck_assert_int_eq(mm_store_backup(meanwhile.store), 0);
	ck_assert_int_gt(meanwhile.n, 30);
	fixture_assert_registers(meanwhile.store, 0, meanwhile.n);
	ck_assert(fixture_has(&b, ".backup") && fixture_has(&b, ".backup-old") && !fixture_has(&b, ".backup.new"));
	mm_store_close(meanwhile.store);
	recover_lose_database(&b);
	meanwhile.store = fixture_open(&b, 1);
	fixture_assert_registers(meanwhile.store, 0, meanwhile.n);
	recover_assert_event(meanwhile.store, "history from the backup of ");
	ck_assert_int_eq(fixture_count(meanwhile.store, counts, 300), 29);
	mm_store_close(meanwhile.store);
	fixture_end(&b);
}
END_TEST

static void inspect_all(struct mm_store *store, char ret_text[static 512])
{
	struct mm_store_inspection inspection;
	size_t used = 0;

	for (unsigned i = 0; mm_store_inspect(store, i, &inspection) == 0; i++) {
		used += (size_t)snprintf(ret_text + used, 512 - used, "%s %d, ", inspection.what, inspection.error);
	}
}

START_TEST(test_inspection_finds_what_is_damaged)
{
	char path[330], text[512];
	struct fixture b;
	struct mm_store *store = fixture_start_with_copy(&b, 1);

	fixture_commit_n(store, 0, 1);
	fixture_commit_n(store, 1, 1);
	ck_assert_int_eq(mm_store_backup(store), 0);
	inspect_all(store, text);
	ck_assert_str_eq(text, "database 0, copy 0, backup 0, backup-old -2, ");
	ck_assert_int_eq(mm_store_backup(store), 0);
	snprintf(path, sizeof(path), "%s.backup-old", b.path);
	fixture_write_noise(path, 8192, 4096);
	fixture_write_noise(b.copy, 0, 512);
	inspect_all(store, text);
	ck_assert_str_eq(text, "database 0, copy -74, backup 0, backup-old -74, ");
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-backup");
	TCase *tcase = tcase_create("backup");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_backup_gives_the_history);
	tcase_add_test(tcase, test_backup_without_copy_gives_all);
	tcase_add_test(tcase, test_damaged_backup_is_passed_over);
	tcase_add_test(tcase, test_backups_are_made_and_kept);
	tcase_add_test(tcase, test_inspection_finds_what_is_damaged);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
