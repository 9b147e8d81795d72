/* SPDX-License-Identifier: MIT */
/* The audit trail: what enters it, how it is hashed, what an older register brings along, and what opening finds changed. */
#include <check.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "store/hash.h"
#include "store/private.h"
#include "store/audit/checkpoint.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

/* ---- The encoding, once more and by hand ---- */

struct bytes {
	unsigned char data[1024];
	size_t size;
};

static void put(struct bytes *b, char type, uint64_t word)
{
	b->data[b->size++] = (unsigned char)type;
	for (int shift = 56; shift >= 0; shift -= 8) {
		b->data[b->size++] = (unsigned char)(word >> shift);
	}
}

static void put_data(struct bytes *b, char type, const void *data, size_t size)
{
	put(b, type, size);
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

static void put_text(struct bytes *b, const char *text)
{
	put_data(b, 't', text, strlen(text));
}

static void hash_hex(const struct bytes *b, char ret[static 2 * MM_HASH_SIZE + 1])
{
	unsigned char hash[MM_HASH_SIZE];

	ck_assert_int_eq(EVP_Digest(b->data, b->size, hash, NULL, EVP_sha256(), NULL), 1);
	for (int i = 0; i < MM_HASH_SIZE; i++) {
		snprintf(ret + 2 * (size_t)i, 3, "%02X", hash[i]);
	}
}

/* Begins what goes around that hash: the columns that came with version 3. */
static void hash_around(struct bytes *b)
{
	unsigned char hash[MM_HASH_SIZE];

	ck_assert_int_eq(EVP_Digest(b->data, b->size, hash, NULL, EVP_sha256(), NULL), 1);
	b->size = 17;
	put_text(b, "3");
	put_data(b, 'b', hash, sizeof(hash));
}

/* The manual describes this encoding: another program must come to the same hash. */
START_TEST(test_hash_is_the_documented_one)
{
	static const unsigned char zero[MM_HASH_SIZE];
	struct bytes b = {.size = 17};
	char expected[2 * MM_HASH_SIZE + 1];
	struct fixture_commit c;
	struct mm_store *store;
	struct fixture fixture;

	fixture_begin(&fixture);
	store = fixture_open(&fixture, 1);
	fixture_commit(0, 1, &c);
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);

	memcpy(b.data, "minimeter-chain-1", 17);
	put_text(&b, "event");
	put_data(&b, 'b', zero, sizeof(zero));
	put(&b, 'i', 1);
	put_text(&b, FIXTURE_BOOT);
	put(&b, 'i', (uint64_t)c.event.boottime_ns);
	put(&b, 'i', (uint64_t)c.event.realtime_ns);
	put_text(&b, "SN-1001");
	put_text(&b, "gap");
	put_text(&b, "0");
	put(&b, 'n', 0);
	hash_around(&b);
	put(&b, 'n', 0);
	put(&b, 'i', (uint64_t)c.commit.meter[0].delivered.uwh);
	put(&b, 'i', (uint64_t)c.commit.meter[0].received.uwh);
	hash_hex(&b, expected);
	fixture_assert_answer(store, "SELECT hex(hash) FROM event WHERE id = 1", expected);

	b.size = 17;
	put_text(&b, "profile");
	put_data(&b, 'b', zero, sizeof(zero));
	put(&b, 'i', 1);
	put_text(&b, "SN-1001");
	put(&b, 'i', (uint64_t)c.row.row.start_s);
	put(&b, 'i', (uint64_t)c.row.row.duration_s);
	put(&b, 'i', c.row.row.status);
	put(&b, 'i', (uint64_t)c.row.row.delivered_uwh);
	put(&b, 'i', (uint64_t)c.row.row.received_uwh);
	put(&b, 'i', (uint64_t)c.row.row.lagging_uvarh);
	put(&b, 'i', (uint64_t)c.row.row.leading_uvarh);
	put(&b, 'i', (uint64_t)c.row.row.covered_ns);
	/* No interval before, clock flags, uncertainty, elements, registers. */
	hash_around(&b);
	put(&b, 'i', 0);
	put(&b, 'i', c.row.row.clock_flags);
	put(&b, 'i', (uint64_t)c.row.row.uncertainty_uwh);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		put(&b, 'i', (uint64_t)c.row.row.element_delivered_uwh[e]);
		put(&b, 'i', (uint64_t)c.row.row.element_received_uwh[e]);
	}
	put(&b, 'i', (uint64_t)c.row.row.register_delivered_uwh);
	put(&b, 'i', (uint64_t)c.row.row.register_received_uwh);
	hash_hex(&b, expected);
	fixture_assert_answer(store, "SELECT hex(hash) FROM profile WHERE id = 1", expected);

	/* A double, as IEEE 754 has it. */
	b.size = 17;
	put(&b, 'r', UINT64_C(0xbfe0000000000000));
	hash_hex(&b, expected);
	fixture_assert_answer(store, "SELECT hex(mm_hash(-0.5))", expected);
	mm_store_close(store);
	fixture_end(&fixture);
}
END_TEST

