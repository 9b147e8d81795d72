/* SPDX-License-Identifier: MIT */
/* Settings of a whole configuration: what a reload may change, all of them as a list, and those that have no use. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/private.h"

/* ---- Reloading ---- */

static bool has_same_front_ends(const struct mm_config *a, const struct mm_config *b)
{
	bool same = a->front_end_count == b->front_end_count;

	for (unsigned i = 0; same && i < a->front_end_count; i++) {
		same = strcmp(a->front_end[i].name, b->front_end[i].name) == 0;
	}
	return same;
}

static void reload_part(struct mm_config *config, const struct mm_config *newer, const struct mm_config_part *part, char *ignored,
			size_t size)
{
	for (size_t k = 0; k < part->table->count; k++) {
		const struct mm_key *key = &part->table->keys[k];
		char *mine = (char *)config + part->offset + key->offset;
		const char *theirs = (const char *)newer + part->offset + key->offset;

		if (key->live) {
			memcpy(mine, theirs, key->size);
		} else if (memcmp(mine, theirs, key->size) != 0) {
			char section[MM_CONFIG_SECTION_MAX], name[MM_CONFIG_SECTION_MAX + 64];

			snprintf(name, sizeof(name), "[%s] %s", mm_config_section(part, section), key->name);
			mm_text_list(ignored, size, part->name[0] ? name : key->name);
		}
	}
}

/* Does a meter differ in its tariff at most? Then it has the newer one. */
static void reload_tariff(struct mm_config_meter *meter, const struct mm_config_meter *newer)
{
	char mine[sizeof(meter->tariff)];

	memcpy(mine, meter->tariff, sizeof(mine));
	memcpy(meter->tariff, newer->tariff, sizeof(mine));
	if (memcmp(meter, newer, sizeof(*meter)) != 0) {
		memcpy(meter->tariff, mine, sizeof(mine));
	}
}

/* Tariffs change what is made of the register, not what is in it. */
static void reload_tariffs(struct mm_config *config, const struct mm_config *newer)
{
	config->tariff_count = newer->tariff_count;
	config->rate_count = newer->rate_count;
	memcpy(config->tariff, newer->tariff, sizeof(config->tariff));
	memcpy(config->rate, newer->rate, sizeof(config->rate));
	for (unsigned i = 0; i < config->meter_count; i++) {
		reload_tariff(&config->meter[i], &newer->meter[i]);
	}
}

void mm_config_reload(struct mm_config *config, const struct mm_config *newer, char *ignored, size_t size)
{
	bool same_front_ends = has_same_front_ends(config, newer);

	ignored[0] = '\0';
	for (size_t i = 0; i < mm_config_part_of_meter(0); i++) {
		const struct mm_config_part part = mm_config_part(config, i);

		if (part.there && part.table != &mm_config_tariff_keys && part.table != &mm_config_rate_keys &&
		    (same_front_ends || strcmp(part.kind, "front-end") != 0)) {
			reload_part(config, newer, &part, ignored, size);
		}
	}
	if (!same_front_ends) {
		mm_text_list(ignored, size, "[front-end] sections");
	}
	reload_tariffs(config, newer);
	if (config->meter_count != newer->meter_count || memcmp(config->meter, newer->meter, sizeof(config->meter)) != 0) {
		mm_text_list(ignored, size, "[meter] sections");
	}
}

const char *mm_config_copy(const struct mm_config *config, char ret[static MM_COPY_LEN_MAX])
{
	if (config->copy_path[0] == '\0') {
		snprintf(ret, MM_COPY_LEN_MAX, "%s" MM_COPY_SUFFIX, config->register_path);
		return ret;
	}
	return strcmp(config->copy_path, "none") == 0 ? NULL : config->copy_path;
}

/* ---- Listing ---- */

void mm_config_each(const struct mm_config *config, void (*fn)(void *userdata, const char *name, const char *value),
		    void *userdata)
{
	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		const struct mm_config_part part = mm_config_part(config, i);

		for (size_t k = 0; part.there && k < part.table->count; k++) {
			const struct mm_key *key = &part.table->keys[k];
			char section[MM_CONFIG_SECTION_MAX], name[MM_CONFIG_SECTION_MAX + 64], value[MM_CONFIG_VALUE_MAX];

			snprintf(name, sizeof(name), "%s.%s", mm_config_section(&part, section), key->name);
			key->type->format(key, (const char *)config + part.offset, value, sizeof(value));
			fn(userdata, name, value);
		}
	}
}

bool mm_config_is_unused(const struct mm_config *config, const struct mm_config_part *part)
{
	const struct mm_config_front_end *front_end = mm_config_find_front_end(config, part->name);
	bool of_drivers = part->table >= mm_afe_keys && part->table < mm_afe_keys + MM_AFE_KEYS_COUNT;

	return of_drivers && front_end && !(mm_afe_driver_find(front_end->driver)->keys & 1u << (part->table - mm_afe_keys));
}

bool mm_config_has_unused(const struct mm_config_front_end *front_end, struct mm_error *ret)
{
	char section[MM_CONFIG_SECTION_MAX];

	if (front_end->unused[0] == '\0') {
		return false;
	}
	mm_error_say(ret, "[%s]: %s takes no %s", mm_config_section_of(front_end, section), front_end->driver, front_end->unused);
	return true;
}
