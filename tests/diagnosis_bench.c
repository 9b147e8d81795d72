/* SPDX-License-Identifier: MIT */
#include "diagnosis_bench.h"

#include <math.h>

const struct mm_model dual = {.elements = 2, .rated_voltage_v = 120, .ct_primary_a = 200};
const struct mm_model single = {.elements = 1, .rated_voltage_v = 120, .ct_primary_a = 200};

struct mm_evidence evidence;
struct mm_diagnosis diagnosis;

void begin(unsigned elements)
{
	mm_evidence_init(&evidence, elements);
}

void add(struct shown one, struct shown two)
{
	static const struct mm_meter_config config = {.input = {0, 1}};
	const struct shown shown[] = {one, two};
	struct mm_measurement m = {.start_ns = 0, .end_ns = 1000000000, .latched = true, .input_count = 2};

	for (unsigned e = 0; e < 2; e++) {
		m.input[e] = (struct mm_input_reading){
			.voltage_v = shown[e].volts,
			.current_a = shown[e].amperes,
			.active_ws = shown[e].volts * shown[e].amperes * cos(shown[e].lag_deg * RAD),
			.reactive_vars = shown[e].volts * shown[e].amperes * sin(shown[e].lag_deg * RAD),
			.frequency_hz = 60,
		};
	}
	mm_evidence_add(&evidence, &config, &m);
}

void steady(struct shown one, struct shown two)
{
	for (unsigned i = 0; i < 8; i++) {
		add(one, two);
	}
}

void diagnose(const struct mm_model *model)
{
	mm_diagnose(&evidence, model, &(struct mm_circumstances){.health = MM_HEALTH_OK}, &diagnosis);
}

const struct mm_finding *found(enum mm_cause cause, unsigned element)
{
	for (unsigned i = 0; i < diagnosis.count; i++) {
		if (diagnosis.finding[i].cause == cause && diagnosis.finding[i].element == element) {
			return &diagnosis.finding[i];
		}
	}
	return NULL;
}

void ck_first(enum mm_cause cause, unsigned element)
{
	ck_assert_uint_ge(diagnosis.count, 1);
	ck_assert_str_eq(mm_cause_info(diagnosis.finding[0].cause)->name, mm_cause_info(cause)->name);
	ck_assert_uint_eq(diagnosis.finding[0].element, element);
}

void ck_tied(enum mm_cause cause, unsigned element, bool tied)
{
	const struct mm_finding *finding = found(cause, element);

	ck_assert_msg(finding != NULL, "%s is not named", mm_cause_info(cause)->name);
	ck_assert_int_eq(finding->tied, tied);
}

void switch_loads(double base_a, double other_a, const unsigned ct[2], const double sign[2])
{
	for (unsigned i = 0; i < 16; i++) {
		double line_a[2] = {base_a, other_a}, volts[2], shown_a[2];
		unsigned line = i / 8;
		double extra_a = i / 2 % 2 != 0 ? 12 : 0;
		double own_v = 0.01 * ((i * 7) % 5), common_v = 0.05 * ((i * 3) % 4);

		line_a[line] += extra_a;
		volts[line] = (line == 0 ? 121 : 119.5) - 0.1 * extra_a + common_v + own_v;
		volts[1 - line] = (line == 0 ? 119.5 : 121) + 0.05 * extra_a + common_v;
		shown_a[ct[0]] = sign[0] * line_a[0];
		shown_a[ct[1]] = sign[1] * line_a[1];
		add((struct shown){volts[0], fabs(shown_a[0]), shown_a[0] < 0 ? 180 : 0},
		    (struct shown){volts[1], fabs(shown_a[1]), shown_a[1] < 0 ? 180 : 0});
	}
}
