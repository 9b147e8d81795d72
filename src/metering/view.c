/* SPDX-License-Identifier: MIT */
#include "metering/view.h"

#include "metering/engine.h"

unsigned mm_view_meter_count(const struct mm_engine *engine)
{
	return engine->meter_count;
}

const struct mm_config_meter *mm_view_config(const struct mm_engine *engine, unsigned meter)
{
	return engine->meters[meter].config;
}

struct mm_view_meter mm_view_meter(const struct mm_engine *engine, unsigned meter)
{
	const struct mm_engine_meter *em = &engine->meters[meter];
	struct mm_view_meter view = {
		.meter = &em->meter,
		.observation = &em->observation,
		.outputs_failing = mm_point_outputs_failing(em->outputs),
	};

	for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
		view.level[o] = mm_point_outputs_level(em->outputs, o);
		view.edges[o] = mm_point_outputs_edges(em->outputs, o);
	}
	return view;
}

struct mm_view_front_end mm_view_front_end(const struct mm_engine *engine)
{
	return (struct mm_view_front_end){
		.health = engine->health,
		.since_ns = engine->front_end.since_ns,
		.reason = engine->front_end.reason,
		.windows = engine->windows,
		.missed = engine->missed,
		.window = &engine->window,
	};
}

struct mm_view_store mm_view_store(const struct mm_engine *engine)
{
	struct mm_store_status status;

	mm_store_worker_status(engine->worker, &status);
	return (struct mm_view_store){
		.error = engine->register_error,
		.copy_error = engine->copy_error,
		.since_ns = engine->store.since_ns,
		.reason = engine->store.reason,
		.commits = status.commits,
		.uncommitted_uwh = mm_engine_uncommitted_uwh(engine, &status),
	};
}

struct mm_clock *mm_view_clock(const struct mm_engine *engine)
{
	return engine->clock;
}

int64_t mm_view_started_ns(const struct mm_engine *engine)
{
	return engine->started_ns;
}

const char *mm_view_program_sha256(const struct mm_engine *engine)
{
	return engine->software[0] ? engine->software : NULL;
}

int mm_engine_calibrate(struct mm_engine *engine, unsigned meter, const struct mm_calibration_version *version)
{
	return mm_meter_calibrate(&engine->meters[meter].meter, version);
}
