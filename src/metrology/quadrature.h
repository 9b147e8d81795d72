/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_QUADRATURE_H
#define MM_METROLOGY_QUADRATURE_H

/*
 * The angle of a sine from two of its instant values, about a quarter of a cycle apart: where a chip can be asked for what a wave
 * form is just now but hands out no samples. An instant that is off by 0.1 ms turns the phasor by 2.2 degrees at 60 Hz, and
 * harmonics bend it by about their part of the fundamental; both average out over phasors that were taken at other angles.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/measurement.h"

struct mm_instant {
	double value;  /* in units of the rms: of a sine of 1 V rms from -1.414 to 1.414 */
	int64_t at_ns; /* by any clock */
};

/*
 * The phasor against an angle of 0 at origin_ns, from instants in their order. False, and *ret untouched, where they lie too near
 * to multiples of half a cycle apart for it (within 30 degrees).
 */
bool mm_quadrature_phasor(const struct mm_instant instant[static 2], double frequency_hz, int64_t origin_ns,
			  struct mm_phasor *ret);

#endif
