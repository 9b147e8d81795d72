/* SPDX-License-Identifier: MIT */
/* Causes stage by stage: what a stage finds amiss, the next can't judge. */
#include "diagnosis/diagnosis.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "diagnosis/private.h"
#include "diagnosis/supply.h"
#include "diagnosis/three.h"

/* Findings this far below the best, in likelihood, are still as good; below this part of all weight they are not worth a word. */
#define TIE_RATIO 6.0
#define TIED_CONFIDENCE_MIN 0.01
#define CONFIDENCE_MIN 0.1
/* A power factor of less than 0.5, with a margin for noise: the load, or not the load at all. */
#define REACTIVE_DEG 62.0
/* Above this part of its rating a current is no overload any more. */
#define RATIO_CURRENT 2.0
/* What phasing leaves room for. */
#define PHASING_FINDINGS_END (MM_FINDINGS_MAX - 6)
/* Halves of one voltage differ by no more than this part of it. */
#define HALVES_APART_RATIO 0.001
/* So near the start current a load is hard to tell from an offset. */
#define CREEP_CURRENT_RATIO 0.0012

/* By how much what is shown may differ from a load that somebody reads off its plate. */
#define LOAD_TOLERANCE 0.25

static bool no_load(const struct mm_stage *stage)
{
	return stage->circumstances->load_known && stage->circumstances->load_w <= 0;
}

/* ---- Front end ---- */

static const enum mm_cause front_end_causes[MM_HEALTH_COUNT] = {
	[MM_HEALTH_OK] = MM_CAUSE_NO_READING,
	[MM_HEALTH_STARTING] = MM_CAUSE_NO_READING,
	[MM_HEALTH_ABSENT] = MM_CAUSE_FRONT_END_ABSENT,
	[MM_HEALTH_STALE] = MM_CAUSE_FRONT_END_STALE,
	[MM_HEALTH_FROZEN] = MM_CAUSE_FRONT_END_FROZEN,
	[MM_HEALTH_IMPLAUSIBLE] = MM_CAUSE_FRONT_END_IMPLAUSIBLE,
	[MM_HEALTH_NO_CHANNEL] = MM_CAUSE_FRONT_END_NO_CHANNEL,
	[MM_HEALTH_NO_TRIGGER] = MM_CAUSE_FRONT_END_NO_TRIGGER,
	[MM_HEALTH_WRONG_RATE] = MM_CAUSE_FRONT_END_WRONG_RATE,
	[MM_HEALTH_STUCK] = MM_CAUSE_FRONT_END_STUCK,
	[MM_HEALTH_SATURATED] = MM_CAUSE_FRONT_END_SATURATED,
	[MM_HEALTH_SWAPPED] = MM_CAUSE_FRONT_END_SWAPPED,
};

static bool judge_front_end(struct mm_stage *stage)
{
	enum mm_health health = stage->circumstances->health;

	assert(health < MM_HEALTH_COUNT);
	if (health == MM_HEALTH_OK && stage->observation->count > 0) {
		return true;
	}
	mm_stage_find(stage, front_end_causes[health], 0, 1);
	return false;
}

/* ---- Currents ---- */

static bool registers(const struct mm_stage *stage, unsigned e)
{
	double rated_a = stage->model->ct_primary_a;
	double creep_w = stage->model->rated_voltage_v * rated_a * MM_CREEP_POWER_RATIO;

	return stage->present.current_a[e] >= rated_a * MM_START_CURRENT_RATIO && fabs(stage->present.active_w[e]) > creep_w;
}

/* Without load all that registers is creep, but for what a source feeds back. */
static void judge_creep(struct mm_stage *stage, unsigned e)
{
	bool fed_back = stage->circumstances->generates[e] && stage->present.active_w[e] < 0;

	if (no_load(stage) && registers(stage, e) && !fed_back) {
		mm_stage_find(stage, MM_CAUSE_CREEP, e + 1, 0.9);
	}
}

