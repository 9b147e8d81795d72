/* SPDX-License-Identifier: MIT */
/* Windows in; registers, edges and events out. The policy of when to commit lives here. */
#include "metering/engine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"

/* A front end unheard of for this long is stale, whatever its thread is stuck in. */
#define SILENCE_NS (5 * MM_NS_PER_S)
/* An event reaches the database at once where the last commit to it was so long ago: many in a row must not wear it. */
#define EVENTS_NS (10 * MM_NS_PER_S)
/* Where energy flows to and fro all day, one event a day says so: the intervals have the rest. */
#define RECEIVED_NS (24 * 3600 * MM_NS_PER_S)
/* Windows follow each other to within their jitter; more than half a window between two is a gap. */
#define GAP_RATIO 0.5

/* ---- Register ---- */

int64_t mm_engine_registers_sum(const struct mm_registers *r)
{
	return r->delivered.uwh + r->received.uwh;
}

static int64_t all_registers(const struct mm_engine *engine)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < engine->meter_count; i++) {
		sum += mm_engine_registers_sum(&engine->meters[i].meter.registers);
	}
	return sum;
}

/* copy_suffices: the database need not have this one yet. */
static void commit(struct mm_engine *engine, int64_t now, bool copy_suffices)
{
	struct mm_store_commit c = {.number = ++engine->commit_number,
				    .boottime_ns = now,
				    .realtime_ns = mm_clock_realtime(engine->clock),
				    .meter_count = engine->meter_count,
				    .copy_suffices = copy_suffices};

	mm_pending_offer(engine->pending, &c);
	for (unsigned i = 0; i < engine->meter_count; i++) {
		struct mm_engine_meter *em = &engine->meters[i];

		c.meter[i] = em->meter.registers;
		c.meter[i].output_uwh = mm_pulse_train_played_uwh(mm_point_outputs_train(em->outputs));
		mm_point_outputs_commit(em->outputs);
	}
	mm_pending_handed(engine->pending, c.number);
	engine->handed_uwh = all_registers(engine);
	engine->history_waits = copy_suffices && (engine->history_waits || c.event_count > 0);
	if (!copy_suffices) {
		engine->last_full_ns = now;
		engine->full_uwh = engine->handed_uwh;
	}
	if (!engine->committing && engine->register_error == 0) {
		engine->committing = true;
		mm_clock_hold(engine->clock); /* a medium that fails is not waited for */
	}
	/* What the register gets is never ahead of what the next run finds. */
	mm_engine_hand_over(engine);
	(void)mm_store_worker_commit(engine->worker, &c); /* only refuses meters and numbers that are not right */
}

uint64_t mm_engine_commit(struct mm_engine *engine)
{
	commit(engine, mm_clock_boottime(engine->clock), false);
	return engine->commit_number;
}

/*
 * The database is due at once when an interval of the profile is complete or many events wait; soon when one does; and when
 * database_wh have been registered since it was, or commit_interval_s is over and anything at all has changed.
 */
static bool is_database_due(const struct mm_engine *engine, int64_t now)
{
	size_t events = engine->pending->event_count - engine->pending->events_handed;
	size_t rows = engine->pending->row_count - engine->pending->rows_handed;
	int64_t waiting = all_registers(engine) - engine->full_uwh;
	bool history = events > 0 || engine->history_waits;
	int64_t since = now - engine->last_full_ns;

	return rows > 0 || events > MM_PENDING_EVENTS_MAX / 2 || (history && since >= EVENTS_NS) ||
	       (double)waiting >= engine->config->database_wh * (double)MM_UWH_PER_WH ||
	       ((history || waiting > 0) && since >= engine->config->commit_interval_s * MM_NS_PER_S);
}

/*
 * What may be lost at a power cut is bound by the copy: it is due when the energy that waits, with what the next window is likely
 * to bring, would pass commit_wh.
 */
