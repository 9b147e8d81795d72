/* SPDX-License-Identifier: MIT */
/* The configuration is a file and its drop-ins: FILE, then those of the directory FILE.d in the order of their names. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/private.h"

/* ---- Errors ---- */

/* Puts file and line before each error. */
static void put_places(const struct mm_config_reading *reading)
{
	for (unsigned i = 0; i < reading->errors->count; i++) {
		struct mm_config_error *error = &reading->errors->error[i];
		char place[MM_CONFIG_PLACE_MAX];
		struct mm_error text;

		(void)mm_error_set(&text, 0, "%s: %s", mm_config_place(reading, error->line, place), error->text);
		strcpy(error->text, text.text);
	}
}

/* ---- Reading ---- */

/* Begins another file, whose name it takes over. Lines of its own follow. */
static int begin_file(struct mm_config_reading *reading, char *name)
{
	unsigned base = reading->file_count > 0 ? reading->file[reading->file_count - 1].base + reading->file_line + 1 : 0;

	if (!name) {
		return -ENOMEM;
	}
	reading->file[reading->file_count].name = name;
	reading->file[reading->file_count++].base = base;
	reading->file_line = 0;
	return 0;
}

/* NULL with errno: an empty file gives no stream of its text. */
static FILE *open_text(const char *text)
{
	return text[0] != '\0' ? fmemopen((void *)(uintptr_t)text, strlen(text), "r") : fopen("/dev/null", "re");
}

