/* SPDX-License-Identifier: MIT */
/* Causes stage by stage: what a stage finds amiss, the next can't judge. */
#include "core/diagnosis.h"

#include <assert.h>
#include <math.h>

/* A dead neutral lead, or L1 and neutral swapped, shows one line at the voltage between the lines: 1.73 (wye) or 2 times its own.
 */
#define BETWEEN_LINES_MIN 1.5
#define BETWEEN_LINES_MAX 2.25
/* A service without its neutral: the lines share 240 V by their loads. */
#define LOST_NEUTRAL_MIN_V 12.0
#define LOST_NEUTRAL_SUM_V 240.0
#define LOST_NEUTRAL_SUM_RATIO 0.05
/* Half of what lies between two lines of a wye is 104 V; within the tolerance of the supply. */
#define HALF_OF_TWO_LINES_MIN_V 93.0
#define HALF_OF_TWO_LINES_MAX_V 110.0
/* Findings this far below the best, in likelihood, are still as good; below this part of all weight they are not worth a word. */
#define TIE_RATIO 6.0
#define TIED_CONFIDENCE_MIN 0.01
#define CONFIDENCE_MIN 0.1
/* A power factor of less than 0.5, with a margin for noise: the load, or not the load at all. */
#define REACTIVE_DEG 62.0
/* Above this part of its rating a current is no overload any more. */
#define RATIO_CURRENT 2.0
/* What phasing leaves room for. */
#define PHASING_FINDINGS_END (MM_FINDINGS_MAX - 4)
/* So near the start current a load is hard to tell from an offset. */
#define CREEP_CURRENT_RATIO 0.0012

