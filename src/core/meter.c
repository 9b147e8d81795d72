/* SPDX-License-Identifier: MIT */
/*
 * The meter: registers, flags, indicators, maximum demand.
 */
#include "core/meter.h"

#include <assert.h>
#include <errno.h>
#include <math.h>

#include "core/units.h"

/* Far beyond any window of any model (278 kWh), far inside what the arithmetic can hold. */
#define WINDOW_WS_MAX 1e9
/* Half of what a register can hold: no sum of two overflows. At full load a register is there after 4,300 years. */
#define REGISTER_MAX (INT64_MAX / 2)
#define MULTIPLIER_MAX 1000
/* What the display rolls over at. */
#define DISPLAY_KWH 1000000

/* Sums of one window over the elements that count. */
struct sums {
	double active_ws;
	double reactive_vars;
};

static bool energy_valid(const struct mm_energy *energy)
{
	return energy->uwh >= 0 && energy->uwh <= REGISTER_MAX && energy->carry >= 0 && energy->carry < 1;
}

static bool registers_valid(const struct mm_registers *registers)
{
	bool valid = energy_valid(&registers->delivered) && energy_valid(&registers->received) &&
		     energy_valid(&registers->lagging) && energy_valid(&registers->leading) && registers->output_uwh >= 0 &&
		     registers->preset_delivered_uwh >= 0 && registers->preset_delivered_uwh <= registers->delivered.uwh &&
		     registers->preset_received_uwh >= 0 && registers->preset_received_uwh <= registers->received.uwh &&
		     registers->output_uwh <= REGISTER_MAX && registers->max_demand_w >= 0 && isfinite(registers->max_demand_w);

	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		valid = valid && energy_valid(&registers->element_delivered[e]) && energy_valid(&registers->element_received[e]);
	}
	return valid;
}

static bool calibration_valid(const struct mm_calibration_version *calibration, const struct mm_model *model)
{
	for (unsigned e = 0; e < model->elements; e++) {
		if (mm_calibration_check(&calibration->constants[e], model) != MM_CALIBRATION_FINE) {
			return false;
		}
	}
	return true;
}

static bool config_valid(const struct mm_meter_config *config)
{
	unsigned elements = config->model.elements;

	if (elements < 1 || elements > MM_ELEMENTS_MAX || !(config->multiplier >= 0 && config->multiplier <= MULTIPLIER_MAX)) {
		return false;
	}
	for (unsigned e = 0; e < elements; e++) {
		if (config->input[e] >= MM_INPUTS_MAX) {
			return false;
		}
		for (unsigned before = 0; before < e; before++) {
			if (config->input[e] == config->input[before]) {
				return false;
			}
		}
	}
	return true;
}

int mm_meter_init(struct mm_meter *meter, const struct mm_meter_config *config, const struct mm_registers *registers)
{
	struct mm_meter made = {.config = *config, .health = MM_HEALTH_STARTING};
	struct mm_profile profile;
	int r;

	if (!config_valid(config)) {
		return -EINVAL;
	}
	r = mm_profile_init(&profile, config->profile_interval_s);
	if (r < 0) {
		return r;
	}
	if (registers != NULL) {
		if (!registers_valid(registers) || !mm_correction_valid(registers->correction, config->model.elements)) {
			return -ERANGE;
		}
		r = mm_profile_resume(&profile, &registers->profile);
		if (r < 0) {
			return r;
		}
		made.registers = *registers;
		made.registers.output_uwh = 0;
	}
	if (made.registers.calibration.number == 0) {
		made.registers.calibration = mm_calibration_none; /* of a new meter it is all zero */
	} else if (made.registers.calibration.number < 0 || !calibration_valid(&made.registers.calibration, &config->model)) {
		return -ERANGE;
	}
	made.registers.profile = profile;
	*meter = made;
	return 0;
}

void mm_meter_carry(const struct mm_meter *meter, struct mm_meter_carried *ret)
{
	*ret = (struct mm_meter_carried){.window_end_ns = meter->window_end_ns};
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		ret->flags[e] = meter->element[e].flags;
		ret->backward[e] = meter->backward[e];
	}
}

static bool figure_usable(double figure)
{
	return fabs(figure) <= WINDOW_WS_MAX; /* false for NaN */
}

