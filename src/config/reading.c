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

static bool is_said(const struct mm_config_reading *reading, unsigned line, const char *text)
{
	for (unsigned i = 0; i < reading->errors->count; i++) {
		const struct mm_config_error *error = &reading->errors->error[i];

		if ((error->unread && line > 0 && error->line == line) || strcmp(error->text, text) == 0) {
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
	if (is_said(reading, line, error.text)) {
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

static unsigned find_line(const struct mm_key_table *table, const void *settings, const void *field, const unsigned *given)
{
	for (size_t k = 0; k < table->count; k++) {
		if ((const char *)settings + table->keys[k].offset == field) {
			return given[k];
		}
	}
	return 0;
}

unsigned mm_config_line_of(const struct mm_config_reading *reading, const void *field)
{
	const struct mm_config *config = reading->config;
	unsigned line = 0;

	for (size_t i = 0; line == 0 && i < MM_CONFIG_SECTIONS; i++) {
		line = find_line(mm_config_sections[i].table, (const char *)config + mm_config_sections[i].offset, field,
				 reading->given[i]);
	}
	for (unsigned i = 0; line == 0 && i < config->meter_count; i++) {
		line = find_line(&mm_config_meter_keys, &config->meter[i], field, reading->meter_given[i]);
	}
	return line;
}
