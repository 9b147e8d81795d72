/* SPDX-License-Identifier: MIT */
/*
 * A configuration that says something else of a meter than what is stored, in every place where that can be found out: it is
 * refused in words that say what to do, or begins a meter that is new, and in either case nothing is set aside or lost.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/count_of.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define METERS 3

enum change { MODEL, SERIAL, RESPELT };

struct situation {
	unsigned count;	  /* of the meters */
	unsigned changed; /* one of them */
	enum change change;
	bool has_copy, is_lost;
};

/* A serial number that an earlier version misread, and what is no right way to write it. */
#define MISREAD "'42'"
#define RESPELLING "0042"

/* Every situation has a number. */
static struct situation situation(int number)
{
	struct situation s = {.has_copy = number % 2 != 0, .is_lost = number / 2 % 2 != 0, .change = number / 4 % 3};

	number /= 12;
	for (s.count = 1; number >= (int)s.count; s.count++) {
		number -= (int)s.count;
	}
	s.changed = (unsigned)number;
	return s;
}

#define SITUATIONS (12 * (1 + 2 + METERS))
#define WITH_TWO_AT_MOST (12 * (1 + 2))

/* The database has commit 5 of all meters, the copy, where there is one, commit 7. */
static void leave(const struct situation *s, struct fixture *b)
{
	struct fixture_commit c;
	struct mm_store *store;

	if (s->has_copy) {
		fixture_begin_with_copy(b);
	} else {
		fixture_begin(b);
	}
	if (s->change == RESPELT) {
		strcpy(b->meters[s->changed].serial, MISREAD);
	}
	store = fixture_open(b, s->count);
	fixture_commit_n(store, 5, s->count);
	fixture_commit(7, s->count, &c);
	c.commit.mirror_suffices = true;
	ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	mm_store_close(store);
	if (s->is_lost) {
		ck_assert_int_eq(unlink(b->path), 0);
	}
}

/* What mm_store_check() gives, which changes no file. The error stays where it is. */
static int check(struct fixture *b, unsigned count)
{
	bool wal = fixture_has(b, "-wal"), shm = fixture_has(b, "-shm");
	uint64_t before = fixture_digest(b);
	int r;

	b->error = (struct mm_error){0};
	r = mm_store_check(b->path, b->copy[0] != '\0' ? b->copy : NULL, b->meters, count, &b->error);
	ck_assert_uint_eq(fixture_digest(b), before);
	ck_assert(fixture_has(b, "-wal") == wal && fixture_has(b, "-shm") == shm);
	return r;
}

/* What the refusal must name. */
struct words {
	int error;
	const char *word[4];
};

static void change(const struct situation *s, struct fixture *b, struct words *ret)
{
	struct mm_store_meter *meter = &b->meters[s->changed];

	switch (s->change) {
	case MODEL:
		strcpy(meter->model, "MMD-120-2002");
		*ret = (struct words){-EXDEV, {"is stored as model", "MMD-120-2002", meter->serial, meter->name}};
		break;
	case SERIAL:
		strcpy(meter->serial, "SN-2001");
		*ret = (struct words){-EXDEV, {"of meter serial SN-1001", "the configuration says SN-2001", "", ""}};
		break;
	case RESPELT:
		strcpy(meter->serial, RESPELLING);
		*ret = (struct words){-ENOTUNIQ, {"is serial " RESPELLING " the stored ", "Then write 42", meter->name, ""}};
		if (s->count == 1) {
			*ret = (struct words){-EXDEV, {"of meter serial", MISREAD, "the configuration says " RESPELLING, ""}};
		}
		break;
	}
}

static void assert_refused(const struct situation *s, struct fixture *b, const struct words *words)
{
	uint64_t before = fixture_digest(b);
	struct mm_error checked;

	ck_assert_int_eq(check(b, s->count), words->error);
	checked = b->error;
	ck_assert_int_eq(fixture_open_fails(b, s->count), words->error);
	ck_assert_str_eq(checked.text, b->error.text);
	for (size_t i = 0; i < COUNT_OF(words->word); i++) {
		ck_assert_msg(strstr(b->error.text, words->word[i]) != NULL, "no \"%s\": %s", words->word[i], b->error.text);
	}
	ck_assert_msg(strstr(b->error.text, ": correct the configuration, or move ") != NULL, "%s", b->error.text);
	ck_assert_uint_eq(fixture_digest(b), before);
}

