/* SPDX-License-Identifier: MIT */
/* Jumps that no load makes. */
#include "diagnosis/rewiring.h"

#include <math.h>

#define WIRED_ELEMENTS 2
#define DEG_PER_RAD (180 / 3.14159265358979323846)

/* The same current from another side: so near in size, */
#define SAME_RATIO 0.05
#define SAME_A 0.05
/* and moved by this part of it: about 25 degrees. */
#define TURNED_RATIO 0.4
/* From where on an angle counts as another one, between two windows that no voltage answers. */
#define JUMP_DEG 60.0
/* A CT that showed nothing before has a conductor now where it shows so much at once. */
#define NOTHING_A 0.2
#define APPEARS_A 3.0
/* Less resistance than this no service has, and less than this the voltages differ by themselves. */
#define LINE_OHM_MIN 0.01
#define NOISE_V 0.15
/* Loads from this on tell how the voltages answer, where the other element stays as it is by comparison; so much is enough. */
#define STEP_A 1.0
#define ALONE_RATIO 0.3
#define KNOWN_A2 50.0
/* An answer can be off by this part of itself. */
#define ANSWER_RATIO 0.3
/* A jump that was doubted once and comes again like this is a load. */
#define AGAIN_RATIO 0.5
/* A load between the lines does not move them apart, but pulls at both: with a neutral like the lines, by a third of that. */
#define SUM_RATIO (1 / 6.0)
/* A lead on another conductor: by so much of itself no voltage moves within a second. */
#define VOLTS_RATIO 0.1
/* Between the lines there are 120 or 180 degrees, or none. */
#define LAG_JUMP_DEG 75.0

/* An element's current against its voltage. */
static struct mm_phasor current_of(const struct mm_observation_window *window, unsigned e)
{
	return (struct mm_phasor){window->active_w[e] / window->voltage_v[e], window->reactive_var[e] / window->voltage_v[e]};
}

static bool shows(const struct mm_observation_window *window, unsigned e)
{
	return window->voltage_v[e] >= MM_DEAD_VOLTAGE_V && window->current_a[e] >= MM_PHASING_CURRENT_A;
}

static double moved_a(const struct mm_observation_window *before, const struct mm_observation_window *after, unsigned e)
{
	struct mm_phasor one = current_of(before, e), two = current_of(after, e);

	return hypot(two.re - one.re, two.im - one.im);
}

static bool is_same(const struct mm_observation_window *before, const struct mm_observation_window *after, unsigned e)
{
	return before->voltage_v[e] >= MM_DEAD_VOLTAGE_V &&
	       moved_a(before, after, e) <= SAME_RATIO * after->current_a[e] + SAME_A;
}

/* The same current as it was last, but against its voltage it is another. */
static bool is_turned(const struct mm_observation *observation, const struct mm_observation_window *next, unsigned e)
{
	unsigned back = 0;
	const struct mm_observation_window *before;

	while (back < observation->count && !shows(mm_observation_back(observation, back), e)) {
		back++;
	}
	if (back == observation->count || !shows(next, e)) {
		return false;
	}
	before = mm_observation_back(observation, back);
	return fabs(next->current_a[e] - before->current_a[e]) <= SAME_RATIO * before->current_a[e] + SAME_A &&
	       moved_a(before, next, e) > TURNED_RATIO * before->current_a[e];
}

/* Whether the current jumps in angle, or from nothing, as it rarely does. */
static bool jumps(const struct mm_observation_window *before, const struct mm_observation_window *next, unsigned e)
{
	struct mm_phasor turn;

	if (!shows(next, e) || before->voltage_v[e] < MM_DEAD_VOLTAGE_V) {
		return false;
	}
	if (before->current_a[e] < NOTHING_A) {
		return next->current_a[e] >= APPEARS_A;
	}
	turn = mm_phasor_power(current_of(before, e), current_of(next, e));
	return shows(before, e) && fabs(atan2(turn.im, turn.re)) * DEG_PER_RAD > JUMP_DEG;
}

/*
 * Is an element's current after a jump as it was before? Then a load goes, or comes again: a wire that is moved shows what was
 * not there. Where that was before the latest jump that was doubted, that one was a load's, too.
 */
static bool returns(struct mm_observation *observation, const struct mm_observation_window *next, unsigned e)
{
	struct mm_observation_jump *latest = &observation->jump[e];
	unsigned most = latest->earlier < observation->unmoved ? latest->earlier : observation->unmoved, back = 1;

	if (!shows(mm_observation_back(observation, 0), e)) {
		return false; /* a CT can be put back */
	}
	while (back < most && !is_same(mm_observation_back(observation, back), next, e)) {
		back++;
	}
	if (back >= most) {
		return false;
	}
	if (back >= latest->windows) {
		latest->windows = latest->earlier;
	}
	return true;
}

