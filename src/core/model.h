/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_MODEL_H
#define MM_CORE_MODEL_H

/*
 * Model numbers and what they promise: the nameplate. Both formats of the IMS manual, section 2.1, are read:
 * "MMD-120-2001-T-SCC" (a single meter) and "MS 120 F 01 SO 011 00" (meters in an enclosure).
 */

#include <stdbool.h>
#include <stddef.h>

#define MM_ELEMENTS_MAX 2

/*
 * Class amperes on a plate are the most at which a meter keeps its accuracy: the rated current here. Test amperes are 15 % of
 * them, as ANSI C12.10 pairs class 100 with 15 A and class 200 with 30 A.
 */
#define MM_TEST_CURRENT_RATIO 0.15
#define MM_MODEL_TEXT_MAX 32

struct mm_model {
	char canonical[MM_MODEL_TEXT_MAX]; /* the model number as the maker spells it */
	unsigned elements;		   /* 1 (1-phase 2-wire) or 2 (1- or 2-phase 3-wire) */
	unsigned meters;		   /* meters in the enclosure; 1 for a single meter's number */
	double rated_voltage_v;		   /* line to neutral: 120 for every model */
	double ct_primary_a;		   /* rated current: 100, 200 or 400 */
	double ct_secondary_a;		   /* 0.1 or 0.2 */
	bool fine_pulses;		   /* T: outputs 100 and 10, counter per 100 Wh; else also 1000, counter per 1000 Wh */
	bool lcd;			   /* SCC or SO */
};

struct mm_model_error {
	const char *field;  /* static: "meter type", "voltage", "CT ratio", ... */
	const char *reason; /* static: what was wrong and what would be right */
};

/*
 * Reads a model number. Case and the separators '-' and ' ' (or none) don't matter.
 * Returns 0, or -EINVAL with ret_error saying which field is wrong; ret is untouched then.
 */
int mm_model_parse(const char *text, struct mm_model *ret, struct mm_model_error *ret_error);

#endif
