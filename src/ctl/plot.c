/* SPDX-License-Identifier: MIT */
#include "ctl/plot.h"

#include <errno.h>
#include <langinfo.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/calendar.h"
#include "ctl/when.h"

#define DAY_S 86400
#define HOURS_DAYS_MAX 2 /* the longest span in hours */
#define DAYS_MAX 62	 /* and in days */
#define LABEL_COLUMNS 16 /* "2026-03-01 13:00" */
#define FIGURE_COLUMNS 14
#define EIGHTHS 8

struct bucket {
	int64_t begin_s;
	double delivered_wh;
	bool known; /* an interval began in it */
};

struct mm_plot {
	int64_t from_s, to_s;
	enum mm_calendar_unit unit;
	bool begun; /* the unit is known */
	size_t count, room;
	struct bucket *bucket;
};

int mm_plot_new(int64_t from_s, int64_t to_s, int64_t now_s, struct mm_plot **ret)
{
	struct mm_plot *plot = calloc(1, sizeof(*plot));

	if (plot == NULL) {
		return -ENOMEM;
	}
	plot->from_s = from_s;
	plot->to_s = to_s < now_s ? to_s : now_s;
	*ret = plot;
	return 0;
}

void mm_plot_free(struct mm_plot *plot)
{
	if (plot != NULL) {
		free(plot->bucket);
		free(plot);
	}
}

static int append(struct mm_plot *plot, int64_t begin_s)
{
	if (plot->count == plot->room) {
		size_t room = plot->room > 0 ? 2 * plot->room : DAYS_MAX;
		struct bucket *more = reallocarray(plot->bucket, room, sizeof(*more));

		if (more == NULL) {
			return -ENOMEM;
		}
		plot->bucket = more;
		plot->room = room;
	}
	plot->bucket[plot->count++] = (struct bucket){.begin_s = begin_s};
	return 0;
}

static int begin(struct mm_plot *plot, int64_t first_s)
{
	int64_t from_s = plot->from_s > INT64_MIN ? plot->from_s : first_s, length_s = plot->to_s - from_s;

	plot->unit = length_s <= HOURS_DAYS_MAX * DAY_S ? MM_CALENDAR_HOUR
		     : length_s <= DAYS_MAX * DAY_S	? MM_CALENDAR_DAY
							: MM_CALENDAR_MONTH;
	plot->begun = true;
	return append(plot, mm_calendar_begin(plot->unit, from_s));
}

/* Goes on until the last bucket has the time. */
static int reach(struct mm_plot *plot, int64_t when_s)
{
	int64_t next_s;
	int r = 0;

	while (r == 0 && (next_s = mm_calendar_next(plot->unit, plot->bucket[plot->count - 1].begin_s)) <= when_s) {
		r = append(plot, next_s);
	}
	return r;
}

int mm_plot_add(struct mm_plot *plot, int64_t start_s, double delivered_wh)
{
	int r = plot->begun ? 0 : begin(plot, start_s);

	if (r == 0) {
		r = reach(plot, start_s);
	}
	if (r == 0) {
		/* After the clock was set back a start can be in a bucket before the last. */
		size_t i = plot->count - 1;

		while (i > 0 && plot->bucket[i].begin_s > start_s) {
			i--;
		}
		plot->bucket[i].delivered_wh += delivered_wh;
		plot->bucket[i].known = true;
	}
	return r;
}

void mm_plot_bar(FILE *out, double share, int columns)
{
	static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	bool blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	int eighths = (int)lround(fmin(fmax(share, 0), 1) * columns * EIGHTHS), full = eighths / EIGHTHS,
	    part = eighths % EIGHTHS;

	if (!blocks) {
		full += part >= EIGHTHS / 2;
		part = 0;
	}
	for (int i = 0; i < full; i++) {
		fputs(blocks ? "█" : "#", out);
	}
	fprintf(out, "%s%*s", parts[part], columns - full - (part > 0), "");
}

static void label(const struct mm_plot *plot, const struct bucket *bucket, char ret[static LABEL_COLUMNS + 1])
{
	static const size_t length[] = {[MM_CALENDAR_HOUR] = LABEL_COLUMNS, [MM_CALENDAR_DAY] = 10, [MM_CALENDAR_MONTH] = 7};
	char text[MM_WHEN_MAX];

	mm_when_local(bucket->begin_s, text);
	snprintf(ret, LABEL_COLUMNS + 1, "%.*s", (int)length[plot->unit], text);
}

void mm_plot_draw(const struct mm_plot *plot, FILE *out, int width)
{
	char text[LABEL_COLUMNS + 1] = "";
	double most_wh = 0;
	int bar;

	for (size_t i = 0; i < plot->count; i++) {
		most_wh = fmax(most_wh, plot->bucket[i].delivered_wh);
	}
	for (size_t i = 0; i < plot->count; i++) {
		const struct bucket *bucket = &plot->bucket[i];

		label(plot, bucket, text);
		bar = width - (int)strlen(text) - FIGURE_COLUMNS - 2;
		fprintf(out, "%s  ", text);
		if (!bucket->known) {
			fputs("no interval\n", out);
			continue;
		}
		mm_plot_bar(out, most_wh > 0 ? bucket->delivered_wh / most_wh : 0, bar);
		fprintf(out, "%*.3f kWh\n", FIGURE_COLUMNS - 4, bucket->delivered_wh / 1e3);
	}
}
