/* SPDX-License-Identifier: MIT */
/* Statements that were issued: each once, with a page of its own, which no crash and no backup makes anybody see twice. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/crash_log.h"
#include "fixture/random.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"
#include "store/private.h"

#define DAY_S INT64_C(86400)
#define PERIOD(from, to) ((const struct mm_store_period){(from)*DAY_S, (to)*DAY_S})

/* What is stored of the statement of a day. */
static void data_of(int64_t page, int64_t day, char ret[static 160])
{
	snprintf(ret, 160,
		 "{\"from_s\":%" PRId64 ",\"ocmf\":\"OCMF|day %" PRId64 "|\",\"page\":%" PRId64 ",\"to_s\":%" PRId64 "}",
		 day * DAY_S, day, page, (day + 1) * DAY_S);
}

static int issue_page(struct mm_store *store, int meter, int64_t day, int64_t page)
{
	const struct mm_store_event event = {.boottime_ns = 1,
					     .realtime_ns = FIXTURE_EPOCH_S * 1000000000,
					     .meter = meter,
					     .code = MM_STORE_ISSUED,
					     .text = "issued"};
	char data[160];

	data_of(page, day, data);
	return mm_store_issue(store, &event, &PERIOD(day, day + 1), page, data);
}

static int issue(struct mm_store *store, int meter, int64_t day)
{
	return issue_page(store, meter, day, mm_store_page(store) + 1);
}

static bool take_data(void *userdata, const struct mm_store_event *event, const char *data)
{
	ck_assert_str_eq(event->code, MM_STORE_ISSUED);
	snprintf(userdata, 160, "%s", data);
	return true;
}

static void expect_issued(struct mm_store *store, unsigned meter, int64_t day, int64_t page)
{
	char expected[160], data[160] = "";

	data_of(page, day, expected);
	ck_assert_int_eq(mm_store_issued(store, meter, &PERIOD(day, day + 1), take_data, data), 0);
	ck_assert_str_eq(data, expected);
}

START_TEST(a_statement_is_issued_once)
{
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 2);
	char data[160];

	fixture_commit_n(store, 1, 2);
	ck_assert_int_eq(mm_store_page(store), 0);
	ck_assert_int_eq(mm_store_issued(store, 0, &PERIOD(1, 2), take_data, data), -ENOENT);
	ck_assert_int_eq(issue(store, 0, 1), 0);
	ck_assert_int_eq(issue(store, 1, 1), 0);
	ck_assert_int_eq(issue(store, 0, 2), 0);
	/* Not again, not with another page, and not of no meter. */
	ck_assert_int_eq(issue(store, 0, 1), -EEXIST);
	ck_assert_int_eq(issue_page(store, 0, 3, 3), -EINVAL);
	ck_assert_int_eq(issue_page(store, 0, 3, 5), -EINVAL);
	ck_assert_int_eq(issue(store, -1, 3), -EINVAL);
	ck_assert_int_eq(issue(store, 2, 3), -EINVAL);
	store = fixture_reopen(&b, store, 2);
	ck_assert_int_eq(mm_store_page(store), 3);
	expect_issued(store, 0, 1, 1);
	expect_issued(store, 1, 1, 2);
	expect_issued(store, 0, 2, 3);
	ck_assert_int_eq(mm_store_issued(store, 1, &PERIOD(2, 3), take_data, data), -ENOENT);
	ck_assert_int_eq(mm_store_issued(store, 0, &PERIOD(1, 3), take_data, data), -ENOENT);
	ck_assert_int_eq(mm_store_issued(store, 2, &PERIOD(1, 2), take_data, data), -EINVAL);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'statement-issued'", "3");
	fixture_stop(&b, store);
}
END_TEST

/* Nobody replaces one unseen, nor turns the pages back. */
START_TEST(it_is_part_of_the_trail)
{
	static const char *const changes[] = {
		"DROP TRIGGER event_no_update; UPDATE event SET data = replace(data, 'day 1', 'day 9') WHERE code = "
		"'statement-issued'",
		"UPDATE head SET page = 0",
	};
	const struct mm_verify_result *result;
	struct mm_verify *verify;
	struct mm_store *store;
	struct fixture b;

	store = fixture_start(&b, 1);
	fixture_commit_n(store, 1, 1);
	ck_assert_int_eq(issue(store, 0, 1), 0);
	verify = fixture_verify(store);
	fixture_assert_sound(verify);
	mm_verify_free(verify);
	mm_store_close(store);
	ck_assert_int_eq(fixture_sql(b.path, changes[_i]), SQLITE_OK);
	store = fixture_open(&b, 1);
	verify = fixture_verify(store);
	result = mm_verify_result(verify);
	ck_assert_int_gt(result->bad, 0);
	mm_verify_free(verify);
	fixture_stop(&b, store);
}
END_TEST

/* ---- Power cuts ---- */

#define HANDED_OUT 1 /* the last page that somebody may have seen */
#define CUT_STATEMENTS 12

/* As the service does it: the statement, then a commit, which the copy has too, and only then the answer. */
static void hand_out(struct mm_store *store, int64_t n)
{
	ck_assert_int_eq(issue(store, 0, n), 0);
	fixture_commit_n(store, n, 1);
	crash_note(HANDED_OUT, mm_store_page(store));
}

