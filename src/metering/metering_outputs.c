/* SPDX-License-Identifier: MIT */
/* What goes to the outputs of meters, and what comes of it in the journal. */
#include "metering/private.h"

#include <stdio.h>

void mm_metering_show(struct mm_meter_point *point)
{
	const struct mm_meter *meter = &point->meter;
	char display[10], line1[24], line2[24];
	double power_w = 0;

	if (point->config->lcd[0] == '\0') {
		return;
	}
	mm_meter_display(meter, display);
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		power_w += meter->element[e].power_w;
	}
	snprintf(line1, sizeof(line1), "%s kWh", display);
	if (meter->health == MM_HEALTH_OK) {
		snprintf(line2, sizeof(line2), "%.0f W", power_w);
	} else {
		snprintf(line2, sizeof(line2), "%s", mm_health_name(meter->health));
	}
	mm_point_outputs_show(point->outputs, line1, line2);
}

static void note_news(struct mm_metering *metering, const struct mm_meter_point *point)
{
	struct mm_point_outputs_news news;

	if (!mm_point_outputs_news(point->outputs, &news)) {
		return;
	}
	if (news.recovered) {
		mm_journal_add(&metering->journal, point->index, OUTPUTS_RECOVERED);
	}
	if (news.failed) {
		mm_journal_add(&metering->journal, point->index, OUTPUTS_FAILING, news.error.text);
	}
}

int64_t mm_metering_play(struct mm_metering *metering, int64_t now)
{
	int64_t next = MM_CLOCK_NEVER;

	for (unsigned i = 0; i < metering->meter_count; i++) {
		struct mm_meter_point *point = &metering->meters[i];
		enum mm_health health = mm_supervisor_state(metering->supervisor[point->config->front_end])->health;
		int64_t due;

		/* A front end that has gone silent can't vouch for the supply. */
		mm_point_outputs_indicate(point->outputs, point->meter.power_led && health == MM_HEALTH_OK,
					  point->meter.reverse_led);
		due = mm_point_outputs_run(point->outputs, now);
		note_news(metering, point);
		next = due < next ? due : next;
	}
	return next;
}
