/* SPDX-License-Identifier: MIT */
/* The register: what it keeps, what it gives back, and what it refuses to write. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/audit/audit.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

/* ---- What it keeps ---- */

START_TEST(test_new_register_is_one_clean_file)
{
	struct mm_registers got, zero;
	struct mm_store *store;
	struct fixture b;
	struct stat st;
	mode_t mask;

	fixture_begin(&b);
	mask = umask(0);
	store = fixture_open(&b, 1);
	umask(mask);
	memset(&zero, 0, sizeof(zero));
	memset(&got, 0xff, sizeof(got));
	ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
	ck_assert_mem_eq(&got, &zero, sizeof(got));
	ck_assert_int_eq(mm_store_load(store, 1, &got), -EINVAL);
	fixture_assert_answer(store, "PRAGMA journal_mode", "wal");
	fixture_assert_answer(store, "PRAGMA synchronous", "2");
	fixture_assert_answer(store, "PRAGMA locking_mode", "exclusive");
	fixture_assert_answer(store, "PRAGMA application_id", "1296919383");
	fixture_assert_answer(store, "PRAGMA user_version", "3");
	fixture_commit_n(store, 0, 1);
	ck_assert(!fixture_has(&b, "-shm"));
	ck_assert_int_eq(stat(b.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	mm_store_close(store);
	mm_store_close(NULL);
	ck_assert(fixture_has(&b, ""));
	ck_assert(!fixture_has(&b, "-wal"));
	ck_assert(!fixture_has(&b, ".new"));
	fixture_end(&b);
}
END_TEST

START_TEST(test_every_field_comes_back)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 3);

	fixture_commit_n(store, 5, 3);
	fixture_commit_n(store, 6, 3);
	store = fixture_reopen(&b, store, 3);
	for (unsigned i = 0; i < 3; i++) {
		fixture_assert_registers(store, i, 6);
	}
	fixture_assert_answer(store, "SELECT count(*) || ' ' || max(boottime_ns) || ' ' || max(realtime_ns) FROM register",
			      "3 7000000000 1735689606000000000");
	fixture_stop(&b, store);
}
END_TEST

/* A field that the core gains must gain a column: all bytes are stored but the padding behind correction and profile.open. */
static void note(void *userdata, const struct mm_store_meter *meter, int64_t delivered_uwh, int64_t received_uwh)
{
	char *text = userdata;

	sprintf(text + strlen(text), "%s %s %" PRId64 " %" PRId64 "\n", meter->serial, meter->name, delivered_uwh, received_uwh);
}

START_TEST(test_a_list_needs_no_configuration)
{
	char text[256] = "", expected[256];
	struct mm_registers got;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	fixture_commit_n(store, 4, 2);
	ck_assert_int_eq(mm_store_load(store, 1, &got), 0);
	ck_assert_int_eq(mm_store_list(b.path, note, text, &b.error), -EBUSY);
	ck_assert_int_eq(mm_store_list(b.path, note, text, NULL), -EBUSY);
	mm_store_close(store);
	ck_assert_int_eq(mm_store_list(b.path, note, text, &b.error), 0);
	ck_assert_msg(strstr(text, b.meters[0].serial) && strstr(text, b.meters[1].serial), "%s", text);
	snprintf(expected, sizeof(expected), "%s %s %" PRId64 " %" PRId64 "\n", b.meters[1].serial, b.meters[1].name,
		 got.delivered.uwh, got.received.uwh);
	ck_assert_msg(strstr(text, expected), "%s instead of %s", text, expected);
	ck_assert_int_eq(unlink(b.path), 0);
	ck_assert_int_eq(mm_store_list(b.path, note, text, &b.error), -ENOENT);
	ck_assert_msg(strstr(b.error.text, b.path), "%s", b.error.text);
	fixture_end(&b);
}
END_TEST

START_TEST(test_no_field_is_forgotten)
{
	static const size_t sizes[] = {
		[MM_COLUMN_COUNT] = 8, [MM_COLUMN_CARRY] = 8, [MM_COLUMN_PEAK] = 8,   [MM_COLUMN_FIGURE] = 8,
		[MM_COLUMN_INT64] = 8, [MM_COLUMN_INT32] = 4, [MM_COLUMN_UINT32] = 4, [MM_COLUMN_BOOL] = 1,
	};
	char covered[sizeof(struct mm_registers)] = {0};
	unsigned missing = 0;

	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		for (size_t j = 0; j < sizes[mm_columns[i].kind]; j++) {
			ck_assert_int_eq(covered[mm_columns[i].offset + j]++, 0);
		}
	}
	for (size_t i = 0; i < sizeof(covered); i++) {
		missing += covered[i] == 0;
	}
	/* Holes, and the registers at the end of an interval, which one that is open does not have. */
	ck_assert_uint_eq(missing, 4 + 3 + 2 * 8);
}
END_TEST

