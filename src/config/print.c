/* SPDX-License-Identifier: MIT */
/* The settings in force as a configuration, each with where it is from. */
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/utf8.h"
#include "config/private.h"

struct printing {
	const struct mm_config_reading *reading;
	FILE *to;
};

/* Where a line is. A file can have any name: what is no text, or hidden, could not be read again. */
static const char *place_of(const struct printing *printing, unsigned line, char ret[static MM_CONFIG_PLACE_MAX])
{
	size_t length;

	mm_config_place(printing->reading, line, ret);
	for (char *at = ret; *at != '\0'; at += length) {
		length = mm_utf8_length(at) > 0 ? mm_utf8_length(at) : 1;
		if (mm_utf8_is_hidden(at)) {
			memset(at, '?', length);
		}
	}
	return ret;
}

/* A line and where it is from: behind it, or above it where that would be too long to be read again. */
static void print_line(const struct printing *printing, const char *text, unsigned line)
{
	char place[MM_CONFIG_PLACE_MAX];
	const char *from = line > 0 ? place_of(printing, line, place) : "default";

	if (strlen(text) + strlen(from) + 16 < MM_INI_LINE_MAX) {
		fprintf(printing->to, "%-40s ; %s\n", text, from);
	} else {
		fprintf(printing->to, "# %s\n%s\n", from, text);
	}
}

/* What is in force where a value is empty. */
static void fill_in(const struct mm_config *config, const void *field, char value[static MM_CONFIG_VALUE_MAX])
{
	if (field == config->copy_path) {
		mm_config_copy(config, value);
	}
	for (unsigned i = 0; i < config->front_end_count; i++) {
		if (field == config->front_end[i].afe.device) {
			snprintf(value, MM_CONFIG_VALUE_MAX, "%s", config->front_end[i].driver);
		}
	}
}

/* Is it the burden of a front end that has none? */
static bool is_no_burden(const struct mm_config *config, const void *field)
{
	for (unsigned i = 0; i < config->front_end_count; i++) {
		if (field == &config->front_end[i].afe.burden_ohm) {
			return mm_config_has_no_burden(config, i);
		}
	}
	return false;
}

static void print_keys(const struct printing *printing, const struct mm_config_part *part, const unsigned *given)
{
	const struct mm_config *config = printing->reading->config;
	const char *settings = (const char *)config + part->offset;

	for (size_t k = 0; k < part->table->count; k++) {
		const struct mm_key *key = &part->table->keys[k];
		char value[MM_CONFIG_VALUE_MAX] = "", text[sizeof(value) + 64];

		if (is_no_burden(config, settings + key->offset)) {
			continue;
		}
		key->type->format(key, settings, value, sizeof(value));
		if (value[0] == '\0') {
			fill_in(config, settings + key->offset, value);
		}
		if (value[0] != '\0') {
			snprintf(text, sizeof(text), "%s = %s", key->name, value);
			print_line(printing, text, given[k]);
		}
	}
}

/* A section with a name says where it begins. */
static void begin_section(const struct printing *printing, const struct mm_config_part *part, size_t number)
{
	char section[MM_CONFIG_SECTION_MAX], text[MM_CONFIG_SECTION_MAX + 2];

	fprintf(printing->to, "\n");
	snprintf(text, sizeof(text), "[%s]", mm_config_section(part, section));
	if (part->name[0] != '\0') {
		print_line(printing, text, printing->reading->begun_first[number]);
	} else {
		fprintf(printing->to, "%s\n", text);
	}
}

static void print_all(const struct printing *printing)
{
	const struct mm_config_reading *reading = printing->reading;
	char place[MM_CONFIG_PLACE_MAX];

	fprintf(printing->to, "# The settings in force, by");
	for (unsigned i = 0; i < reading->file_count; i++) {
		fprintf(printing->to, "%s %s", i > 0 ? "," : "", place_of(printing, reading->file[i].base, place));
	}
	fprintf(printing->to, "\n");
	for (size_t first = 0; first < MM_CONFIG_PARTS; first = mm_config_last_part(reading->config, first) + 1) {
		const struct mm_config_part section = mm_config_part(reading->config, first);

		if (!section.there) {
			continue;
		}
		begin_section(printing, &section, first);
		for (size_t i = first; i <= mm_config_last_part(reading->config, first); i++) {
			const struct mm_config_part part = mm_config_part(reading->config, i);

			if (!mm_config_is_unused(reading->config, &part)) {
				print_keys(printing, &part, reading->given[i]);
			}
		}
	}
}

int mm_config_print(const char *path, FILE *to, struct mm_config_errors *errors)
{
	struct mm_config_reading reading = {.errors = errors};
	int r = mm_config_read(path, NULL, &reading);

	if (r == 0) {
		print_all(&(struct printing){.reading = &reading, .to = to});
	}
	mm_config_forget(&reading);
	return r;
}
