/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_PANEL_H
#define MM_CTL_PANEL_H

/*
 * The instrument's front on a terminal: LCD, LEDs, pulse outputs, figures, and what was measured lately; or an overview of
 * several meters. It only draws; watch.c feeds it. What flows is shown only as long as it is known to flow now: of a meter that
 * is silent, there are dashes in its place, and its energy is shown with the time that it is of.
 */

#include <stddef.h>
#include <stdint.h>

#include "client/reading.h"
#include "ctl/history.h"
#include "ctl/screen.h"

/* What is shown. Everything is borrowed and may be NULL as long as the daemon has not said it. */
struct mm_panel_view {
	const struct mm_readings *readings;
	size_t shown; /* 0: the overview; else the number of the meter */
	const struct mm_output_states *outputs;
	const struct mm_daemon_status *status;
	const struct mm_history *history;
	int64_t now_s;	     /* by the meter's wall clock */
	const char *trouble; /* why nothing new comes; NULL: it does */
	double waited_s;     /* since the readings came */
};

void mm_panel_draw(struct mm_screen *screen, const struct mm_panel_view *view);

#endif
