/* SPDX-License-Identifier: MIT */
/* Two configurations compared: what drop-ins say otherwise than a text, and what a text in place of a file would lose. */
#include <errno.h>
#include <string.h>

#include "config/private.h"

/* The part of another configuration that has the same section; MM_CONFIG_PARTS: there is none. */
static size_t find_same(const struct mm_config *config, const struct mm_config_part *wanted)
{
	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		const struct mm_config_part part = mm_config_part(config, i);

		if (part.there && part.table == wanted->table && strcmp(part.name, wanted->name) == 0) {
			return i;
		}
	}
	return MM_CONFIG_PARTS;
}

/* ---- What drop-ins say otherwise ---- */

/*
 * Complains of the keys of a part of the text alone that another file gives as well, with another value. Of a meter, what the
 * text does not give is meant to be as if nobody gave it.
 */
static void compare_keys(struct mm_config_reading *reading, const struct mm_config_reading *own, size_t own_number)
{
	const struct mm_config_part own_part = mm_config_part(own->config, own_number);
	size_t number = own_part.there ? find_same(reading->config, &own_part) : MM_CONFIG_PARTS;
	bool whole = own_number >= mm_config_part_of_meter(0);
	struct mm_config_part part;

	if (number == MM_CONFIG_PARTS) {
		return;
	}
	part = mm_config_part(reading->config, number);
	for (size_t k = 0; k < part.table->count; k++) {
		const struct mm_key *key = &part.table->keys[k];
		char value[MM_CONFIG_VALUE_MAX] = "", own_value[MM_CONFIG_VALUE_MAX] = "", section[MM_CONFIG_SECTION_MAX];

		key->type->format(key, (const char *)reading->config + part.offset, value, sizeof(value));
		key->type->format(key, (const char *)own->config + own_part.offset, own_value, sizeof(own_value));
		if ((own->given[own_number][k] > 0 || whole) && reading->given[number][k] != own->given[own_number][k] &&
		    strcmp(value, own_value) != 0) {
			mm_config_complain(reading, reading->given[number][k], "[%.70s] %s = %s counts, not %s",
					   mm_config_section(&part, section), key->name, value,
					   own_value[0] != '\0' ? own_value : "none");
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
	for (size_t i = 0; r == 0 && i < MM_CONFIG_PARTS; i++) {
		compare_keys(&reading, &own, i);
	}
	/* The text's meters are the first. */
	for (unsigned m = r == 0 ? own.config->meter_count : MM_METERS_MAX; m < MM_METERS_MAX && m < reading.config->meter_count;
	     m++) {
		mm_config_complain(&reading, reading.begun_first[mm_config_part_of_meter(m)], "[meter %.70s] is a further meter",
				   reading.config->meter[m].name);
	}
	if (r == 0) {
		mm_config_put_places(&reading);
		r = errors->count > 0;
	}
	mm_config_forget(&own);
	mm_config_forget(&reading);
	return r;
}

/* ---- What a text in place of the file loses ---- */

struct replacing {
	struct mm_config_reading old, newer;
	mm_config_decided_fn *decided;
	void *userdata;
};

/* Keys of a part of the old configuration, and of the one that takes its place. */
static void find_lost(struct replacing *replacing, size_t number, size_t successor)
{
	const struct mm_config *old = replacing->old.config, *newer = replacing->newer.config;
	const struct mm_config_part part = mm_config_part(old, number), next = mm_config_part(newer, successor);
	size_t first_meter = mm_config_part_of_meter(0);
	int meter = successor < first_meter ? -1 : (int)(successor - first_meter);
	char section[MM_CONFIG_SECTION_MAX];

	mm_config_section(&part, section);
	for (size_t k = 0; k < part.table->count; k++) {
		const struct mm_key *key = &part.table->keys[k];
		char value[MM_CONFIG_VALUE_MAX] = "", becomes[MM_CONFIG_VALUE_MAX] = "";

		key->type->format(key, (const char *)old + part.offset, value, sizeof(value));
		key->type->format(key, (const char *)newer + next.offset, becomes, sizeof(becomes));
		if (replacing->old.given[number][k] > 0 && strcmp(value, becomes) != 0 &&
		    !replacing->decided(replacing->userdata, section, meter, key->name)) {
			mm_config_complain(&replacing->old, replacing->old.given[number][k], "[%.70s] %s = %s would become %s",
					   section, key->name, value, becomes[0] != '\0' ? becomes : "none");
		}
	}
}

/* The meter that goes on as this one; -1: none. */
static int find_meter(const struct mm_config *config, const struct mm_config_meter *meter)
{
	int found = -1;

	for (unsigned m = 0; m < config->meter_count; m++) {
		if (strcmp(config->meter[m].name, meter->name) == 0) {
			return (int)m;
		}
		if (meter->serial[0] != '\0' && strcmp(config->meter[m].serial, meter->serial) == 0) {
			found = (int)m;
		}
	}
	return found;
}

/* The part of the new configuration that takes the place of an old one; MM_CONFIG_PARTS: none does. */
static size_t find_successor(const struct replacing *replacing, size_t number)
{
	const struct mm_config *newer = replacing->newer.config;
	const struct mm_config_part part = mm_config_part(replacing->old.config, number);
	size_t first_meter = mm_config_part_of_meter(0);
	int meter;

	if (number < first_meter) {
		return find_same(newer, &part);
	}
	meter = find_meter(newer, &replacing->old.config->meter[number - first_meter]);
	return meter < 0 ? MM_CONFIG_PARTS : mm_config_part_of_meter((unsigned)meter);
}

static void find_all_lost(struct replacing *replacing)
{
	struct mm_config_reading *old = &replacing->old;

	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		const struct mm_config_part part = mm_config_part(old->config, i);
		size_t successor = part.there ? find_successor(replacing, i) : MM_CONFIG_PARTS;
		char section[MM_CONFIG_SECTION_MAX];

		if (successor == MM_CONFIG_PARTS && part.there && old->begun_first[i] > 0) {
			mm_config_complain(old, old->begun_first[i], "[%.70s] would be left out",
					   mm_config_section(&part, section));
		}
		if (successor < MM_CONFIG_PARTS && !mm_config_is_unused(replacing->newer.config, &part)) {
			find_lost(replacing, i, successor);
		}
	}
}

int mm_config_lost(const char *path, const char *text, mm_config_decided_fn *decided, void *userdata,
		   struct mm_config_errors *errors)
{
	struct mm_config_errors ignored; /* what is wrong is not what is lost */
	struct replacing replacing = {.old = {.errors = &ignored, .alone = true},
				      .newer = {.errors = &ignored, .alone = true},
				      .decided = decided,
				      .userdata = userdata};
	int r = mm_config_read(path, text, &replacing.newer);

	*errors = (struct mm_config_errors){0};
	if (r != -ENOMEM) {
		r = mm_config_read(path, NULL, &replacing.old);
	}
	if (r != -ENOMEM) {
		replacing.old.errors = errors;
		find_all_lost(&replacing);
		mm_config_put_places(&replacing.old);
		r = errors->count > 0;
	}
	mm_config_forget(&replacing.old);
	mm_config_forget(&replacing.newer);
	return r;
}
