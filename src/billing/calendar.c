/* SPDX-License-Identifier: MIT */
#include "billing/calendar.h"

#define DAYS_PER_WEEK 7
#define DAYS_PER_4_YEARS 1461
#define DAYS_PER_400_YEARS 146097
#define EPOCH 719468 /* 1970-01-01, from March 1 of the year 0 */

/*
 * Years begin in March here, so that a leap day is the last of its year. Then the days before a month are a straight line:
 * 30.6 days a month, rounded.
 */

bool mm_calendar_is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int mm_calendar_month_days(int year, int month)
{
	if (month == 2) {
		return mm_calendar_is_leap(year) ? 29 : 28;
	}
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int64_t mm_calendar_day(struct mm_date date)
{
	int year = date.month > 2 ? date.year : date.year - 1, month = (date.month + 9) % 12;

	return (int64_t)year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date.day - 1 - EPOCH;
}

struct mm_date mm_calendar_date(int64_t day)
{
	int64_t since = day + EPOCH, era = since / DAYS_PER_400_YEARS;
	int of_era = (int)(since % DAYS_PER_400_YEARS);
	int year = (of_era - of_era / (DAYS_PER_4_YEARS - 1) + of_era / 36524 - of_era / (DAYS_PER_400_YEARS - 1)) / 365;
	int of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

	return (struct mm_date){
		.year = (int)(era * 400) + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = of_year - (153 * month + 2) / 5 + 1,
	};
}

enum mm_weekday mm_calendar_weekday(int64_t day)
{
	/* 1970-01-01 was a Thursday. */
	return (enum mm_weekday)(((day + MM_THURSDAY) % DAYS_PER_WEEK + DAYS_PER_WEEK) % DAYS_PER_WEEK);
}

int64_t mm_calendar_easter(int year)
{
	int a = year % 19, b = year / 100, c = year % 100;
	int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
	int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
	int sum = h + l - 7 * ((a + 11 * h + 22 * l) / 451) + 114;

	return mm_calendar_day((struct mm_date){year, sum / 31, sum % 31 + 1});
}

static bool nth_weekday(const struct mm_holiday *holiday, int year, int64_t *ret)
{
	int days = mm_calendar_month_days(year, holiday->month);
	int64_t first = mm_calendar_day((struct mm_date){year, holiday->month, 1});
	int of_month = ((int)holiday->weekday - (int)mm_calendar_weekday(first) + DAYS_PER_WEEK) % DAYS_PER_WEEK;

	if (holiday->nth < 0) {
		of_month += (days - 1 - of_month) / DAYS_PER_WEEK * DAYS_PER_WEEK;
	} else {
		of_month += (holiday->nth - 1) * DAYS_PER_WEEK;
	}
	if (of_month >= days) {
		return false;
	}
	*ret = first + of_month;
	return true;
}

static bool dated(const struct mm_holiday *holiday, int year, int64_t *ret)
{
	int64_t day;

	if (holiday->day > mm_calendar_month_days(year, holiday->month)) {
		return false;
	}
	day = mm_calendar_day((struct mm_date){year, holiday->month, holiday->day});
	if (holiday->observed && mm_calendar_weekday(day) == MM_SATURDAY) {
		day--;
	} else if (holiday->observed && mm_calendar_weekday(day) == MM_SUNDAY) {
		day++;
	}
	*ret = day;
	return true;
}

bool mm_holiday_day(const struct mm_holiday *holiday, int year, int64_t *ret)
{
	switch (holiday->kind) {
	case MM_HOLIDAY_DATE:
		return dated(holiday, year, ret);
	case MM_HOLIDAY_ONCE:
		return year == holiday->year && dated(holiday, year, ret);
	case MM_HOLIDAY_EASTER:
		*ret = mm_calendar_easter(year) + holiday->days;
		return true;
	case MM_HOLIDAY_WEEKDAY:
		return nth_weekday(holiday, year, ret);
	}
	return false;
}
