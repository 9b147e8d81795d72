/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_PHASING_H
#define MM_DIAGNOSIS_PHASING_H

/*
 * Which wiring explains what the elements are shown. Every wiring of a meter is tried: each CT on either line or on a third one,
 * right way round or turned, a voltage lead on the other's line, 180 degrees between the lines (split phase) or 120 (wye). Each
 * gives back the currents that truly flow; the more ordinary the loads that these would be, and the better they explain how the
 * voltages sag, the likelier the wiring.
 *
 * What the method can't do is in the nature of the readings. A CT turned round shows what generation shows; in a split phase, two
 * CTs turned round show what two crossed ones show. Then the likelihoods are alike, and only the priors (one mistake before two)
 * put them in an order. A load that is switched on one line decides: its own line sags.
 */

#include "core/correction.h"
#include "diagnosis/observation.h"
#include "diagnosis/wiring.h"

/* One wiring, or all that come to the same mistake. */
struct mm_phasing_candidate {
	struct mm_wiring wiring;
	double likelihood; /* of the readings, given this wiring: to be compared, not an absolute figure */
	double weight;	   /* likelihood times how often the mistake is made */
	double repaired_w; /* power of the lines whose current is measured, as it would register with the wires right */
	bool sagged;	   /* the voltages' sagging speaks for it */
	bool corrected;	   /* the correction in force allows for it */
	double angle_deg[MM_ELEMENTS_MAX]; /* by which the true load's current lags its line, -180 to 180 */
};

#define MM_PHASING_CANDIDATES_MAX 8

/* What somebody has said, which speaks for the wirings that it fits. */
struct mm_phasing_said {
	enum mm_wires wires;		 /* what the meter is for */
	uint32_t correction;		 /* what the wiring was found to be; 0: nothing */
	bool generates[MM_ELEMENTS_MAX]; /* energy may flow back there: then that alone is no sign of a mistake */
};

/*
 * Ranks the wirings that could be, the likeliest first; returns their number. judged: whether an element's voltage and current
 * are enough to go by; an element that is not stays as it should be. At least one must be.
 */
unsigned mm_phasing_rank(const struct mm_observation *observation, const bool judged[static MM_ELEMENTS_MAX],
			 const struct mm_phasing_said *said, struct mm_phasing_candidate ret[static MM_PHASING_CANDIDATES_MAX]);

/* Keeps a candidate among the likeliest, in their order; one with the same wiring is one with it. Returns the new number. */
unsigned mm_phasing_keep(struct mm_phasing_candidate *list, unsigned count, const struct mm_phasing_candidate *candidate);

#endif
