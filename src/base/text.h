/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_TEXT_H
#define MM_BASE_TEXT_H

/*
 * Text for people. On a terminal it counts by the columns that it takes, not by its bytes: an "é" takes one of two bytes, a "店"
 * two of three. What the locale (LC_CTYPE) cannot read takes one column a byte.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The bytes of the first character of a text that is not empty, and its columns in *ret_columns: 0 to 2. */
size_t mm_text_next(const char *text, int *ret_columns);

/* How many columns a text takes. */
int mm_text_columns(const char *text);

/*
 * Puts '?' in place of hidden characters (utf8.h) and of bytes that are no text: they could move the cursor, or turn around what
 * is beside them. The text never grows.
 */
void mm_text_clean(char *text);

/* Adds a name to a list of them, "a, b", of size bytes; what does not fit is cut. */
void mm_text_list(char *names, size_t size, const char *name);

/* Prints a text and blanks up to width columns, the blanks before it (right) or behind it. */
void mm_text_pad(FILE *out, const char *text, int width, bool right);

/*
 * Prints a text where the cursor is at the column indent, and ends the line. What is beyond width columns goes on in the next
 * lines, from the same column, or from one near the margin where too little room would be left. width 0: one line.
 */
void mm_text_wrap(FILE *out, int width, int indent, const char *text);

#endif
