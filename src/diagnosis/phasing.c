/* SPDX-License-Identifier: MIT */
/* Every wiring in turn: how ordinary its currents would be, and how they would pull at the voltages. */
#include "diagnosis/phasing.h"

#include <assert.h>
#include <math.h>

#include "diagnosis/sag.h"

#define CT_STATES (2 * MM_LINES)

/*
 * How often a mistake is made, against one installation done right: an estimate. Only the order matters, and only where the
 * readings don't decide: a turned CT is the commonest, then two crossed; generation is rarer than either.
 */
#define PRIOR_REVERSED 0.05
#define PRIOR_CROSSED 0.04
#define PRIOR_WRONG_LINE 0.01
#define PRIOR_THIRD_LINE 0.005
#define PRIOR_LEAD 0.01
#define PRIOR_GENERATES 0.02
#define PRIOR_CORRECTION_WRONG 0.05
#define PRIOR_SPLIT_PHASE 0.6
#define PRIOR_WYE 0.2 /* each sense of rotation */

/* How likely a CT is still wrong where the readings fit generation that somebody has said there is. */
#define SAID_WRONGLY 0.1
/* A correction is for an angle between the lines that is this near. */
#define CORRECTED_DEG 30.0
/* How much likelier two lines' voltages are to move as one, under different loads, where they are one. */
#define ONE_VOLTAGE_COINCIDENCE 30.0
/* Between one line's 0 and the 120 degrees of a wye. */
#define SAME_LINE_DEG 60.0
/* From here on the voltages can be said to speak for a wiring. */
#define SAGGED 4.0

struct context {
	struct mm_wiring_seen seen;
	const struct mm_phasing_said *said;
	struct mm_observation_window present;
	bool lag_known;
	double lag_deg;
	double one_voltage; /* likelihood that there is but one */
	struct mm_sag sag;
	struct mm_sag_gain best;
};

/* ---- Voltages ---- */

static double volts_likelihood(const struct context *context, const struct mm_wiring_trial *trial)
{
	bool one_line = context->seen.elements == 2 && trial->wiring.lead[0] == trial->wiring.lead[1];

	if (context->lag_known) {
		return one_line == (fabs(mm_wrap_deg(context->lag_deg)) < SAME_LINE_DEG) ? 1 : 0;
	}
	return one_line ? context->one_voltage : 1;
}

/* One CT to each line; an element that is not judged is taken to be right. */
static bool sees_both_lines(const struct mm_wiring *wiring)
{
	return wiring->ct[0].line + wiring->ct[1].line == 1;
}

static struct mm_sag_gain sag_gain(const struct context *context, const struct mm_wiring_trial *trial)
{
	const unsigned *lead = trial->wiring.lead;
	struct mm_sag_view view = {.one_line = context->seen.elements == 2 && lead[0] == lead[1], .common = lead[0]};

	for (unsigned e = 0; e < context->seen.elements; e++) {
		const struct mm_ct_state *ct = &trial->wiring.ct[e];

		view.line[e] = ct->line;
		view.turn_deg[e] =
			trial->service->lag_deg[ct->line] - trial->service->lag_deg[lead[e]] + (ct->reversed ? 180 : 0);
	}
	return mm_sag_gain(&context->sag, &view);
}

/* ---- All wirings ---- */

/* Whether the correction is for this wiring, as far as its currents can be judged. */
static bool is_corrected(const struct context *context, const struct mm_wiring_trial *trial)
{
	const uint32_t reversed[] = {MM_CORRECTION_CT1_REVERSED, MM_CORRECTION_CT2_REVERSED};
	uint32_t correction = context->said->correction;
	bool crossed = (correction & MM_CORRECTION_CT_CROSSED) != 0;
	bool same = correction != 0;

	for (unsigned e = 0; e < context->seen.elements; e++) {
		const struct mm_ct_state *ct = &trial->wiring.ct[e];

		same = same && trial->wiring.lead[e] == e &&
		       (!context->seen.judged[e] ||
			(ct->reversed == ((correction & reversed[e]) != 0) && ct->line == (crossed ? 1 - e : e)));
	}
	return same &&
	       (!crossed || fabs(mm_wrap_deg(trial->service->lag_deg[1] - mm_correction_lag_deg(correction))) < CORRECTED_DEG);
}

