/* SPDX-License-Identifier: MIT */
#include "metering/settings.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/events.h"
#include "base/hex.h"

#define CODE "configuration"
#define ZONE_CODE "time-zone"
#define ZONE "daemon.time_zone"
/* Of the digest, in the text for people; all of it is in the data. */
#define DIGEST_SHOWN 16

struct mm_settings {
	struct mm_store_event event;
	json_t *values; /* name -> value as in the file */
};

static void take(void *userdata, const char *name, const char *value)
{
	(void)json_object_set_new(userdata, name, json_string(value));
}

int mm_settings_new(const struct mm_config *config, struct mm_clock *clock, struct mm_settings **ret)
{
	struct mm_settings *settings = calloc(1, sizeof(*settings));

	if (!settings) {
		return -ENOMEM;
	}
	settings->event = mm_store_event_now(clock, -1, CODE);
	settings->values = json_object();
	mm_config_each(config, take, settings->values);
	*ret = settings;
	return 0;
}

void mm_settings_free(struct mm_settings *settings)
{
	if (settings) {
		json_decref(settings->values);
		free(settings);
	}
}

/* The values of the last record in the trail. */
static bool take_last(void *userdata, const struct mm_store_event *event, const char *data)
{
	json_t **last = userdata, *record = json_loads(data, 0, NULL);

	(void)event;
	json_decref(*last);
	*last = json_incref(json_object_get(record, "values"));
	json_decref(record);
	return true;
}

static void list(char *text, size_t size, const char *name)
{
	size_t used = strlen(text);

	if (used + strlen(name) + 8 < size) {
		snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
	} else if (used > 4 && strcmp(text + used - 3, "...") != 0) {
		snprintf(text + used, size - used, ", ...");
	}
}

/* Names of what is new, other or gone. */
static void list_changes(const json_t *values, const json_t *last, char *ret, size_t size)
{
	const char *name;
	json_t *value;

	ret[0] = '\0';
	json_object_foreach((json_t *)values, name, value)
	{
		if (!json_equal(value, json_object_get(last, name))) {
			list(ret, size, name);
		}
	}
	json_object_foreach((json_t *)last, name, value)
	{
		if (!json_object_get(values, name)) {
			list(ret, size, name);
		}
	}
}

/* SHA-256 of the values as compact JSON with sorted keys, in hex. */
static int digest(const json_t *values, char ret[static MM_HEX_MAX(32)])
{
	char *text = json_dumps(values, JSON_COMPACT | JSON_SORT_KEYS);
	unsigned char hash[32];
	bool ok = text && EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) == 1;

	free(text);
	if (ok) {
		mm_hex(hash, sizeof(hash), ret);
	}
	return ok ? 0 : -ENOMEM;
}

static int add_record(struct mm_store *store, struct mm_settings *settings, const char *sha256)
{
	json_t *record = json_pack("{s:s, s:O}", "sha256", sha256, "values", settings->values);
	char *data = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	int r = data ? mm_store_record(store, &settings->event, data) : -ENOMEM;

	free(data);
	json_decref(record);
	return r;
}

/* A zone that is not known from before, by a version that had none, has not changed. */
static int record_zone(struct mm_store *store, const struct mm_settings *settings, const json_t *last)
{
	const char *zone = json_string_value(json_object_get(settings->values, ZONE));
	const char *was = json_string_value(json_object_get(last, ZONE));
	struct mm_store_event event = settings->event;
	json_t *record;
	char *data;
	int r;

	if (!zone || !was || strcmp(zone, was) == 0) {
		return 0;
	}
	strcpy(event.code, ZONE_CODE);
	snprintf(event.text, sizeof(event.text), "days, months and rates are those of %s from here on (was: %s)", zone, was);
	record = json_pack("{s:s, s:s}", "time_zone", zone, "was", was);
	data = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	r = data ? mm_store_record(store, &event, data) : -ENOMEM;
	if (r == 0) {
		mm_log_event(TIME_ZONE, NULL, event.text);
	}
	free(data);
	json_decref(record);
	return r;
}

int mm_settings_record(struct mm_store *store, void *userdata)
{
	struct mm_settings *settings = userdata;
	char sha256[MM_HEX_MAX(32)], changes[sizeof(settings->event.text) - DIGEST_SHOWN - 32];
	json_t *last = NULL;
	int r = mm_store_records(store, CODE, -1, take_last, &last);

	if (r == 0) {
		r = digest(settings->values, sha256);
	}
	/* Before the settings, by which the next start knows that it is on record. */
	if (r == 0) {
		r = record_zone(store, settings, last);
	}
	if (r == 0 && !json_equal(settings->values, last)) {
		list_changes(settings->values, last, changes, sizeof(changes));
		snprintf(settings->event.text, sizeof(settings->event.text), "settings %.*s: %s%s", DIGEST_SHOWN, sha256,
			 last ? "changed " : "the first", last ? changes : "");
		r = add_record(store, settings, sha256);
	}
	json_decref(last);
	return r;
}
