/* SPDX-License-Identifier: MIT */
/*
 * A reader that follows the register by (id, hash), through crashes, restores from a backup and clock steps: it has every row
 * once, or knows that it is superseded. And the reading at a date.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/private.h"
#include "fixture/random.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define METERS 2
#define RETIRED ".aside-" /* in the name of a file that was set aside */

/* ---- The reader ---- */

struct row {
	int64_t id;
	uint8_t hash[MM_ROW_HASH_SIZE];
};

/* What it has of one chain, by rising ids, without what is superseded. */
struct reader {
	enum mm_store_chain kind;
	unsigned meter;
	struct row *row;
	size_t count, room;
	size_t came, superseded, forks;
};

static const struct row *newest_of(const struct reader *reader)
{
	return reader->count > 0 ? &reader->row[reader->count - 1] : NULL;
}

static void take(struct reader *reader, int64_t id, const uint8_t *hash)
{
	const struct row *newest = newest_of(reader);

	/* So none comes twice. */
	ck_assert_msg(!newest || id > newest->id, "row %lld came behind %lld", (long long)id, newest ? (long long)newest->id : 0);
	if (reader->count == reader->room) {
		reader->room = reader->room * 2 + 64;
		reader->row = reallocarray(reader->row, reader->room, sizeof(reader->row[0]));
		ck_assert_ptr_nonnull(reader->row);
	}
	reader->row[reader->count] = (struct row){.id = id};
	memcpy(reader->row[reader->count++].hash, hash, MM_ROW_HASH_SIZE);
	reader->came++;
}

static bool take_interval(void *userdata, const struct mm_store_interval *interval)
{
	struct reader *reader = userdata;
	const struct row *before = newest_of(reader);

	ck_assert_int_eq(interval->previous, before ? before->id : 0);
	take(reader, interval->id, interval->hash);
	return true;
}

static bool take_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	(void)data;
	take(userdata, event->id, event->hash);
	return true;
}

/* Gives up what is behind the fork, none of which the register still has: only files that are put back can bring it again. */
static void supersede(struct reader *reader, struct mm_store *store, int64_t last)
{
	for (; reader->count > 0 && newest_of(reader)->id > last; reader->count--) {
		const struct row *row = newest_of(reader);

		ck_assert_int_eq(mm_store_fork(store, reader->kind, reader->meter, row->id, row->hash, &(int64_t){0}), 1);
		reader->superseded++;
	}
	reader->forks++;
}

static void follow(struct reader *reader, struct mm_store *store)
{
	const struct row *newest;
	int64_t last;
	int r;

	for (;;) {
		newest = newest_of(reader);
		r = mm_store_fork(store, reader->kind, reader->meter, newest ? newest->id : 0, newest ? newest->hash : NULL,
				  &last);
		ck_assert_int_ge(r, 0);
		if (r == 0) {
			break;
		}
		ck_assert_int_lt(last, newest->id);
		supersede(reader, store, last);
	}
	if (reader->kind == MM_STORE_INTERVALS) {
		r = mm_store_intervals(store, reader->meter, newest ? newest->id : 0, INT64_MAX, take_interval, reader);
	} else {
		r = mm_store_choose_events(store,
					   &(struct mm_store_event_choice){.after_id = newest ? newest->id : 0,
									   .limit = UINT32_MAX,
									   .snapshots = true,
									   .meter = -1,
									   .from_ns = INT64_MIN,
									   .to_ns = INT64_MAX},
					   take_event, reader, &(unsigned){0});
	}
	ck_assert_int_eq(r, 0);
}

/* ---- What the register has in the end is what the reader has ---- */

struct comparison {
	const struct reader *reader;
	size_t at;
};

static void compare(struct comparison *c, int64_t id, const uint8_t *hash)
{
	ck_assert_msg(c->at < c->reader->count && c->reader->row[c->at].id == id &&
			      memcmp(c->reader->row[c->at].hash, hash, MM_ROW_HASH_SIZE) == 0,
		      "the reader does not have row %lld", (long long)id);
	c->at++;
}

