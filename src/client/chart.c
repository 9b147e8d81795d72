/* SPDX-License-Identifier: MIT */
#include "client/chart.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "client/calendar.h"

#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)
/* The longest spans of each unit, with an hour more where clocks are put back. */
#define INTERVALS_MAX_S (2 * DAY_S + HOUR_S)
#define HOURS_MAX_S (15 * DAY_S)
#define DAYS_MAX_S (93 * DAY_S)
#define BUCKET_MIN_S 300 /* shorter intervals are drawn together */
#define BUCKETS_MAX 6000 /* 500 years by months */
#define UWH_PER_WH 1e6

struct mm_chart {
	int64_t from_s, to_s, now_s;
	bool begun; /* unit and first bucket are known */
	enum mm_chart_unit unit;
	int64_t bucket_s, first_s; /* of the unit INTERVAL: how long, and where one begins */
	struct mm_chart_sum sum;
	size_t count, room;
	struct mm_chart_bucket *bucket;
};

int mm_chart_new(int64_t from_s, int64_t to_s, int64_t now_s, struct mm_chart **ret)
{
	struct mm_chart *chart = calloc(1, sizeof(*chart));

	if (chart == NULL) {
		return -ENOMEM;
	}
	*chart = (struct mm_chart){.from_s = from_s, .to_s = to_s < INT64_MAX ? to_s : now_s, .now_s = now_s};
	*ret = chart;
	return 0;
}

void mm_chart_free(struct mm_chart *chart)
{
	if (chart != NULL) {
		free(chart->bucket);
		free(chart);
	}
}

static int64_t begin_of(const struct mm_chart *chart, int64_t when_s)
{
	switch (chart->unit) {
	case MM_CHART_INTERVAL:
		return when_s - ((when_s - chart->first_s) % chart->bucket_s + chart->bucket_s) % chart->bucket_s;
	case MM_CHART_HOUR:
		return mm_calendar_begin(MM_CALENDAR_HOUR, when_s);
	case MM_CHART_DAY:
		return mm_calendar_begin(MM_CALENDAR_DAY, when_s);
	case MM_CHART_MONTH:
		return mm_calendar_begin(MM_CALENDAR_MONTH, when_s);
	}
	return when_s;
}

static int64_t end_of(const struct mm_chart *chart, int64_t begin_s)
{
	int64_t end_s = begin_s;

	switch (chart->unit) {
	case MM_CHART_INTERVAL:
		end_s = begin_s + chart->bucket_s;
		break;
	case MM_CHART_HOUR:
		end_s = mm_calendar_next(MM_CALENDAR_HOUR, begin_s);
		break;
	case MM_CHART_DAY:
		end_s = mm_calendar_next(MM_CALENDAR_DAY, begin_s);
		break;
	case MM_CHART_MONTH:
		end_s = mm_calendar_next(MM_CALENDAR_MONTH, begin_s);
		break;
	}
	return end_s > begin_s ? end_s : begin_s + DAY_S;
}

/* What two periods share; 0 where that is nothing. */
static double overlap_s(int64_t from_s, int64_t to_s, int64_t other_from_s, int64_t other_to_s)
{
	int64_t begin_s = from_s > other_from_s ? from_s : other_from_s, end_s = to_s < other_to_s ? to_s : other_to_s;

	return end_s > begin_s ? (double)(end_s - begin_s) : 0;
}

static int append(struct mm_chart *chart, int64_t begin_s)
{
	int64_t end_s;

	if (chart->count == chart->room) {
		size_t room = chart->room > 0 ? 2 * chart->room : 128;
		struct mm_chart_bucket *more = reallocarray(chart->bucket, room, sizeof(*more));

		if (more == NULL) {
			return -ENOMEM;
		}
		chart->bucket = more;
		chart->room = room;
	}
	end_s = end_of(chart, begin_s);
	chart->bucket[chart->count++] = (struct mm_chart_bucket){
		.begin_s = begin_s,
		.end_s = end_s,
		.wanted_s = overlap_s(begin_s, end_s, chart->from_s, chart->to_s < chart->now_s ? chart->to_s : chart->now_s),
	};
	return 0;
}

