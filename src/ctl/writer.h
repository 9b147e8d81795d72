/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_WRITER_H
#define MM_CTL_WRITER_H

/*
 * One face behind text, JSON and CSV. JSON is the daemon's answer as it came; text and CSV pick figures out of it by
 * tables of columns.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum mm_format {
	MM_FORMAT_TEXT,
	MM_FORMAT_PROSE, /* text of any length; the last column of a table */
	MM_FORMAT_NUMBER,
	MM_FORMAT_DURATION, /* seconds, shown as "3 h 12 min" */
	MM_FORMAT_LEVEL,    /* on or off */
	MM_FORMAT_YES,	    /* yes or no */
	MM_FORMAT_TIME,	    /* RFC 3339, shown in local time */
	MM_FORMAT_FLAGS,    /* names of conditions, shown in plain words */
};

/* One figure of a JSON object and how people see it. */
struct mm_column {
	const char *key;
	const char *heading;
	const char *unit; /* NULL: none */
	enum mm_format format;
	int decimals;
	double scale; /* shown = value * scale; 0 means 1 */
	int width;    /* least width in a table */
	int rank;     /* the highest is left out first where mm_writer_choose() finds too little room; 0: never */
	bool parts;   /* where a table is too wide, the next part of it begins here */
};

/* What goes between the braces of a column. KILO shows thousands of the figure. */
#define MM_COLUMN(format_, key_, heading_) .key = key_, .heading = heading_, .format = MM_FORMAT_##format_
#define MM_NUMBER(key_, heading_, unit_, decimals_) MM_COLUMN(NUMBER, key_, heading_), .unit = unit_, .decimals = decimals_
#define MM_KILO(key_, heading_, unit_, decimals_) MM_NUMBER(key_, heading_, unit_, decimals_), .scale = 1e-3

#define MM_CELL_MAX 256

/* The text of one figure, unit included; "-" where it is absent. No control character passes. */
void mm_cell(const struct mm_column *column, const json_t *row, char ret[static MM_CELL_MAX]);

/* The same for a figure without a column, and without a unit. */
void mm_cell_as(enum mm_format format, const json_t *row, const char *key, char ret[static MM_CELL_MAX]);

/* Any text from the daemon, fit for a terminal; "-" for NULL. */
void mm_cell_text(const char *text, char ret[static MM_CELL_MAX]);

/* A condition's name in plain words: "element2-reversed" as "element2: CT reversed or on wrong line". */
void mm_cell_flag(const char *flag, char ret[static MM_CELL_MAX]);

/*
 * An aligned table of an array's objects, headings on request. What is wider than limit columns (0: no limit) goes on in the next
 * lines, or in a part of the table below, which begins with the first column again: nothing is cut.
 */
void mm_writer_table(FILE *out, int limit, const struct mm_column *columns, size_t count, const json_t *rows, bool headings);

/* Makes columns as wide as these rows need, for rows that come in pieces: the next piece is printed below this one. */
void mm_writer_widen(struct mm_column *columns, size_t count, const json_t *rows);

/* Copies the columns for which limit has room by their least widths; returns how many they are. limit 0: all of them. */
size_t mm_writer_choose(int limit, const struct mm_column *columns, size_t count, struct mm_column *ret);

/* One object, a line a figure; limit as above. */
void mm_writer_record(FILE *out, int limit, const struct mm_column *columns, size_t count, const json_t *object);

/*
 * Figures of an array's objects as comma-separated values under their keys, as they came (RFC 4180 quoting), but for hidden
 * characters other than the ends of lines.
 */
void mm_writer_csv(FILE *out, const char *const keys[], size_t count, const json_t *rows, bool headings);

/* Adds to each object of rows a member with the time of another in local time, as people see it. */
void mm_writer_local_times(const json_t *rows, const char *key, const char *local_key);

/* Digits of a figure in JSON: what a double keeps of any decimal, so that the daemon's figures come out as it wrote them. */
#define MM_WRITER_PRECISION 15

/* A value as JSON; flags are jansson's. Hidden characters (utf8.h) are escaped: a terminal would act on them. */
void mm_writer_value(FILE *out, const json_t *value, size_t flags);

/* The answer itself, on one line or indented. */
void mm_writer_json(FILE *out, const json_t *answer, bool one_line);

#endif
