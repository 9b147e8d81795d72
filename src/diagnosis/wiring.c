/* SPDX-License-Identifier: MIT */
#include "diagnosis/wiring.h"

#include <math.h>

/* How ordinary it is that load and generation of one line nearly balance, which leaves any angle. */
#define BALANCE 0.1
/* Two currents that agree like this are one current: CTs of class 1 differ by less. */
#define SAME_CURRENT_RATIO 0.04
#define SAME_CURRENT_A 0.02
/* How much likelier they are to agree where they have to than by chance, */
#define COINCIDENCE 50.0
/* and how often everything that runs is between the lines. */
#define ONLY_TWO_LINE_LOADS 0.3
/* How often a load between the lines is what explains a current, where one to neutral would do as well. */
#define BETWEEN_SHARE 0.5

bool mm_wiring_rotated(const struct mm_wiring *wiring)
{
	const struct mm_ct_state *ct = wiring->ct;
	unsigned on = (ct[0].line + MM_LINES) % MM_LINES;

	return wiring->elements == MM_LINES && on != 0 && ct[1].line == (1 + on) % MM_LINES &&
	       ct[MM_LINE_THIRD].line == (MM_LINE_THIRD + on) % MM_LINES;
}

static unsigned mistakes_of_three(const struct mm_wiring *wiring)
{
	unsigned reversed = 0, lines = 0, leads = 0, sum = 0;

	for (unsigned e = 0; e < MM_LINES; e++) {
		reversed += wiring->ct[e].reversed;
		lines += wiring->ct[e].line != e;
		leads += wiring->lead[e] != e;
		sum |= 1u << wiring->ct[e].line;
	}
	if (lines > 1 && sum == (1u << MM_LINES) - 1) {
		lines = 1; /* two crossed, or all rotated */
	}
	return (reversed == MM_LINES ? 1 : reversed) + lines + leads;
}

unsigned mm_wiring_mistakes(const struct mm_wiring *wiring)
{
	const struct mm_ct_state *ct = wiring->ct;
	bool crossed = ct[0].line == 1 && ct[1].line == 0;
	unsigned lines = (ct[0].line != 0) + (ct[1].line != 1);

	if (wiring->elements == MM_LINES) {
		return mistakes_of_three(wiring);
	}
	return (unsigned)(ct[0].reversed + ct[1].reversed) + (crossed ? 1 : lines) +
	       (unsigned)((wiring->lead[0] != 0) + (wiring->lead[1] != 1));
}

double mm_wrap_deg(double deg)
{
	deg = fmod(deg, 360.0);
	return deg > 180.0 ? deg - 360.0 : deg <= -180.0 ? deg + 360.0 : deg;
}

static struct mm_phasor turn(struct mm_phasor p, double deg)
{
	double c = cos(deg * MM_RAD_PER_DEG), s = sin(deg * MM_RAD_PER_DEG);

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

double mm_lag_behind(struct mm_phasor current, double voltage_lag_deg)
{
	return mm_wrap_deg(-atan2(current.im, current.re) / MM_RAD_PER_DEG - voltage_lag_deg);
}

double mm_load_likelihood(double lag_deg, bool generates, bool said)
{
	double off = generates ? 180.0 - fabs(lag_deg) : fabs(lag_deg);

	if (said && off <= 90.0) {
		return off <= 62.0 ? 1.0 : BALANCE;
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

bool mm_same_current(struct mm_phasor a, struct mm_phasor b)
{
	return negligible(add(a, -1, b), a);
}

static double line_likelihood(const struct mm_wiring_trial *trial, unsigned line, struct mm_phasor current)
{
	bool own = line < MM_WIRED_ELEMENTS;

	return mm_load_likelihood(mm_lag_behind(current, trial->service->lag_deg[line]), own && trial->wiring.generates[line],
				  own && trial->said[line]);
}

/* What is left of a line's current without the loads between the lines. */
static double rest_likelihood(const struct mm_wiring_trial *trial, unsigned line, struct mm_phasor current,
			      struct mm_phasor between)
{
	struct mm_phasor rest = add(current, -1, between);

	return negligible(rest, current) ? 1.0 : line_likelihood(trial, line, rest);
}

/* By how much the voltage between the first two lines lags the first line's. */
static double between_lag(const struct mm_wiring_trial *trial)
{
	const double *lag = trial->service->lag_deg;
	struct mm_phasor a = turn((struct mm_phasor){1, 0}, -lag[0]), b = turn((struct mm_phasor){1, 0}, -lag[1]);
	struct mm_phasor volt = add(a, -1, b);

	return -atan2(volt.im, volt.re) / MM_RAD_PER_DEG;
}

/* The currents of the first two lines, explained by loads from each to neutral and, for some part, by loads between them. */
static double pair_likelihood(const struct mm_wiring_trial *trial, struct mm_phasor a, struct mm_phasor b)
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
			double likelihood =
				mm_load_likelihood(mm_lag_behind(between, volt_lag), trial->wiring.generates[0], false) *
				rest_likelihood(trial, 0, a, between) * rest_likelihood(trial, 1, b, back);

			best = fmax(best, likelihood * (all ? ONLY_TWO_LINE_LOADS * COINCIDENCE : BETWEEN_SHARE));
		}
	}
	return best;
}

/* One line's current where the other's is not known, by a load to neutral or one to that other line. */
static double lone_likelihood(const struct mm_wiring_trial *trial, unsigned line, struct mm_phasor current)
{
	struct mm_phasor between = line == 0 ? current : (struct mm_phasor){-current.re, -current.im};
	double likelihood = line_likelihood(trial, line, current);

	if (line == MM_LINE_THIRD) {
		return likelihood;
	}
	return fmax(likelihood, BETWEEN_SHARE * mm_load_likelihood(mm_lag_behind(between, between_lag(trial)),
								   trial->wiring.generates[line], false));
}

struct mm_phasor mm_true_current(const struct mm_wiring_trial *trial, unsigned e, struct mm_phasor seen)
{
	struct mm_phasor current = turn(seen, -trial->service->lag_deg[trial->wiring.lead[e]]);

	return trial->wiring.ct[e].reversed ? (struct mm_phasor){-current.re, -current.im} : current;
}

double mm_wiring_likelihood(const struct mm_wiring_seen *seen, const struct mm_wiring_trial *trial)
{
	const struct mm_ct_state *ct = trial->wiring.ct;
	bool known[MM_LINES] = {false};
	struct mm_phasor line[MM_LINES] = {{0, 0}};
	double likelihood = 1;

	for (unsigned e = 0; e < seen->elements; e++) {
		if (seen->judged[e]) {
			known[ct[e].line] = true;
			line[ct[e].line] = mm_true_current(trial, e, seen->current[e]);
		}
	}
	if (seen->elements == 2 && seen->judged[0] && seen->judged[1] && ct[0].line == ct[1].line) {
		struct mm_phasor one = mm_true_current(trial, 0, seen->current[0]);

		likelihood = negligible(add(one, -1, line[ct[1].line]), one) ? COINCIDENCE : 0;
	}
	if (known[0] && known[1]) {
		return likelihood * pair_likelihood(trial, line[0], line[1]);
	}
	for (unsigned l = 0; l < MM_LINES; l++) {
		likelihood *= known[l] ? lone_likelihood(trial, l, line[l]) : 1;
	}
	return likelihood;
}
