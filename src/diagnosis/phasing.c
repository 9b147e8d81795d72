/* SPDX-License-Identifier: MIT */
/* Every wiring in turn: the currents that it would take, how ordinary they are, how they would pull at the voltages. */
#include "diagnosis/phasing.h"

#include <assert.h>
#include <math.h>

#include "diagnosis/sag.h"

#define RAD_PER_DEG (3.14159265358979323846 / 180)
#define LINES 3
#define CT_STATES (2 * LINES)

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
/* How ordinary it is that load and generation of one line nearly balance, which leaves any angle. */
#define BALANCE 0.1
/* A correction is for an angle between the lines that is this near. */
#define CORRECTED_DEG 30.0
/* Two currents that agree like this are one current: CTs of class 1 differ by less. */
#define SAME_CURRENT_RATIO 0.04
#define SAME_CURRENT_A 0.02
/* How much likelier they are to agree where they have to than by chance, */
#define COINCIDENCE 50.0
/* and how often everything that runs is between the lines. */
#define ONLY_TWO_LINE_LOADS 0.3
/* How often a load between the lines is what explains a current, where one to neutral would do as well. */
#define BETWEEN_SHARE 0.5
/* How much likelier two lines' voltages are to move as one, under different loads, where they are one. */
#define ONE_VOLTAGE_COINCIDENCE 30.0
/* Between one line's 0 and the 120 degrees of a wye. */
#define SAME_LINE_DEG 60.0
/* From here on the voltages can be said to speak for a wiring. */
#define SAGGED 4.0

struct service {
	double prior;
	double lag_deg[LINES];
	unsigned lines;
};

struct trial {
	const struct service *service;
	const bool *said; /* to generate, by line of an element */
	struct mm_wiring wiring;
};

struct context {
	unsigned elements;
	const bool *judged;
	const struct mm_phasing_said *said;
	struct mm_observation_window present;
	struct mm_phasor seen[MM_ELEMENTS_MAX]; /* currents, each against its own voltage */
	bool lag_known;
	double lag_deg;
	double one_voltage; /* likelihood that there is but one */
	struct mm_sag sag;
	struct mm_sag_gain best;
};

static double wrap_deg(double deg)
{
	deg = fmod(deg, 360.0);
	return deg > 180.0 ? deg - 360.0 : deg <= -180.0 ? deg + 360.0 : deg;
}

static struct mm_phasor turn(struct mm_phasor p, double deg)
{
	double c = cos(deg * RAD_PER_DEG), s = sin(deg * RAD_PER_DEG);

	return (struct mm_phasor){p.re * c - p.im * s, p.re * s + p.im * c};
}

static struct mm_phasor add(struct mm_phasor a, double factor, struct mm_phasor b)
{
	return (struct mm_phasor){a.re + factor * b.re, a.im + factor * b.im};
}

static double size(struct mm_phasor p)
{
	return hypot(p.re, p.im);
}

/* By how much the current lags a voltage of that lag. */
static double lag_behind(struct mm_phasor current, double voltage_lag_deg)
{
	return wrap_deg(-atan2(current.im, current.re) / RAD_PER_DEG - voltage_lag_deg);
}

/*
 * How ordinary a load is whose current lags its voltage by this angle. The meter is for power factors of 0.5 to 1 either way
 * (manual, table 1), and a load that takes up energy beyond 90 degrees there is none. said: load and generation may share the
 * line.
 */
static double load_likelihood(double lag_deg, bool generates, bool said)
{
	double off = generates ? 180.0 - fabs(lag_deg) : fabs(lag_deg);

	if (said && off > 62.0 && off <= 90.0) {
		return BALANCE;
	}
	if (generates) {
		return off <= 30.0 ? 1.0 : off <= 62.0 ? 0.3 : 0.0005;
	}
	return off <= 45.0 ? 1.0 : off <= 62.0 ? 0.5 : off <= 75.0 ? 0.03 : off <= 90.0 ? 0.01 : off <= 100.0 ? 0.0005 : 1e-6;
}

static bool negligible(struct mm_phasor rest, struct mm_phasor whole)
{
	return size(rest) <= SAME_CURRENT_RATIO * size(whole) + SAME_CURRENT_A;
}

static double line_likelihood(const struct trial *trial, unsigned line, struct mm_phasor current)
{
	bool own = line < MM_ELEMENTS_MAX;

	return load_likelihood(lag_behind(current, trial->service->lag_deg[line]), own && trial->wiring.generates[line],
			       own && trial->said[line]);
}

