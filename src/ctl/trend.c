/* SPDX-License-Identifier: MIT */
#include "ctl/trend.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "client/calendar.h"
#include "ctl/when.h"

#define COLUMNS_MEDIUM 56
#define UNTIL_COLUMNS 14 /* "   up to 12:30" */
#define BAR_ROWS_MAX 6
#define BAR_ROWS_MIN 2
#define LABEL_COLUMNS 14 /* at the left of the bars */
#define HOURS_LABELLED 6

static void draw_sums(struct mm_screen *screen, const struct mm_history_sums *sums)
{
	int decimals = COLS >= MM_COLUMNS_WIDE ? 2 : 1;
	char until[MM_WHEN_MAX];
	int x;

	x = mm_screen_put(screen->y, screen->margin, A_NORMAL, "today ");
	x = mm_screen_put(screen->y, x, A_BOLD, "%.*f kWh", decimals, sums->today_wh / 1e3);
	if (COLS >= COLUMNS_MEDIUM) {
		x = mm_screen_put(screen->y, x, A_NORMAL, "   yesterday %.*f kWh", decimals, sums->yesterday_wh / 1e3);
	}
	x = mm_screen_put(screen->y, x, A_NORMAL, "   month %.*f kWh", decimals, sums->month_wh / 1e3);
	if (x + UNTIL_COLUMNS <= COLS && sums->until_s > 0) {
		mm_when_local(sums->until_s, until);
		mm_screen_put(screen->y, x, screen->dim, "   up to %.5s", until + strlen("YYYY-MM-DD "));
	}
	screen->y++;
}

/* Bars, an hour each, rows high and columns wide, and below them the hours. */
static void draw_bars(struct mm_screen *screen, const struct mm_history_sums *sums, int64_t now_s, int rows, int columns)
{
	int left = screen->margin + LABEL_COLUMNS;
	time_t hour = mm_calendar_begin(MM_CALENDAR_HOUR, now_s) - (MM_HISTORY_HOURS - 1) * 3600;
	struct tm tm;

	mm_screen_put(screen->y, screen->margin, A_NORMAL, "last 24 hours");
	mm_screen_put(screen->y + 1, screen->margin, screen->dim, "most %.2f kWh", sums->most_wh / 1e3);
	for (int i = 0; i < MM_HISTORY_HOURS; i++) {
		int eighths = sums->most_wh > 0 ? (int)lround(sums->hour_wh[i] / sums->most_wh * rows * MM_LEVELS) : 0;

		for (int row = 0; row < rows; row++) {
			int filled = eighths - (rows - 1 - row) * MM_LEVELS;
			const char *level = screen->glyphs->level[filled < 0 ? 0 : filled > MM_LEVELS ? MM_LEVELS : filled];

			for (int x = 0; x < columns; x++) {
				mm_screen_put(screen->y + row, left + i * columns + x, screen->green, "%s", level);
			}
		}
		localtime_r(&(time_t){hour + (time_t)i * 3600}, &tm);
		if (tm.tm_hour % HOURS_LABELLED == 0) {
			mm_screen_put(screen->y + rows, left + i * columns, screen->dim, "%02d", tm.tm_hour);
		}
	}
	screen->y += rows + 1;
}

void mm_trend_draw(struct mm_screen *screen, const struct mm_history_sums *sums, int64_t now_s, int end)
{
	int rows;

	if (screen->y >= end) {
		return;
	}
	draw_sums(screen, sums);
	rows = end - screen->y - 1 - screen->roomy;
	if (rows >= BAR_ROWS_MIN) {
		screen->y += screen->roomy;
		draw_bars(screen, sums, now_s, rows < BAR_ROWS_MAX ? rows : BAR_ROWS_MAX,
			  COLS >= screen->margin + LABEL_COLUMNS + 2 * MM_HISTORY_HOURS ? 2 : 1);
	}
}
