/* SPDX-License-Identifier: MIT */
/* A register whose serial number an earlier version misread: taken over once, by all that is kept of it, and nobody else's. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/count_of.h"
#include "core/units.h"
#include "store/audit/audit.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define RIGHT "SN-1001"
#define TAIL "SN-1001   # the shop's meter"
#define NOW_NS (FIXTURE_EPOCH_S * MM_NS_PER_S)

/* ---- What is misread ---- */

static const struct {
	const char *stored, *serial;
	bool misread;
} forms[] = {
	{TAIL, RIGHT, true},
	{"SN-1001 #", RIGHT, true},
	{"SN-1001\t# x # y", RIGHT, true},
	{"\"SN-1001\"", RIGHT, true},
	{"'SN-1001'", RIGHT, true},
	{"\"SN-1001\"  # the shop's meter", RIGHT, true},
	{"M\xfcller-\xdf", "M\xc3\xbcller-\xc3\x9f", true},
	{"'M\xfcller'   # x", "M\xc3\xbcller", true},
	{"\"M\xc3\xbcller\"", "M\xc3\xbcller", true},
	{"42 #2", "42#2", true}, /* as the configuration's error advises */
	{"42 #2", "42", true},
	{"42\t #2 # x", "42#2", true},
	{"\"42 #2\"", "42#2", true},
	{"SN \"42\"", "SN 42", true},
	{"\x01SN-1001", RIGHT, true},
	{"SN-\xe2\x80\x8b"
	 "1001\xef\xbb\xbf",
	 RIGHT, true},
	{"42 #2", "42#3", false},
	{"42#2", "42 #2", false},
	{RIGHT, RIGHT, false},
	{"SN-1002", RIGHT, false},
	{"SN-10011", RIGHT, false},
	{"SN-100", RIGHT, false},
	{"SN-1001# x", RIGHT, false}, /* a # without a blank before it is part of the number */
	{"SN-1001 x", RIGHT, false},
	{"SN-1002 # SN-1001", RIGHT, false},
	{"\"SN-1001", RIGHT, false},
	{"\"SN-1001'", RIGHT, false},
	{"\"SN-1001\"x", RIGHT, false},
	{"# SN-1001", RIGHT, false},
	{"", RIGHT, false},
	{"\"", "\"", false},
	{"M\xfcller", "Mueller", false},
	{"M\xfcller", "M\xc3\xb6ller", false},
	{"\xc3\xbc", "\xc3\x83\xc2\xbc", false}, /* which is UTF-8, and another number */
	{"\x80", "\xe2\x82\xac", false},
};

START_TEST(test_what_is_misread)
{
	ck_assert_msg(mm_serial_is_misread(forms[_i].stored, forms[_i].serial) == forms[_i].misread, "\"%s\" for \"%s\"",
		      forms[_i].stored, forms[_i].serial);
	ck_assert(!forms[_i].misread || !mm_serial_is_misread(forms[_i].serial, forms[_i].stored));
}
END_TEST