/* What is left of a line's current without the loads between the lines. */
static double rest_likelihood(const struct trial *trial, unsigned line, struct mm_phasor current, struct mm_phasor between)
{
	struct mm_phasor rest = add(current, -1, between);

	return negligible(rest, current) ? 1.0 : line_likelihood(trial, line, rest);
}

/* By how much the voltage between the first two lines lags the first line's. */
static double between_lag(const struct trial *trial)
{
	const double *lag = trial->service->lag_deg;
	struct mm_phasor a = turn((struct mm_phasor){1, 0}, -lag[0]), b = turn((struct mm_phasor){1, 0}, -lag[1]);
	struct mm_phasor volt = add(a, -1, b);

	return -atan2(volt.im, volt.re) / RAD_PER_DEG;
}

/* The currents of the first two lines, explained by loads from each to neutral and, for some part, by loads between them. */
static double pair_likelihood(const struct trial *trial, struct mm_phasor a, struct mm_phasor b)
{
	double best = line_likelihood(trial, 0, a) * line_likelihood(trial, 1, b);
	double volt_lag = between_lag(trial);

	if (trial->wiring.generates[0] != trial->wiring.generates[1]) {
		return best;
	}
	for (unsigned quarters = 1; quarters <= 4; quarters++) {
		struct mm_phasor from[] = {a, {-b.re, -b.im}};

		for (unsigned i = 0; i < 2; i++) {
			struct mm_phasor between = {from[i].re * quarters / 4, from[i].im * quarters / 4};
			struct mm_phasor back = {-between.re, -between.im};
			bool all = quarters == 4 && negligible(add(a, 1, b), a);
			double likelihood = load_likelihood(lag_behind(between, volt_lag), trial->wiring.generates[0], false) *
					    rest_likelihood(trial, 0, a, between) * rest_likelihood(trial, 1, b, back);

			best = fmax(best, likelihood * (all ? ONLY_TWO_LINE_LOADS * COINCIDENCE : BETWEEN_SHARE));
		}
	}
	return best;
}

/* One line's current where the other's is not known, by a load to neutral or one to that other line. */
static double lone_likelihood(const struct trial *trial, unsigned line, struct mm_phasor current)
{
	struct mm_phasor between = line == 0 ? current : (struct mm_phasor){-current.re, -current.im};
	double likelihood = line_likelihood(trial, line, current);

	if (line == MM_LINE_THIRD) {
		return likelihood;
	}
	return fmax(likelihood, BETWEEN_SHARE * load_likelihood(lag_behind(between, between_lag(trial)),
								trial->wiring.generates[line], false));
}

/* An element's current as it flows in the conductor. */
static struct mm_phasor true_current(const struct trial *trial, unsigned e, struct mm_phasor seen)
{
	struct mm_phasor current = turn(seen, -trial->service->lag_deg[trial->wiring.lead[e]]);

	return trial->wiring.ct[e].reversed ? (struct mm_phasor){-current.re, -current.im} : current;
}

static double current_likelihood(const struct context *context, const struct trial *trial)
{
	const struct mm_ct_state *ct = trial->wiring.ct;
	bool known[LINES] = {false};
	struct mm_phasor line[LINES] = {{0, 0}};
	double likelihood = 1;

	for (unsigned e = 0; e < context->elements; e++) {
		if (context->judged[e]) {
			known[ct[e].line] = true;
			line[ct[e].line] = true_current(trial, e, context->seen[e]);
		}
	}
	if (context->elements == 2 && context->judged[0] && context->judged[1] && ct[0].line == ct[1].line) {
		struct mm_phasor one = true_current(trial, 0, context->seen[0]);

		likelihood = negligible(add(one, -1, line[ct[1].line]), one) ? COINCIDENCE : 0;
	}
	if (known[0] && known[1]) {
		return likelihood * pair_likelihood(trial, line[0], line[1]);
	}
	for (unsigned l = 0; l < LINES; l++) {
		likelihood *= known[l] ? lone_likelihood(trial, l, line[l]) : 1;
	}
	return likelihood;
}

/* ---- Voltages ---- */

