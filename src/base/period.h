/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_PERIOD_H
#define MM_BASE_PERIOD_H

/*
 * Times and periods as people write them, in the time zone of the process (base/zone.h). Seconds count from 1970 in UTC.
 */

#include <stdint.h>

enum mm_period_unit { MM_PERIOD_YEAR, MM_PERIOD_MONTH, MM_PERIOD_DAY, MM_PERIOD_MINUTE, MM_PERIOD_SECOND };

struct mm_period {
	enum mm_period_unit unit;
	int64_t from_s, to_s; /* from its first second to before the first one that is not in it */
};

/*
 * Reads one of
 *   "2026", "2026-10", "2026-10-01"                   a year, a month or a day of the zone, from 1970 to 2200
 *   "2026-10-01T06:00", "2026-10-01 06:00:30"         a minute or a second of the zone
 *   "2026-10-01T06:00:00+02:00", "2026-10-01T04:00Z"  the same of any zone
 *   "today", "yesterday", "this month", "last month", "this year", "last year", "now", "-90m" (s, m, h, d, w)   of now_s
 * A fraction of a second is ignored. Where clocks skip the begin of a day, it begins when they go on; where that comes twice, by
 * the first one.
 *
 * 0; -EINVAL: there is no such time. A minute or a second of the zone that clocks skip gives -ENOENT, one that comes twice
 * -ENOTUNIQ: ret_readings then has both times that it can mean, the earlier one first.
 */
int mm_period_parse(const char *text, int64_t now_s, struct mm_period *ret, int64_t ret_readings[static 2]);

#endif
