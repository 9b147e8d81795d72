/* SPDX-License-Identifier: MIT */
/* Opening a register: its meters, what is none, and what is none any longer. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

/* ---- Its meters ---- */

static void swap_meters(struct fixture *b, unsigned i, unsigned j)
{
	struct mm_store_meter meter = b->meters[i];

	b->meters[i] = b->meters[j];
	b->meters[j] = meter;
}

START_TEST(test_meters_are_known_by_their_serial_number)
{
	struct mm_registers got;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	fixture_commit_n(store, 4, 1);
	mm_store_close(store);
	/* A second meter is added, in front; the first gets another name. */
	swap_meters(&b, 0, 1);
	snprintf(b.meters[1].name, sizeof(b.meters[1].name), "corner flat");
	store = fixture_open(&b, 2);
	ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
	ck_assert_int_eq(got.delivered.uwh, 0);
	ck_assert_int_eq(mm_store_load(store, 1, &got), 0);
	ck_assert_int_eq(got.delivered.uwh, 4 * 1000003 + 7);
	fixture_assert_answer(store, "SELECT name FROM meter WHERE serial = 'SN-1001'", "corner flat");
	mm_store_close(store);
	/* The first is taken out and comes back. */
	store = fixture_open(&b, 1);
	mm_store_close(store);
	swap_meters(&b, 0, 1);
	fixture_assert_stored(&b, 4);
	fixture_end(&b);
}
END_TEST

static void assert_refused(struct fixture *b, unsigned meter_count, int error, const char *word)
{
	uint64_t before = fixture_digest(b);
	int r = fixture_open_fails(b, meter_count);

	ck_assert_msg(r == error, "%s: %d instead of %d: %s", word, r, error, b->error.text);
	ck_assert_msg(strstr(b->error.text, word), "%s: %s", word, b->error.text);
	ck_assert_msg(fixture_digest(b) == before, "%s: a file was touched", word);
}

START_TEST(test_register_of_another_meter_is_refused)
{
	static const char *const files[] = {"-wal", "-shm", ".copy", ".backup ", ".backup-old", "and reboot: the restart memory"};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	fixture_commit_n(store, 4, 1);
	mm_store_close(store);

	swap_meters(&b, 0, 1);
	assert_refused(&b, 1, -EXDEV, "of meter serial SN-1001, the configuration says SN-1002");
	ck_assert_ptr_nonnull(strstr(b.error.text, b.path));
	ck_assert_ptr_nonnull(strstr(b.error.text, "move the register away"));
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		ck_assert_msg(strstr(b.error.text, files[i]) != NULL, "%s: %s", files[i], b.error.text);
	}
	swap_meters(&b, 0, 1);
	memcpy(b.meters[0].model, "MMS-120-1001", sizeof("MMS-120-1001"));
	assert_refused(&b, 1, -EXDEV, "MMD-120-2001-T-SCC, the configuration says MMS-120-1001");
	memcpy(b.meters[1].serial, "SN-1001", sizeof("SN-1001"));
	assert_refused(&b, 2, -EINVAL, "same serial");
	b.meters[0].serial[0] = '\0';
	assert_refused(&b, 1, -EINVAL, "no serial");
	assert_refused(&b, 0, -EINVAL, "1 to 16 meters");
	assert_refused(&b, 17, -EINVAL, "1 to 16 meters");
	fixture_end(&b);
}
END_TEST

START_TEST(test_register_in_use_is_refused)
{
	struct fixture_holder holder;
	struct fixture b;

	fixture_begin(&b);
	fixture_hold(&b, 1, &holder);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EBUSY);
	ck_assert_ptr_nonnull(strstr(b.error.text, "stop the other process"));
	fixture_release(&holder);
	mm_store_close(fixture_open(&b, 1));
	fixture_end(&b);
}
END_TEST

/* ---- What is no register, or no longer ---- */

static void make_text(struct fixture *b)
{
	char text[3000];

	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(truncate(b->path, 0), 0);
	fixture_write(b->path, 0, text, sizeof(text));
}

static void make_short_text(struct fixture *b)
{
	ck_assert_int_eq(truncate(b->path, 0), 0);
	fixture_write(b->path, 0, "hello\n", 6);
}

static void make_empty(struct fixture *b)
{
	ck_assert_int_eq(truncate(b->path, 0), 0);
}

static void make_half(struct fixture *b)
{
	ck_assert_int_eq(truncate(b->path, 5 * 4096), 0);
}

static void make_shorter(struct fixture *b)
{
	struct stat st;

	ck_assert_int_eq(stat(b->path, &st), 0);
	ck_assert_int_eq(truncate(b->path, st.st_size - 4096), 0);
}

static void make_bare(struct fixture *b)
{
	unlink(b->path);
	ck_assert_int_eq(fixture_sql(b->path, "PRAGMA journal_mode = WAL"), SQLITE_OK);
}

static void make_directory(struct fixture *b)
{
	unlink(b->path);
	ck_assert_int_eq(mkdir(b->path, 0700), 0);
}

static void make_missing(struct fixture *b)
{
	char wal[320];

	snprintf(wal, sizeof(wal), "%s-wal", b->path);
	ck_assert_int_eq(rename(b->path, wal), 0);
}

