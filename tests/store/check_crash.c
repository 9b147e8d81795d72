/* SPDX-License-Identifier: MIT */
/*
 * A power cut at every moment of a register's life: creation, commits to the copy and to the database, profile rows, events,
 * checkpoints, backups, closing, opening, damage and recovery. Each moment is made again with lost, torn and reordered writes and
 * opened; some openings are cut short in turn, and the one after that as well. Whatever had been acknowledged is there, once;
 * nothing is there that was never metered. MM_CRASH_VARIANTS (4) sets how often a moment is made, MM_CRASH_SEED (1) which ways;
 * up to 4 only every third moment is. Each processor takes its share of the moments.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture/crash_log.h"
#include "fixture/random.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

enum note { ATTEMPTED, ACKNOWLEDGED, HISTORY, DAMAGED };

#define COMMITS_MAX 200

struct toll {
	unsigned states, moments, losses, inventions, unreadable, doubled;
	char first[400]; /* what was found first */
};

/* ---- The life that is recorded ---- */

/* What the database does not have yet is given again with each commit, as the register's thread does. */
struct waiting {
	size_t count;
	struct mm_store_event event[4];
	struct mm_store_profile_row row[4];
};

/* Commit n; every fourth has to reach the database. */
static void live_commit(struct mm_store *store, int64_t n, struct waiting *waiting)
{
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	waiting->event[waiting->count] = c.event;
	waiting->row[waiting->count++] = c.row;
	c.commit.events = waiting->event;
	c.commit.rows = waiting->row;
	c.commit.event_count = c.commit.row_count = waiting->count;
	c.commit.mirror_suffices = n % 4 != 0;
	crash_note(ATTEMPTED, n);
	ck_assert_msg(mm_store_commit(store, &c.commit) == 0, "commit %lld: %s", (long long)n, store->db.error.text);
	crash_note(ACKNOWLEDGED, n);
	if (!c.commit.mirror_suffices || !store->mirror) {
		waiting->count = 0;
	}
}

static struct mm_store *live_open(struct fixture *b, const char *setting)
{
	struct mm_store *store = fixture_open(b, 1);

	ck_assert_int_eq(sqlite3_exec(store->db.connection, "PRAGMA wal_autocheckpoint = 25", NULL, NULL, NULL), SQLITE_OK);
	if (setting) {
		ck_assert_int_eq(sqlite3_exec(store->db.connection, setting, NULL, NULL, NULL), SQLITE_OK);
	}
	return store;
}

/* Commits from n on; returns the number after the last. The copy takes the rows that wait, as the register's thread gives them.
 */
static int64_t live(struct fixture *b, const char *setting, int64_t n, int commits, bool backup)
{
	struct mm_store *store = live_open(b, setting);
	struct waiting waiting = {0};

	for (int i = 0; i < commits; i++) {
		live_commit(store, n++, &waiting);
		if (backup && i == commits / 2) {
			ck_assert_msg(mm_store_backup(store) == 0, "%s", store->db.error.text);
		}
	}
	mm_store_close(store);
	return n;
}

static struct crash_log *record_life(struct fixture *b)
{
	struct crash_log *log = crash_record(b->dir);
	int64_t n = 0;

	n = live(b, NULL, n, 14, true);
	n = live(b, NULL, n, 10, true);
	crash_note(DAMAGED, 1);
	crash_damage(b->path, 4096);
	n = live(b, NULL, n, 5, true); /* the last one is in the database */
	crash_damage(b->copy, 32768);
	n = live(b, NULL, n, 6, false);
	crash_stop(log);
	return log;
}

/* ---- Looking at what is left ---- */

static void complain(struct toll *toll, unsigned *count, const char *what, size_t moment, int loss, const char *text)
{
	++*count;
	if (toll->first[0] == '\0') {
		snprintf(toll->first, sizeof(toll->first), "%s at moment %zu (loss %d): %.300s", what, moment, loss, text);
	}
}

struct expectation {
	int64_t acknowledged, attempted;
	bool history; /* all of it is expected: nothing was ever damaged */
	size_t moment;
	int loss;
};

