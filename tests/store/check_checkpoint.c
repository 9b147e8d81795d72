/* SPDX-License-Identifier: MIT */
/* Checkpoints of the audit trail, and the key: made once, never replaced without a word, and what a kept checkpoint gives away.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/units.h"
#include "store/audit/audit.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define NOW_NS (FIXTURE_EPOCH_S * MM_NS_PER_S)

static void key_path(const struct fixture *b, char path[static 320])
{
	snprintf(path, 320, "%s.key", b->path);
}

static int load_key(struct mm_store *store, struct mm_error *error)
{
	struct mm_clock clock = {.ops = &fixture_clock_ops};

	return mm_store_key(store, &clock, error);
}

static struct mm_store *open_with_key(struct fixture *b)
{
	struct mm_store *store = fixture_open(b, 1);

	ck_assert_msg(load_key(store, &b->error) == 0, "%s", b->error.text);
	return store;
}

static struct mm_store *start_with_key(struct fixture *b)
{
	fixture_begin(b);
	return open_with_key(b);
}

static void sign_checkpoint(struct mm_store *store, struct mm_signed_checkpoint *ret)
{
	ck_assert_int_eq(mm_store_sign_checkpoint(store, NOW_NS, ret), 0);
}

/* The first problem that is found has this part and text; NULL: there is none. */
static void assert_checkpoint(struct mm_store *store, const struct mm_signed_checkpoint *checkpoint, const char *part,
			      const char *text)
{
	const struct mm_verify_result *result;
	struct mm_verify *verify;

	ck_assert_int_eq(mm_verify_new(&verify), 0);
	ck_assert_int_eq(mm_verify_checkpoint(verify, store, checkpoint), 0);
	result = mm_verify_result(verify);
	ck_assert_msg((result->bad > 0) == (part != NULL), "%s: %s", part ? part : "sound", result->problem[0].text);
	if (part) {
		ck_assert_str_eq(result->problem[0].part, part);
		ck_assert_msg(strstr(result->problem[0].text, text) != NULL, "%s", result->problem[0].text);
	}
	mm_verify_free(verify);
}

/* ---- The key ---- */

START_TEST(test_key_is_made_once)
{
	struct mm_signed_checkpoint first, second;
	struct mm_store *store;
	char path[320];
	struct stat st;
	struct fixture b;

	fixture_begin(&b);
	key_path(&b, path);
	store = fixture_open(&b, 1);
	ck_assert_int_eq(mm_store_sign_checkpoint(store, NOW_NS, &first), -ENOKEY);
	mm_store_close(store);
	for (int i = 0; i < 2; i++) {
		store = open_with_key(&b);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
		sign_checkpoint(store, i == 0 ? &first : &second);
		fixture_assert_answer(
			store,
			"SELECT count(*) || ' ' || (text LIKE 'heads are signed with key %') FROM event WHERE code = 'key'",
			"1 1");
		mm_store_close(store);
	}
	ck_assert_str_eq(first.fingerprint, second.fingerprint);
	ck_assert_uint_eq(strlen(first.fingerprint), MM_FINGERPRINT_MAX - 1);
	fixture_end(&b);
}
END_TEST

static const struct {
	off_t size;	  /* that the file is cut to; -1: it is removed */
	const char *text; /* then written to it */
	bool retired;	  /* what was there is kept */
} spoilings[] = {
	{-1, NULL, false},
	{100, "", true},
	{0, "", true},
	{0,
	 "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	 "-----END PRIVATE KEY-----\n",
	 true}, /* of another curve */
};

