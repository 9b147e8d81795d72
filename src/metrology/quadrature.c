/* SPDX-License-Identifier: MIT */
#include "metrology/quadrature.h"

#include <math.h>

#define SQRT2 1.41421356237309504880
#define RAD_PER_CYCLE (2 * 3.14159265358979323846)
#define SINE_MIN 0.5

bool mm_quadrature_phasor(const struct mm_instant instant[static 2], double frequency_hz, int64_t origin_ns,
			  struct mm_phasor *ret)
{
	double c[2], s[2], determinant;

	for (unsigned i = 0; i < 2; i++) {
		double angle = RAD_PER_CYCLE * frequency_hz * (double)(instant[i].at_ns - origin_ns) * 1e-9;

		c[i] = cos(angle);
		s[i] = sin(angle);
	}
	/* value = sqrt(2) (re cos - im sin), twice */
	determinant = SQRT2 * (c[1] * s[0] - c[0] * s[1]);
	if (!(fabs(determinant) >= SQRT2 * SINE_MIN)) {
		return false;
	}
	ret->re = (instant[1].value * s[0] - instant[0].value * s[1]) / determinant;
	ret->im = (instant[1].value * c[0] - instant[0].value * c[1]) / determinant;
	return true;
}
