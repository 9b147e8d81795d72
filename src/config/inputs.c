/* SPDX-License-Identifier: MIT */
#include "config/inputs.h"

#include <errno.h>
#include <math.h>

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

/* CT sets in parallel add their secondary currents in the one burden: the ratio stays that of one set. */
static double full_scale_a(const struct mm_config *config, const struct mm_config_meter *meter, double adc_full_scale_v)
{
	const struct mm_model *model = &meter->model;

	if (model->ct_secondary_v > 0) {
		return adc_full_scale_v * model->ct_primary_a / model->ct_secondary_v;
	}
	return adc_full_scale_v / config->front_end.burden_ohm * model->ct_primary_a / model->ct_secondary_a;
}

/* An ADC that clips below the limits of the meter under-registers without a word: refused before it can. */
int mm_inputs_check_current(const struct mm_config *config, const struct mm_config_meter *meter, double adc_full_scale_v,
			    struct mm_error *error)
{
	double limit_a = meter->model.ct_primary_a * MM_OVERCURRENT_RATIO;
	double scale_a = full_scale_a(config, meter, adc_full_scale_v);

	if (scale_a >= limit_a) {
		return 0;
	}
	if (meter->model.ct_secondary_v > 0) {
		return mm_error_set(
			error, -EINVAL,
			"[meter %s]: a CT of %g V gives %.3f V at 110 %% of its rating, and %s takes %.3f V; put a divider "
			"behind the CT, and write what is left of its volts",
			meter->name, meter->model.ct_secondary_v, meter->model.ct_secondary_v * MM_OVERCURRENT_RATIO,
			config->front_end_driver, adc_full_scale_v);
	}
	return mm_error_set(
		error, -EINVAL,
		"[meter %s]: burden_ohm = %g gives a full scale of %.0f A, below the %.0f A of the limit of %s; %.2f ohm "
		"or less is right",
		meter->name, config->front_end.burden_ohm, scale_a, limit_a, meter->model.canonical,
		floor(100.0 * config->front_end.burden_ohm * scale_a / limit_a) / 100.0);
}

int mm_inputs_check_voltage(const struct mm_config *config, const struct mm_config_meter *meter, double adc_full_scale_v,
			    struct mm_error *error)
{
	double scale_v = adc_full_scale_v * config->front_end.voltage_divider, max_v = mm_model_supply_max_v(&meter->model);

	if (scale_v >= max_v) {
		return 0;
	}
	return mm_error_set(error, -EINVAL,
			    "voltage_divider = %g gives a full scale of %.0f V, below the supply's %.0f V; %.0f or more is right",
			    config->front_end.voltage_divider, scale_v, max_v, ceil(max_v / adc_full_scale_v));
}

int mm_inputs(const struct mm_config *config, double adc_full_scale_v, struct mm_afe_input inputs[static MM_INPUTS_MAX],
	      struct mm_error *error)
{
	unsigned count = 0;

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		if (mm_inputs_check_voltage(config, meter, adc_full_scale_v, error) < 0 ||
		    mm_inputs_check_current(config, meter, adc_full_scale_v, error) < 0) {
			return -EINVAL;
		}
		for (unsigned e = 0; e < meter->model.elements; e++) {
			struct mm_afe_input input = {
				.phase = (unsigned)meter->phase[e],
				.full_scale_v = adc_full_scale_v * config->front_end.voltage_divider,
				.full_scale_a = full_scale_a(config, meter, adc_full_scale_v),
				.voltage_channel = (unsigned)config->front_end.voltage_channel[meter->phase[e]],
				.current_channel = (unsigned)config->front_end.current_channel[meter->phase[e]],
				.phase_deg = config->front_end.phase_deg[meter->phase[e]],
				.nominal_v = meter->model.rated_voltage_v,
			};

			if (mm_input_of_phase(inputs, count, meter->phase[e]) < 0) {
				inputs[count++] = input;
			}
		}
	}
	return (int)count;
}

int mm_inputs_configure(const struct mm_config *config, const struct mm_afe_driver *driver, double adc_full_scale_v,
			struct mm_afe_config *ret, struct mm_error *error)
{
	const struct mm_afe_settings *settings = &config->front_end;
	struct mm_afe_config made = {
		.uri = settings->uri,
		.device = settings->device[0] != '\0' ? settings->device : driver->name,
		.mclk_hz = settings->mclk_hz,
		.osr = (unsigned)settings->osr,
		.sample_rate = (unsigned)settings->sample_rate,
	};
	int r = mm_inputs(config, adc_full_scale_v, made.input, error);

	if (r < 0) {
		return r;
	}
	made.input_count = (unsigned)r;
	*ret = made;
	return 0;
}
