/* SPDX-License-Identifier: MIT */
#include "metering/view.h"

#include "metering/private.h"

unsigned mm_view_meter_count(const struct mm_metering *metering)
{
	return metering->meter_count;
}

const struct mm_config *mm_view_configuration(const struct mm_metering *metering)
{
	return metering->config;
}

const struct mm_config_meter *mm_view_config(const struct mm_metering *metering, unsigned meter)
{
	return metering->meters[meter].config;
}

struct mm_view_meter mm_view_meter(const struct mm_metering *metering, unsigned meter)
{
	const struct mm_meter_point *point = &metering->meters[meter];
	struct mm_view_meter view = {
		.meter = &point->meter,
		.observation = &point->observation,
		.outputs_failing = mm_point_outputs_failing(point->outputs),
	};

	for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
		view.level[o] = mm_point_outputs_level(point->outputs, o);
		view.edges[o] = mm_point_outputs_edges(point->outputs, o);
	}
	return view;
}

struct mm_view_durable mm_view_durable(const struct mm_metering *metering, unsigned meter)
{
	const struct mm_registers *registers;
	struct mm_store_status status;
	struct mm_view_durable durable;

	mm_store_worker_status(metering->worker, &status);
	registers = &status.committed[meter];
	durable = (struct mm_view_durable){.delivered_uwh = registers->delivered.uwh, .received_uwh = registers->received.uwh};
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		durable.element_delivered_uwh[e] = registers->element_delivered[e].uwh;
		durable.element_received_uwh[e] = registers->element_received[e].uwh;
	}
	return durable;
}

unsigned mm_view_front_end_count(const struct mm_metering *metering)
{
	return metering->front_end_count;
}

struct mm_view_front_end mm_view_front_end(const struct mm_metering *metering, unsigned front_end)
{
	const struct mm_supervisor_state *state = mm_supervisor_state(metering->supervisor[front_end]);

	return (struct mm_view_front_end){
		.config = &metering->config->front_end[front_end],
		.name = metering->config->front_end[front_end].name,
		.health = state->health,
		.since_ns = state->since_ns,
		.reason = state->reason,
		.chip = metering->chip[front_end],
		.windows = state->windows,
		.missed = state->missed,
		.window = &state->window,
	};
}

struct mm_view_front_end mm_view_front_end_of(const struct mm_metering *metering, unsigned meter)
{
	return mm_view_front_end(metering, metering->meters[meter].config->front_end);
}

uint64_t mm_view_health_changes(const struct mm_metering *metering)
{
	return metering->health_changes;
}

static int badness(enum mm_health health)
{
	return health == MM_HEALTH_OK ? 0 : health == MM_HEALTH_STARTING ? 1 : 2;
}

unsigned mm_view_worst_front_end(const struct mm_metering *metering)
{
	unsigned worst = 0;

	for (unsigned f = 1; f < metering->front_end_count; f++) {
		if (badness(mm_supervisor_state(metering->supervisor[f])->health) >
		    badness(mm_supervisor_state(metering->supervisor[worst])->health)) {
			worst = f;
		}
	}
	return worst;
}

struct mm_view_store mm_view_store(const struct mm_metering *metering)
{
	const struct mm_committer_state *state = mm_committer_state(metering->committer);
	struct mm_store_status status;

	mm_store_worker_status(metering->worker, &status);
	return (struct mm_view_store){
		.error = state->error,
		.mirror_error = state->mirror_error,
		.since_ns = state->since_ns,
		.reason = state->reason,
		.commits = status.commits,
		.uncommitted_uwh = mm_committer_uncommitted_uwh(metering->committer, &status),
	};
}

struct mm_clock *mm_view_clock(const struct mm_metering *metering)
{
	return metering->clock;
}

int64_t mm_view_started_ns(const struct mm_metering *metering)
{
	return metering->started_ns;
}

const char *mm_view_time_zone(const struct mm_metering *metering)
{
	return metering->config->time_zone;
}

const char *mm_view_program_sha256(const struct mm_metering *metering)
{
	return metering->program[0] ? metering->program : NULL;
}