static double volts_likelihood(const struct context *context, const struct trial *trial)
{
	bool one_line = context->elements == 2 && trial->wiring.lead[0] == trial->wiring.lead[1];

	if (context->lag_known) {
		return one_line == (fabs(wrap_deg(context->lag_deg)) < SAME_LINE_DEG) ? 1 : 0;
	}
	return one_line ? context->one_voltage : 1;
}

/* One CT to each line; an element that is not judged is taken to be right. */
static bool sees_both_lines(const struct mm_wiring *wiring)
{
	return wiring->ct[0].line + wiring->ct[1].line == 1;
}

static struct mm_sag_gain sag_gain(const struct context *context, const struct trial *trial)
{
	const unsigned *lead = trial->wiring.lead;
	struct mm_sag_view view = {.one_line = context->elements == 2 && lead[0] == lead[1], .common = lead[0]};

	for (unsigned e = 0; e < context->elements; e++) {
		const struct mm_ct_state *ct = &trial->wiring.ct[e];

		view.line[e] = ct->line;
		view.turn_deg[e] =
			trial->service->lag_deg[ct->line] - trial->service->lag_deg[lead[e]] + (ct->reversed ? 180 : 0);
	}
	return mm_sag_gain(&context->sag, &view);
}

/* ---- All wirings ---- */

unsigned mm_wiring_mistakes(const struct mm_wiring *wiring)
{
	const struct mm_ct_state *ct = wiring->ct;
	bool crossed = ct[0].line == 1 && ct[1].line == 0;
	unsigned lines = (ct[0].line != 0) + (ct[1].line != 1);

	return (unsigned)(ct[0].reversed + ct[1].reversed) + (crossed ? 1 : lines) +
	       (unsigned)((wiring->lead[0] != 0) + (wiring->lead[1] != 1));
}

/* Whether the correction is for this wiring, as far as its currents can be judged. */
static bool is_corrected(const struct context *context, const struct trial *trial)
{
	const uint32_t reversed[] = {MM_CORRECTION_CT1_REVERSED, MM_CORRECTION_CT2_REVERSED};
	uint32_t correction = context->said->correction;
	bool crossed = (correction & MM_CORRECTION_CT_CROSSED) != 0;
	bool same = correction != 0;

	for (unsigned e = 0; e < context->elements; e++) {
		const struct mm_ct_state *ct = &trial->wiring.ct[e];

		same = same && trial->wiring.lead[e] == e &&
		       (!context->judged[e] ||
			(ct->reversed == ((correction & reversed[e]) != 0) && ct->line == (crossed ? 1 - e : e)));
	}
	return same &&
	       (!crossed || fabs(wrap_deg(trial->service->lag_deg[1] - mm_correction_lag_deg(correction))) < CORRECTED_DEG);
}

static double wiring_prior(const struct context *context, const struct trial *trial)
{
	const struct mm_wiring *wiring = &trial->wiring;
	const struct mm_ct_state *ct = wiring->ct;
	bool crossed = ct[0].line == 1 && ct[1].line == 0;
	double prior = (crossed ? PRIOR_CROSSED : 1) * (context->said->correction != 0 ? PRIOR_CORRECTION_WRONG : 1);

	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		prior *= ct[e].reversed ? PRIOR_REVERSED : 1;
		prior *= wiring->lead[e] != e ? PRIOR_LEAD : 1;
		if (ct[e].line != e && !crossed) {
			prior *= ct[e].line == MM_LINE_THIRD ? PRIOR_THIRD_LINE : PRIOR_WRONG_LINE;
		}
	}
	prior = is_corrected(context, trial) ? 1 : prior;
	for (unsigned line = 0; line < MM_ELEMENTS_MAX; line++) {
		if (wiring->generates[line] && !trial->said[line]) {
			return prior * PRIOR_GENERATES;
		}
	}
	return prior;
}

