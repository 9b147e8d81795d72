/* SPDX-License-Identifier: MIT */
/* From lines to a configuration: each by its key's type. A key that an earlier file has given is given again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "config/private.h"

/* A section begins, which may have begun in this file already. */
static void begin(struct mm_config_reading *reading, unsigned *here)
{
	if (*here == 0) {
		*here = reading->line;
	}
	reading->first_begun = *here;
}

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
			begin(reading, &reading->meter_here[i]);
			return &config->meter[i];
		}
	}
	if (config->meter_count == MM_METERS_MAX) {
		mm_config_complain(reading, reading->line, "more than %d meters", MM_METERS_MAX);
		return NULL;
	}
	meter = &config->meter[config->meter_count];
	reading->meter_line[config->meter_count] = reading->line;
	begin(reading, &reading->meter_here[config->meter_count++]);
	strcpy(meter->name, name);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		meter->phase[e] = -1;
	}
	meter->ct_sets = 1;
	meter->multiplier = 1;
	meter->generic.wires = MM_WIRES_COUNT;
	return meter;
}

/* A section of the tables begins: its name there, or NULL after a complaint. */
static const char *begin_section(struct mm_config_reading *reading, const char *name)
{
	for (size_t i = 0; i < MM_CONFIG_SECTIONS; i++) {
		const char *known = mm_config_sections[i].name;

		if (strcmp(known, name) == 0) {
			begin(reading, &reading->section_here[i]);
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

static unsigned base_of_file(const struct mm_config_reading *reading)
{
	return reading->file[reading->file_count - 1].base;
}

/* Before all that a line has to say. */
static int on_line(void *userdata, const char *line)
{
	struct mm_config_reading *reading = userdata;

	(void)line;
	reading->line = base_of_file(reading) + reading->file_line;
	return 0;
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
				   section, given - base_of_file(reading));
		return;
	}
	reading->section_bad = true;
	mm_config_complain(reading, reading->begun,
			   "section [%.70s] is given twice, first in line %u, and %s in both: write all its keys there%s",
			   section, reading->first_begun - base_of_file(reading), name,
			   reading->meter ? ", or give the second meter another name" : "");
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
	if (*place.given > base_of_file(reading)) {
		complain_of_twice(reading, section, name, *place.given);
		return 0;
	}
	*place.given = reading->line;
	what = mm_ini_value_fault(value);
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

	reading->line = base_of_file(reading) + reading->file_line; /* on_line() comes later */
	mm_config_complain(reading, reading->line, "this line %s", what);
}

int mm_config_read_lines(struct mm_config_reading *reading, FILE *file)
{
	static const struct mm_ini_callbacks callbacks = {.line = on_line, .key = on_key, .section = on_section, .bad = on_bad};

	memset(reading->section_here, 0, sizeof(reading->section_here));
	memset(reading->meter_here, 0, sizeof(reading->meter_here));
	reading->section = NULL;
	reading->meter = NULL;
	reading->section_bad = false;
	return mm_ini_read(file, &callbacks, reading, &reading->file_line);
}