/* The meters that did not change go on, and the one that did begins. */
static void assert_begun(const struct situation *s, struct fixture *b)
{
	struct mm_registers registers;
	struct mm_store *store;

	ck_assert_int_eq(check(b, s->count), 0);
	store = fixture_open(b, s->count);
	for (unsigned i = 0; i < s->count; i++) {
		if (i != s->changed && (s->has_copy || !s->is_lost)) {
			fixture_assert_registers(store, i, 7);
			continue;
		}
		ck_assert_int_eq(mm_store_load(store, i, &registers), 0);
		ck_assert_int_eq(registers.delivered.uwh, 0);
	}
	mm_store_close(store);
}

START_TEST(test_a_meter_that_changed_is_refused_or_new)
{
	const struct situation s = situation(_i);
	bool is_kept = s.has_copy || !s.is_lost;
	struct mm_store_meter before[METERS];
	struct mm_store *store;
	struct words words;
	struct fixture b;

	leave(&s, &b);
	memcpy(before, b.meters, sizeof(before));
	change(&s, &b, &words);
	if (is_kept && (s.change != SERIAL || s.count == 1)) {
		assert_refused(&s, &b, &words);
	} else {
		assert_begun(&s, &b);
	}
	ck_assert(!fixture_has(&b, ".aside-1") && !fixture_has(&b, ".copy.aside-1"));
	memcpy(b.meters, before, sizeof(before));
	for (int i = 0; i < 2 && is_kept; i++) {
		store = fixture_open(&b, s.count);
		for (unsigned m = 0; m < s.count; m++) {
			fixture_assert_registers(store, m, 7);
		}
		mm_store_close(store);
	}
	fixture_end(&b);
}
END_TEST

/* A meter that is new since the daemon started is known from outside, and what runs is not disturbed. */
START_TEST(test_a_check_beside_a_daemon)
{
	struct fixture_holder holder;
	struct fixture b;

	fixture_begin_with_copy(&b);
	mm_store_close(fixture_open(&b, 1));
	fixture_hold(&b, 2, &holder);
	ck_assert_int_eq(check(&b, 2), 0);
	strcpy(b.meters[1].model, "MMS-120-2001");
	ck_assert_int_eq(check(&b, 2), -EXDEV);
	ck_assert_ptr_nonnull(strstr(b.error.text, "serial SN-1002 is stored as model MMS-120-1001, the configuration says "));
	ck_assert_int_eq(mm_store_check(b.path, b.copy, b.meters, 2, NULL), -EXDEV);
	strcpy(b.meters[1].model, "MMS-120-1001");
	fixture_release(&holder);
	mm_store_close(fixture_open(&b, 2));
	fixture_end(&b);
}
END_TEST

static void make_text(struct fixture *b)
{
	fixture_write_noise(b->path, 0, 4096);
}

static void make_directory(struct fixture *b)
{
	ck_assert_int_eq(unlink(b->path), 0);
	ck_assert_int_eq(mkdir(b->path, 0700), 0);
}

/* To open it waits for somebody who writes. */
static void make_fifo(struct fixture *b)
{
	ck_assert_int_eq(unlink(b->path), 0);
	ck_assert_int_eq(mkfifo(b->path, 0600), 0);
}

static void make_version_2(struct fixture *b)
{
	ck_assert_int_eq(unlink(b->path), 0);
	fixture_make_version_2(b);
}

static void leave_as_it_is(struct fixture *b)
{
	(void)b;
}

static void lose(struct fixture *b)
{
	ck_assert_int_eq(unlink(b->path), 0);
}

