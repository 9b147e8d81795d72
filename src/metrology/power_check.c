/* SPDX-License-Identifier: MIT */
/* Compares energy with power; power_check.h says why. */
#include "metrology/power_check.h"

#include <math.h>

/* Energy and polled power have to agree to this: ripple and a load that moves leave about 1 %. */
#define TOLERANCE 0.05
/* This many windows in a row decide. */
#define WINDOWS 3
/* A chance of so many standard deviations does not happen in the life of a meter. */
#define DEVIATIONS 6.0
/* By this part of their range polls can be wrong without scatter: the one poll more that a pulse gets, and what is never polled.
 */
#define RANGE_RATIO 0.05
/* An older window has so much less weight than the next. */
#define WEIGHT (1.0 - 1.0 / 64.0)
/* Of the 26 polls that fit into a window; fewer leave out too much of it. */
#define POLLS_MIN 20

void mm_power_check_begin(struct mm_power_check *check)
{
	check->polls = 0;
	check->sum_w = check->square_w = 0.0;
}

void mm_power_check_again(struct mm_power_check *check)
{
	*check = (struct mm_power_check){.wrong = check->wrong};
}

void mm_power_check_poll(struct mm_power_check *check, double power_w)
{
	check->least_w = check->polls > 0 ? fmin(check->least_w, power_w) : power_w;
	check->most_w = check->polls > 0 ? fmax(check->most_w, power_w) : power_w;
	check->polls++;
	check->sum_w += power_w;
	check->square_w += power_w * power_w;
}

static void add(double *sum, double value)
{
	*sum = *sum * WEIGHT + value;
}

static void add_window(struct mm_power_check *check, double polled_w, double mean_w)
{
	double scale_w = fmax(fabs(polled_w), fabs(mean_w)), difference_w = polled_w - mean_w;

	add(&check->windows, 1.0);
	add(&check->scale_w, scale_w);
	add(&check->difference_w, difference_w);
	add(&check->scale_w2, scale_w * scale_w);
	add(&check->difference_w2, difference_w * difference_w);
	add(&check->cross_w2, scale_w * difference_w);
	add(&check->variance_w2, fmax(0.0, check->square_w / check->polls - polled_w * polled_w) / check->polls);
	add(&check->range_w, check->most_w - check->least_w);
}

/*
 * Is the sum of differences more than the tolerance, and than chance? Its variance is that by the polls of each window, or that
 * of windows about the ratio that they have in common (the ratio estimator: Cochran, Sampling Techniques, 6.4), whichever is
 * more.
 */
static bool differs(const struct mm_power_check *check)
{
	double ratio = check->difference_w / check->scale_w;
	double about_w2 = check->difference_w2 - 2.0 * ratio * check->cross_w2 + ratio * ratio * check->scale_w2;
	double variance_w2 = fmax(check->variance_w2, about_w2 * check->windows / fmax(1.0, check->windows - 1.0));
	double chance_w = DEVIATIONS * sqrt(fmax(0.0, variance_w2)) + RANGE_RATIO * check->range_w;

	return fabs(check->difference_w) > fmax(TOLERANCE * check->scale_w, chance_w);
}

static void judge_windows(struct mm_power_check *check, bool agrees)
{
	bool enough = check->windows > WINDOWS - 0.5;

	check->agreed = agrees ? check->agreed + 1 : 0;
	if (enough && differs(check)) {
		check->wrong = true;
		check->explained = 0;
	} else if (++check->explained >= WINDOWS) {
		check->wrong = false;
	}
	if (check->agreed >= WINDOWS) {
		check->done = true;
		check->wrong = false;
	}
}

double mm_power_check_end(struct mm_power_check *check, double mean_w, double least_w)
{
	double polled_w = check->polls > 0 ? check->sum_w / check->polls : 0.0;
	double most_w = fmax(fmax(fabs(check->least_w), fabs(check->most_w)), fabs(mean_w));

	if (check->polls < POLLS_MIN || most_w < least_w || most_w == 0.0) {
		return polled_w;
	}
	add_window(check, polled_w, mean_w);
	judge_windows(check, fabs(polled_w - mean_w) <= TOLERANCE * fmax(fabs(polled_w), fabs(mean_w)));
	return polled_w;
}
