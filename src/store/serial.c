/* SPDX-License-Identifier: MIT */
#include "store/serial.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

/* ---- What is misread ---- */

/* Without quotes as the configuration refuses them; a single one, without its pair, says that more is missing, and stays. */
static void unquote(char *text)
{
	size_t quotes = 0, used = 0, length;

	for (const char *c = text; *c != '\0'; c++) {
		quotes += *c == '"';
	}
	for (const char *c = text; *c != '\0' && quotes % 2 == 0; c++) {
		if (*c != '"') {
			text[used++] = *c;
		}
	}
	if (quotes % 2 == 0) {
		text[used] = '\0';
	}
	length = strlen(text);
	if (length > 1 && text[0] == '\'' && text[length - 1] == '\'') {
		memmove(text, text + 1, length - 2);
		text[length - 2] = '\0';
	}
}

static bool is_utf8(const char *text)
{
	while (*text != '\0' && mm_utf8_length(text) > 0) {
		text += mm_utf8_length(text);
	}
	return *text == '\0';
}

/* Without hidden characters, and in UTF-8: what is not is Latin-1, whose U+0080 to U+00FF are two bytes of UTF-8. */
static void recode(const char *text, char ret[static MM_SERIAL_RIGHT_MAX])
{
	bool latin1 = !is_utf8(text);
	size_t used = 0, length;

	for (; *text != '\0'; text += length) {
		unsigned char byte = (unsigned char)*text;

		length = latin1 ? 1 : mm_utf8_length(text);
		if (latin1 && byte >= 0x80) {
			ret[used++] = (char)(0xc0 | byte >> 6);
			ret[used++] = (char)(0x80 | (byte & 0x3f));
		} else if (!mm_utf8_is_hidden(text) || isspace(byte)) {
			memcpy(ret + used, text, length);
			used += length;
		}
	}
	ret[used] = '\0';
}

bool mm_serial_correct(const char *stored, unsigned marks, char ret[static MM_SERIAL_RIGHT_MAX])
{
	char text[MM_STORE_NAME_MAX];
	size_t used = 0, blanks;
	unsigned seen = 0;

	for (; *stored != '\0' && used + 1 < sizeof(text); stored++) {
		blanks = strspn(stored, " \t");
		if (used > 0 && blanks > 0 && stored[blanks] == '#') {
			if (seen++ == marks) {
				break;
			}
			stored += blanks;
		}
		text[used++] = *stored;
	}
	text[used] = '\0';
	unquote(text);
	recode(text, ret);
	return seen >= marks;
}

bool mm_serial_is_misread(const char *stored, const char *serial)
{
	char right[MM_SERIAL_RIGHT_MAX];

	for (unsigned marks = 0; strcmp(stored, serial) != 0 && mm_serial_correct(stored, marks, right); marks++) {
		if (strcmp(right, serial) == 0) {
			return true;
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
