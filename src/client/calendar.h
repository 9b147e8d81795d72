/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_CALENDAR_H
#define MM_CLIENT_CALENDAR_H

/* Hours, days and months of the local time zone (TZ). Seconds count from 1970 in UTC. */

#include <stdint.h>

enum mm_calendar_unit { MM_CALENDAR_HOUR, MM_CALENDAR_DAY, MM_CALENDAR_MONTH };

/* When the local hour, day or month began that has the time, and when the next one begins. */
int64_t mm_calendar_begin(enum mm_calendar_unit unit, int64_t when_s);
int64_t mm_calendar_next(enum mm_calendar_unit unit, int64_t when_s);

#define MM_CALENDAR_TEXT_MAX 32

enum mm_calendar_form {
	MM_CALENDAR_MINUTE_TEXT,    /* "2026-03-01 12:00" */
	MM_CALENDAR_DAY_TEXT,	    /* "2026-03-01" */
	MM_CALENDAR_MONTH_TEXT,	    /* "2026-03" */
	MM_CALENDAR_MONTH_DAY_TEXT, /* "03-01" */
	MM_CALENDAR_CLOCK_TEXT,	    /* "12:00" */
};

/* The local time in that form; "" where the year is out of reach. Returns ret. */
const char *mm_calendar_text(int64_t when_s, enum mm_calendar_form form, char ret[static MM_CALENDAR_TEXT_MAX]);

#endif