START_TEST(test_texts_for_people)
{
	char text[MM_SERIAL_TEXT_MAX], longest[MM_STORE_NAME_MAX];

	ck_assert_str_eq(mm_serial_text(TAIL, text), "\"" TAIL "\"");
	ck_assert_str_eq(mm_serial_text("\"M\xfc\xc3\xbc\\\n", text), "\"\\x22M\\xfc\xc3\xbc\\x5c\\x0a\"");
	memset(longest, '\xfc', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_uint_lt(strlen(mm_serial_text(longest, text)), MM_SERIAL_TEXT_MAX);
	ck_assert_str_eq(text + strlen(text) - 8, "\\xfc...\"");
}
END_TEST

/* ---- Taking over ---- */

static void set_serial(struct fixture *b, const char *serial)
{
	snprintf(b->meters[0].serial, sizeof(b->meters[0].serial), "%s", serial);
}

static void assert_sound(struct mm_store *store, const struct mm_signed_checkpoint *checkpoint)
{
	struct mm_verify *verify = fixture_verify(store);

	if (checkpoint) {
		ck_assert_int_eq(mm_verify_checkpoint(verify, store, checkpoint), 0);
	}
	fixture_assert_sound(verify);
	mm_verify_free(verify);
}

/* A store as an earlier version left it, with a copy: commits up to before n, snapshots among them. */
static void leave(struct fixture *b, const char *misread, int64_t n, struct mm_signed_checkpoint *ret_checkpoint)
{
	struct mm_clock clock = {.ops = &fixture_clock_ops};
	struct mm_store *store;

	fixture_begin_with_copy(b);
	set_serial(b, misread);
	store = fixture_open(b, 1);
	ck_assert_int_eq(mm_store_key(store, &clock, &b->error), 0);
	fixture_commit_each(store, 1, n);
	if (ret_checkpoint) {
		ck_assert_int_eq(mm_store_sign_checkpoint(store, NOW_NS, ret_checkpoint), 0);
	}
	assert_sound(store, ret_checkpoint);
	mm_store_close(store);
}

#define EVENTS "SELECT count(*) FROM event WHERE code = 'serial-corrected'"

static const char *const misreadings[] = {TAIL, "\"SN-1001\"", "'SN-1001'", "'SN-1001'\t# x"};

START_TEST(test_a_misread_register_is_taken_over_once)
{
	struct mm_signed_checkpoint checkpoint;
	char text[MM_SERIAL_TEXT_MAX], expected[MM_SERIAL_TEXT_MAX + 200];
	struct mm_store *store;
	struct fixture b;

	leave(&b, misreadings[_i], 9, &checkpoint);
	set_serial(&b, RIGHT);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 8);
	ck_assert_str_eq(mm_store_misread(store, 0), mm_serial_text(misreadings[_i], text));
	ck_assert_str_eq(mm_store_misread(store, 1), "");
	ck_assert_str_eq(mm_store_findings(store), "");
	fixture_assert_answer(store, "SELECT group_concat(serial) FROM meter", RIGHT);
	snprintf(expected, sizeof(expected),
		 "1 an earlier version had misread the serial number as %s; its register goes on under serial " RIGHT, text);
	fixture_assert_answer(store, "SELECT meter || ' ' || text FROM event WHERE code = 'serial-corrected'", expected);
	assert_sound(store, &checkpoint);

	/* It goes on, and the next opening finds nothing to do. */
	fixture_commit_each(store, 9, 200);
	store = fixture_reopen(&b, store, 1);
	ck_assert_str_eq(mm_store_misread(store, 0), "");
	ck_assert_str_eq(mm_store_findings(store), "");
	fixture_assert_answer(store, EVENTS, "1");
	assert_sound(store, &checkpoint);
	fixture_stop(&b, store);
}
END_TEST

/* Latin-1, as two meters of one daemon; the other one is nobody's business. */
START_TEST(test_bytes_that_are_not_utf8)
{
	struct mm_store *store;
	struct fixture b;

	leave(&b, "M\xfc-1", 9, NULL);
	set_serial(&b, "M\xc3\xbc-1");
	store = fixture_open(&b, 2);
	fixture_assert_registers(store, 0, 8);
	ck_assert_str_eq(mm_store_misread(store, 0), "\"M\\xfc-1\"");
	ck_assert_str_eq(mm_store_misread(store, 1), "");
	fixture_commit_n(store, 9, 2);
	assert_sound(store, NULL);
	store = fixture_reopen(&b, store, 2);
	fixture_assert_registers(store, 0, 9);
	fixture_assert_registers(store, 1, 9);
	fixture_assert_answer(store, EVENTS, "1");
	fixture_stop(&b, store);
}
END_TEST

static void assert_refused(struct fixture *b, int error, const char *text)
{
	uint64_t before = fixture_digest(b);

	ck_assert_int_eq(fixture_open_fails(b, 1), error);
	ck_assert_msg(strstr(b->error.text, text) != NULL, "%s", b->error.text);
	ck_assert_uint_eq(fixture_digest(b), before);
}

START_TEST(test_another_meter_is_refused_as_ever)
{
	static const char *const others[] = {"SN-1002", "SN-1001x", "SN-100", "the shop's meter"};
	struct fixture b;

	leave(&b, TAIL, 5, NULL);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		set_serial(&b, others[i]);
		assert_refused(&b, -EXDEV, others[i]);
	}
	/* Where more differs than the reading of the line. */
	set_serial(&b, RIGHT);
	strcpy(b.meters[0].model, "MMS-120-1001");
	assert_refused(&b, -EXDEV, "stored as model MMD-120-2001-T-SCC");
	fixture_end(&b);
}
END_TEST

