/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_WIRING_H
#define MM_DIAGNOSIS_WIRING_H

/* A wiring of a meter: its mistakes, the currents that it would take to see what is seen, and how ordinary they are. */

#include "core/meter.h"

#define MM_LINES 3
/* Wirings are told apart for meters of one or two elements. */
#define MM_WIRED_ELEMENTS 2
#define MM_LINE_THIRD 2 /* a line of the service that the meter is not for */

struct mm_ct_state {
	unsigned line; /* the line whose conductor it is on: 0, 1 or MM_LINE_THIRD */
	bool reversed;
};

/* What the meter's wires are taken to be connected to. */
struct mm_wiring {
	unsigned elements; /* 3, or any less */
	struct mm_ct_state ct[MM_ELEMENTS_MAX];
	unsigned lead[MM_ELEMENTS_MAX]; /* the line that each voltage lead is on */
	bool generates[MM_ELEMENTS_MAX];
};

/* A kind of service. */
struct mm_wiring_service {
	double prior; /* how often it is what a meter is at, or 1 where it is known */
	double lag_deg[MM_LINES];
	unsigned lines;
};

/* What is supposed, to see how well it explains the readings. */
struct mm_wiring_trial {
	const struct mm_wiring_service *service;
	const bool *said; /* to generate, by line of an element */
	struct mm_wiring wiring;
};

/* What the elements show. */
struct mm_wiring_seen {
	unsigned elements;
	const bool *judged;
	struct mm_phasor current[MM_ELEMENTS_MAX]; /* each against its element's own voltage */
};

/*
 * Mistakes that a wiring is: CTs turned, on a wrong line (two crossed are one mistake), leads on a wrong line. Of three CTs, all
 * of them turned are one mistake, and all rotated are one.
 */
unsigned mm_wiring_mistakes(const struct mm_wiring *wiring);

/* Of three CTs: each is on another's line, all the same way on. */
bool mm_wiring_rotated(const struct mm_wiring *wiring);

/*
 * How ordinary a load is whose current lags its voltage by this angle: to be compared, not an absolute figure. The meter is for
 * power factors of 0.5 to 1 either way (manual, table 1), and a load that takes up energy beyond 90 degrees there is none. said:
 * load and generation may share the line.
 */
double mm_load_likelihood(double lag_deg, bool generates, bool said);

/* Two currents that agree as far as two CTs on one conductor do. */
bool mm_same_current(struct mm_phasor a, struct mm_phasor b);

/* -180 to 180, without the lower end. */
double mm_wrap_deg(double deg);

/* An element's current as it flows in the conductor. */
struct mm_phasor mm_true_current(const struct mm_wiring_trial *trial, unsigned e, struct mm_phasor seen);

/* By how much the current lags a voltage of that lag. */
double mm_lag_behind(struct mm_phasor current, double voltage_lag_deg);

/* How ordinary the loads are that the currents would be: to be compared, not an absolute figure. */
double mm_wiring_likelihood(const struct mm_wiring_seen *seen, const struct mm_wiring_trial *trial);

#endif