/* Whether an element's phasing can be judged, and whether its current can be what it says. */
static void judge_range(struct mm_stage *stage, unsigned e)
{
	double rated_a = stage->model->ct_primary_a, current_a = stage->present.current_a[e];

	stage->judged[e] = !mm_stage_is_dead(stage->present.voltage_v[e]) && current_a >= MM_PHASING_CURRENT_A;
	if (!mm_stage_is_dead(stage->present.voltage_v[e]) && current_a < rated_a * MM_START_CURRENT_RATIO && !no_load(stage)) {
		stage->open_tie[e] = stage->circumstances->loaded ? 0 : ++stage->ties;
		mm_stage_find(stage, MM_CAUSE_CT_OPEN, e + 1, stage->circumstances->loaded ? 0.95 : 0.5)->tie =
			stage->open_tie[e];
	} else if (current_a > rated_a * RATIO_CURRENT) {
		mm_stage_find_tied(stage, MM_CAUSE_CT_RATIO, MM_CAUSE_OVER_RANGE, e + 1, 0.8);
	} else if (current_a > rated_a * MM_OVERCURRENT_RATIO) {
		mm_stage_find_tied(stage, MM_CAUSE_OVER_RANGE, MM_CAUSE_CT_RATIO, e + 1, 0.6);
	}
}

static void judge_small(struct mm_stage *stage, unsigned e)
{
	double rated_a = stage->model->ct_primary_a, current_a = stage->present.current_a[e];

	if (no_load(stage) || stage->judged[e] || mm_stage_is_dead(stage->present.voltage_v[e])) {
		return;
	}
	if (current_a < rated_a * MM_START_CURRENT_RATIO) {
		if (!stage->circumstances->loaded) {
			mm_stage_find(stage, MM_CAUSE_LOAD_SMALL, e + 1, 0.5)->tie = stage->open_tie[e];
		}
	} else if (current_a < rated_a * CREEP_CURRENT_RATIO && registers(stage, e)) {
		mm_stage_find_tied(stage, MM_CAUSE_LOAD_SMALL, MM_CAUSE_CREEP, e + 1, 0.7);
	} else {
		mm_stage_find(stage, MM_CAUSE_LOAD_SMALL, e + 1, 0.9);
	}
}

/* ---- Phasing ---- */

/* Of the lines that generate, those that nobody has said it of, where there are such. */
static enum mm_cause name_generation(const struct mm_wiring *wiring, const bool said[static MM_ELEMENTS_MAX],
				     unsigned *ret_element)
{
	bool unsaid[] = {wiring->generates[0] && !said[0], wiring->generates[1] && !said[1]};
	const bool *generates = unsaid[0] || unsaid[1] ? unsaid : wiring->generates;

	*ret_element = generates[0] == generates[1] ? 0 : generates[0] ? 1 : 2;
	if (!generates[0] && !generates[1]) {
		return MM_CAUSE_NONE;
	}
	return generates == unsaid ? MM_CAUSE_GENERATION : MM_CAUSE_GENERATION_CONFIGURED;
}

/* The first element of which a wiring says this; 0: none. */
static unsigned first_wrong(const struct mm_wiring *wiring)
{
	for (unsigned e = 0; e < wiring->elements; e++) {
		if (wiring->ct[e].reversed || wiring->ct[e].line != e || wiring->lead[e] != e) {
			return e + 1;
		}
	}
	return 0;
}

/* Of three elements: the line that generates, where it is one alone. */
static enum mm_cause name_generation_of_three(const struct mm_wiring *wiring, const bool said[static MM_ELEMENTS_MAX],
					      unsigned *ret_element)
{
	unsigned count = 0, one = 0;
	bool unsaid = false;

	for (unsigned e = 0; e < wiring->elements; e++) {
		if (wiring->generates[e]) {
			count++;
			one = e + 1;
			unsaid = unsaid || !said[e];
		}
	}
	*ret_element = count == 1 ? one : 0;
	return count == 0 ? MM_CAUSE_NONE : unsaid ? MM_CAUSE_GENERATION : MM_CAUSE_GENERATION_CONFIGURED;
}

static enum mm_cause name_wiring_of_three(const struct mm_wiring *wiring, const bool said[static MM_ELEMENTS_MAX],
					  unsigned *ret_element)
{
	unsigned mistakes = mm_wiring_mistakes(wiring), wrong = 0;

	*ret_element = 0;
	if (mistakes == 0) {
		return name_generation_of_three(wiring, said, ret_element);
	}
	if (mistakes > 1) {
		return MM_CAUSE_SEVERAL;
	}
	for (unsigned e = 0; e < wiring->elements; e++) {
		wrong += wiring->ct[e].line != e;
	}
	if (wrong > 1) {
		return mm_wiring_rotated(wiring) ? MM_CAUSE_CTS_ROTATED : MM_CAUSE_TWO_CTS_CROSSED;
	}
	if (wiring->ct[0].reversed && wiring->ct[1].reversed) {
		return MM_CAUSE_CTS_REVERSED;
	}
	*ret_element = first_wrong(wiring);
	return wrong > 0 ? MM_CAUSE_CT_WRONG_LINE : MM_CAUSE_CT_REVERSED;
}

