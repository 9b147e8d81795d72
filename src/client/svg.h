/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_SVG_H
#define MM_CLIENT_SVG_H

/*
 * A load profile as a picture (SVG 1.1), for a screen and for paper without colour: power where the buckets are intervals or
 * hours, energy where they are days or months; what is delivered upwards, what is received downwards. A gap is hatched, and a
 * bucket with an uncertain interval, or with one that was measured in part, has a mark above it.
 */

#include <stdio.h>

#include "client/chart.h"

struct mm_svg {
	const char *title;	 /* of which meter it is */
	const char *zone;	 /* the name of the time zone; NULL: "local time" is said */
	unsigned inline_in_html; /* 0: a document of its own; else a number that no other picture of the page has */
};

/* Prints it. Local times are those of TZ. Whether all was written out the stream says (ferror()). */
void mm_svg_write(FILE *out, const struct mm_chart *chart, const struct mm_svg *svg);

#endif