START_TEST(test_of_two_that_are_misread_alike_none_is_chosen)
{
	struct fixture b;
	struct mm_store *store;

	leave(&b, TAIL, 5, NULL);
	b.meters[1] = b.meters[0];
	strcpy(b.meters[1].serial, "\"" RIGHT "\"");
	mm_store_close(fixture_open(&b, 2));
	set_serial(&b, RIGHT);
	assert_refused(&b, -ENOTUNIQ, "two meters are stored whose serial SN-1001 was misread");
	/* One that is right is the meter, whatever else there is. */
	ck_assert_int_eq(fixture_sql(b.path, "UPDATE meter SET serial = 'SN-1001' WHERE id = 2"), 0);
	store = fixture_open(&b, 1);
	fixture_assert_answer(store, EVENTS, "0");
	fixture_assert_answer(store, "SELECT group_concat(serial) FROM (SELECT serial FROM meter ORDER BY id)", TAIL "," RIGHT);
	fixture_stop(&b, store);
}
END_TEST

/* What an operator writes who reads that the stored number can't be written so; NULL: nothing continues that register. */
static const struct {
	const char *stored, *written, *right;
} doubts[] = {
	{"M\xfcller", "Mueller", "M\xc3\xbcller"},
	{"SN \"42\"", "SN-42", "SN 42"},
	{"'42'", "0042", "42"},
	{"42 #2", "42-2", "42#2"},
	{"42\t#2", "42/2", "42"},
	{"# 42", "42", NULL},
};

/* The other meter is known, so that the register is ours; with a copy that is ours too, which must not replace it. */
START_TEST(test_a_meter_that_may_be_stored_is_not_begun)
{
	char text[MM_SERIAL_TEXT_MAX];
	struct mm_store *store;
	struct fixture b;
	uint64_t before;

	fixture_begin_with_copy(&b);
	set_serial(&b, doubts[_i].stored);
	store = fixture_open(&b, 2);
	fixture_commit_n(store, 7, 2);
	mm_store_close(store);
	before = fixture_digest(&b);
	set_serial(&b, doubts[_i].written);
	ck_assert_int_eq(fixture_open_fails(&b, 2), -ENOTUNIQ);
	ck_assert_msg(strstr(b.error.text, doubts[_i].written) && strstr(b.error.text, mm_serial_text(doubts[_i].stored, text)),
		      "%s", b.error.text);
	ck_assert_uint_eq(fixture_digest(&b), before);
	if (doubts[_i].right) {
		ck_assert_msg(strstr(b.error.text, "Then write ") != NULL, "%s", b.error.text);
		set_serial(&b, doubts[_i].right);
		store = fixture_open(&b, 2);
		fixture_assert_registers(store, 0, 7);
		fixture_assert_answer(store, EVENTS, "1");
		mm_store_close(store);
	}
	fixture_end(&b);
}
END_TEST

/* The database is lost, and the backup has the meter: no new database may do without it. */
START_TEST(test_a_backup_that_may_have_a_meter_is_not_passed_over)
{
	struct mm_store *store;
	struct fixture b;

	fixture_begin(&b);
	set_serial(&b, "M\xfcller");
	store = fixture_open(&b, 2);
	fixture_commit_n(store, 7, 2);
	ck_assert_int_eq(mm_store_backup(store), 0);
	mm_store_close(store);
	unlink(b.path);
	set_serial(&b, "Mueller");
	ck_assert_int_eq(fixture_open_fails(&b, 2), -ENOTUNIQ);
	set_serial(&b, "M\xc3\xbcller");
	store = fixture_open(&b, 2);
	fixture_assert_registers(store, 0, 7);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_one_stored_number_is_not_two_meters)
{
	struct fixture b;

	leave(&b, "42 #2", 5, NULL);
	set_serial(&b, "42");
	strcpy(b.meters[1].serial, "42#2");
	strcpy(b.meters[1].model, b.meters[0].model);
	ck_assert_int_eq(fixture_open_fails(&b, 2), -ENOTUNIQ);
	ck_assert_msg(strstr(b.error.text, "\"42 #2\" may be serial 42 or 42#2:") != NULL, "%s", b.error.text);
	fixture_end(&b);
}
END_TEST

/* ---- What is kept beside the database ---- */