/* All buckets up to now or the end, once the first interval says how long they are. */
static int begin(struct mm_chart *chart, const struct mm_interval *first)
{
	int64_t length_s, last_s;
	int r;

	chart->from_s = chart->from_s > INT64_MIN ? chart->from_s : first->start_s;
	chart->to_s = chart->to_s > chart->from_s ? chart->to_s : chart->from_s + 1;
	length_s = chart->to_s - chart->from_s;
	chart->unit = length_s <= INTERVALS_MAX_S ? MM_CHART_INTERVAL
		      : length_s <= HOURS_MAX_S	  ? MM_CHART_HOUR
		      : length_s <= DAYS_MAX_S	  ? MM_CHART_DAY
						  : MM_CHART_MONTH;
	chart->first_s = first->start_s;
	chart->bucket_s = first->duration_s > BUCKET_MIN_S ? first->duration_s : BUCKET_MIN_S;
	chart->begun = true;
	last_s = chart->to_s < chart->now_s ? chart->to_s : chart->now_s;
	r = append(chart, begin_of(chart, chart->from_s));
	while (r == 0 && chart->count < BUCKETS_MAX && chart->bucket[chart->count - 1].end_s < last_s) {
		r = append(chart, chart->bucket[chart->count - 1].end_s);
	}
	return r;
}

/* The bucket in which a time lies, or the nearest one. */
static size_t find(const struct mm_chart *chart, int64_t when_s)
{
	size_t low = 0, high = chart->count - 1;

	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (chart->bucket[middle].begin_s <= when_s) {
			low = middle;
		} else {
			high = middle - 1;
		}
	}
	return low;
}

static void share(struct mm_chart_bucket *bucket, const struct mm_interval *interval, double part)
{
	bucket->delivered_wh += (double)interval->delivered_uwh / UWH_PER_WH * part;
	bucket->received_wh += (double)interval->received_uwh / UWH_PER_WH * part;
	bucket->known_s += interval->covered_s * part;
	bucket->doubtful = bucket->doubtful || mm_interval_is_doubtful(interval);
}

int mm_chart_add(struct mm_chart *chart, const struct mm_interval *interval)
{
	int64_t end_s = interval->start_s + interval->duration_s;
	int r = chart->begun ? 0 : begin(chart, interval);

	if (r < 0) {
		return r;
	}
	chart->sum.count++;
	chart->sum.delivered_uwh += interval->delivered_uwh;
	chart->sum.received_uwh += interval->received_uwh;
	for (size_t i = find(chart, interval->start_s); i < chart->count; i++) {
		struct mm_chart_bucket *bucket = &chart->bucket[i];
		double shared_s = overlap_s(bucket->begin_s, bucket->end_s, interval->start_s, end_s);

		if (shared_s <= 0) {
			break;
		}
		share(bucket, interval, shared_s / (double)interval->duration_s);
	}
	return 0;
}

struct mm_chart_sum mm_chart_sum(const struct mm_chart *chart)
{
	return chart->sum;
}

enum mm_chart_unit mm_chart_unit(const struct mm_chart *chart)
{
	return chart->unit;
}

void mm_chart_span(const struct mm_chart *chart, int64_t *ret_from_s, int64_t *ret_to_s)
{
	int64_t from_s = chart->from_s > INT64_MIN ? chart->from_s : chart->now_s - DAY_S;
	int64_t end_s = chart->to_s > from_s ? chart->to_s : from_s + 1;

	if (chart->count > 0) {
		from_s = chart->bucket[0].begin_s;
		end_s = chart->bucket[chart->count - 1].end_s > end_s ? chart->bucket[chart->count - 1].end_s : end_s;
	}
	*ret_from_s = from_s;
	*ret_to_s = end_s;
}

const struct mm_chart_bucket *mm_chart_bucket(const struct mm_chart *chart, size_t number)
{
	return number < chart->count ? &chart->bucket[number] : NULL;
}
