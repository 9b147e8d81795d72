/* SPDX-License-Identifier: MIT */
/* The calendar against libc's, and holidays against almanacs. */
#include <time.h>

#include "billing/calendar.h"
#include "fixture/suite.h"

#define SECONDS_PER_DAY 86400

START_TEST(days_are_those_of_libc)
{
	for (int64_t day = -25567; day < 160000; day++) { /* 1900 to 2408 */
		time_t at = day * SECONDS_PER_DAY;
		struct mm_date date = mm_calendar_date(day);
		struct tm tm;

		gmtime_r(&at, &tm);
		ck_assert_msg(date.year == tm.tm_year + 1900 && date.month == tm.tm_mon + 1 && date.day == tm.tm_mday,
			      "day %lld is not %d-%d-%d", (long long)day, date.year, date.month, date.day);
		ck_assert_int_eq(mm_calendar_day(date), day);
		ck_assert_int_eq((mm_calendar_weekday(day) + 1) % 7, tm.tm_wday);
		ck_assert_int_le(date.day, mm_calendar_month_days(date.year, date.month));
	}
}
END_TEST

/* Both ends of what can be, and years around ours (U.S. Naval Observatory). */
START_TEST(easter_is_that_of_almanacs)
{
	static const struct mm_date sundays[] = {{1943, 4, 25}, {1961, 4, 2},  {2000, 4, 23}, {2008, 3, 23}, {2019, 4, 21},
						 {2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5},  {2027, 3, 28}, {2028, 4, 16},
						 {2038, 4, 25}, {2049, 4, 18}, {2076, 4, 19}, {2285, 3, 22}};

	for (int i = 0; i < MM_COUNT_OF(sundays); i++) {
		ck_assert_int_eq(mm_calendar_easter(sundays[i].year), mm_calendar_day(sundays[i]));
	}
	for (int year = 1900; year < 2400; year++) {
		struct mm_date date = mm_calendar_date(mm_calendar_easter(year));

		ck_assert_int_eq(mm_calendar_weekday(mm_calendar_easter(year)), MM_SUNDAY);
		ck_assert_int_ge(date.month * 100 + date.day, 322);
		ck_assert_int_le(date.month * 100 + date.day, 425);
	}
}
END_TEST

static const struct {
	struct mm_holiday holiday;
	int year;
	struct mm_date date; /* month 0: none */
} holidays[] = {
	{{.kind = MM_HOLIDAY_DATE, .month = 10, .day = 3}, 2026, {2026, 10, 3}},
	{{.kind = MM_HOLIDAY_DATE, .month = 2, .day = 29}, 2026, {0}},
	{{.kind = MM_HOLIDAY_DATE, .month = 2, .day = 29}, 2028, {2028, 2, 29}},
	{{.kind = MM_HOLIDAY_DATE, .month = 7, .day = 4, .observed = true}, 2026, {2026, 7, 3}},   /* a Saturday */
	{{.kind = MM_HOLIDAY_DATE, .month = 7, .day = 4, .observed = true}, 2027, {2027, 7, 5}},   /* a Sunday */
	{{.kind = MM_HOLIDAY_DATE, .month = 7, .day = 4, .observed = true}, 2028, {2028, 7, 4}},   /* a Tuesday */
	{{.kind = MM_HOLIDAY_DATE, .month = 1, .day = 1, .observed = true}, 2028, {2027, 12, 31}}, /* a Saturday */
	{{.kind = MM_HOLIDAY_ONCE, .year = 2026, .month = 6, .day = 1}, 2026, {2026, 6, 1}},
	{{.kind = MM_HOLIDAY_ONCE, .year = 2026, .month = 6, .day = 1}, 2027, {0}},
	{{.kind = MM_HOLIDAY_EASTER, .days = -2}, 2026, {2026, 4, 3}},					     /* Good Friday */
	{{.kind = MM_HOLIDAY_EASTER, .days = 39}, 2026, {2026, 5, 14}},					     /* Ascension */
	{{.kind = MM_HOLIDAY_EASTER, .days = 50}, 2026, {2026, 5, 25}},					     /* Whit Monday */
	{{.kind = MM_HOLIDAY_WEEKDAY, .nth = 4, .weekday = MM_THURSDAY, .month = 11}, 2026, {2026, 11, 26}}, /* Thanksgiving */
	{{.kind = MM_HOLIDAY_WEEKDAY, .nth = -1, .weekday = MM_MONDAY, .month = 5}, 2026, {2026, 5, 25}},    /* Memorial Day */
	{{.kind = MM_HOLIDAY_WEEKDAY, .nth = -1, .weekday = MM_SUNDAY, .month = 2}, 2032, {2032, 2, 29}},
	{{.kind = MM_HOLIDAY_WEEKDAY, .nth = 1, .weekday = MM_MONDAY, .month = 9}, 2026, {2026, 9, 7}}, /* Labor Day */
	{{.kind = MM_HOLIDAY_WEEKDAY, .nth = 5, .weekday = MM_MONDAY, .month = 9}, 2026, {0}},
	{{.kind = MM_HOLIDAY_WEEKDAY, .nth = 5, .weekday = MM_MONDAY, .month = 8}, 2026, {2026, 8, 31}},
};

START_TEST(holidays_are_where_almanacs_have_them)
{
	int64_t day = -1;
	bool found = mm_holiday_day(&holidays[_i].holiday, holidays[_i].year, &day);

	ck_assert_int_eq(found, holidays[_i].date.month > 0);
	ck_assert_int_eq(day, found ? mm_calendar_day(holidays[_i].date) : -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tcase = tcase_create("calendar"), *slow = tcase_create("each day");

	tcase_add_test(tcase, easter_is_that_of_almanacs);
	tcase_add_loop_test(tcase, holidays_are_where_almanacs_have_them, 0, MM_COUNT_OF(holidays));
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, days_are_those_of_libc);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
