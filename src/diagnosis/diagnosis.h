/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_DIAGNOSIS_H
#define MM_DIAGNOSIS_DIAGNOSIS_H

/*
 * From readings to causes in the terms of the manual's troubleshooting table (section 5), the likeliest first. Where the
 * readings fit several causes alike, these are a tie: their order is only that of how often they occur, and the next measurement
 * must tell them apart.
 */

#include "diagnosis/cause.h"
#include "core/correction.h"
#include "diagnosis/observation.h"
#include "diagnosis/phasing.h"

struct mm_finding {
	enum mm_cause cause;
	unsigned element;  /* from 1; 0: the meter as a whole */
	double confidence; /* 0 to 1 */
	unsigned tie;	   /* 0: none; the readings fit all findings of this number alike */
	bool corrected;	   /* the correction in force allows for it: the meter registers as if the wires were right */
	double shown_w;	   /* of CT_RATIO by a stated load: the power that is shown */
	bool phasing;	   /* the field below has a meaning */
	struct mm_phasing_candidate as;
};

#define MM_FINDINGS_MAX 14

struct mm_diagnosis {
	unsigned count; /* 1 or more */
	struct mm_finding finding[MM_FINDINGS_MAX];
};

/* What the windows don't say. */
struct mm_circumstances {
	enum mm_health health;		 /* of the front end, as judged */
	uint32_t correction;		 /* in force; the windows are as wired */
	bool generates[MM_ELEMENTS_MAX]; /* said to, in the configuration */
	uint32_t flags;			 /* MM_ELEMENT_* that are up, of any element */
	bool failing;			 /* something else of the meter is: its outputs */
	bool loaded;			 /* somebody says that a load over 1 A runs on every element */
	bool load_known;		 /* somebody says that all that runs now, on all lines, is */
	double load_w;			 /* 0 or more */
};

/* Never without a finding; MM_CAUSE_NONE where nothing wrong is seen. */
void mm_diagnose(const struct mm_observation *observation, const struct mm_model *model,
		 const struct mm_circumstances *circumstances, struct mm_diagnosis *ret);

#endif