/* Whether the figures can be added at all: whatever a judge let pass, a register takes no harm. */
static bool window_usable(const struct mm_meter *meter, const struct mm_measurement *measurement)
{
	if (measurement->start_ns < 0 || measurement->end_ns <= measurement->start_ns ||
	    measurement->end_ns <= meter->window_end_ns) {
		return false;
	}
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		const struct mm_input_reading *input = &measurement->input[meter->config.input[e]];

		if (meter->config.input[e] >= measurement->input_count || !figure_usable(input->voltage_v) ||
		    !figure_usable(input->current_a) || !figure_usable(input->active_ws) ||
		    !figure_usable(input->reactive_vars) || !figure_usable(input->frequency_hz)) {
			return false;
		}
	}
	return true;
}

/* Adds 0 or more watt-seconds; returns the whole µWh added. */
static int64_t accumulate(struct mm_energy *energy, double ws)
{
	double sum = energy->carry + ws * MM_UWH_PER_WS;
	double whole = floor(sum);

	energy->uwh += (int64_t)whole;
	energy->carry = sum - whole;
	return (int64_t)whole;
}

/* To one of two registers by sign. */
static void register_signed(double ws, struct mm_energy *positive, struct mm_energy *negative, int64_t *ret_positive,
			    int64_t *ret_negative)
{
	if (ws >= 0) {
		*ret_positive = accumulate(positive, ws);
	} else {
		*ret_negative = accumulate(negative, -ws);
	}
}

/* One condition: excess is how far the figure is beyond limit. */
static uint32_t judge_flag(uint32_t flags, uint32_t flag, double excess, double limit)
{
	double threshold = (flags & flag) != 0 ? -limit * MM_FLAG_HYSTERESIS_RATIO : 0;

	return excess > threshold ? flag : 0;
}

static double creep_w(const struct mm_model *model)
{
	return model->rated_voltage_v * model->ct_primary_a * MM_CREEP_POWER_RATIO;
}

/* The sign of no power is that of noise: with an open voltage lead, and beside a current all of which is reactive. */
static bool has_direction(const struct mm_meter *meter, const struct mm_input_reading *input, double seconds)
{
	if (input->voltage_v < MM_DEAD_VOLTAGE_V) {
		return false;
	}
	return input->current_a < MM_PHASING_CURRENT_A || fabs(input->active_ws) > creep_w(&meter->config.model) * seconds;
}

static uint32_t judge_flags(struct mm_meter *meter, unsigned e, const struct mm_input_reading *input, double seconds)
{
	double min_v = mm_model_supply_min_v(&meter->config.model), max_v = mm_model_supply_max_v(&meter->config.model);
	double overcurrent_a = meter->config.model.ct_primary_a * MM_OVERCURRENT_RATIO;
	uint32_t before = meter->element[e].flags;
	bool backward_before = meter->backward[e];
	uint32_t now = judge_flag(before, MM_ELEMENT_VOLTAGE_LOW, min_v - input->voltage_v, min_v) |
		       judge_flag(before, MM_ELEMENT_VOLTAGE_HIGH, input->voltage_v - max_v, max_v) |
		       judge_flag(before, MM_ELEMENT_OVERCURRENT, input->current_a - overcurrent_a, overcurrent_a);

	if (input->frequency_hz > 0) {
		now |= judge_flag(before, MM_ELEMENT_FREQUENCY, MM_FREQUENCY_MIN_HZ - input->frequency_hz, MM_FREQUENCY_MIN_HZ);
		now |= judge_flag(before, MM_ELEMENT_FREQUENCY, input->frequency_hz - MM_FREQUENCY_MAX_HZ, MM_FREQUENCY_MAX_HZ);
	}
	if (!has_direction(meter, input, seconds)) {
		return now | (before & MM_ELEMENT_REVERSED);
	}
	meter->backward[e] =
		input->active_ws < 0 &&
		judge_flag(before, MM_ELEMENT_REVERSED, input->current_a - MM_PHASING_CURRENT_A, MM_PHASING_CURRENT_A) != 0;
	if (meter->backward[e] && backward_before && !meter->config.generates[e]) {
		now |= MM_ELEMENT_REVERSED;
	}
	return now;
}

/* Reads one element, registers what is its own and adds it to the sums. */
static void step_element(struct mm_meter *meter, unsigned e, const struct mm_input_reading *input, double seconds,
			 struct sums *sums, struct mm_profile_row *increment, struct mm_meter_step *ret)
{
	const struct mm_model *model = &meter->config.model;
	double creep_ws = creep_w(model) * seconds;
	bool loaded = input->current_a >= model->ct_primary_a * MM_START_CURRENT_RATIO;
	double multiplier = meter->config.multiplier > 0 ? meter->config.multiplier : 1;
	double active_ws = loaded && fabs(input->active_ws) > creep_ws ? multiplier * input->active_ws : 0;
	double reactive_vars = loaded && fabs(input->reactive_vars) > creep_ws ? multiplier * input->reactive_vars : 0;
	double apparent_va = loaded ? multiplier * input->voltage_v * input->current_a : 0;
	double power_w = active_ws / seconds;
	uint32_t before = meter->element[e].flags;
	uint32_t flags = judge_flags(meter, e, input, seconds);

