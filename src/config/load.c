/* SPDX-License-Identifier: MIT */
/* From a file to a configuration: each line by its key's type, then all of them together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "config/private.h"

/* A section [meter NAME] begins: its meter, or NULL after a complaint. */
static struct mm_config_meter *begin_meter(struct mm_config_reading *reading, const char *name)
{
	struct mm_config *config = reading->config;
	struct mm_config_meter *meter;

	if (name[0] == '\0' || strlen(name) >= MM_NAME_MAX) {
		mm_config_complain(reading, reading->line, "a meter's section has a name of 1 to %d characters: [meter NAME]",
				   MM_NAME_MAX - 1);
		return NULL;
	}
	if (strchr(name, '"')) {
		mm_config_complain(reading, reading->line, "[meter %s]: quotes would be part of the name; leave them out", name);
		return NULL;
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		if (strcmp(config->meter[i].name, name) == 0) {
			reading->first_begun = reading->meter_line[i];
			return &config->meter[i];
		}
	}
	if (config->meter_count == MM_METERS_MAX) {
		mm_config_complain(reading, reading->line, "more than %d meters", MM_METERS_MAX);
		return NULL;
	}
	meter = &config->meter[config->meter_count];
	reading->meter_line[config->meter_count++] = reading->line;
	strcpy(meter->name, name);
	meter->phase[0] = meter->phase[1] = -1;
	meter->ct_sets = 1;
	return meter;
}

/* A section of the tables begins: its name there, or NULL after a complaint. */
static const char *begin_section(struct mm_config_reading *reading, const char *name)
{
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		const char *known = mm_config_sections[i].name;

		if (strcmp(known, name) == 0) {
			if (reading->section_line[i] == 0) {
				reading->section_line[i] = reading->line;
			}
			reading->first_begun = reading->section_line[i];
			return known;
		}
		if (strcasecmp(known, name) == 0) {
			mm_config_complain(reading, reading->line, "unknown section [%s]: write [%s]", name, known);
			return NULL;
		}
	}
	if (strncasecmp(name, "meter", 5) == 0) {
		mm_config_complain(reading, reading->line, "unknown section [%s]: a meter's is [meter NAME], in small letters",
				   name);
	} else {
		mm_config_complain(
			reading, reading->line,
			"unknown section [%s]; there are [daemon], [front-end], [outputs], [power-fail] and [meter NAME]", name);
	}
	return NULL;
}

static int on_section(void *userdata, const char *name)
{
	struct mm_config_reading *reading = userdata;

	reading->meter = NULL;
	reading->section = NULL;
	reading->begun = reading->first_begun = reading->line;
	if (strcmp(name, "meter") == 0 || strncmp(name, "meter ", 6) == 0) {
		reading->meter = begin_meter(reading, name + 5 + strspn(name + 5, " "));
	} else {
		reading->section = begin_section(reading, name);
	}
	reading->section_bad = !reading->meter && !reading->section;
	return 0;
}

/* Where a key's value goes. */
struct place {
	const struct mm_key *key; /* NULL: nobody has such a key */
	void *settings;
	unsigned *given;
};

static bool find_in(const struct mm_key_table *table, void *settings, unsigned *given, const char *name, struct place *ret)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->keys[i].name, name) == 0) {
			*ret = (struct place){&table->keys[i], settings, given ? &given[i] : NULL};
			return true;
		}
	}
	return false;
}

static struct place find_place(struct mm_config_reading *reading, const char *name)
{
	struct place place = {0};

	if (reading->meter) {
		/* An unknown key leaves the place empty, which the caller refuses. */
		(void)find_in(&mm_config_meter_keys, reading->meter,
			      reading->meter_given[reading->meter - reading->config->meter], name, &place);
		return place;
	}
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		const struct mm_config_section *section = &mm_config_sections[i];

		if (strcmp(section->name, reading->section) == 0 &&
		    find_in(section->table, (char *)reading->config + section->offset, reading->given[i], name, &place)) {
			break;
		}
	}
	return place;
}

/* What would be taken into a value that nobody meant: NULL, or how to write it. */
static const char *misread(const char *value)
{
	size_t length = strlen(value);

	if (length > 0 && (strchr(value, '"') || (length > 1 && value[0] == '\'' && value[length - 1] == '\''))) {
		return "the quotes would be part of the value: leave them out";
	}
	if (strncmp(value, "# ", 2) == 0 || strstr(value, " #") || strstr(value, "\t#")) {
		return "a # begins a comment only at the start of a line: write the comment on a line of its own, or with ; "
		       "(where "
		       "the # is part of the value, leave out the blank before it)";
	}
	return NULL;
}

/* How many bytes of a value an error quotes: whole characters. */
static int quoted(const char *value)
{
	size_t length = strnlen(value, 60);

	while (length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80) {
		length--;
	}
	return (int)length;
}

/* The section of the tables that has such a key; NULL: none. */
static const char *section_with(const char *name)
{
	struct place place;

	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		if (find_in(mm_config_sections[i].table, NULL, NULL, name, &place)) {
			return mm_config_sections[i].name;
		}
	}
	return find_in(&mm_config_meter_keys, NULL, NULL, name, &place) ? "meter NAME" : NULL;
}

