/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_HARMONICS_H
#define MM_METROLOGY_HARMONICS_H

/*
 * Harmonics of one input over one window, by the discrete Fourier transform at the multiples of the supply's frequency and at
 * nothing in between (IEC 61000-4-7 without its groups). Some 400 instructions a sample: done when asked for.
 */

#include "core/measurement.h"
#include "metrology/sums.h"

struct mm_harmonic_sums {
	double v_cosine[MM_HARMONICS_MAX], v_sine[MM_HARMONICS_MAX];
	double i_cosine[MM_HARMONICS_MAX], i_sine[MM_HARMONICS_MAX];
};

/* Adds samples from (included) to to (excluded), each times weight; not more than MM_HARMONICS_SAMPLES_MAX at a time. */
#define MM_HARMONICS_SAMPLES_MAX 64
void mm_harmonics_add(struct mm_harmonic_sums *sums, const struct mm_sums_samples *samples, unsigned from, unsigned to,
		      double weight);

/*
 * What the sums over this many samples give, in volts and amperes by the scales; frequency is in cycles a sample: orders beyond
 * half the sample rate are 0.
 */
void mm_harmonics_read(const struct mm_harmonic_sums *sums, double samples, double frequency, double v_scale, double i_scale,
		       struct mm_harmonics *ret);

#endif