static void commit_if_due(struct mm_engine *engine, int64_t now)
{
	int64_t waiting = all_registers(engine) - engine->handed_uwh;
	bool database = is_database_due(engine, now), changed = waiting > 0;

	for (unsigned i = 0; i < engine->meter_count; i++) {
		waiting += engine->meters[i].window_uwh;
	}
	if (database || (changed && (double)waiting >= engine->config->commit_wh * (double)MM_UWH_PER_WH)) {
		commit(engine, now, !database);
	}
}

/*
 * Pulses count as energy does: what a power cut would have put out again is bound by commit_wh. In steady running this never
 * comes before the energy itself. While owed pulses are paid it comes often; then one commit waits for the one before.
 */
static bool are_pulses_due(const struct mm_engine *engine)
{
	int64_t repeatable = 0;
	bool paid = false;

	for (unsigned i = 0; i < engine->meter_count; i++) {
		const struct mm_pulse_train *train = mm_point_outputs_train(engine->meters[i].outputs);

		repeatable += mm_pulse_train_repeatable_uwh(train);
		paid = paid || mm_pulse_train_is_debt_paid(train);
	}
	return paid || (!engine->committing && (double)repeatable >= engine->config->commit_wh * (double)MM_UWH_PER_WH);
}

int64_t mm_engine_uncommitted_uwh(const struct mm_engine *engine, const struct mm_store_status *status)
{
	int64_t durable = 0;

	for (unsigned i = 0; i < engine->meter_count; i++) {
		durable += mm_engine_registers_sum(&status->committed[i]);
	}
	return all_registers(engine) - durable;
}

static void note_store(struct mm_engine *engine, int error, const char *message)
{
	if (error != 0 && engine->register_error == 0) {
		engine->store.since_ns = mm_clock_boottime(engine->clock);
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, REGISTER_FAILING, message);
	} else if (error == 0 && engine->register_error != 0) {
		engine->store.since_ns = mm_clock_boottime(engine->clock);
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, REGISTER_RECOVERED);
	}
	engine->register_error = error;
}

static void note_copy(struct mm_engine *engine, int error)
{
	if (error != 0 && engine->copy_error == 0) {
		engine->store.since_ns = mm_clock_boottime(engine->clock);
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, COPY_FAILING, strerror(-error));
	} else if (error == 0 && engine->copy_error != 0) {
		engine->store.since_ns = mm_clock_boottime(engine->clock);
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, COPY_RECOVERED);
	}
	engine->copy_error = error;
}

void mm_engine_register_status(struct mm_engine *engine, const struct mm_store_status *status)
{
	const char *reason = status->error ? status->message : status->copy_error ? strerror(-status->copy_error) : "";

	note_store(engine, status->error, status->message);
	note_copy(engine, status->copy_error);
	mm_pending_committed(engine->pending, status->durable);
	mm_power_supply_durable(&engine->power, status->durable);
	if (engine->committing && (!status->busy || status->error != 0)) {
		engine->committing = false;
		mm_clock_release(engine->clock);
	}
	snprintf(engine->store.reason, sizeof(engine->store.reason), "%s", reason);
}

/* ---- Front end ---- */

static const char *const health_text[MM_HEALTH_COUNT] = {
	[MM_HEALTH_OK] = "front end in order",
	[MM_HEALTH_STARTING] = "waiting for the first whole window",
	[MM_HEALTH_ABSENT] = "front end absent",
	[MM_HEALTH_STALE] = "front end stale: no new energy window",
	[MM_HEALTH_FROZEN] = "front end frozen: every figure repeats to the last digit, as read through a cache",
	[MM_HEALTH_IMPLAUSIBLE] = "front end implausible: figures that no line or load can produce",
	[MM_HEALTH_NO_CHANNEL] = "front end without a channel that is configured",
	[MM_HEALTH_NO_TRIGGER] = "front end without samples: its trigger does not fire",
	[MM_HEALTH_WRONG_RATE] = "front end at a wrong sample rate",
	[MM_HEALTH_STUCK] = "front end stuck: one code for ever",
	[MM_HEALTH_SATURATED] = "front end saturated: at its rails all the time",
	[MM_HEALTH_SWAPPED] = "front end's voltage and current swapped",
};

