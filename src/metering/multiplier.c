/* SPDX-License-Identifier: MIT */
#include "metering/multiplier.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/events.h"

/* What the trail has of it. */
struct trail {
	double multiplier; /* of the last record: nobody writes others */
	int64_t record_id, lost_id;
};

static bool take(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct trail *trail = userdata;
	json_t *record = json_loads(data ? data : "", 0, NULL);

	if (json_unpack(record, "{s:F}", "multiplier", &trail->multiplier) == 0) {
		trail->record_id = event->id;
	}
	json_decref(record);
	return true;
}

static bool take_loss(void *userdata, const struct mm_store_event *event, const char *data)
{
	if (data && strcmp(data, MM_STORE_HISTORY_LOST) == 0) {
		((struct trail *)userdata)->lost_id = event->id;
	}
	return true;
}

static int read_trail(struct mm_store *store, int meter, struct trail *ret)
{
	int r;

	*ret = (struct trail){.multiplier = 1};
	r = mm_store_records(store, MM_MULTIPLIER_RECORD, meter, take, ret);
	return r < 0 ? r : mm_store_records(store, MM_STORE_RECOVERED, -1, take_loss, ret);
}

static int record(struct mm_store *store, const struct mm_store_event *event, double multiplier, json_t *was)
{
	json_t *record = json_pack("{s:f, s:o}", "multiplier", multiplier, "was", was);
	char *data = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
	int r = data ? mm_store_record(store, event, data) : -ENOMEM;

	free(data);
	json_decref(record);
	return r;
}

int mm_multiplier_settle(struct mm_store *store, struct mm_clock *clock, const struct mm_meter_point *point)
{
	struct mm_store_event event = mm_store_event_now(clock, point->index, MM_MULTIPLIER_RECORD);
	const struct mm_registers *registers = &point->meter.registers;
	double multiplier = point->config->multiplier;
	char was[64] = "was: not known, the trail from before is lost";
	struct trail trail;
	int r = read_trail(store, point->index, &trail);
	bool known = trail.record_id >= trail.lost_id;

	if (r < 0 || (known && multiplier == trail.multiplier)) {
		return r;
	}
	if (known) {
		snprintf(was, sizeof(was), "was: by %.10g", trail.multiplier);
	}
	snprintf(event.text, sizeof(event.text),
		 "energy and power are multiplied by %.10g from %.6f kWh delivered, %.6f kWh received on (%s)", multiplier,
		 (double)registers->delivered.uwh / (double)MM_UWH_PER_KWH,
		 (double)registers->received.uwh / (double)MM_UWH_PER_KWH, was);
	r = record(store, &event, multiplier, known ? json_real(trail.multiplier) : json_null());
	if (r == 0) {
		mm_log_event(MULTIPLIER, point->config->name, event.text);
	}
	return r;
}