static int read_file(struct mm_config_reading *reading, const char *text)
{
	unsigned base = reading->file[reading->file_count - 1].base;
	FILE *file = text ? open_text(text) : fopen(reading->file[reading->file_count - 1].name, "re");
	int r;

	if (!file) {
		r = -errno;
		mm_config_complain(reading, base, "%s", strerror(-r));
		return r;
	}
	r = mm_config_read_lines(reading, file);
	fclose(file);
	if (r < 0) {
		mm_config_complain(reading, base, "cannot be read: %s", strerror(-r));
	}
	return r;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* By bytes: the order must not depend on a locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(struct mm_config_reading *reading)
{
	struct dirent **entries = NULL;
	char directory[PATH_MAX], *name;
	int count, r = 0;

	if (snprintf(directory, sizeof(directory), "%s.d", reading->file[0].name) >= (int)sizeof(directory)) {
		return 0; /* no such directory can be */
	}
	count = scandir(directory, &entries, is_drop_in, by_name);
	if (count < 0 && errno != ENOENT) {
		r = -errno;
		mm_config_complain(reading, 0, "%s: %s", directory, strerror(-r));
	}
	if (count >= MM_CONFIG_FILES_MAX) {
		mm_config_complain(reading, 0, "more than %d files in %s", MM_CONFIG_FILES_MAX - 1, directory);
		r = -E2BIG;
	}
	for (int i = 0; i < count; i++) {
		if (r == 0) {
			r = begin_file(reading, asprintf(&name, "%s/%s", directory, entries[i]->d_name) < 0 ? NULL : name);
		}
		if (r == 0) {
			r = read_file(reading, NULL);
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

int mm_config_read(const char *path, const char *text, struct mm_config_reading *reading)
{
	int r = begin_file(reading, strdup(path));

	reading->config = calloc(1, sizeof(*reading->config));
	*reading->errors = (struct mm_config_errors){0};
	if (r < 0 || !reading->config) {
		mm_config_complain(reading, 0, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		mm_key_set_initial(mm_config_sections[i].table, (char *)reading->config + mm_config_sections[i].offset);
	}
	r = read_file(reading, text);
	if (r == 0 && !reading->alone) {
		r = read_drop_ins(reading);
	}
	if (r == 0) {
		reading->checking = true;
		mm_config_check(reading);
	}
	put_places(reading);
	return r == 0 && reading->errors->count > 0 ? -EINVAL : r;
}

void mm_config_forget(struct mm_config_reading *reading)
{
	while (reading->file_count > 0) {
		free(reading->file[--reading->file_count].name);
	}
	free(reading->config);
	reading->config = NULL;
}

bool mm_config_is_unused(const struct mm_config *config, const struct mm_key_table *table)
{
	const struct mm_afe_driver *driver = mm_afe_driver_find(config->front_end_driver);
	bool of_drivers = table >= mm_afe_keys && table < mm_afe_keys + MM_AFE_KEYS_COUNT;

	return of_drivers && !(driver->keys & 1u << (table - mm_afe_keys));
}

/* Names the keys of the front end that were given and mean nothing to its driver. */
static void list_unused(const struct mm_config_reading *reading, char *ret, size_t size)
{
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		const struct mm_key_table *table = mm_config_sections[i].table;

		for (size_t k = 0; mm_config_is_unused(reading->config, table) && k < table->count; k++) {
			if (reading->given[i][k] > 0) {
				mm_config_list(ret, size, table->keys[k].name);
			}
		}
	}
}

int mm_config_load_text(const char *path, const char *text, struct mm_config_errors *errors, struct mm_config **ret)
{
	struct mm_config_reading reading = {.errors = errors};
	int r = mm_config_read(path, text, &reading);

	if (r == 0) {
		list_unused(&reading, reading.config->unused, sizeof(reading.config->unused));
		*ret = reading.config;
		reading.config = NULL;
	}
	mm_config_forget(&reading);
	return r;
}

int mm_config_load(const char *path, struct mm_config_errors *errors, struct mm_config **ret)
{
	return mm_config_load_text(path, NULL, errors, ret);
}

/*
 * Complains of the keys of a table that another file than the first one gives, with another value. whole: what the first one does
 * not give is meant to be as if nobody gave it.
 */
static void compare_keys(struct mm_config_reading *reading, const struct mm_key_table *table, const char *section, bool whole,
			 const void *settings, const unsigned *given, const void *own_settings, const unsigned *own_given)
{
	for (size_t k = 0; k < table->count; k++) {
		const struct mm_key *key = &table->keys[k];
		char value[MM_PATH_LEN_MAX] = "", own[MM_PATH_LEN_MAX] = "";

		key->type->format(key, settings, value, sizeof(value));
		key->type->format(key, own_settings, own, sizeof(own));
		if ((own_given[k] > 0 || whole) && given[k] != own_given[k] && strcmp(value, own) != 0) {
			mm_config_complain(reading, given[k], "[%.70s] %s = %s counts, not %s", section, key->name, value,
					   own[0] != '\0' ? own : "none");
		}
	}
}

int mm_config_overridden(const char *path, const char *text, struct mm_config_errors *errors)
{
	struct mm_config_errors ignored; /* what is wrong without the drop-ins only is not wrong */
	struct mm_config_reading reading = {.errors = errors}, own = {.errors = &ignored, .alone = true};
	int r = mm_config_read(path, text, &reading);

	if (r == 0) {
		r = mm_config_read(path, text, &own) == -ENOMEM ? -ENOMEM : 0;
	}
	for (size_t i = 0; r == 0 && i < MM_CONFIG_SECTIONS; i++) {
		const struct mm_config_section *section = &mm_config_sections[i];

		compare_keys(&reading, section->table, section->name, false, (char *)reading.config + section->offset,
			     reading.given[i], (char *)own.config + section->offset, own.given[i]);
	}
	for (unsigned m = 0; r == 0 && m < own.config->meter_count; m++) {
		char section[MM_NAME_MAX + 8];

		snprintf(section, sizeof(section), "meter %s", own.config->meter[m].name);
		compare_keys(&reading, &mm_config_meter_keys, section, true, &reading.config->meter[m], reading.meter_given[m],
			     &own.config->meter[m], own.meter_given[m]);
	}
	/* The text's meters are the first. */
	for (unsigned m = r == 0 ? own.config->meter_count : MM_METERS_MAX; m < MM_METERS_MAX && m < reading.config->meter_count;
	     m++) {
		mm_config_complain(&reading, reading.meter_line[m], "[meter %.70s] is a further meter",
				   reading.config->meter[m].name);
	}
	if (r == 0) {
		put_places(&reading);
		r = errors->count > 0;
	}
	mm_config_forget(&own);
	mm_config_forget(&reading);
	return r;
}
