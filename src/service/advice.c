/* SPDX-License-Identifier: MIT */
/* The words for what the pure rooms give as codes, and what to do about it. */
#include "service/advice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/meter.h"

/* ---- Status ---- */

static const char *const front_end_advice[MM_HEALTH_COUNT] = {
	[MM_HEALTH_OK] = NULL,
	[MM_HEALTH_STARTING] = "wait for the first window; it takes about a second",
	[MM_HEALTH_ABSENT] =
		"check the front end's wiring, overlay and driver (iio_info), and uri and device in the configuration",
	[MM_HEALTH_STALE] = "check the SPI bus and the front end's supply; restart the board if it stays",
	[MM_HEALTH_FROZEN] =
		"the driver answers from its cache: systemctl restart minimeter-afe-prepare (sets the register "
		"map's cache_bypass). A kernel that Secure Boot has locked down refuses that: install minimeter-dkms "
		"and enrol its key, as minimeter-boards(7) shows",
	[MM_HEALTH_IMPLAUSIBLE] = "check voltage_divider, burden_ohm and the CT ratio in the configuration, then the wiring",
	[MM_HEALTH_NO_CHANNEL] = "check driver and the voltage_channel and current_channel keys in the configuration, and the "
				 "chip's node in the device tree",
	[MM_HEALTH_NO_TRIGGER] = "check the wire of the chip's data-ready output, and its interrupt in the device tree",
	[MM_HEALTH_WRONG_RATE] = "check mclk_hz and osr, or sample_rate, in the configuration against the chip's crystal",
	[MM_HEALTH_STUCK] = "check the chip's supply, reset and SPI wires",
	[MM_HEALTH_SATURATED] =
		"check the divider, the burden (is a CT's secondary open?) and what the configuration says of them",
	[MM_HEALTH_SWAPPED] = "exchange the wires, or the voltage_channel and current_channel keys in the configuration",
};

/* One on the network is behind a server, and behind what the unit lets through. */
static const char remote_advice[] =
	"see that iiod or minimeter-sim runs at the address of uri, and that the unit may reach it (minimeter-setup writes the "
	"drop-in); where it answers, check the front end's wiring, overlay and driver there (iio_info -u)";

const char mm_advice_refused[] = "what was in force before stays so; put the file right, then: systemctl reload minimeterd";

const char *mm_advice_front_end(enum mm_health health, const char *uri)
{
	return health == MM_HEALTH_ABSENT && strncmp(uri, "ip:", 3) == 0 ? remote_advice : front_end_advice[health];
}

const char *mm_advice_store(int error, int mirror_error)
{
	if (error) {
		return "free or repair the disk that holds the register; metering goes on in memory";
	}
	return mirror_error ? "repair or replace what holds the second copy; the database does its work meanwhile" : NULL;
}

/* ---- Diagnosis ---- */

