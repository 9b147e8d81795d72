/* SPDX-License-Identifier: MIT */
#include "metering/inputs.h"

#include <errno.h>

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

/* An ADC that clips below the limits of the meter under-registers without a word: refused before it can. */
static int check_full_scale(const struct mm_config *config, const struct mm_config_meter *meter, const struct mm_afe_input *input,
			    struct mm_error *error)
{
	double limit_a = meter->model.ct_primary_a * MM_OVERCURRENT_RATIO;

	if (input->full_scale_a < limit_a) {
		return mm_error_set(
			error, -EINVAL,
			"meter \"%s\": burden_ohm = %g gives a full scale of %.0f A, below the %.0f A of its limit; %.3g ohm or "
			"less is right",
			meter->name, config->front_end.burden_ohm, input->full_scale_a, limit_a,
			config->front_end.burden_ohm * input->full_scale_a / limit_a);
	}
	if (input->full_scale_v < MM_SUPPLY_MAX_V) {
		return mm_error_set(error, -EINVAL,
				    "voltage_divider = %g gives a full scale of %.0f V, below the supply's %.0f V",
				    config->front_end.voltage_divider, input->full_scale_v, MM_SUPPLY_MAX_V);
	}
	return 0;
}

int mm_inputs(const struct mm_config *config, double adc_full_scale_v, struct mm_afe_input inputs[static MM_INPUTS_MAX],
	      struct mm_error *error)
{
	unsigned count = 0;

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		for (unsigned e = 0; e < meter->model.elements; e++) {
			/* CT sets in parallel add their secondary currents in the one burden: the ratio stays that of one set. */
			struct mm_afe_input input = {
				.phase = (unsigned)meter->phase[e],
				.full_scale_v = adc_full_scale_v * config->front_end.voltage_divider,
				.full_scale_a = adc_full_scale_v / config->front_end.burden_ohm * meter->model.ct_primary_a /
						meter->model.ct_secondary_a,
				.voltage_channel = (unsigned)config->front_end.voltage_channel[meter->phase[e]],
				.current_channel = (unsigned)config->front_end.current_channel[meter->phase[e]],
				.phase_deg = config->front_end.phase_deg[meter->phase[e]],
			};
			int r = check_full_scale(config, meter, &input, error);

			if (r < 0) {
				return r;
			}
			if (mm_input_of_phase(inputs, count, meter->phase[e]) < 0) {
				inputs[count++] = input;
			}
		}
	}
	return (int)count;
}
