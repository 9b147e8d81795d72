/* SPDX-License-Identifier: MIT */
#include "base/key.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field_of(const struct mm_key *key, void *settings)
{
	return (char *)settings + key->offset;
}

static int parse_text(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	if (strlen(value) >= key->size) {
		return mm_error_set(error, -EINVAL, "is longer than %zu characters", key->size - 1);
	}
	strcpy(field_of(key, settings), value);
	return 0;
}

static int parse_path(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	if (value[0] != '/') {
		return mm_error_set(error, -EINVAL, "must be an absolute path");
	}
	return parse_text(key, value, settings, error);
}

static int parse_path_or_none(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	if (strcmp(value, "none") != 0 && value[0] != '/') {
		return mm_error_set(error, -EINVAL, "must be an absolute path, or none");
	}
	return parse_text(key, value, settings, error);
}

static int parse_word(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	char words[MM_ERROR_TEXT_MAX] = "";
	const char *word;

	for (size_t i = 0; (word = key->word(i)) != NULL; i++) {
		size_t used = strlen(words);

		if (strcmp(word, value) == 0) {
			return parse_text(key, value, settings, error);
		}
		snprintf(words + used, sizeof(words) - used, "%s%s", used > 0 ? "|" : "", word);
	}
	return mm_error_set(error, -EINVAL, "must be one of %s", words);
}

static void format_text(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	snprintf(ret, size, "%s", (const char *)settings + key->offset);
}

static int read_number(const struct mm_key *key, const char *value, double *ret, struct mm_error *error)
{
	char *end;
	double number = strtod(value, &end);

	if (end != value && *end == ',') {
		return mm_error_set(error, -EINVAL,
				    "has a comma: write a decimal point, as in 5.1, and nothing between thousands");
	}
	if (end == value || *end != '\0' || !isfinite(number) || number < key->min || number > key->max) {
		return mm_error_set(error, -EINVAL, "must be a number from %g to %g", key->min, key->max);
	}
	*ret = number;
	return 0;
}

static int parse_number(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	return read_number(key, value, field_of(key, settings), error);
}

static void format_number(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	snprintf(ret, size, "%.15g", *(const double *)((const char *)settings + key->offset));
}

static void format_number_or_none(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	ret[0] = '\0';
	if (*(const double *)((const char *)settings + key->offset) != 0) {
		format_number(key, settings, ret, size);
	}
}

int mm_key_parse_whole(const struct mm_key *key, const char *value, int *ret, struct mm_error *error)
{
	double number;

	if (read_number(key, value, &number, error) < 0) {
		return -EINVAL;
	}
	if (number != floor(number)) {
		return mm_error_set(error, -EINVAL, "must be a whole number from %g to %g", key->min, key->max);
	}
	*ret = (int)number;
	return 0;
}

static int parse_whole(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	return mm_key_parse_whole(key, value, field_of(key, settings), error);
}

static void format_whole(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	snprintf(ret, size, "%d", *(const int *)((const char *)settings + key->offset));
}

static int parse_doubling(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	int number = 0, doubled = (int)key->min;

	if (mm_key_parse_whole(key, value, &number, error) < 0) {
		return -EINVAL;
	}
	while (doubled < number) {
		doubled *= 2;
	}
	if (doubled != number) {
		return mm_error_set(error, -EINVAL, "must be %g, %g, %g ... %g", key->min, 2 * key->min, 4 * key->min, key->max);
	}
	*(int *)field_of(key, settings) = number;
	return 0;
}

const struct mm_key_type mm_key_text = {parse_text, format_text};
const struct mm_key_type mm_key_path = {parse_path, format_text};
const struct mm_key_type mm_key_path_or_none = {parse_path_or_none, format_text};
const struct mm_key_type mm_key_word = {parse_word, format_text};
const struct mm_key_type mm_key_number = {parse_number, format_number};
const struct mm_key_type mm_key_number_or_none = {parse_number, format_number_or_none};
const struct mm_key_type mm_key_whole = {parse_whole, format_whole};
const struct mm_key_type mm_key_doubling = {parse_doubling, format_whole};

void mm_key_set_initial(const struct mm_key_table *table, void *settings)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct mm_key *key = &table->keys[i];

		if (key->initial) {
			(void)key->type->parse(key, key->initial, settings, NULL); /* the table's own: the tests read them back */
		}
	}
}
