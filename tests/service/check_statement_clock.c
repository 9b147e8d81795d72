/* SPDX-License-Identifier: MIT */
/* When intervals began whose clock was not set: by the event that says when it became known. */
#include <check.h>
#include <string.h>

#include "core/units.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"
#include "service/statement.h"

/* The time of a start, and by how much its clock is behind until somebody sets it an hour later. */
static void boot(struct mm_store *store, int64_t *n, int64_t boot_s, int64_t behind_s)
{
	static const char *const codes[] = {"start", "reload", "clock-known"};

	for (int i = 0; i < 3; i++) {
		int64_t boottime_s = 10 + i * 1800;
		struct fixture_commit c;

		fixture_commit(++*n, 1, &c);
		c.commit.row_count = 0;
		c.event.meter = -1;
		strcpy(c.event.code, codes[i]);
		c.event.boottime_ns = boottime_s * MM_NS_PER_S;
		c.event.realtime_ns = (boot_s + boottime_s - (i < 2 ? behind_s : 0)) * MM_NS_PER_S;
		ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	}
}

static int64_t time_of(struct mm_statement *s, int64_t start_s, bool set)
{
	const struct mm_profile_row row = {.start_s = start_s, .duration_s = 900, .status = set ? 0 : MM_PROFILE_CLOCK_INVALID};

	return mm_statement_time(s, &row);
}

/* Two boards that come up on the same day of long ago, and one whose clock was right all the time. */
START_TEST(intervals_are_of_the_time_that_became_known)
{
	const int64_t first_s = FIXTURE_EPOCH_S, second_s = first_s + 5 * 86400, third_s = second_s + 5 * 86400;
	const int64_t claim_s = first_s - 30 * 86400;
	struct mm_statement s = {.from = first_s - 86400, .to = third_s + 86400};
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);
	int64_t n = 0;

	boot(store, &n, first_s, first_s - claim_s);
	boot(store, &n, second_s, second_s - claim_s);
	boot(store, &n, third_s, 0);
	ck_assert_int_eq(mm_statement_read_clock(store, &s), 0);
	ck_assert_uint_eq(s.clock.count, 2);
	/* In the order of ids. */
	ck_assert_int_eq(time_of(&s, first_s - 900, true), first_s - 900);
	ck_assert_int_eq(time_of(&s, claim_s, false), first_s);
	ck_assert_int_eq(time_of(&s, claim_s + 900, false), first_s + 900);
	ck_assert_int_eq(time_of(&s, first_s + 5400, true), first_s + 5400);
	ck_assert_int_eq(time_of(&s, claim_s, false), second_s);
	ck_assert_int_eq(time_of(&s, claim_s + 1800, false), second_s + 1800);
	/* Nothing is known of these. */
	ck_assert_int_eq(time_of(&s, claim_s + 7200, false), claim_s + 7200);
	ck_assert_int_eq(time_of(&s, third_s + 900, false), third_s + 900);
	ck_assert_int_eq(s.clock.found, 4);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service: clock of a statement");
	TCase *tcase = tcase_create("clock");

	tcase_add_test(tcase, intervals_are_of_the_time_that_became_known);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
