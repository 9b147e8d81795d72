/* SPDX-License-Identifier: MIT */
#include "varlink/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 4096

/* The digits of an int64_t, its sign, a point and a zero before it. */
#define NUMBER_MAX 24

void mm_text_clear(struct mm_text *text)
{
	if (text) {
		free(text->bytes);
		*text = (struct mm_text){0};
	}
}

/* Where length bytes more can be put; NULL: nowhere. */
static char *reserve(struct mm_text *text, size_t length)
{
	size_t size = text->size ? text->size : SIZE_FIRST;
	char *bytes;

	if (text->size - text->used < length) {
		while (size - text->used < length) {
			size *= 2;
		}
		bytes = realloc(text->bytes, size);
		if (!bytes) {
			text->failed = true;
			return NULL;
		}
		text->bytes = bytes;
		text->size = size;
	}
	return text->bytes + text->used;
}

static void append(struct mm_text *text, const char *bytes, size_t length)
{
	char *to = reserve(text, length);

	if (to) {
		memcpy(to, bytes, length);
		text->used += length;
	}
}

/* What comes before a value. */
static void begin(struct mm_text *text, const char *key)
{
	size_t length = key ? strlen(key) : 0;
	char *to = reserve(text, length + 4);

	if (!to) {
		return;
	}
	if (text->behind) {
		*to++ = ',';
	}
	if (key) {
		*to++ = '"';
		memcpy(to, key, length);
		to += length;
		*to++ = '"';
		*to++ = ':';
	}
	text->used = (size_t)(to - text->bytes);
	text->behind = true;
}

static void put(struct mm_text *text, const char *key, const char *bytes, size_t length)
{
	begin(text, key);
	append(text, bytes, length);
}

void mm_text_null(struct mm_text *text, const char *key)
{
	put(text, key, "null", 4);
}

void mm_text_boolean(struct mm_text *text, const char *key, bool value)
{
	put(text, key, value ? "true" : "false", value ? 4 : 5);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

void mm_text_string(struct mm_text *text, const char *key, const char *value)
{
	if (!value) {
		mm_text_null(text, key);
		return;
	}
	put(text, key, "\"", 1);
	while (*value) {
		size_t length = 0;
		char escape[8];

		while (is_plain((unsigned char)value[length])) {
			length++;
		}
		append(text, value, length);
		value += length;
		if (*value) {
			append(text, escape,
			       (size_t)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)*value));
			value++;
		}
	}
	append(text, "\"", 1);
}

/* Writes a number to the end of buffer, the last decimals of its digits behind a point; returns where it begins. */
static char *write_number(char buffer[static NUMBER_MAX], int64_t value, unsigned decimals)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char *at = buffer + NUMBER_MAX;

	for (unsigned i = 0; i < decimals; i++) {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (decimals > 0) {
		*--at = '.';
	}
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0) {
		*--at = '-';
	}
	return at;
}

void mm_text_integer(struct mm_text *text, const char *key, int64_t value)
{
	char buffer[NUMBER_MAX], *at = write_number(buffer, value, 0);

	put(text, key, at, (size_t)(buffer + NUMBER_MAX - at));
}

void mm_text_decimal(struct mm_text *text, const char *key, int64_t value, unsigned decimals)
{
	char buffer[NUMBER_MAX], *at;

	while (decimals > 1 && value % 10 == 0) {
		value /= 10;
		decimals--;
	}
	at = write_number(buffer, value, decimals);
	put(text, key, at, (size_t)(buffer + NUMBER_MAX - at));
}

void mm_text_figure(struct mm_text *text, const char *key, double value, unsigned decimals)
{
	static const double steps[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
	double scaled = value * steps[decimals];

	if (fabs(scaled) < 9e18) {
		mm_text_decimal(text, key, llround(scaled), decimals);
	} else {
		mm_text_real(text, key, value);
	}
}

void mm_text_real(struct mm_text *text, const char *key, double value)
{
	char buffer[32];
	int length;

	if (!isfinite(value) || (fabs(value) < 1e15 && value == trunc(value))) {
		mm_text_figure(text, key, isfinite(value) ? value : 0, 1); /* a real stays one where it is whole */
		return;
	}
	length = snprintf(buffer, sizeof(buffer), "%.15g", value);
	put(text, key, buffer, (size_t)length);
}

void mm_text_open(struct mm_text *text, const char *key, char bracket)
{
	put(text, key, &bracket, 1);
	text->behind = false;
}

void mm_text_close(struct mm_text *text, char bracket)
{
	append(text, &bracket, 1);
	text->behind = true;
}
