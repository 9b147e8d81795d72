/* SPDX-License-Identifier: MIT */
#include "metering/committer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"

/* An event reaches the database at once where the last commit to it was so long ago: many in a row must not wear it. */
#define EVENTS_NS (10 * MM_NS_PER_S)

/* Windows of several front ends end at different times: intervals that are complete wait for those of the others. */
#define ROWS_NS (2 * MM_NS_PER_S)

struct mm_committer {
	struct mm_committer_parts parts;
	struct mm_store_worker *worker;
	struct mm_committer_state state;
	uint64_t number;       /* of the last commit submitted */
	int64_t submitted_uwh; /* all energy registers together in it */
	int64_t database_uwh;  /* the same of the last one that the database had to take, */
	int64_t database_ns;   /* and when that was submitted */
	int64_t rows_ns;       /* since when intervals wait; 0: none do */
	bool history_in_copy;  /* events were submitted since then, to the copy alone */
	bool holding;	       /* the clock is held until the store has answered */
};

int mm_committer_new(const struct mm_committer_parts *parts, uint64_t number, int64_t committed_uwh, struct mm_committer **ret)
{
	struct mm_committer *c = calloc(1, sizeof(*c));

	if (!c) {
		return -ENOMEM;
	}
	*c = (struct mm_committer){
		.parts = *parts, .number = number, .submitted_uwh = committed_uwh, .database_uwh = committed_uwh};
	*ret = c;
	return 0;
}

void mm_committer_free(struct mm_committer *c)
{
	free(c);
}

void mm_committer_start(struct mm_committer *c, struct mm_store_worker *worker, int64_t now_ns)
{
	c->worker = worker;
	c->database_ns = now_ns - EVENTS_NS; /* what waits since the last run has waited long enough */
	c->state.since_ns = now_ns;
}

static int64_t all_registers(const struct mm_committer *c)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < c->parts.meter_count; i++) {
		sum += mm_registers_sum(&c->parts.meters[i].meter.registers);
	}
	return sum;
}

/* mirror_suffices: the database need not have this one yet. */
static void submit(struct mm_committer *c, int64_t now, bool mirror_suffices)
{
	struct mm_pending *pending = c->parts.journal->pending;
	struct mm_store_commit commit = {.number = ++c->number,
					 .boottime_ns = now,
					 .realtime_ns = mm_clock_realtime(c->parts.clock),
					 .meter_count = c->parts.meter_count,
					 .mirror_suffices = mirror_suffices};

	mm_pending_fill(pending, &commit);
	for (unsigned i = 0; i < c->parts.meter_count; i++) {
		struct mm_meter_point *point = &c->parts.meters[i];

		commit.meter[i] = point->meter.registers;
		commit.meter[i].output_uwh = mm_pulse_train_played_uwh(mm_point_outputs_train(point->outputs));
		mm_point_outputs_commit(point->outputs);
	}
	mm_pending_submitted(pending, c->number);
	c->submitted_uwh = all_registers(c);
	c->history_in_copy = mirror_suffices && (c->history_in_copy || commit.event_count > 0);
	if (!mirror_suffices) {
		c->database_ns = now;
		c->database_uwh = c->submitted_uwh;
	}
	if (!c->holding && c->state.error == 0) {
		c->holding = true;
		mm_clock_hold(c->parts.clock); /* a medium that fails is not waited for */
	}
	mm_carryover_write(c->parts.carryover, c->parts.meters, c->parts.meter_count);
	(void)mm_store_worker_commit(c->worker, &commit); /* only refuses meters and numbers that are not right */
}

uint64_t mm_committer_commit(struct mm_committer *c)
{
	submit(c, mm_clock_boottime(c->parts.clock), false);
	return c->number;
}

/* Are intervals that are complete due? At once where there is one front end, whose meters close theirs together. */
static bool are_rows_due(const struct mm_committer *c, int64_t now)
{
	const struct mm_pending *pending = c->parts.journal->pending;
	size_t rows = pending->row_count - pending->rows_submitted;

	return rows > 0 &&
	       (c->parts.config->front_end_count < 2 || rows > MM_PENDING_ROWS_MAX / 4 || now - c->rows_ns >= ROWS_NS);
}

static void note_rows(struct mm_committer *c, int64_t now)
{
	const struct mm_pending *pending = c->parts.journal->pending;
	bool wait = pending->row_count > pending->rows_submitted;

	c->rows_ns = !wait ? 0 : c->rows_ns == 0 ? now : c->rows_ns;
}

/*
 * The database is due at once when intervals of the profile are complete or many events wait; soon when one does; and when
 * database_wh have been registered since it was, or commit_interval_s is over and anything at all has changed.
 */
