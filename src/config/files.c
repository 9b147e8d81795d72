/* SPDX-License-Identifier: MIT */
/* The configuration is a file and its drop-ins: FILE, then those of the directory FILE.d in the order of their names. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/private.h"

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

static void set_initial(struct mm_config *config)
{
	for (size_t i = 0; i < mm_config_part_of_meter(0); i++) {
		const struct mm_config_part part = mm_config_part(config, i);

		if (part.there) {
			mm_key_set_initial(part.table, (char *)config + part.offset);
		}
	}
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
	set_initial(reading->config);
	r = read_file(reading, text);
	if (r == 0 && !reading->alone) {
		r = read_drop_ins(reading);
	}
	if (reading->config->front_end_count == 0) {
		mm_config_add_front_end(reading->config, ""); /* a chip as its driver's author has it */
	}
	if (r == 0) {
		reading->checking = true;
		mm_config_check(reading);
	}
	mm_config_put_places(reading);
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

/* Names the keys of front ends that were given and mean nothing to their drivers. */
static void list_unused(struct mm_config_reading *reading)
{
	for (unsigned f = 0; f < reading->config->front_end_count; f++) {
		struct mm_config_front_end *front_end = &reading->config->front_end[f];
		size_t first = mm_config_part_of_front_end(f);

		for (size_t i = first; i < first + MM_CONFIG_FRONT_END_PARTS; i++) {
			const struct mm_config_part part = mm_config_part(reading->config, i);

			for (size_t k = 0; mm_config_is_unused(reading->config, &part) && k < part.table->count; k++) {
				if (reading->given[i][k] > 0) {
					mm_text_list(front_end->unused, sizeof(front_end->unused), part.table->keys[k].name);
				}
			}
		}
	}
}

int mm_config_load_text(const char *path, const char *text, struct mm_config_errors *errors, struct mm_config **ret)
{
	struct mm_config_reading reading = {.errors = errors};
	int r = mm_config_read(path, text, &reading);

	if (r == 0) {
		list_unused(&reading);
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