static void complain_of_unknown(struct mm_config_reading *reading, const char *section, const char *name)
{
	const char *right = section_with(name);

	if (right) {
		mm_config_complain(reading, reading->line, "%s is no key of section [%.70s]: write it below [%s]", name, section,
				   right);
	} else {
		mm_config_complain(reading, reading->line,
				   "unknown key \"%.40s\" in section [%.70s]; minimeter.conf(5) lists them", name, section);
	}
}

/* A section may go on further below; where it says the same once more, one error about the section says so. */
static void complain_of_twice(struct mm_config_reading *reading, const char *section, const char *name, unsigned given)
{
	if (given > reading->begun || reading->begun == reading->first_begun) {
		mm_config_complain(reading, reading->line, "%s is given twice in section [%.70s], first in line %u", name,
				   section, given);
		return;
	}
	reading->section_bad = true;
	mm_config_complain(reading, reading->begun,
			   "section [%.70s] is given twice, first in line %u, and %s in both: write all its keys there%s",
			   section, reading->first_begun, name, reading->meter ? ", or give the second meter another name" : "");
}

static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct mm_config_reading *reading = userdata;
	struct mm_error wrong = {0};
	struct place place;
	const char *what;

	if (reading->section_bad) {
		return 0;
	}
	if (!reading->meter && !reading->section) {
		mm_config_complain(reading, reading->line, "%.40s: no [section] begins above this line", name);
		return 0;
	}
	place = find_place(reading, name);
	if (!place.key) {
		complain_of_unknown(reading, section, name);
		return 0;
	}
	if (*place.given > 0) {
		complain_of_twice(reading, section, name, *place.given);
		return 0;
	}
	*place.given = reading->line;
	what = misread(value);
	if (what) {
		mm_config_complain(reading, reading->line, "%s = %.*s: %s", name, quoted(value), value, what);
	} else if (place.key->type->parse(place.key, value, place.settings, &wrong) < 0) {
		mm_config_complain(reading, reading->line, "%s = %.*s: %s", name, quoted(value), value, wrong.text);
	}
	return 0;
}

static void on_bad(void *userdata, const char *what)
{
	struct mm_config_reading *reading = userdata;

	mm_config_complain(reading, reading->line, "this line %s", what);
}

static int read_file(const char *path, struct mm_config_reading *reading)
{
	static const struct mm_ini_callbacks callbacks = {.key = on_key, .section = on_section, .bad = on_bad};
	FILE *file = fopen(path, "re");
	int r;

	if (!file) {
		r = -errno;
		mm_config_complain(reading, 0, "%s", strerror(-r));
		return r;
	}
	r = mm_ini_read(file, &callbacks, reading, &reading->line);
	fclose(file);
	if (r < 0) {
		mm_config_complain(reading, 0, "cannot be read: %s", strerror(-r));
	}
	return r;
}

/* Names the keys of the front end that were given and mean nothing to its driver. */
static void list_unused(const struct mm_config_reading *reading, char *ret, size_t size)
{
	const struct mm_afe_driver *driver = mm_afe_driver_find(reading->config->front_end_driver);

	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		const struct mm_key_table *table = mm_config_sections[i].table;
		bool of_drivers = table >= mm_afe_keys && table < mm_afe_keys + MM_AFE_KEYS_COUNT;

		for (size_t k = 0; of_drivers && !(driver->keys & 1u << (table - mm_afe_keys)) && k < table->count; k++) {
			if (reading->given[i][k] > 0) {
				mm_config_list(ret, size, table->keys[k].name);
			}
		}
	}
}

/* Puts file and line before each error. */
static void put_places(const char *path, struct mm_config_errors *errors)
{
	for (unsigned i = 0; i < errors->count; i++) {
		struct mm_config_error *error = &errors->error[i];
		struct mm_error text;

		if (error->line > 0) {
			(void)mm_error_set(&text, 0, "%s:%u: %s", path, error->line, error->text);
		} else {
			(void)mm_error_set(&text, 0, "%s: %s", path, error->text);
		}
		strcpy(error->text, text.text);
	}
}

int mm_config_load(const char *path, struct mm_config_errors *errors, struct mm_config **ret)
{
	struct mm_config_reading reading = {.config = calloc(1, sizeof(*reading.config)), .errors = errors};
	int r;

	*errors = (struct mm_config_errors){0};
	if (!reading.config) {
		mm_config_complain(&reading, 0, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		mm_key_set_initial(mm_config_sections[i].table, (char *)reading.config + mm_config_sections[i].offset);
	}
	r = read_file(path, &reading);
	if (r == 0) {
		reading.checking = true;
		mm_config_check(&reading);
	}
	if (errors->count > 0) {
		put_places(path, errors);
		free(reading.config);
		return r < 0 ? r : -EINVAL;
	}
	list_unused(&reading, reading.config->unused, sizeof(reading.config->unused));
	*ret = reading.config;
	return 0;
}