START_TEST(test_another_key_is_reported)
{
	struct mm_signed_checkpoint first, second;
	char path[320], retired[340], text[400];
	struct mm_store *store;
	struct fixture b;

	fixture_begin(&b);
	key_path(&b, path);
	store = open_with_key(&b);
	sign_checkpoint(store, &first);
	mm_store_close(store);
	if (spoilings[_i].size < 0) {
		ck_assert_int_eq(unlink(path), 0);
	} else {
		ck_assert_int_eq(truncate(path, spoilings[_i].size), 0);
		fixture_write(path, 0, spoilings[_i].text, strlen(spoilings[_i].text));
	}
	store = open_with_key(&b);
	sign_checkpoint(store, &second);
	ck_assert_str_ne(first.fingerprint, second.fingerprint);
	snprintf(text, sizeof(text), "another signing key: was %s, is %s", first.fingerprint, second.fingerprint);
	fixture_assert_answer(store, "SELECT text FROM event WHERE code = 'key' ORDER BY id DESC", text);
	snprintf(retired, sizeof(retired), "%s.aside-1", path);
	ck_assert_int_eq(access(retired, F_OK), spoilings[_i].retired ? 0 : -1);
	/* What the old one signed still counts. */
	assert_checkpoint(store, &first, NULL, NULL);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_without_a_key_all_else_goes_on)
{
	struct mm_signed_checkpoint checkpoint;
	struct mm_store *store;
	char path[320];
	struct fixture b;

	fixture_begin(&b);
	key_path(&b, path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	store = fixture_open(&b, 1);
	snprintf(path, sizeof(path), "%s.key.new", b.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_lt(load_key(store, &b.error), 0);
	ck_assert_ptr_nonnull(strstr(b.error.text, "can't be signed"));
	ck_assert_int_eq(mm_store_sign_checkpoint(store, NOW_NS, &checkpoint), -ENOKEY);
	fixture_commit_n(store, 1, 1);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'key'", "0");
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_creating_replaces_nothing)
{
	struct mm_key *key = NULL;
	char path[320];
	struct fixture b;

	fixture_begin(&b);
	key_path(&b, path);
	ck_assert_int_eq(mm_key_load(path, &key), -ENOENT);
	ck_assert_int_eq(mm_key_create(path, &key), 0);
	mm_key_free(key);
	key = NULL;
	ck_assert_int_eq(mm_key_create(path, &key), -EEXIST);
	ck_assert_ptr_null(key);
	ck_assert_int_eq(mm_key_load(path, &key), 0);
	mm_key_free(key);
	mm_key_free(NULL);
	snprintf(path, sizeof(path), "%s.key.new", b.path);
	ck_assert_int_eq(access(path, F_OK), -1);
	fixture_end(&b);
}
END_TEST

/* ---- Checkpoints ---- */

START_TEST(test_a_checkpoint_says_where_the_trail_ends)
{
	struct mm_signed_checkpoint checkpoint;
	struct mm_checkpoint read;
	char text[65];
	struct fixture b;
	struct mm_store *store = start_with_key(&b);

	sign_checkpoint(store, &checkpoint);
	ck_assert_int_eq(mm_checkpoint_read(checkpoint.statement, &read), 0);
	ck_assert_int_eq(read.event, 1); /* the key's */
	ck_assert_int_eq(read.interval, 0);
	assert_checkpoint(store, &checkpoint, NULL, NULL);
	fixture_commit_n(store, 4, 1);
	sign_checkpoint(store, &checkpoint);
	ck_assert_int_eq(mm_checkpoint_read(checkpoint.statement, &read), 0);
	ck_assert_str_eq(read.time, "2025-01-01T00:00:00Z");
	ck_assert_int_eq(read.interval, 1);
	ck_assert_uint_eq(read.meter_count, 1);
	ck_assert_str_eq(read.meter[0].serial, "SN-1001");
	ck_assert_str_eq(read.meter[0].model, "MMD-120-2001-T-SCC");
	ck_assert_int_eq(read.meter[0].uwh[0], 4 * 1000003 + 7);
	snprintf(text, sizeof(text), "%s", read.event_hash);
	fixture_assert_answer(store, "SELECT lower(hex(hash)) FROM event ORDER BY id DESC", text);
	/* It stays right while the trail grows. */
	fixture_commit_n(store, 5, 1);
	assert_checkpoint(store, &checkpoint, NULL, NULL);
	fixture_stop(&b, store);
}
END_TEST

#define FREE_HANDS                                                                                                               \
	"DROP TRIGGER register_no_decrease; DROP TRIGGER profile_no_update; DROP TRIGGER profile_no_delete; "                    \
	"DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete; "

static const struct {
	const char *sql, *part, *text;
} rewritings[] = {
	{"UPDATE event SET hash = zeroblob(32) WHERE id = (SELECT max(id) FROM event)", "event",
	 "not the one that the head names"},
	{"DELETE FROM event", "event", "gone"},
	{"UPDATE profile SET hash = zeroblob(32)", "interval", "not the one"},
	{"DELETE FROM profile", "interval", "gone"},
	{"UPDATE register SET delivered_uwh = delivered_uwh - 1", "head", "reads less"},
	{"UPDATE register SET leading_uvarh = leading_uvarh - 1", "head", "reads less"},
	{"UPDATE meter SET serial = 'SN-2'", "head", "not in the register"},
	{"UPDATE meter SET model = 'MMS-120-1001'", "head", "not in the register"},
};

/* The whole trail written anew, hashes and all, would pass as sound; the checkpoint that was kept elsewhere gives it away. */
START_TEST(test_a_kept_checkpoint_exposes_a_rewriting)
{
	struct mm_signed_checkpoint checkpoint;
	struct fixture b;
	struct mm_store *store = start_with_key(&b);

	fixture_commit_n(store, 4, 1);
	sign_checkpoint(store, &checkpoint);
	ck_assert_int_eq(sqlite3_exec(store->db.connection, FREE_HANDS, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(store->db.connection, rewritings[_i].sql, NULL, NULL, NULL), SQLITE_OK);
	if (strcmp(rewritings[_i].sql, "DELETE FROM event") == 0) {
		/* The record of the key is gone as well, which is said first. */
		assert_checkpoint(store, &checkpoint, "head", "never this register's");
	} else {
		assert_checkpoint(store, &checkpoint, rewritings[_i].part, rewritings[_i].text);
	}
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_a_changed_checkpoint_is_refused)
{
	struct mm_signed_checkpoint checkpoint, other;
	struct mm_store *store;
	struct fixture b, elsewhere;
	size_t length;

	fixture_begin(&b);
	fixture_begin(&elsewhere);
	store = open_with_key(&elsewhere);
	fixture_commit_n(store, 4, 1);
	sign_checkpoint(store, &other);
	mm_store_close(store);
	store = open_with_key(&b);
	fixture_commit_n(store, 4, 1);
	sign_checkpoint(store, &checkpoint);
	assert_checkpoint(store, &other, "head", "never this register's");
	length = strlen(checkpoint.statement);
	for (size_t i = 0; i < length; i++) {
		struct mm_signed_checkpoint changed = checkpoint;

		changed.statement[i] ^= 1;
		assert_checkpoint(store, &changed, "head", "not signed");
	}
	for (size_t i = 0; i < strlen(checkpoint.signature); i++) {
		struct mm_signed_checkpoint changed = checkpoint;

		changed.signature[i] = '!';
		assert_checkpoint(store, &changed, "head", "not signed");
	}
	checkpoint.public_key[40] ^= 1;
	assert_checkpoint(store, &checkpoint, "head", "not signed");
	fixture_stop(&b, store);
	fixture_end(&elsewhere);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-checkpoint");
	TCase *tcase = tcase_create("checkpoint");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_key_is_made_once);
	tcase_add_loop_test(tcase, test_another_key_is_reported, 0, MM_COUNT_OF(spoilings));
	tcase_add_test(tcase, test_without_a_key_all_else_goes_on);
	tcase_add_test(tcase, test_creating_replaces_nothing);
	tcase_add_test(tcase, test_a_checkpoint_says_where_the_trail_ends);
	tcase_add_loop_test(tcase, test_a_kept_checkpoint_exposes_a_rewriting, 0, MM_COUNT_OF(rewritings));
	tcase_add_test(tcase, test_a_changed_checkpoint_is_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