/* A check refuses only what opening refuses for good; what it can't read it says. */
START_TEST(test_a_check_without_a_fit_register)
{
	static const struct {
		void (*make)(struct fixture *b);
		int expected;
	} files[] = {{leave_as_it_is, 0}, {lose, 0}, {make_text, 1}, {make_directory, 1}, {make_fifo, 1}, {make_version_2, 0}};
	struct fixture b;
	char odd[sizeof(b.path)];

	mm_store_close(fixture_start(&b, 1));
	files[_i].make(&b);
	ck_assert_int_eq(check(&b, 1), files[_i].expected);
	ck_assert_int_eq(b.error.text[0] != '\0', files[_i].expected == 1);
	/* A name that a URI takes for more than a name. */
	snprintf(odd, sizeof(odd), "%.200s/a?mode=rwc#%%41 \xc3\xbc", b.dir);
	if (files[_i].make != lose) {
		ck_assert_int_eq(rename(b.path, odd), 0);
		strcpy(b.path, odd);
		ck_assert_int_eq(check(&b, 1), files[_i].expected);
	}
	fixture_end(&b);
}
END_TEST

/* Files of two stores together: the same serial number with one model in the database, and with another in the copy. */
START_TEST(test_a_copy_that_has_another_model_is_refused)
{
	const struct situation s = {.count = 2, .has_copy = true, .change = MODEL};
	struct fixture b, other;

	leave(&s, &b);
	ck_assert_int_eq(unlink(b.path), 0);
	fixture_begin(&other);
	strcpy(other.meters[0].model, "MMD-120-2002");
	mm_store_close(fixture_open(&other, 2));
	ck_assert_int_eq(rename(other.path, b.path), 0);
	/* With the meter and with another in its place. */
	for (int i = 0; i < 2; i++) {
		const struct words words = {
			-EXDEV, {"serial SN-1001 is stored as model MMD-120-2002, and in the copy as MMD-120-2001-T-SCC"}};
		uint64_t before;

		strcpy(b.meters[0].model, "MMD-120-2002");
		strcpy(b.meters[0].serial, i == 0 ? "SN-1001" : "SN-2001");
		before = fixture_digest(&b);
		ck_assert_int_eq(fixture_open_fails(&b, 2), words.error);
		ck_assert_msg(strstr(b.error.text, words.word[0]) != NULL, "%s", b.error.text);
		ck_assert_uint_eq(fixture_digest(&b), before);
	}
	fixture_end(&other);
	fixture_end(&b);
}
END_TEST

/* The longest names, serial numbers and models that there can be. */
START_TEST(test_a_refusal_is_whole)
{
	struct fixture b;

	fixture_begin(&b);
	memset(b.meters[0].name, 'n', sizeof(b.meters[0].name) - 1);
	memset(b.meters[0].serial, 's', sizeof(b.meters[0].serial) - 1);
	mm_store_close(fixture_open(&b, 1));
	memset(b.meters[0].model, 'm', sizeof(b.meters[0].model) - 1);
	ck_assert_int_eq(fixture_open_fails(&b, 1), -EXDEV);
	ck_assert_ptr_nonnull(strstr(b.error.text, b.meters[0].name));
	ck_assert_ptr_nonnull(strstr(b.error.text, b.meters[0].serial));
	ck_assert_ptr_nonnull(strstr(b.error.text, "MMD-120-2001-T-SCC"));
	ck_assert_ptr_nonnull(strstr(b.error.text, b.meters[0].model));
	ck_assert_ptr_nonnull(strstr(b.error.text, ".backup-old"));
	fixture_end(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tc = tcase_create("identity"), *slow = tcase_create("three meters");

	fixture_use_memory();
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, test_a_meter_that_changed_is_refused_or_new, 0, WITH_TWO_AT_MOST);
	tcase_add_test(tc, test_a_check_beside_a_daemon);
	tcase_add_loop_test(tc, test_a_check_without_a_fit_register, 0, 6);
	tcase_add_test(tc, test_a_copy_that_has_another_model_is_refused);
	tcase_add_test(tc, test_a_refusal_is_whole);
	suite_add_tcase(suite, tc);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 600);
	tcase_add_loop_test(slow, test_a_meter_that_changed_is_refused_or_new, WITH_TWO_AT_MOST, SITUATIONS);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
