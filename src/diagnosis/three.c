/* SPDX-License-Identifier: MIT */
#include "diagnosis/three.h"

#include <math.h>

#define CT_STATES (2 * MM_LINES)
#define WIRINGS (CT_STATES * CT_STATES * CT_STATES)
#define SENSES 2

/* How often a mistake is made, against one installation done right: see phasing.c. */
#define PRIOR_REVERSED 0.05
#define PRIOR_ALL_REVERSED 0.03
#define PRIOR_CROSSED 0.03
#define PRIOR_ROTATED 0.02
#define PRIOR_WRONG_LINE 0.005
#define PRIOR_GENERATES 0.02
#define PRIOR_GENERATES_TOO 0.1 /* beside a mistake */
#define PRIOR_CORRECTION_WRONG 0.05
#define SAID_WRONGLY 0.1
/* Two CTs on one line show one current: how much likelier it is there than by chance. */
#define COINCIDENCE 50.0
/* Loads of three phases are motors: one whose current leads is rarer than one whose current lags. */
#define LEADING_DEG 10.0
#define LEADING 0.6
/* Between one line's 0 and the 120 degrees of the next. */
#define SAME_LINE_DEG 60.0

struct context {
	struct mm_wiring_seen seen;
	const struct mm_phasing_said *said;
	struct mm_observation_window present;
};

static const struct mm_wiring_service senses[SENSES] = {{1, {0, 120, 240}, MM_LINES}, {1, {0, 240, 120}, MM_LINES}};

/* The wiring of that number; false where it moves a CT that is not judged. */
static bool set_wiring_of_three(const struct context *context, struct mm_wiring *wiring, unsigned number)
{
	*wiring = (struct mm_wiring){.elements = MM_LINES};
	for (unsigned e = 0; e < MM_LINES; e++, number /= CT_STATES) {
		wiring->lead[e] = e;
		wiring->ct[e] = (struct mm_ct_state){.line = number % CT_STATES / 2, .reversed = number % 2};
		if (!context->seen.judged[e] && (wiring->ct[e].line != e || wiring->ct[e].reversed)) {
			return false;
		}
	}
	return true;
}

static bool is_corrected(const struct context *context, const struct mm_wiring *wiring)
{
	static const uint32_t reversed[MM_LINES] = {MM_CORRECTION_CT1_REVERSED, MM_CORRECTION_CT2_REVERSED,
						    MM_CORRECTION_CT3_REVERSED};
	bool same = context->said->correction != 0;

	for (unsigned e = 0; e < MM_LINES; e++) {
		bool corrected = (context->said->correction & reversed[e]) != 0;

		same = same && (!context->seen.judged[e] || (wiring->ct[e].line == e && wiring->ct[e].reversed == corrected));
	}
	return same;
}

static double wiring_prior(const struct context *context, const struct mm_wiring *wiring)
{
	double prior = context->said->correction != 0 ? PRIOR_CORRECTION_WRONG : 1;
	unsigned wrong = 0, reversed = 0, lines = 0;

	if (is_corrected(context, wiring)) {
		return 1;
	}
	for (unsigned e = 0; e < MM_LINES; e++) {
		wrong += wiring->ct[e].line != e;
		reversed += wiring->ct[e].reversed;
		lines |= 1u << wiring->ct[e].line;
	}
	prior *= reversed == MM_LINES ? PRIOR_ALL_REVERSED : pow(PRIOR_REVERSED, reversed);
	if (mm_wiring_rotated(wiring)) {
		return prior * PRIOR_ROTATED;
	}
	return prior * (wrong == 2 && lines == (1u << MM_LINES) - 1 ? PRIOR_CROSSED : pow(PRIOR_WRONG_LINE, wrong));
}

/*
 * How ordinary the lines' loads would be, and what would register with the wires right. Two CTs that are taken to be on one line
 * must show one current.
 */
static double loads_likelihood(const struct context *context, const struct mm_wiring_trial *trial,
			       struct mm_phasing_candidate *candidate)
{
	struct mm_phasor current[MM_LINES];
	bool known[MM_LINES] = {false};
	double likelihood = 1;

