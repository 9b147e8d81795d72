/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_ZONE_H
#define MM_BASE_ZONE_H

/*
 * The time zone of the process: that of TZ, which is set once, before there are threads. Seconds count from 1970 in UTC
 * (CLOCK_REALTIME). Where localtime_r() is asked, times before 1970 or after 2201 are not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From a time on, clocks are that much ahead of UTC, up to the next span of an array or to the end of the period. */
struct mm_zone_span {
	int64_t from_s;
	int32_t offset_s; /* local time less UTC: east of Greenwich it is positive */
	bool dst;	  /* by daylight saving time */
};

/* What is valid at a time; from_s is that time. */
struct mm_zone_span mm_zone_at(int64_t at_s);

/*
 * The spans that cover a period from its first second to before its last, without a hole, to the second: the first one begins
 * with the period, and each next one where clocks change. Returns how many there are; -EINVAL: the period is empty, -ENOSPC:
 * there are more than max.
 */
int mm_zone_spans(int64_t from_s, int64_t to_s, struct mm_zone_span *ret, size_t max);

#define MM_ZONE_TEXT_MAX 32

/* "2026-10-01T00:00:00+02:00": RFC 3339 with the offset that the zone has then. Returns ret. */
const char *mm_zone_text(int64_t at_s, char ret[static MM_ZONE_TEXT_MAX]);

#endif