static void judge_history(struct toll *toll, struct mm_store *store, int64_t n, const struct expectation *e)
{
	static unsigned counts[COMMITS_MAX];

	(void)fixture_count(store, counts, COMMITS_MAX);
	for (int64_t i = 0; i < COMMITS_MAX; i++) {
		if (counts[i] > 1) {
			complain(toll, &toll->doubled, "twice", e->moment, e->loss, "a row or an event");
		} else if (e->history && i <= n && counts[i] == 0) {
			complain(toll, &toll->losses, "lost", e->moment, e->loss, "a row or an event");
		}
	}
}

/* Opens what is in the directory and judges it. Returns the number of the state it stands at. */
static int64_t judge(struct toll *toll, struct fixture *b, const struct expectation *e)
{
	struct mm_registers expected, got;
	struct mm_store *store = NULL;
	char text[100];
	int64_t n;

	toll->states++;
	if (mm_store_open(b->path, b->copy[0] ? b->copy : NULL, FIXTURE_BOOT, b->meters, 1, &b->error, &store) < 0) {
		complain(toll, &toll->unreadable, "unreadable", e->moment, e->loss, b->error.text);
		return e->acknowledged;
	}
	ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
	n = got.delivered.uwh == 0 ? -1 : (got.delivered.uwh - 7) / 1000003;
	fixture_registers(n, 0, &expected);
	snprintf(text, sizeof(text), "%lld, acknowledged %lld, attempted %lld", (long long)n, (long long)e->acknowledged,
		 (long long)e->attempted);
	if (n < e->acknowledged) {
		complain(toll, &toll->losses, "lost", e->moment, e->loss, text);
	} else if (n > e->attempted ||
		   (n >= 0 && mm_registers_follow(&got, &expected) + mm_registers_follow(&expected, &got) != 0)) {
		complain(toll, &toll->inventions, "invented", e->moment, e->loss, text);
	}
	judge_history(toll, store, n, e);
	mm_store_close(store);
	return n;
}

static void empty(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[600];

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (entry->d_name[0] != '.') {
			ck_assert_int_eq(unlink(path), 0);
		}
	}
	closedir(dir);
}

/* Opens it, and cuts that short: once at a moment of its own, and the opening after that again. */
static void judge_cut_short(struct toll *toll, struct fixture *b, struct expectation e, uint64_t *random, int depth)
{
	struct crash_log *log = crash_record(b->dir);
	int64_t n = judge(toll, b, &e);
	size_t moment;

	crash_stop(log);
	empty(b->dir);
	moment = crash_moments(log) > 0 ? mm_random(random) % (crash_moments(log) + 1) : 0;
	crash_make(log, moment, CRASH_RANDOM, random, b->dir);
	crash_free(log);
	/* What it has shown may not go back either, once it was shown: when all of the opening had happened. */
	(void)n;
	if (depth > 1) {
		judge_cut_short(toll, b, e, random, depth - 1);
	} else {
		(void)judge(toll, b, &e);
	}
}

static void replay_moment(struct toll *toll, struct crash_log *log, struct fixture *place, size_t moment, unsigned variants)
{
	uint64_t random = ((uint64_t)fixture_number("MM_CRASH_SEED", 1) << 32 | (moment + 1)) * UINT64_C(0x9e3779b97f4a7c15);
	struct expectation e = {.acknowledged = crash_noted(log, moment, ACKNOWLEDGED, -1),
				.attempted = crash_noted(log, moment, ATTEMPTED, -1),
				.history = crash_noted(log, moment, DAMAGED, 0) == 0,
				.moment = moment};

	toll->moments++;
	for (unsigned v = 0; v < variants; v++) {
		e.loss = (int)(v < CRASH_RANDOM ? v : CRASH_RANDOM);
		crash_make(log, moment, (enum crash_loss)e.loss, &random, place->dir);
		if (v % 4 == 3) {
			judge_cut_short(toll, place, e, &random, 2);
		} else {
			(void)judge(toll, place, &e);
		}
		empty(place->dir);
	}
}

/* Every shares-th moment from number share on, in a directory of its own. */
static void replay_share(struct toll *toll, struct crash_log *log, const struct fixture *b, unsigned variants, unsigned every,
			 size_t share, size_t shares)
{
	struct fixture place = *b;

	snprintf(place.dir, sizeof(place.dir), "%.200s/replay-%zu", b->dir, share);
	snprintf(place.path, sizeof(place.path), "%s/register.db", place.dir);
	if (b->copy[0]) {
		snprintf(place.copy, sizeof(place.copy), "%s.copy", place.path);
	}
	ck_assert_int_eq(mkdir(place.dir, 0700), 0);
	for (size_t moment = share * every; moment <= crash_moments(log); moment += shares * every) {
		replay_moment(toll, log, &place, moment, variants);
	}
	ck_assert_int_eq(rmdir(place.dir), 0);
}