/* What was said of generation speaks against a wiring that explains it by a CT. */
static double said_likelihood(const struct trial *trial)
{
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
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
static void find_repaired(const struct context *context, const struct trial *trial, struct mm_phasing_candidate *candidate)
{
	bool counted[LINES] = {false};

	for (unsigned e = 0; e < context->elements; e++) {
		unsigned line = trial->wiring.ct[e].line;
		struct mm_phasor current = true_current(trial, e, context->seen[e]);
		double volts = context->present.voltage_v[line < context->elements ? line : e];

		if (!context->judged[e] || counted[line]) {
			candidate->angle_deg[e] = 0;
			continue;
		}
		counted[line] = true;
		candidate->angle_deg[e] = lag_behind(current, trial->service->lag_deg[line]);
		candidate->repaired_w += volts * size(current) * cos(candidate->angle_deg[e] * RAD_PER_DEG);
	}
}

/* Keeps a candidate among the likeliest, in their order; one with the same wiring is one with it. */
static unsigned keep(struct mm_phasing_candidate *list, unsigned count, const struct mm_phasing_candidate *candidate)
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
	bool known[LINES] = {false};

	for (unsigned e = 0; e < context->elements; e++) {
		known[wiring->ct[e].line] |= context->judged[e];
	}
	return (!wiring->generates[0] || known[0]) && (!wiring->generates[1] || known[1]);
}

static unsigned try_loads(const struct context *context, struct trial *trial, const struct mm_sag_gain *gain,
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
		candidate.likelihood = likelihood * current_likelihood(context, trial);
		candidate.weight = candidate.likelihood * wiring_prior(context, trial);
		candidate.corrected = is_corrected(context, trial);
		candidate.sagged = gain->difference + gain->sum > SAGGED &&
				   gain->difference + gain->sum > 0.8 * (context->best.difference + context->best.sum);
		find_repaired(context, trial, &candidate);
		if (candidate.weight > 0) {
			count = keep(ret, count, &candidate);
		}
	}
	return count;
}

/* Sets the wiring of that number; false where it supposes what is not there. */
static bool set_wiring(const struct context *context, struct trial *trial, unsigned number)
{
	unsigned lead = number / (CT_STATES * CT_STATES);

	if (lead > 0 && context->elements == 1) {
		return false; /* the same as its CT on the other line */
	}
	trial->wiring = (struct mm_wiring){.lead = {lead == 1 ? 1 : 0, lead == 2 ? 0 : 1}};
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		unsigned state = (e == 0 ? number : number / CT_STATES) % CT_STATES;
		bool judged = e < context->elements && context->judged[e];

		trial->wiring.ct[e] = (struct mm_ct_state){.line = state / 2, .reversed = state % 2};
		if (state / 2 >= trial->service->lines || (!judged && (state / 2 != e || state % 2)) ||
		    (!judged && lead == e + 1)) {
			return false;
		}
	}
	return true;
}

#define WIRINGS (CT_STATES * CT_STATES * 3)

static unsigned list_services(const struct context *context, struct service ret[static 3])
{
	static const struct service all[] = {
		{PRIOR_SPLIT_PHASE, {0, 180, 0}, 2},
		{PRIOR_WYE, {0, 120, 240}, 3},
		{PRIOR_WYE, {0, 240, 120}, 3},
	};
	double lag = wrap_deg(context->lag_deg);

	if (!context->lag_known || fabs(lag) < SAME_LINE_DEG) {
		for (unsigned i = 0; i < 3; i++) {
			ret[i] = all[i];
		}
		return 3;
	}
	ret[0] = all[fabs(lag) > 150 ? 0 : lag > 0 ? 1 : 2];
	ret[0].prior = 1;
	return 1;
}

unsigned mm_phasing_rank(const struct mm_observation *observation, const bool judged[static MM_ELEMENTS_MAX],
			 const struct mm_phasing_said *said, struct mm_phasing_candidate ret[static MM_PHASING_CANDIDATES_MAX])
{
	struct context context = {.elements = observation->elements,
				  .judged = judged,
				  .said = said,
				  .present = mm_observation_present(observation),
				  .lag_known = observation->lag_known,
				  .lag_deg = observation->lag_deg};
	struct service services[3];
	unsigned service_count, count = 0;
	bool sure;

	for (unsigned e = 0; e < context.elements; e++) {
		assert(!judged[e] || context.present.voltage_v[e] > 0);
		if (judged[e]) {
			context.seen[e] = (struct mm_phasor){context.present.active_w[e] / context.present.voltage_v[e],
							     -context.present.reactive_var[e] / context.present.voltage_v[e]};
		}
	}
	context.one_voltage = !mm_observation_one_voltage(observation, &sure) ? 0 : sure ? ONE_VOLTAGE_COINCIDENCE : 1;
	mm_sag_init(&context.sag, observation);
	service_count = list_services(&context, services);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned n = 0; n < service_count * WIRINGS; n++) {
			struct trial trial = {.service = &services[n / WIRINGS], .said = said->generates};
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