START_TEST(test_boottime_of_another_run_is_not_given)
{
	struct mm_registers expected, got;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	fixture_commit_n(store, 1, 1);
	mm_store_close(store);
	ck_assert_int_eq(mm_store_open(b.path, NULL, FIXTURE_OTHER_BOOT, b.meters, 1, &b.error, &store), 0);
	fixture_registers(1, 0, &expected);
	expected.profile.last_boot_ns = 0;
	ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
	ck_assert_mem_eq(&got, &expected, sizeof(got));
	fixture_stop(&b, store);
}
END_TEST

struct rows {
	struct mm_profile_row row[16];
	size_t count, stop_at;
};

static bool take_row(void *userdata, const struct mm_store_interval *interval)
{
	struct rows *rows = userdata;

	ck_assert_uint_lt(rows->count, 16);
	rows->row[rows->count++] = interval->row;
	return rows->count != rows->stop_at;
}

START_TEST(test_profile_rows_are_never_overwritten)
{
	static const int64_t starts[] = {0, 900, 1800, 900, 900, 2700};
	static const int64_t order[] = {1, 3, 4, 2};
	struct mm_store_profile_row entry[7] = {0};
	struct fixture_commit c;
	struct rows rows = {0};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	fixture_commit(1, 2, &c);
	for (size_t i = 0; i < 6; i++) {
		entry[i].row = c.row.row;
		entry[i].row.start_s = starts[i];
		entry[i].row.delivered_uwh = (int64_t)i;
	}
	entry[6].meter = 1;
	entry[6].row.start_s = 900;
	c.commit.rows = entry;
	c.commit.row_count = 4;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	/* The clock goes back again after a restart. */
	store = fixture_reopen(&b, store, 2);
	c.commit.rows = &entry[4];
	c.commit.row_count = 3;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);

	ck_assert_int_eq(mm_store_profile(store, 0, 900, 2700, take_row, &rows), 0);
	ck_assert_uint_eq(rows.count, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_mem_eq(&rows.row[i], &entry[order[i]].row, sizeof(rows.row[i]));
	}
	rows = (struct rows){.stop_at = 2};
	ck_assert_int_eq(mm_store_profile(store, 0, INT64_MIN, INT64_MAX, take_row, &rows), 0);
	ck_assert_uint_eq(rows.count, 2);
	rows = (struct rows){0};
	ck_assert_int_eq(mm_store_profile(store, 1, INT64_MIN, INT64_MAX, take_row, &rows), 0);
	ck_assert_uint_eq(rows.count, 1);
	ck_assert_int_eq(mm_store_profile(store, 2, INT64_MIN, INT64_MAX, take_row, &rows), -EINVAL);
	fixture_stop(&b, store);
}
END_TEST

struct events {
	struct mm_store_event event[16];
	size_t count;
};

static bool take_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct events *events = userdata;

	ck_assert_msg((data != NULL) == (strcmp(event->code, MM_STORE_SNAPSHOT) == 0 && event->realtime_ns > 2000), "%s",
		      event->code);
	ck_assert_uint_lt(events->count, 16);
	events->event[events->count++] = *event;
	return true;
}

static void assert_events(struct mm_store *store, int64_t after, unsigned limit, bool newest, int64_t first, size_t count)
{
	struct events got = {0};

	ck_assert_int_eq(mm_store_events(store, after, limit, newest, take_event, &got), 0);
	ck_assert_uint_eq(got.count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(got.event[i].id, first + (int64_t)i);
	}
}

START_TEST(test_events_come_back_in_order)
{
	struct mm_store_event event[10] = {0};
	struct mm_store_commit commit;
	struct events got = {0};
	struct fixture_commit c;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	fixture_commit(1, 2, &c);
	commit = c.commit;
	commit.row_count = 0;
	memset(commit.meter, 0, sizeof(commit.meter)); /* no energy that the register would have something to say of */
	for (int i = 0; i < 10; i++) {
		event[i] = c.event;
		event[i].meter = i % 3 - 1;
	}
	/* Neither text ends in a NUL here. */
	memset(event[9].code, 'c', sizeof(event[9].code));
	memset(event[9].text, 't', sizeof(event[9].text));
	commit.events = event;
	commit.event_count = 10;
	ck_assert_int_eq(mm_store_commit(store, &commit), 0);

	assert_events(store, 0, 100, false, 1, 10);
	assert_events(store, 3, 4, false, 4, 4);
	assert_events(store, 0, 4, true, 7, 4);
	assert_events(store, 8, 4, true, 9, 2);
	assert_events(store, 10, 4, false, 0, 0);
	assert_events(store, 0, 0, true, 0, 0);
	ck_assert_int_eq(mm_store_events(store, 0, 100, false, take_event, &got), 0);
	for (int i = 0; i < 9; i++) {
		ck_assert_int_eq(got.event[i].meter, i % 3 - 1);
		ck_assert_int_eq(got.event[i].boottime_ns, event[i].boottime_ns);
		ck_assert_int_eq(got.event[i].realtime_ns, event[i].realtime_ns);
		ck_assert_str_eq(got.event[i].code, event[i].code);
		ck_assert_str_eq(got.event[i].text, event[i].text);
	}
	ck_assert_uint_eq(strlen(got.event[9].code), sizeof(event[9].code) - 1);
	ck_assert_uint_eq(strspn(got.event[9].text, "t"), sizeof(event[9].text) - 1);
	mm_store_close(store);

	/* A meter that has left the configuration. */
	store = fixture_open(&b, 1);
	got.count = 0;
	ck_assert_int_eq(mm_store_events(store, 2, 1, false, take_event, &got), 0);
	ck_assert_int_eq(got.event[0].meter, -1);
	fixture_stop(&b, store);
}
END_TEST