/* Notes the front end's health; true when it has changed. */
static bool note_health(struct mm_engine *engine, enum mm_health health, const char *reason, int64_t now)
{
	bool changed = health != engine->health;

	snprintf(engine->front_end.reason, sizeof(engine->front_end.reason), "%s", reason);
	if (!changed) {
		return false;
	}
	engine->front_end.since_ns = now;
	if (health == MM_HEALTH_OK && engine->health != MM_HEALTH_STARTING) {
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, FRONT_END_RECOVERED, mm_health_name(engine->health));
	} else if (health != MM_HEALTH_OK && health != MM_HEALTH_STARTING) {
		mm_journal_add_named(&engine->journal, MM_JOURNAL_DAEMON, FRONT_END_FAULT, mm_health_name(health),
				     health_text[health], reason[0] ? ": " : "", reason);
	}
	engine->health = health;
	return true;
}

/* Windows lost before this one: those the adapter counted, and those that an absent front end took with it. */
static void note_gap(struct mm_engine *engine, struct mm_measurement *m)
{
	int64_t window = m->end_ns - m->start_ns;
	int64_t hole = engine->last_window_end_ns ? m->start_ns - engine->last_window_end_ns : 0;

	if (window > 0 && (double)hole > GAP_RATIO * (double)window) {
		uint32_t windows = (uint32_t)llround((double)hole / (double)window);

		m->missed = m->missed > windows ? m->missed : windows;
	}
	if (m->missed > 0) {
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, GAP, m->missed,
			       (double)(hole > 0 ? hole : m->missed * window) / (double)MM_NS_PER_S);
		engine->missed += m->missed;
	}
	engine->last_window_end_ns = m->end_ns;
}

static void log_flags(struct mm_engine *engine, const struct mm_engine_meter *em, unsigned e, const struct mm_meter_step *step)
{
	const struct mm_element_reading *r = &em->meter.element[e];

	for (unsigned bit = 0; bit < MM_ELEMENT_FLAG_COUNT; bit++) {
		uint32_t flag = 1u << bit;

		const char *name = mm_element_flag_name(flag);

		if (step->raised[e] & flag) {
			mm_journal_add_named(&engine->journal, em->index, ELEMENT_RAISED, name, e + 1, name, r->voltage_v,
					     r->current_a, r->power_w);
		}
		if (step->cleared[e] & flag) {
			mm_journal_add_named(&engine->journal, em->index, ELEMENT_CLEARED, name, e + 1, name, r->voltage_v,
					     r->current_a, r->power_w);
		}
	}
}

/* What has happened to the voltages of a meter's elements. */
static void log_voltage_events(struct mm_engine *engine, const struct mm_engine_meter *em, const struct mm_measurement *m)
{
	static const char *const names[MM_VOLTAGE_EVENT_KIND_COUNT] = {
		[MM_VOLTAGE_SAG] = "sag",
		[MM_VOLTAGE_SWELL] = "swell",
		[MM_VOLTAGE_INTERRUPTION] = "interruption",
	};

	for (unsigned i = 0; i < m->event_count; i++) {
		const struct mm_voltage_event *event = &m->event[i];

		for (unsigned e = 0; e < em->meter.config.model.elements; e++) {
			if (em->meter.config.input[e] == event->input) {
				mm_journal_add_named(
					&engine->journal, em->index, VOLTAGE, names[event->kind], e + 1, names[event->kind],
					(double)(event->end_ns - event->start_ns) / (double)MM_NS_PER_S, event->extreme_v);
			}
		}
	}
}

/* Energy of the whole meter that flows back is a matter of the bill, also below what tells a reversed element. */
static void log_received(struct mm_engine *engine, struct mm_engine_meter *em, int64_t received_uwh)
{
	int64_t now = em->meter.window_end_ns, before = em->meter.registers.received.uwh - received_uwh;

	if (received_uwh > 0 && (em->received_told_ns == 0 || now - em->received_told_ns >= RECEIVED_NS)) {
		mm_journal_add(&engine->journal, em->index, RECEIVED, (double)before / 1000 / MM_UWH_PER_WH);
		em->received_told_ns = now;
	}
}

