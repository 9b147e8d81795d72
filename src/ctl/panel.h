/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_PANEL_H
#define MM_CTL_PANEL_H

/* The instrument's front on a terminal: LCD, LEDs, pulse outputs and figures. It only draws; watch.c feeds it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "client/reading.h"

struct mm_panel;

/* What is shown. Everything is borrowed and may be NULL as long as the daemon has not said it. */
struct mm_panel_view {
	const struct mm_reading *meter;
	const struct mm_output_states *outputs;
	const struct mm_daemon_status *status;
	const char *trouble;  /* why nothing new comes; NULL: it does */
	double age_s;	      /* of the reading, by now */
	size_t number, count; /* which meter of how many, from 0 */
};

enum mm_panel_key { MM_PANEL_KEY_NONE, MM_PANEL_KEY_QUIT, MM_PANEL_KEY_NEXT };

/* Takes over the terminal of out. -ENOTTY where it can't place a cursor or its type is not known: use lines. */
int mm_panel_new(FILE *out, bool colour, struct mm_panel **ret);

/* Gives the terminal back as it was. NULL-safe. */
void mm_panel_free(struct mm_panel *panel);

void mm_panel_draw(struct mm_panel *panel, const struct mm_panel_view *view);

/* The next key waiting; NONE when no more wait. */
enum mm_panel_key mm_panel_key(struct mm_panel *panel);

/* After SIGWINCH: takes the terminal's new size. */
void mm_panel_resize(struct mm_panel *panel);

#endif
