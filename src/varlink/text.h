/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_TEXT_H
#define MM_VARLINK_TEXT_H

/*
 * A JSON text, appended to member by member, for the answers that are made each second or by the thousand: jansson's values cost
 * thirty times as much, most of it for doubles. Figures are whole numbers of a display's steps with a point put in.
 *
 * The invariant: commas lie where they belong. Where memory is short the text is lost, which mm_text_failed() says in the end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is empty. */
struct mm_text {
	char *bytes; /* not ended by NUL */
	size_t used, size;
	bool behind; /* a value: the next one needs a comma */
	bool failed;
};

/* NULL-safe; the text is empty then. */
void mm_text_clear(struct mm_text *text);

/* Each appends a value: a member of that key, or with NULL the next of an array. Keys are not escaped. */
void mm_text_string(struct mm_text *text, const char *key, const char *value); /* UTF-8; NULL: null */
void mm_text_boolean(struct mm_text *text, const char *key, bool value);
void mm_text_integer(struct mm_text *text, const char *key, int64_t value);
void mm_text_null(struct mm_text *text, const char *key);

/* value / 10^decimals, decimals 1 to 9: exact, at least one digit behind the point. */
void mm_text_decimal(struct mm_text *text, const char *key, int64_t value, unsigned decimals);

/* The nearest to value of that many decimals, 1 to 9; 0 for what is no number. Beyond ±9e18 steps in 15 digits. */
void mm_text_figure(struct mm_text *text, const char *key, double value, unsigned decimals);

/* In 15 digits: a µWh in a GWh, and 0.1 stays 0.1. 0 for what is no number. */
void mm_text_real(struct mm_text *text, const char *key, double value);

/* bracket: '{' or '['. */
void mm_text_open(struct mm_text *text, const char *key, char bracket);
void mm_text_close(struct mm_text *text, char bracket);

#endif
