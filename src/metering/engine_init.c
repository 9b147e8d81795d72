/* SPDX-License-Identifier: MIT */
/* What an engine begins with: inputs by the configuration, and meters as the register and the run before left them. */
#include "metering/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metering/calibration.h"

static int input_of_phase(const struct mm_afe_input *inputs, unsigned count, int phase)
{
	for (unsigned i = 0; i < count; i++) {
		if ((int)inputs[i].phase == phase) {
			return (int)i;
		}
	}
	return -1;
}

/* An ADC that clips below the limits of the meter under-registers without a word: refused before it can. */
static int check_full_scale(const struct mm_config *config, const struct mm_config_meter *meter, const struct mm_afe_input *input,
			    char *message)
{
	double limit_a = meter->model.ct_primary_a * MM_OVERCURRENT_RATIO;

	if (input->full_scale_a < limit_a) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX,
			 "meter \"%s\": burden_ohm = %g gives a full scale of %.0f A, below the %.0f A of its limit; %.3g ohm or "
			 "less is right",
			 meter->name, config->front_end.burden_ohm, input->full_scale_a, limit_a,
			 config->front_end.burden_ohm * input->full_scale_a / limit_a);
		return -EINVAL;
	}
	if (input->full_scale_v < MM_SUPPLY_MAX_V) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX,
			 "voltage_divider = %g gives a full scale of %.0f V, below the supply's %.0f V",
			 config->front_end.voltage_divider, input->full_scale_v, MM_SUPPLY_MAX_V);
		return -EINVAL;
	}
	return 0;
}

int mm_engine_inputs(const struct mm_config *config, double adc_full_scale_v, struct mm_afe_input inputs[static MM_INPUTS_MAX],
		     char message[static MM_CONFIG_MESSAGE_MAX])
{
	const struct mm_afe_settings *front_end = &config->front_end;
	unsigned count = 0;

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		for (unsigned e = 0; e < meter->model.elements; e++) {
			/* CT sets in parallel add their secondary currents in the one burden: the ratio stays that of one set. */
			struct mm_afe_input input = {
				.phase = (unsigned)meter->phase[e],
				.full_scale_v = adc_full_scale_v * front_end->voltage_divider,
				.full_scale_a = adc_full_scale_v / front_end->burden_ohm * meter->model.ct_primary_a /
						meter->model.ct_secondary_a,
				.voltage_channel = (unsigned)front_end->voltage_channel[meter->phase[e]],
				.current_channel = (unsigned)front_end->current_channel[meter->phase[e]],
				.phase_deg = front_end->phase_deg[meter->phase[e]],
			};
			int r = check_full_scale(config, meter, &input, message);

			if (r < 0) {
				return r;
			}
			if (input_of_phase(inputs, count, meter->phase[e]) < 0) {
				inputs[count++] = input;
			}
		}
	}
	return (int)count;
}

/* A record is on the disk before its constants are among the registers, and is missing where the audit trail was lost. */
static int load_calibration(struct mm_engine *engine, struct mm_engine_meter *em, struct mm_store *reg)
{
	struct mm_calibration_version recorded;
	int64_t in_force = em->meter.registers.calibration.number;
	int r = mm_calibration_load(reg, (unsigned)em->index, &em->config->model, &recorded);

	if (r < 0) {
		return r;
	}
	if (recorded.number > in_force) {
		return mm_meter_calibrate(&em->meter, &recorded);
	}
	if (recorded.number < in_force) {
		mm_journal_add(&engine->journal, em->index, CALIBRATION_UNRECORDED, (long long)in_force);
	}
	return 0;
}

