/* SPDX-License-Identifier: MIT */
/* The engine's outputs: edges played when they are due, indicators, the display, and lines that fail and come back. */
#include "metering/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/units.h"

#define OUTPUTS_RETRY_NS (5 * MM_NS_PER_S)

int mm_engine_make_outputs(struct mm_engine *engine, struct mm_engine_meter *em, bool resumed,
			   char message[static MM_OUTPUTS_MESSAGE_MAX])
{
	struct mm_outputs_config lines = {.consumer = "minimeterd", .meter = em->config->name, .resumed = resumed};
	int r;

	memcpy(lines.line, em->config->line, sizeof(lines.line));
	memcpy(lines.level, em->level, sizeof(lines.level));
	r = engine->outputs_new(engine->config, &lines, engine->clock, message, &em->outputs);
	/* The levels follow from where the lines are: one that went dark with the process stays so to the end of its pulse. */
	if (r == 0 && em->outputs) {
		memcpy(em->level, em->outputs->level, sizeof(em->level));
	}
	return r;
}

static void outputs_failed(struct mm_engine *engine, struct mm_engine_meter *em, const char *message)
{
	mm_outputs_free(em->outputs);
	em->outputs = NULL;
	engine->outputs_retry_ns = mm_clock_boottime(engine->clock) + OUTPUTS_RETRY_NS;
	if (!em->outputs_failing) {
		em->outputs_failing = true;
		mm_journal_add(&engine->journal, em->index, OUTPUTS_FAILING, message);
	}
}

static void drive(struct mm_engine *engine, struct mm_engine_meter *em, enum mm_output output, bool level, int64_t at_ns,
		  int64_t position_uwh)
{
	int r;

	if (em->level[output] == level) {
		return;
	}
	em->level[output] = level;
	em->edges[output]++;
	if (!em->outputs) {
		return;
	}
	r = em->outputs->ops->set(em->outputs, output, level, at_ns, position_uwh);
	if (r < 0) {
		char message[64];

		snprintf(message, sizeof(message), "output %s: %s", mm_output_name(output), strerror(-r));
		outputs_failed(engine, em, message);
	}
}

void mm_engine_settle_edge(struct mm_engine *engine, struct mm_engine_meter *em, const struct mm_edge *edge)
{
	/*
	 * A line that went dark with the process tells nothing. The edge was noted just before the call that makes it, so that in
	 * all but one case in thousands it was made.
	 */
	if (!em->outputs || em->outputs->held[edge->output]) {
		drive(engine, em, edge->output, edge->level, edge->at_ns + MM_OUTPUT_DELAY_NS, edge->position_uwh);
	}
}

/* The level an indicator has by itself. A front end that has gone silent can't vouch for the supply. */
static bool indicator_level(const struct mm_engine *engine, const struct mm_engine_meter *em, enum mm_output output)
{
	return output == MM_OUTPUT_LED_POWER ? em->meter.power_led && engine->health == MM_HEALTH_OK : em->meter.reverse_led;
}

static void drive_indicators(struct mm_engine *engine, struct mm_engine_meter *em, int64_t now)
{
	for (enum mm_output o = MM_OUTPUT_LED_POWER; o <= MM_OUTPUT_LED_REVERSE; o++) {
		bool under_test = em->test_until_ns[o] > now;

		if (!under_test) {
			em->test_until_ns[o] = 0;
		}
		drive(engine, em, o, indicator_level(engine, em, o) != under_test, now, 0);
	}
}

static void retry_outputs(struct mm_engine *engine, int64_t now)
{
	if (engine->outputs_retry_ns == 0 || now < engine->outputs_retry_ns) {
		return;
	}
	engine->outputs_retry_ns = 0;
	for (unsigned i = 0; i < engine->meter_count; i++) {
		struct mm_engine_meter *em = &engine->meters[i];
		char message[MM_OUTPUTS_MESSAGE_MAX];

		if (!em->outputs_failing) {
			continue;
		}
		if (mm_engine_make_outputs(engine, em, false, message) < 0) {
			outputs_failed(engine, em, message);
			continue;
		}
		em->outputs_failing = false;
		drive_indicators(engine, em, now);
		mm_journal_add(&engine->journal, em->index, OUTPUTS_RECOVERED);
	}
}

void mm_engine_show(struct mm_engine_meter *em)
{
	char display[10], line1[24], line2[24];
	double power_w = 0;

	if (!em->lcd) {
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
	mm_lcd_show(em->lcd, line1, line2);
}

/* Plays what is due of one meter; returns when it wants to be played again. While its lines fail, the edges stay owed. */
static int64_t play_meter(struct mm_engine *engine, struct mm_engine_meter *em, int64_t now)
{
	unsigned index = (unsigned)(em - engine->meters);
	const struct mm_edge *edge;
	int64_t next;

	while (!em->outputs_failing && (edge = mm_pulse_train_first(&em->train, now))) {
		mm_handover_edge_begun(engine->handover, index);
		drive(engine, em, edge->output, edge->level, edge->at_ns + MM_OUTPUT_DELAY_NS, edge->position_uwh);
		mm_handover_edge_ended(engine->handover, index, !em->outputs_failing);
		if (!em->outputs_failing) {
			mm_pulse_train_played(&em->train, now);
		}
	}
	drive_indicators(engine, em, now);
	next = em->outputs_failing ? MM_CLOCK_NEVER : mm_pulse_train_due(&em->train);
	for (enum mm_output o = MM_OUTPUT_LED_POWER; o <= MM_OUTPUT_LED_REVERSE; o++) {
		if (em->test_until_ns[o] > now && em->test_until_ns[o] < next) {
			next = em->test_until_ns[o];
		}
	}
	return next;
}

int64_t mm_engine_play(struct mm_engine *engine, int64_t now)
{
	int64_t next = MM_CLOCK_NEVER;

	retry_outputs(engine, now);
	for (unsigned i = 0; i < engine->meter_count; i++) {
		int64_t due = play_meter(engine, &engine->meters[i], now);

		next = due < next ? due : next;
	}
	return next;
}

int mm_engine_test_output(struct mm_engine *engine, unsigned meter, enum mm_output output, int seconds, const char *who)
{
	struct mm_engine_meter *em = &engine->meters[meter];

	if (output < MM_OUTPUT_LED_POWER) {
		return -EINVAL;
	}
	em->test_until_ns[output] = mm_clock_boottime(engine->clock) + seconds * MM_NS_PER_S;
	mm_journal_add(&engine->journal, em->index, OUTPUT_TEST, mm_output_name(output), seconds, who);
	mm_engine_tick(engine);
	return 0;
}
