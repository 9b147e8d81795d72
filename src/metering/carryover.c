/* SPDX-License-Identifier: MIT */
#include "metering/carryover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "metering/scale.h"
#include "store/serial.h"

_Static_assert(MM_MEMORY_FRONT_ENDS_MAX == MM_FRONT_ENDS_MAX && MM_MEMORY_NAME_MAX == MM_NAME_MAX,
	       "memory has room for all of them");

/* What the run before wrote. */
struct previous {
	struct mm_memory_content content;
	struct mm_pulse_train train[MM_STORE_METERS_MAX];
	struct mm_memory_counters counters[MM_MEMORY_FRONT_ENDS_MAX];
	int restored[MM_STORE_METERS_MAX]; /* as which meter; -1: not */
	size_t event_count;		   /* of its own in the queue: newer ones follow them */
	int64_t ahead_uwh;		   /* energy that the store did not have */
	unsigned owed;			   /* edges */
};

/* mm_scale_of() a meter, and what of it can change while it runs. */
struct known_scale {
	uint32_t scale; /* 0: not known yet */
	uint32_t correction;
	int64_t calibration;
};

struct mm_carryover {
	struct mm_memory *memory;
	const struct mm_config *config;
	struct mm_journal *journal;
	struct mm_store_last_run last_run;
	struct previous *previous; /* NULL: nothing, or restored */
	struct mm_memory_counters counters[MM_FRONT_ENDS_MAX];
	bool continued[MM_FRONT_ENDS_MAX]; /* what waits in the chip belongs to a meter */
	struct known_scale scale[MM_METERS_MAX];
	struct mm_memory_content content; /* to be written: of the meters that there are */
};

/* Every window asks for it, and to make it takes longer than all else that is written. */
static uint32_t scale_of(struct mm_carryover *c, const struct mm_meter_point *point)
{
	const struct mm_registers *registers = &point->meter.registers;
	struct known_scale *known = &c->scale[point->index];

	if (known->scale == 0 || known->correction != registers->correction ||
	    known->calibration != registers->calibration.number) {
		*known = (struct known_scale){.scale = mm_scale_of(c->config, point),
					      .correction = registers->correction,
					      .calibration = registers->calibration.number};
	}
	return known->scale;
}

/* ---- Reading ---- */

static const char *refusal(int r)
{
	switch (r) {
	case -EPROTO:
		return "it is of a version that this program does not know";
	case -ESTALE:
		return "it is of another run of the machine";
	}
	return "it is damaged";
}

static int read_memory(struct mm_carryover *c, struct previous *previous)
{
	int r;

	previous->content.pending = c->journal->pending;
	previous->content.counters = previous->counters;
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		previous->content.meter[i].restored = &previous->train[i];
		previous->restored[i] = -1;
	}
	r = mm_memory_read(c->memory, &previous->content);
	if (r == 0 && previous->content.state.boottime_ns > mm_clock_boottime(c->journal->clock)) {
		r = -ESTALE;
	}
	return r;
}

int mm_carryover_new(struct mm_memory *memory, const struct mm_config *config, struct mm_journal *journal, struct mm_store *store,
		     struct mm_carryover **ret)
{
	struct mm_carryover *c = calloc(1, sizeof(*c));
	struct previous *previous = memory ? calloc(1, sizeof(*previous)) : NULL;
	int r;

	if (!c || (memory && !previous)) {
		free(c);
		free(previous);
		return -ENOMEM;
	}
	*c = (struct mm_carryover){.memory = memory, .config = config, .journal = journal};
	for (unsigned f = 0; f < config->front_end_count; f++) {
		memcpy(c->counters[f].front_end, config->front_end[f].name, sizeof(c->counters[f].front_end));
	}
	c->content.pending = journal->pending;
	c->content.counters = c->counters;
	c->content.counter_count = config->front_end_count;
	*ret = c;
	if (mm_store_last_run(store, &c->last_run) < 0) {
		c->last_run = (struct mm_store_last_run){0}; /* the trail lacks a line, no more */
	}
	if (!memory) {
		return 0;
	}
	r = read_memory(c, previous);
	if (r < 0) {
		*journal->pending = (struct mm_pending){0};
		free(previous);
		if (r != -ENODATA) {
			mm_journal_add(journal, MM_JOURNAL_DAEMON, HANDOVER_REFUSED, refusal(r));
		}
		return 0;
	}
	mm_pending_durable(journal->pending,
			   previous->content.commits_by_time ? (uint64_t)c->last_run.boottime_ns : mm_store_number(store));
	mm_pending_resubmit(journal->pending);
	previous->event_count = journal->pending->event_count;
	c->previous = previous;
	return 0;
}

