/* SPDX-License-Identifier: MIT */
/*
 * What one run leaves to the next, seen from the engine: everything is written down after each window and before each commit; at
 * the start it is taken over where it is sound, of this boot and of these meters, and not behind what the register has.
 */
#include "metering/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"

struct mm_inheritance {
	struct mm_handover_content content;
	struct mm_pulse_train train[MM_STORE_METERS_MAX];
	int taken[MM_STORE_METERS_MAX]; /* as which meter; -1: not */
	int64_t ahead_uwh;		/* energy that the register did not have */
	unsigned owed;			/* edges */
};

/* ---- Writing ---- */

void mm_engine_hand_over(struct mm_engine *engine)
{
	struct mm_handover_content content = {.pending = engine->pending};

	if (!engine->handover) {
		return;
	}
	content.state.boottime_ns = mm_clock_boottime(engine->clock);
	content.state.realtime_ns = mm_clock_realtime(engine->clock);
	content.state.meter_count = engine->meter_count;
	for (unsigned i = 0; i < engine->meter_count; i++) {
		struct mm_engine_meter *em = &engine->meters[i];
		struct mm_store_meter *who = &content.state.who[i];

		memcpy(who->name, em->config->name, sizeof(who->name));
		memcpy(who->serial, em->config->serial, sizeof(who->serial));
		memcpy(who->model, em->meter.config.model.canonical, sizeof(who->model));
		content.state.meter[i] = em->meter.registers;
		content.state.meter[i].output_uwh = mm_pulse_train_planned_uwh(mm_point_outputs_train(em->outputs));
		content.meter[i].train = mm_point_outputs_train(em->outputs);
		content.meter[i].received_told_ns = em->received_told_ns;
		mm_meter_leave(&em->meter, &content.meter[i].left);
		for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
			content.meter[i].level[o] = mm_point_outputs_level(em->outputs, o);
		}
	}
	mm_handover_write(engine->handover, &content);
}

/* ---- Taking over ---- */

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

int mm_engine_inherit(struct mm_engine *engine, const struct mm_store *reg)
{
	struct mm_inheritance *in;
	int r;

	if (!engine->handover) {
		return 0;
	}
	in = calloc(1, sizeof(*in));
	if (!in) {
		return -ENOMEM;
	}
	in->content.pending = engine->pending;
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		in->content.meter[i].restored = &in->train[i];
		in->taken[i] = -1;
	}
	r = mm_handover_read(engine->handover, &in->content);
	if (r == 0 && in->content.state.boottime_ns > mm_clock_boottime(engine->clock)) {
		r = -ESTALE;
	}
	if (r < 0) {
		*engine->pending = (struct mm_pending){0};
		free(in);
		if (r != -ENODATA) {
			mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, HANDOVER_REFUSED, refusal(r));
		}
		return 0;
	}
	mm_pending_committed(engine->pending, mm_store_number(reg));
	mm_pending_take_back(engine->pending);
	engine->inheritance = in;
	return 0;
}

static int find(const struct mm_inheritance *in, const struct mm_config_meter *config)
{
	for (unsigned i = 0; i < in->content.state.meter_count; i++) {
		const struct mm_store_meter *who = &in->content.state.who[i];

		if (strcmp(who->serial, config->serial) == 0 && strcmp(who->model, config->model.canonical) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/*
 * After a power cut, or a kill without memory, nobody knows what was put out between the last commit and the end. It is put out
 * again, so that the outputs are ahead of the register by that much: commit_wh, what flows until that is durable, and one edge.
 */
static void note_uncertain(struct mm_engine *engine, const struct mm_engine_meter *em, const struct mm_registers *registers)
{
	const struct mm_model *model = &em->config->model;
	double full_w = model->elements * model->rated_voltage_v * model->ct_primary_a * MM_OVERCURRENT_RATIO;
	double uncommitted_s = 1 + (double)MM_OUTPUT_DELAY_NS / (double)MM_NS_PER_S;

	mm_journal_add(&engine->journal, em->index, OUTPUTS_UNCERTAIN, (double)registers->output_uwh / (double)MM_UWH_PER_WH,
		       (double)(registers->delivered.uwh - registers->output_uwh) / (double)MM_UWH_PER_WH,
		       engine->config->commit_wh + full_w * uncommitted_s / 3600 +
			       (double)MM_PULSE_STEP_UWH / (double)MM_UWH_PER_WH);
}

const struct mm_meter_left *mm_engine_adopt(struct mm_engine *engine, struct mm_engine_meter *em, struct mm_registers *registers)
{
	struct mm_inheritance *in = engine->inheritance;
	int index = in ? find(in, em->config) : -1;
	const struct mm_handover_meter *left;
	struct mm_registers played;

	if (index < 0) {
		if (engine->last_run.unclean) {
			note_uncertain(engine, em, registers);
		}
		registers->profile.last_boot_ns = 0;
		return NULL;
	}
	left = &in->content.meter[index];
	played = in->content.state.meter[index];
	played.output_uwh = mm_pulse_train_played_uwh(left->restored);
	if (mm_registers_follow(&played, registers) < 0) {
		mm_journal_add(&engine->journal, em->index, HANDOVER_REFUSED, "the register is ahead of it");
		registers->profile.last_boot_ns = 0;
		return NULL;
	}
	in->taken[index] = em->index;
	in->ahead_uwh += played.delivered.uwh + played.received.uwh - registers->delivered.uwh - registers->received.uwh;
	in->owed += mm_pulse_train_count(left->restored);
	*registers = in->content.state.meter[index];
	mm_point_outputs_resume(em->outputs, left->restored, left->level);
	em->received_told_ns = left->received_told_ns;
	if (left->left.window_end_ns > engine->last_window_end_ns) {
		engine->last_window_end_ns = left->left.window_end_ns;
	}
	return &left->left;
}

/* Rows and events of the run before name its meters; those of a meter that is no longer there have no place in the register. */
static void rename_meters(const struct mm_inheritance *in, struct mm_pending *pending)
{
	size_t rows = 0;

	for (size_t i = 0; i < pending->event_count; i++) {
		int meter = pending->event[i].meter;

		pending->event[i].meter = meter >= 0 && meter < MM_STORE_METERS_MAX ? in->taken[meter] : -1;
	}
	for (size_t i = 0; i < pending->row_count; i++) {
		int meter = pending->row[i].meter;

		if (meter >= 0 && meter < MM_STORE_METERS_MAX && in->taken[meter] >= 0) {
			pending->row[rows] = pending->row[i];
			pending->row[rows++].meter = in->taken[meter];
		}
	}
	pending->row_count = rows;
}

void mm_engine_inherited(struct mm_engine *engine)
{
	struct mm_inheritance *in = engine->inheritance;

	if (!in) {
		return;
	}
	rename_meters(in, engine->pending);
	for (unsigned i = 0; i < in->content.state.meter_count; i++) {
		if (in->taken[i] >= 0 && in->content.meter[i].in_doubt) {
			mm_point_outputs_complete(engine->meters[in->taken[i]].outputs, &in->content.meter[i].doubtful);
		}
	}
	mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, RESUMED, (double)in->ahead_uwh / (double)MM_UWH_PER_WH, in->owed);
	free(in);
	engine->inheritance = NULL;
}
