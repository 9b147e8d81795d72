/* SPDX-License-Identifier: MIT */
/* The engine's side of the outputs: what goes to them, and what comes of it in the audit trail. */
#include "metering/engine.h"

#include <stdio.h>

#include "core/units.h"

void mm_engine_show(struct mm_engine_meter *em)
{
	char display[10], line1[24], line2[24];
	double power_w = 0;

	if (em->config->lcd[0] == '\0') {
		return;
	}
	mm_meter_display(&em->meter, display);
	for (unsigned e = 0; e < em->meter.config.model.elements; e++) {
		power_w += em->meter.element[e].power_w;
	}
	snprintf(line1, sizeof(line1), "%s kWh", display);
	if (em->meter.health == MM_HEALTH_OK) {
		snprintf(line2, sizeof(line2), "%.0f W", power_w);
	} else {
		snprintf(line2, sizeof(line2), "%s", mm_health_name(em->meter.health));
	}
	mm_point_outputs_show(em->outputs, line1, line2);
}

static void log_news(struct mm_engine *engine, struct mm_engine_meter *em)
{
	struct mm_point_outputs_news news;

	if (!mm_point_outputs_news(em->outputs, &news)) {
		return;
	}
	if (news.recovered) {
		mm_journal_add(&engine->journal, em->index, OUTPUTS_RECOVERED);
	}
	if (news.failed) {
		mm_journal_add(&engine->journal, em->index, OUTPUTS_FAILING, news.message);
	}
}

int64_t mm_engine_play(struct mm_engine *engine, int64_t now)
{
	int64_t next = MM_CLOCK_NEVER;

	for (unsigned i = 0; i < engine->meter_count; i++) {
		struct mm_engine_meter *em = &engine->meters[i];
		int64_t due;

		/* A front end that has gone silent can't vouch for the supply. */
		mm_point_outputs_indicate(em->outputs, em->meter.power_led && engine->health == MM_HEALTH_OK,
					  em->meter.reverse_led);
		due = mm_point_outputs_run(em->outputs, now);
		log_news(engine, em);
		next = due < next ? due : next;
	}
	return next;
}
