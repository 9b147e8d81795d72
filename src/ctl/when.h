/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_WHEN_H
#define MM_CTL_WHEN_H

/* Times as people write and read them. Without a zone they are local (TZ). */

#include <stddef.h>
#include <stdint.h>

#define MM_WHEN_MAX 32

/*
 * Reads a time: RFC 3339 ("2026-03-01T12:00:00Z", "...+01:00"; zone and seconds may be left out), a day ("2026-03-01": its
 * midnight), "now", "today", "yesterday", or a time back from now ("-90m", "-24h", "-7d", "-2w"). now_s and *ret are seconds of
 * CLOCK_REALTIME. 0 or -EINVAL.
 */
int mm_when_parse(const char *text, int64_t now_s, int64_t *ret);

/* "2026-03-01 13:00:00", local. */
void mm_when_local(int64_t when_s, char ret[static MM_WHEN_MAX]);

/* The calendar month of a local time zone, "2026-03", "this" or "last", from its first second to that of the next. -EINVAL. */
int mm_when_month(const char *text, int64_t now_s, int64_t *ret_from_s, int64_t *ret_to_s);

#endif
