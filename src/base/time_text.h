/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_TIME_TEXT_H
#define MM_BASE_TIME_TEXT_H

/*
 * Times as text: RFC 3339, sections 5.6 and 5.7. Seconds and nanoseconds count from 1970 in UTC (CLOCK_REALTIME).
 */

#include <stdint.h>

#define MM_TIME_TEXT_MAX 32

/* "2026-03-01T12:00:00Z". Returns ret; "an impossible time" where the year does not have four digits. */
const char *mm_time_text(int64_t realtime_s, char ret[static MM_TIME_TEXT_MAX]);

/* The same of nanoseconds, whose fraction of a second is left out. */
const char *mm_time_text_ns(int64_t realtime_ns, char ret[static MM_TIME_TEXT_MAX]);

/* "2026-03-01T12:00:00.123Z": with milliseconds. Returns ret. */
const char *mm_time_text_ms(int64_t realtime_ns, char ret[static MM_TIME_TEXT_MAX]);

/*
 * Reads a time with its zone: "2026-03-01T12:00:00Z", "2026-03-01t13:30:00.25+01:30". ret_ns takes the fraction of a second,
 * from 0 to 999,999,999; where it is NULL, a fraction is refused. The second 60 is the first of the next minute. 0, or -EINVAL:
 * this is no such time.
 */
int mm_time_parse(const char *text, int64_t *ret_s, int32_t *ret_ns);

#endif