static int init_meter(struct mm_engine *engine, unsigned index, struct mm_store *reg, const struct mm_afe_input *inputs,
		      unsigned input_count, char *message)
{
	struct mm_engine_meter *em = &engine->meters[index];
	struct mm_point_outputs_config outputs = {.config = engine->config,
						  .meter = &engine->config->meter[index],
						  .clock = engine->clock,
						  .make_lines = engine->outputs_new,
						  .handover = engine->handover,
						  .index = index};
	struct mm_registers registers;
	struct mm_meter_config mc;
	const struct mm_meter_left *left;
	int r;

	em->config = &engine->config->meter[index];
	em->index = (int)index;
	mc = (struct mm_meter_config){.model = em->config->model,
				      .profile_interval_s = engine->config->profile_interval_min * 60};
	for (unsigned e = 0; e < mc.model.elements; e++) {
		mc.input[e] = (unsigned)input_of_phase(inputs, input_count, em->config->phase[e]);
	}
	r = mm_store_load(reg, index, &registers);
	if (r < 0) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX, "meter \"%s\": its registers cannot be read: %s", em->config->name,
			 strerror(-r));
		return r;
	}
	engine->handed_uwh += mm_engine_registers_sum(&registers);
	r = mm_point_outputs_new(&outputs, registers.output_uwh, registers.delivered.uwh, &em->outputs);
	if (r < 0) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX, "out of memory");
		return r;
	}
	left = mm_engine_adopt(engine, em, &registers);
	r = mm_meter_init(&em->meter, &mc, &registers);
	if (r < 0) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX, "meter \"%s\": %s", em->config->name, strerror(-r));
		return r;
	}
	if (left) {
		mm_meter_resume(&em->meter, left);
	}
	r = load_calibration(engine, em, reg);
	if (r < 0) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX, "meter \"%s\": its calibration cannot be read: %s", em->config->name,
			 strerror(-r));
		return r;
	}
	mm_observation_init(&em->observation, mc.model.elements);
	return mm_point_outputs_open(em->outputs, em->meter.window_end_ns > 0, message);
}

int mm_engine_init(struct mm_engine *engine, struct mm_config *config, struct mm_clock *clock, struct mm_store *reg,
		   struct mm_handover *handover, mm_outputs_factory outputs_new, double adc_full_scale_v,
		   char message[static MM_CONFIG_MESSAGE_MAX])
{
	struct mm_health_limits limits[MM_INPUTS_MAX];
	struct mm_afe_input inputs[MM_INPUTS_MAX];
	int input_count = mm_engine_inputs(config, adc_full_scale_v, inputs, message);

	*engine = (struct mm_engine){.config = config,
				     .clock = clock,
				     .outputs_new = outputs_new,
				     .handover = handover,
				     .meter_count = config->meter_count,
				     .health = MM_HEALTH_STARTING};
	if (input_count < 0) {
		return input_count;
	}
	engine->meters = calloc(config->meter_count, sizeof(*engine->meters));
	engine->pending = calloc(1, sizeof(*engine->pending));
	engine->commit_number = mm_store_number(reg);
	engine->journal = (struct mm_journal){.clock = clock, .pending = engine->pending};
	for (unsigned i = 0; i < config->meter_count; i++) {
		engine->journal.meter_name[i] = config->meter[i].name;
	}
	engine->wall_clock = (struct mm_wall_clock){.clock = clock, .journal = &engine->journal};
	engine->power = (struct mm_power_supply){.clock = clock, .journal = &engine->journal};
	engine->backup = (struct mm_backup_schedule){.config = config, .clock = clock, .journal = &engine->journal};
	if (!engine->meters || !engine->pending || mm_engine_inherit(engine, reg) < 0) {
		snprintf(message, MM_CONFIG_MESSAGE_MAX, "out of memory");
		return -ENOMEM;
	}
	if (mm_store_last_run(reg, &engine->last_run) < 0) {
		engine->last_run = (struct mm_store_last_run){0}; /* the trail lacks a line, no more */
	}
	for (int i = 0; i < input_count; i++) {
		limits[i] = (struct mm_health_limits){.voltage_v = inputs[i].full_scale_v, .current_a = inputs[i].full_scale_a};
	}
	mm_health_init(&engine->judge, limits, (unsigned)input_count);
	for (unsigned i = 0; i < engine->meter_count; i++) {
		int r = init_meter(engine, i, reg, inputs, (unsigned)input_count, message);

		if (r < 0) {
			return r;
		}
	}
	mm_engine_inherited(engine);
	mm_backup_schedule_plan(&engine->backup, mm_store_backed_up(reg));
	return 0;
}
