/* SPDX-License-Identifier: MIT */
/* A queue of edges in the order of their instants, and what its ends mean in energy. */
#include "outputs/pulse_train.h"

#include <assert.h>

void mm_pulse_train_init(struct mm_pulse_train *train, int64_t planned_uwh, int64_t register_uwh)
{
	*train = (struct mm_pulse_train){.planned_uwh = planned_uwh, .register_uwh = register_uwh};
}

static void queue(struct mm_pulse_train *train, const struct mm_edge *edge)
{
	train->queue[(train->first + train->count++) % MM_PULSE_TRAIN_LENGTH] = *edge;
}

bool mm_pulse_train_restore(struct mm_pulse_train *train, const struct mm_edge *edge)
{
	unsigned count = train->count;

	if (count == MM_PULSE_TRAIN_LENGTH || edge->position_uwh > train->planned_uwh ||
	    (count > 0 && edge->position_uwh < mm_pulse_train_edge(train, count - 1)->position_uwh)) {
		return false;
	}
	queue(train, edge);
	return true;
}

void mm_pulse_train_start(struct mm_pulse_train *train, int64_t now_ns)
{
	for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
		train->last_ns[o] = now_ns;
	}
	mm_pulse_train_commit(train);
}

void mm_pulse_train_plan(struct mm_pulse_train *train, const struct mm_model *model, int64_t register_uwh, int64_t start_ns,
			 int64_t end_ns)
{
	struct mm_edges edges;

	train->window_uwh[1] = train->window_uwh[0];
	train->window_uwh[0] = register_uwh - train->register_uwh;
	train->register_uwh = register_uwh;
	if (train->count + MM_EDGES_MAX > MM_PULSE_TRAIN_LENGTH) {
		return;
	}
	mm_pulse_advance(model, &train->planned_uwh, register_uwh, start_ns, end_ns, &edges);
	for (unsigned i = 0; i < edges.count; i++) {
		queue(train, &edges.edge[i]);
	}
}

void mm_pulse_train_preset(struct mm_pulse_train *train, int64_t uwh)
{
	train->register_uwh += uwh;
	train->planned_uwh += uwh;
	train->committed.register_uwh += uwh;
	train->committed.played_uwh += uwh;
	for (unsigned i = 0; i < train->count; i++) {
		train->queue[(train->first + i) % MM_PULSE_TRAIN_LENGTH].position_uwh += uwh;
	}
}

int64_t mm_pulse_train_due(const struct mm_pulse_train *train)
{
	const struct mm_edge *edge = &train->queue[train->first];
	int64_t due, earliest;

	if (train->count == 0) {
		return INT64_MAX;
	}
	due = edge->at_ns + MM_OUTPUT_DELAY_NS;
	earliest = train->last_ns[edge->output] + MM_PULSE_MIN_NS;
	return due > earliest ? due : earliest;
}

const struct mm_edge *mm_pulse_train_first(const struct mm_pulse_train *train, int64_t now_ns)
{
	return mm_pulse_train_due(train) <= now_ns ? &train->queue[train->first] : NULL;
}

void mm_pulse_train_played(struct mm_pulse_train *train, int64_t now_ns)
{
	assert(train->count > 0);
	train->last_ns[train->queue[train->first].output] = now_ns;
	train->first = (train->first + 1) % MM_PULSE_TRAIN_LENGTH;
	train->count--;
}

unsigned mm_pulse_train_count(const struct mm_pulse_train *train)
{
	return train->count;
}

const struct mm_edge *mm_pulse_train_edge(const struct mm_pulse_train *train, unsigned index)
{
	assert(index < train->count);
	return &train->queue[(train->first + index) % MM_PULSE_TRAIN_LENGTH];
}

int64_t mm_pulse_train_planned_uwh(const struct mm_pulse_train *train)
{
	return train->planned_uwh;
}

int64_t mm_pulse_train_played_uwh(const struct mm_pulse_train *train)
{
	return train->count > 0 ? train->queue[train->first].position_uwh - 1 : train->planned_uwh;
}

void mm_pulse_train_commit(struct mm_pulse_train *train)
{
	int64_t played = mm_pulse_train_played_uwh(train), owed = train->register_uwh - played;

	train->committed.register_uwh = train->register_uwh;
	train->committed.played_uwh = played;
	train->committed.window_uwh = owed < train->window_uwh[0] ? owed : train->window_uwh[0];
	/* Edges come MM_OUTPUT_DELAY_NS late: those of two windows can be under way where nothing is owed. */
	train->committed.unpaid = owed > train->window_uwh[0] + train->window_uwh[1];
}

int64_t mm_pulse_train_repeatable_uwh(const struct mm_pulse_train *train, const struct mm_model *model)
{
	int64_t step = mm_pulse_step_uwh(model), last_edge_uwh = mm_pulse_train_played_uwh(train) / step * step;
	int64_t uwh = last_edge_uwh - train->committed.played_uwh - train->committed.window_uwh;

	return uwh > 0 ? uwh : 0;
}

bool mm_pulse_train_is_debt_paid(const struct mm_pulse_train *train)
{
	return train->committed.unpaid && mm_pulse_train_played_uwh(train) >= train->committed.register_uwh;
}