void mm_carryover_free(struct mm_carryover *c)
{
	if (c) {
		free(c->previous);
		free(c);
	}
}

const struct mm_store_last_run *mm_carryover_last_run(const struct mm_carryover *c)
{
	return &c->last_run;
}

/* ---- Restoring ---- */

static int find(const struct previous *previous, const struct mm_config_meter *config)
{
	struct mm_store_meter meter = {0};

	snprintf(meter.serial, sizeof(meter.serial), "%s", config->serial);
	snprintf(meter.model, sizeof(meter.model), "%s", config->model.canonical);
	return mm_serial_find(&previous->content.state, &meter);
}

/*
 * After a power cut, or a kill without memory, it is unknown what was put out between the last commit and the end. It is put out
 * again, so that the outputs are ahead of the register by that much: commit_wh, what flows until that is durable, and one edge.
 */
static void note_uncertain(const struct mm_carryover *c, const struct mm_meter_point *point, const struct mm_registers *registers)
{
	const struct mm_model *model = &point->config->model;
	double uncommitted_s = 1 + (double)MM_OUTPUT_DELAY_NS / (double)MM_NS_PER_S;

	mm_journal_add(c->journal, point->index, OUTPUTS_UNCERTAIN, (double)registers->output_uwh / (double)MM_UWH_PER_WH,
		       (double)(registers->delivered.uwh - registers->output_uwh) / (double)MM_UWH_PER_WH,
		       c->config->commit_wh + point->config->multiplier * mm_model_full_w(model) * uncommitted_s / 3600 +
			       (double)mm_pulse_step_uwh(model) / (double)MM_UWH_PER_WH);
}

const struct mm_meter_carried *mm_carryover_restore(struct mm_carryover *c, struct mm_meter_point *point,
						    struct mm_registers *registers)
{
	struct previous *previous = c->previous;
	int index = previous ? find(previous, point->config) : -1;
	const struct mm_memory_meter *meter;
	struct mm_registers played;

	if (index < 0) {
		if (c->last_run.unclean) {
			note_uncertain(c, point, registers);
		}
		registers->profile.last_boot_ns = 0;
		return NULL;
	}
	meter = &previous->content.meter[index];
	played = previous->content.state.meter[index];
	played.output_uwh = mm_pulse_train_played_uwh(meter->restored);
	if (mm_registers_follow(&played, registers) < 0) {
		mm_journal_add(c->journal, point->index, HANDOVER_REFUSED, "the register is ahead of it");
		registers->profile.last_boot_ns = 0;
		return NULL;
	}
	previous->restored[index] = point->index;
	previous->ahead_uwh += mm_registers_sum(&played) - mm_registers_sum(registers);
	previous->owed += mm_pulse_train_count(meter->restored);
	*registers = previous->content.state.meter[index];
	mm_point_outputs_resume(point->outputs, meter->restored, meter->level);
	point->received_noted_ns = meter->received_noted_ns;
	return &meter->carryover;
}

const struct mm_edge *mm_carryover_doubtful_edge(const struct mm_carryover *c, const struct mm_meter_point *point)
{
	for (unsigned i = 0; c->previous && i < c->previous->content.state.meter_count; i++) {
		if (c->previous->restored[i] == point->index && c->previous->content.meter[i].in_doubt) {
			return &c->previous->content.meter[i].doubtful;
		}
	}
	return NULL;
}

/* Rows and events of the run before name its meters; those of a meter that is no longer there have no place in the store. */
static void rename_meters(const struct previous *previous, struct mm_pending *pending)
{
	size_t rows = 0;

	for (size_t i = 0; i < previous->event_count; i++) {
		int meter = pending->event[i].meter;

		pending->event[i].meter = meter >= 0 && meter < MM_STORE_METERS_MAX ? previous->restored[meter] : -1;
	}
	for (size_t i = 0; i < pending->row_count; i++) {
		int meter = pending->row[i].meter;

		if (meter >= 0 && meter < MM_STORE_METERS_MAX && previous->restored[meter] >= 0) {
			pending->row[rows] = pending->row[i];
			pending->row[rows++].meter = previous->restored[meter];
		}
	}
	pending->row_count = rows;
}

