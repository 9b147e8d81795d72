/* SPDX-License-Identifier: MIT */
#include "ctl/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/calendar.h"
#include "ctl/when.h"

#include "base/time_text.h"

#define HOUR_S 3600
#define ROOM_FIRST 512

struct interval {
	int64_t start_s, end_s;
	double delivered_wh;
};

struct mm_history {
	char *meter;
	int64_t from_s; /* of the next page */
	size_t count, room;
	struct interval *interval;
};

int mm_history_new(const char *meter, int64_t now_s, struct mm_history **ret)
{
	struct mm_history *history = calloc(1, sizeof(*history));
	int64_t yesterday_s = mm_calendar_begin(MM_CALENDAR_DAY, mm_calendar_begin(MM_CALENDAR_DAY, now_s) - 1);
	int64_t month_s = mm_calendar_begin(MM_CALENDAR_MONTH, now_s);

	if (history == NULL || (history->meter = strdup(meter)) == NULL) {
		mm_history_free(history);
		return -ENOMEM;
	}
	history->from_s = month_s < yesterday_s ? month_s : yesterday_s;
	*ret = history;
	return 0;
}

void mm_history_free(struct mm_history *history)
{
	if (history != NULL) {
		free(history->meter);
		free(history->interval);
		free(history);
	}
}

bool mm_history_is_of(const struct mm_history *history, const char *meter)
{
	return history != NULL && strcmp(history->meter, meter) == 0;
}

json_t *mm_history_parameters(const struct mm_history *history)
{
	char from[MM_TIME_TEXT_MAX];

	return json_pack("{s:s, s:s}", "meter", history->meter, "from", mm_time_text(history->from_s, from));
}

static int append(struct mm_history *history, struct interval interval)
{
	if (history->count == history->room) {
		size_t room = history->room > 0 ? 2 * history->room : ROOM_FIRST;
		struct interval *more = reallocarray(history->interval, room, sizeof(*more));

		if (more == NULL) {
			return -ENOMEM;
		}
		history->interval = more;
		history->room = room;
	}
	history->interval[history->count++] = interval;
	return 0;
}

int mm_history_take(struct mm_history *history, const json_t *answer)
{
	const char *meter = json_string_value(json_object_get(answer, "meter"));
	const json_t *rows = json_object_get(answer, "intervals");
	size_t i;
	json_t *row;

	if (meter == NULL || strcmp(meter, history->meter) != 0 || !json_is_array(rows)) {
		return -EBADMSG;
	}
	json_array_foreach(rows, i, row)
	{
		const char *start = json_string_value(json_object_get(row, "start"));
		struct interval interval = {.delivered_wh = json_number_value(json_object_get(row, "delivered_wh"))};

		if (start == NULL || mm_when_read(start, &interval.start_s) < 0) {
			return -EBADMSG;
		}
		interval.end_s = interval.start_s + json_integer_value(json_object_get(row, "duration_s"));
		if (append(history, interval) < 0) {
			return -ENOMEM;
		}
		if (interval.start_s >= history->from_s) {
			history->from_s = interval.start_s + 1;
		}
	}
	return (int)json_array_size(rows);
}

struct mm_history_sums mm_history_sum(const struct mm_history *history, int64_t now_s, const struct mm_history_open *open)
{
	int64_t today_s = mm_calendar_begin(MM_CALENDAR_DAY, now_s),
		yesterday_s = mm_calendar_begin(MM_CALENDAR_DAY, today_s - 1),
		month_s = mm_calendar_begin(MM_CALENDAR_MONTH, now_s), hour_s = mm_calendar_begin(MM_CALENDAR_HOUR, now_s);
	/* from_s is behind the begin of the newest that is closed. */
	bool with_open = open != NULL && open->start_s >= history->from_s;
	struct interval last = {0};
	struct mm_history_sums sums = {0};

	if (with_open) {
		last = (struct interval){open->start_s, open->until_s, open->delivered_wh};
	}
	for (size_t i = 0; i < history->count + with_open; i++) {
		const struct interval *interval = i < history->count ? &history->interval[i] : &last;
		int64_t ago = (hour_s + HOUR_S - 1 - interval->start_s) / HOUR_S;

		sums.today_wh += interval->start_s >= today_s ? interval->delivered_wh : 0;
		sums.yesterday_wh += interval->start_s >= yesterday_s && interval->start_s < today_s ? interval->delivered_wh : 0;
		sums.month_wh += interval->start_s >= month_s ? interval->delivered_wh : 0;
		if (ago >= 0 && ago < MM_HISTORY_HOURS) {
			sums.hour_wh[MM_HISTORY_HOURS - 1 - ago] += interval->delivered_wh;
		}
		sums.until_s = interval->end_s > sums.until_s ? interval->end_s : sums.until_s;
	}
	for (size_t i = 0; i < MM_HISTORY_HOURS; i++) {
		sums.most_wh = sums.hour_wh[i] > sums.most_wh ? sums.hour_wh[i] : sums.most_wh;
	}
	return sums;
}