	meter->element[e] = (struct mm_element_reading){
		.voltage_v = input->voltage_v,
		.current_a = input->current_a,
		.power_w = power_w,
		.reactive_var = reactive_vars / seconds,
		.apparent_va = apparent_va,
		.power_factor = apparent_va > 0 ? fmax(-1, fmin(1, power_w / apparent_va)) : 0,
		.frequency_hz = input->frequency_hz,
		.registering = active_ws != 0,
		.flags = flags,
	};
	ret->raised[e] = flags & ~before;
	ret->cleared[e] = before & ~flags;
	register_signed(active_ws, &meter->registers.element_delivered[e], &meter->registers.element_received[e],
			&increment->element_delivered_uwh[e], &increment->element_received_uwh[e]);
	sums->active_ws += active_ws;
	sums->reactive_vars += reactive_vars;
}

/* Registers a right window; increment is what it adds to the profile. */
static void step_registers(struct mm_meter *meter, const struct mm_measurement *measurement, struct mm_profile_row *increment,
			   struct mm_meter_step *ret)
{
	struct mm_registers *registers = &meter->registers;
	double seconds = mm_measurement_seconds(measurement);
	struct mm_measurement calibrated = *measurement;
	struct sums sums = {0};

	/* Each channel as it is wired, then the wiring. */
	mm_calibration_apply(registers->calibration.constants, &meter->config.model, meter->config.input, &calibrated);
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		struct mm_input_reading reading = mm_correction_apply(registers->correction, &calibrated, meter->config.input, e);

		step_element(meter, e, &reading, seconds, &sums, increment, ret);
	}
	register_signed(sums.active_ws, &registers->delivered, &registers->received, &increment->delivered_uwh,
			&increment->received_uwh);
	register_signed(sums.reactive_vars, &registers->lagging, &registers->leading, &increment->lagging_uvarh,
			&increment->leading_uvarh);
	ret->delivered_uwh = increment->delivered_uwh;
	ret->received_uwh = increment->received_uwh;
}

static void step_demand(struct mm_registers *registers, const struct mm_profile_row *closed, struct mm_meter_step *ret)
{
	double demand_w = mm_profile_demand_w(closed);

	if (!mm_profile_demand_counts(closed) || demand_w <= registers->max_demand_w) {
		return;
	}
	registers->max_demand_w = demand_w;
	registers->max_demand_s = closed->start_s + closed->duration_s;
	ret->new_max_demand = true;
}

/* Gives each closed interval the registers at its end: those of now, less what came after it. */
static void step_readings(const struct mm_registers *registers, struct mm_meter_step *ret)
{
	const struct mm_profile *profile = &registers->profile;
	int64_t delivered_uwh = registers->delivered.uwh - (profile->open ? profile->row.delivered_uwh : 0);
	int64_t received_uwh = registers->received.uwh - (profile->open ? profile->row.received_uwh : 0);

	for (unsigned i = ret->closed_count; i-- > 0;) {
		ret->closed[i].register_delivered_uwh = delivered_uwh;
		ret->closed[i].register_received_uwh = received_uwh;
		delivered_uwh -= ret->closed[i].delivered_uwh;
		received_uwh -= ret->closed[i].received_uwh;
	}
}

static void step_indicators(struct mm_meter *meter)
{
	uint32_t any = 0;

	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		any |= meter->element[e].flags;
		meter->element[e].registering = meter->element[e].registering && meter->health == MM_HEALTH_OK;
	}
	meter->power_led = meter->health == MM_HEALTH_OK && meter->windows > 0 &&
			   (any & (MM_ELEMENT_VOLTAGE_LOW | MM_ELEMENT_VOLTAGE_HIGH)) == 0;
	meter->reverse_led = (any & MM_ELEMENT_REVERSED) != 0;
}

void mm_meter_resume(struct mm_meter *meter, const struct mm_meter_carried *carried)
{
	meter->window_end_ns = carried->window_end_ns;
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		meter->element[e].flags = carried->flags[e];
		meter->backward[e] = carried->backward[e];
	}
	step_indicators(meter);
}

void mm_meter_step(struct mm_meter *meter, const struct mm_measurement *measurement, enum mm_health health, int64_t end_real_ns,
		   struct mm_meter_step *ret)
{
	struct mm_registers *registers = &meter->registers;
	struct mm_profile_row increment = {0};
	int64_t covered_ns = 0;