static const struct mm_advice_cause causes[MM_CAUSE_COUNT] = {
	[MM_CAUSE_NONE] = {"nothing wrong is seen", "nothing; try it at another load to be sure",
			   .beside = "the wiring is right"},
	[MM_CAUSE_NO_READING] = {"there is no reading yet", "wait for the first window, about a second"},
	[MM_CAUSE_FRONT_END_ABSENT] = {"front end absent"},
	[MM_CAUSE_FRONT_END_STALE] = {"front end answers, but measures nothing new"},
	[MM_CAUSE_FRONT_END_FROZEN] = {"front end frozen: every figure repeats"},
	[MM_CAUSE_FRONT_END_IMPLAUSIBLE] = {"front end shows what no line or load can"},
	[MM_CAUSE_FRONT_END_NO_CHANNEL] = {"front end lacks a channel that is configured"},
	[MM_CAUSE_FRONT_END_NO_TRIGGER] = {"front end takes no samples"},
	[MM_CAUSE_FRONT_END_WRONG_RATE] = {"front end samples at a wrong rate"},
	[MM_CAUSE_FRONT_END_STUCK] = {"front end gives one code for ever"},
	[MM_CAUSE_FRONT_END_SATURATED] = {"front end at its rails all the time"},
	[MM_CAUSE_FRONT_END_SWAPPED] = {"voltage and current of the front end swapped"},
	[MM_CAUSE_NO_SUPPLY] = {"no supply voltage",
				"measure L1 and L2 to N at the meter's terminals; check disconnect and in-line fuses"},
	[MM_CAUSE_LINE_MISSING] = {"no voltage from this line: lead, in-line fuse or the line itself",
				   "measure this line to N at the meter's terminal, then before its fuse"},
	[MM_CAUSE_VOLTAGE_LOW] = {"voltage below its limit",
				  "measure at the meter's terminals; compare with voltage_divider before blaming the supply"},
	[MM_CAUSE_VOLTAGE_HIGH] = {"voltage above its limit",
				   "measure at the meter's terminals; compare with voltage_divider before blaming the supply"},
	[MM_CAUSE_NEUTRAL_SWAPPED] = {"neutral and line lead swapped",
				      "measure this line's terminal to N and to ground: the neutral is at 0 V to ground",
				      "with power off, put the white wire on N and the line's lead on its own terminal"},
	[MM_CAUSE_NEUTRAL_LOST] = {"the service's neutral is open: the lines share their voltage by their loads",
				   "switch off: loads are at the wrong voltage; have the supply's neutral repaired"},
	[MM_CAUSE_NEUTRAL_LEAD_OPEN] = {"the meter's neutral lead is not connected",
					"measure N at the meter's terminal against the panel's neutral bar: 0 V is right"},
	[MM_CAUSE_LEAD_WRONG_LINE] = {"voltage lead on the other line: both show one line",
				      "measure L1 to L2 at the meter's terminals: 0 V shows that they are one line",
				      "with power off, put this voltage lead on its own line"},
	[MM_CAUSE_FREQUENCY] = {"line frequency out of range", "measure the frequency; on a generator, its governor"},
	[MM_CAUSE_CT_OPEN] = {"CT open or not connected",
			      "measure the line with a clamp meter: where it has current, check X1 and X2 with the load off"},
	[MM_CAUSE_CT_REVERSED] = {"CT turned round, or X1 and X2 swapped",
				  "switch a load of some amperes on this line on and off, and ask again",
				  "with power off, turn this CT: its white dot or LINE side faces the supply; "
				  "minimeterctl correct bridges the time"},
	[MM_CAUSE_CTS_REVERSED] =
		{"both CTs turned round",
		 "switch a load between line 1 and neutral: if element 1's current moves, each CT is on its line",
		 "with power off, turn both CTs: the white dot or LINE side faces the supply; "
		 "minimeterctl correct bridges the time"},
	[MM_CAUSE_CTS_CROSSED] = {"CTs crossed, CT1 on line 2 and CT2 on line 1 (or voltage leads L1 and L2 crossed)",
				  "switch a load between line 1 and neutral: if element 2's current moves, they are crossed",
				  "with power off, put CT1 on the line of voltage lead L1, CT2 on that of L2; "
				  "minimeterctl correct bridges the time"},
	[MM_CAUSE_TWO_CTS_CROSSED] = {"two CTs crossed, each on the other's line",
				      "switch a load between one of these lines and neutral: see which element's current moves",
				      "with power off, put each CT on the line of its own voltage lead"},
	[MM_CAUSE_CTS_ROTATED] =
		{"CTs rotated, each of the three on the next line",
		 "switch a load between line 1 and neutral: see which element's current moves",
		 "with power off, put each CT on the line of its own voltage lead (or move the three leads round)"},
	[MM_CAUSE_CT_WRONG_LINE] = {"CT on a line that is not its voltage's",
				    "switch a load between this line and neutral: this CT's current must move",
				    "with power off, put this CT on the line of its voltage lead"},
	[MM_CAUSE_SEVERAL] = {"more than one mistake", "follow each CT's colour to its line; put one wire right and ask again"},
	[MM_CAUSE_CORRECTION_WRONG] = {"the correction in force is not for what the wires show",
				       "where the wires have been put right: minimeterctl correct none --confirm"},
	[MM_CAUSE_OVER_RANGE] = {"current above 110 % of the rating",
				 "compare with a clamp meter: if it agrees, the load is too large for this meter"},
	[MM_CAUSE_CT_RATIO] =
		{"CT of another ratio than the model's, or a wrong burden",
		 "compare with a clamp meter, the CT's label with the nameplate's ratio, burden_ohm with the board"},
	[MM_CAUSE_GENERATION] = {"true reverse energy: something generates",
				 "switch the source off: the power must turn positive",
				 "where it is meant to, say so in the configuration: generation = yes"},
	[MM_CAUSE_GENERATION_CONFIGURED] = {"power flows backwards, where the configuration says that something generates",
					    "nothing; test the wiring while the source is switched off"},
	[MM_CAUSE_REACTIVE_LOAD] = {"the load's power factor is below 0.5: it only looks like a phasing fault",
				    "switch a heater or lamp on this line: the power factor must rise"},
	[MM_CAUSE_LOAD_SMALL] = {"load under 1 A: phasing can't be judged", "switch on a load of more than 1 A on this line"},
	[MM_CAUSE_CREEP] = {"it registers though no load runs",
			    "open the breakers behind the CTs: what registers then is creep; calibrate its offset"},
	[MM_CAUSE_UNEXPLAINED] = {"the meter reports a fault that these readings do not show",
				  "ask again while it lasts; 'minimeterctl events' says since when"},
};