static bool is_database_due(const struct mm_committer *c, int64_t now)
{
	const struct mm_pending *pending = c->parts.journal->pending;
	const struct mm_config *config = c->parts.config;
	size_t events = pending->event_count - pending->events_submitted;
	int64_t waiting = all_registers(c) - c->database_uwh;
	bool history = events > 0 || c->history_in_copy;
	int64_t since = now - c->database_ns;

	return are_rows_due(c, now) || events > MM_PENDING_EVENTS_MAX / 2 || (history && since >= EVENTS_NS) ||
	       (double)waiting >= config->database_wh * (double)MM_UWH_PER_WH ||
	       ((history || waiting > 0) && since >= config->commit_interval_s * MM_NS_PER_S);
}

/*
 * What may be lost at a power cut is bound by the copy: it is due when the energy that waits, with what the next window is likely
 * to bring, would pass commit_wh.
 */
void mm_committer_window(struct mm_committer *c, int64_t now)
{
	int64_t waiting = all_registers(c) - c->submitted_uwh;
	bool database, changed = waiting > 0;

	note_rows(c, now);
	database = is_database_due(c, now);
	for (unsigned i = 0; i < c->parts.meter_count; i++) {
		waiting += c->parts.meters[i].window_uwh;
	}
	if (database || (changed && (double)waiting >= c->parts.config->commit_wh * (double)MM_UWH_PER_WH)) {
		submit(c, now, !database);
	}
}

/*
 * Pulses count as energy does: what a power cut would have put out again is bound by commit_wh. In steady running this never
 * comes before the energy itself. While owed pulses are paid it comes often; then one commit waits for the one before.
 */
static bool are_pulses_due(const struct mm_committer *c)
{
	int64_t repeatable = 0;
	bool paid = false;

	for (unsigned i = 0; i < c->parts.meter_count; i++) {
		const struct mm_pulse_train *train = mm_point_outputs_train(c->parts.meters[i].outputs);

		repeatable += mm_pulse_train_repeatable_uwh(train, &c->parts.meters[i].config->model);
		paid = paid || mm_pulse_train_is_debt_paid(train);
	}
	return paid || (!c->holding && (double)repeatable >= c->parts.config->commit_wh * (double)MM_UWH_PER_WH);
}

void mm_committer_edges(struct mm_committer *c, int64_t now)
{
	if (are_pulses_due(c)) {
		submit(c, now, true);
	}
}

static void note_store(struct mm_committer *c, int error, const char *message)
{
	if (error != 0 && c->state.error == 0) {
		c->state.since_ns = mm_clock_boottime(c->parts.clock);
		mm_journal_add(c->parts.journal, MM_JOURNAL_DAEMON, REGISTER_FAILING, message);
	} else if (error == 0 && c->state.error != 0) {
		c->state.since_ns = mm_clock_boottime(c->parts.clock);
		mm_journal_add(c->parts.journal, MM_JOURNAL_DAEMON, REGISTER_RECOVERED);
	}
	c->state.error = error;
}

static void note_copy(struct mm_committer *c, int error)
{
	if (error != 0 && c->state.mirror_error == 0) {
		c->state.since_ns = mm_clock_boottime(c->parts.clock);
		mm_journal_add(c->parts.journal, MM_JOURNAL_DAEMON, COPY_FAILING, strerror(-error));
	} else if (error == 0 && c->state.mirror_error != 0) {
		c->state.since_ns = mm_clock_boottime(c->parts.clock);
		mm_journal_add(c->parts.journal, MM_JOURNAL_DAEMON, COPY_RECOVERED);
	}
	c->state.mirror_error = error;
}

void mm_committer_note_status(struct mm_committer *c, const struct mm_store_status *status)
{
	const char *reason = status->error ? status->message : status->mirror_error ? strerror(-status->mirror_error) : "";

	note_store(c, status->error, status->message);
	note_copy(c, status->mirror_error);
	snprintf(c->state.reason, sizeof(c->state.reason), "%s", reason);
	mm_pending_durable(c->parts.journal->pending, status->durable);
	if (c->holding && (!status->busy || status->error != 0)) {
		c->holding = false;
		mm_clock_release(c->parts.clock);
	}
}

int64_t mm_committer_uncommitted_uwh(const struct mm_committer *c, const struct mm_store_status *status)
{
	int64_t durable = 0;

	for (unsigned i = 0; i < c->parts.meter_count; i++) {
		durable += mm_registers_sum(&status->committed[i]);
	}
	return all_registers(c) - durable;
}

const struct mm_committer_state *mm_committer_state(const struct mm_committer *c)
{
	return &c->state;
}
