/* SPDX-License-Identifier: MIT */
/* The lines of what is being read, and the errors in their order. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/private.h"

/* ---- Places ---- */

static unsigned file_of(const struct mm_config_reading *reading, unsigned line)
{
	unsigned i = reading->file_count - 1;

	while (i > 0 && line < reading->file[i].base) {
		i--;
	}
	return i;
}

const char *mm_config_place(const struct mm_config_reading *reading, unsigned line, char ret[static MM_CONFIG_PLACE_MAX])
{
	unsigned i = file_of(reading, line);

	line -= reading->file[i].base;
	snprintf(ret, MM_CONFIG_PLACE_MAX, line > 0 ? "%s:%u" : "%s", reading->file[i].name, line);
	return ret;
}

const char *mm_config_place_from(const struct mm_config_reading *reading, unsigned from, unsigned line,
				 char ret[static MM_CONFIG_PLACE_MAX])
{
	if (file_of(reading, from) != file_of(reading, line)) {
		return mm_config_place(reading, line, ret);
	}
	snprintf(ret, MM_CONFIG_PLACE_MAX, "line %u", line - reading->file[file_of(reading, line)].base);
	return ret;
}

/* ---- Errors ---- */

bool mm_config_is_unread(const struct mm_config_reading *reading, unsigned line)
{
	for (unsigned i = 0; line > 0 && i < reading->errors->count; i++) {
		if (reading->errors->error[i].unread && reading->errors->error[i].line == line) {
			return true;
		}
	}
	return false;
}

/* Two lines can be wrong in the same words. */
static bool is_said(const struct mm_config_reading *reading, const struct mm_config_error *error)
{
	for (unsigned i = 0; i < reading->errors->count; i++) {
		const struct mm_config_error *other = &reading->errors->error[i];

		if (other->line == error->line && strcmp(other->text, error->text) == 0) {
			return true;
		}
	}
	return false;
}

void mm_config_complain(struct mm_config_reading *reading, unsigned line, const char *format, ...)
{
	struct mm_config_errors *errors = reading->errors;
	struct mm_config_error error = {.line = line, .unread = !reading->checking};
	unsigned place = errors->count;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error.text, sizeof(error.text), format, arguments);
	va_end(arguments);
	if (mm_config_is_unread(reading, line) || is_said(reading, &error)) {
		return;
	}
	if (errors->count == MM_CONFIG_ERRORS_MAX) {
		errors->more = true;
		return;
	}
	while (line > 0 && place > 0 && (errors->error[place - 1].line > line || errors->error[place - 1].line == 0)) {
		place--;
	}
	memmove(&errors->error[place + 1], &errors->error[place], (errors->count - place) * sizeof(error));
	errors->error[place] = error;
	errors->count++;
}

void mm_config_put_places(const struct mm_config_reading *reading)
{
	for (unsigned i = 0; i < reading->errors->count; i++) {
		struct mm_config_error *error = &reading->errors->error[i];
		char place[MM_CONFIG_PLACE_MAX];
		struct mm_error text;

		mm_error_say(&text, "%s: %s", mm_config_place(reading, error->line, place), error->text);
		strcpy(error->text, text.text);
	}
}

unsigned mm_config_line_of(const struct mm_config_reading *reading, const void *field)
{
	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		const struct mm_config_part part = mm_config_part(reading->config, i);

		for (size_t k = 0; part.there && k < part.table->count; k++) {
			if ((const char *)reading->config + part.offset + part.table->keys[k].offset == field) {
				return reading->given[i][k];
			}
		}
	}
	return 0;
}
