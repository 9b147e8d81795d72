/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_THREE_H
#define MM_DIAGNOSIS_THREE_H

/*
 * The same as diagnosis/phasing.h for three elements on three phases and neutral: each CT on any line, either way round, in
 * either sense of rotation where the voltages' angles are not known. Voltage leads are judged by those angles alone.
 */

#include "diagnosis/phasing.h"

unsigned mm_three_rank(const struct mm_observation *observation, const bool judged[static MM_ELEMENTS_MAX],
		       const struct mm_phasing_said *said, struct mm_phasing_candidate ret[static MM_PHASING_CANDIDATES_MAX]);

/* Two elements whose voltages are one line's by their angle: the later of them, from 1; 0: none, or the angles are not known. */
unsigned mm_three_same_line(const struct mm_observation *observation);

#endif
