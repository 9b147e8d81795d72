/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_FLOW_H
#define MM_SIM_FLOW_H

/*
 * The physics: from supply, loads and wiring to what flows on each line and what each element of the meter is shown. Everything
 * is a steady sine, so phasors do. Powers are whole micro-watts: their integral over whole nanoseconds is exact.
 */

#include "sim/state.h"

/* No power is beyond 2 MW, so that an hour of it in micro-watts and milliseconds fits 64 bits. */
#define MM_SIM_POWER_MAX_UW 2e12

struct mm_sim_recording;

struct mm_sim_flow {
	int64_t load_uw[MM_SIM_LINES]; /* what the loads truly draw from each line; a load between lines splits over both */
	/* What each element is shown by its voltage leads and its current transformer as wired. */
	double voltage_v[MM_SIM_LINES];	      /* rms */
	double voltage_lag_rad[MM_SIM_LINES]; /* angles in the sense of v(t) = sqrt(2) V sin(2 pi f t - lag) */
	double current_a[MM_SIM_LINES];	      /* rms */
	double current_lag_rad[MM_SIM_LINES];
	double sine_v[MM_SIM_LINES]; /* rms of the sines that the wave forms of the state are built on */
	double sine_a[MM_SIM_LINES];
	int64_t active_uw[MM_SIM_LINES];
	int64_t reactive_uvar[MM_SIM_LINES]; /* positive: current lags voltage */
	int64_t apparent_uva[MM_SIM_LINES];
	double frequency_hz;
	const struct mm_sim_recording *recording; /* what element A is shown instead of sines; or NULL */
};

/*
 * S = V I*, with I = (S / V)* of each load and V what the supply's conductors leave of the source. A line below 1 V is dead and
 * draws nothing. A neutral lead that hangs in the air floats in the middle of the lines that are connected.
 * This is for sines; wave forms that are none change rms values and powers by closed forms (sim/wave.h).
 */
void mm_sim_flow_compute(const struct mm_sim_state *state, struct mm_sim_flow *ret);

/* Puts a recording in place of element A and its load. It must outlive the flow. */
void mm_sim_flow_record(struct mm_sim_flow *flow, const struct mm_sim_recording *recording);

#endif
