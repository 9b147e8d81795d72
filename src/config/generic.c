/* SPDX-License-Identifier: MIT */
/* A meter's model out of its number, or out of the keys that take its place. */
#include "base/count_of.h"
#include "config/private.h"

/* The keys that say what a generic meter is. */
struct plate {
	const char *name, *missing;
	const void *field;
	bool taken; /* a value that was refused is none, and the refusal is said */
};

static void check_keys(struct mm_config_reading *reading, const struct mm_config_meter *meter, const struct plate *plate,
		       bool *ret_complete)
{
	unsigned line = mm_config_line_of(reading, plate->field);

	if (meter->is_generic && line == 0) {
		mm_config_complain(reading, mm_config_line_of(reading, &meter->model), "[meter %s]: %s is missing: %s",
				   meter->name, plate->name, plate->missing);
	} else if (!meter->is_generic && line > 0 && mm_config_line_of(reading, &meter->model) > 0) {
		mm_config_complain(reading, line,
				   "[meter %s]: %s: model %s says this already; remove this line, or write model = " MM_GENERIC,
				   meter->name, plate->name, meter->model.canonical);
	}
	*ret_complete = *ret_complete && plate->taken;
}

/* Is what is measured too much for the pulses, or the CTs in parallel not what they are taken for? */
static void check_fit(struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	const struct mm_model *model = &meter->model;
	double full_w = meter->multiplier * mm_model_full_w(model);

	if (model->elements > 0 && full_w > mm_pulse_full_w(model)) {
		unsigned line = mm_config_line_of(reading, &meter->multiplier);

		mm_config_complain(reading, line > 0 ? line : mm_config_line_of(reading, &meter->generic.kh_wh),
				   "[meter %s]: %.0f kW would be pulses of less than 40 ms: %s", meter->name, full_w / 1000,
				   meter->is_generic ? "write a larger kh_wh, up to 1000"
						     : "write model = " MM_GENERIC " with a kh_wh of 100 or 1000");
	}
	if (model->ct_secondary_v > 0 && meter->ct_sets > 1) {
		mm_config_complain(
			reading, mm_config_line_of(reading, &meter->ct_sets),
			"[meter %s]: ct_sets = %d: CTs that give volts show the mean of theirs in parallel, not the sum; "
			"give each set a meter of its own",
			meter->name, meter->ct_sets);
	}
}

void mm_config_settle_model(struct mm_config_reading *reading, struct mm_config_meter *meter)
{
	const struct mm_generic *generic = &meter->generic;
	const struct plate plates[] = {
		{"elements", "how many voltages and currents it has", &generic->elements, generic->elements > 0},
		{"service", "what it is connected to", &generic->wires, generic->wires < MM_WIRES_COUNT},
		{"rated_voltage_v", "line to neutral", &generic->rated_voltage_v, generic->rated_voltage_v > 0},
		{"ct", "as on its label, 200:0.1 or 200:0.333V", &generic->ct, generic->ct.primary_a > 0},
		{"kh_wh", "watt-hours a pulse of the fastest output", &generic->kh_wh, generic->kh_wh > 0},
	};
	struct mm_model_error wrong;
	bool complete = true;

	for (size_t i = 0; i < COUNT_OF(plates); i++) {
		check_keys(reading, meter, &plates[i], &complete);
	}
	if (meter->is_generic && !complete) {
		return;
	}
	if (meter->is_generic && mm_generic_model(generic, &meter->model, &wrong) < 0) {
		mm_config_complain(reading, mm_config_line_of(reading, &generic->elements), "[meter %s]: %s: %s", meter->name,
				   wrong.field, wrong.reason);
		return;
	}
	check_fit(reading, meter);
}
