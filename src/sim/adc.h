/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_ADC_H
#define MM_SIM_ADC_H

/*
 * The waveform converter: from what flows at its inputs to the codes of its channels, 24 bits each. Channels 0, 2 and 4 have the
 * currents of elements A, B and C, channels 1, 3 and 5 their voltages; further ones are open.
 */

#include "sim/flow.h"
#include "sim/scenario.h"

#define MM_SIM_ADC_BITS 24

struct mm_sim_adc {
	const struct mm_sim_chip *chip;
	double codes_per_v, codes_per_a; /* of the line's volts and the primary's amperes */
	double offset_codes;
	double noise_codes; /* rms */
	uint64_t seed;
};

void mm_sim_adc_init(struct mm_sim_adc *adc, const struct mm_sim_board_config *board);

/*
 * Converts count frames, numbers number and on (for the noise), the first at time_ns and the others step_ns apart, while the
 * board stays in this state: chip->channels codes each.
 */
void mm_sim_adc_convert(const struct mm_sim_adc *adc, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
			uint64_t number, double time_ns, double step_ns, unsigned count, int32_t *ret);

#endif
