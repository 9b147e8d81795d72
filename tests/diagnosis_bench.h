/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_DIAGNOSIS_BENCH_H
#define MM_TESTS_DIAGNOSIS_BENCH_H

/*
 * Readings for the diagnosis, window by window, and what it makes of them. A test is one process, so that there is one of each.
 */

#include <check.h>

#include "core/diagnosis.h"

#define RAD (3.14159265358979323846 / 180)

extern const struct mm_model dual, single;
extern struct mm_evidence evidence;
extern struct mm_diagnosis diagnosis;

/* What one element is shown. */
struct shown {
	double volts, amperes, lag_deg;
};

/* Forgets all windows. */
void begin(unsigned elements);

/* Adds one window, or as many as settle. */
void add(struct shown one, struct shown two);
void steady(struct shown one, struct shown two);

/*
 * A load of 12 A comes and goes on line 1, then on line 2, with 0.05 ohm in every conductor. What flows on a line shows in
 * element ct[line] with that sign.
 */
void switch_loads(double base_a, double other_a, const unsigned ct[2], const double sign[2]);

/* With a front end in order, and nothing said or corrected. */
void diagnose(const struct mm_model *model);

/* The finding of that cause and element, or NULL. */
const struct mm_finding *found(enum mm_cause cause, unsigned element);

/* The first finding is this; this is among them, tied or not. */
void ck_first(enum mm_cause cause, unsigned element);
void ck_tied(enum mm_cause cause, unsigned element, bool tied);

#endif
