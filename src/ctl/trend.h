/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_TREND_H
#define MM_CTL_TREND_H

/* What a meter has measured lately, on the panel: today, yesterday, this month, and the last 24 hours as bars. */

#include "ctl/history.h"
#include "ctl/screen.h"

/* Draws as much of it as there is room for above the row end. */
void mm_trend_draw(struct mm_screen *screen, const struct mm_history_sums *sums, int64_t now_s, int end);

#endif