	*ret = (struct mm_meter_step){0};
	if (health == MM_HEALTH_OK && !window_usable(meter, measurement)) {
		health = MM_HEALTH_IMPLAUSIBLE;
	}
	meter->health = health;
	meter->missed += measurement->missed;
	if (measurement->missed > 0) {
		increment.status |= MM_PROFILE_DATA_INVALID | (meter->windows == 0 ? MM_PROFILE_POWER_DOWN : 0);
	}
	if (health != MM_HEALTH_OK) {
		increment.status |= MM_PROFILE_ERROR;
	} else if (measurement->latched) {
		/* The front end's idea of where the window began may reach back a little; time is counted once. */
		int64_t start_ns = measurement->start_ns > meter->window_end_ns ? measurement->start_ns : meter->window_end_ns;

		step_registers(meter, measurement, &increment, ret);
		ret->start_ns = start_ns;
		ret->end_ns = measurement->end_ns;
		covered_ns = measurement->end_ns - start_ns;
		meter->window_end_ns = measurement->end_ns;
		meter->windows++;
	}
	/* A latch that is late must still find its interval open. */
	if (covered_ns > 0 || increment.status != 0) {
		increment.status |= meter->clock_status;
		ret->closed_count = mm_profile_add(&registers->profile, end_real_ns, measurement->end_ns, covered_ns, &increment,
						   ret->closed);
	}
	step_readings(registers, ret);
	for (unsigned i = 0; i < ret->closed_count; i++) {
		step_demand(registers, &ret->closed[i], ret);
	}
	step_indicators(meter);
}

static bool reading_valid(const struct mm_model *model, int64_t uwh)
{
	int64_t step_uwh = (model->fine_pulses ? 100 : 1000) * MM_UWH_PER_WH;

	return uwh >= 0 && uwh < DISPLAY_KWH * 1000 * MM_UWH_PER_WH && uwh % step_uwh == 0;
}

int mm_meter_preset(struct mm_meter *meter, int64_t delivered_uwh, int64_t received_uwh, int64_t real_s)
{
	struct mm_registers *registers = &meter->registers;

	if (registers->preset_delivered_uwh > 0 || registers->preset_received_uwh > 0) {
		return -EALREADY;
	}
	if (registers->delivered.uwh > MM_PRESET_REGISTERED_MAX_UWH || registers->received.uwh > MM_PRESET_REGISTERED_MAX_UWH) {
		return -EBUSY;
	}
	if (!reading_valid(&meter->config.model, delivered_uwh) || !reading_valid(&meter->config.model, received_uwh) ||
	    (delivered_uwh == 0 && received_uwh == 0)) {
		return -EINVAL;
	}
	registers->delivered.uwh += delivered_uwh;
	registers->received.uwh += received_uwh;
	registers->preset_delivered_uwh = delivered_uwh;
	registers->preset_received_uwh = received_uwh;
	registers->preset_s = real_s;
	return 0;
}

int mm_meter_calibrate(struct mm_meter *meter, const struct mm_calibration_version *calibration)
{
	if (calibration->number <= meter->registers.calibration.number || !calibration_valid(calibration, &meter->config.model)) {
		return -EINVAL;
	}
	meter->registers.calibration = *calibration;
	return 0;
}

int mm_meter_correct(struct mm_meter *meter, uint32_t correction)
{
	if (!mm_correction_valid(correction, meter->config.model.elements)) {
		return -EINVAL;
	}
	meter->registers.correction = correction;
	return 0;
}

const char *mm_element_flag_name(uint32_t flag)
{
	static const char *const names[MM_ELEMENT_FLAG_COUNT] = {"voltage-low", "voltage-high", "over-current", "frequency",
								 "reversed"};
	unsigned i = 0;

	while (i < MM_ELEMENT_FLAG_COUNT - 1 && flag != 1u << i) {
		i++;
	}
	assert(flag == 1u << i);
	return names[i];
}

void mm_meter_display(const struct mm_meter *meter, char ret[static 10])
{
	int64_t tenths = meter->registers.delivered.uwh / (100 * MM_UWH_PER_WH);
	int64_t kwh = tenths / 10;

	for (int i = 5; i >= 0; i--) {
		ret[i] = (char)('0' + kwh % 10);
		kwh /= 10;
	}
	ret[6] = '\0';
	if (meter->config.model.fine_pulses) {
		ret[6] = '.';
		ret[7] = (char)('0' + tenths % 10);
		ret[8] = '\0';
	}
}
