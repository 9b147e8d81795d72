/* SPDX-License-Identifier: MIT */
/* From lines to a configuration: each by its key's type. A key that an earlier file has given is given again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ini.h"
#include "config/private.h"

/* A section begins, which may have begun already, in this file or one before it. part: its first one. */
static void begin(struct mm_config_reading *reading, size_t part)
{
	if (reading->begun_here[part] == 0) {
		reading->begun_here[part] = reading->line;
	}
	if (reading->begun_first[part] == 0) {
		reading->begun_first[part] = reading->line;
	}
	reading->first_begun = reading->begun_here[part];
	reading->part = part;
	reading->last_part = mm_config_last_part(reading->config, part);
	reading->in_section = true;
}

/* Is this a name for a section? Else it has complained. kind: for people. */
static bool is_name(struct mm_config_reading *reading, const char *kind, const char *whose, const char *name)
{
	if (name[0] == '\0' || strlen(name) >= MM_NAME_MAX) {
		mm_config_complain(reading, reading->line, "%s section has a name of 1 to %d characters: [%s NAME]", whose,
				   MM_NAME_MAX - 1, kind);
		return false;
	}
	if (strchr(name, '"')) {
		mm_config_complain(reading, reading->line, "[%s %s]: quotes would be part of the name; leave them out", kind,
				   name);
		return false;
	}
	return true;
}

static void begin_meter(struct mm_config_reading *reading, const char *name)
{
	struct mm_config *config = reading->config;
	struct mm_config_meter *meter;
	unsigned i = 0;

	if (!is_name(reading, "meter", "a meter's", name)) {
		return;
	}
	while (i < config->meter_count && strcmp(config->meter[i].name, name) != 0) {
		i++;
	}
	if (i == MM_METERS_MAX) {
		mm_config_complain(reading, reading->line, "more than %d meters", MM_METERS_MAX);
		return;
	}
	if (i == config->meter_count) {
		meter = &config->meter[config->meter_count++];
		strcpy(meter->name, name);
		for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
			meter->phase[e] = -1;
		}
		meter->ct_sets = 1;
		meter->multiplier = 1;
		meter->generic.wires = MM_WIRES_COUNT;
	}
	begin(reading, mm_config_part_of_meter(i));
}

static void begin_tariff(struct mm_config_reading *reading, const char *name)
{
	struct mm_config *config = reading->config;
	unsigned i = 0;

	if (name[0] == '\0' || strchr(name, ' ') || strlen(name) >= MM_TARIFF_NAME_MAX) {
		mm_config_complain(reading, reading->line,
				   "a tariff's section has a name of one word, 1 to %d characters: [tariff NAME]",
				   MM_TARIFF_NAME_MAX - 1);
		return;
	}
	while (i < config->tariff_count && strcmp(config->tariff[i].name, name) != 0) {
		i++;
	}
	if (i == MM_TARIFFS_MAX) {
		mm_config_complain(reading, reading->line, "more than %d tariffs", MM_TARIFFS_MAX);
		return;
	}
	if (i == config->tariff_count) {
		strcpy(config->tariff[config->tariff_count++].name, name);
	}
	begin(reading, mm_config_part_of_tariff(i));
}

/* name: that of the tariff and its own. */
static void begin_rate(struct mm_config_reading *reading, const char *name)
{
	struct mm_config *config = reading->config;
	size_t length = strcspn(name, " "), own = length + strspn(name + length, " ");
	char text[MM_TARIFF_NAME_MAX + MM_RATE_NAME_MAX];
	unsigned i = 0;

	if (length == 0 || length >= MM_TARIFF_NAME_MAX || name[own] == '\0' || strlen(name + own) >= MM_RATE_NAME_MAX) {
		mm_config_complain(
			reading, reading->line,
			"a rate's section has the name of its tariff and its own, of 1 to %d characters: [rate TARIFF NAME]",
			MM_RATE_NAME_MAX - 1);
		return;
	}
	snprintf(text, sizeof(text), "%.*s %s", (int)length, name, name + own);
	while (i < config->rate_count && strcmp(config->rate[i].name, text) != 0) {
		i++;
	}
	if (i == MM_RATES_MAX) {
		mm_config_complain(reading, reading->line, "more than %d rates", MM_RATES_MAX);
		return;
	}
	if (i == config->rate_count) {
		strcpy(config->rate[config->rate_count++].name, text);
	}
	begin(reading, mm_config_part_of_rate(i));
}

/* name: empty, of a section [front-end]. */
static void begin_front_end(struct mm_config_reading *reading, const char *name)
{
	struct mm_config *config = reading->config;
	unsigned i = 0;

	if (name[0] != '\0' && !is_name(reading, "front-end", "a front end's", name)) {
		return;
	}
	if (strchr(name, ':')) {
		mm_config_complain(reading, reading->line,
				   "[front-end %s]: a colon ends the name in element1 = NAME:A; leave it out", name);
		return;
	}
	while (i < config->front_end_count && strcmp(config->front_end[i].name, name) != 0) {
		i++;
	}
	if (i == MM_FRONT_ENDS_MAX) {
		mm_config_complain(reading, reading->line, "more than %d front ends", MM_FRONT_ENDS_MAX);
		return;
	}
	if (i == config->front_end_count) {
		mm_config_add_front_end(config, name);
	}
	begin(reading, mm_config_part_of_front_end(i));
}

