/* SPDX-License-Identifier: MIT */
#include "base/zone.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/time_text.h"

/* No zone has two changes within that time since 1970: each is seen by looking once in so long. */
#define STRIDE_S (12 * INT64_C(3600))

struct mm_zone_span mm_zone_at(int64_t at_s)
{
	time_t seconds = (time_t)at_s;
	struct tm tm;

	if (!localtime_r(&seconds, &tm)) {
		return (struct mm_zone_span){.from_s = at_s};
	}
	return (struct mm_zone_span){.from_s = at_s, .offset_s = (int32_t)tm.tm_gmtoff, .dst = tm.tm_isdst > 0};
}

static bool same(const struct mm_zone_span *a, const struct mm_zone_span *b)
{
	return a->offset_s == b->offset_s && a->dst == b->dst;
}

/* The first second that has what late has, between early, which differs, and late. */
static struct mm_zone_span bisect(struct mm_zone_span early, struct mm_zone_span late)
{
	while (late.from_s - early.from_s > 1) {
		struct mm_zone_span middle = mm_zone_at(early.from_s + (late.from_s - early.from_s) / 2);

		if (same(&middle, &early)) {
			early = middle;
		} else {
			late = middle;
		}
	}
	return late;
}

int mm_zone_spans(int64_t from_s, int64_t to_s, struct mm_zone_span *ret, size_t max)
{
	struct mm_zone_span before, next;
	size_t count = 0;

	if (from_s >= to_s) {
		return -EINVAL;
	}
	if (max == 0) {
		return -ENOSPC;
	}
	before = mm_zone_at(from_s);
	ret[count++] = before;
	while (before.from_s < to_s - 1) {
		next = mm_zone_at(to_s - 1 - before.from_s > STRIDE_S ? before.from_s + STRIDE_S : to_s - 1);
		if (!same(&before, &next)) {
			next = bisect(before, next);
			if (count == max) {
				return -ENOSPC;
			}
			ret[count++] = next;
		}
		before = next;
	}
	return (int)count;
}

const char *mm_zone_text(int64_t at_s, char ret[static MM_ZONE_TEXT_MAX])
{
	int32_t offset_s = mm_zone_at(at_s).offset_s, minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
	char utc[MM_TIME_TEXT_MAX];

	/* Without its Z: what UTC would show so much later. */
	snprintf(ret, MM_ZONE_TEXT_MAX, "%.19s%c%02d:%02d", mm_time_text(at_s + offset_s, utc), offset_s < 0 ? '-' : '+',
		 (int)(minutes / 60 % 100), (int)(minutes % 60));
	return ret;
}
