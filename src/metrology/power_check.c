/* SPDX-License-Identifier: MIT */
/* Compares energy with power; power_check.h says why. */
#include "metrology/power_check.h"

#include <math.h>

/* Energy and polled power have to agree to this: ripple and a load that moves leave about 1 %. */
#define TOLERANCE 0.05
/* This many windows in a row decide. */
#define WINDOWS 3
/* Of the 26 polls that fit into a window; fewer leave out too much of it. */
#define POLLS_MIN 20

void mm_power_check_begin(struct mm_power_check *check)
{
	check->polls = 0;
	check->sum_w = 0.0;
}

void mm_power_check_poll(struct mm_power_check *check, double power_w)
{
	check->polls++;
	check->sum_w += power_w;
}

double mm_power_check_end(struct mm_power_check *check, double mean_w, double least_w)
{
	double polled_w = check->polls > 0 ? check->sum_w / check->polls : 0.0;
	double most_w = fmax(fabs(polled_w), fabs(mean_w));

	if (check->polls < POLLS_MIN || most_w < least_w) {
		return polled_w;
	}
	if (fabs(polled_w - mean_w) <= TOLERANCE * most_w) {
		check->agreed++;
		check->disagreed = 0;
	} else {
		check->agreed = 0;
		check->disagreed++;
	}
	if (check->agreed >= WINDOWS) {
		check->done = true;
		check->wrong = false;
	} else if (check->disagreed >= WINDOWS) {
		check->wrong = true;
	}
	return polled_w;
}
