/* SPDX-License-Identifier: MIT */
/* Numbers with their units, and what three of them make. */
#include "ctl/reference.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/count_of.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define BLANKS " \t\r\n"
#define QUANTITIES_MAX 3
/* Far beyond any meter, near enough that no product overflows. */
#define FIGURE_MAX 1e9

enum kind { KIND_POWER, KIND_ENERGY, KIND_TIME, KIND_COUNT, KIND_FILLER };

static const struct {
	const char *word;
	enum kind kind;
	double scale; /* to watts, watt-hours, seconds */
} words[] = {
	{"w", KIND_POWER, 1}, {"kw", KIND_POWER, 1000}, {"wh", KIND_ENERGY, 1},	   {"kwh", KIND_ENERGY, 1000},
	{"s", KIND_TIME, 1},  {"min", KIND_TIME, 60},	{"pulses", KIND_COUNT, 1}, {"pulse", KIND_COUNT, 1},
	{"x", KIND_COUNT, 1}, {"in", KIND_FILLER, 0},	{"of", KIND_FILLER, 0},
};

struct quantity {
	enum kind kind;
	double figure;
};

/* Takes a number at the front of text: digits with a point somewhere, above 0. */
static bool take_number(const char **text, double *ret)
{
	size_t length = strspn(*text, DIGITS ".");
	char *end;
	double number;

	if (length == 0) {
		return false;
	}
	number = strtod(*text, &end);
	if (end != *text + length || !(number > 0 && number <= FIGURE_MAX)) {
		return false;
	}
	*text = end;
	*ret = number;
	return true;
}

/* Takes a word; its row, or -1. */
static int take_word(const char **text)
{
	size_t length = strspn(*text, LETTERS);

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strlen(words[i].word) == length && strncasecmp(words[i].word, *text, length) == 0) {
			*text += length;
			return (int)i;
		}
	}
	return -1;
}

static void skip_blanks(const char **text)
{
	*text += strspn(*text, BLANKS);
}

/* Takes a number with its unit, and the filler before it. A number without a unit is of watts. */
static bool take_quantity(const char **text, struct quantity *ret)
{
	double number;
	int word = take_word(text);

	skip_blanks(text);
	if ((word >= 0 && words[word].kind != KIND_FILLER) || !take_number(text, &number)) {
		return false;
	}
	skip_blanks(text);
	if (**text == '\0') {
		*ret = (struct quantity){KIND_POWER, number};
		return true;
	}
	word = take_word(text);
	skip_blanks(text);
	if (word < 0 || words[word].kind == KIND_FILLER) {
		return false;
	}
	*ret = (struct quantity){words[word].kind, number * words[word].scale};
	return true;
}

int mm_reference_parse(const char *text, double *ret_w)
{
	struct quantity q[QUANTITIES_MAX];
	unsigned count = 0;

	skip_blanks(&text);
	while (*text != '\0') {
		if (count == QUANTITIES_MAX || !take_quantity(&text, &q[count++])) {
			return -EINVAL;
		}
	}
	if (count == 1 && q[0].kind == KIND_POWER) {
		*ret_w = q[0].figure;
	} else if (count == 2 && q[0].kind == KIND_ENERGY && q[1].kind == KIND_TIME) {
		*ret_w = 3600 * q[0].figure / q[1].figure;
	} else if (count == 3 && q[0].kind == KIND_COUNT && q[1].kind == KIND_ENERGY && q[2].kind == KIND_TIME) {
		*ret_w = 3600 * q[0].figure * q[1].figure / q[2].figure;
	} else {
		return -EINVAL;
	}
	return 0;
}