/*
 * What answers to a current: what the supply does by itself is alike in both voltages, so of two it is their difference; or the
 * one voltage that there is.
 */
static double apart_v(const double volts[static WIRED_ELEMENTS], bool one)
{
	return one ? volts[0] : volts[0] - volts[1];
}

/* By how much the voltages answer to an ampere of each element. */
struct answer {
	bool known[MM_ELEMENTS_MAX];
	double ohm[MM_ELEMENTS_MAX];
};

/*
 * From the loads that came and went so far, one element at a time. Each step is taken with the one before it: a voltage can be
 * a window ahead of its current.
 */
static struct answer find_answer(const struct mm_observation *observation, bool one)
{
	struct mm_observation_step step[MM_OBSERVATION_WINDOWS];
	unsigned count = mm_observation_steps(observation, step), elements = observation->elements;
	double xx[MM_ELEMENTS_MAX] = {0}, xy[MM_ELEMENTS_MAX] = {0};
	struct answer answer = {0};

	for (unsigned i = 0; i < count; i++) {
		for (unsigned e = 0; e < elements; e++) {
			double before_a = i > 0 ? step[i - 1].active_a[e] : 0, a = step[i].active_a[e] + before_a;
			double other_a = elements == 1 ? 0 : step[i].active_a[1 - e] + (i > 0 ? step[i - 1].active_a[1 - e] : 0);
			double v = apart_v(step[i].voltage_v, one) + (i > 0 ? apart_v(step[i - 1].voltage_v, one) : 0);

			if (fabs(step[i].active_a[e]) >= STEP_A && fabs(other_a) <= ALONE_RATIO * fabs(a)) {
				xx[e] += a * a;
				xy[e] += a * v;
			}
		}
	}
	for (unsigned e = 0; e < elements; e++) {
		answer.known[e] = xx[e] >= KNOWN_A2 && fabs(xy[e]) >= LINE_OHM_MIN * xx[e];
		answer.ohm[e] = answer.known[e] ? xy[e] / xx[e] : 0;
	}
	return answer;
}

/* From one window to another, of which one jumps. */
struct jump {
	bool jumps[MM_ELEMENTS_MAX];
	bool one; /* voltage */
	double step_a[MM_ELEMENTS_MAX], rest_v, expected_v, sum_v;
	unsigned unknown; /* elements that jump, and nothing is known of how the voltages answer to them */
};

/* loads: elements whose current jumps as a load is known to do. */
static struct jump find_jump(const struct mm_observation *observation, bool one, const struct answer *answer, const bool loads[],
			     const struct mm_observation_window *before, const struct mm_observation_window *next)
{
	const double step_v[] = {next->voltage_v[0] - before->voltage_v[0], next->voltage_v[1] - before->voltage_v[1]};
	struct jump jump = {.rest_v = apart_v(step_v, one), .sum_v = step_v[0] + step_v[1], .one = one};

	for (unsigned e = 0; e < observation->elements; e++) {
		if (fmin(before->voltage_v[e], next->voltage_v[e]) < MM_DEAD_VOLTAGE_V) {
			continue;
		}
		jump.jumps[e] = !loads[e] && jumps(before, next, e);
		jump.step_a[e] = current_of(next, e).re - current_of(before, e).re;
		jump.rest_v -= answer->ohm[e] * jump.step_a[e];
		jump.expected_v += fabs(answer->ohm[e] * jump.step_a[e]);
		jump.unknown += jump.jumps[e] && !answer->known[e];
	}
	return jump;
}

/* By how much the voltages answered to an ampere of what jumps; 0: not at all. */
static double jump_ohm(const struct jump *jump)
{
	unsigned e = jump->jumps[0] ? 0 : 1;
	double own_v = e == 0 || jump->one ? jump->rest_v : -jump->rest_v, step_a = jump->step_a[e];

	if (jump->jumps[0] && jump->jumps[1]) { /* one between the lines, both lines */
		own_v = jump->sum_v;
		step_a = jump->step_a[0] + jump->step_a[1];
	}
	if (fabs(own_v) < NOISE_V || fabs(own_v) < LINE_OHM_MIN * fabs(step_a)) {
		return 0;
	}
	return own_v / step_a;
}

/* The element whose latest jump it is. */
static struct mm_observation_jump *latest_of(struct mm_observation *observation, const struct jump *jump)
{
	return &observation->jump[jump->jumps[0] ? 0 : 1];
}

