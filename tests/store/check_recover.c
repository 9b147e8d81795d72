/* SPDX-License-Identifier: MIT */
/* Database, copy and backups together: the highest right state wins, and nothing that was there is removed. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/older_slot.h"
#include "fixture/recover_fixture.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define SLOT 16384

/* ---- In order ---- */

START_TEST(test_copy_ahead_is_taken_over)
{
	unsigned counts[10];
	struct mm_store *store;
	struct fixture b;

	recover_begin(&b);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 5);
	recover_assert_event(store, NULL);
	fixture_assert_answer(store, "SELECT delivered_uwh FROM register", "5000022");
	ck_assert_int_eq(fixture_count(store, counts, 10), 3);
	fixture_commit_n(store, 6, 1);
	mm_store_close(store);
	recover_assert_registers(&b, 6, NULL);
	fixture_end(&b);
}
END_TEST

/* What the database did not take is in the copy and gets there once. */
START_TEST(test_history_waits_in_the_copy)
{
	struct fixture_commit c;
	unsigned counts[10];
	struct mm_store *store;
	struct fixture b, crash;

	store = fixture_start_with_copy(&b, 1);
	fixture_commit_n(store, 0, 1);
	fixture_commit(1, 1, &c);
	c.commit.mirror_suffices = true;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	fixture_copy(&b, &crash);
	mm_store_close(store);
	for (int i = 0; i < 2; i++) {
		store = fixture_open(&crash, 1);
		fixture_assert_registers(store, 0, 1);
		ck_assert_int_eq(fixture_count(store, counts, 10), 1);
		ck_assert_uint_eq(counts[1], 1);
		mm_store_close(store);
	}
	fixture_end(&b);
}
END_TEST

START_TEST(test_without_copy_every_commit_is_the_database_s)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	ck_assert_int_eq(fixture_mirror_n(store, 7), 0);
	fixture_assert_answer(store, "SELECT delivered_uwh FROM register", "7000028");
	mm_store_close(store);
	/* The copy comes later. */
	snprintf(b.copy, sizeof(b.copy), "%s/elsewhere", b.dir);
	recover_assert_registers(&b, 7, "the copy was missing and begins anew");
	fixture_end(&b);
}
END_TEST

/* A meter that is taken out of the configuration loses nothing: the copy was ahead, and will not have it again. */
START_TEST(test_meter_taken_out_keeps_what_the_copy_had)
{
	struct mm_registers expected, got;
	struct mm_store_meter other;
	struct fixture_commit c;
	struct mm_store *store;
	struct fixture b, crash;

	store = fixture_start_with_copy(&b, 2);
	fixture_commit_n(store, 0, 2);
	fixture_commit(1, 2, &c);
	c.commit.mirror_suffices = true;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	fixture_copy(&b, &crash);
	mm_store_close(store);
	store = fixture_open(&crash, 1);
	fixture_commit_n(store, 2, 1);
	mm_store_close(store);
	other = crash.meters[0];
	crash.meters[0] = crash.meters[1];
	store = fixture_open(&crash, 1);
	fixture_registers(1, 1, &expected);
	ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
	ck_assert_mem_eq(&got, &expected, sizeof(got));
	mm_store_close(store);
	crash.meters[0] = other;
	recover_assert_registers(&crash, 2, "the copy was of another meter");
	fixture_end(&b);
}
END_TEST

/* ---- Out of order ---- */

static void lose_all_but_wal(struct fixture *b)
{
	ck_assert_int_eq(unlink(b->path), 0);
}

static void leave_a_journal(struct fixture *b)
{
	char journal[320];

	recover_lose_database(b);
	snprintf(journal, sizeof(journal), "%s-journal", b->path);
	fixture_write_noise(journal, 0, 512);
}

static void empty_database(struct fixture *b)
{
	ck_assert_int_eq(truncate(b->path, 0), 0);
}

static void make_directory(struct fixture *b)
{
	recover_lose_database(b);
	ck_assert_int_eq(mkdir(b->path, 0700), 0);
}

static void make_foreign(struct fixture *b)
{
	recover_lose_database(b);
	ck_assert_int_eq(fixture_sql(b->path, "CREATE TABLE t (x); PRAGMA application_id = 5"), SQLITE_OK);
}

static void make_newer(struct fixture *b)
{
	ck_assert_int_eq(fixture_sql(b->path, "PRAGMA user_version = 99"), SQLITE_OK);
}

static void make_another_s(struct fixture *b)
{
	ck_assert_int_eq(fixture_sql(b->path, "UPDATE meter SET serial = 'X'"), SQLITE_OK);
}

static void lose_copy(struct fixture *b)
{
	ck_assert_int_eq(unlink(b->copy), 0);
}

static void leave_copy(struct fixture *b)
{
	(void)b;
}

static void leave_database(struct fixture *b)
{
	(void)b;
}

/* Both slots, with their sums right. */
static void make_copy_newer(struct fixture *b)
{
	older_slot_make_newer(b->copy);
}