static void step_meter(struct mm_engine *engine, struct mm_engine_meter *em, const struct mm_measurement *m, int64_t end_real_ns)
{
	struct mm_meter_step step;

	em->meter.daylight_saving = mm_wall_clock_daylight_saving(end_real_ns);
	mm_meter_step(&em->meter, m, engine->health, end_real_ns, &step);
	em->window_uwh = step.delivered_uwh + step.received_uwh;
	if (em->meter.health == MM_HEALTH_OK && m->latched) {
		mm_observation_add(&em->observation, &em->meter.config, m);
	}
	if (step.end_ns > 0) {
		mm_point_outputs_plan(em->outputs, em->meter.registers.delivered.uwh, step.start_ns, step.end_ns);
	}
	for (unsigned e = 0; e < em->meter.config.model.elements; e++) {
		log_flags(engine, em, e, &step);
	}
	log_voltage_events(engine, em, m);
	log_received(engine, em, step.received_uwh);
	for (unsigned i = 0; i < step.closed_count; i++) {
		struct mm_store_profile_row row = {.meter = em->index, .row = step.closed[i]};

		(void)mm_pending_add_row(engine->pending, &row); /* there is room: rows go with the commit below */
	}
	mm_engine_show(em);
}

bool mm_engine_report(struct mm_engine *engine, const struct mm_front_end_report *report)
{
	struct mm_measurement m = report->measurement;
	enum mm_health health = report->fault == MM_HEALTH_OK ? MM_HEALTH_ABSENT : report->fault;
	int64_t now = report->at_ns;
	const char *reason = report->message;
	bool changed, window;

	engine->last_report_ns = now;
	mm_wall_clock_look(&engine->wall_clock);
	if (report->error == 0) {
		health = mm_health_judge(&engine->judge, &m);
	} else {
		m = (struct mm_measurement){.start_ns = now - MM_NS_PER_S, .end_ns = now, .health = health};
		if (reason[0] == '\0') {
			reason = strerror(-report->error);
		}
	}
	window = health == MM_HEALTH_OK && m.latched;
	changed = note_health(engine, health, health == MM_HEALTH_OK ? "" : reason, now);
	if (window) {
		note_gap(engine, &m);
		engine->windows++;
		engine->window = m;
	}
	for (unsigned i = 0; i < engine->meter_count; i++) {
		step_meter(engine, &engine->meters[i], &m, mm_wall_clock_at(&engine->wall_clock, m.end_ns));
	}
	/* Before any edge of this window can be played. */
	mm_engine_hand_over(engine);
	commit_if_due(engine, now);
	mm_backup_schedule_run_if_due(&engine->backup, engine->worker, now);
	mm_engine_tick(engine);
	return changed || window;
}

int mm_engine_preset(struct mm_engine *engine, unsigned meter, int64_t delivered_uwh, int64_t received_uwh,
		     const char *old_serial, const char *who)
{
	struct mm_engine_meter *em = &engine->meters[meter];
	double before_kwh = (double)em->meter.registers.delivered.uwh / 1000 / MM_UWH_PER_WH;
	int r = mm_meter_preset(&em->meter, delivered_uwh, received_uwh, mm_clock_realtime(engine->clock) / MM_NS_PER_S);

	if (r < 0) {
		return r;
	}
	mm_point_outputs_preset(em->outputs, delivered_uwh);
	mm_journal_add(&engine->journal, em->index, PRESET, who, (double)delivered_uwh / 1000 / MM_UWH_PER_WH,
		       (double)received_uwh / 1000 / MM_UWH_PER_WH, old_serial, before_kwh);
	mm_engine_show(em);
	return 0;
}

static const char *correction_text(uint32_t correction, char *ret, size_t size)
{
	size_t used = 0;

	snprintf(ret, size, "as wired");
	for (unsigned i = 0; i < MM_CORRECTION_BITS; i++) {
		if (correction & (1u << i) && used < size) {
			used += (size_t)snprintf(ret + used, size - used, "%s%s", used > 0 ? ", " : "",
						 mm_correction_name(1u << i));
		}
	}
	return ret;
}

