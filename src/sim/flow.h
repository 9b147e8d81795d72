/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_FLOW_H
#define MM_SIM_FLOW_H

/*
 * The physics: what flows on each line, and what reaches each element of the meter, follow from supply, loads and wiring. All
 * sines are steady, so phasors suffice. Powers are whole micro-watts: their integral over whole nanoseconds is exact.
 */

#include "sim/state.h"

/* No power is beyond 2 MW, so that an hour of it in micro-watts and milliseconds fits 64 bits. */
#define MM_SIM_POWER_MAX_UW 2e12

struct mm_sim_recording;

struct mm_sim_flow {
	int64_t load_uw[MM_SIM_LINES]; /* the loads' draw from each line; a load between two lines counts for both */
	/* At the inputs of each element, by its voltage leads and its current transformer as wired: */
	double voltage_v[MM_SIM_LINES];	      /* rms */
	double voltage_lag_rad[MM_SIM_LINES]; /* v(t) = sqrt(2) V sin(2 pi f t - lag) */
	double current_a[MM_SIM_LINES];	      /* rms */
	double current_lag_rad[MM_SIM_LINES];
	double sine_v[MM_SIM_LINES]; /* rms of the sines that the state's wave forms distort */
	double sine_a[MM_SIM_LINES];
	int64_t active_uw[MM_SIM_LINES];
	int64_t reactive_uvar[MM_SIM_LINES]; /* positive: current lags voltage */
	int64_t apparent_uva[MM_SIM_LINES];
	double frequency_hz;
	const struct mm_sim_recording *recording; /* at element A in place of sines; or NULL */
};

/*
 * S = V I*, where each load has I = (S / V)*, and V is the source less the drop in the supply's conductors. A line below 1 V is
 * dead, and its loads draw nothing. An open neutral lead floats at the mean of the connected lines. This is for sines; other wave
 * forms change rms values and powers by closed forms (sim/wave.h).
 */
void mm_sim_flow_compute(const struct mm_sim_state *state, struct mm_sim_flow *ret);

/* Puts a recording in place of element A and its load. It must outlive the flow. */
void mm_sim_flow_record(struct mm_sim_flow *flow, const struct mm_sim_recording *recording);

#endif
