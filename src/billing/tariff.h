/* SPDX-License-Identifier: MIT */
#ifndef MM_BILLING_TARIFF_H
#define MM_BILLING_TARIFF_H

/*
 * A tariff: up to four rates, and rules that say which of them a minute has, by its date, its day of the week, holidays and its
 * time of day, all by local clocks. Pure.
 *
 * The invariant, of a tariff that mm_tariff_check() has passed: each minute of each day has exactly one rate.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "billing/calendar.h"

#define MM_TARIFF_RATES_MAX 4
#define MM_TARIFF_RULES_MAX 16
#define MM_TARIFF_TIMES_MAX 6 /* of a rule */
#define MM_TARIFF_HOLIDAYS_MAX 48
#define MM_TARIFF_CHANGES_MAX (2 * MM_TARIFF_RULES_MAX * MM_TARIFF_TIMES_MAX + 1) /* in a day */
#define MM_TARIFF_NO_RATE UINT8_MAX

#define MM_MINUTES_PER_DAY 1440

/* Bits of the days of a rule: those of mm_weekday, and the holidays. A holiday is no other day of the week. */
#define MM_TARIFF_HOLIDAYS (1u << MM_WEEKDAYS)
#define MM_TARIFF_EVERY_DAY (MM_TARIFF_HOLIDAYS * 2 - 1)

/* From the minute of a day to before another one; to <= from: to midnight and from midnight on, of the same day. */
struct mm_tariff_times {
	int16_t from, to; /* 0 to 1439, to also 1440 */
};

struct mm_tariff_rule {
	uint8_t rate;
	bool otherwise;	     /* only where no rule without this has the minute */
	uint8_t days;	     /* bits */
	uint8_t times_count; /* 0: the whole day */
	/* Months * 100 + days, both included; over the end of a year where the second is the lesser one. 101 to 1231: the whole
	 * year. */
	int16_t first, last;
	struct mm_tariff_times times[MM_TARIFF_TIMES_MAX];
};

struct mm_tariff {
	uint8_t rate_count; /* 1 to MM_TARIFF_RATES_MAX */
	uint8_t rule_count;
	uint8_t holiday_count;
	struct mm_tariff_rule rule[MM_TARIFF_RULES_MAX];
	struct mm_holiday holiday[MM_TARIFF_HOLIDAYS_MAX];
};

/* The rates of a day, each from a minute on to the next one's; the first is from midnight. */
struct mm_tariff_day {
	int64_t day; /* of the calendar */
	size_t count;
	struct {
		int16_t from;
		uint8_t rate; /* MM_TARIFF_NO_RATE: no rule has it */
	} change[MM_TARIFF_CHANGES_MAX];
};

bool mm_tariff_is_holiday(const struct mm_tariff *tariff, int64_t day);

/* What is valid on a day by local clocks. Of two rules, which a checked tariff has not, it is the first. */
void mm_tariff_day(const struct mm_tariff *tariff, int64_t day, struct mm_tariff_day *ret);

/* The rate of a minute, 0 to 1439, or MM_TARIFF_NO_RATE. */
uint8_t mm_tariff_day_rate(const struct mm_tariff_day *day, int minute);

/*
 * The rate of an instant, in seconds from 1970 in UTC, by the clocks of the zone then. An hour that DST doubles has its rates
 * twice, one that it leaves out has none. day keeps what was found last; it begins as {.count = 0}.
 */
uint8_t mm_tariff_rate(const struct mm_tariff *tariff, int64_t at_s, int32_t offset_s, struct mm_tariff_day *day);

enum mm_tariff_fault_kind {
	MM_TARIFF_FINE,
	MM_TARIFF_NONE,	    /* no rule has a minute */
	MM_TARIFF_TWO,	    /* two rules of different rates have it */
	MM_TARIFF_UNUSED,   /* a rate has no minute in 400 years */
	MM_TARIFF_BOUNDARY, /* a rate ends within an interval */
};

struct mm_tariff_fault {
	enum mm_tariff_fault_kind kind;
	int64_t day;	  /* an example, */
	int minute;	  /* and the minute of that day */
	bool holiday;	  /* it is one */
	unsigned rule[2]; /* MM_TARIFF_TWO: both */
	uint8_t rate;	  /* MM_TARIFF_UNUSED, and MM_TARIFF_BOUNDARY: the one that begins then */
	int32_t offset_s; /* MM_TARIFF_BOUNDARY: the zone's then */
	int32_t unit_s;	  /* MM_TARIFF_BOUNDARY: intervals that divide this one fit */
};

/*
 * Both look at all days of 400 years from a year on. Then the calendar repeats itself, but for holidays of one year. They return
 * whether the tariff is right, else a fault with the first example there is.
 */

/* Has each minute one rate, and each rate a minute? */
bool mm_tariff_check(const struct mm_tariff *tariff, int first_year, struct mm_tariff_fault *ret);

/*
 * Do rates change, at midnight too, where intervals of that length begin? Those are aligned in UTC, to the hour. interval_s
 * divides an hour. offsets_s: all that the zone can have, local time less UTC.
 */
bool mm_tariff_fits(const struct mm_tariff *tariff, int first_year, int32_t interval_s, const int32_t *offsets_s, size_t count,
		    struct mm_tariff_fault *ret);

#endif
