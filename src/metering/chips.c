/* SPDX-License-Identifier: MIT */
#include "metering/chips.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE "chip"
#define SHORT_MAX 80

struct mm_chips {
	const struct mm_config *config;
	unsigned front_end;
	char chip[MM_AFE_CHIP_MAX];
	struct mm_store_event event;
	bool changed[MM_METERS_MAX]; /* from another chip */
	char before[MM_METERS_MAX][SHORT_MAX];
};

int mm_chips_new(const struct mm_config *config, unsigned front_end, const char *chip, struct mm_clock *clock,
		 struct mm_chips **ret)
{
	struct mm_chips *chips = calloc(1, sizeof(*chips));

	if (!chips) {
		return -ENOMEM;
	}
	chips->config = config;
	chips->front_end = front_end;
	snprintf(chips->chip, sizeof(chips->chip), "%s", chip);
	chips->event = mm_store_event_now(clock, 0, CODE);
	*ret = chips;
	return 0;
}

void mm_chips_free(struct mm_chips *chips)
{
	free(chips);
}

/* For people: of the path the last component, which is what they see below /sys/bus/spi/devices. */
static const char *shorten(const char *chip, char ret[static SHORT_MAX])
{
	const char *at = strstr(chip, " at "), *slash = strrchr(chip, '/');
	const char *place = at && slash && slash > at ? slash + 1 : at ? at + 4 : "";

	snprintf(ret, SHORT_MAX, "%.*s%s%s", at ? (int)(at - chip) : (int)strlen(chip), chip, at ? " at " : "", place);
	return ret;
}

/* The chip of the last record. */
static bool take_last(void *userdata, const struct mm_store_event *event, const char *data)
{
	json_t *record = json_loads(data, 0, NULL);
	const char *chip = json_string_value(json_object_get(record, "chip"));

	(void)event;
	snprintf(userdata, MM_AFE_CHIP_MAX, "%s", chip ? chip : "");
	json_decref(record);
	return true;
}

static int add_record(struct mm_store *store, const struct mm_chips *chips, const struct mm_store_event *event)
{
	json_t *record =
		json_pack("{s:s, s:s}", "chip", chips->chip, "front_end", chips->config->front_end[chips->front_end].name);
	char *data = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	int r = data ? mm_store_record(store, event, data) : -ENOMEM;

	free(data);
	json_decref(record);
	return r;
}

static int record_meter(struct mm_store *store, struct mm_chips *chips, unsigned meter)
{
	struct mm_store_event event = chips->event;
	char last[MM_AFE_CHIP_MAX] = "", now[SHORT_MAX];
	int r = mm_store_records(store, CODE, (int)meter, take_last, last);

	if (r < 0 || strcmp(last, chips->chip) == 0) {
		return r;
	}
	event.meter = (int)meter;
	if (last[0] == '\0') {
		snprintf(event.text, sizeof(event.text), "metered by %s", shorten(chips->chip, now));
	} else {
		snprintf(event.text, sizeof(event.text), "metered by another chip: %s; before by %s", shorten(chips->chip, now),
			 shorten(last, chips->before[meter]));
	}
	r = add_record(store, chips, &event);
	chips->changed[meter] = r == 0 && last[0] != '\0';
	return r;
}

int mm_chips_record(struct mm_store *store, void *userdata)
{
	struct mm_chips *chips = userdata;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < chips->config->meter_count; i++) {
		if (chips->config->meter[i].front_end == chips->front_end) {
			r = record_meter(store, chips, i);
		}
	}
	return r;
}

void mm_chips_log(const struct mm_chips *chips)
{
	char now[SHORT_MAX];

	for (unsigned i = 0; i < chips->config->meter_count; i++) {
		if (chips->changed[i]) {
			mm_log_event(CHIP_CHANGED, chips->config->meter[i].name, shorten(chips->chip, now), chips->before[i]);
		}
	}
}
