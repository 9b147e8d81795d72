/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_ADC_H
#define MM_SIM_ADC_H

/*
 * The waveform converter: it makes codes of 24 bits from what flows at its inputs. Channels 0, 2 and 4 have the currents of
 * elements A, B and C, channels 1, 3 and 5 their voltages; the others are open.
 */

#include "sim/flow.h"
#include "sim/scenario.h"

#define MM_SIM_ADC_BITS 24

struct mm_sim_adc {
	const struct mm_sim_chip *chip;
	double codes_per_v, codes_per_a; /* per volt of the line and ampere of the primary */
	double offset_codes;
	double noise_codes; /* rms */
	uint64_t seed;
};

void mm_sim_adc_init(struct mm_sim_adc *adc, const struct mm_sim_board_config *board);

/* Frames at even times. number is that of the first one; it selects the noise. */
struct mm_sim_frames {
	uint64_t number;
	double time_ns, step_ns; /* of the first one, and from each to the next */
	unsigned count;
};

/* Converts frames of chip->channels codes each, while the board stays in this state. */
void mm_sim_adc_convert(const struct mm_sim_adc *adc, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
			const struct mm_sim_frames *frames, int32_t *ret);

#endif