static const struct mm_cause_info causes[MM_CAUSE_COUNT] = {
	[MM_CAUSE_NONE] = {"none", "nothing wrong is seen", "nothing; try it at another load to be sure", NULL, false},
	[MM_CAUSE_NO_READING] = {"no-reading", "there is no reading yet", "wait for the first window, about a second", NULL,
				 false},
	[MM_CAUSE_FRONT_END_ABSENT] = {"front-end-absent", "front end absent",
				       "look for the metering chip: its wiring, overlay and driver (iio_info)", "absent", true},
	[MM_CAUSE_FRONT_END_STALE] = {"front-end-stale", "front end answers, but measures nothing new",
				      "check the SPI bus and the chip's supply; restart the board if it stays", "stale", true},
	[MM_CAUSE_FRONT_END_FROZEN] = {"front-end-frozen", "front end frozen: every figure repeats",
				       "systemctl restart minimeter-afe-prepare", "frozen", true},
	[MM_CAUSE_FRONT_END_IMPLAUSIBLE] = {"front-end-implausible", "front end shows what no line or load can",
					    "compare voltage_divider, burden_ohm and CT ratio with the board", "implausible",
					    true},
	[MM_CAUSE_FRONT_END_NO_CHANNEL] = {"front-end-no-channel", "front end lacks a channel that is configured",
					   "compare driver and the channel keys with the board and its device tree", "no-channel",
					   true},
	[MM_CAUSE_FRONT_END_NO_TRIGGER] = {"front-end-no-trigger", "front end takes no samples",
					   "look for the converter's data-ready wire and its interrupt", "no-trigger", true},
	[MM_CAUSE_FRONT_END_WRONG_RATE] = {"front-end-wrong-rate", "front end samples at a wrong rate",
					   "compare mclk_hz and osr, or sample_rate, with the board", "wrong-rate", true},
	[MM_CAUSE_FRONT_END_STUCK] = {"front-end-stuck", "front end gives one code for ever",
				      "check the converter's supply, reset and SPI wires", "stuck", true},
	[MM_CAUSE_FRONT_END_SATURATED] = {"front-end-saturated", "front end at its rails all the time",
					  "check divider and burden, and that no CT's secondary is open", "saturated", true},
	[MM_CAUSE_FRONT_END_SWAPPED] = {"front-end-swapped", "voltage and current of the front end swapped",
					"exchange the wires or the channel keys", "swapped", true},
	[MM_CAUSE_NO_SUPPLY] = {"no-supply", "no supply voltage",
				"measure L1 and L2 to N at the meter's terminals; check disconnect and in-line fuses",
				"voltage-low", true},
	[MM_CAUSE_LINE_MISSING] = {"line-missing", "no voltage from this line: lead, in-line fuse or the line itself",
				   "measure this line to N at the meter's terminal, then before its fuse", "voltage-low", true},
	[MM_CAUSE_VOLTAGE_LOW] = {"voltage-low", "voltage below 102 V",
				  "measure at the meter's terminals; compare with voltage_divider before blaming the supply",
				  "voltage-low", true},
	[MM_CAUSE_VOLTAGE_HIGH] = {"voltage-high", "voltage above 138 V",
				   "measure at the meter's terminals; compare with voltage_divider before blaming the supply",
				   "voltage-high", true},
	[MM_CAUSE_NEUTRAL_SWAPPED] = {"neutral-swapped", "neutral and line lead swapped",
				      "with power off, put the white wire on N and the line's lead on its own terminal",
				      "voltage-high", true},
	[MM_CAUSE_NEUTRAL_LOST] = {"neutral-lost", "the service's neutral is open: the lines share their voltage by their loads",
				   "switch off: loads are at the wrong voltage; have the supply's neutral mended", "voltage-high",
				   true},
	[MM_CAUSE_NEUTRAL_LEAD_OPEN] = {"neutral-lead-open", "the meter's neutral lead is not connected",
					"measure N at the meter's terminal against the panel's neutral bar: 0 V is right", NULL,
					true},
	[MM_CAUSE_LEAD_WRONG_LINE] = {"lead-wrong-line", "voltage lead on the other line: both show one line",
				      "measure L1 to L2 at the meter's terminals: 0 V shows that they are one line", "reversed",
				      true},
	[MM_CAUSE_FREQUENCY] = {"frequency", "line frequency out of range", "measure the frequency; on a generator, its governor",
				"frequency", true},
	[MM_CAUSE_CT_OPEN] = {"ct-open", "CT open or not connected",
			      "with a load on, measure the line with a clamp meter; check X1 and X2 with the load off", NULL,
			      true},
	[MM_CAUSE_CT_REVERSED] = {"ct-reversed", "CT turned round, or X1 and X2 swapped",
				  "switch a known load on this line: see whether its voltage falls as the power goes negative",
				  "reversed", true},
	[MM_CAUSE_CTS_REVERSED] = {"cts-reversed", "both CTs turned round",
				   "switch a 120 V load on L1: if element 1's current moves, the CTs are on their lines",
				   "reversed", true},
	[MM_CAUSE_CTS_CROSSED] = {"cts-crossed", "CTs crossed, CT1 on line 2 and CT2 on line 1 (or leads L1 and L2 crossed)",
				  "switch a 120 V load on L1: if element 2's current moves, they are crossed", "reversed", true},
	[MM_CAUSE_CT_WRONG_LINE] = {"ct-wrong-line", "CT on a line that is not its voltage's",
				    "switch a 120 V load on this line: this CT's current must move", "reversed", true},
	[MM_CAUSE_SEVERAL] = {"several-mistakes", "more than one mistake",
			      "follow each CT's colour to its line; mend one wire and ask again", "reversed", true},
	[MM_CAUSE_OVER_RANGE] = {"over-range", "current above 110 % of the rating",
				 "compare with a clamp meter: if it agrees, the load is too large for this meter", "over-current",
				 true},
	[MM_CAUSE_CT_RATIO] = {"ct-ratio", "CT of another ratio than the model's",
			       "compare with a clamp meter, and the CT's label with the nameplate's ratio", "over-current", true},
	[MM_CAUSE_GENERATION] = {"generation", "true reverse energy: something generates",
				 "switch the generator off: the power must turn positive", "reversed", false},
	[MM_CAUSE_REACTIVE_LOAD] = {"reactive-load", "the load's power factor is below 0.5: it only looks like a phasing fault",
				    "switch a heater or lamp on this line: the power factor must rise", NULL, false},
	[MM_CAUSE_LOAD_SMALL] = {"load-too-small", "load under 1 A: phasing can't be judged",
				 "switch on a load of more than 1 A on this line", NULL, false},
	[MM_CAUSE_CREEP] = {"creep", "a very small load registers: something stands by, or the reading creeps",
			    "open the breakers behind the CTs: registration must stop", NULL, false},
};

