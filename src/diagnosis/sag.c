/* SPDX-License-Identifier: MIT */
/* Fits of the voltages' steps to the steps of the currents. */
#include "diagnosis/sag.h"

#include <math.h>

/* A load came or went where a current moved by this much, and by this part of itself: less may follow the voltage, not lead it.
 */
#define STEP_A 1.0
#define STEP_RATIO 0.05
#define NOISE_MIN_V 0.005
/* One line's voltage moves by this, with nothing that a CT sees: by far more than lines do by themselves within a second. */
#define BLIND_V 0.15
#define BLIND_SIGMAS 3.5
#define BLIND_WEIGHT_MAX 4.0
#define BLIND_WEIGHT_EACH 2.0
/* What the neutral's resistance gives to a line of what a load takes from the other: a neutral like the lines, a half. */
#define NEUTRAL_SHARE 0.5
/* So much any fit may gain by chance. */
#define CHANCE 2.0
/* The most that a voltage can weigh for one view against another, and the most for each step. */
#define WEIGHT_MAX 7.0
#define WEIGHT_EACH 3.0

/* Sums of products, for a line through the origin. */
struct fit {
	double xx, xy;
};

static double apart_v(const struct mm_observation_step *step)
{
	return step->voltage_v[0] - step->voltage_v[1];
}

/* Adds to each step the one before: a voltage may be read when its window is over, and so be a window ahead of the current. */
static void widen(struct mm_sag *sag, const struct mm_observation_step raw[static MM_OBSERVATION_WINDOWS])
{
	for (unsigned i = 0; i < sag->count; i++) {
		sag->step[i] = raw[i];
		sag->quiet[i] = !sag->load[i] && (i == 0 || !sag->load[i - 1]) && (i + 1 == sag->count || !sag->load[i + 1]);
		for (unsigned e = 0; e < sag->elements && i > 0; e++) {
			sag->step[i].voltage_v[e] += raw[i - 1].voltage_v[e];
			sag->step[i].active_a[e] += raw[i - 1].active_a[e];
			sag->step[i].reactive_a[e] += raw[i - 1].reactive_a[e];
		}
	}
}

/* The noise of the voltages while no load is seen to come or go. */
static void find_noise(struct mm_sag *sag)
{
	double difference_v2 = 0, sum_v2 = 0, least_v2 = NOISE_MIN_V * NOISE_MIN_V;
	unsigned quiet = 0;

	for (unsigned i = 0; i < sag->count; i++) {
		const struct mm_observation_step *step = &sag->step[i];

		if (sag->quiet[i] && (sag->elements == 1 || fabs(apart_v(step)) < BLIND_V)) {
			quiet++;
			difference_v2 += pow(apart_v(step), 2);
			sum_v2 += pow(step->voltage_v[0] + step->voltage_v[1], 2);
		}
	}
	sag->difference_noise_v2 = fmax(quiet > 0 ? difference_v2 / quiet : 0, least_v2);
	sag->sum_noise_v2 = fmax(quiet > 0 ? sum_v2 / quiet : 0, least_v2);
}

void mm_sag_init(struct mm_sag *sag, const struct mm_observation *observation)
{
	struct mm_observation_window present = mm_observation_present(observation);
	struct mm_observation_step raw[MM_OBSERVATION_WINDOWS];

	*sag = (struct mm_sag){.elements = observation->elements};
	sag->count = mm_observation_steps(observation, raw);
	for (unsigned i = 0; i < sag->count; i++) {
		for (unsigned e = 0; e < observation->elements; e++) {
			sag->load[i] |= hypot(raw[i].active_a[e], raw[i].reactive_a[e]) >=
					fmax(STEP_A, STEP_RATIO * present.current_a[e]);
		}
		sag->loads += sag->load[i];
	}
	widen(sag, raw);
	find_noise(sag);
	for (unsigned i = 0; i < sag->count && sag->elements == 2; i++) {
		sag->blind += sag->quiet[i] && fabs(apart_v(&raw[i])) >= BLIND_V &&
			      pow(apart_v(&raw[i]), 2) >= BLIND_SIGMAS * BLIND_SIGMAS * sag->difference_noise_v2;
	}
}

double mm_sag_blind_likelihood(const struct mm_sag *sag)
{
	return exp(-fmin(BLIND_WEIGHT_MAX, BLIND_WEIGHT_EACH * sag->blind));
}

static void fit_add(struct fit *fit, double amperes, double volts)
{
	fit->xx += amperes * amperes;
	fit->xy += amperes * volts;
}

/* A voltage that rises with its load explains nothing. */
static double fit_gain(const struct fit *fit, double noise_v2)
{
	return fit->xx > 0 && fit->xy < 0 ? fit->xy * fit->xy / fit->xx / (2 * noise_v2) : 0;
}

struct mm_sag_gain mm_sag_gain(const struct mm_sag *sag, const struct mm_sag_view *view)
{
	struct fit difference = {0}, sum = {0};
	double c[MM_ELEMENTS_MAX], s[MM_ELEMENTS_MAX];

	for (unsigned e = 0; e < sag->elements; e++) {
		c[e] = cos(view->turn_deg[e] * MM_RAD_PER_DEG);
		s[e] = sin(view->turn_deg[e] * MM_RAD_PER_DEG);
	}
	for (unsigned i = 0; i < sag->count; i++) {
		const struct mm_observation_step *step = &sag->step[i];
		double pull_a[2] = {0, 0};

		for (unsigned e = 0; e < sag->elements && sag->load[i]; e++) {
			if (view->line[e] < 2) {
				pull_a[view->line[e]] = step->active_a[e] * c[e] + step->reactive_a[e] * s[e];
			}
		}
		if (view->one_line) {
			pull_a[1 - view->common] *= -NEUTRAL_SHARE;
		}
		fit_add(&difference, pull_a[0] - pull_a[1], step->voltage_v[0] - step->voltage_v[1]);
		fit_add(&sum, pull_a[0] + pull_a[1], step->voltage_v[0] + step->voltage_v[1]);
	}
	return (struct mm_sag_gain){
		.difference = sag->elements == 2 && !view->one_line ? fit_gain(&difference, sag->difference_noise_v2) : 0,
		.sum = fit_gain(&sum, sag->sum_noise_v2),
	};
}

/* Compared in units of noise while that is all there is, and as parts of the best where that is large. */
static double behind(const struct mm_sag *sag, double gain, double best)
{
	double units = (best - gain - CHANCE) / fmax(1, best / (4 * WEIGHT_MAX));

	return fmin(fmax(units, 0), fmin(WEIGHT_MAX, WEIGHT_EACH * sag->loads));
}

double mm_sag_likelihood(const struct mm_sag *sag, const struct mm_sag_gain *gain, const struct mm_sag_gain *best)
{
	return exp(-behind(sag, gain->difference, best->difference) - behind(sag, gain->sum, best->sum));
}
