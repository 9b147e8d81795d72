/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_ADE9000_H
#define MM_SIM_ADE9000_H

/*
 * The ADE9000: it makes the numbers of its registers from what flows at its inputs, as the mainline driver configures and shows
 * them. Full-scale codes and the latching of energy follow the data sheet and drivers/iio/adc/ade9000.c.
 */

#include "sim/flow.h"
#include "sim/scenario.h"

#define MM_SIM_RMS_FULL_SCALE 52866837
#define MM_SIM_POWER_FULL_SCALE 20694066
#define MM_SIM_WAVEFORM_FULL_SCALE 74770000
#define MM_SIM_WINDOW_SAMPLES 8000	   /* EGY_TIME + 1, at 8 kS/s of the chip's clock */
#define MM_SIM_ADC_FULL_SCALE_V 0.70710678 /* rms of a sine of 1 V peak */

enum mm_sim_register {
	MM_SIM_I_PCF, /* waveforms */
	MM_SIM_V_PCF,
	MM_SIM_IRMS,
	MM_SIM_VRMS,
	MM_SIM_WATT,
	MM_SIM_VAR,
	MM_SIM_VA,
	MM_SIM_PF,
	MM_SIM_PERIOD,
	MM_SIM_WATTHR, /* latched energies, of which the driver joins HI and LO */
	MM_SIM_VARHR,
	MM_SIM_VAHR,
	MM_SIM_REGISTER_COUNT,
};

#define MM_SIM_ENERGIES 3 /* WATTHR, VARHR, VAHR */

struct mm_sim_ade9000 {
	double full_scale_v; /* line volts rms at the ADC's full-scale sine */
	double full_scale_a; /* primary amperes rms */
	double clock_ratio;  /* the chip's seconds per true second */
	bool noise;
	uint64_t seed;
	int64_t latched[MM_SIM_ENERGIES][MM_SIM_LINES]; /* power-code samples of the last window */
};

void mm_sim_ade9000_init(struct mm_sim_ade9000 *chip, const struct mm_sim_board_config *board);

/*
 * Latches the energy of one window. mean has its mean powers by line, in micro-watts, -vars and -volt-amperes; window is its
 * number, which selects the noise.
 */
void mm_sim_ade9000_latch(struct mm_sim_ade9000 *chip, uint64_t window, const double mean[MM_SIM_ENERGIES][MM_SIM_LINES]);

/* An energy as the chip counts it: code samples, of which it has 45 bits. uwh, and rest in micro-watts times ns. */
int64_t mm_sim_ade9000_count(const struct mm_sim_ade9000 *chip, int64_t uwh, int64_t rest);

/*
 * The driver's number for a register of phase 0 to 2 at board time time_ns. implausible: rms codes are above full scale.
 * Energies are the signed 64-bit HI << 32 | LO, where E = HI * 8192 + LO, LO from 0 to 8191 and HI signed.
 */
int64_t mm_sim_ade9000_read(const struct mm_sim_ade9000 *chip, const struct mm_sim_flow *flow, int64_t time_ns,
			    enum mm_sim_register which, unsigned phase, bool implausible);

#endif