static bool compare_interval(void *userdata, const struct mm_store_interval *interval)
{
	compare(userdata, interval->id, interval->hash);
	return true;
}

static bool compare_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	(void)data;
	compare(userdata, event->id, event->hash);
	return true;
}

static void assert_same(const struct reader *reader, struct mm_store *store)
{
	struct comparison c = {.reader = reader};

	if (reader->kind == MM_STORE_INTERVALS) {
		ck_assert_int_eq(mm_store_intervals(store, reader->meter, 0, INT64_MAX, compare_interval, &c), 0);
	} else {
		ck_assert_int_eq(mm_store_choose_events(store,
							&(struct mm_store_event_choice){.limit = UINT32_MAX,
											.snapshots = true,
											.meter = -1,
											.from_ns = INT64_MIN,
											.to_ns = INT64_MAX},
							compare_event, &c, &(unsigned){0}),
				 0);
	}
	ck_assert_msg(c.at == reader->count, "the reader has %zu rows that are no more", reader->count - c.at);
}

/* ---- What befalls the meter ---- */

struct life {
	struct fixture b;
	struct mm_store *store;
	int64_t n; /* of the next commit: registers grow with it */
	int64_t clock_s;
	uint64_t chance;
	struct fixture kept; /* files that somebody put aside */
	bool has_kept;
};

static void commit(struct life *life)
{
	struct fixture_commit c;

	fixture_commit(life->n++, METERS, &c);
	c.row.meter = (int)mm_random_below(&life->chance, METERS);
	c.row.row.start_s = life->clock_s;
	c.event.meter = (int)mm_random_below(&life->chance, METERS + 1) - 1;
	c.commit.event_count = mm_random_below(&life->chance, 4) == 0;
	c.commit.row_count = mm_random_below(&life->chance, 4) != 0;
	c.commit.mirror_suffices = c.commit.row_count == 0 && mm_random_below(&life->chance, 2) == 0;
	life->clock_s += FIXTURE_INTERVAL_S;
	ck_assert_msg(mm_store_commit(life->store, &c.commit) == 0, "%s", life->store->db.error.text);
}

/* The files as a power cut leaves them take the place of those that a close has tidied. */
static void crash(struct life *life)
{
	struct fixture left;

	fixture_copy(&life->b, &left);
	mm_store_close(life->store);
	fixture_move(&left, &life->b);
}

/* Removes the databases that were set aside, which nobody needs here. */
static void tidy(const struct life *life)
{
	DIR *dir = opendir(life->b.dir);
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strstr(entry->d_name, RETIRED) != NULL) {
			(void)unlinkat(dirfd(dir), entry->d_name, 0); /* what stays only takes room */
		}
	}
	closedir(dir);
}

static void befall(struct life *life)
{
	static const char noise[4096] = "noise";

	switch (mm_random_below(&life->chance, 12)) {
	case 0: /* the clock is set */
		life->clock_s += (int64_t)mm_random_between(&life->chance, -40, 40) * FIXTURE_INTERVAL_S;
		return;
	case 1:
		ck_assert_int_eq(mm_store_backup(life->store), 0);
		return;
	case 2: /* files are put aside, as an administrator does */
		if (!life->has_kept) {
			fixture_copy(&life->b, &life->kept);
			life->has_kept = true;
		}
		return;
	case 3: /* and put back, when it is too late */
		if (life->has_kept) {
			mm_store_close(life->store);
			fixture_move(&life->kept, &life->b);
			life->has_kept = false;
			break;
		}
		return;
	case 4: /* the database is damaged: opening takes a backup */
		if (!fixture_has(&life->b, ".backup")) {
			return;
		}
		mm_store_close(life->store);
		fixture_write(life->b.path, 0, noise, sizeof(noise));
		break;
	default:
		crash(life);
		break;
	}
	life->store = fixture_open(&life->b, METERS);
	tidy(life);
}