static void make_bad_new(struct fixture *b)
{
	char temporary[320];

	snprintf(temporary, sizeof(temporary), "%s.new", b->path);
	make_text(b);
	ck_assert_int_eq(rename(b->path, temporary), 0);
}

static void make_no_directory(struct fixture *b)
{
	snprintf(b->path, sizeof(b->path), "%s/none/register.db", b->dir);
}

static void make_below_file(struct fixture *b)
{
	snprintf(b->path, sizeof(b->path), "%.250s/register.db/register.db", b->dir);
}

/* Page 4 on are the roots of the tables. */
static void make_noise(struct fixture *b)
{
	struct stat st;

	ck_assert_int_eq(stat(b->path, &st), 0);
	fixture_write_noise(b->path, 4096, st.st_size - 4096);
}

static const struct {
	void (*make)(struct fixture *b);
	int error;
	const char *word;
	const char *sql; /* in place of make */
} harms[] = {
	{make_text, -EBADMSG, "not a database"},
	{make_short_text, -EBADMSG, "not a database"},
	{make_empty, -EBADMSG, "is empty"},
	{make_half, -EBADMSG, "malformed"},
	{make_shorter, -EBADMSG, "malformed"},
	{make_noise, -EBADMSG, "malformed"},
	{NULL, -EPROTO, "schema version 4", "PRAGMA user_version = 4"},
	{NULL, -EBADMSG, "another program", "PRAGMA application_id = 5; PRAGMA user_version = 7"},
	{make_bare, -EBADMSG, "empty database"},
	{NULL, -EBADMSG, "no such table", "DROP TABLE event"},
	{NULL, -EBADMSG, "without its registers", "DROP TRIGGER register_no_delete; DELETE FROM register"},
	{NULL, -EBADMSG, "quick_check(register)",
	 "PRAGMA ignore_check_constraints = 1; DROP TRIGGER register_no_decrease; "
	 "UPDATE register SET leading_uvarh = -1"},
	{NULL, -EBADMSG, "malformed JSON",
	 "DROP TRIGGER event_no_update; "
	 "UPDATE event SET data = substr(data, 1, 40) WHERE code = 'snapshot'"},
	{make_directory, -EBADMSG, "not a regular file"},
	{make_missing, -EBADMSG, "-journal is there"},
	{make_bad_new, -EBADMSG, "register.db.new"},
	{make_no_directory, -ENOENT, "create its directory"},
	{make_below_file, -ENOTDIR, "correct the path"},
};

START_TEST(test_harm_is_refused)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	fixture_commit_each(store, 0, 100);
	mm_store_close(store);
	if (harms[_i].make) {
		harms[_i].make(&b);
	} else {
		ck_assert_int_eq(fixture_sql(b.path, harms[_i].sql), SQLITE_OK);
	}
	assert_refused(&b, 1, harms[_i].error, harms[_i].word);
	fixture_end(&b);
}
END_TEST

START_TEST(test_creation_cut_short_is_gone_on_with)
{
	char temporary[320];
	struct fixture b;

	fixture_begin(&b);
	snprintf(temporary, sizeof(temporary), "%s.new", b.path);
	/* After the file came to be, and after all but the renaming. */
	fixture_write(temporary, 0, "", 0);
	mm_store_close(fixture_open(&b, 1));
	ck_assert_int_eq(unlink(b.path), 0);
	mm_store_close(fixture_open(&b, 1));
	ck_assert_int_eq(rename(b.path, temporary), 0);
	mm_store_close(fixture_open(&b, 1));
	ck_assert_int_ne(access(temporary, F_OK), 0);
	fixture_end(&b);
}
END_TEST

static const struct {
	const char *code;
	uint32_t clock_flags;
	bool unsynchronized;
} said[] = {
	{"start", 0, false}, /* of a version that did not say */
	{"start", MM_STORE_CLOCK_UNSYNCHRONIZED, true},
	{"gap", MM_STORE_CLOCK_SYNCHRONIZED, true}, /* those that the start of a run can write are not asked */
	{"clock-known", MM_STORE_CLOCK_SYNCHRONIZED, false},
	{"stop", MM_STORE_CLOCK_UNSYNCHRONIZED, true},
	{"start", MM_STORE_CLOCK_SYNCHRONIZED, false},
};

START_TEST(test_whether_the_last_run_knew_the_time)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);
	struct mm_store_last_run last;

	for (int i = 0; i < MM_COUNT_OF(said); i++) {
		struct fixture_commit c;

		fixture_commit(i + 1, 1, &c);
		strcpy(c.event.code, said[i].code);
		c.event.clock_flags = said[i].clock_flags;
		ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
		ck_assert_int_eq(mm_store_last_run(store, &last), 0);
		ck_assert_int_eq(last.unsynchronized, said[i].unsynchronized);
	}
	mm_store_close(store);
	fixture_end(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-open");
	TCase *tcase = tcase_create("open");
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_whether_the_last_run_knew_the_time);
	tcase_add_test(tcase, test_meters_are_known_by_their_serial_number);
	tcase_add_test(tcase, test_register_of_another_meter_is_refused);
	tcase_add_test(tcase, test_register_in_use_is_refused);
	tcase_add_loop_test(tcase, test_harm_is_refused, 0, MM_COUNT_OF(harms));
	tcase_add_test(tcase, test_creation_cut_short_is_gone_on_with);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
