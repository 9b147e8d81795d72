/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_REWIRING_H
#define MM_DIAGNOSIS_REWIRING_H

/*
 * Whether somebody moved a wire between two windows. What a wire that is moved does to the readings looks like loads that come
 * and go, and what the voltages did beside it would be taken for their sag.
 */

#include "diagnosis/observation.h"

enum mm_rewiring {
	MM_REWIRING_NONE,
	MM_REWIRING_CT,	  /* the voltages are on the lines that they were on */
	MM_REWIRING_LEAD, /* or they can be on others */
};

/* next: what comes after the windows of observation, whose count can be 0. Notes in it what is doubted the first time. */
enum mm_rewiring mm_rewiring(struct mm_observation *observation, const struct mm_observation_window *next);

#endif