struct pages {
	int64_t last;
	bool gapless; /* none may be missing */
};

static bool take_page(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct pages *pages = userdata;
	int64_t page = 0;

	(void)event;
	ck_assert_int_eq(sscanf(strstr(data, "\"page\":"), "\"page\":%" SCNd64, &page), 1);
	ck_assert_int_gt(page, pages->last);
	ck_assert(!pages->gapless || page == pages->last + 1);
	pages->last = page;
	return true;
}

/* The pages that are stored rise, by one where nothing was lost; the last one is the store's. Returns it. */
static int64_t expect_pages(struct mm_store *store, bool gapless)
{
	struct pages pages = {.gapless = gapless};

	ck_assert_int_eq(mm_store_records(store, MM_STORE_ISSUED, -1, take_page, &pages), 0);
	ck_assert_int_ge(mm_store_page(store), pages.last);
	ck_assert(!gapless || mm_store_page(store) == pages.last);
	return mm_store_page(store);
}

START_TEST(a_power_cut_leaves_no_page_out_and_none_twice)
{
	enum crash_loss losses[] = {CRASH_ALL_LOST,  CRASH_NONE_LOST, CRASH_LAST_LOST,
				    CRASH_ONLY_LAST, CRASH_RANDOM,    CRASH_RANDOM};
	uint64_t random = fixture_number("MM_CRASH_SEED", 1);
	unsigned cuts = 0, more = 0;
	struct mm_store *store;
	struct crash_log *log;
	struct fixture b;

	fixture_begin_with_copy(&b);
	mm_store_close(fixture_open(&b, 1));
	log = crash_record(b.dir);
	store = fixture_open(&b, 1);
	for (int64_t n = 1; n <= CUT_STATEMENTS; n++) {
		hand_out(store, n);
	}
	mm_store_close(store);
	crash_stop(log);
	for (size_t moment = 0; moment <= crash_moments(log); moment++) {
		int64_t handed_out = crash_noted(log, moment, HANDED_OUT, 0);

		for (size_t i = 0; i < COUNT_OF(losses); i++) {
			struct fixture cut;
			int64_t page;

			fixture_begin_with_copy(&cut);
			crash_make(log, moment, losses[i], &random, cut.dir);
			store = fixture_open(&cut, 1);
			page = expect_pages(store, true);
			ck_assert_int_ge(page, handed_out);
			ck_assert_int_le(page, handed_out + 1);
			for (int64_t n = 1; n <= handed_out; n++) {
				expect_issued(store, 0, n, n);
			}
			ck_assert_int_eq(issue(store, 0, page + 1), 0);
			ck_assert_int_eq(expect_pages(store, true), page + 1);
			more += page > handed_out;
			cuts++;
			fixture_stop(&cut, store);
		}
	}
	printf("power cuts while %d statements are issued: %u, no page missing and none twice; %u had one that nobody saw\n",
	       CUT_STATEMENTS, cuts, more);
	ck_assert_uint_gt(cuts, 200);
	crash_free(log);
	fixture_end(&b);
}
END_TEST

/* ---- Damage ---- */

START_TEST(a_backup_brings_no_page_again)
{
	static const char noise[4096] = "noise";
	uint64_t chance = 77 + (uint64_t)_i;
	int64_t n = 0, seen = 0, losses = 0;
	struct mm_store *store;
	struct fixture b;

	fixture_use_memory();
	store = fixture_start_with_copy(&b, 1);
	for (unsigned round = 0; round < fixture_number("MM_CRASHES", 60); round++) {
		switch (mm_random_below(&chance, 4)) {
		case 0:
			ck_assert_int_eq(mm_store_backup(store), 0);
			break;
		case 1:
			if (!fixture_has(&b, ".backup")) {
				break;
			}
			mm_store_close(store);
			fixture_write(b.path, 0, noise, sizeof(noise));
			store = fixture_open(&b, 1);
			losses++;
			break;
		default:
			hand_out(store, ++n);
			ck_assert_int_eq(mm_store_page(store), seen + 1);
			seen = mm_store_page(store);
			break;
		}
		ck_assert_int_eq(expect_pages(store, false), seen);
		store = fixture_reopen(&b, store, 1);
	}
	ck_assert_int_gt(losses, 0);
	ck_assert_int_gt(seen, 10);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("issued");
	TCase *once = tcase_create("once"), *crashes = tcase_create("crashes"), *slow = tcase_create("more crashes");

	tcase_add_test(once, a_statement_is_issued_once);
	tcase_add_loop_test(once, it_is_part_of_the_trail, 0, 2);
	tcase_set_timeout(crashes, 300);
	tcase_add_loop_test(crashes, a_backup_brings_no_page_again, 0, 1);
	suite_add_tcase(suite, once);
	suite_add_tcase(suite, crashes);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 300);
	tcase_add_test(slow, a_power_cut_leaves_no_page_out_and_none_twice);
	tcase_add_loop_test(slow, a_backup_brings_no_page_again, 1, 4);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
