/* SPDX-License-Identifier: MIT */
#include "sim/flow.h"

#include "sim/recording.h"

#include <complex.h>
#include <math.h>

#define DEAD_LINE_V 1.0
/* Each round multiplies the error by drop / voltage: at a tenth, it ends far below the last digit of a double. */
#define DROP_ROUNDS 40

static double complex load_current(const struct mm_sim_load *load, double complex voltage)
{
	if (cabs(voltage) < DEAD_LINE_V) {
		return 0.0;
	}
	return conj((load->active_w + load->reactive_var * I) / voltage);
}

/* From volt-amperes. A load between two lines of almost the same voltage has no sensible current, hence the limits. */
static int64_t micro(double va)
{
	return llround(fmin(fmax(va * 1e6, -MM_SIM_POWER_MAX_UW), MM_SIM_POWER_MAX_UW));
}

/* The current that an element's channel shows, with the leakage from its voltage. */
static double complex shown_current(const struct mm_sim_error *error, double complex current, double complex voltage)
{
	double complex ratio = (1.0 + error->ratio_percent / 100.0) * cexp(error->phase_deg * M_PI / 180.0 * I);

	return ratio * current + error->offset_w / (MM_SIM_OFFSET_V * MM_SIM_OFFSET_V) * voltage;
}

/* What the loads draw from each line at these voltages. */
static void load_currents(const struct mm_sim_state *state, const double complex voltage[MM_SIM_LINES],
			  double complex ret[MM_SIM_LINES])
{
	double complex between = load_current(&state->load_ab, voltage[0] - voltage[1]);

	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		ret[i] = load_current(&state->load[i], voltage[i]);
	}
	ret[0] += between;
	ret[1] -= between;
}

/* Voltages and currents of the lines at the panel. The loads draw the same power at any voltage, so this is an iteration. */
static void solve_panel(const struct mm_sim_state *state, double complex voltage[MM_SIM_LINES],
			double complex current[MM_SIM_LINES])
{
	double complex source[MM_SIM_LINES];

	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		source[i] = voltage[i] = state->voltage_v[i] * cexp(-state->lag_deg[i] * M_PI / 180.0 * I);
	}
	load_currents(state, voltage, current);
	for (unsigned round = 0; round < DROP_ROUNDS && state->line_ohm > 0.0; round++) {
		double complex neutral = current[0] + current[1] + current[2];

		for (unsigned i = 0; i < MM_SIM_LINES; i++) {
			voltage[i] = cabs(source[i]) < DEAD_LINE_V ? 0.0 : source[i] - state->line_ohm * (current[i] + neutral);
		}
		load_currents(state, voltage, current);
	}
}

/* The potential at the meter's neutral. Without that lead the equal dividers make it the mean of the lines. */
static double complex meter_neutral(const struct mm_sim_state *state, const double complex conductor[MM_SIM_LINES + 1])
{
	const struct mm_sim_lead *lead = &state->lead[MM_SIM_NEUTRAL];
	double complex sum = 0.0;
	unsigned count = 0;

	if (!lead->open) {
		return conductor[lead->conductor];
	}
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		if (!state->lead[i].open && cabs(conductor[state->lead[i].conductor]) >= DEAD_LINE_V) {
			sum += conductor[state->lead[i].conductor];
			count++;
		}
	}
	return count > 0 ? sum / count : 0.0;
}

/* The voltage that an element is shown. */
static double complex shown_voltage(const struct mm_sim_state *state, const double complex conductor[MM_SIM_LINES + 1],
				    unsigned element)
{
	const struct mm_sim_lead *lead = &state->lead[element];
	double complex potential = conductor[lead->conductor];
	bool unused = lead->conductor == element && cabs(potential) < DEAD_LINE_V; /* no such line in this service */

	return lead->open || unused ? 0.0 : potential - meter_neutral(state, conductor);
}

static void show(struct mm_sim_flow *flow, unsigned element, const struct mm_sim_power *power)
{
	flow->voltage_v[element] = power->voltage_v;
	flow->current_a[element] = power->current_a;
	flow->active_uw[element] = micro(power->active_w);
	flow->reactive_uvar[element] = micro(power->reactive_var);
	flow->apparent_uva[element] = micro(power->voltage_v * power->current_a);
}

/* Turns the figures of one line from those of sines into those of the wave forms. */
static void distort(const struct mm_sim_wave *wave, double complex voltage, double complex current, struct mm_sim_flow *flow,
		    unsigned i)
{
	struct mm_sim_power load, shown;

	mm_sim_wave_power(wave, cabs(voltage), cabs(current), carg(voltage) - carg(current), &load);
	mm_sim_wave_power(wave, flow->sine_v[i], flow->sine_a[i], flow->current_lag_rad[i] - flow->voltage_lag_rad[i], &shown);
	flow->load_uw[i] = micro(load.active_w);
	show(flow, i, &shown);
}

void mm_sim_flow_compute(const struct mm_sim_state *state, struct mm_sim_flow *ret)
{
	double complex conductor[MM_SIM_LINES + 1] = {0}, current[MM_SIM_LINES];

	solve_panel(state, conductor, current);
	*ret = (struct mm_sim_flow){.frequency_hz = state->frequency_hz};
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		const struct mm_sim_ct *ct = &state->ct[i];
		double complex voltage = shown_voltage(state, conductor, i);
		double complex through = ct->open ? 0.0 : ct->reversed ? -current[ct->line] : current[ct->line];
		double complex seen = shown_current(&state->error[i], through, voltage);
		double complex power = voltage * conj(seen);

		ret->load_uw[i] = micro(creal(conductor[i] * conj(current[i])));
		ret->voltage_v[i] = cabs(voltage);
		ret->voltage_lag_rad[i] = -carg(voltage);
		ret->current_a[i] = cabs(seen);
		ret->current_lag_rad[i] = -carg(seen);
		ret->sine_v[i] = cabs(voltage);
		ret->sine_a[i] = cabs(seen);
		ret->active_uw[i] = micro(creal(power));
		ret->reactive_uvar[i] = micro(cimag(power));
		ret->apparent_uva[i] = micro(cabs(power));
		if (!mm_sim_wave_is_sine(&state->wave)) {
			distort(&state->wave, conductor[i], current[i], ret, i);
		}
	}
}

void mm_sim_flow_record(struct mm_sim_flow *flow, const struct mm_sim_recording *recording)
{
	struct mm_sim_power power;

	mm_sim_recording_power(recording, &power);
	flow->recording = recording;
	flow->load_uw[0] = micro(power.active_w);
	show(flow, 0, &power);
}
