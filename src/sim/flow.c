/* SPDX-License-Identifier: MIT */
/* Phasors of a handful of steady sines. */
#include "sim/flow.h"

#include <complex.h>
#include <math.h>

#define DEAD_LINE_V 1.0

static double complex load_current(const struct mm_sim_load *load, double complex voltage)
{
	if (cabs(voltage) < DEAD_LINE_V) {
		return 0.0;
	}
	return conj((load->active_w + load->reactive_var * I) / voltage);
}

/* From volt-amperes. Where two lines all but coincide a load between them draws beyond all measure. */
static int64_t micro(double va)
{
	return llround(fmin(fmax(va * 1e6, -MM_SIM_POWER_MAX_UW), MM_SIM_POWER_MAX_UW));
}

/* The current as an element's channel shows it, with what leaks in of the voltage. */
static double complex shown_current(const struct mm_sim_error *error, double complex current, double complex voltage)
{
	double complex ratio = (1.0 + error->ratio_percent / 100.0) * cexp(error->phase_deg * M_PI / 180.0 * I);

	return ratio * current + error->offset_w / (MM_SIM_OFFSET_V * MM_SIM_OFFSET_V) * voltage;
}

void mm_sim_flow_compute(const struct mm_sim_state *state, struct mm_sim_flow *ret)
{
	double complex voltage[MM_SIM_LINES], current[MM_SIM_LINES], between;

	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		voltage[i] = state->voltage_v[i] * cexp(-state->lag_deg[i] * M_PI / 180.0 * I);
		current[i] = load_current(&state->load[i], voltage[i]);
	}
	between = load_current(&state->load_ab, voltage[0] - voltage[1]);
	current[0] += between;
	current[1] -= between;

	*ret = (struct mm_sim_flow){.frequency_hz = state->frequency_hz};
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		const struct mm_sim_ct *ct = &state->ct[i];
		double complex seen = ct->open ? 0.0 : ct->reversed ? -current[ct->line] : current[ct->line];
		double complex power;

		seen = shown_current(&state->error[i], seen, voltage[i]);
		power = voltage[i] * conj(seen);
		ret->load_uw[i] = micro(creal(voltage[i] * conj(current[i])));
		ret->voltage_v[i] = cabs(voltage[i]);
		ret->voltage_lag_rad[i] = -carg(voltage[i]);
		ret->current_a[i] = cabs(seen);
		ret->current_lag_rad[i] = -carg(seen);
		ret->active_uw[i] = micro(creal(power));
		ret->reactive_uvar[i] = micro(cimag(power));
		ret->apparent_uva[i] = micro(cabs(power));
	}
}
