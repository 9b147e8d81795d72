/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_KEY_H
#define MM_BASE_KEY_H

/*
 * A key of a configuration as a row of a table: where its value is, what it can be, and what it is where nobody says. Whoever
 * needs settings brings a table of their keys with them; reading, checking and listing go by the tables.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/count_of.h"
#include "base/error.h"

struct mm_key;

struct mm_key_type {
	/* Reads a value into the struct that the key's offset is in. 0, or -EINVAL with what is wrong: the struct is untouched.
	 */
	int (*parse)(const struct mm_key *key, const char *value, void *settings, struct mm_error *error);
	/* The value as parse would read it; what does not fit is cut. */
	void (*format)(const struct mm_key *key, const void *settings, char *ret, size_t size);
};

struct mm_key {
	const char *name;
	const struct mm_key_type *type;
	size_t offset, size;		   /* of the field */
	const char *initial;		   /* NULL: none */
	double min, max;		   /* of numbers */
	const char *(*word)(size_t index); /* the words to choose from, NULL behind the last */
	bool live;			   /* can change while the program runs */
};

struct mm_key_table {
	const struct mm_key *keys;
	size_t count;
};

/* Offset and size of a member, the rest of a number's row, and the table of an array of keys. */
#define MM_KEY_FIELD(type, member) offsetof(type, member), sizeof(((type *)NULL)->member)
#define MM_KEY_RANGE(initial_value, least, most) .initial = (initial_value), .min = (least), .max = (most)
#define MM_KEY_TABLE(array)                                                                                                      \
	{                                                                                                                        \
		(array), COUNT_OF(array)                                                                                         \
	}

extern const struct mm_key_type mm_key_text;	       /* char[]: up to size - 1 characters */
extern const struct mm_key_type mm_key_path;	       /* char[]: an absolute path */
extern const struct mm_key_type mm_key_path_or_none;   /* char[]: an absolute path, or "none" */
extern const struct mm_key_type mm_key_word;	       /* char[]: one of the key's words */
extern const struct mm_key_type mm_key_number;	       /* double, min to max */
extern const struct mm_key_type mm_key_number_or_none; /* double, min to max and not 0, or 0 where it is not given */
extern const struct mm_key_type mm_key_whole;	       /* int, min to max */
extern const struct mm_key_type mm_key_doubling;       /* int: min times a power of two, up to max */

/* Reads a whole number into ret, as mm_key_whole does, for types that ask for more. */
int mm_key_parse_whole(const struct mm_key *key, const char *value, int *ret, struct mm_error *error);

/* Gives every key of a table that has one its initial value. */
void mm_key_set_initial(const struct mm_key_table *table, void *settings);

#endif
