/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_CHART_H
#define MM_CLIENT_CHART_H

/*
 * A load profile as the buckets of a picture: up to about two days by its own intervals, up to a fortnight by hours, up to a
 * quarter of a year by days, else by months of local time. However many intervals are added, buckets are all that it keeps. An
 * interval counts for the buckets that it lies in by the time that it shares with each.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/interval.h"

enum mm_chart_unit { MM_CHART_INTERVAL, MM_CHART_HOUR, MM_CHART_DAY, MM_CHART_MONTH };

struct mm_chart_bucket {
	int64_t begin_s, end_s;
	double delivered_wh, received_wh;
	double wanted_s; /* of its time, what lies in the period, and not after now */
	double known_s;	 /* of that, what was measured; 0: a gap */
	bool doubtful;	 /* an interval in it has a flag */
};

struct mm_chart;

/*
 * An empty picture from one time to another; INT64_MIN: from the first interval on, INT64_MAX: up to now. Time after now_s is no
 * gap. 0 or -ENOMEM.
 */
int mm_chart_new(int64_t from_s, int64_t to_s, int64_t now_s, struct mm_chart **ret);
/* NULL-safe. */
void mm_chart_free(struct mm_chart *chart);

/* Adds an interval. 0 or -ENOMEM. */
int mm_chart_add(struct mm_chart *chart, const struct mm_interval *interval);

/* What has been added, to the uWh. */
struct mm_chart_sum {
	size_t count;
	int64_t delivered_uwh, received_uwh;
};

struct mm_chart_sum mm_chart_sum(const struct mm_chart *chart);
enum mm_chart_unit mm_chart_unit(const struct mm_chart *chart);

/* The period that it shows; the end is after the begin. */
void mm_chart_span(const struct mm_chart *chart, int64_t *ret_from_s, int64_t *ret_to_s);

/* The bucket of that number; NULL: there are no more. They follow each other without a hole, from the begin to now or the end. */
const struct mm_chart_bucket *mm_chart_bucket(const struct mm_chart *chart, size_t number);

#endif
