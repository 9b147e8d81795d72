/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_OVERVIEW_H
#define MM_CTL_OVERVIEW_H

/* All meters on the panel, a line each. */

#include "ctl/panel.h"

/* Draws as many as there is room for above the row end. live: the readings are of now. */
void mm_overview_draw(struct mm_screen *screen, const struct mm_readings *readings, bool live, int end);

#endif
