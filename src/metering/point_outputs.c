/* SPDX-License-Identifier: MIT */
/* Edges put out when they are due, indicators, the display, and lines that fail and come back. */
#include "metering/point_outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_NS (5 * MM_NS_PER_S)

struct mm_point_outputs {
	struct mm_point_outputs_config config;
	struct mm_pulse_train train;
	struct mm_outputs *lines; /* NULL while they fail, or with driver "none" */
	bool failing;
	int64_t retry_ns;
	bool level[MM_OUTPUT_COUNT];
	uint64_t edges[MM_OUTPUT_COUNT];
	bool indicated[MM_OUTPUT_COUNT];	/* of the indicators: their level by themselves */
	int64_t test_until_ns[MM_OUTPUT_COUNT]; /* an output under test is inverted until then; 0: none */
	struct mm_lcd *lcd;
	struct mm_point_outputs_news news;
};

/* ---- Beginning and end ---- */

int mm_point_outputs_new(const struct mm_point_outputs_config *config, int64_t played_uwh, int64_t register_uwh,
			 struct mm_point_outputs **ret)
{
	struct mm_point_outputs *outputs = calloc(1, sizeof(*outputs));

	if (!outputs) {
		return -ENOMEM;
	}
	outputs->config = *config;
	mm_pulse_train_init(&outputs->train, played_uwh, register_uwh);
	*ret = outputs;
	return 0;
}

void mm_point_outputs_free(struct mm_point_outputs *outputs)
{
	if (!outputs) {
		return;
	}
	mm_outputs_free(outputs->lines);
	mm_lcd_free(outputs->lcd);
	free(outputs);
}

void mm_point_outputs_resume(struct mm_point_outputs *outputs, const struct mm_pulse_train *train,
			     const bool level[static MM_OUTPUT_COUNT])
{
	outputs->train = *train;
	memcpy(outputs->level, level, sizeof(outputs->level));
}

static int make_lines(struct mm_point_outputs *outputs, bool resumed, struct mm_error *error)
{
	const struct mm_point_outputs_config *config = &outputs->config;
	struct mm_outputs_config lines = {.consumer = "minimeterd", .meter = config->meter->name, .resumed = resumed};
	int r;

	memcpy(lines.line, config->meter->line, sizeof(lines.line));
	memcpy(lines.level, outputs->level, sizeof(lines.level));
	r = config->make_lines(config->config, &lines, config->clock, error, &outputs->lines);
	/* The levels follow from where the lines are: one that went dark with the process stays so to the end of its pulse. */
	if (r == 0 && outputs->lines) {
		memcpy(outputs->level, outputs->lines->level, sizeof(outputs->level));
	}
	return r;
}

int mm_point_outputs_open(struct mm_point_outputs *outputs, bool resumed, struct mm_error *error)
{
	const char *lcd = outputs->config.meter->lcd;
	int r;

	mm_pulse_train_start(&outputs->train, mm_clock_boottime(outputs->config.clock));
	r = make_lines(outputs, resumed, error);
	if (r < 0 || lcd[0] == '\0') {
		return r;
	}
	r = mm_lcd_new(lcd, &outputs->lcd);
	if (r < 0) {
		return mm_error_set(error, r, "meter \"%s\": lcd: %s", outputs->config.meter->name, strerror(-r));
	}
	return r;
}

void mm_point_outputs_stop(struct mm_point_outputs *outputs)
{
	mm_outputs_free(outputs->lines);
	outputs->lines = NULL;
	memset(outputs->level, 0, sizeof(outputs->level));
}

/* ---- Lines ---- */

static void lines_failed(struct mm_point_outputs *outputs, const struct mm_error *error)
{
	mm_outputs_free(outputs->lines);
	outputs->lines = NULL;
	outputs->retry_ns = mm_clock_boottime(outputs->config.clock) + RETRY_NS;
	if (!outputs->failing) {
		outputs->failing = true;
		outputs->news.failed = true;
		outputs->news.error = *error;
	}
}

static void drive(struct mm_point_outputs *outputs, enum mm_output output, bool level, int64_t at_ns, int64_t position_uwh)
{
	int r;

	if (outputs->level[output] == level) {
		return;
	}
	outputs->level[output] = level;
	outputs->edges[output]++;
	if (!outputs->lines) {
		return;
	}
	r = outputs->lines->ops->set(outputs->lines, output, level, at_ns, position_uwh);
	if (r < 0) {
		struct mm_error error;

		mm_error_set(&error, r, "output %s: %s", mm_output_name(output), strerror(-r));
		lines_failed(outputs, &error);
	}
}

