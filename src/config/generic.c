/* SPDX-License-Identifier: MIT */
/* A meter's model out of its number, or out of the keys that take its place. */
#include "base/count_of.h"
#include "config/inputs.h"
#include "config/private.h"

#define UNITS MM_CT_SECONDARY_UNITS
#define SECONDARY_MAX_A 5 /* the largest that CTs are made for */

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
	} else if (!meter->is_generic && line > 0 && meter->model.elements > 0) {
		mm_config_complain(reading, line,
				   "[meter %s]: %s: model %s says this already; remove this line, or write model = " MM_GENERIC,
				   meter->name, plate->name, meter->model.canonical);
	}
	*ret_complete = *ret_complete && plate->taken;
}

/*
 * Amperes that no CT gives, but one of volts does: somebody forgot the V. For 1 A the default burden is far too large, where it
 * is known that it is the default.
 */
static bool is_of_volts(const struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	const struct mm_config_front_end *front_end = mm_config_find_front_end(reading->config, meter->chip[0]);
	bool known = front_end && meter->phase[0] >= 0;
	bool burden = !known || mm_config_line_of(reading, mm_inputs_burden(front_end, (unsigned)meter->phase[0])) > 0;
	const struct mm_ct *ct = &meter->generic.ct;
	bool third = ct->secondary >= UNITS * 33 / 100 && ct->secondary <= UNITS * 334 / 1000;

	return !ct->volts && (third || ct->secondary > SECONDARY_MAX_A * UNITS || (ct->secondary == UNITS && !burden));
}

static void complain_of_amperes(struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	char text[MM_CT_TEXT_MAX];

	mm_ct_format(&meter->generic.ct, text);
	mm_config_complain(reading, mm_config_line_of(reading, &meter->generic.ct),
			   "[meter %s]: ct = %s: these are amperes, and %g A are unusual: is it %sV?", meter->name, text,
			   (double)meter->generic.ct.secondary / UNITS, text);
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
	if (meter->is_generic && is_of_volts(reading, meter)) {
		complain_of_amperes(reading, meter);
		return;
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