	for (unsigned e = 0; e < MM_LINES; e++) {
		unsigned line = trial->wiring.ct[e].line;
		struct mm_phasor true_current = mm_true_current(trial, e, context->seen.current[e]);

		if (!context->seen.judged[e]) {
			continue;
		}
		if (known[line]) {
			likelihood *= mm_same_current(current[line], true_current) ? COINCIDENCE : 0;
			continue;
		}
		known[line] = true;
		current[line] = true_current;
		candidate->angle_deg[e] = mm_lag_behind(true_current, trial->service->lag_deg[line]);
		candidate->repaired_w += context->present.voltage_v[line] * hypot(true_current.re, true_current.im) *
					 cos(candidate->angle_deg[e] * MM_RAD_PER_DEG);
		likelihood *= mm_load_likelihood(candidate->angle_deg[e], trial->wiring.generates[line], trial->said[line]);
		likelihood *= candidate->angle_deg[e] < -LEADING_DEG && !trial->wiring.generates[line] ? LEADING : 1;
		likelihood *= trial->said[line] && (line != e || trial->wiring.ct[e].reversed) ? SAID_WRONGLY : 1;
	}
	for (unsigned line = 0; line < MM_LINES; line++) {
		likelihood = trial->wiring.generates[line] && !known[line] ? 0 : likelihood;
	}
	return likelihood;
}

static unsigned try_loads(const struct context *context, struct mm_wiring_trial *trial, struct mm_phasing_candidate *ret,
			  unsigned count)
{
	double prior = wiring_prior(context, &trial->wiring);
	double generation = PRIOR_GENERATES * (mm_wiring_mistakes(&trial->wiring) > 0 ? PRIOR_GENERATES_TOO : 1);

	for (unsigned generates = 0; generates < 1u << MM_LINES; generates++) {
		struct mm_phasing_candidate candidate = {.corrected = is_corrected(context, &trial->wiring)};
		bool unsaid = false;

		for (unsigned line = 0; line < MM_LINES; line++) {
			trial->wiring.generates[line] = generates >> line & 1;
			unsaid = unsaid || (trial->wiring.generates[line] && !trial->said[line]);
		}
		candidate.likelihood = loads_likelihood(context, trial, &candidate);
		candidate.wiring = trial->wiring;
		candidate.weight = candidate.likelihood * prior * (unsaid ? generation : 1);
		if (candidate.weight > 0) {
			count = mm_phasing_keep(ret, count, &candidate);
		}
	}
	return count;
}

unsigned mm_three_rank(const struct mm_observation *observation, const bool judged[static MM_ELEMENTS_MAX],
		       const struct mm_phasing_said *said, struct mm_phasing_candidate ret[static MM_PHASING_CANDIDATES_MAX])
{
	struct context context = {
		.seen = {.elements = MM_LINES, .judged = judged}, .said = said, .present = mm_observation_present(observation)};
	unsigned count = 0;

	for (unsigned e = 0; e < MM_LINES; e++) {
		double volts = context.present.voltage_v[e];

		if (judged[e]) {
			context.seen.current[e] =
				(struct mm_phasor){context.present.active_w[e] / volts, -context.present.reactive_var[e] / volts};
		}
	}
	for (unsigned n = 0; n < SENSES * WIRINGS; n++) {
		struct mm_wiring_trial trial = {.service = &senses[n / WIRINGS], .said = said->generates};
		bool turns_back = observation->lag_known && mm_wrap_deg(observation->lag_deg) < 0;

		if ((!observation->lag_known || n / WIRINGS == turns_back) &&
		    set_wiring_of_three(&context, &trial.wiring, n % WIRINGS)) {
			count = try_loads(&context, &trial, ret, count);
		}
	}
	return count;
}

unsigned mm_three_same_line(const struct mm_observation *observation)
{
	double second = observation->lag_deg, third = observation->third_lag_deg;

	if (!observation->lag_known || !observation->third_lag_known) {
		return 0;
	}
	if (fabs(mm_wrap_deg(second)) < SAME_LINE_DEG) {
		return 2;
	}
	return fabs(mm_wrap_deg(third)) < SAME_LINE_DEG || fabs(mm_wrap_deg(third - second)) < SAME_LINE_DEG ? 3 : 0;
}