static void zero_copy(struct fixture *b)
{
	ck_assert_int_eq(truncate(b->copy, 0), 0);
	ck_assert_int_eq(truncate(b->copy, 2 * SLOT), 0);
}

static void cut_copy(struct fixture *b)
{
	ck_assert_int_eq(truncate(b->copy, 100), 0);
}

/* Slot 0 has the odd commits' images: 5 is the sixth after the one it began with. */
static void damage_newest_slot(struct fixture *b)
{
	fixture_write_noise(b->copy, 0, 512);
}

static void damage_older_slot(struct fixture *b)
{
	fixture_write_noise(b->copy, SLOT, 512);
}

static void make_copy_unopenable(struct fixture *b)
{
	lose_copy(b);
	ck_assert_int_eq(mkdir(b->copy, 0700), 0);
}

static const struct {
	void (*harm)(struct fixture *b);
	int64_t expected;
	const char *words;
	const char *retired; /* what must be there, NULL: nothing */
	bool lasts;	     /* it is the same at the next start */
} harms[] = {
	{recover_lose_database, 5, "the database was missing; history begins anew; registers from the copy of 2025-", NULL,
	 false},
	{lose_all_but_wal, 5, "the database was damaged and is set aside", ".aside-1-wal", false},
	{leave_a_journal, 5, "the database was damaged and is set aside", ".aside-1-journal", false},
	{recover_damage_database, 5, "the database was damaged and is set aside", ".aside-1", false},
	{empty_database, 5, "the database was damaged and is set aside", ".aside-1-wal", false},
	{make_directory, 5, "the database was damaged and is set aside", ".aside-1", false},
	{make_foreign, 5, "the database was damaged and is set aside", ".aside-1", false},
	{make_another_s, 5, "the database was of another meter and is set aside", ".aside-1", false},
	{lose_copy, 3, "the copy was missing and begins anew", NULL, false},
	{recover_damage_copy, 3, "the copy was damaged", ".copy.aside-1", false},
	{zero_copy, 3, "the copy was damaged", ".copy.aside-1", false},
	{cut_copy, 3, "the copy was damaged", ".copy.aside-1", false},
	{damage_newest_slot, 4, "a slot of the copy was damaged", NULL, true},
	{damage_older_slot, 5, "a slot of the copy was damaged", NULL, true},
	{make_copy_unopenable, 3, "the copy can't be opened", NULL, true},
};

START_TEST(test_harm_is_recovered_from)
{
	struct mm_store *store;
	struct fixture b;

	recover_begin(&b);
	harms[_i].harm(&b);
	if (harms[_i].lasts) {
		store = fixture_open(&b, 1);
		fixture_assert_registers(store, 0, harms[_i].expected);
		recover_assert_event(store, harms[_i].words);
		fixture_commit_n(store, 8, 1);
		mm_store_close(store);
		fixture_assert_stored(&b, 8);
	} else {
		recover_assert_registers(&b, harms[_i].expected, harms[_i].words);
	}
	ck_assert_msg(!harms[_i].retired || fixture_has(&b, harms[_i].retired), "no %s", harms[_i].retired);
	ck_assert(!fixture_has(&b, ".recovering"));
	fixture_end(&b);
}
END_TEST

/* Both are lost: a meter must not begin at zero, or lower than it was. */
START_TEST(test_both_lost_is_refused)
{
	static const struct {
		void (*database)(struct fixture *b);
		void (*copy)(struct fixture *b);
		int error;
	} both[] = {
		{recover_lose_database, recover_damage_copy, -EBADMSG},
		{recover_lose_database, zero_copy, -EBADMSG},
		{recover_lose_database, make_copy_unopenable, -EISDIR},
		{recover_damage_database, recover_damage_copy, -EBADMSG},
		{recover_damage_database, lose_copy, -EBADMSG},
		{make_newer, lose_copy, -EPROTO},
		{make_newer, leave_copy, -EPROTO},
		{recover_lose_database, make_copy_newer, -EPROTO},
		{leave_database, make_copy_newer, -EPROTO},
		{make_another_s, lose_copy, -EXDEV},
		{make_foreign, zero_copy, -EBADMSG},
	};

	for (size_t i = 0; i < COUNT_OF(both); i++) {
		uint64_t before;
		struct fixture b;
		int r;

		recover_begin(&b);
		both[i].database(&b);
		both[i].copy(&b);
		before = fixture_digest(&b);
		r = fixture_open_fails(&b, 1);
		ck_assert_msg(r == both[i].error, "%zu: %d: %s", i, r, b.error.text);
		ck_assert_msg(fixture_digest(&b) == before, "%zu: a file was touched", i);
		fixture_end(&b);
	}
}
END_TEST