/* It comes and goes: wires are not moved twice alike. */
static bool comes_again(struct mm_observation *observation, const struct jump *jump)
{
	double ohm = jump_ohm(jump), before_ohm = latest_of(observation, jump)->ohm;

	return ohm != 0 && fabs(ohm - before_ohm) <= AGAIN_RATIO * fabs(before_ohm);
}

/*
 * Where nothing is known before it, a load that comes must at least make its own line sag: what others explain of the voltages
 * is known to a part.
 */
static bool sags(const struct jump *jump)
{
	return jump->unknown > 0 && jump_ohm(jump) < 0 && fabs(jump->rest_v) >= ANSWER_RATIO * jump->expected_v + NOISE_V;
}

/* As the loads before it: one between the lines does not move them apart, but pulls at both. */
static bool is_expected(const struct jump *jump)
{
	return fabs(jump->rest_v) <= ANSWER_RATIO * jump->expected_v + NOISE_V &&
	       (!(jump->jumps[0] && jump->jumps[1]) || fabs(jump->sum_v) >= SUM_RATIO * jump->expected_v);
}

/* A jump that the voltages don't answer as they do to loads. */
static bool is_unanswered(struct mm_observation *observation, const struct mm_observation_window *next)
{
	const struct mm_observation_window *before = mm_observation_back(observation, 0);
	bool loads[MM_ELEMENTS_MAX] = {false}, any = false;
	struct mm_observation_jump *latest;
	struct answer answer;
	struct jump jump;
	bool sure, one;

	for (unsigned e = 0; e < observation->elements; e++) {
		bool jumped = jumps(before, next, e);

		loads[e] = jumped && returns(observation, next, e);
		any = any || (jumped && !loads[e]);
	}
	if (!any) {
		return false;
	}
	one = observation->elements == 1 || mm_observation_one_voltage(observation, &sure);
	answer = find_answer(observation, one);
	jump = find_jump(observation, one, &answer, loads, before, next);
	latest = latest_of(observation, &jump);
	if (comes_again(observation, &jump)) {
		latest->windows = latest->earlier; /* the one before it was a load's, too */
		return false;
	}
	if (sags(&jump) || (jump.unknown == 0 && is_expected(&jump))) {
		return false;
	}
	latest->ohm = jump_ohm(&jump);
	if (observation->count > 1) {
		jump = find_jump(observation, one, &answer, loads, mm_observation_back(observation, 1), next);
		if (jump.unknown == 0 && is_expected(&jump)) {
			return false;
		}
	}
	latest->earlier = latest->windows;
	latest->windows = 0;
	return true;
}

/* The power was off, as it is when wires are moved, or a lead is on another conductor. */
static bool is_other_voltage(const struct mm_observation_window *before, const struct mm_observation_window *next, unsigned e)
{
	if (before->voltage_v[e] < MM_DEAD_VOLTAGE_V) {
		return next->voltage_v[e] >= MM_DEAD_VOLTAGE_V;
	}
	return next->voltage_v[e] >= MM_DEAD_VOLTAGE_V &&
	       fabs(next->voltage_v[e] - before->voltage_v[e]) > VOLTS_RATIO * before->voltage_v[e];
}

static bool is_off(struct mm_phasor lag, double deg)
{
	return (lag.re != 0 || lag.im != 0) && fabs(remainder(atan2(lag.im, lag.re) * DEG_PER_RAD - deg, 360)) > LAG_JUMP_DEG;
}

/* A single angle can be misread: it takes two. */
static bool is_other_phase(const struct mm_observation *observation, const struct mm_observation_window *next)
{
	return observation->lag_known && is_off(next->lag[0], observation->lag_deg) &&
	       is_off(mm_observation_back(observation, 0)->lag[0], observation->lag_deg);
}

enum mm_rewiring mm_rewiring(struct mm_observation *observation, const struct mm_observation_window *next)
{
	if (observation->count == 0) {
		return MM_REWIRING_NONE;
	}
	for (unsigned e = 0; e < observation->elements; e++) {
		if (is_other_voltage(mm_observation_back(observation, 0), next, e) || is_turned(observation, next, e)) {
			return MM_REWIRING_LEAD;
		}
	}
	if (observation->elements > WIRED_ELEMENTS) {
		return MM_REWIRING_NONE; /* three: each is judged by itself */
	}
	if (is_other_phase(observation, next)) {
		return MM_REWIRING_LEAD;
	}
	return is_unanswered(observation, next) ? MM_REWIRING_CT : MM_REWIRING_NONE;
}
