/* SPDX-License-Identifier: MIT */
#ifndef MM_CONFIG_INPUTS_H
#define MM_CONFIG_INPUTS_H

/* Which inputs a front end has by the configuration: one for each phase that an element of any of its meters uses. Pure. */

#include "afe/afe.h"
#include "base/error.h"
#include "config/config.h"

/*
 * Fills in the inputs of a front end, a number of the configuration's, with their full scales. Returns how many there are, or
 * -EINVAL with the reason in error where the converter would clip below the limits of a meter (table 1 of the manual).
 */
int mm_inputs(const struct mm_config *config, unsigned front_end, struct mm_afe_input inputs[static MM_INPUTS_MAX],
	      struct mm_error *error);

/*
 * The same for the configuration's check: does the burden let the largest current of a meter through at an element, and the
 * divider the largest voltage? 0, or -EINVAL with the reason.
 */
int mm_inputs_check_current(const struct mm_config *config, const struct mm_config_meter *meter, unsigned element,
			    struct mm_error *error);
int mm_inputs_check_voltage(const struct mm_config *config, const struct mm_config_meter *meter, unsigned element,
			    struct mm_error *error);

/* The field of the settings that has the burden or the divider of a phase: that phase's own, or that of all. */
const double *mm_inputs_burden(const struct mm_config_front_end *front_end, unsigned phase);
const double *mm_inputs_divider(const struct mm_config_front_end *front_end, unsigned phase);

/* What the front end's driver is created with; it refers to config. Nothing is checked. */
void mm_inputs_configure(const struct mm_config *config, unsigned front_end, struct mm_afe_config *ret);

/* The number of the input of a phase, or -1. */
int mm_input_of_phase(const struct mm_afe_input *inputs, unsigned count, int phase);

#endif
