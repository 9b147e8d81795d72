/* SPDX-License-Identifier: MIT */
#include "metering/multiplier.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/events.h"

/* The multiplier of the last record: nobody writes others. */
static bool take(void *userdata, const struct mm_store_event *event, const char *data)
{
	double *last = userdata;
	json_t *record = json_loads(data ? data : "", 0, NULL);

	(void)event;
	(void)json_unpack(record, "{s:F}", "multiplier", last); /* what is no record leaves it */
	json_decref(record);
	return true;
}

int mm_multiplier_settle(struct mm_store *store, struct mm_clock *clock, const struct mm_meter_point *point)
{
	struct mm_store_event event = {.boottime_ns = mm_clock_boottime(clock),
				       .realtime_ns = mm_clock_realtime(clock),
				       .meter = point->index,
				       .code = MM_MULTIPLIER_RECORD};
	double multiplier = point->config->multiplier, last = 1;
	int r = mm_store_records(store, MM_MULTIPLIER_RECORD, point->index, take, &last);
	json_t *record;
	char *data;

	if (r < 0 || multiplier == last) {
		return r;
	}
	snprintf(event.text, sizeof(event.text), "energy and power are multiplied by %.10g from %.6f kWh on (was: by %.10g)",
		 multiplier, (double)point->meter.registers.delivered.uwh / (double)MM_UWH_PER_KWH, last);
	record = json_pack("{s:f, s:f}", "multiplier", multiplier, "was", last);
	data = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
	r = data ? mm_store_record(store, &event, data) : -ENOMEM;
	if (r == 0) {
		mm_log_event(MULTIPLIER, point->config->name, event.text);
	}
	free(data);
	json_decref(record);
	return r;
}