static void add(struct toll *toll, const struct toll *part)
{
	toll->states += part->states;
	toll->moments += part->moments;
	toll->losses += part->losses;
	toll->inventions += part->inventions;
	toll->unreadable += part->unreadable;
	toll->doubled += part->doubled;
	if (toll->first[0] == '\0') {
		memcpy(toll->first, part->first, sizeof(toll->first));
	}
}

static void replay(struct toll *toll, struct crash_log *log, const struct fixture *b, unsigned variants, unsigned every)
{
	size_t shares = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	struct toll *part = mmap(NULL, shares * sizeof(*part), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	ck_assert_ptr_ne(part, MAP_FAILED);
	fflush(stdout);
	for (size_t i = 0; i < shares; i++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			replay_share(&part[i], log, b, variants, every, i, shares);
			_exit(EXIT_SUCCESS);
		}
	}
	for (size_t i = 0; i < shares; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	for (size_t i = 0; i < shares; i++) {
		add(toll, &part[i]);
	}
	munmap(part, shares * sizeof(*part));
}

static void print(const struct toll *toll, const char *what)
{
	printf("%-44s %7u states at %5u moments: %u decreases or losses, %u inventions, %u doubled, %u unreadable\n", what,
	       toll->states, toll->moments, toll->losses, toll->inventions, toll->doubled, toll->unreadable);
}

static void begin(struct fixture *b, bool copy)
{
	if (copy) {
		fixture_begin_with_copy(b);
	} else {
		fixture_begin(b);
	}
}

START_TEST(test_every_moment_of_a_life)
{
	unsigned variants = fixture_number("MM_CRASH_VARIANTS", 4);
	struct toll toll = {0};
	struct crash_log *log;
	struct fixture b;

	begin(&b, true);
	log = record_life(&b);
	replay(&toll, log, &b, variants, variants > 4 ? 1 : 3);
	crash_free(log);
	fixture_end(&b);
	print(&toll, "database, copy and backups");
	ck_assert_msg(toll.losses + toll.inventions + toll.doubled + toll.unreadable == 0, "%s", toll.first);
	ck_assert_uint_gt(toll.moments, 150);
	ck_assert_uint_ge(toll.states, variants * toll.moments);
}
END_TEST

/* The database by itself, as it is without a copy; and settings and disks that must be found out. */
static const struct {
	const char *what, *setting, *lie;
	bool copy, sound;
} settings[] = {
	{"database alone", NULL, NULL, false, true},
	{"self-test: synchronous = NORMAL", "PRAGMA synchronous = NORMAL", NULL, false, false},
	{"self-test: journal_mode = DELETE", "PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL", NULL, false, false},
	{"self-test: the copy is never synced", NULL, ".copy", true, false},
};

START_TEST(test_settings)
{
	struct toll toll = {0};
	struct crash_log *log;
	struct fixture b;

	begin(&b, settings[_i].copy);
	log = crash_record(b.dir);
	crash_lie(settings[_i].lie);
	(void)live(&b, settings[_i].setting, 0, 16, false);
	crash_lie(NULL);
	crash_stop(log);
	replay(&toll, log, &b, 6, fixture_number("MM_CRASH_VARIANTS", 4) > 4 ? 1 : 3);
	crash_free(log);
	fixture_end(&b);
	print(&toll, settings[_i].what);
	if (settings[_i].sound) {
		ck_assert_msg(toll.losses + toll.inventions + toll.doubled + toll.unreadable == 0, "%s", toll.first);
	} else {
		ck_assert_uint_gt(toll.losses, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-crash");
	TCase *tcase = tcase_create("crash");

	fixture_use_memory();
	tcase_set_timeout(tcase, 3600);
	tcase_set_tags(tcase, "slow");
	tcase_add_test(tcase, test_every_moment_of_a_life);
	tcase_add_loop_test(tcase, test_settings, 0, MM_COUNT_OF(settings));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
