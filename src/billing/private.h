/* SPDX-License-Identifier: MIT */
#ifndef MM_BILLING_PRIVATE_H
#define MM_BILLING_PRIVATE_H

/* What the files of this room share: which rule of a tariff has a minute. */

#include "billing/tariff.h"

/* What rules ask of a day. */
struct mm_tariff_date {
	int month_day; /* month * 100 + day */
	unsigned kind; /* the one bit of days that it is */
};

struct mm_tariff_date mm_tariff_date(struct mm_date date, enum mm_weekday weekday, bool holiday);

/*
 * The rule that has a minute of such a day, behind the rule after (-1: the first one), among those that count: where any without
 * otherwise has it, only these. -1: none.
 */
int mm_tariff_rule(const struct mm_tariff *tariff, const struct mm_tariff_date *date, int minute, int after);

/* Minutes of such a day, or its end, at which a rule begins or ends to have it; the first one always. */
void mm_tariff_edges(const struct mm_tariff *tariff, const struct mm_tariff_date *date, bool ret[static MM_MINUTES_PER_DAY + 1]);

/* The rates of such a day; ret->day is left as it is. */
void mm_tariff_changes(const struct mm_tariff *tariff, const struct mm_tariff_date *date, struct mm_tariff_day *ret);

#endif
