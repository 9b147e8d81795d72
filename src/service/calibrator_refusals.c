/* SPDX-License-Identifier: MIT */
/* Why a point is not taken, with the figures that say so, and what to do about it. */
#include <math.h>
#include <stdio.h>

#include "service/calibrator.h"

#define REASON_MAX 192

static const char *const advices[MM_CALIBRATION_FAULT_COUNT] = {
	[MM_CALIBRATION_FINE] = "",
	[MM_CALIBRATION_NO_SUPPLY] = "check the voltage leads and their fuses",
	[MM_CALIBRATION_NO_LOAD] = "switch the load on, and see that the CT's secondary is connected",
	[MM_CALIBRATION_ELSEWHERE] =
		"load the line of this element, or calibrate the other element; if this line is the one that "
		"is loaded, the CTs are crossed: mend that first",
	[MM_CALIBRATION_REVERSED] =
		"the CT is turned round, or sits on the other line's conductor: mend that first, a constant can't",
	[MM_CALIBRATION_WRONG_LOAD] = "change the load and measure again",
	[MM_CALIBRATION_WRONG_FACTOR] = "change the load and measure again",
	[MM_CALIBRATION_UNSTEADY] = "wait until supply and load are steady, and switch nothing while it measures",
	[MM_CALIBRATION_CROSSED] =
		"clamp the reference on the conductor of this element, or else the CTs are crossed: mend that first",
	[MM_CALIBRATION_FAR_OFF] =
		"check unit, pulse constant and time of the reference, then its range and clamp, then the CT ratio, "
		"burden_ohm and voltage_divider of the configuration; an error this large is no matter of calibration",
	[MM_CALIBRATION_GAIN_LIMIT] = "check the CT ratio, burden_ohm and voltage_divider of the configuration",
	[MM_CALIBRATION_PHASE_LIMIT] = "check the power factor and its reference reading, then the CT and its burden",
	[MM_CALIBRATION_OFFSET_LIMIT] =
		"take full load and light load again; if it stays, look for current that leaks into the input",
};

void mm_calibrator_refuse(struct mm_varlink_call *call, const char *reason, const char *advice)
{
	mm_varlink_error(call, "org.minimeter.CalibrationRefused", json_pack("{s:s, s:s}", "reason", reason, "advice", advice));
}

static void factor_reason(const struct mm_calibration_mean *mean, enum mm_calibration_point point, char reason[static REASON_MAX])
{
	const struct mm_calibration_range *range = &mm_calibration_range[point];
	double factor = mean->active_w / hypot(mean->active_w, mean->reactive_var);

	if (range->power_factor_max < 1) {
		snprintf(reason, REASON_MAX, "the power factor is %.3f %s, and %g to %g lagging is wanted", factor,
			 mean->reactive_var > 0 ? "lagging" : "leading", range->power_factor_min, range->power_factor_max);
	} else {
		snprintf(reason, REASON_MAX, "the power factor is %.3f, and %g to 1 is wanted", factor, range->power_factor_min);
	}
}

static void current_reason(const struct mm_calibration_mean *mean, const struct mm_model *model, enum mm_calibration_point point,
			   char reason[static REASON_MAX])
{
	const struct mm_calibration_range *range = &mm_calibration_range[point];

	snprintf(reason, REASON_MAX, "the current is %.2f A, and %s is %g to %g A", mean->current_a,
		 mm_calibration_point_name(point), range->current_min_ratio * model->ct_primary_a,
		 range->current_max_ratio * model->ct_primary_a);
}

void mm_calibrator_refuse_run(const struct mm_calibrator *calibrator, struct mm_varlink_call *call,
			      enum mm_calibration_fault fault, const struct mm_calibration_run *run,
			      enum mm_calibration_point point, double reference_w)
{
	const struct mm_meter *meter = mm_view_meter(calibrator->engine, calibrator->meter).meter;
	const struct mm_calibration_mean *mean = &run->element[calibrator->element];
	const struct mm_model *model = &meter->config.model;
	double power_w = mm_calibration_power(&meter->registers.calibration.constants[calibrator->element], model, mean);
	char reason[REASON_MAX] = "";

	switch (fault) {
	case MM_CALIBRATION_FINE:
		break;
	case MM_CALIBRATION_NO_SUPPLY:
		snprintf(reason, sizeof(reason), "element %u has %.1f V, and %g to %g V is wanted", calibrator->element + 1,
			 mean->voltage_v, MM_SUPPLY_MIN_V, MM_SUPPLY_MAX_V);
		break;
	case MM_CALIBRATION_NO_LOAD:
		snprintf(reason, sizeof(reason), "there is no load: element %u carries %.3f A", calibrator->element + 1,
			 mean->current_a);
		break;
	case MM_CALIBRATION_ELSEWHERE:
		snprintf(reason, sizeof(reason), "element %u carries no load, but %.3f A; the other one does",
			 calibrator->element + 1, mean->current_a);
		break;
	case MM_CALIBRATION_REVERSED:
		snprintf(reason, sizeof(reason), "the power of element %u is negative: %.1f W at %.2f A", calibrator->element + 1,
			 power_w, mean->current_a);
		break;
	case MM_CALIBRATION_WRONG_LOAD:
		current_reason(mean, model, point, reason);
		break;
	case MM_CALIBRATION_WRONG_FACTOR:
		factor_reason(mean, point, reason);
		break;
	case MM_CALIBRATION_UNSTEADY:
		snprintf(reason, sizeof(reason), "the power is not steady: its windows spread by %.2f %%, and %g %% is the most",
			 100 * mm_calibration_spread(run, calibrator->element), 100 * MM_CALIBRATION_SPREAD_MAX_RATIO);
		break;
	case MM_CALIBRATION_CROSSED:
		snprintf(reason, sizeof(reason), "%.1f W is not what element %u has (%.1f W), but what the other one has",
			 reference_w, calibrator->element + 1, power_w);
		break;
	case MM_CALIBRATION_FAR_OFF:
		snprintf(reason, sizeof(reason), "the reference's %.1f W and the meter's %.1f W are more than 10 %% apart",
			 reference_w, power_w);
		break;
	case MM_CALIBRATION_GAIN_LIMIT:
		snprintf(reason, sizeof(reason), "with this point the gain would have to be corrected by more than %g %%",
			 100 * MM_CALIBRATION_ERROR_MAX_RATIO);
		break;
	case MM_CALIBRATION_PHASE_LIMIT:
		snprintf(reason, sizeof(reason), "with this point the phase would have to be corrected by more than %g degrees",
			 MM_CALIBRATION_PHASE_MAX_DEG);
		break;
	case MM_CALIBRATION_OFFSET_LIMIT:
		snprintf(reason, sizeof(reason), "with this point the offset would have to be more than %g W",
			 MM_CALIBRATION_OFFSET_MAX_RATIO * model->rated_voltage_v * model->ct_primary_a);
		break;
	case MM_CALIBRATION_FAULT_COUNT:
		break;
	}
	mm_calibrator_refuse(call, reason, advices[fault]);
}