struct stage {
	const struct mm_evidence *evidence;
	const struct mm_model *model;
	struct mm_evidence_window present;
	bool judged[MM_ELEMENTS_MAX];
	bool loaded;
	struct mm_diagnosis *ret;
};

const struct mm_cause_info *mm_cause_info(enum mm_cause cause)
{
	assert(cause < MM_CAUSE_COUNT);
	return &causes[cause];
}

static struct mm_finding *find(struct stage *stage, enum mm_cause cause, unsigned element, double confidence)
{
	struct mm_diagnosis *ret = stage->ret;

	assert(ret->count < MM_FINDINGS_MAX);
	ret->finding[ret->count] = (struct mm_finding){.cause = cause, .element = element, .confidence = confidence};
	return &ret->finding[ret->count++];
}

/* Two causes that these readings fit alike, the likelier first. */
static void find_tied(struct stage *stage, enum mm_cause first, enum mm_cause second, unsigned element, double confidence)
{
	find(stage, first, element, confidence)->tied = true;
	find(stage, second, element, 1 - confidence)->tied = true;
}

/* ---- Front end ---- */

static bool judge_front_end(struct stage *stage, enum mm_health health)
{
	switch (health) {
	case MM_HEALTH_OK:
		if (stage->evidence->count > 0) {
			return true;
		}
		find(stage, MM_CAUSE_NO_READING, 0, 1);
		break;
	case MM_HEALTH_STARTING:
		find(stage, MM_CAUSE_NO_READING, 0, 1);
		break;
	case MM_HEALTH_ABSENT:
		find(stage, MM_CAUSE_FRONT_END_ABSENT, 0, 1);
		break;
	case MM_HEALTH_STALE:
		find(stage, MM_CAUSE_FRONT_END_STALE, 0, 1);
		break;
	case MM_HEALTH_FROZEN:
		find(stage, MM_CAUSE_FRONT_END_FROZEN, 0, 1);
		break;
	case MM_HEALTH_IMPLAUSIBLE:
		find(stage, MM_CAUSE_FRONT_END_IMPLAUSIBLE, 0, 1);
		break;
	case MM_HEALTH_NO_CHANNEL:
		find(stage, MM_CAUSE_FRONT_END_NO_CHANNEL, 0, 1);
		break;
	case MM_HEALTH_NO_TRIGGER:
		find(stage, MM_CAUSE_FRONT_END_NO_TRIGGER, 0, 1);
		break;
	case MM_HEALTH_WRONG_RATE:
		find(stage, MM_CAUSE_FRONT_END_WRONG_RATE, 0, 1);
		break;
	case MM_HEALTH_STUCK:
		find(stage, MM_CAUSE_FRONT_END_STUCK, 0, 1);
		break;
	case MM_HEALTH_SATURATED:
		find(stage, MM_CAUSE_FRONT_END_SATURATED, 0, 1);
		break;
	case MM_HEALTH_SWAPPED:
		find(stage, MM_CAUSE_FRONT_END_SWAPPED, 0, 1);
		break;
	case MM_HEALTH_COUNT:
		break;
	}
	return false;
}

/* ---- Voltages ---- */

static bool is_dead(double volts)
{
	return volts < MM_DEAD_VOLTAGE_V;
}

