/* SPDX-License-Identifier: MIT */
#include "diagnosis/private.h"

#include <assert.h>

struct mm_finding *mm_stage_find(struct mm_stage *stage, enum mm_cause cause, unsigned element, double confidence)
{
	struct mm_diagnosis *ret = stage->ret;

	assert(ret->count < MM_FINDINGS_MAX);
	ret->finding[ret->count] = (struct mm_finding){.cause = cause, .element = element, .confidence = confidence};
	return &ret->finding[ret->count++];
}

void mm_stage_find_tied(struct mm_stage *stage, enum mm_cause first, enum mm_cause second, unsigned element, double confidence)
{
	unsigned tie = ++stage->ties;

	mm_stage_find(stage, first, element, confidence)->tie = tie;
	mm_stage_find(stage, second, element, 1 - confidence)->tie = tie;
}

void mm_stage_find_beside(struct mm_stage *stage, struct mm_finding *finding, enum mm_cause cause, unsigned element,
			  double confidence)
{
	if (finding->tie == 0) {
		finding->tie = ++stage->ties;
	}
	mm_stage_find(stage, cause, element, confidence)->tie = finding->tie;
}

bool mm_stage_is_dead(double volts)
{
	return volts < MM_DEAD_VOLTAGE_V;
}
