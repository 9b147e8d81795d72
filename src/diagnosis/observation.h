/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_OBSERVATION_H
#define MM_DIAGNOSIS_OBSERVATION_H

/*
 * What a diagnosis goes by: the last minute of one meter's windows. A load that comes or goes shows more than one that
 * does not change: the line that it is on sags. All windows are of one wiring: where the readings change as only a wire that
 * was moved changes them, the history starts anew (rewiring.h). Where that turns out to have been a load, it goes back again to
 * what was before.
 */

#include "core/meter.h"

#define MM_OBSERVATION_WINDOWS 64
/* The present state is the mean of so many windows: what a single one catches of a switching load averages out. */
#define MM_OBSERVATION_PRESENT_WINDOWS 4

/*
 * The angle between the voltages is the mean since one of them was dead last: wires are changed with the power off. It takes some
 * windows to know how they scatter; where they do more than this, half of what lies between 120 and 180 degrees and something to
 * spare, the angle is not known.
 */
#define MM_LAG_WINDOWS_MIN 4
#define MM_LAG_ERROR_MAX_DEG 10.0

#define MM_LAGS 2 /* of element 2's voltage and element 3's behind element 1's */

struct mm_observation_window {
	double voltage_v[MM_ELEMENTS_MAX];
	double current_a[MM_ELEMENTS_MAX];
	double active_w[MM_ELEMENTS_MAX];
	double reactive_var[MM_ELEMENTS_MAX]; /* positive: the current lags */
	struct mm_phasor lag[MM_LAGS];	      /* of length 1, its angle that by which element 2's voltage lags; 0: not known */
};

/* The latest jump of an element's current that may have been a wire's. */
struct mm_observation_jump {
	unsigned windows; /* since then; MM_OBSERVATION_WINDOWS: or more, or it was a load's */
	unsigned earlier; /* the same of the one before it */
	double ohm;	  /* how the voltages moved with it */
};

struct mm_observation {
	unsigned elements;
	unsigned count;	    /* of windows of one wiring: the least of what follows here and in jump */
	unsigned unmoved;   /* windows since a wire was surely moved, at most MM_OBSERVATION_WINDOWS */
	unsigned lag_count; /* of these and those before them, as far as the voltages are on the same lines */
	unsigned next;	    /* where the next one goes */
	bool rewired;	    /* in the latest window, which can have something of both wirings */
	struct mm_observation_jump jump[MM_ELEMENTS_MAX];
	struct mm_observation_window window[MM_OBSERVATION_WINDOWS];
	double frequency_hz;  /* 0: not known */
	bool lag_known;	      /* to MM_LAG_ERROR_MAX_DEG */
	double lag_deg;	      /* by how much element 2's voltage lags element 1's, -180 to 180 */
	double lag_error_deg; /* two standard errors of it, by how the windows scatter */
	bool third_lag_known; /* the same of element 3's */
	double third_lag_deg;
};

/* From one window to the next. */
struct mm_observation_step {
	double voltage_v[MM_ELEMENTS_MAX];
	double active_a[MM_ELEMENTS_MAX];   /* current in phase with the element's own voltage */
	double reactive_a[MM_ELEMENTS_MAX]; /* and 90 degrees behind it */
};

/* Forgets all; elements: 1 to MM_ELEMENTS_MAX. */
void mm_observation_init(struct mm_observation *observation, unsigned elements);

/* Takes a right window of the meter that config describes. */
void mm_observation_add(struct mm_observation *observation, const struct mm_meter_config *config,
			const struct mm_measurement *measurement);

/* The window so many before the latest, 0 being that; less than count or lag_count. */
static inline const struct mm_observation_window *mm_observation_back(const struct mm_observation *observation, unsigned back)
{
	return &observation->window[(observation->next + MM_OBSERVATION_WINDOWS - 1 - back) % MM_OBSERVATION_WINDOWS];
}

/* The present state: the mean of the last windows; all zero where there are none. */
struct mm_observation_window mm_observation_present(const struct mm_observation *observation);

/* The steps between the windows, oldest first; returns their number. A dead voltage has no currents. */
unsigned mm_observation_steps(const struct mm_observation *observation,
			      struct mm_observation_step ret[static MM_OBSERVATION_WINDOWS]);

/*
 * Whether both voltages of a meter of two elements are one and the same: they never moved apart. *ret_sure: though they moved
 * together, and the load of one line without that of the other, as the voltages of two lines can't.
 */
bool mm_observation_one_voltage(const struct mm_observation *observation, bool *ret_sure);

#endif