int mm_engine_correct(struct mm_engine *engine, unsigned meter, uint32_t correction, const char *who)
{
	struct mm_engine_meter *em = &engine->meters[meter];
	uint32_t was = em->meter.registers.correction;
	int r = mm_meter_correct(&em->meter, correction);
	char now_text[64], was_text[64];

	if (r < 0) {
		return r;
	}
	mm_journal_add(&engine->journal, em->index, CORRECTION, who, correction_text(correction, now_text, sizeof(now_text)),
		       correction_text(was, was_text, sizeof(was_text)));
	return 0;
}

/* ---- Time ---- */

void mm_engine_tick(struct mm_engine *engine)
{
	int64_t now = mm_clock_boottime(engine->clock);
	int64_t silence = engine->last_report_ns + SILENCE_NS;
	int64_t next;

	if (now >= silence && engine->health != MM_HEALTH_STALE && engine->health != MM_HEALTH_ABSENT) {
		note_health(engine, MM_HEALTH_STALE, "it has not answered for 5 s: a read is stuck on the bus or the link", now);
	}
	next = mm_engine_play(engine, now);
	if (are_pulses_due(engine)) {
		commit(engine, now, true);
	}
	(void)mm_clock_timer_arm(engine->clock, silence > now && silence < next ? silence : next);
}

void mm_engine_power_fail(struct mm_engine *engine, int64_t edge_ns)
{
	if (mm_power_supply_fails(&engine->power, edge_ns)) {
		mm_power_supply_committing(&engine->power, mm_engine_commit(engine));
	}
}

void mm_engine_power_returned(struct mm_engine *engine)
{
	mm_power_supply_returned(&engine->power);
}

int mm_engine_test_output(struct mm_engine *engine, unsigned meter, enum mm_output output, int seconds, const char *who)
{
	struct mm_engine_meter *em = &engine->meters[meter];
	int r = mm_point_outputs_test(em->outputs, output, mm_clock_boottime(engine->clock) + seconds * MM_NS_PER_S);

	if (r < 0) {
		return r;
	}
	mm_journal_add(&engine->journal, em->index, OUTPUT_TEST, mm_output_name(output), seconds, who);
	mm_engine_tick(engine);
	return 0;
}

/* ---- Beginning and end ---- */

void mm_engine_start(struct mm_engine *engine, struct mm_store_worker *worker)
{
	int64_t now = mm_clock_boottime(engine->clock);

	engine->worker = worker;
	engine->started_ns = engine->last_report_ns = now;
	engine->last_full_ns = now - EVENTS_NS;
	engine->full_uwh = engine->handed_uwh;
	engine->front_end.since_ns = engine->store.since_ns = now;
	if (mm_software_checksum(engine->software) < 0) {
		engine->software[0] = '\0';
	}
	mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, START, engine->software[0] ? engine->software : "unknown",
		       engine->meter_count, engine->meter_count == 1 ? "" : "s");
	mm_wall_clock_note_last_run(&engine->wall_clock, &engine->last_run);
	for (unsigned i = 0; i < engine->meter_count; i++) {
		mm_engine_show(&engine->meters[i]);
	}
	/* So that the next run can tell how this one ended; and what the last one left has waited long enough. */
	commit(engine, now, false);
	mm_engine_tick(engine);
}

void mm_engine_stop(struct mm_engine *engine, const char *reason)
{
	mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, STOP, reason);
	for (unsigned i = 0; i < engine->meter_count; i++) {
		mm_point_outputs_stop(engine->meters[i].outputs);
	}
	commit(engine, mm_clock_boottime(engine->clock), false);
}

void mm_engine_done(struct mm_engine *engine)
{
	for (unsigned i = 0; engine->meters && i < engine->meter_count; i++) {
		mm_point_outputs_free(engine->meters[i].outputs);
	}
	free(engine->meters);
	free(engine->inheritance);
	free(engine->pending);
}
