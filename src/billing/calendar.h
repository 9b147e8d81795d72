/* SPDX-License-Identifier: MIT */
#ifndef MM_BILLING_CALENDAR_H
#define MM_BILLING_CALENDAR_H

/*
 * The civil (Gregorian) calendar in whole days, and holidays by rule. Days count from 1970-01-01, which is day 0. Years are from
 * 1900 to 9999. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

enum mm_weekday { MM_MONDAY, MM_TUESDAY, MM_WEDNESDAY, MM_THURSDAY, MM_FRIDAY, MM_SATURDAY, MM_SUNDAY, MM_WEEKDAYS };

struct mm_date {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
};

bool mm_calendar_is_leap(int year);
int mm_calendar_month_days(int year, int month);

/* The day of a date that there is, and back. */
int64_t mm_calendar_day(struct mm_date date);
struct mm_date mm_calendar_date(int64_t day);

enum mm_weekday mm_calendar_weekday(int64_t day);

/* Easter Sunday of the western churches: Meeus, Jones and Butcher's rule (Astronomical Algorithms, 1991, chapter 8). */
int64_t mm_calendar_easter(int year);

enum mm_holiday_kind {
	MM_HOLIDAY_DATE,    /* month and day, each year */
	MM_HOLIDAY_ONCE,    /* month and day of that year */
	MM_HOLIDAY_EASTER,  /* days after Easter Sunday, before it below 0 */
	MM_HOLIDAY_WEEKDAY, /* the nth such weekday of a month; nth -1: the last */
};

#define MM_HOLIDAY_EASTER_MIN (-60)
#define MM_HOLIDAY_EASTER_MAX 70

struct mm_holiday {
	enum mm_holiday_kind kind;
	bool observed; /* MM_HOLIDAY_DATE, ONCE: on a Saturday it is the Friday before, on a Sunday the Monday after */
	int year, month, day;
	int days; /* after Easter */
	enum mm_weekday weekday;
	int nth; /* 1 to 5, or -1 */
};

/* The day of a holiday in a year, or as it is observed, which can be in the year before or after. False: that year has none. */
bool mm_holiday_day(const struct mm_holiday *holiday, int year, int64_t *ret);

#endif
