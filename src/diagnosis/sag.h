/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_SAG_H
#define MM_DIAGNOSIS_SAG_H

/*
 * What the voltages say of where the loads are. A load that comes takes some volts from its own line, and by the neutral gives a
 * part of them to the other; of generation that comes the opposite is true. So the voltages' difference tells the line, which is
 * sharp because what the supply does by itself is alike in both; their sum, in which that noise is left, tells load from
 * generation.
 */

#include "diagnosis/observation.h"

struct mm_sag {
	unsigned elements;
	unsigned count;
	struct mm_observation_step step[MM_OBSERVATION_WINDOWS]; /* each with the one before it */
	bool load[MM_OBSERVATION_WINDOWS];			 /* the later of the two is that of a load */
	bool quiet[MM_OBSERVATION_WINDOWS];			 /* neither is, nor the next one */
	unsigned loads;						 /* how many of them are */
	unsigned blind;		    /* and how many loads pulled one line's voltage down unseen by any CT */
	double difference_noise_v2; /* variance where no load came or went */
	double sum_noise_v2;
};

/* How a wiring sees the currents. */
struct mm_sag_view {
	double turn_deg[MM_ELEMENTS_MAX]; /* makes of an element's current that of its line against that line's voltage */
	unsigned line[MM_ELEMENTS_MAX];	  /* its line: 0, 1, or beyond */
	bool one_line;			  /* both voltages are that of line `common` */
	unsigned common;
};

/* How well a view explains the voltages, by their difference and by their sum: natural logarithm of likelihood against chance. */
struct mm_sag_gain {
	double difference, sum;
};

/* Finds the steps of loads among the windows. */
void mm_sag_init(struct mm_sag *sag, const struct mm_observation *observation);

struct mm_sag_gain mm_sag_gain(const struct mm_sag *sag, const struct mm_sag_view *view);

/* The likelihood of loads that no CT sees where every line is supposed to have one. */
double mm_sag_blind_likelihood(const struct mm_sag *sag);

/* The likelihood that is left to a view when another reaches best: from 1 for one as good down to e^-14. */
double mm_sag_likelihood(const struct mm_sag *sag, const struct mm_sag_gain *gain, const struct mm_sag_gain *best);

#endif