/* One voltage as it should be or dead, the other that between two lines: the element whose lead went to N, or -1. */
static int swapped_neutral(const struct mm_evidence_window *present)
{
	for (unsigned e = 0; e < 2; e++) {
		double own = present->voltage_v[e], other = present->voltage_v[1 - e];
		bool between = other > BETWEEN_LINES_MIN * MM_SUPPLY_MIN_V && other < BETWEEN_LINES_MAX * MM_SUPPLY_MAX_V;

		if (between && (is_dead(own) || (other > BETWEEN_LINES_MIN * own && other < BETWEEN_LINES_MAX * own &&
						 own >= MM_SUPPLY_MIN_V && own <= MM_SUPPLY_MAX_V))) {
			return (int)e;
		}
	}
	return -1;
}

static bool lost_neutral(const struct mm_evidence_window *present)
{
	double a = present->voltage_v[0], b = present->voltage_v[1];
	bool outside = fmin(a, b) < MM_SUPPLY_MIN_V || fmax(a, b) > MM_SUPPLY_MAX_V;

	return !is_dead(a) && !is_dead(b) && outside && fabs(a - b) > LOST_NEUTRAL_MIN_V &&
	       fabs(a + b - LOST_NEUTRAL_SUM_V) < LOST_NEUTRAL_SUM_RATIO * LOST_NEUTRAL_SUM_V;
}

/* Two dividers in series between two lines of a wye: 104 V each, and always alike. */
static bool half_of_two_lines(const struct mm_evidence *evidence, const double *volts)
{
	bool sure;

	return mm_evidence_one_voltage(evidence, &sure) && fmax(volts[0], volts[1]) < HALF_OF_TWO_LINES_MAX_V &&
	       fmin(volts[0], volts[1]) > HALF_OF_TWO_LINES_MIN_V;
}

/* Judges the supply; false: with voltages like these currents mean nothing. */
static bool judge_voltages(struct stage *stage)
{
	const struct mm_evidence *evidence = stage->evidence;
	const double *volts = stage->present.voltage_v;
	int swapped = evidence->elements == 2 ? swapped_neutral(&stage->present) : -1;
	bool all_dead = true;

	for (unsigned e = 0; e < evidence->elements; e++) {
		all_dead = all_dead && is_dead(volts[e]);
	}
	if (all_dead) {
		find(stage, MM_CAUSE_NO_SUPPLY, 0, 0.98);
		return false;
	}
	if (swapped >= 0) {
		find(stage, MM_CAUSE_NEUTRAL_SWAPPED, (unsigned)swapped + 1, 0.95);
		return false;
	}
	if (evidence->elements == 2 && lost_neutral(&stage->present)) {
		find(stage, MM_CAUSE_NEUTRAL_LOST, 0, 0.9);
		return false;
	}
	if (half_of_two_lines(evidence, volts)) {
		find(stage, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0, 0.8);
		return false;
	}
	for (unsigned e = 0; e < evidence->elements; e++) {
		if (is_dead(volts[e])) {
			find(stage, MM_CAUSE_LINE_MISSING, e + 1, 0.98);
		} else if (volts[e] < MM_SUPPLY_MIN_V) {
			find(stage, MM_CAUSE_VOLTAGE_LOW, e + 1, 0.95);
		} else if (volts[e] > MM_SUPPLY_MAX_V) {
			find(stage, MM_CAUSE_VOLTAGE_HIGH, e + 1, 0.95);
		}
	}
	if (evidence->frequency_hz > 0 &&
	    (evidence->frequency_hz < MM_FREQUENCY_MIN_HZ || evidence->frequency_hz > MM_FREQUENCY_MAX_HZ)) {
		find(stage, MM_CAUSE_FREQUENCY, 0, 0.9);
	}
	return true;
}

/* ---- Currents ---- */

