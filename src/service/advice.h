/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_ADVICE_H
#define MM_SERVICE_ADVICE_H

/*
 * The words for people: the pure rooms give codes, and here is what they mean and what to do about it. All texts are static.
 */

#include <stdbool.h>

#include "core/calibration.h"
#include "core/health.h"
#include "diagnosis/cause.h"

#define MM_ADVICE_REASON_MAX 192

/* What to do about the health of a front end; NULL: nothing. */
const char *mm_advice_front_end(enum mm_health health, const char *uri);

/* What to do where the configuration was refused by a reload. */
extern const char mm_advice_refused[];

/* What to do where the store cannot be written, or its second copy (each 0 or a -errno); NULL: nothing. */
const char *mm_advice_store(int error, int mirror_error);

struct mm_advice_cause {
	const char *words;  /* what it is */
	const char *next;   /* what to measure or do next; NULL: what the front end's health advises */
	const char *repair; /* what to do once it is sure; NULL: as next */
	const char *beside; /* what it is called beside others that fit as well; NULL: as words */
};
const struct mm_advice_cause *mm_advice_cause(enum mm_cause cause);

/*
 * What to do next about a cause: what to measure, or once it is sure how to repair it. health and uri are those of the meter's
 * front end; of one that is at fault diagnosis and status say the same.
 */
const char *mm_advice_next(enum mm_cause cause, bool sure, enum mm_health health, const char *uri);

/* A point of a calibration that is refused. */
struct mm_advice_point {
	const struct mm_model *model;
	const struct mm_calibration *constants; /* in force, of the element */
	unsigned element;			/* index */
	const struct mm_calibration_run *run;
	enum mm_calibration_point point;
	double reference_w; /* where that is what is refused */
};

/* Writes why, with the figures that show it; returns what to do about it. */
const char *mm_advice_calibration(enum mm_calibration_fault fault, const struct mm_advice_point *point,
				  char reason[static MM_ADVICE_REASON_MAX]);

#endif
