/* SPDX-License-Identifier: MIT */
#include "config/inputs.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "core/meter.h"

int mm_input_of_phase(const struct mm_afe_input *inputs, unsigned count, int phase)
{
	for (unsigned i = 0; i < count; i++) {
		if ((int)inputs[i].phase == phase) {
			return (int)i;
		}
	}
	return -1;
}

const double *mm_inputs_burden(const struct mm_config_front_end *front_end, unsigned phase)
{
	const double *own = &front_end->afe.phase_burden_ohm[phase];

	return *own != 0 ? own : &front_end->afe.burden_ohm;
}

const double *mm_inputs_divider(const struct mm_config_front_end *front_end, unsigned phase)
{
	const double *own = &front_end->afe.phase_divider[phase];

	return *own != 0 ? own : &front_end->afe.voltage_divider;
}

/* Where it is not given it is said elsewhere. */
static unsigned phase_of(const struct mm_config_meter *meter, unsigned element)
{
	return meter->phase[element] > 0 ? (unsigned)meter->phase[element] : 0;
}

static double adc_full_scale_v(const struct mm_config_front_end *front_end)
{
	return mm_afe_driver_find(front_end->driver)->adc_full_scale_v;
}

/* CT sets in parallel add their secondary currents in the one burden: the ratio stays that of one set. */
static double full_scale_a(const struct mm_config_front_end *front_end, const struct mm_config_meter *meter, unsigned phase)
{
	const struct mm_model *model = &meter->model;

	if (model->ct_secondary_v > 0) {
		return adc_full_scale_v(front_end) * model->ct_primary_a / model->ct_secondary_v;
	}
	return adc_full_scale_v(front_end) / *mm_inputs_burden(front_end, phase) * model->ct_primary_a / model->ct_secondary_a;
}

/* The key of the phase, where it has its own: "burden_ohm_b". */
static const char *key_of(const char *key, bool own, unsigned phase, char ret[static 32])
{
	snprintf(ret, 32, "%s%s%.*s", key, own ? "_" : "", own, &"abc"[phase]);
	return ret;
}

/* An ADC that clips below the limits of the meter under-registers without a word: refused before it can. */
int mm_inputs_check_current(const struct mm_config *config, const struct mm_config_meter *meter, unsigned element,
			    struct mm_error *error)
{
	const struct mm_config_front_end *front_end = &config->front_end[meter->front_end];
	unsigned phase = phase_of(meter, element);
	const double *burden_ohm = mm_inputs_burden(front_end, phase);
	double limit_a = meter->model.ct_primary_a * MM_OVERCURRENT_RATIO;
	double scale_a = full_scale_a(front_end, meter, phase);
	char key[32];

	if (scale_a >= limit_a) {
		return 0;
	}
	if (meter->model.ct_secondary_v > 0) {
		return mm_error_set(
			error, -EINVAL,
			"[meter %s]: a CT of %g V gives %.3f V at 110 %% of its rating, and %s takes %.3f V; put a divider "
			"behind the CT, and write what is left of its volts",
			meter->name, meter->model.ct_secondary_v, meter->model.ct_secondary_v * MM_OVERCURRENT_RATIO,
			front_end->driver, adc_full_scale_v(front_end));
	}
	return mm_error_set(error, -EINVAL,
			    "[meter %s]: %s = %g gives a full scale of %.0f A, below the %.0f A of the limit of %s; %.2f ohm "
			    "or less is right",
			    meter->name, key_of("burden_ohm", burden_ohm != &front_end->afe.burden_ohm, phase, key), *burden_ohm,
			    scale_a, limit_a, meter->model.canonical, floor(100.0 * *burden_ohm * scale_a / limit_a) / 100.0);
}

int mm_inputs_check_voltage(const struct mm_config *config, const struct mm_config_meter *meter, unsigned element,
			    struct mm_error *error)
{
	const struct mm_config_front_end *front_end = &config->front_end[meter->front_end];
	unsigned phase = phase_of(meter, element);
	const double *divider = mm_inputs_divider(front_end, phase);
	double scale_v = adc_full_scale_v(front_end) * *divider, max_v = mm_model_supply_max_v(&meter->model);
	char key[32];

	if (scale_v >= max_v) {
		return 0;
	}
	return mm_error_set(error, -EINVAL,
			    "%s = %g gives a full scale of %.0f V, below the supply's %.0f V; %.0f or more is right",
			    key_of("voltage_divider", divider != &front_end->afe.voltage_divider, phase, key), *divider, scale_v,
			    max_v, ceil(max_v / adc_full_scale_v(front_end)));
}

static unsigned collect_inputs(const struct mm_config *config, unsigned number, struct mm_afe_input inputs[static MM_INPUTS_MAX])
{
	const struct mm_config_front_end *front_end = &config->front_end[number];
	unsigned count = 0;

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		for (unsigned e = 0; meter->front_end == number && e < meter->model.elements; e++) {
			unsigned phase = phase_of(meter, e);

			if (meter->phase[e] >= 0 && mm_input_of_phase(inputs, count, meter->phase[e]) < 0) {
				inputs[count++] = (struct mm_afe_input){
					.phase = phase,
					.full_scale_v = adc_full_scale_v(front_end) * *mm_inputs_divider(front_end, phase),
					.full_scale_a = full_scale_a(front_end, meter, phase),
					.voltage_channel = (unsigned)front_end->afe.voltage_channel[phase],
					.current_channel = (unsigned)front_end->afe.current_channel[phase],
					.phase_deg = front_end->afe.phase_deg[phase],
					.nominal_v = meter->model.rated_voltage_v,
				};
			}
		}
	}
	return count;
}

int mm_inputs(const struct mm_config *config, unsigned front_end, struct mm_afe_input inputs[static MM_INPUTS_MAX],
	      struct mm_error *error)
{
	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		for (unsigned e = 0; meter->front_end == front_end && e < meter->model.elements; e++) {
			if (mm_inputs_check_voltage(config, meter, e, error) < 0 ||
			    mm_inputs_check_current(config, meter, e, error) < 0) {
				return -EINVAL;
			}
		}
	}
	return (int)collect_inputs(config, front_end, inputs);
}

void mm_inputs_configure(const struct mm_config *config, unsigned front_end, struct mm_afe_config *ret)
{
	const struct mm_config_front_end *chip = &config->front_end[front_end];

	*ret = (struct mm_afe_config){
		.uri = chip->afe.uri,
		.device = chip->afe.device[0] != '\0' ? chip->afe.device : chip->driver,
		.mclk_hz = chip->afe.mclk_hz,
		.osr = (unsigned)chip->afe.osr,
		.sample_rate = (unsigned)chip->afe.sample_rate,
	};
	ret->input_count = collect_inputs(config, front_end, ret->input);
}