START_TEST(a_reader_has_every_row_once_or_superseded)
{
	unsigned rounds = fixture_number("MM_CRASHES", 100), with_copy = (unsigned)_i;
	struct reader reader[] = {
		{.kind = MM_STORE_INTERVALS, .meter = 0}, {.kind = MM_STORE_INTERVALS, .meter = 1}, {.kind = MM_STORE_EVENTS}};
	struct life life = {.clock_s = FIXTURE_EPOCH_S, .chance = 0x9e3779b97f4a7c15u + with_copy};

	fixture_use_memory();
	life.store = with_copy ? fixture_start_with_copy(&life.b, METERS) : fixture_start(&life.b, METERS);
	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = mm_random_below(&life.chance, 6); i > 0; i--) {
			commit(&life);
		}
		for (size_t i = 0; i < 3; i++) {
			if (mm_random_below(&life.chance, 3) == 0) {
				follow(&reader[i], life.store);
			}
		}
		befall(&life);
	}
	for (size_t i = 0; i < 3; i++) {
		follow(&reader[i], life.store);
		assert_same(&reader[i], life.store);
		ck_assert_uint_gt(reader[i].forks, 0);
		printf("%s %u: %zu rows came, each once; %zu are superseded, by %zu answers of a fork\n",
		       i < 2 ? "intervals of meter" : "events", reader[i].meter, reader[i].came, reader[i].superseded,
		       reader[i].forks);
		free(reader[i].row);
	}
	fixture_stop(&life.b, life.store);
}
END_TEST

/* ---- Readings ---- */

/* An interval of so many seconds of the first meter, which ends when the register reads so much. */
static void add_status(struct mm_store *store, int64_t n, int64_t start_s, int32_t duration_s, uint32_t status)
{
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	c.row.row.status = status;
	c.row.row.start_s = start_s;
	c.row.row.duration_s = duration_s;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
}

static void add(struct mm_store *store, int64_t n, int64_t start_s, int32_t duration_s)
{
	add_status(store, n, start_s, duration_s, 0);
}

static int64_t at(struct mm_store *store, int64_t at_s)
{
	struct mm_store_interval interval;
	int r = mm_store_interval_at(store, 0, at_s, &interval);

	return r < 0 ? r : interval.id;
}

START_TEST(a_reading_is_that_of_the_last_interval_that_had_ended)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);
	struct mm_store_interval interval;
	struct mm_registers registers;

	ck_assert_int_eq(at(store, INT64_MAX / 2), -ENOENT);
	add(store, 1, 90000, 900);
	add(store, 2, 90900, 900);
	add(store, 3, 95400, 900);
	ck_assert_int_eq(at(store, 90899), -ENOENT);
	ck_assert_int_eq(at(store, 90900), 1);
	ck_assert_int_eq(at(store, 91799), 1);
	ck_assert_int_eq(at(store, 91800), 2);
	ck_assert_int_eq(at(store, 95400), 2); /* nothing was metered in between */
	ck_assert_int_eq(at(store, 96300), 3);
	/* The clock is set back, and the interval is another: what was closed last counts. */
	add(store, 4, 90000, 3600);
	ck_assert_int_eq(at(store, 91800), 2);
	ck_assert_int_eq(at(store, 93600), 4);
	ck_assert_int_eq(at(store, 99999), 4);
	ck_assert_int_eq(mm_store_interval_at(store, 0, 91800, &interval), 0);
	fixture_registers(2, 0, &registers);
	ck_assert_int_eq(interval.row.register_delivered_uwh, registers.delivered.uwh);
	ck_assert_int_eq(interval.row.register_received_uwh, registers.received.uwh);
	ck_assert_int_eq(interval.previous, 1);
	ck_assert_int_eq(mm_store_interval_at(store, 1, 91800, &interval), -EINVAL);
	fixture_stop(&b, store);
}
END_TEST

