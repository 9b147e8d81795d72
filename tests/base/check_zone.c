/* SPDX-License-Identifier: MIT */
/* The zone's spans against localtime_r(), over all its changes of twenty years. */
#include <errno.h>
#include <time.h>

#include "fixture/suite.h"
#include "fixture/zone.h"
#include "base/time_text.h"
#include "base/zone.h"

#define Y2020 INT64_C(1577836800)
#define Y2026 INT64_C(1767225600)
#define Y2027 INT64_C(1798761600)
#define Y2040 INT64_C(2208988800)
#define SPANS_MAX 64

/* Half an hour of DST, a quarter of an hour from UTC, and none of both. */
static const struct {
	const char *name;
	int changes;
} zones[] = {
	{"America/New_York", 40}, {"Europe/Berlin", 40}, {"Australia/Lord_Howe", 40},
	{"Asia/Kathmandu", 0},	  {"Pacific/Apia", 3},	 {"UTC", 0},
};

static void expect_span(int64_t at_s, const struct mm_zone_span *span)
{
	struct tm tm;
	time_t at = at_s;

	localtime_r(&at, &tm);
	ck_assert_msg(tm.tm_gmtoff == span->offset_s && (tm.tm_isdst > 0) == span->dst, "at %lld: %ld, not %d", (long long)at_s,
		      tm.tm_gmtoff, span->offset_s);
}

START_TEST(spans_agree_with_libc)
{
	struct mm_zone_span spans[SPANS_MAX], before;
	int count, at = 0;

	mm_set_zone(zones[_i].name);
	count = mm_zone_spans(Y2020, Y2040, spans, SPANS_MAX);
	ck_assert_int_eq(count, zones[_i].changes + 1);
	ck_assert_int_eq(spans[0].from_s, Y2020);
	for (int64_t t = Y2020; t < Y2040; t += 3600) {
		if (at + 1 < count && spans[at + 1].from_s <= t) {
			at++;
		}
		expect_span(t, &spans[at]);
	}
	for (int i = 1; i < count; i++) {
		ck_assert_int_gt(spans[i].from_s, spans[i - 1].from_s);
		before = mm_zone_at(spans[i].from_s - 1);
		ck_assert(before.offset_s == spans[i - 1].offset_s && before.dst == spans[i - 1].dst);
		ck_assert(before.offset_s != spans[i].offset_s || before.dst != spans[i].dst);
	}
}
END_TEST

START_TEST(spans_know_the_second)
{
	struct mm_zone_span spans[4];

	mm_set_zone("Europe/Berlin");
	ck_assert_int_eq(mm_zone_spans(Y2026, Y2027, spans, 4), 3);
	ck_assert_int_eq(spans[0].offset_s, 3600);
	ck_assert(!spans[0].dst);
	ck_assert_int_eq(spans[1].from_s, INT64_C(1774746000)); /* 2026-03-29T01:00:00Z */
	ck_assert_int_eq(spans[1].offset_s, 7200);
	ck_assert(spans[1].dst);
	ck_assert_int_eq(spans[2].from_s, INT64_C(1792890000)); /* 2026-10-25T01:00:00Z */
	ck_assert_int_eq(mm_zone_spans(Y2026, Y2027, spans, 2), -ENOSPC);
	ck_assert_int_eq(mm_zone_spans(Y2026, Y2027, spans, 0), -ENOSPC);
	ck_assert_int_eq(mm_zone_spans(Y2026, Y2026, spans, 4), -EINVAL);
	/* The change itself is at neither end of a period, or at its begin. */
	ck_assert_int_eq(mm_zone_spans(1774745999, 1774746000, spans, 4), 1);
	ck_assert_int_eq(mm_zone_spans(1774745999, 1774746001, spans, 4), 2);
	ck_assert_int_eq(mm_zone_spans(1774746000, 1774746001, spans, 4), 1);
	ck_assert_int_eq(spans[0].offset_s, 7200);
}
END_TEST

START_TEST(times_are_written_with_their_offset)
{
	char text[MM_ZONE_TEXT_MAX];

	mm_set_zone("Europe/Berlin");
	ck_assert_str_eq(mm_zone_text(1774745999, text), "2026-03-29T01:59:59+01:00");
	ck_assert_str_eq(mm_zone_text(1774746000, text), "2026-03-29T03:00:00+02:00");
	mm_set_zone("America/New_York");
	ck_assert_str_eq(mm_zone_text(Y2026, text), "2025-12-31T19:00:00-05:00");
	mm_set_zone("Asia/Kathmandu");
	ck_assert_str_eq(mm_zone_text(Y2026, text), "2026-01-01T05:45:00+05:45");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone");
	TCase *tcase = tcase_create("zone"), *slow = tcase_create("twenty years");

	tcase_add_test(tcase, spans_know_the_second);
	tcase_add_test(tcase, times_are_written_with_their_offset);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_add_loop_test(slow, spans_agree_with_libc, 0, MM_COUNT_OF(zones));
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