void mm_point_outputs_complete(struct mm_point_outputs *outputs, const struct mm_edge *edge)
{
	/*
	 * A line that went dark with the process shows nothing. The edge was noted just before the call that makes it, so that in
	 * all but one case in thousands it was made.
	 */
	if (!outputs->lines || outputs->lines->held[edge->output]) {
		drive(outputs, edge->output, edge->level, edge->at_ns + MM_OUTPUT_DELAY_NS, edge->position_uwh);
	}
}

static void drive_indicators(struct mm_point_outputs *outputs, int64_t now_ns)
{
	for (enum mm_output o = MM_OUTPUT_LED_POWER; o <= MM_OUTPUT_LED_REVERSE; o++) {
		bool under_test = outputs->test_until_ns[o] > now_ns;

		if (!under_test) {
			outputs->test_until_ns[o] = 0;
		}
		drive(outputs, o, outputs->indicated[o] != under_test, now_ns, 0);
	}
}

static void retry_lines(struct mm_point_outputs *outputs, int64_t now_ns)
{
	struct mm_error error;

	if (!outputs->failing || now_ns < outputs->retry_ns) {
		return;
	}
	if (make_lines(outputs, false, &error) < 0) {
		lines_failed(outputs, &error);
		return;
	}
	outputs->failing = false;
	outputs->news.recovered = true;
}

/* ---- In ---- */

void mm_point_outputs_plan(struct mm_point_outputs *outputs, int64_t register_uwh, int64_t start_ns, int64_t end_ns)
{
	mm_pulse_train_plan(&outputs->train, &outputs->config.meter->model, register_uwh, start_ns, end_ns);
}

void mm_point_outputs_preset(struct mm_point_outputs *outputs, int64_t uwh)
{
	mm_pulse_train_preset(&outputs->train, uwh);
}

void mm_point_outputs_indicate(struct mm_point_outputs *outputs, bool power, bool reverse)
{
	outputs->indicated[MM_OUTPUT_LED_POWER] = power;
	outputs->indicated[MM_OUTPUT_LED_REVERSE] = reverse;
}

int mm_point_outputs_test(struct mm_point_outputs *outputs, enum mm_output output, int64_t until_ns)
{
	if (output < MM_OUTPUT_LED_POWER) {
		return -EINVAL;
	}
	outputs->test_until_ns[output] = until_ns;
	return 0;
}

void mm_point_outputs_show(struct mm_point_outputs *outputs, const char *line1, const char *line2)
{
	if (outputs->lcd) {
		mm_lcd_show(outputs->lcd, line1, line2);
	}
}

void mm_point_outputs_commit(struct mm_point_outputs *outputs)
{
	mm_pulse_train_commit(&outputs->train);
}

/* ---- At work ---- */

int64_t mm_point_outputs_run(struct mm_point_outputs *outputs, int64_t now_ns)
{
	struct mm_memory *memory = outputs->config.memory;
	unsigned index = outputs->config.index;
	const struct mm_edge *edge;
	int64_t next;

	retry_lines(outputs, now_ns);
	while (!outputs->failing && (edge = mm_pulse_train_first(&outputs->train, now_ns))) {
		mm_memory_edge_begun(memory, index);
		drive(outputs, edge->output, edge->level, edge->at_ns + MM_OUTPUT_DELAY_NS, edge->position_uwh);
		mm_memory_edge_ended(memory, index, !outputs->failing);
		if (!outputs->failing) {
			mm_pulse_train_played(&outputs->train, now_ns);
		}
	}
	drive_indicators(outputs, now_ns);
	next = outputs->failing ? MM_CLOCK_NEVER : mm_pulse_train_due(&outputs->train);
	for (enum mm_output o = MM_OUTPUT_LED_POWER; o <= MM_OUTPUT_LED_REVERSE; o++) {
		if (outputs->test_until_ns[o] > now_ns && outputs->test_until_ns[o] < next) {
			next = outputs->test_until_ns[o];
		}
	}
	return next;
}

/* ---- Out ---- */

bool mm_point_outputs_news(struct mm_point_outputs *outputs, struct mm_point_outputs_news *ret)
{
	if (!outputs->news.recovered && !outputs->news.failed) {
		return false;
	}
	*ret = outputs->news;
	outputs->news = (struct mm_point_outputs_news){0};
	return true;
}

bool mm_point_outputs_failing(const struct mm_point_outputs *outputs)
{
	return outputs->failing;
}

bool mm_point_outputs_level(const struct mm_point_outputs *outputs, enum mm_output output)
{
	return outputs->level[output];
}

uint64_t mm_point_outputs_edges(const struct mm_point_outputs *outputs, enum mm_output output)
{
	return outputs->edges[output];
}

const struct mm_pulse_train *mm_point_outputs_train(const struct mm_point_outputs *outputs)
{
	return &outputs->train;
}