static double wiring_prior(const struct context *context, const struct mm_wiring_trial *trial)
{
	const struct mm_wiring *wiring = &trial->wiring;
	const struct mm_ct_state *ct = wiring->ct;
	bool crossed = ct[0].line == 1 && ct[1].line == 0;
	double prior = (crossed ? PRIOR_CROSSED : 1) * (context->said->correction != 0 ? PRIOR_CORRECTION_WRONG : 1);

	for (unsigned e = 0; e < MM_WIRED_ELEMENTS; e++) {
		prior *= ct[e].reversed ? PRIOR_REVERSED : 1;
		prior *= wiring->lead[e] != e ? PRIOR_LEAD : 1;
		if (ct[e].line != e && !crossed) {
			prior *= ct[e].line == MM_LINE_THIRD ? PRIOR_THIRD_LINE : PRIOR_WRONG_LINE;
		}
	}
	prior = is_corrected(context, trial) ? 1 : prior;
	for (unsigned line = 0; line < MM_WIRED_ELEMENTS; line++) {
		if (wiring->generates[line] && !trial->said[line]) {
			return prior * PRIOR_GENERATES;
		}
	}
	return prior;
}

/* What was said of generation speaks against a wiring that explains it by a CT. */
static double said_likelihood(const struct mm_wiring_trial *trial)
{
	for (unsigned e = 0; e < MM_WIRED_ELEMENTS; e++) {
		const struct mm_ct_state *ct = &trial->wiring.ct[e];

		if (trial->said[e] && (ct->reversed || ct->line != e)) {
			return SAID_WRONGLY;
		}
	}
	return 1;
}

static bool same_wiring(const struct mm_wiring *a, const struct mm_wiring *b)
{
	bool same = true;

	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		same = same && a->ct[e].line == b->ct[e].line && a->ct[e].reversed == b->ct[e].reversed &&
		       a->lead[e] == b->lead[e] && a->generates[e] == b->generates[e];
	}
	return same;
}

/* What would register with all wires where they belong. */
static void find_repaired(const struct context *context, const struct mm_wiring_trial *trial,
			  struct mm_phasing_candidate *candidate)
{
	bool counted[MM_LINES] = {false};

	for (unsigned e = 0; e < context->seen.elements; e++) {
		unsigned line = trial->wiring.ct[e].line;
		struct mm_phasor current = mm_true_current(trial, e, context->seen.current[e]);
		double volts = context->present.voltage_v[line < context->seen.elements ? line : e];

		if (!context->seen.judged[e] || counted[line]) {
			candidate->angle_deg[e] = 0;
			continue;
		}
		counted[line] = true;
		candidate->angle_deg[e] = mm_lag_behind(current, trial->service->lag_deg[line]);
		candidate->repaired_w += volts * hypot(current.re, current.im) * cos(candidate->angle_deg[e] * MM_RAD_PER_DEG);
	}
}

unsigned mm_phasing_keep(struct mm_phasing_candidate *list, unsigned count, const struct mm_phasing_candidate *candidate)
{
	struct mm_phasing_candidate one = *candidate;
	unsigned at;

	for (unsigned i = 0; i < count; i++) {
		if (same_wiring(&list[i].wiring, &one.wiring)) {
			if (list[i].likelihood > one.likelihood) {
				double weight = one.weight;

				one = list[i];
				one.weight += weight;
			} else {
				one.weight += list[i].weight;
			}
			for (unsigned j = i; j + 1 < count; j++) {
				list[j] = list[j + 1];
			}
			count--;
		}
	}
	at = count < MM_PHASING_CANDIDATES_MAX ? count++ : MM_PHASING_CANDIDATES_MAX;
	while (at > 0 && list[at - 1].weight < one.weight) {
		if (at < MM_PHASING_CANDIDATES_MAX) {
			list[at] = list[at - 1];
		}
		at--;
	}
	if (at < MM_PHASING_CANDIDATES_MAX) {
		list[at] = one;
	}
	return count;
}

/* True when the current of every line that the trial supposes to generate is known. */
static bool generation_seen(const struct context *context, const struct mm_wiring *wiring)
{
	bool known[MM_LINES] = {false};

	for (unsigned e = 0; e < context->seen.elements; e++) {
		known[wiring->ct[e].line] |= context->seen.judged[e];
	}
	return (!wiring->generates[0] || known[0]) && (!wiring->generates[1] || known[1]);
}

static unsigned try_loads(const struct context *context, struct mm_wiring_trial *trial, const struct mm_sag_gain *gain,
			  struct mm_phasing_candidate ret[static MM_PHASING_CANDIDATES_MAX], unsigned count)
{
	double likelihood = trial->service->prior * volts_likelihood(context, trial) * said_likelihood(trial) *
			    mm_sag_likelihood(&context->sag, gain, &context->best) *
			    (sees_both_lines(&trial->wiring) ? mm_sag_blind_likelihood(&context->sag) : 1);

