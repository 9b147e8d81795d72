/* SPDX-License-Identifier: MIT */
#include "client/calendar.h"

#include <stdio.h>
#include <time.h>

#define MINUTE_S 60
#define HOUR_S 3600

/* The begin of the unit that is some of them later. An hour is 3600 s even where clocks are put back. */
static int64_t begin_after(enum mm_calendar_unit unit, int64_t when_s, int units)
{
	time_t when = when_s;
	struct tm tm;

	localtime_r(&when, &tm);
	switch (unit) {
	case MM_CALENDAR_HOUR:
		return when_s - tm.tm_min * MINUTE_S - tm.tm_sec + (int64_t)units * HOUR_S;
	case MM_CALENDAR_DAY:
		return mktime(
			&(struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday + units, .tm_isdst = -1});
	case MM_CALENDAR_MONTH:
		return mktime(&(struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + units, .tm_mday = 1, .tm_isdst = -1});
	}
	return when_s;
}

int64_t mm_calendar_begin(enum mm_calendar_unit unit, int64_t when_s)
{
	return begin_after(unit, when_s, 0);
}

int64_t mm_calendar_next(enum mm_calendar_unit unit, int64_t when_s)
{
	return begin_after(unit, when_s, 1);
}

const char *mm_calendar_text(int64_t when_s, enum mm_calendar_form form, char ret[static MM_CALENDAR_TEXT_MAX])
{
	static const struct {
		size_t begin, length; /* of "2026-03-01 12:00" */
	} parts[] = {
		[MM_CALENDAR_MINUTE_TEXT] = {0, 16},   [MM_CALENDAR_DAY_TEXT] = {0, 10},   [MM_CALENDAR_MONTH_TEXT] = {0, 7},
		[MM_CALENDAR_MONTH_DAY_TEXT] = {5, 5}, [MM_CALENDAR_CLOCK_TEXT] = {11, 5},
	};
	char text[MM_CALENDAR_TEXT_MAX];
	time_t when = when_s;
	struct tm tm;

	ret[0] = '\0';
	if (localtime_r(&when, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) == 16) {
		snprintf(ret, MM_CALENDAR_TEXT_MAX, "%.*s", (int)parts[form].length, text + parts[form].begin);
	}
	return ret;
}