/* ---- Energy that is in no interval, snapshots, records ---- */

/* A commit of one meter that stands at these figures, with an interval of closed_uwh where that is not 0. */
static void commit_figures(struct mm_store *store, int64_t real_s, int64_t delivered_uwh, int64_t open_uwh, int64_t closed_uwh)
{
	struct mm_store_profile_row row = {.row = {.start_s = real_s, .duration_s = 900, .delivered_uwh = closed_uwh}};
	struct mm_store_commit c = {.realtime_ns = real_s * MM_NS_PER_S, .meter_count = 1, .rows = &row};

	c.row_count = closed_uwh != 0;
	c.meter[0].delivered.uwh = delivered_uwh;
	c.meter[0].profile.open = true;
	c.meter[0].profile.row.delivered_uwh = open_uwh;
	ck_assert_msg(mm_store_commit(store, &c) == 0, "%s", store->db.error.text);
}

#define UNPROFILED                                                                                                               \
	"SELECT coalesce(group_concat(json_extract(data, '$.delivered_uwh'), ' '), '') FROM event WHERE code = 'unprofiled'"

START_TEST(test_energy_in_no_interval_is_recorded)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	commit_figures(store, 1000, 50, 50, 0);
	commit_figures(store, 2000, 80, 10, 70);
	fixture_assert_answer(store, UNPROFILED, "");
	/* 20 too few in the profile, then all is right again. */
	commit_figures(store, 3000, 200, 10, 100);
	commit_figures(store, 4000, 300, 0, 110);
	fixture_assert_answer(store, UNPROFILED, "20");
	mm_store_close(store);
	/* What is known of that outlives the process, and a snapshot between. */
	store = fixture_open(&b, 1);
	commit_figures(store, 90000, 400, 100, 0);
	store = fixture_reopen(&b, store, 1);
	commit_figures(store, 91000, 500, 0, 200);
	fixture_assert_answer(store, UNPROFILED, "20");
	commit_figures(store, 92000, 507, 0, 0);
	fixture_assert_answer(store, UNPROFILED, "20 7");
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'snapshot'", "2");
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_a_preset_is_in_no_interval_and_needs_none)
{
	struct mm_store_commit c = {.meter_count = 1};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	c.meter[0].delivered.uwh = c.meter[0].preset_delivered_uwh = 1000;
	c.meter[0].received.uwh = c.meter[0].preset_received_uwh = 500;
	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	store = fixture_reopen(&b, store, 1);
	c.realtime_ns = INT64_C(90000) * MM_NS_PER_S;
	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	fixture_assert_answer(store, UNPROFILED, "");
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_a_snapshot_every_day_and_every_thousand_intervals)
{
	static struct mm_store_profile_row rows[1000];
	struct mm_store_commit c = {.realtime_ns = 1, .meter_count = 1, .rows = rows};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	c.realtime_ns = INT64_C(86399) * MM_NS_PER_S;
	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'snapshot'", "1");
	c.realtime_ns = INT64_C(86400) * MM_NS_PER_S;
	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'snapshot'", "2");
	c.row_count = 999;
	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'snapshot'", "2");
	c.row_count = 1;
	ck_assert_int_eq(mm_store_commit(store, &c), 0);
	fixture_assert_answer(
		store,
		"SELECT json_extract(data, '$.profile') || ' ' || json_extract(data, '$.meters[0].serial') FROM event "
		"WHERE code = 'snapshot' AND id = (SELECT snapshot FROM head)",
		"1000 SN-1001");
	fixture_stop(&b, store);
}
END_TEST

struct records {
	char data[4][32];
	unsigned count;
	bool one;
};

static bool take_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct records *records = userdata;

	ck_assert_str_eq(event->code, "calibration");
	ck_assert_uint_lt(records->count, 4);
	snprintf(records->data[records->count++], sizeof(records->data[0]), "%s", data);
	return !records->one;
}