/* A section that there is once at most begins, or there is a complaint. */
static void begin_plain(struct mm_config_reading *reading, const char *name)
{
	for (size_t i = 0; i < mm_config_part_of_meter(0); i++) {
		const struct mm_config_part part = mm_config_part(reading->config, i);

		if (part.there && part.name[0] == '\0' && strcmp(part.kind, name) == 0) {
			begin(reading, i);
			return;
		}
		if (strcasecmp(part.kind, name) == 0) {
			mm_config_complain(reading, reading->line, "unknown section [%s]: write [%s]", name, part.kind);
			return;
		}
	}
	if (strncasecmp(name, "meter", 5) == 0) {
		mm_config_complain(reading, reading->line, "unknown section [%s]: a meter's is [meter NAME], in small letters",
				   name);
	} else if (strncasecmp(name, "front-end", 9) == 0) {
		mm_config_complain(reading, reading->line,
				   "unknown section [%s]: a front end's is [front-end NAME], in small letters", name);
	} else {
		mm_config_complain(reading, reading->line,
				   "unknown section [%s]; there are [daemon], [front-end], [front-end NAME], [outputs], "
				   "[power-fail], [tariff NAME], [rate TARIFF NAME] and [meter NAME]",
				   name);
	}
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

/* Is it a section of that kind? Then ret_name is the name behind it, which can be empty. */
static bool is_of(const char *section, const char *kind, const char **ret_name)
{
	size_t length = strlen(kind);

	if (strncmp(section, kind, length) != 0 || (section[length] != '\0' && section[length] != ' ')) {
		return false;
	}
	*ret_name = section + length + strspn(section + length, " ");
	return true;
}

static int on_section(void *userdata, const char *section)
{
	struct mm_config_reading *reading = userdata;
	const char *name;

	reading->in_section = false;
	reading->begun = reading->first_begun = reading->line;
	if (is_of(section, "meter", &name)) {
		begin_meter(reading, name);
	} else if (is_of(section, "front-end", &name)) {
		begin_front_end(reading, name);
	} else if (is_of(section, "tariff", &name)) {
		begin_tariff(reading, name);
	} else if (is_of(section, "rate", &name)) {
		begin_rate(reading, name);
	} else {
		begin_plain(reading, section);
	}
	reading->section_bad = !reading->in_section;
	reading->front_end_unread |= reading->section_bad && strncasecmp(section, "front-end", strlen("front-end")) == 0;
	return 0;
}

/* Where a key's value goes. */
struct place {
	const struct mm_key *key; /* NULL: nobody has such a key */
	void *settings;
	unsigned *given;
};

static const struct mm_key *find_key(const struct mm_key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->keys[i].name, name) == 0) {
			return &table->keys[i];
		}
	}
	return NULL;
}

static struct place find_place(struct mm_config_reading *reading, const char *name)
{
	struct place place = {0};

	for (size_t i = reading->part; !place.key && i <= reading->last_part; i++) {
		const struct mm_config_part part = mm_config_part(reading->config, i);

		place.key = find_key(part.table, name);
		place.settings = (char *)reading->config + part.offset;
		place.given = place.key ? &reading->given[i][place.key - part.table->keys] : NULL;
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

/* The kind of section that has such a key, and what its name is; NULL: none. */
static const char *section_with(const struct mm_config_reading *reading, const char *name)
{
	static const struct {
		const char *kind, *section;
	} named[] = {{"meter", "meter NAME"}, {"tariff", "tariff NAME"}, {"rate", "rate TARIFF NAME"}};

	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		const struct mm_config_part part = mm_config_part(reading->config, i);

		for (size_t k = 0; find_key(part.table, name) && k < COUNT_OF(named); k++) {
			if (strcmp(part.kind, named[k].kind) == 0) {
				return named[k].section;
			}
		}
		if (find_key(part.table, name)) {
			return part.kind;
		}
	}
	return NULL;
}

static void complain_of_unknown(struct mm_config_reading *reading, const char *section, const char *name)
{
	const char *right = section_with(reading, name);

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
			   reading->part >= mm_config_part_of_meter(0) ? ", or give the second meter another name" : "");
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
	if (!reading->in_section) {
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
	if (!reading->bad || strcmp(what, reading->bad) != 0) {
		mm_config_complain(reading, reading->line, "this line %s", what);
	}
	reading->bad = what;
}

int mm_config_read_lines(struct mm_config_reading *reading, FILE *file)
{
	static const struct mm_ini_callbacks callbacks = {.line = on_line, .key = on_key, .section = on_section, .bad = on_bad};

	memset(reading->begun_here, 0, sizeof(reading->begun_here));
	reading->bad = NULL;
	reading->in_section = false;
	reading->section_bad = false;
	return mm_ini_read(file, &callbacks, reading, &reading->file_line);
}
