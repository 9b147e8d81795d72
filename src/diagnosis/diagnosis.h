/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_DIAGNOSIS_H
#define MM_DIAGNOSIS_DIAGNOSIS_H

/*
 * From readings to causes in the terms of the manual's troubleshooting table (section 5), the likeliest first. Where the
 * readings fit two causes alike, both are named as ambiguous, and the next measurement must tell them apart.
 */

#include "diagnosis/cause.h"
#include "core/correction.h"
#include "diagnosis/observation.h"
#include "diagnosis/phasing.h"

struct mm_finding {
	enum mm_cause cause;
	unsigned element;  /* 1 or 2; 0: the meter as a whole */
	double confidence; /* 0 to 1 */
	bool ambiguous;	   /* the readings fit the other ambiguous findings of the same element or of element 0 as well */
	bool corrected;	   /* the correction in force allows for it: the meter registers as if the wires were right */
	double shown_w;	   /* of CT_RATIO by a stated load: the power that is shown */
	bool phasing;	   /* the field below has a meaning */
	struct mm_phasing_candidate as;
};

#define MM_FINDINGS_MAX 12

struct mm_diagnosis {
	unsigned count; /* 1 or more */
	struct mm_finding finding[MM_FINDINGS_MAX];
};

/* What the windows don't say. */
struct mm_circumstances {
	enum mm_health health; /* of the front end, as judged */
	uint32_t correction;   /* in force; the windows are as wired */
	bool loaded;	       /* somebody says that a load over 1 A runs on every element */
	bool load_known;       /* somebody says that all that runs now, on all lines, is */
	double load_w;	       /* 0 or more */
};

/* Never without a finding; MM_CAUSE_NONE where nothing wrong is seen. */
void mm_diagnose(const struct mm_observation *observation, const struct mm_model *model,
		 const struct mm_circumstances *circumstances, struct mm_diagnosis *ret);

#endif
