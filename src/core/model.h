/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_MODEL_H
#define MM_CORE_MODEL_H

/*
 * Model numbers and what they promise: the nameplate. Both formats of the IMS manual, section 2.1, are read:
 * "MMD-120-2001-T-SCC" (a single meter) and "MS 120 F 01 SO 011 00" (meters in an enclosure).
 */

#include <stdbool.h>
#include <stddef.h>

#define MM_ELEMENTS_MAX 3

/*
 * Class amperes on a plate are the most at which a meter keeps its accuracy: the rated current here. Test amperes are 15 % of
 * them, as ANSI C12.10 pairs class 100 with 15 A and class 200 with 30 A.
 */
#define MM_TEST_CURRENT_RATIO 0.15
/* Manual, table 1: up to this part of the rated current. */
#define MM_OVERCURRENT_RATIO 1.10
/* Manual, table 1: limits of a Mini Meter's supply. */
#define MM_SUPPLY_MIN_V 102.0
#define MM_SUPPLY_MAX_V 138.0
#define MM_MODEL_TEXT_MAX 32

/* The line that a meter is for. */
enum mm_wires {
	MM_WIRES_1P2W,	  /* one line and neutral */
	MM_WIRES_3W,	  /* two lines and neutral, of either kind below: of a Mini Meter */
	MM_WIRES_SPLIT,	  /* two lines of opposite phase and neutral */
	MM_WIRES_NETWORK, /* two lines of three phases, and neutral */
	MM_WIRES_WYE,	  /* three phases and neutral */
	MM_WIRES_COUNT,
};

struct mm_model {
	char canonical[MM_MODEL_TEXT_MAX]; /* the model number as the maker spells it; of a generic meter, all that it is */
	bool generic;			   /* no Mini Meter: core/generic.h */
	enum mm_wires wires;
	unsigned elements;	/* 1 or 2; of a generic meter up to 3 */
	unsigned meters;	/* meters in the enclosure; 1 for a single meter's number */
	double rated_voltage_v; /* line to neutral: 120 for every Mini Meter */
	double ct_primary_a;	/* rated current: 100, 200 or 400 for a Mini Meter */
	double ct_secondary_a;	/* 0: the CT gives volts; 0.1 or 0.2 for a Mini Meter */
	double ct_secondary_v;	/* of a CT that gives volts */
	int kh_wh;		/* energy of a pulse of the fastest output, watt-hours: 10 for a Mini Meter */
	bool fine_pulses;	/* T: outputs 100 and 10, counter per 100 Wh; else also 1000, counter per 1000 Wh */
	bool lcd;		/* SCC or SO */
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

/* Its service in words: "1-phase 2-wire". */
const char *mm_wires_name(enum mm_wires wires);

/* The limits of a right supply, line to neutral: 102 V to 138 V for a Mini Meter (manual, table 1), and as far for others. */
double mm_model_supply_min_v(const struct mm_model *model);
double mm_model_supply_max_v(const struct mm_model *model);

/* Power at rated volts and the most amperes, of all elements: 58 kW for a dual Mini Meter of 200 A. */
double mm_model_full_w(const struct mm_model *model);

#endif