const struct mm_advice_cause *mm_advice_cause(enum mm_cause cause)
{
	return &causes[cause];
}

const char *mm_advice_next(enum mm_cause cause, bool sure, enum mm_health health, const char *uri)
{
	const struct mm_advice_cause *advice = &causes[cause];

	if (advice->next == NULL) {
		return mm_advice_front_end(health, uri);
	}
	return sure && advice->repair != NULL ? advice->repair : advice->next;
}

/* ---- Calibration ---- */

static const char *const advices[MM_CALIBRATION_FAULT_COUNT] = {
	[MM_CALIBRATION_FINE] = "",
	[MM_CALIBRATION_NO_SUPPLY] = "check the voltage leads and their fuses",
	[MM_CALIBRATION_NO_LOAD] = "switch the load on, and see that the CT's secondary is connected",
	[MM_CALIBRATION_ELSEWHERE] =
		"load the line of this element, or calibrate the element that is loaded; if this line is the one that "
		"is loaded, the CTs are crossed: put that right first",
	[MM_CALIBRATION_REVERSED] =
		"the CT is turned round, or on another line's conductor: put that right first, a constant can't",
	[MM_CALIBRATION_WRONG_LOAD] = "change the load and measure again",
	[MM_CALIBRATION_WRONG_FACTOR] = "change the load and measure again",
	[MM_CALIBRATION_UNSTEADY] = "wait until supply and load are steady, and switch nothing while it measures",
	[MM_CALIBRATION_CROSSED] =
		"clamp the reference on the conductor of this element, or else the CTs are crossed: put that right first",
	[MM_CALIBRATION_FAR_OFF] =
		"check unit, pulse constant and time of the reference, then its range and clamp, then the CT ratio, "
		"burden_ohm and voltage_divider of the configuration; an error this large is no matter of calibration",
	[MM_CALIBRATION_GAIN_LIMIT] = "check the CT ratio, burden_ohm and voltage_divider of the configuration",
	[MM_CALIBRATION_PHASE_LIMIT] = "check the power factor and its reference reading, then the CT and its burden",
	[MM_CALIBRATION_OFFSET_LIMIT] =
		"take full load and light load again; if it stays, look for current that leaks into the input",
};

static void factor_reason(const struct mm_calibration_mean *mean, enum mm_calibration_point point,
			  char reason[static MM_ADVICE_REASON_MAX])
{
	const struct mm_calibration_range *range = &mm_calibration_range[point];
	double factor = mean->active_w / hypot(mean->active_w, mean->reactive_var);

	if (range->power_factor_max < 1) {
		snprintf(reason, MM_ADVICE_REASON_MAX, "the power factor is %.3f %s, and %g to %g lagging is wanted", factor,
			 mean->reactive_var > 0 ? "lagging" : "leading", range->power_factor_min, range->power_factor_max);
	} else {
		snprintf(reason, MM_ADVICE_REASON_MAX, "the power factor is %.3f, and %g to 1 is wanted", factor,
			 range->power_factor_min);
	}
}

