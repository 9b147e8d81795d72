/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_DIAGNOSIS_H
#define MM_CORE_DIAGNOSIS_H

/*
 * From readings to causes in the terms of the manual's troubleshooting table (section 5), the likeliest first. Where the
 * readings fit two causes alike, both are named as tied and it is for the next measurement to tell them apart.
 */

#include "core/evidence.h"
#include "core/phasing.h"

enum mm_cause {
	MM_CAUSE_NONE, /* nothing wrong is seen */
	MM_CAUSE_NO_READING,
	MM_CAUSE_FRONT_END_ABSENT,
	MM_CAUSE_FRONT_END_STALE,
	MM_CAUSE_FRONT_END_FROZEN,
	MM_CAUSE_FRONT_END_IMPLAUSIBLE,
	MM_CAUSE_FRONT_END_NO_CHANNEL,
	MM_CAUSE_FRONT_END_NO_TRIGGER,
	MM_CAUSE_FRONT_END_WRONG_RATE,
	MM_CAUSE_FRONT_END_STUCK,
	MM_CAUSE_FRONT_END_SATURATED,
	MM_CAUSE_FRONT_END_SWAPPED,
	MM_CAUSE_NO_SUPPLY,
	MM_CAUSE_LINE_MISSING,
	MM_CAUSE_VOLTAGE_LOW,
	MM_CAUSE_VOLTAGE_HIGH,
	MM_CAUSE_NEUTRAL_SWAPPED,
	MM_CAUSE_NEUTRAL_LOST,
	MM_CAUSE_NEUTRAL_LEAD_OPEN,
	MM_CAUSE_LEAD_WRONG_LINE,
	MM_CAUSE_FREQUENCY,
	MM_CAUSE_CT_OPEN,
	MM_CAUSE_CT_REVERSED,
	MM_CAUSE_CTS_REVERSED,
	MM_CAUSE_CTS_CROSSED,
	MM_CAUSE_CT_WRONG_LINE,
	MM_CAUSE_SEVERAL,
	MM_CAUSE_OVER_RANGE,
	MM_CAUSE_CT_RATIO,
	MM_CAUSE_GENERATION,
	MM_CAUSE_REACTIVE_LOAD,
	MM_CAUSE_LOAD_SMALL,
	MM_CAUSE_CREEP,
	MM_CAUSE_COUNT,
};

struct mm_cause_info {
	const char *name;  /* stable: "ct-reversed" */
	const char *words; /* what it is, for people */
	const char *next;  /* what to measure or do next */
	const char *event; /* code of the events that speak for it; NULL: none */
	bool fault;	   /* of the installation or the meter; otherwise nothing is wrong, or nothing can be said */
};

struct mm_finding {
	enum mm_cause cause;
	unsigned element;  /* 1 or 2; 0: the meter as a whole */
	double confidence; /* 0 to 1 */
	bool tied;	   /* with the other tied findings of the same element or of element 0: these readings fit them alike */
	bool phasing;	   /* the fields below have a meaning */
	struct mm_phasing_candidate as;
};

#define MM_FINDINGS_MAX 12

struct mm_diagnosis {
	unsigned count; /* 1 or more */
	struct mm_finding finding[MM_FINDINGS_MAX];
};

/*
 * health: of the front end, as judged. loaded: somebody says that a load over 1 A runs on every element. Never without a finding;
 * MM_CAUSE_NONE where nothing wrong is seen.
 */
void mm_diagnose(const struct mm_evidence *evidence, const struct mm_model *model, enum mm_health health, bool loaded,
		 struct mm_diagnosis *ret);

/* What is known of a cause; static. */
const struct mm_cause_info *mm_cause_info(enum mm_cause cause);

#endif
