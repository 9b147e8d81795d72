/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_INPUTS_H
#define MM_METERING_INPUTS_H

/* Which inputs a front end has by the configuration: one for each phase that an element of any meter uses. */

#include "afe/afe.h"
#include "base/error.h"
#include "config/config.h"

/*
 * Fills in the inputs with their full scales. Returns their number, or -EINVAL with the reason in error where the converter would
 * clip below the limits of a meter (table 1 of the manual).
 */
int mm_inputs(const struct mm_config *config, double adc_full_scale_v, struct mm_afe_input inputs[static MM_INPUTS_MAX],
	      struct mm_error *error);

/* The number of the input of a phase, or -1. */
int mm_input_of_phase(const struct mm_afe_input *inputs, unsigned count, int phase);

#endif