/* The name of a wiring that is not right, or that something generates behind. */
static enum mm_cause name_wiring(const struct mm_wiring *wiring, const bool said[static MM_ELEMENTS_MAX], unsigned *ret_element)
{
	const struct mm_ct_state *ct = wiring->ct;
	unsigned mistakes = mm_wiring_mistakes(wiring);

	if (wiring->elements == MM_LINES) {
		return name_wiring_of_three(wiring, said, ret_element);
	}
	*ret_element = 0;
	if (mistakes == 0) {
		return name_generation(wiring, said, ret_element);
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

/* A right installation whose load is beyond any that the meter is for; beside generation it is what is left of one. */
static unsigned reactive_element(const struct mm_stage *stage, const struct mm_phasing_candidate *candidate)
{
	for (unsigned e = 0; e < stage->observation->elements; e++) {
		if (stage->judged[e] && fabs(candidate->angle_deg[e]) > REACTIVE_DEG && !stage->circumstances->generates[e]) {
			return e + 1;
		}
	}
	return 0;
}

/* What a candidate is called, beside the correction in force. */
static enum mm_cause name_candidate(const struct mm_stage *stage, const struct mm_phasing_candidate *candidate,
				    unsigned *ret_element)
{
	const struct mm_circumstances *circumstances = stage->circumstances;
	enum mm_cause cause = name_wiring(&candidate->wiring, circumstances->generates, ret_element);

	if (mm_wiring_mistakes(&candidate->wiring) == 0 && circumstances->correction != 0 && !candidate->corrected) {
		*ret_element = 0;
		return MM_CAUSE_CORRECTION_WRONG;
	}
	if (cause == MM_CAUSE_NONE && reactive_element(stage, candidate) > 0) {
		*ret_element = reactive_element(stage, candidate);
		return MM_CAUSE_REACTIVE_LOAD;
	}
	return cause;
}

/* Power that is positive as wired would flow back with these wires put right, though nobody has said that anything generates. */
static bool turns_backwards(const struct mm_stage *stage, const struct mm_phasing_candidate *candidate)
{
	double wired_w = 0;

	for (unsigned e = 0; e < stage->observation->elements; e++) {
		wired_w += stage->judged[e] ? stage->present.active_w[e] : 0;
		if (stage->circumstances->generates[e]) {
			return false;
		}
	}
	return mm_wiring_mistakes(&candidate->wiring) > 0 && !candidate->corrected && wired_w > 0 && candidate->repaired_w < 0;
}

/*
 * Whoever follows such a finding and is wrong makes a right meter run backwards. So two mistakes that come to it are none to
 * name, and one is at most as likely as what leaves power as it is. Returns how many are left.
 */
static unsigned doubt_backwards(const struct mm_stage *stage, struct mm_phasing_candidate *list, unsigned count)
{
	unsigned kept = 0, best = 0;
	struct mm_phasing_candidate first;

	while (best < count && turns_backwards(stage, &list[best])) {
		best++;
	}
	if (best == count) {
		return count;
	}
	first = list[best];
	for (unsigned i = 0; i < count; i++) {
		if (i != best && (!turns_backwards(stage, &list[i]) || mm_wiring_mistakes(&list[i].wiring) == 1)) {
			struct mm_phasing_candidate one = list[i];

			if (turns_backwards(stage, &one)) {
				one.likelihood = fmin(one.likelihood, first.likelihood);
				one.weight = fmin(one.weight, first.weight);
			}
			list[kept++] = one;
		}
	}
	for (unsigned i = kept; i > 0; i--) {
		list[i] = list[i - 1];
	}
	list[0] = first;
	return kept + 1;
}

static void judge_phasing(struct mm_stage *stage)
{
	const struct mm_circumstances *circumstances = stage->circumstances;
	struct mm_phasing_said said = {.wires = stage->model->wires, .correction = circumstances->correction};
	struct mm_phasing_candidate candidates[MM_PHASING_CANDIDATES_MAX];
	unsigned first = stage->ret->count, tie = ++stage->ties, count;
	bool tied = false;
	double sum = 0;

	memcpy(said.generates, circumstances->generates, sizeof(said.generates));
	count = stage->observation->elements == MM_LINES ? mm_three_rank(stage->observation, stage->judged, &said, candidates)
							 : mm_phasing_rank(stage->observation, stage->judged, &said, candidates);
	count = doubt_backwards(stage, candidates, count);
	for (unsigned i = 0; i < count; i++) {
		sum += candidates[i].weight;
	}
	for (unsigned i = 0; i < count && stage->ret->count < PHASING_FINDINGS_END; i++) {
		bool alike = candidates[i].likelihood * TIE_RATIO >= candidates[0].likelihood;
		double confidence = candidates[i].weight / sum;
		unsigned element;
		enum mm_cause cause = name_candidate(stage, &candidates[i], &element);
		struct mm_finding *finding;

		if (confidence < (alike ? TIED_CONFIDENCE_MIN : CONFIDENCE_MIN) || named_already(stage->ret, cause, element)) {
			continue;
		}
		tied = tied || (i > 0 && alike);
		finding = mm_stage_find(stage, cause, element, confidence);
		finding->tie = alike ? tie : 0;
		finding->corrected = candidates[i].corrected;
		finding->phasing = true;
		finding->as = candidates[i];
	}
	for (unsigned i = first; i < stage->ret->count && !tied; i++) {
		stage->ret->finding[i].tie = 0;
	}
}

/* Two dividers in series share a voltage in halves: without any difference that lines of their own have. */
static bool shows_one_voltage(const struct mm_stage *stage)
{
	const double *volts = stage->present.voltage_v;

	return fabs(volts[0] - volts[1]) <= HALVES_APART_RATIO * fmax(volts[0], volts[1]);
}

/* What another lead shows in the same way: a meter of one element its line and neutral swapped, one of two no neutral at all. */
static void judge_neutral(struct mm_stage *stage, unsigned first)
{
	struct mm_finding *top = &stage->ret->finding[first];
	bool sure;

	if (first == stage->ret->count) {
		return;
	}
	if (stage->observation->elements > MM_WIRED_ELEMENTS) {
		return;
	}
	if (stage->observation->elements == 1 && top->cause == MM_CAUSE_CT_REVERSED && !top->corrected) {
		mm_stage_find_beside(stage, top, MM_CAUSE_NEUTRAL_SWAPPED, 1, top->confidence / 4);
	}
	/* Two dividers in series between the lines: each shows half, whatever the lines do. */
	if (mm_cause_info(top->cause)->fault || !mm_observation_one_voltage(stage->observation, &sure)) {
		return;
	}
	if (sure && stage->observation->lag_known) {
		*top = (struct mm_finding){.cause = MM_CAUSE_NEUTRAL_LEAD_OPEN, .confidence = 0.9};
		return;
	}
	if (sure) {
		*top = (struct mm_finding){.cause = MM_CAUSE_NEUTRAL_LEAD_OPEN, .confidence = 0.6, .tie = top->tie};
		mm_stage_find_beside(stage, top, MM_CAUSE_LEAD_WRONG_LINE, 0, 0.3);
		return;
	}
	if (first == 0 && stage->judged[0] && stage->judged[1] && shows_one_voltage(stage)) {
		mm_stage_find_beside(stage, top, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0, 0.1);
	}
}

/*
 * Compares the load that somebody states with the power that is shown, or would be with the wires put right: it is in proportion
 * to the CT's ratio and the burden. first: the first of the findings about phasing.
 */
static void judge_load(struct mm_stage *stage, unsigned first)
{
	struct mm_finding *finding = stage->ret->finding;
	bool repaired = first < stage->ret->count && finding[first].phasing;
	bool right = first == stage->ret->count || !mm_cause_info(finding[first].cause)->fault || finding[first].corrected;
	double load_w = stage->circumstances->load_w, shown_w = 0;
	bool seen = true, generates = false;

	for (unsigned e = 0; e < stage->observation->elements; e++) {
		shown_w += repaired && stage->judged[e] ? 0 : stage->present.active_w[e];
		seen = seen && !mm_stage_is_dead(stage->present.voltage_v[e]);
		generates = generates || stage->circumstances->generates[e];
	}
	shown_w += repaired ? finding[first].as.repaired_w : 0;
	if (generates && shown_w < load_w) {
		return; /* what runs may be fed from behind the meter */
	}
	shown_w = fabs(shown_w);
	if (!seen || !stage->circumstances->load_known || load_w <= 0 || fabs(shown_w - load_w) <= LOAD_TOLERANCE * load_w) {
		return;
	}
	mm_stage_find(stage, MM_CAUSE_CT_RATIO, 0, 0.8)->shown_w = shown_w;
	/* With wires that are not right it is a guess. */
	for (unsigned i = stage->ret->count - 1; i > first && right; i--) {
		struct mm_finding ratio = finding[i];

		finding[i] = finding[i - 1];
		finding[i - 1] = ratio;
	}
}

/* Nothing wrong in the phasing is no finding where something else is wrong. */
static void drop_idle(struct mm_diagnosis *diagnosis)
{
	unsigned count = 0;

	for (unsigned i = 0; i < diagnosis->count; i++) {
		const struct mm_finding *finding = &diagnosis->finding[i];

		if (finding->cause != MM_CAUSE_NONE || finding->tie > 0 || diagnosis->count == 1) {
			diagnosis->finding[count++] = *finding;
		}
	}
	diagnosis->count = count;
}

/* Does a finding account for power that flows backwards? */
static bool shows_reversed(const struct mm_finding *finding)
{
	const char *event = mm_cause_info(finding->cause)->event;

	return finding->cause == MM_CAUSE_REACTIVE_LOAD ||
	       (event != NULL && strcmp(event, mm_element_flag_name(MM_ELEMENT_REVERSED)) == 0);
}

/* Where the meter reports a fault, "nothing is wrong" must not be the answer: a flag can be of a moment that the means hide. */
static void judge_reported(struct mm_stage *stage)
{
	uint32_t flags = stage->circumstances->flags;
	struct mm_diagnosis *ret = stage->ret;

	if (ret->count > 0 && mm_cause_info(ret->finding[0].cause)->fault && !ret->finding[0].corrected) {
		return;
	}
	for (unsigned i = 0; i < ret->count; i++) {
		flags &= shows_reversed(&ret->finding[i]) ? ~MM_ELEMENT_REVERSED : ~0u;
	}
	if (flags == 0 && !stage->circumstances->failing) {
		return;
	}
	for (unsigned i = ret->count++; i > 0; i--) {
		ret->finding[i] = ret->finding[i - 1];
	}
	ret->finding[0] = (struct mm_finding){.cause = MM_CAUSE_UNEXPLAINED, .confidence = 1};
}

static bool any_judged(const struct mm_stage *stage)
{
	bool any = false;

	for (unsigned e = 0; e < stage->observation->elements; e++) {
		any = any || stage->judged[e];
	}
	return any;
}

void mm_diagnose(const struct mm_observation *observation, const struct mm_model *model,
		 const struct mm_circumstances *circumstances, struct mm_diagnosis *ret)
{
	struct mm_stage stage = {.observation = observation, .model = model, .circumstances = circumstances, .ret = ret};
	unsigned first, same_line = observation->elements == MM_LINES ? mm_three_same_line(observation) : 0;

	ret->count = 0;
	if (!judge_front_end(&stage)) {
		return;
	}
	stage.present = mm_observation_present(observation);
	if (!mm_stage_judge_supply(&stage)) {
		return;
	}
	for (unsigned e = 0; e < observation->elements; e++) {
		judge_creep(&stage, e);
	}
	for (unsigned e = 0; e < observation->elements; e++) {
		judge_range(&stage, e);
	}
	if (same_line > 0) {
		mm_stage_find(&stage, MM_CAUSE_LEAD_WRONG_LINE, same_line, 0.95);
	}
	first = ret->count;
	if (any_judged(&stage) && same_line == 0) {
		judge_phasing(&stage);
		judge_neutral(&stage, first);
	}
	judge_load(&stage, first);
	for (unsigned e = 0; e < observation->elements; e++) {
		judge_small(&stage, e);
	}
	judge_reported(&stage);
	drop_idle(ret);
	if (ret->count == 0) {
		mm_stage_find(&stage, MM_CAUSE_NONE, 0, 0); /* no wiring explains this, and nothing else has a name */
	}
}