START_TEST(test_a_copy_that_is_ahead_is_taken_over_with_it)
{
	struct mm_store *store;
	struct fixture b;

	leave(&b, TAIL, 5, NULL);
	store = fixture_open(&b, 1);
	ck_assert_int_eq(fixture_mirror_n(store, 7), 0);
	mm_store_close(store);
	set_serial(&b, RIGHT);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 7);
	fixture_assert_answer(store, "SELECT group_concat(serial) FROM meter", RIGHT);
	fixture_assert_answer(store, EVENTS, "1");
	ck_assert_str_eq(mm_store_findings(store), "");
	assert_sound(store, NULL);
	/* The power fails before anything is written to the copy, which still has the old number. */
	store = fixture_reopen(&b, store, 1);
	fixture_assert_registers(store, 0, 7);
	fixture_assert_answer(store, EVENTS, "1");
	fixture_assert_answer(store, "SELECT count(*) FROM meter", "1");
	ck_assert_str_eq(mm_store_findings(store), "");
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_the_copy_alone_is_taken_over)
{
	struct mm_store *store;
	struct fixture b;

	leave(&b, TAIL, 5, NULL);
	unlink(b.path);
	set_serial(&b, "SN-1002");
	assert_refused(&b, -EXDEV, "its copy is of another meter");
	set_serial(&b, RIGHT);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 4);
	fixture_assert_answer(store, "SELECT group_concat(serial) FROM meter", RIGHT);
	fixture_assert_answer(store, EVENTS, "1");
	ck_assert_ptr_nonnull(strstr(mm_store_findings(store), "the database was missing"));
	ck_assert_ptr_nonnull(strstr(mm_store_misread(store, 0), TAIL));
	assert_sound(store, NULL);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_a_backup_is_taken_over)
{
	struct mm_store *store;
	struct fixture b;

	leave(&b, TAIL, 5, NULL);
	store = fixture_open(&b, 1);
	ck_assert_int_eq(mm_store_backup(store), 0);
	mm_store_close(store);
	unlink(b.copy);
	fixture_write_noise(b.path, 0, 4096);
	set_serial(&b, RIGHT);
	store = fixture_open(&b, 1);
	fixture_assert_registers(store, 0, 4);
	fixture_assert_answer(store, "SELECT group_concat(serial) FROM meter", RIGHT);
	fixture_assert_answer(store, EVENTS, "1");
	assert_sound(store, NULL);
	fixture_stop(&b, store);
}
END_TEST

/* ---- The trail ---- */

static const char *const forgeries[] = {
	/* A number that this one is no misreading of. */
	"UPDATE event SET data = '{\"misread\":\"534e2d393939\",\"profile\":4}' WHERE code = 'serial-corrected'",
	"UPDATE event SET data = '{\"profile\":4}' WHERE code = 'serial-corrected'",
	"UPDATE event SET data = 'nonsense' WHERE code = 'serial-corrected'",
	"UPDATE event SET data = NULL WHERE code = 'serial-corrected'",
	"UPDATE event SET data = replace(data, '\"profile\":4', '\"profile\":2') WHERE code = 'serial-corrected'",
	"UPDATE meter SET serial = 'SN-1009'",
	"DELETE FROM event WHERE code = 'serial-corrected'",
};

START_TEST(test_the_trail_holds_the_numbers)
{
	struct mm_verify *verify;
	struct mm_store *store;
	struct fixture b;

	leave(&b, TAIL, 5, NULL);
	set_serial(&b, RIGHT);
	store = fixture_open(&b, 1);
	fixture_commit_each(store, 5, 9);
	assert_sound(store, NULL);
	ck_assert_int_eq(sqlite3_exec(store->db.connection, "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(store->db.connection, forgeries[_i], NULL, NULL, NULL), SQLITE_OK);
	verify = fixture_verify(store);
	ck_assert_int_gt(mm_verify_result(verify)->bad, 0);
	mm_verify_free(verify);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("serial");
	TCase *tc = tcase_create("serial");

	fixture_use_memory();
	tcase_add_loop_test(tc, test_what_is_misread, 0, COUNT_OF(forms));
	tcase_add_test(tc, test_texts_for_people);
	tcase_add_loop_test(tc, test_a_misread_register_is_taken_over_once, 0, COUNT_OF(misreadings));
	tcase_add_test(tc, test_bytes_that_are_not_utf8);
	tcase_add_test(tc, test_another_meter_is_refused_as_ever);
	tcase_add_test(tc, test_of_two_that_are_misread_alike_none_is_chosen);
	tcase_add_loop_test(tc, test_a_meter_that_may_be_stored_is_not_begun, 0, COUNT_OF(doubts));
	tcase_add_test(tc, test_a_backup_that_may_have_a_meter_is_not_passed_over);
	tcase_add_test(tc, test_one_stored_number_is_not_two_meters);
	tcase_add_test(tc, test_a_copy_that_is_ahead_is_taken_over_with_it);
	tcase_add_test(tc, test_the_copy_alone_is_taken_over);
	tcase_add_test(tc, test_a_backup_is_taken_over);
	tcase_add_loop_test(tc, test_the_trail_holds_the_numbers, 0, COUNT_OF(forgeries));
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