/* Whether an element's phasing can be judged, and whether its current can be what it says. */
static void judge_range(struct stage *stage, unsigned e)
{
	double rated_a = stage->model->ct_primary_a, current_a = stage->present.current_a[e];

	stage->judged[e] = !is_dead(stage->present.voltage_v[e]) && current_a >= MM_PHASING_CURRENT_A;
	if (!is_dead(stage->present.voltage_v[e]) && current_a < rated_a * MM_START_CURRENT_RATIO) {
		find(stage, MM_CAUSE_CT_OPEN, e + 1, stage->loaded ? 0.95 : 0.5)->tied = !stage->loaded;
	} else if (current_a > rated_a * RATIO_CURRENT) {
		find_tied(stage, MM_CAUSE_CT_RATIO, MM_CAUSE_OVER_RANGE, e + 1, 0.8);
	} else if (current_a > rated_a * MM_OVERCURRENT_RATIO) {
		find_tied(stage, MM_CAUSE_OVER_RANGE, MM_CAUSE_CT_RATIO, e + 1, 0.6);
	}
}

static void judge_small(struct stage *stage, unsigned e)
{
	double rated_a = stage->model->ct_primary_a, current_a = stage->present.current_a[e];
	double creep_w = stage->model->rated_voltage_v * rated_a * MM_CREEP_POWER_RATIO;

	if (stage->judged[e] || is_dead(stage->present.voltage_v[e])) {
		return;
	}
	if (current_a < rated_a * MM_START_CURRENT_RATIO) {
		if (!stage->loaded) {
			find(stage, MM_CAUSE_LOAD_SMALL, e + 1, 0.5)->tied = true; /* with the open CT that was named already */
		}
		return;
	}
	if (current_a < rated_a * CREEP_CURRENT_RATIO && fabs(stage->present.active_w[e]) > creep_w) {
		find(stage, MM_CAUSE_CREEP, e + 1, 0.5);
	}
	find(stage, MM_CAUSE_LOAD_SMALL, e + 1, 0.9);
}

/* ---- Phasing ---- */

/* The name of a wiring that is not right, or that something generates behind. */
static enum mm_cause name_wiring(const struct mm_wiring *wiring, unsigned *ret_element)
{
	const struct mm_ct_state *ct = wiring->ct;
	unsigned mistakes = mm_wiring_mistakes(wiring);

	*ret_element = 0;
	if (mistakes == 0) {
		*ret_element = wiring->generates[0] == wiring->generates[1] ? 0 : wiring->generates[0] ? 1 : 2;
		return wiring->generates[0] || wiring->generates[1] ? MM_CAUSE_GENERATION : MM_CAUSE_NONE;
	}
	if (mistakes == 2 && ct[0].reversed && ct[1].reversed) {
		return MM_CAUSE_CTS_REVERSED;
	}
	if (mistakes > 1) {
		return MM_CAUSE_SEVERAL;
	}
	if (ct[0].line == 1 && ct[1].line == 0) {
		return MM_CAUSE_CTS_CROSSED;
	}
	*ret_element = ct[0].reversed || ct[0].line != 0 || wiring->lead[0] != 0 ? 1 : 2;
	if (wiring->lead[0] != 0 || wiring->lead[1] != 1) {
		return MM_CAUSE_LEAD_WRONG_LINE;
	}
	return ct[*ret_element - 1].reversed ? MM_CAUSE_CT_REVERSED : MM_CAUSE_CT_WRONG_LINE;
}

static bool named_already(const struct mm_diagnosis *diagnosis, enum mm_cause cause, unsigned element)
{
	for (unsigned i = 0; i < diagnosis->count; i++) {
		if (diagnosis->finding[i].cause == cause && diagnosis->finding[i].element == element) {
			return true;
		}
	}
	return false;
}

/* A right installation whose load is beyond any that the meter is for. */
static unsigned reactive_element(const struct stage *stage, const struct mm_phasing_candidate *candidate)
{
	for (unsigned e = 0; e < stage->evidence->elements; e++) {
		if (stage->judged[e] && fabs(candidate->angle_deg[e]) > REACTIVE_DEG) {
			return e + 1;
		}
	}
	return 0;
}