static void assert_choice(struct mm_store *store, const struct mm_store_event_choice *choice, const char *ids, unsigned hidden)
{
	struct events got = {0};
	char text[64] = "";
	unsigned left_out = 99;

	ck_assert_int_eq(mm_store_choose_events(store, choice, take_event, &got, &left_out), 0);
	for (size_t i = 0; i < got.count; i++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i > 0 ? " " : "", (int)got.event[i].id);
	}
	ck_assert_str_eq(text, ids);
	ck_assert_uint_eq(left_out, hidden);
}

/* Ten events from 1000 ns on, of the codes a, b and snapshot in turn, of no meter, the first and the second. */
static void commit_ten_events(struct mm_store *store)
{
	struct mm_store_event event[10] = {0};
	struct mm_store_commit commit;
	struct fixture_commit c;

	fixture_commit(1, 2, &c);
	commit = c.commit;
	commit.row_count = 0;
	memset(commit.meter, 0, sizeof(commit.meter));
	for (int i = 0; i < 10; i++) {
		event[i] = c.event;
		event[i].realtime_ns = 1000 + i;
		event[i].meter = i % 4 < 2 ? -1 : i % 4 - 2;
		strcpy(event[i].code, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : MM_STORE_SNAPSHOT);
	}
	commit.events = event;
	commit.event_count = 10;
	ck_assert_int_eq(mm_store_commit(store, &commit), 0);
}

/* The store's own snapshot, which comes later, is beyond the time of what is chosen from. */
START_TEST(test_events_are_chosen)
{
	const struct mm_store_event_choice any = {
		.limit = 100, .meter = -1, .from_ns = INT64_MIN, .to_ns = 2000, .snapshots = true};
	struct mm_store_event_choice choice;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);
	struct events got = {0};
	unsigned hidden;

	commit_ten_events(store);
	assert_choice(store, &any, "1 2 3 4 5 6 7 8 9 10", 0);
	choice = any;
	choice.snapshots = false;
	assert_choice(store, &choice, "1 2 4 5 7 8 10", 3);
	choice.newest = true;
	choice.limit = 3;
	assert_choice(store, &choice, "7 8 10", 1);
	choice.newest = false;
	assert_choice(store, &choice, "1 2 4", 1);
	choice = any;
	choice.meter = 0;
	assert_choice(store, &choice, "3 7", 0);
	choice.meter = 1;
	choice.snapshots = false;
	assert_choice(store, &choice, "4 8", 0);
	choice = any;
	choice.code = "b";
	choice.limit = 2;
	choice.newest = true;
	assert_choice(store, &choice, "5 8", 0);
	choice.code = MM_STORE_SNAPSHOT;
	choice.snapshots = false;
	assert_choice(store, &choice, "6 9", 0);
	choice.code = "c";
	assert_choice(store, &choice, "", 0);
	choice = any;
	choice.from_ns = 1002;
	choice.to_ns = 1005;
	assert_choice(store, &choice, "3 4 5", 0);
	choice.after_id = 3;
	assert_choice(store, &choice, "4 5", 0);
	choice.limit = 0;
	assert_choice(store, &choice, "", 0);
	choice = any;
	choice.meter = 2;
	ck_assert_int_eq(mm_store_choose_events(store, &choice, take_event, &got, &hidden), -EINVAL);
	fixture_stop(&b, store);
}
END_TEST

/* ---- What it refuses to write ---- */

static void lower(struct mm_registers *registers, const struct mm_column *column)
{
	void *p = (char *)registers + column->offset;

	if (column->kind == MM_COLUMN_COUNT) {
		*(int64_t *)p -= 1;
	} else {
		*(double *)p -= 1e-6;
	}
}