/* Somebody puts an old database back beside a copy that knows better. */
START_TEST(test_old_database_is_reported)
{
	struct mm_store *store;
	struct fixture b, old;

	store = fixture_start_with_copy(&b, 1);
	fixture_commit_n(store, 0, 1);
	fixture_copy(&b, &old);
	ck_assert_int_eq(unlink(old.copy), 0);
	fixture_commit_each(store, 1, 4);
	ck_assert_int_eq(fixture_mirror_n(store, 4), 0);
	mm_store_close(store);
	fixture_move(&old, &b);
	recover_assert_registers(&b, 4,
				 "the database lacks events or intervals that it had; the database lacks commits that it had "
				 "acknowledged");
	fixture_end(&b);
}
END_TEST

static bool take_loss(void *userdata, const struct mm_store_event *event, const char *data)
{
	ck_assert_str_eq(event->code, MM_STORE_RECOVERED);
	*(bool *)userdata = data && strcmp(data, MM_STORE_HISTORY_LOST) == 0;
	return true;
}

/* It has all commits that were acknowledged, but not a record that came after the last of them: who reads records must know. */
START_TEST(test_a_lost_record_is_a_loss)
{
	const struct mm_store_event event = {.meter = 0, .code = "multiplier", .text = "by 2"};
	struct mm_store *store;
	struct fixture b, old;
	bool lost = false;

	store = fixture_start_with_copy(&b, 1);
	fixture_commit_n(store, 0, 1);
	fixture_copy(&b, &old);
	ck_assert_int_eq(unlink(old.copy), 0);
	ck_assert_int_eq(mm_store_record(store, &event, "{\"multiplier\":2}"), 0);
	ck_assert_int_eq(fixture_mirror_n(store, 1), 0);
	mm_store_close(store);
	fixture_move(&old, &b);
	recover_assert_registers(&b, 1, "the database lacks events or intervals that it had");
	store = fixture_open(&b, 1);
	ck_assert_int_eq(mm_store_records(store, MM_STORE_RECOVERED, -1, take_loss, &lost), 0);
	ck_assert(lost);
	fixture_stop(&b, store);
}
END_TEST

/* And an old copy beside a database that knows better. */
START_TEST(test_old_copy_is_reported)
{
	struct mm_store *store;
	struct fixture b, old;

	store = fixture_start_with_copy(&b, 1);
	fixture_commit_n(store, 0, 1);
	fixture_commit_n(store, 1, 1);
	fixture_copy(&b, &old);
	ck_assert_int_eq(unlink(old.path), 0);
	fixture_commit_n(store, 2, 1);
	fixture_commit_n(store, 3, 1);
	mm_store_close(store);
	ck_assert_int_eq(rename(old.copy, b.copy), 0);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 3);
	recover_assert_event(store, "the copy was behind the database");
	fixture_commit_n(store, 4, 1);
	fixture_stop(&b, store);
}
END_TEST

/* A database whose snapshot is no JSON any more is damaged, whole as its pages are. */
START_TEST(test_snapshot_that_makes_no_sense_is_recovered_from)
{
	struct fixture b;
	struct mm_store *store = fixture_start_with_copy(&b, 1);

	fixture_commit_each(store, 0, 5);
	mm_store_close(store);
	ck_assert_int_eq(fixture_sql(b.path, "DROP TRIGGER event_no_update; "
					     "UPDATE event SET data = substr(data, 1, 40) WHERE code = 'snapshot'"),
			 SQLITE_OK);
	store = fixture_open(&b, 1);
	ck_assert_ptr_nonnull(strstr(mm_store_findings(store), "the database was damaged and is set aside"));
	fixture_assert_registers(store, 0, 4);
	fixture_stop(&b, store);
}
END_TEST

/* A bit that flips in the database and would raise the bill. */
START_TEST(test_flipped_bit_is_not_billed)
{
	struct fixture b;

	recover_begin(&b);
	ck_assert_int_eq(fixture_sql(b.path, "UPDATE register SET delivered_uwh = delivered_uwh + (1 << 40)"), SQLITE_OK);
	recover_assert_registers(&b, 5, "the database was damaged and is set aside");
	fixture_end(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-recover");
	TCase *tcase = tcase_create("recover");
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_copy_ahead_is_taken_over);
	tcase_add_test(tcase, test_history_waits_in_the_copy);
	tcase_add_test(tcase, test_without_copy_every_commit_is_the_database_s);
	tcase_add_test(tcase, test_meter_taken_out_keeps_what_the_copy_had);
	tcase_add_loop_test(tcase, test_harm_is_recovered_from, 0, MM_COUNT_OF(harms));
	tcase_add_test(tcase, test_both_lost_is_refused);
	tcase_add_test(tcase, test_old_database_is_reported);
	tcase_add_test(tcase, test_a_lost_record_is_a_loss);
	tcase_add_test(tcase, test_old_copy_is_reported);
	tcase_add_test(tcase, test_snapshot_that_makes_no_sense_is_recovered_from);
	tcase_add_test(tcase, test_flipped_bit_is_not_billed);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
