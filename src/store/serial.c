/* SPDX-License-Identifier: MIT */
#include "store/serial.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

/* ---- What is misread ---- */

/* What of stored is behind the serial number; NULL: it does not begin with that. */
static const char *behind(const char *stored, const char *serial)
{
	size_t length = strlen(serial);

	return strncmp(stored, serial, length) == 0 ? stored + length : NULL;
}

static bool is_utf8(const char *text, const char *end)
{
	while (text < end && mm_utf8_length(text) > 0) {
		text += mm_utf8_length(text);
	}
	return text >= end;
}

/* The same of the serial number in Latin-1, which is not UTF-8. */
static const char *behind_latin1(const char *stored, const char *serial)
{
	const char *begin = stored;

	while (*serial != '\0') {
		unsigned char lead = (unsigned char)serial[0], byte = lead;

		if (lead >= 0x80) {
			/* U+0080 to U+00FF are two bytes of UTF-8, and one of Latin-1. */
			if (mm_utf8_length(serial) != 2 || lead > 0xc3) {
				return NULL;
			}
			byte = (unsigned char)((lead & 3) << 6 | ((unsigned char)*++serial & 0x3f));
		}
		if ((unsigned char)*stored++ != byte) {
			return NULL;
		}
		serial++;
	}
	return is_utf8(begin, stored) ? NULL : stored;
}

static bool is_tail(const char *text)
{
	size_t blanks = strspn(text, " \t");

	return text[0] == '\0' || (blanks > 0 && text[blanks] == '#');
}

bool mm_serial_is_misread(const char *stored, const char *serial)
{
	char quote = stored[0] == '"' || stored[0] == '\'' ? stored[0] : '\0';
	const char *rest;

	if (strcmp(stored, serial) == 0) {
		return false;
	}
	for (int quoted = 0; quoted <= (quote != '\0'); quoted++) {
		for (int latin1 = 0; latin1 <= 1; latin1++) {
			rest = (latin1 ? behind_latin1 : behind)(stored + quoted, serial);
			if (rest && (!quoted || *rest == quote) && is_tail(rest + quoted)) {
				return true;
			}
		}
	}
	return false;
}

const char *mm_serial_text(const char *stored, char ret[static MM_SERIAL_TEXT_MAX])
{
	size_t used = 0, length;

	ret[used++] = '"';
	for (; *stored != '\0'; stored += length > 0 ? length : 1) {
		length = mm_utf8_length(stored);
		if (used + 9 > MM_SERIAL_TEXT_MAX) { /* four characters, three dots, the quote and the NUL */
			memcpy(ret + used, "...", 3);
			used += 3;
			break;
		}
		if (length == 0 || iscntrl((unsigned char)*stored) || *stored == '"' || *stored == '\\') {
			used += (size_t)sprintf(ret + used, "\\x%02x", (unsigned char)*stored);
		} else {
			memcpy(ret + used, stored, length);
			used += length;
		}
	}
	ret[used++] = '"';
	ret[used] = '\0';
	return ret;
}

int mm_serial_find(const struct mm_state *state, const struct mm_store_meter *meter)
{
	int found = mm_state_find(state, meter);
	unsigned misread = 0;

	if (found >= 0) {
		return found;
	}
	for (unsigned i = 0; i < state->meter_count; i++) {
		if (strcmp(state->nameplate[i].model, meter->model) == 0 &&
		    mm_serial_is_misread(state->nameplate[i].serial, meter->serial)) {
			found = (int)i;
			misread++;
		}
	}
	return misread == 1 ? found : -1;
}

/* ---- For SQL ---- */

static void misread(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *hex = (const char *)sqlite3_value_text(values[0]), *serial = (const char *)sqlite3_value_text(values[1]);
	char stored[MM_STORE_NAME_MAX] = "", again[MM_HEX_MAX(MM_STORE_NAME_MAX)];
	unsigned byte;

	(void)count;
	if (!hex || !serial || strlen(hex) % 2 != 0 || strlen(hex) / 2 >= sizeof(stored)) {
		return; /* which is NULL */
	}
	for (size_t i = 0; hex[2 * i] != '\0' && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++) {
		stored[i] = (char)byte;
	}
	/* Only what was written as it is written is taken. */
	if (strcmp(mm_hex(stored, strlen(stored), again), hex) == 0 && mm_serial_is_misread(stored, serial)) {
		sqlite3_result_text(context, stored, -1, SQLITE_TRANSIENT);
	}
}

int mm_serial_add(sqlite3 *connection)
{
	return sqlite3_create_function_v2(connection, "mm_misread", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
					  NULL, misread, NULL, NULL, NULL);
}
