/* SPDX-License-Identifier: MIT */
/* Makes metering, with meters as the store and the run before had them. */
#include "metering/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metering/calibration.h"
#include "metering/multiplier.h"

/* A record is on the disk before its constants are among the registers, and is missing where the audit trail was lost. */
static int load_calibration(struct mm_metering *metering, struct mm_meter_point *point, struct mm_store *store)
{
	struct mm_calibration_version recorded;
	int64_t in_force = point->meter.registers.calibration.number;
	int r = mm_calibration_load(store, (unsigned)point->index, &point->config->model, &recorded);

	if (r < 0) {
		return r;
	}
	if (recorded.number > in_force) {
		return mm_meter_calibrate(&point->meter, &recorded);
	}
	if (recorded.number < in_force) {
		mm_journal_add(&metering->journal, point->index, CALIBRATION_UNRECORDED, (long long)in_force);
	}
	return 0;
}

static int make_outputs(struct mm_metering *metering, struct mm_meter_point *point, const struct mm_registers *stored)
{
	const struct mm_point_outputs_config config = {.config = metering->config,
						       .meter = point->config,
						       .clock = metering->clock,
						       .make_lines = metering->outputs_new,
						       .memory = metering->memory,
						       .index = (unsigned)point->index};

	return mm_point_outputs_new(&config, stored->output_uwh, stored->delivered.uwh, &point->outputs);
}

/* Registers, pulses and readings of a meter. */
static int load_meter(struct mm_metering *metering, struct mm_meter_point *point, struct mm_store *store,
		      const struct mm_meter_config *config, int64_t *stored_uwh, struct mm_error *error)
{
	const char *name = point->config->name;
	struct mm_registers registers;
	const struct mm_meter_carried *carryover;
	int r = mm_store_load(store, (unsigned)point->index, &registers);

	if (r < 0) {
		return mm_error_set(error, r, "meter \"%s\": its registers cannot be read: %s", name, strerror(-r));
	}
	*stored_uwh += mm_registers_sum(&registers);
	r = make_outputs(metering, point, &registers);
	if (r < 0) {
		return mm_error_set(error, r, "out of memory");
	}
	carryover = mm_carryover_restore(metering->carryover, point, &registers);
	r = mm_meter_init(&point->meter, config, &registers);
	if (r < 0) {
		return mm_error_set(error, r, "meter \"%s\": %s", name, strerror(-r));
	}
	if (carryover) {
		mm_meter_resume(&point->meter, carryover);
		mm_supervisor_resume(metering->supervisor[point->config->front_end], carryover->window_end_ns);
	}
	mm_observation_init(&point->observation, config->model.elements);
	r = load_calibration(metering, point, store);
	if (r < 0) {
		return mm_error_set(error, r, "meter \"%s\": its calibration cannot be read: %s", name, strerror(-r));
	}
	r = mm_multiplier_settle(store, metering->clock, point);
	if (r < 0) {
		return mm_error_set(error, r, "meter \"%s\": its multiplier can't be recorded: %s", name, strerror(-r));
	}
	mm_carryover_settle_waiting(metering->carryover, point);
	return 0;
}

static int make_meter(struct mm_metering *metering, unsigned index, struct mm_store *store, int64_t *stored_uwh,
		      struct mm_error *error)
{
	struct mm_meter_point *point = &metering->meters[index];
	struct mm_afe_input inputs[MM_INPUTS_MAX];
	struct mm_meter_config config;
	int count, r;

	point->config = &metering->config->meter[index];
	point->index = (int)index;
	config = (struct mm_meter_config){.model = point->config->model,
					  .multiplier = point->config->multiplier,
					  .profile_interval_s = metering->config->profile_interval_min * 60};
	count = mm_inputs(metering->config, point->config->front_end, inputs, error);
	if (count < 0) {
		return count;
	}
	for (unsigned e = 0; e < config.model.elements; e++) {
		config.input[e] = (unsigned)mm_input_of_phase(inputs, (unsigned)count, point->config->phase[e]);
		config.generates[e] = point->config->generates[e];
	}
	r = load_meter(metering, point, store, &config, stored_uwh, error);
	if (r < 0) {
		return r;
	}
	return mm_point_outputs_open(point->outputs, point->meter.window_end_ns > 0, error);
}

