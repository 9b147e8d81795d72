/* SPDX-License-Identifier: MIT */
/* Times as people write them, in zones of all kinds: what they mean, that all of them come back, and what is refused. */
#include <errno.h>
#include <string.h>

#include "base/period.h"
#include "base/time_text.h"
#include "base/zone.h"
#include "fixture/suite.h"
#include "fixture/zone.h"

#define Y2020 INT64_C(1577836800)
#define Y2040 INT64_C(2208988800)
#define DAY_S INT64_C(86400)
#define SPANS_MAX 64

static const char *const zones[] = {
	"America/New_York", "Europe/Berlin", "Asia/Kathmandu",	 "Australia/Lord_Howe",
	"Pacific/Apia",	    "UTC",	     "America/Santiago", "America/Havana",
};

static int64_t seconds(const char *text)
{
	int64_t at_s;

	ck_assert_msg(mm_time_parse(text, &at_s, NULL) == 0, "%s", text);
	return at_s;
}

/* ---- Each meaning ---- */

static const struct {
	const char *zone, *text;
	enum mm_period_unit unit;
	const char *from, *to;
} meanings[] = {
	{"Europe/Berlin", "2026", MM_PERIOD_YEAR, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"},
	{"Europe/Berlin", "2026-10", MM_PERIOD_MONTH, "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"},
	{"Europe/Berlin", "2026-12", MM_PERIOD_MONTH, "2026-12-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"},
	{"Europe/Berlin", "2026-03-29", MM_PERIOD_DAY, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
	{"Europe/Berlin", "2026-10-01T06:00", MM_PERIOD_MINUTE, "2026-10-01T04:00:00Z", "2026-10-01T04:01:00Z"},
	{"Europe/Berlin", "2026-10-01 06:00", MM_PERIOD_MINUTE, "2026-10-01T04:00:00Z", "2026-10-01T04:01:00Z"},
	{"Europe/Berlin", "2026-10-01t06:00:07", MM_PERIOD_SECOND, "2026-10-01T04:00:07Z", "2026-10-01T04:00:08Z"},
	{"Europe/Berlin", "2026-10-01T06:00:07.999", MM_PERIOD_SECOND, "2026-10-01T04:00:07Z", "2026-10-01T04:00:08Z"},
	{"Europe/Berlin", "2026-10-01T06:00Z", MM_PERIOD_MINUTE, "2026-10-01T06:00:00Z", "2026-10-01T06:01:00Z"},
	{"Europe/Berlin", "2026-10-01 06:00:00-05:00", MM_PERIOD_SECOND, "2026-10-01T11:00:00Z", "2026-10-01T11:00:01Z"},
	{"Europe/Berlin", "2026-10-01T06:00:00.5+05:45", MM_PERIOD_SECOND, "2026-10-01T00:15:00Z", "2026-10-01T00:15:01Z"},
	{"Europe/Berlin", "2026-10-25T02:30:00+01:00", MM_PERIOD_SECOND, "2026-10-25T01:30:00Z", "2026-10-25T01:30:01Z"},
	{"Europe/Berlin", "1970", MM_PERIOD_YEAR, "1969-12-31T23:00:00Z", "1970-12-31T23:00:00Z"},
	{"Europe/Berlin", "2200-12-31", MM_PERIOD_DAY, "2200-12-30T23:00:00Z", "2200-12-31T23:00:00Z"},
	{"Asia/Kathmandu", "2026-10-01", MM_PERIOD_DAY, "2026-09-30T18:15:00Z", "2026-10-01T18:15:00Z"},
	/* Clocks go from 23:59:59 to 01:00: the day begins with it. */
	{"America/Havana", "2026-03-08", MM_PERIOD_DAY, "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
	/* They go from 00:59:59 back to 00:00: the day has 25 hours. */
	{"America/Havana", "2026-11-01", MM_PERIOD_DAY, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
	{"Pacific/Apia", "2011-12-29", MM_PERIOD_DAY, "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
	{"Pacific/Apia", "2011-12-31", MM_PERIOD_DAY, "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
	/* Now is 2026-03-29T04:00 in Berlin, the day on which clocks were put forward. */
	{"Europe/Berlin", "now", MM_PERIOD_SECOND, "2026-03-29T02:00:00Z", "2026-03-29T02:00:01Z"},
	{"Europe/Berlin", "today", MM_PERIOD_DAY, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
	{"Europe/Berlin", "yesterday", MM_PERIOD_DAY, "2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00"},
	{"Europe/Berlin", "this month", MM_PERIOD_MONTH, "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
	{"Europe/Berlin", "last month", MM_PERIOD_MONTH, "2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00"},
	{"Europe/Berlin", "this year", MM_PERIOD_YEAR, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"},
	{"Europe/Berlin", "last year", MM_PERIOD_YEAR, "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z"},
	{"America/New_York", "today", MM_PERIOD_DAY, "2026-03-28T04:00:00Z", "2026-03-29T04:00:00Z"},
	{"Europe/Berlin", "-90m", MM_PERIOD_SECOND, "2026-03-29T00:30:00Z", "2026-03-29T00:30:01Z"},
	{"Europe/Berlin", "-2w", MM_PERIOD_SECOND, "2026-03-15T02:00:00Z", "2026-03-15T02:00:01Z"},
};

#define NOW "2026-03-29T02:00:00Z"

START_TEST(texts_have_one_meaning)
{
	struct mm_period period;
	int64_t readings[2];

	mm_set_zone(meanings[_i].zone);
	ck_assert_msg(mm_period_parse(meanings[_i].text, seconds(NOW), &period, readings) == 0, "%s", meanings[_i].text);
	ck_assert_int_eq(period.unit, meanings[_i].unit);
	ck_assert_int_eq(period.from_s, seconds(meanings[_i].from));
	ck_assert_int_eq(period.to_s, seconds(meanings[_i].to));
}
END_TEST

/* ---- What is refused ---- */

static const char *const refusals[] = {
	"",
	" ",
	"-",
	"-3y",
	"-h",
	"-1h ",
	"tomorrow",
	"Today",
	"last",
	"202",
	"1969",
	"2201",
	"20266",
	"2026-",
	"2026-1",
	"2026-00",
	"2026-13",
	"2026-04-31",
	"2026-02-29",
	"2026-10-00",
	"2026-10-01T",
	"2026-10-01T06",
	"2026-10-01T06:",
	"2026-10-01T24:00",
	"2026-10-01T06:60",
	"2026-10-01T06:00:61",
	"2026-10-01x06:00",
	"2026-10-01T06:00.5",
	"2026-10-01T06:00:00.",
	"2026-10-01T06:00:00.5x",
	"2026-10-01T06:00 ",
	" 2026-10-01",
	"2026Z",
	"2026-10-01Z",
	"2026-10-01+02:00",
	"2026-10-01T06:00+02",
	"2026-10-01T06:00:00+02:00Z",
	"2026-10-01T06:00:00+02:00 and more than that",
	"1969-12-31T23:59",
	"+2026-10-01",
	"20260329",
	"2026-3-1",
	"2026-03-29T12:00+1",
	"2026-03-29T12:00:00ZZ",
	"2026-03-29T12:00:00.Z",
	"-5",
	"-5hh",
	"-1000000000h",
	"2026/10/01",
	"\xff\xfe",
};

START_TEST(what_is_no_time_is_refused)
{
	struct mm_period period = {.from_s = 7};
	int64_t readings[2];

	mm_set_zone("Europe/Berlin");
	ck_assert_msg(mm_period_parse(refusals[_i], seconds(NOW), &period, readings) == -EINVAL, "%s", refusals[_i]);
	ck_assert_int_eq(period.from_s, 7);
}
END_TEST

static const struct {
	const char *zone, *text;
	int result;
	const char *early, *late;
} doubtful[] = {
	{"Europe/Berlin", "2026-03-29T02:00", -ENOENT, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
	{"Europe/Berlin", "2026-03-29 02:30:30", -ENOENT, "2026-03-29T01:30:30+01:00", "2026-03-29T03:30:30+02:00"},
	{"Europe/Berlin", "2026-03-29T02:59:59", -ENOENT, "2026-03-29T00:59:59Z", "2026-03-29T01:59:59Z"},
	{"Europe/Berlin", "2026-10-25T02:00", -ENOTUNIQ, "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"},
	{"Europe/Berlin", "2026-10-25T02:59:59", -ENOTUNIQ, "2026-10-25T00:59:59Z", "2026-10-25T01:59:59Z"},
	{"Australia/Lord_Howe", "2026-10-04T02:29", -ENOENT, "2026-10-04T01:59:00+10:30", "2026-10-04T02:59:00+11:00"},
	{"Australia/Lord_Howe", "2026-04-05T01:30", -ENOTUNIQ, "2026-04-05T01:30:00+11:00", "2026-04-05T01:30:00+10:30"},
	{"America/Havana", "2026-03-08T00:00", -ENOENT, "2026-03-08T04:00:00Z", "2026-03-08T05:00:00Z"},
	{"Pacific/Apia", "2011-12-30T12:00", -ENOENT, "2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"},
};

START_TEST(what_clocks_skip_or_show_twice_is_refused_with_both_readings)
{
	struct mm_period period = {.from_s = 7};
	int64_t readings[2] = {0, 0};

	mm_set_zone(doubtful[_i].zone);
	ck_assert_int_eq(mm_period_parse(doubtful[_i].text, seconds(NOW), &period, readings), doubtful[_i].result);
	ck_assert_int_eq(readings[0], seconds(doubtful[_i].early));
	ck_assert_int_eq(readings[1], seconds(doubtful[_i].late));
	ck_assert_int_eq(period.from_s, 7);
}
END_TEST

START_TEST(their_neighbours_are_not)
{
	static const char *const texts[] = {"2026-03-29T01:59:59", "2026-03-29T03:00", "2026-10-25T01:59:59", "2026-10-25T03:00"};
	struct mm_period period;
	int64_t readings[2];

	mm_set_zone("Europe/Berlin");
	for (int i = 0; i < MM_COUNT_OF(texts); i++) {
		ck_assert_msg(mm_period_parse(texts[i], 0, &period, readings) == 0, "%s", texts[i]);
	}
}
END_TEST

START_TEST(a_day_that_a_zone_left_out_is_none)
{
	struct mm_period period;
	int64_t readings[2];

	mm_set_zone("Pacific/Apia");
	ck_assert_int_eq(mm_period_parse("2011-12-30", 0, &period, readings), -EINVAL);
}
END_TEST

/* ---- All of twenty years ---- */

/* What clocks show at a time is read as that time, or as one of two. */
static void expect_back(int64_t at_s)
{
	char text[MM_ZONE_TEXT_MAX];
	struct mm_period period;
	int64_t readings[2];
	int r;

	mm_zone_text(at_s, text);
	ck_assert_int_eq(mm_period_parse(text, 0, &period, readings), 0);
	ck_assert_int_eq(period.from_s, at_s);
	text[strlen("2026-10-01T06:00:00")] = '\0';
	r = mm_period_parse(text, 0, &period, readings);
	ck_assert_msg(r == 0 || r == -ENOTUNIQ, "%s: %d", text, r);
	if (r == 0) {
		ck_assert_int_eq(period.from_s, at_s);
	} else {
		ck_assert_msg(readings[0] == at_s || readings[1] == at_s, "%s", text);
		ck_assert_int_lt(readings[0], readings[1]);
	}
}

START_TEST(all_times_come_back)
{
	struct mm_zone_span spans[SPANS_MAX];
	int count;

	mm_set_zone(zones[_i]);
	count = mm_zone_spans(Y2020, Y2040, spans, SPANS_MAX);
	ck_assert_int_gt(count, 0);
	for (int i = 0; i < count; i++) {
		for (int64_t t = spans[i].from_s - 2 * 3600; t < spans[i].from_s + 2 * 3600; t += 59) {
			expect_back(t);
		}
		expect_back(spans[i].from_s - 1);
		expect_back(spans[i].from_s);
	}
	for (int64_t t = Y2020; t < Y2040; t += 7 * 3600 + 11) {
		expect_back(t);
	}
}
END_TEST

/* Does a local date, of so many characters, begin with that second? */
static void expect_begin(const char *text, int64_t at_s)
{
	char shown[MM_ZONE_TEXT_MAX];

	ck_assert_msg(strncmp(mm_zone_text(at_s, shown), text, strlen(text)) == 0, "%s begins with %s", text, shown);
	ck_assert_msg(strncmp(mm_zone_text(at_s - 1, shown), text, strlen(text)) != 0, "%s begins before %s", text, shown);
}

START_TEST(days_months_and_years_chain)
{
	static const size_t lengths[] = {4, 7, 10};
	char shown[MM_ZONE_TEXT_MAX];
	struct mm_period period;
	int64_t readings[2];

	mm_set_zone(zones[_i]);
	for (int i = 0; i < MM_COUNT_OF(lengths); i++) {
		int64_t at_s = Y2020;
		char text[MM_ZONE_TEXT_MAX] = "";

		while (at_s < Y2040) {
			memcpy(text, mm_zone_text(at_s, shown), lengths[i]);
			ck_assert_msg(mm_period_parse(text, 0, &period, readings) == 0, "%s", text);
			ck_assert(at_s == Y2020 ? period.from_s <= at_s : period.from_s == at_s);
			expect_begin(text, period.from_s);
			at_s = period.to_s;
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("period");
	TCase *tcase = tcase_create("period"), *slow = tcase_create("twenty years");

	tcase_add_loop_test(tcase, texts_have_one_meaning, 0, MM_COUNT_OF(meanings));
	tcase_add_loop_test(tcase, what_is_no_time_is_refused, 0, MM_COUNT_OF(refusals));
	tcase_add_loop_test(tcase, what_clocks_skip_or_show_twice_is_refused_with_both_readings, 0, MM_COUNT_OF(doubtful));
	tcase_add_test(tcase, their_neighbours_are_not);
	tcase_add_test(tcase, a_day_that_a_zone_left_out_is_none);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_add_loop_test(slow, all_times_come_back, 0, MM_COUNT_OF(zones));
	tcase_add_loop_test(slow, days_months_and_years_chain, 0, MM_COUNT_OF(zones));
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
