/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_SUMS_H
#define MM_METROLOGY_SUMS_H

/*
 * What is done to every sample; all the work of metrology is here. Loops are written for two samples at a time, which every
 * compiler can put into vector instructions where the processor has them, and which always adds in the same order.
 */

#include <stdbool.h>
#include <stdint.h>

/* What is summed of one voltage and one current, in codes; cos and sin are those of the oscillator. */
enum mm_sum {
	MM_SUM_V,
	MM_SUM_I,
	MM_SUM_VV,
	MM_SUM_II,
	MM_SUM_VI,
	MM_SUM_V_COS,
	MM_SUM_V_SIN,
	MM_SUM_I_COS,
	MM_SUM_I_SIN,
	MM_SUM_COUNT,
};

struct mm_sums {
	double of[MM_SUM_COUNT];
};

/* The samples of one input and the oscillator beside them. */
struct mm_sums_samples {
	const double *v, *i, *cosine, *sine;
};

/* The codes between a converter's rails. */
struct mm_sums_rails {
	int32_t min, max;
};

/* What has been seen of a channel. */
struct mm_sums_seen {
	bool change; /* a code other than the one before */
	bool rail;   /* a code at a rail */
};

/* Takes one channel out of count frames of stride codes, after ret[-1]; adds to what has been seen of it. */
void mm_sums_convert(const int32_t *codes, unsigned stride, unsigned count, const struct mm_sums_rails *rails, double *ret,
		     struct mm_sums_seen *seen);

/* Adds samples from (included) to to (excluded). */
void mm_sums_add(struct mm_sums *sums, const struct mm_sums_samples *samples, unsigned from, unsigned to);

void mm_sums_subtract(struct mm_sums *sums, const struct mm_sums *less);

/*
 * The part of a sum to which sample at has been left out and that before it added whole, which lies beyond fraction (0 to 1) of
 * the way between the two: what belongs to the next sum, and not to this one. (Integral of the straight line between them.)
 */
void mm_sums_beyond(const struct mm_sums_samples *samples, unsigned at, double fraction, struct mm_sums *ret);

/*
 * ret[k] is the signal at samples[k] and fraction (0 to 1) towards samples[k + 1], by the cubic through the four samples around
 * it (Lagrange; Laakso et al., Splitting the unit delay, IEEE Signal Processing Magazine 13(1), 1996): from samples[-1] to
 * samples[count + 1] are used. Its gain is true to 2e-6 at 65 Hz and 4 kS/s.
 */
void mm_sums_delay(const double *samples, double fraction, unsigned count, double *ret);

/* ret_cosine[k], ret_sine[k]: of phase + k · step, in turns. */
void mm_sums_oscillate(double phase, double step, unsigned count, double *ret_cosine, double *ret_sine);

#endif
