/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_WAVE_H
#define MM_SIM_WAVE_H

/*
 * Voltages and currents that are no sines, as in the accuracy tests of IEC 62053-22 and IEC 62052-11: harmonics, half-wave and
 * phase-fired currents, bursts. Such a current is a part of its load's sine, enlarged so that the in-phase fundamental stays the
 * same: a load of power factor 1 on a sine voltage draws its nominal power.
 */

#include <stdbool.h>
#include <stddef.h>

#define MM_SIM_HARMONICS_MAX 4
#define MM_SIM_ORDER_MAX 40

struct mm_sim_harmonic {
	unsigned order;	 /* 2 to MM_SIM_ORDER_MAX */
	double percent;	 /* of the fundamental */
	double lead_deg; /* sin(order * angle + lead), where the fundamental is sin(angle) */
};

struct mm_sim_harmonics {
	unsigned count;
	struct mm_sim_harmonic part[MM_SIM_HARMONICS_MAX]; /* of orders that differ */
};

enum mm_sim_shape_kind {
	MM_SIM_SINE,
	MM_SIM_HALF_WAVE,   /* the positive half */
	MM_SIM_PHASE_FIRED, /* from fire_deg on in each half */
	MM_SIM_BURST,	    /* on cycles out of on + off */
};

struct mm_sim_shape {
	enum mm_sim_shape_kind kind;
	double fire_deg;
	unsigned on, off;
};

/* How all voltages and all currents differ from sines. */
struct mm_sim_wave {
	struct mm_sim_harmonics voltage, current;
	struct mm_sim_shape shape;
};

/*
 * Read the words of a scenario: "none" or up to MM_SIM_HARMONICS_MAX times ORDER:PERCENT or ORDER:PERCENT:DEGREES; "sine",
 * "half-wave", "phase-fired DEGREES" (0 to 170) or "burst ON OFF" (1 to 1000 cycles each). False: they are something else.
 */
bool mm_sim_harmonics_parse(char *const words[], unsigned count, struct mm_sim_harmonics *ret);
bool mm_sim_shape_parse(char *const words[], unsigned count, struct mm_sim_shape *ret);

/* Write the words. */
void mm_sim_harmonics_format(const struct mm_sim_harmonics *harmonics, char *ret, size_t size);
void mm_sim_shape_format(const struct mm_sim_shape *shape, char *ret, size_t size);

bool mm_sim_wave_is_sine(const struct mm_sim_wave *wave);

struct mm_sim_power {
	double voltage_v, current_a; /* rms */
	double active_w;
	double reactive_var; /* of the fundamentals */
};

/* Closed forms, over whole cycles or bursts. The arguments are the sines': volts and amperes rms, and the current's lag. */
void mm_sim_wave_power(const struct mm_sim_wave *wave, double voltage_v, double current_a, double lag_rad,
		       struct mm_sim_power *ret);

/*
 * The instant values, as multiples of the fundamental's peak, at an angle of that fundamental, given by its sine and cosine.
 * turns: the same angle in cycles from a fixed time, for bursts.
 */
double mm_sim_wave_voltage(const struct mm_sim_wave *wave, double sine, double cosine);
double mm_sim_wave_current(const struct mm_sim_wave *wave, double sine, double cosine, double turns);

#endif
