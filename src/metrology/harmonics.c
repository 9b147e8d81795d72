/* SPDX-License-Identifier: MIT */
/* Harmonics; harmonics.h says what for. */
#include "metrology/harmonics.h"

#include <math.h>
#include <string.h>

void mm_harmonics_add(struct mm_harmonic_sums *sums, const struct mm_sums_samples *samples, unsigned from, unsigned to,
		      double weight)
{
	const double *v = samples->v + from, *i = samples->i + from;
	const double *first_cosine = samples->cosine + from, *first_sine = samples->sine + from;
	const unsigned count = to - from;
	double cosine[MM_HARMONICS_SAMPLES_MAX], sine[MM_HARMONICS_SAMPLES_MAX];

	memcpy(cosine, first_cosine, count * sizeof(*cosine));
	memcpy(sine, first_sine, count * sizeof(*sine));
	for (unsigned order = 0; order < MM_HARMONICS_MAX; order++) {
		double v_cosine = 0.0, v_sine = 0.0, i_cosine = 0.0, i_sine = 0.0;

		for (unsigned k = 0; k < count; k++) {
			double next = cosine[k] * first_cosine[k] - sine[k] * first_sine[k];

			v_cosine += v[k] * cosine[k];
			v_sine += v[k] * sine[k];
			i_cosine += i[k] * cosine[k];
			i_sine += i[k] * sine[k];
			/* On to the angle of the next order. */
			sine[k] = sine[k] * first_cosine[k] + cosine[k] * first_sine[k];
			cosine[k] = next;
		}
		sums->v_cosine[order] += weight * v_cosine;
		sums->v_sine[order] += weight * v_sine;
		sums->i_cosine[order] += weight * i_cosine;
		sums->i_sine[order] += weight * i_sine;
	}
}

/* IEC 61000-4-7: all harmonics but the fundamental, against it. */
static double distortion(const double rms[MM_HARMONICS_MAX])
{
	double squares = 0.0;

	for (unsigned order = 1; order < MM_HARMONICS_MAX; order++) {
		squares += rms[order] * rms[order];
	}
	return rms[0] > 0.0 ? sqrt(squares) / rms[0] : 0.0;
}

void mm_harmonics_read(const struct mm_harmonic_sums *sums, double samples, double frequency, double v_scale, double i_scale,
		       struct mm_harmonics *ret)
{
	for (unsigned order = 0; order < MM_HARMONICS_MAX; order++) {
		double ratio = (order + 1) * frequency < 0.5 ? M_SQRT2 / samples : 0.0;

		ret->voltage_v[order] = ratio * fabs(v_scale) * hypot(sums->v_cosine[order], sums->v_sine[order]);
		ret->current_a[order] = ratio * fabs(i_scale) * hypot(sums->i_cosine[order], sums->i_sine[order]);
	}
	ret->voltage_thd = distortion(ret->voltage_v);
	ret->current_thd = distortion(ret->current_a);
}