	for (unsigned generates = 0; generates < 4 && likelihood > 0; generates++) {
		struct mm_phasing_candidate candidate = {0};

		trial->wiring.generates[0] = generates & 1;
		trial->wiring.generates[1] = generates >> 1;
		if (!generation_seen(context, &trial->wiring)) {
			continue;
		}
		candidate.wiring = trial->wiring;
		candidate.likelihood = likelihood * mm_wiring_likelihood(&context->seen, trial);
		candidate.weight = candidate.likelihood * wiring_prior(context, trial);
		candidate.corrected = is_corrected(context, trial);
		candidate.sagged = gain->difference + gain->sum > SAGGED &&
				   gain->difference + gain->sum > 0.8 * (context->best.difference + context->best.sum);
		find_repaired(context, trial, &candidate);
		if (candidate.weight > 0) {
			count = mm_phasing_keep(ret, count, &candidate);
		}
	}
	return count;
}

/* Sets the wiring of that number; false where it supposes what is not there. */
static bool set_wiring(const struct context *context, struct mm_wiring_trial *trial, unsigned number)
{
	unsigned lead = number / (CT_STATES * CT_STATES);

	if (lead > 0 && context->seen.elements == 1) {
		return false; /* the same as its CT on the other line */
	}
	trial->wiring = (struct mm_wiring){.lead = {lead == 1 ? 1 : 0, lead == 2 ? 0 : 1}};
	for (unsigned e = 0; e < MM_WIRED_ELEMENTS; e++) {
		unsigned state = (e == 0 ? number : number / CT_STATES) % CT_STATES;
		bool judged = e < context->seen.elements && context->seen.judged[e];

		trial->wiring.ct[e] = (struct mm_ct_state){.line = state / 2, .reversed = state % 2};
		if (state / 2 >= trial->service->lines || (!judged && (state / 2 != e || state % 2)) ||
		    (!judged && lead == e + 1)) {
			return false;
		}
	}
	return true;
}

#define WIRINGS (CT_STATES * CT_STATES * 3)

/* Can a service of so many lines be the one that the meter is for? */
static bool is_declared(const struct context *context, unsigned lines)
{
	return context->said->wires == MM_WIRES_SPLIT ? lines == 2 : context->said->wires != MM_WIRES_NETWORK || lines == 3;
}

static unsigned list_services(const struct context *context, struct mm_wiring_service ret[static 3])
{
	static const struct mm_wiring_service all[] = {
		{PRIOR_SPLIT_PHASE, {0, 180, 0}, 2},
		{PRIOR_WYE, {0, 120, 240}, 3},
		{PRIOR_WYE, {0, 240, 120}, 3},
	};
	double lag = mm_wrap_deg(context->lag_deg);

	if (!context->lag_known || fabs(lag) < SAME_LINE_DEG) {
		unsigned count = 0;

		for (unsigned i = 0; i < 3; i++) {
			if (is_declared(context, all[i].lines)) {
				ret[count++] = all[i];
			}
		}
		return count;
	}
	ret[0] = all[fabs(lag) > 150 ? 0 : lag > 0 ? 1 : 2];
	ret[0].prior = 1;
	return 1;
}

unsigned mm_phasing_rank(const struct mm_observation *observation, const bool judged[static MM_ELEMENTS_MAX],
			 const struct mm_phasing_said *said, struct mm_phasing_candidate ret[static MM_PHASING_CANDIDATES_MAX])
{
	struct context context = {.seen = {.elements = observation->elements, .judged = judged},
				  .said = said,
				  .present = mm_observation_present(observation),
				  .lag_known = observation->lag_known,
				  .lag_deg = observation->lag_deg};
	struct mm_wiring_service services[3];
	unsigned service_count, count = 0;
	bool sure;

	for (unsigned e = 0; e < context.seen.elements; e++) {
		assert(!judged[e] || context.present.voltage_v[e] > 0);
		if (judged[e]) {
			context.seen.current[e] =
				(struct mm_phasor){context.present.active_w[e] / context.present.voltage_v[e],
						   -context.present.reactive_var[e] / context.present.voltage_v[e]};
		}
	}
	context.one_voltage = !mm_observation_one_voltage(observation, &sure) ? 0 : sure ? ONE_VOLTAGE_COINCIDENCE : 1;
	mm_sag_init(&context.sag, observation);
	service_count = list_services(&context, services);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned n = 0; n < service_count * WIRINGS; n++) {
			struct mm_wiring_trial trial = {.service = &services[n / WIRINGS], .said = said->generates};
			struct mm_sag_gain gain;

			if (!set_wiring(&context, &trial, n % WIRINGS)) {
				continue;
			}
			gain = sag_gain(&context, &trial);
			if (pass == 0) {
				context.best.difference = fmax(context.best.difference, gain.difference);
				context.best.sum = fmax(context.best.sum, gain.sum);
			} else {
				count = try_loads(&context, &trial, &gain, ret, count);
			}
		}
	}
	return count;
}
