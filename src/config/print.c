/* SPDX-License-Identifier: MIT */
/* The settings in force as a configuration, each with where it is from. */
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "config/private.h"

struct printing {
	const struct mm_config_reading *reading;
	FILE *to;
	const char *section; /* that was begun last; NULL: none */
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
	} else if (field == config->front_end.device) {
		snprintf(value, MM_PATH_LEN_MAX + 8, "%s", config->front_end_driver);
	}
}

static void print_keys(const struct printing *printing, const struct mm_key_table *table, const void *settings,
		       const unsigned *given)
{
	for (size_t k = 0; k < table->count; k++) {
		const struct mm_key *key = &table->keys[k];
		char value[MM_PATH_LEN_MAX + 8] = "", text[sizeof(value) + 64];

		key->type->format(key, settings, value, sizeof(value));
		if (value[0] == '\0') {
			fill_in(printing->reading->config, (const char *)settings + key->offset, value);
		}
		if (value[0] != '\0') {
			snprintf(text, sizeof(text), "%s = %s", key->name, value);
			print_line(printing, text, given[k]);
		}
	}
}

static void begin_section(struct printing *printing, const char *name)
{
	if (!printing->section || strcmp(printing->section, name) != 0) {
		fprintf(printing->to, "\n[%s]\n", name);
		printing->section = name;
	}
}

static void print_all(struct printing *printing)
{
	const struct mm_config_reading *reading = printing->reading;
	const struct mm_config *config = reading->config;

	fprintf(printing->to, "# The settings in force, by");
	for (unsigned i = 0; i < reading->file_count; i++) {
		fprintf(printing->to, "%s %s", i > 0 ? "," : "", reading->file[i].name);
	}
	fprintf(printing->to, "\n");
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		const struct mm_config_section *section = &mm_config_sections[i];

		if (!mm_config_is_unused(config, section->table)) {
			begin_section(printing, section->name);
			print_keys(printing, section->table, (const char *)config + section->offset, reading->given[i]);
		}
	}
	for (unsigned m = 0; m < config->meter_count; m++) {
		char text[MM_NAME_MAX + 16];

		snprintf(text, sizeof(text), "[meter %s]", config->meter[m].name);
		fprintf(printing->to, "\n");
		print_line(printing, text, reading->meter_line[m]);
		print_keys(printing, &mm_config_meter_keys, &config->meter[m], reading->meter_given[m]);
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