/* Where the run before left the counters of the front end of that name; NULL: nobody knows. */
static const struct mm_counters *counters_left(const struct mm_carryover *c, unsigned front_end)
{
	for (unsigned i = 0; c->previous && i < c->previous->content.counter_count; i++) {
		const struct mm_memory_counters *left = &c->previous->content.counters[i];

		if (strcmp(left->front_end, c->config->front_end[front_end].name) == 0 && left->counters.epoch != 0) {
			return &left->counters;
		}
	}
	return NULL;
}

/* What the run before left of a meter that is restored; NULL: it is not. Where the store is ahead of it, it is not. */
static const struct mm_memory_meter *restored_of(const struct mm_carryover *c, const struct mm_meter_point *point)
{
	for (unsigned i = 0; c->previous && i < c->previous->content.state.meter_count; i++) {
		if (c->previous->restored[i] == point->index) {
			return &c->previous->content.meter[i];
		}
	}
	return NULL;
}

void mm_carryover_settle_waiting(struct mm_carryover *c, struct mm_meter_point *point)
{
	const struct mm_memory_meter *left = restored_of(c, point);
	const struct mm_counters *counters = counters_left(c, point->config->front_end);

	if (!counters) {
		return;
	}
	if (left && left->scale != 0 && left->scale == scale_of(c, point)) {
		c->continued[point->config->front_end] = true;
		return;
	}
	point->not_ours_ns = counters->end_ns;
	if (left) {
		mm_journal_add(c->journal, point->index, GAP_OTHER_SCALE,
			       (double)(mm_clock_boottime(c->journal->clock) - counters->end_ns) / (double)MM_NS_PER_S);
	}
}

void mm_carryover_restored(struct mm_carryover *c)
{
	struct previous *previous = c->previous;

	if (!previous) {
		return;
	}
	for (unsigned f = 0; f < c->config->front_end_count; f++) {
		if (c->continued[f]) {
			c->counters[f].counters = *counters_left(c, f);
		}
	}
	rename_meters(previous, c->journal->pending);
	mm_journal_add(c->journal, MM_JOURNAL_DAEMON, RESUMED, (double)previous->ahead_uwh / (double)MM_UWH_PER_WH,
		       previous->owed);
	free(previous);
	c->previous = NULL;
}

void mm_carryover_counters(const struct mm_carryover *c, unsigned front_end, struct mm_counters *ret)
{
	*ret = c->counters[front_end].counters;
}

/* ---- Writing ---- */

void mm_carryover_note_counters(struct mm_carryover *c, unsigned front_end, const struct mm_counters *counters)
{
	c->counters[front_end].counters = *counters;
}

void mm_carryover_write(struct mm_carryover *c, struct mm_meter_point *meters, unsigned meter_count)
{
	struct mm_memory_content *content = &c->content;

	if (!c->memory) {
		return;
	}
	content->state.boottime_ns = mm_clock_boottime(c->journal->clock);
	content->state.realtime_ns = mm_clock_realtime(c->journal->clock);
	content->state.meter_count = meter_count;
	for (unsigned i = 0; i < meter_count; i++) {
		struct mm_meter_point *point = &meters[i];
		struct mm_store_meter *nameplate = &content->state.nameplate[i];

		memcpy(nameplate->name, point->config->name, sizeof(nameplate->name));
		memcpy(nameplate->serial, point->config->serial, sizeof(nameplate->serial));
		memcpy(nameplate->model, point->meter.config.model.canonical, sizeof(nameplate->model));
		content->state.meter[i] = point->meter.registers;
		content->state.meter[i].output_uwh = mm_pulse_train_planned_uwh(mm_point_outputs_train(point->outputs));
		content->meter[i].train = mm_point_outputs_train(point->outputs);
		content->meter[i].scale = scale_of(c, point);
		content->meter[i].received_noted_ns = point->received_noted_ns;
		mm_meter_carry(&point->meter, &content->meter[i].carryover);
		for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
			content->meter[i].level[o] = mm_point_outputs_level(point->outputs, o);
		}
	}
	mm_memory_write(c->memory, content);
}
