/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_PRIVATE_H
#define MM_DIAGNOSIS_PRIVATE_H

/* What the stages of a diagnosis share: what they go by, and the findings so far (stage.c). */

#include "diagnosis/diagnosis.h"

struct mm_stage {
	const struct mm_observation *observation;
	const struct mm_model *model;
	const struct mm_circumstances *circumstances;
	struct mm_observation_window present;
	bool judged[MM_ELEMENTS_MAX];
	unsigned open_tie[MM_ELEMENTS_MAX]; /* of a CT that is open or without a load */
	unsigned ties;
	struct mm_diagnosis *ret;
};

struct mm_finding *mm_stage_find(struct mm_stage *stage, enum mm_cause cause, unsigned element, double confidence);

/* Two causes that these readings fit alike, the likelier first. */
void mm_stage_find_tied(struct mm_stage *stage, enum mm_cause first, enum mm_cause second, unsigned element, double confidence);

/* Another cause that the readings of a finding fit alike. */
void mm_stage_find_beside(struct mm_stage *stage, struct mm_finding *finding, enum mm_cause cause, unsigned element,
			  double confidence);

bool mm_stage_is_dead(double volts);

#endif
