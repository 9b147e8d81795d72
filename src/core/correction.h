/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_CORRECTION_H
#define MM_CORE_CORRECTION_H

/*
 * Wiring mistakes settled by arithmetic until the wires are: a CT that is turned round, or two CTs that sit on each other's line.
 *
 * With complex power S = P + jQ = V conj(I), a CT turned round gives -S. Of two that are crossed each gives V2 conj(I1) where
 * V1 conj(I1) is wanted; where L2 lags L1 by an angle a, V1 = |V1| / |V2| exp(ja) V2, and S is scaled and turned likewise. Exact
 * for sinusoids at the angle that is stated: 0.1° of it costs 0.30 % at pf 0.5, and harmonics are turned like the fundamental.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/measurement.h"
#include "core/model.h"

/* Bits of a correction; 0: as wired. */
#define MM_CORRECTION_CT1_REVERSED 0x01u
#define MM_CORRECTION_CT2_REVERSED 0x02u
#define MM_CORRECTION_CT_CROSSED 0x04u
#define MM_CORRECTION_CT3_REVERSED 0x08u
/* By how much L2 lags L1 where they are crossed, one of: 180° (split phase), or 120° and 240° (two phases of a wye). */
#define MM_CORRECTION_LINES_180 0x10u
#define MM_CORRECTION_LINES_120 0x20u
#define MM_CORRECTION_LINES_240 0x40u
#define MM_CORRECTION_BITS 7

/* A single element has one CT and nothing to cross it with, three have no crossing that could be corrected; crossed needs one
 * angle, and an angle is for nothing else. */
bool mm_correction_valid(uint32_t correction, unsigned elements);

/*
 * Stable name of one bit: "ct1-reversed", "ct2-reversed", "ct-crossed", "ct3-reversed", "lines-180", "lines-120", "lines-240";
 * NULL for a bit that means nothing.
 */
const char *mm_correction_name(uint32_t bit);

/* By how much L2 is said to lag L1, in degrees: 120, 180 or 240; 0 where nothing is crossed. */
double mm_correction_lag_deg(uint32_t correction);

/*
 * The reading of an element as its inputs would give it if they were wired right. input says which of the front end's inputs
 * serves each element. Crossed elements read no power while a line is dead.
 */
struct mm_input_reading mm_correction_apply(uint32_t correction, const struct mm_measurement *measurement,
					    const unsigned input[static MM_ELEMENTS_MAX], unsigned element);

#endif
