/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_METER_POINT_H
#define MM_METERING_METER_POINT_H

/*
 * One meter of the installation: its registers and readings, what is observed of its wiring, its outputs, and what its last
 * window brought. The invariant: the delivered register and the pulse train move together, so that after each step and each
 * preset the train is planned up to the register. A step returns facts; making them durable and visible is for the caller.
 */

#include "config/config.h"
#include "core/meter.h"
#include "diagnosis/observation.h"
#include "metering/point_outputs.h"

struct mm_meter_point {
	const struct mm_config_meter *config;
	int index; /* in the configuration, the register and the journal */
	struct mm_meter meter;
	struct mm_observation observation;
	struct mm_point_outputs *outputs;
	int64_t window_uwh;	   /* energy of the last window, to foresee the next */
	int64_t not_ours_ns;	   /* energy of a window that begins then or before is not this meter's; 0: it is */
	int64_t received_noted_ns; /* CLOCK_BOOTTIME when it last was a fact that energy flows back; 0: never */
};

enum mm_fact_kind {
	MM_FACT_RAISED,	  /* element, flag */
	MM_FACT_CLEARED,  /* element, flag */
	MM_FACT_VOLTAGE,  /* element, voltage */
	MM_FACT_RECEIVED, /* received_uwh */
	MM_FACT_INTERVAL, /* interval */
};

struct mm_fact {
	enum mm_fact_kind kind;
	unsigned element; /* 0: the first */
	union {
		uint32_t flag;
		const struct mm_voltage_event *voltage; /* of the measurement */
		int64_t received_uwh;			/* the received register before energy began to flow back */
		const struct mm_profile_row *interval;	/* of the step: closed by it */
	};
};

/* An event of the voltage is of one input, which at most one element uses. */
#define MM_FACTS_MAX (2 * MM_ELEMENTS_MAX * MM_ELEMENT_FLAG_COUNT + MM_INPUTS_MAX + 1 + MM_PROFILE_CLOSED_MAX)

struct mm_facts {
	unsigned count;
	struct mm_fact fact[MM_FACTS_MAX];
};

/*
 * Takes one window as mm_meter_step() does, and plans its pulses. The facts borrow from ret_step and measurement.
 * clock_status: of MM_PROFILE_BEGIN, for intervals that begin at end_real_ns.
 */
void mm_meter_point_step(struct mm_meter_point *point, const struct mm_measurement *measurement, enum mm_health health,
			 int64_t end_real_ns, uint32_t clock_status, struct mm_meter_step *ret_step, struct mm_facts *ret_facts);

/* Presets as mm_meter_preset() does, the pulse train with it. */
int mm_meter_point_preset(struct mm_meter_point *point, int64_t delivered_uwh, int64_t received_uwh, int64_t now_s);

/* What counts of the registers of a meter for when to commit: delivered and received energy, µWh. */
int64_t mm_registers_sum(const struct mm_registers *registers);

#endif