START_TEST(test_records_are_read_again)
{
	struct mm_store_event event = {.meter = 1, .code = "calibration", .text = "by anna"};
	struct records got = {0};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	ck_assert_int_eq(mm_store_record(store, &event, "{\"gain\":1}"), 0);
	event.meter = 0;
	ck_assert_int_eq(mm_store_record(store, &event, "{\"gain\":2}"), 0);
	event.meter = 1;
	ck_assert_int_eq(mm_store_record(store, &event, "{\"gain\":3}"), 0);
	event.meter = 2;
	ck_assert_int_eq(mm_store_record(store, &event, "{}"), -EINVAL);
	store = fixture_reopen(&b, store, 2);
	ck_assert_int_eq(mm_store_records(store, "calibration", 1, take_record, &got), 0);
	ck_assert_uint_eq(got.count, 2);
	ck_assert_str_eq(got.data[0], "{\"gain\":1}");
	ck_assert_str_eq(got.data[1], "{\"gain\":3}");
	got.count = 0;
	ck_assert_int_eq(mm_store_records(store, "calibration", -1, take_record, &got), 0);
	ck_assert_uint_eq(got.count, 3);
	got = (struct records){.one = true};
	ck_assert_int_eq(mm_store_records(store, "calibration", -1, take_record, &got), 0);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_int_eq(mm_store_records(store, "preset", -1, take_record, &got), 0);
	ck_assert_uint_eq(got.count, 1);
	fixture_stop(&b, store);
}
END_TEST

/* ---- What opening notices ---- */

static const struct {
	const char *sql;
	const char *text; /* of the event; NULL: none */
} changes[] = {
	{"SELECT 1", NULL},
	{"UPDATE register SET delivered_uwh = delivered_uwh + 1", "registers, meters or heads changed"},
	{"INSERT INTO meter VALUES (7, 'SN-7', 'MMS-120-1001', 'flat 7')", "registers"},
	{"INSERT INTO boot VALUES (7, 'x')", "registers"},
	{"DROP TRIGGER event_no_delete; DELETE FROM event WHERE id = (SELECT max(id) FROM event)",
	 "of the events the newest are gone"},
	{"DROP TRIGGER event_no_update; UPDATE event SET hash = zeroblob(32)", "of the events the newest is another"},
	{"INSERT INTO event VALUES (1000, 1, 0, 0, NULL, 'x', 'x', NULL, zeroblob(32), NULL, NULL, NULL)",
	 "of the events some were added by another hand"},
	{"DROP TRIGGER profile_no_delete; DELETE FROM profile", "of the intervals the newest are gone"},
	{"INSERT INTO profile (id, meter, start_s, duration_s, status, delivered_uwh, received_uwh, lagging_uvarh, "
	 "leading_uvarh, covered_ns, hash) VALUES (1000, 1, 0, 900, 0, 0, 0, 0, 0, 0, zeroblob(32))",
	 "of the intervals some were added"},
	{"UPDATE head SET seal = zeroblob(32)", "registers"},
};

START_TEST(test_opening_tells_what_another_hand_changed)
{
	char text[256];
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	fixture_commit_n(store, 0, 1);
	mm_store_close(store);
	ck_assert_int_eq(fixture_sql(b.path, changes[_i].sql), SQLITE_OK);
	store = fixture_open(&b, 1);
	fixture_commit_n(store, 1, 1);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'tampered'", changes[_i].text ? "1" : "0");
	if (changes[_i].text) {
		snprintf(text, sizeof(text), "SELECT instr(text, '%s') > 0 FROM event WHERE code = 'tampered'", changes[_i].text);
		fixture_assert_answer(store, text, "1");
	}
	mm_store_close(store);
	/* Once is enough. */
	store = fixture_open(&b, 1);
	fixture_commit_n(store, 2, 1);
	store = fixture_reopen(&b, store, 1);
	fixture_assert_answer(store, "SELECT count(*) < 3 FROM event WHERE code = 'tampered'", "1");
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_a_register_without_head_is_refused)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	mm_store_close(store);
	ck_assert_int_eq(fixture_sql(b.path, "DELETE FROM head"), SQLITE_OK);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(b.error.text, "head of the audit trail"));
	fixture_end(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-chain");
	TCase *tcase = tcase_create("chain");

	tcase_add_test(tcase, test_hash_is_the_documented_one);
	tcase_add_test(tcase, test_energy_in_no_interval_is_recorded);
	tcase_add_test(tcase, test_a_preset_is_in_no_interval_and_needs_none);
	tcase_add_test(tcase, test_a_snapshot_every_day_and_every_thousand_intervals);
	tcase_add_test(tcase, test_records_are_read_again);
	tcase_add_loop_test(tcase, test_opening_tells_what_another_hand_changed, 0, MM_COUNT_OF(changes));
	tcase_add_test(tcase, test_a_register_without_head_is_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
