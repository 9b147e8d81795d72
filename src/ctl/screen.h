/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_SCREEN_H
#define MM_CTL_SCREEN_H

/*
 * A terminal taken over by curses, for the panel: its size is in LINES and COLS. What draws goes down the rows: y is the next one
 * that is free.
 */

#include <ncurses.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <wchar.h>

#define MM_DIGIT_ROWS 3
#define MM_DIGIT_COLUMNS 3
#define MM_LEVELS 8
#define MM_COLUMNS_WIDE 64 /* from here on there is room for more */

struct mm_glyphs {
	const char *on, *off; /* a lamp */
	const char *separator;
	const wchar_t *digits[MM_DIGIT_ROWS]; /* 0 to 9 side by side, row by row */
	const char *corner[4];		      /* top left, top right, bottom left, bottom right */
	const char *level[MM_LEVELS + 1];     /* a cell filled from below, by eighths */
	const char *horizontal, *vertical;
};

struct mm_screen {
	SCREEN *terminal;
	int fd;
	const struct mm_glyphs *glyphs;
	attr_t green, red, dim;
	int y;	    /* the row being written */
	int margin; /* columns left free at the left */
	bool roomy; /* there are rows for air between the groups */
};

enum mm_screen_key { MM_SCREEN_KEY_NONE, MM_SCREEN_KEY_QUIT, MM_SCREEN_KEY_NEXT, MM_SCREEN_KEY_NUMBER };

/* Takes over the terminal of out. -ENOTTY where it can't place a cursor or its type is not known: use lines. */
int mm_screen_new(FILE *out, bool colour, struct mm_screen **ret);

/* Gives the terminal back as it was. NULL-safe. */
void mm_screen_free(struct mm_screen *screen);

/* The next key waiting, of NUMBER which digit in *ret_number; NONE when no more wait. */
enum mm_screen_key mm_screen_key(struct mm_screen *screen, size_t *ret_number);

/* The terminal has another size. */
void mm_screen_resize(struct mm_screen *screen);

/*
 * Writes at a column as many whole words as there is room for; returns the column after it, or the right edge where not all went.
 */
int mm_screen_put(int y, int x, attr_t attributes, const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
