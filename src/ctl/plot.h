/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_PLOT_H
#define MM_CTL_PLOT_H

/*
 * Delivered energy as bars, one a line, by local hours, days or months: whichever of them fill a span with few lines. Intervals
 * are added in the order of their starts. One that began in a bar's time belongs to it.
 */

#include <stdint.h>
#include <stdio.h>

struct mm_plot;

/* from_s INT64_MIN: from the first interval on; to_s INT64_MAX: up to now_s. -ENOMEM. */
int mm_plot_new(int64_t from_s, int64_t to_s, int64_t now_s, struct mm_plot **ret);
/* NULL-safe. */
void mm_plot_free(struct mm_plot *plot);

/* -ENOMEM. */
int mm_plot_add(struct mm_plot *plot, int64_t start_s, double delivered_wh);

/* Draws in width columns, 40 or more; a time without any interval says so. */
void mm_plot_draw(const struct mm_plot *plot, FILE *out, int width);

/* A share (0 to 1) of a bar that is columns wide, and blanks for the rest. Where the locale has no blocks it is of '#'. */
void mm_plot_bar(FILE *out, double share, int columns);

#endif
