/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_CALIBRATION_H
#define MM_CORE_CALIBRATION_H

/*
 * Calibration: the constants of one element, the stage that applies them between measurement and meter, and the arithmetic of
 * the three-point procedure that finds them against a reference.
 *
 * With S = P + jQ of an input (Q positive where current lags) the calibrated power is
 *
 *     S' = gain S exp(j phase) + offset (V / rated V)²
 *
 * A current channel that leads by an angle turns S back by it, exp(-j angle), which costs tan(acos pf) radians of P: 0.1° is 0.30
 * % at pf 0.5 and nothing at pf 1 (IEC 61869-2 on phase displacement; any text on a.c. power). The offset is what leaks of
 * the voltage into the current channel: power that goes by the square of the voltage, so that a dead line gets none of it. The
 * procedure is that of ANSI C12.1: full load at pf 1, full load at pf 0.5 lagging, light load at pf 1.
 */

#include "core/measurement.h"
#include "core/model.h"

/* No part may be off by more: what errs further is broken, wired wrong or configured wrong, and must be repaired instead. */
#define MM_CALIBRATION_ERROR_MAX_RATIO 0.10
#define MM_CALIBRATION_PHASE_MAX_DEG 3.0
#define MM_CALIBRATION_OFFSET_MAX_RATIO 0.001 /* of rated volts times rated amperes */

struct mm_calibration {
	double gain;	  /* of current and power */
	double phase_deg; /* the angle by which the current channel leads */
	double offset_w;  /* added to the active power, at rated voltage */
};

/* The constants of all elements of a meter. Each version is higher than those before it; 0: never calibrated. */
struct mm_calibration_version {
	int64_t number;
	struct mm_calibration constants[MM_ELEMENTS_MAX];
};

enum mm_calibration_point {
	MM_CALIBRATION_FULL_LOAD,
	MM_CALIBRATION_POWER_FACTOR,
	MM_CALIBRATION_LIGHT_LOAD,
	MM_CALIBRATION_POINT_COUNT,
};

/*
 * Where a point is taken. Full load is 10 to 110 % of rated current: the test amperes of ANSI C12.10 (15 %) up to the meter's
 * limit. Light load is 0.5 to 2 %: C12.1 takes a tenth of the test amperes.
 */
struct mm_calibration_range {
	double current_min_ratio, current_max_ratio; /* of the rated current */
	double power_factor_min, power_factor_max;   /* lagging, unless up to 1 */
};

extern const struct mm_calibration_range mm_calibration_range[MM_CALIBRATION_POINT_COUNT];

/* Beyond this standard deviation of the windows' powers, as a part of their mean, a load is not steady. */
#define MM_CALIBRATION_SPREAD_MAX_RATIO 0.005

/* Means over a number of windows, of one element, before calibration. */
struct mm_calibration_mean {
	double voltage_v;
	double current_a;
	double active_w;
	double reactive_var;
	double squares; /* of active_w: sum of squared differences from the mean, times seconds (West 1979) */
};

/* A measurement over some windows; all zero to begin with. */
struct mm_calibration_run {
	unsigned windows;
	double seconds;
	struct mm_calibration_mean element[MM_ELEMENTS_MAX];
};

enum mm_calibration_fault {
	MM_CALIBRATION_FINE,
	MM_CALIBRATION_NO_SUPPLY,    /* the voltage is outside the meter's limits */
	MM_CALIBRATION_NO_LOAD,	     /* no element carries current */
	MM_CALIBRATION_ELSEWHERE,    /* another element carries it */
	MM_CALIBRATION_REVERSED,     /* power is negative: CT turned round, or on the wrong line */
	MM_CALIBRATION_WRONG_LOAD,   /* current outside the point's range */
	MM_CALIBRATION_WRONG_FACTOR, /* power factor outside the point's range, or leading */
	MM_CALIBRATION_UNSTEADY,
	MM_CALIBRATION_CROSSED,	    /* the reference is right for the other element, and wrong for this */
	MM_CALIBRATION_FAR_OFF,	    /* more than 10 % between meter and reference */
	MM_CALIBRATION_GAIN_LIMIT,  /* the constants that would follow are beyond their limits */
	MM_CALIBRATION_PHASE_LIMIT, /* the same */
	MM_CALIBRATION_OFFSET_LIMIT,
	MM_CALIBRATION_FAULT_COUNT,
};

/* A point that was measured, with the reference's mean power over the same time. */
struct mm_calibration_result {
	bool taken;
	struct mm_calibration_mean mean;
	double reference_w; /* above 0 */
};

/* Gain 1, no phase error, no offset for every element: what a meter is that was never calibrated. */
extern const struct mm_calibration_version mm_calibration_none;

/* Names for people and protocols: "full-load", "power-factor", "light-load". */
const char *mm_calibration_point_name(enum mm_calibration_point point);

/* FINE, or which constant no procedure could have given: not finite, or beyond its limit. */
enum mm_calibration_fault mm_calibration_check(const struct mm_calibration *constants, const struct mm_model *model);

/*
 * Applies the constants of each element to the input that serves it; the other inputs stay as they are. The constants are such as
 * mm_calibration_check() passes, and then finite figures stay finite.
 */
void mm_calibration_apply(const struct mm_calibration constants[static MM_ELEMENTS_MAX], const struct mm_model *model,
			  const unsigned input[static MM_ELEMENTS_MAX], struct mm_measurement *measurement);

/* Adds a window, as the front end gave it, to a measurement of the elements of a meter. */
void mm_calibration_add(struct mm_calibration_run *run, const struct mm_model *model,
			const unsigned input[static MM_ELEMENTS_MAX], const struct mm_measurement *measurement);

/* Standard deviation of the windows' powers of an element as a part of their mean: 0 with one window or no power. */
double mm_calibration_spread(const struct mm_calibration_run *run, unsigned element);

/* Mean power in watts as a meter with these constants would have registered it. */
double mm_calibration_power(const struct mm_calibration *constants, const struct mm_model *model,
			    const struct mm_calibration_mean *mean);

/* Is this a measurement of the point, on that element? */
enum mm_calibration_fault mm_calibration_judge_run(const struct mm_calibration_run *run, unsigned element,
						   enum mm_calibration_point point, const struct mm_model *model);

/* Can reference_w, in watts, be the power of that element in this measurement? constants: of all elements. */
enum mm_calibration_fault mm_calibration_judge_reference(const struct mm_calibration_run *run, unsigned element,
							 double reference_w,
							 const struct mm_calibration constants[static MM_ELEMENTS_MAX],
							 const struct mm_model *model);

/*
 * Finds the constants with which each point that was taken registers its reference: gain from full load (which has to be
 * there), phase from the power factor, offset from light load; what has no point stays as it is in present. FINE, or the limit
 * that they exceed; ret is untouched then.
 */
enum mm_calibration_fault mm_calibration_solve(const struct mm_calibration_result result[static MM_CALIBRATION_POINT_COUNT],
					       const struct mm_calibration *present, const struct mm_model *model,
					       struct mm_calibration *ret);

/* Percent registration of a point by a meter with these constants: 100 is right. */
double mm_calibration_registration(const struct mm_calibration_result *result, const struct mm_calibration *constants,
				   const struct mm_model *model);

/* (4 FL + LL) / 5, the weighted average of ANSI C12.1 and of utilities' rules for percent registration. */
double mm_calibration_weighted_average(double full_load, double light_load);

#endif