START_TEST(a_clock_that_was_not_set_changes_no_reading_of_before)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	for (int64_t n = 1; n <= 10; n++) {
		add(store, n, 90000 + n * 900, 900);
	}
	/* Two restarts without a clock: behind, and from the same time on. */
	for (int64_t n = 11; n <= 13; n++) {
		add_status(store, n, 90000 + (n - 9) * 900 + 17, 900, MM_PROFILE_CLOCK_INVALID);
	}
	for (int64_t n = 14; n <= 15; n++) {
		add_status(store, n, 90000 + (n - 12) * 900 + 17, 900, MM_PROFILE_CLOCK_INVALID);
	}
	ck_assert_int_eq(at(store, INT64_MAX / 2), 10);
	for (int64_t n = 1; n <= 10; n++) {
		ck_assert_int_eq(at(store, 90000 + (n + 1) * 900), n);
	}
	/* When it is set, readings go on; what was metered meanwhile is in them. */
	add(store, 16, 110000, 900);
	ck_assert_int_eq(at(store, 110899), 10);
	ck_assert_int_eq(at(store, 110900), 16);
	/* One that nobody keeps right, and that goes forward, counts as it is. */
	add_status(store, 17, 111000, 900, MM_PROFILE_CLOCK_INVALID);
	ck_assert_int_eq(at(store, 111900), 17);
	ck_assert_int_eq(at(store, 90899), -ENOENT);
	fixture_stop(&b, store);
}
END_TEST

/* The clock goes where it wants: readings rise with the time that is asked for. */
START_TEST(readings_rise_with_time)
{
	uint64_t chance = 7 + (uint64_t)_i;
	int64_t clock_s = FIXTURE_EPOCH_S, last = 0;
	struct mm_store_interval interval;
	struct fixture b;
	struct mm_store *store;

	fixture_use_memory();
	store = fixture_start(&b, 1);
	for (int64_t n = 1; n < 200; n++) {
		add_status(store, n, clock_s, 900, mm_random_below(&chance, 3) == 0 ? MM_PROFILE_CLOCK_INVALID : 0);
		clock_s += mm_random_below(&chance, 20) == 0 ? (int64_t)mm_random_between(&chance, -50, 50) * 900 : 900;
	}
	for (int64_t at_s = FIXTURE_EPOCH_S - 100 * 900; at_s < FIXTURE_EPOCH_S + 300 * 900; at_s += 300) {
		int r = mm_store_interval_at(store, 0, at_s, &interval);

		ck_assert(r == 0 || (r == -ENOENT && last == 0));
		if (r == 0) {
			ck_assert_int_ge(interval.row.register_delivered_uwh, last);
			last = interval.row.register_delivered_uwh;
		}
	}
	ck_assert_int_gt(last, 0);
	fixture_stop(&b, store);
}
END_TEST

/* Intervals of schema 2 have no registers: they follow from those after them, and from what the meter reads now. */
START_TEST(a_reading_before_the_migration_is_worked_out)
{
	struct mm_store_interval first, second;
	struct fixture b;
	struct mm_store *store;

	fixture_begin(&b);
	fixture_make_version_2(&b);
	store = fixture_open(&b, 1);
	ck_assert_int_eq(mm_store_interval_at(store, 0, INT64_MAX / 2, &first), 0);
	ck_assert_int_ge(first.row.register_delivered_uwh, 0);
	ck_assert_int_eq(first.row.register_delivered_uwh,
			 store->committed[0].delivered.uwh - store->committed[0].profile.row.delivered_uwh);
	ck_assert_int_eq(mm_store_interval_at(store, 0, first.row.start_s, &second), 0);
	ck_assert_int_eq(second.id, first.previous);
	ck_assert_int_eq(second.row.register_delivered_uwh, first.row.register_delivered_uwh - first.row.delivered_uwh);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cursor");
	TCase *readings = tcase_create("readings"), *reader = tcase_create("reader");

	tcase_add_test(readings, a_reading_is_that_of_the_last_interval_that_had_ended);
	tcase_add_test(readings, a_clock_that_was_not_set_changes_no_reading_of_before);
	tcase_add_loop_test(readings, readings_rise_with_time, 0, 8);
	tcase_add_test(readings, a_reading_before_the_migration_is_worked_out);
	suite_add_tcase(suite, readings);
	tcase_add_loop_test(reader, a_reader_has_every_row_once_or_superseded, 0, 2);
	tcase_set_timeout(reader, 0);
	suite_add_tcase(suite, reader);
	return mm_run_suite(suite);
}
