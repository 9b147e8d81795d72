/* SPDX-License-Identifier: MIT */
/* The settings in force as a configuration, each with where it is from. */
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "config/private.h"

struct printing {
	const struct mm_config_reading *reading;
	FILE *to;
};

/* A line and where it is from: behind it, or above it where that would be too long to be read again. */
static void print_line(const struct printing *printing, const char *text, unsigned line)
{
	char place[MM_CONFIG_PLACE_MAX];
	const char *from = line > 0 ? mm_config_place(printing->reading, line, place) : "default";

	if (strlen(text) + strlen(from) + 16 < MM_INI_LINE_MAX) {
		fprintf(printing->to, "%-40s ; %s\n", text, from);
	} else {
		fprintf(printing->to, "# %s\n%s\n", from, text);
	}
}

/* What is in force where a value is empty. */
static void fill_in(const struct mm_config *config, const void *field, char value[static MM_PATH_LEN_MAX + 8])
{
	if (field == config->copy_path) {
		snprintf(value, MM_PATH_LEN_MAX + 8, "%s.copy", config->register_path);
	}
	for (unsigned i = 0; i < config->front_end_count; i++) {
		if (field == config->front_end[i].afe.device) {
			snprintf(value, MM_PATH_LEN_MAX + 8, "%s", config->front_end[i].driver);
		}
	}
}

static void print_keys(const struct printing *printing, const struct mm_config_part *part, const unsigned *given)
{
	const struct mm_config *config = printing->reading->config;
	const char *settings = (const char *)config + part->offset;

	for (size_t k = 0; k < part->table->count; k++) {
		const struct mm_key *key = &part->table->keys[k];
		char value[MM_PATH_LEN_MAX + 8] = "", text[sizeof(value) + 64];

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

	fprintf(printing->to, "# The settings in force, by");
	for (unsigned i = 0; i < reading->file_count; i++) {
		fprintf(printing->to, "%s %s", i > 0 ? "," : "", reading->file[i].name);
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