static void current_reason(const struct mm_calibration_mean *mean, const struct mm_model *model, enum mm_calibration_point point,
			   char reason[static MM_ADVICE_REASON_MAX])
{
	const struct mm_calibration_range *range = &mm_calibration_range[point];

	snprintf(reason, MM_ADVICE_REASON_MAX, "the current is %.2f A, and %s is %g to %g A", mean->current_a,
		 mm_calibration_point_name(point), range->current_min_ratio * model->ct_primary_a,
		 range->current_max_ratio * model->ct_primary_a);
}

static void unsteady_reason(const struct mm_advice_point *point, char *reason)
{
	snprintf(reason, MM_ADVICE_REASON_MAX, "the power is not steady: its windows spread by %.2f %%, and %g %% is the most",
		 100 * mm_calibration_spread(point->run, point->element), 100 * MM_CALIBRATION_SPREAD_MAX_RATIO);
}

static void offset_reason(const struct mm_model *model, char *reason)
{
	snprintf(reason, MM_ADVICE_REASON_MAX, "with this point the offset would have to be more than %g W",
		 MM_CALIBRATION_OFFSET_MAX_RATIO * model->rated_voltage_v * model->ct_primary_a);
}

const char *mm_advice_calibration(enum mm_calibration_fault fault, const struct mm_advice_point *point,
				  char reason[static MM_ADVICE_REASON_MAX])
{
	const struct mm_calibration_mean *mean = &point->run->element[point->element];
	double power_w = mm_calibration_power(point->constants, point->model, mean);

	reason[0] = '\0';
	switch (fault) {
	case MM_CALIBRATION_FINE:
		break;
	case MM_CALIBRATION_NO_SUPPLY:
		snprintf(reason, MM_ADVICE_REASON_MAX, "element %u has %.1f V, and %g to %g V is wanted", point->element + 1,
			 mean->voltage_v, mm_model_supply_min_v(point->model), mm_model_supply_max_v(point->model));
		break;
	case MM_CALIBRATION_NO_LOAD:
		snprintf(reason, MM_ADVICE_REASON_MAX, "there is no load: element %u carries %.3f A", point->element + 1,
			 mean->current_a);
		break;
	case MM_CALIBRATION_ELSEWHERE:
		snprintf(reason, MM_ADVICE_REASON_MAX, "element %u carries no load, but %.3f A; another one does",
			 point->element + 1, mean->current_a);
		break;
	case MM_CALIBRATION_REVERSED:
		snprintf(reason, MM_ADVICE_REASON_MAX, "the power of element %u is negative: %.1f W at %.2f A",
			 point->element + 1, power_w, mean->current_a);
		break;
	case MM_CALIBRATION_WRONG_LOAD:
		current_reason(mean, point->model, point->point, reason);
		break;
	case MM_CALIBRATION_WRONG_FACTOR:
		factor_reason(mean, point->point, reason);
		break;
	case MM_CALIBRATION_UNSTEADY:
		unsteady_reason(point, reason);
		break;
	case MM_CALIBRATION_CROSSED:
		snprintf(reason, MM_ADVICE_REASON_MAX, "%.1f W is not what element %u has (%.1f W), but what another one has",
			 point->reference_w, point->element + 1, power_w);
		break;
	case MM_CALIBRATION_FAR_OFF:
		snprintf(reason, MM_ADVICE_REASON_MAX, "the reference's %.1f W and the meter's %.1f W are more than 10 %% apart",
			 point->reference_w, power_w);
		break;
	case MM_CALIBRATION_GAIN_LIMIT:
		snprintf(reason, MM_ADVICE_REASON_MAX, "with this point the gain would have to be corrected by more than %g %%",
			 100 * MM_CALIBRATION_ERROR_MAX_RATIO);
		break;
	case MM_CALIBRATION_PHASE_LIMIT:
		snprintf(reason, MM_ADVICE_REASON_MAX,
			 "with this point the phase would have to be corrected by more than %g degrees",
			 MM_CALIBRATION_PHASE_MAX_DEG);
		break;
	case MM_CALIBRATION_OFFSET_LIMIT:
		offset_reason(point->model, reason);
		break;
	case MM_CALIBRATION_FAULT_COUNT:
		break;
	}
	return advices[fault];
}