static int make_supervisor(struct mm_metering *metering, unsigned front_end, struct mm_error *error)
{
	struct mm_health_limits limits[MM_INPUTS_MAX];
	struct mm_afe_input inputs[MM_INPUTS_MAX];
	int count = mm_inputs(metering->config, front_end, inputs, error), r;

	if (count < 0) {
		return count;
	}
	for (int i = 0; i < count; i++) {
		limits[i] = (struct mm_health_limits){.voltage_v = inputs[i].full_scale_v, .current_a = inputs[i].full_scale_a};
	}
	r = mm_supervisor_new(limits, (unsigned)count, &metering->supervisor[front_end]);
	return r < 0 ? mm_error_set(error, r, "out of memory") : 0;
}

/* The parts that know no meter yet. */
static int make_parts(struct mm_metering *metering, struct mm_store *store)
{
	struct mm_journal *journal = &metering->journal;
	struct mm_config *config = metering->config;

	metering->meters = calloc(metering->meter_count, sizeof(*metering->meters));
	metering->pending = calloc(1, sizeof(*metering->pending));
	if (!metering->meters || !metering->pending) {
		return -ENOMEM;
	}
	*journal = (struct mm_journal){.clock = metering->clock, .pending = metering->pending};
	for (unsigned i = 0; i < metering->meter_count; i++) {
		journal->meter_name[i] = config->meter[i].name;
	}
	metering->wall_clock = (struct mm_wall_clock){.clock = metering->clock, .journal = journal};
	metering->power = (struct mm_power_supply){.clock = metering->clock, .journal = journal};
	metering->backup = (struct mm_backup_schedule){.config = config, .clock = metering->clock, .journal = journal};
	mm_backup_schedule_plan(&metering->backup, mm_store_backed_up(store));
	return mm_carryover_new(metering->memory, config, journal, store, &metering->carryover);
}

static int make_meters(struct mm_metering *metering, struct mm_store *store, int64_t *stored_uwh, struct mm_error *error)
{
	for (unsigned f = 0; f < metering->front_end_count; f++) {
		int r = make_supervisor(metering, f, error);

		if (r < 0) {
			return r;
		}
	}
	for (unsigned i = 0; i < metering->meter_count; i++) {
		int r = make_meter(metering, i, store, stored_uwh, error);

		if (r < 0) {
			return r;
		}
	}
	for (unsigned i = 0; i < metering->meter_count; i++) {
		const struct mm_edge *edge = mm_carryover_doubtful_edge(metering->carryover, &metering->meters[i]);

		if (edge) {
			mm_point_outputs_complete(metering->meters[i].outputs, edge);
		}
	}
	mm_carryover_restored(metering->carryover);
	return 0;
}

static int make_committer(struct mm_metering *metering, struct mm_store *store, int64_t stored_uwh)
{
	const struct mm_committer_parts parts = {.config = metering->config,
						 .clock = metering->clock,
						 .journal = &metering->journal,
						 .carryover = metering->carryover,
						 .meters = metering->meters,
						 .meter_count = metering->meter_count};

	return mm_committer_new(&parts, mm_store_number(store), stored_uwh, &metering->committer);
}

int mm_metering_new(const struct mm_metering_parts *parts, struct mm_metering **ret, struct mm_error *error)
{
	struct mm_metering *metering = calloc(1, sizeof(*metering));
	int64_t stored_uwh = 0;
	int r;

	if (!metering) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	*metering = (struct mm_metering){.config = parts->config,
					 .clock = parts->clock,
					 .memory = parts->memory,
					 .outputs_new = parts->outputs_new,
					 .front_end_count = parts->config->front_end_count,
					 .meter_count = parts->config->meter_count};
	r = make_parts(metering, parts->store);
	if (r < 0) {
		mm_error_set(error, r, "out of memory");
		goto fail;
	}
	r = make_meters(metering, parts->store, &stored_uwh, error);
	if (r < 0) {
		goto fail;
	}
	r = make_committer(metering, parts->store, stored_uwh);
	if (r < 0) {
		mm_error_set(error, r, "out of memory");
		goto fail;
	}
	*ret = metering;
	return 0;
fail:
	mm_metering_free(metering);
	return r;
}

void mm_metering_free(struct mm_metering *metering)
{
	if (!metering) {
		return;
	}
	for (unsigned i = 0; metering->meters && i < metering->meter_count; i++) {
		mm_point_outputs_free(metering->meters[i].outputs);
	}
	mm_committer_free(metering->committer);
	mm_carryover_free(metering->carryover);
	for (unsigned f = 0; f < metering->front_end_count; f++) {
		mm_supervisor_free(metering->supervisor[f]);
	}
	free(metering->meters);
	free(metering->pending);
	free(metering);
}
