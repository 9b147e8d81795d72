/* SPDX-License-Identifier: MIT */
#include "metering/meter_point.h"

/* Where energy flows to and fro all day, one event a day says so: the intervals have the rest. */
#define RECEIVED_NS (24 * 3600 * MM_NS_PER_S)

static void add(struct mm_facts *facts, struct mm_fact fact)
{
	facts->fact[facts->count++] = fact;
}

static void add_flags(struct mm_facts *facts, enum mm_fact_kind kind, unsigned element, uint32_t flags)
{
	for (unsigned bit = 0; flags >> bit != 0; bit++) {
		if (flags & 1u << bit) {
			add(facts, (struct mm_fact){.kind = kind, .element = element, .flag = 1u << bit});
		}
	}
}

static void add_voltage_events(struct mm_facts *facts, const struct mm_meter_config *config, const struct mm_measurement *m)
{
	for (unsigned i = 0; i < m->event_count; i++) {
		for (unsigned e = 0; e < config->model.elements; e++) {
			if (config->input[e] == m->event[i].input) {
				add(facts, (struct mm_fact){.kind = MM_FACT_VOLTAGE, .element = e, .voltage = &m->event[i]});
			}
		}
	}
}

/* Energy of the whole meter that flows back is a matter of the bill, also below what makes an element reversed. */
static void add_received(struct mm_facts *facts, struct mm_meter_point *point, int64_t received_uwh)
{
	int64_t now = point->meter.window_end_ns;

	if (received_uwh > 0 && (point->received_noted_ns == 0 || now - point->received_noted_ns >= RECEIVED_NS)) {
		add(facts, (struct mm_fact){.kind = MM_FACT_RECEIVED,
					    .received_uwh = point->meter.registers.received.uwh - received_uwh});
		point->received_noted_ns = now;
	}
}

void mm_meter_point_step(struct mm_meter_point *point, const struct mm_measurement *m, enum mm_health health, int64_t end_real_ns,
			 uint32_t clock_status, struct mm_meter_step *ret_step, struct mm_facts *ret_facts)
{
	struct mm_meter *meter = &point->meter;

	ret_facts->count = 0;
	if (health == MM_HEALTH_OK && m->start_ns <= point->not_ours_ns) {
		health = MM_HEALTH_STARTING;
	}
	meter->clock_status = clock_status;
	mm_meter_step(meter, m, health, end_real_ns, ret_step);
	if (ret_step->end_ns > 0) {
		mm_point_outputs_plan(point->outputs, meter->registers.delivered.uwh, ret_step->start_ns, ret_step->end_ns);
	}
	point->window_uwh = ret_step->delivered_uwh + ret_step->received_uwh;
	if (meter->health == MM_HEALTH_OK && m->latched) {
		mm_observation_add(&point->observation, &meter->config, m);
	}
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		add_flags(ret_facts, MM_FACT_RAISED, e, ret_step->raised[e]);
		add_flags(ret_facts, MM_FACT_CLEARED, e, ret_step->cleared[e]);
	}
	add_voltage_events(ret_facts, &meter->config, m);
	add_received(ret_facts, point, ret_step->received_uwh);
	for (unsigned i = 0; i < ret_step->closed_count; i++) {
		add(ret_facts, (struct mm_fact){.kind = MM_FACT_INTERVAL, .interval = &ret_step->closed[i]});
	}
}

int mm_meter_point_preset(struct mm_meter_point *point, int64_t delivered_uwh, int64_t received_uwh, int64_t now_s)
{
	int r = mm_meter_preset(&point->meter, delivered_uwh, received_uwh, now_s);

	if (r == 0) {
		mm_point_outputs_preset(point->outputs, delivered_uwh);
	}
	return r;
}

int64_t mm_registers_sum(const struct mm_registers *registers)
{
	return registers->delivered.uwh + registers->received.uwh;
}
