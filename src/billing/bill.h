/* SPDX-License-Identifier: MIT */
#ifndef MM_BILLING_BILL_H
#define MM_BILLING_BILL_H

/*
 * What was used between two readings of a meter, out of the intervals between them. Pure.
 *
 * The invariant: used + preset is the difference of the two readings, to the µWh, in each direction; so the bills of periods that
 * follow one another add up. What was used at each rate adds up to used.
 */

#include <stdbool.h>
#include <stdint.h>

#include "billing/demand.h"

/* Bits of the status that a bill counts the intervals of. */
#define MM_BILL_FLAGS 8

struct mm_bill_energy {
	int64_t delivered_uwh, received_uwh;
};

/* At one rate. */
struct mm_bill_rate {
	struct mm_bill_energy used; /* in its intervals, and in none since the interval before */
	int64_t duration_s;	    /* of its intervals */
};

struct mm_bill {
	bool begun;		       /* there is a reading to begin with */
	struct mm_bill_energy begin;   /* the registers at the begin, */
	struct mm_bill_energy end;     /* and at the end of the last interval */
	struct mm_bill_energy preset;  /* the start reading that a preset can add; both 0: none */
	bool preset_in;		       /* it was added in the period */
	struct mm_bill_energy in;      /* energy in the intervals */
	struct mm_bill_energy unknown; /* registered, but in no interval */
	int64_t intervals;
	int64_t covered_ns; /* of their time, by right windows */
	int64_t incomplete; /* intervals that are not covered */
	int64_t flagged[MM_BILL_FLAGS];
	struct mm_bill_rate rate[MM_TARIFF_RATES_MAX];
	struct mm_demand demand;
};

/*
 * Begins with the registers at the begin of the period, and the demand of each interval by itself; NULL: the meter had no
 * interval then, and its registers begin with the first one. preset: what a preset of this meter adds or has added, both 0 where
 * there is none.
 */
void mm_bill_begin(struct mm_bill *bill, const struct mm_bill_energy *begin, const struct mm_bill_energy *preset);

/*
 * Adds the next interval of the meter, in the order of ids, and the rate that it has. Registers that are not known are taken to
 * follow from those before.
 */
void mm_bill_add(struct mm_bill *bill, const struct mm_profile_row *row, uint8_t rate);

/* What was used: the difference of the readings, less a preset. */
struct mm_bill_energy mm_bill_used(const struct mm_bill *bill);

#endif