START_TEST(test_no_register_goes_back)
{
	unsigned tried = 0, stopped_by_trigger = 0;
	struct fixture_commit c;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	fixture_commit_n(store, 3, 2);
	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		enum mm_column_kind kind = mm_columns[i].kind;

		if (kind != MM_COLUMN_COUNT && kind != MM_COLUMN_PEAK && kind != MM_COLUMN_CARRY) {
			continue;
		}
		fixture_commit(3, 2, &c);
		lower(&c.commit.meter[1], &mm_columns[i]);
		ck_assert_int_eq(mm_store_commit(store, &c.commit), -ERANGE);
		ck_assert_ptr_nonnull(strstr(store->db.error.text, "lower a register"));
		tried++;
		if (kind != MM_COLUMN_CARRY) {
			/* The second line: what if our own memory were wrong? */
			memset(&store->committed[1], 0, sizeof(store->committed[1]));
			ck_assert_int_eq(mm_store_commit(store, &c.commit), -ERANGE);
			ck_assert_ptr_nonnull(strstr(store->db.error.text, "would decrease"));
			fixture_registers(3, 1, &store->committed[1]);
			stopped_by_trigger++;
		}
		fixture_assert_registers(store, 0, 3);
		fixture_assert_registers(store, 1, 3);
		fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'gap'", "1");
	}
	ck_assert_uint_eq(tried, 25);
	ck_assert_uint_eq(stopped_by_trigger, 15);
	/* A whole more, with a smaller fraction, is no decrease; and standing still is none. */
	fixture_commit(3, 2, &c);
	c.commit.meter[1].delivered.uwh++;
	c.commit.meter[1].delivered.carry = 0;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(test_other_programs_are_stopped_too)
{
	static const char *const attempts[] = {
		"UPDATE register SET delivered_uwh = delivered_uwh - 1",
		"UPDATE register SET max_demand_w = 0",
		"UPDATE register SET meter = 9",
		"REPLACE INTO register (meter) VALUES (1)",
		"DELETE FROM register",
		"UPDATE profile SET delivered_uwh = 0",
		"DELETE FROM profile",
		"UPDATE event SET text = ''",
		"DELETE FROM event",
		"REPLACE INTO event SELECT * FROM event",
		"REPLACE INTO profile SELECT * FROM profile",
	};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	fixture_commit_n(store, 3, 1);
	mm_store_close(store);
	for (size_t i = 0; i < COUNT_OF(attempts); i++) {
		ck_assert_msg(fixture_sql(b.path, attempts[i]) == SQLITE_CONSTRAINT_TRIGGER, "%s", attempts[i]);
	}
	fixture_assert_stored(&b, 3);
	fixture_end(&b);
}
END_TEST

START_TEST(test_nonsense_is_not_committed)
{
	struct fixture_commit good, c;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);

	fixture_commit(1, 2, &good);
#define REFUSED(change)                                                                                                          \
	c = good;                                                                                                                \
	c.commit.events = &c.event;                                                                                              \
	c.commit.rows = &c.row;                                                                                                  \
	change;                                                                                                                  \
	ck_assert_int_eq(mm_store_commit(store, &c.commit), -EINVAL)
	REFUSED(c.commit.meter_count = 1);
	REFUSED(c.commit.meter_count = 3);
	REFUSED(c.commit.meter[1].received.uwh = -1);
	REFUSED(c.commit.meter[1].received.carry = 1);
	REFUSED(c.commit.meter[1].received.carry = -0.1);
	REFUSED(c.commit.meter[1].received.carry = NAN);
	REFUSED(c.commit.meter[0].max_demand_w = NAN);
	REFUSED(c.commit.meter[0].max_demand_w = INFINITY);
	REFUSED(c.event.meter = 2);
	REFUSED(c.row.meter = 2);
	REFUSED(c.row.meter = -1);
#undef REFUSED
	ck_assert_int_eq(mm_store_commit(store, &good.commit), 0);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register");
	TCase *tcase = tcase_create("store");
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_new_register_is_one_clean_file);
	tcase_add_test(tcase, test_every_field_comes_back);
	tcase_add_test(tcase, test_no_field_is_forgotten);
	tcase_add_test(tcase, test_a_list_needs_no_configuration);
	tcase_add_test(tcase, test_boottime_of_another_run_is_not_given);
	tcase_add_test(tcase, test_profile_rows_are_never_overwritten);
	tcase_add_test(tcase, test_events_come_back_in_order);
	tcase_add_test(tcase, test_events_are_chosen);
	tcase_add_test(tcase, test_no_register_goes_back);
	tcase_add_test(tcase, test_other_programs_are_stopped_too);
	tcase_add_test(tcase, test_nonsense_is_not_committed);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