static void judge_phasing(struct stage *stage)
{
	struct mm_phasing_candidate candidates[MM_PHASING_CANDIDATES_MAX];
	unsigned count = mm_phasing_rank(stage->evidence, stage->judged, candidates), first = stage->ret->count;
	bool tied = false;
	double sum = 0;

	for (unsigned i = 0; i < count; i++) {
		sum += candidates[i].weight;
	}
	for (unsigned i = 0; i < count && stage->ret->count < PHASING_FINDINGS_END; i++) {
		bool alike = candidates[i].likelihood * TIE_RATIO >= candidates[0].likelihood;
		double confidence = candidates[i].weight / sum;
		unsigned element;
		enum mm_cause cause = name_wiring(&candidates[i].wiring, &element);
		struct mm_finding *finding;

		if (cause == MM_CAUSE_NONE && reactive_element(stage, &candidates[i]) > 0) {
			cause = MM_CAUSE_REACTIVE_LOAD;
			element = reactive_element(stage, &candidates[i]);
		}
		if (confidence < (alike ? TIED_CONFIDENCE_MIN : CONFIDENCE_MIN) || named_already(stage->ret, cause, element)) {
			continue;
		}
		tied = tied || (i > 0 && alike);
		finding = find(stage, cause, element, confidence);
		finding->tied = alike;
		finding->phasing = true;
		finding->as = candidates[i];
	}
	for (unsigned i = first; i < stage->ret->count && !tied; i++) {
		stage->ret->finding[i].tied = false;
	}
}

/* What another lead shows in the same way: a meter of one element its line and neutral swapped, one of two no neutral at all. */
static void judge_neutral(struct stage *stage, unsigned first)
{
	struct mm_finding *top = &stage->ret->finding[first];
	bool sure;

	if (first == stage->ret->count) {
		return;
	}
	if (stage->evidence->elements == 1 && top->cause == MM_CAUSE_CT_REVERSED) {
		top->tied = true;
		find(stage, MM_CAUSE_NEUTRAL_SWAPPED, 1, top->confidence / 4)->tied = true;
	}
	/* Two dividers in series between the lines: each shows half, whatever the lines do. */
	if (mm_cause_info(top->cause)->fault || !mm_evidence_one_voltage(stage->evidence, &sure)) {
		return;
	}
	if (sure && stage->evidence->lag_known) {
		*top = (struct mm_finding){.cause = MM_CAUSE_NEUTRAL_LEAD_OPEN, .confidence = 0.9};
		return;
	}
	if (sure) {
		*top = (struct mm_finding){.cause = MM_CAUSE_NEUTRAL_LEAD_OPEN, .confidence = 0.6, .tied = true};
		find(stage, MM_CAUSE_LEAD_WRONG_LINE, 0, 0.3)->tied = true;
		return;
	}
	top->tied = true;
	find(stage, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0, 0.1)->tied = true;
}

/* Nothing wrong in the phasing is no finding where something else is wrong. */
static void drop_idle(struct mm_diagnosis *diagnosis)
{
	unsigned count = 0;

	for (unsigned i = 0; i < diagnosis->count; i++) {
		const struct mm_finding *finding = &diagnosis->finding[i];

		if (finding->cause != MM_CAUSE_NONE || finding->tied || diagnosis->count == 1) {
			diagnosis->finding[count++] = *finding;
		}
	}
	diagnosis->count = count;
}

void mm_diagnose(const struct mm_evidence *evidence, const struct mm_model *model, enum mm_health health, bool loaded,
		 struct mm_diagnosis *ret)
{
	struct stage stage = {.evidence = evidence, .model = model, .loaded = loaded, .ret = ret};
	unsigned first;

	ret->count = 0;
	if (!judge_front_end(&stage, health)) {
		return;
	}
	stage.present = mm_evidence_present(evidence);
	if (!judge_voltages(&stage)) {
		return;
	}
	for (unsigned e = 0; e < evidence->elements; e++) {
		judge_range(&stage, e);
	}
	first = ret->count;
	if (stage.judged[0] || stage.judged[1]) {
		judge_phasing(&stage);
		judge_neutral(&stage, first);
	}
	for (unsigned e = 0; e < evidence->elements; e++) {
		judge_small(&stage, e);
	}
	drop_idle(ret);
}
