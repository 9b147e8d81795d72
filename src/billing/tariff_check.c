/* SPDX-License-Identifier: MIT */
/*
 * A tariff on all days that there can be. What rules see of a day is its date in a year and whether it is a holiday or which day
 * of the week: few enough to look at each once, but in the order of the calendar, so that an example is a day that comes.
 */
#include <string.h>

#include "billing/private.h"
#include "billing/tariff.h"

#define YEARS 400
#define YEAR_DAYS 366
#define KINDS (MM_WEEKDAYS + 1)
#define SECONDS_PER_HOUR 3600

/* A walk over the calendar, day by day. */
struct walk {
	const struct mm_tariff *tariff;
	int year;
	bool holiday[YEAR_DAYS]; /* of that year */
	int64_t first;		 /* its first day */
	int64_t day;
	struct mm_date date;
	bool seen[13 * 32][KINDS]; /* such a day */
};

static void begin_year(struct walk *walk, int year)
{
	int64_t found;

	walk->year = year;
	walk->first = mm_calendar_day((struct mm_date){year, 1, 1});
	memset(walk->holiday, 0, sizeof(walk->holiday));
	for (unsigned i = 0; i < walk->tariff->holiday_count; i++) {
		for (int y = year - 1; y <= year + 1; y++) {
			if (mm_holiday_day(&walk->tariff->holiday[i], y, &found) && found >= walk->first &&
			    found < walk->first + YEAR_DAYS) {
				walk->holiday[found - walk->first] = true;
			}
		}
	}
}

static void begin(struct walk *walk, const struct mm_tariff *tariff, int first_year)
{
	*walk = (struct walk){.tariff = tariff, .date = {first_year, 1, 1}};
	begin_year(walk, first_year);
	walk->day = walk->first;
}

static bool is_holiday(const struct walk *walk)
{
	return walk->holiday[walk->day - walk->first];
}

/* Has the walk seen such a day before? */
static bool is_seen(struct walk *walk)
{
	bool *seen = &walk->seen[walk->date.month * 32 + walk->date.day]
				[is_holiday(walk) ? MM_WEEKDAYS : mm_calendar_weekday(walk->day)];
	bool before = *seen;

	*seen = true;
	return before;
}

static void go_on(struct walk *walk)
{
	walk->day++;
	if (++walk->date.day > mm_calendar_month_days(walk->date.year, walk->date.month)) {
		walk->date.day = 1;
		walk->date.month++;
	}
	if (walk->date.month > 12) {
		walk->date = (struct mm_date){walk->date.year + 1, 1, 1};
		begin_year(walk, walk->date.year);
	}
}

static struct mm_tariff_date date_of(const struct walk *walk)
{
	return mm_tariff_date(walk->date, mm_calendar_weekday(walk->day), is_holiday(walk));
}

static struct mm_tariff_fault fault_at(const struct walk *walk, enum mm_tariff_fault_kind kind, int minute)
{
	return (struct mm_tariff_fault){.kind = kind, .day = walk->day, .minute = minute, .holiday = is_holiday(walk)};
}

/* Finds a minute of this day that has no rate, or another one by another rule. */
static bool check_day(const struct walk *walk, bool used[MM_TARIFF_RATES_MAX], struct mm_tariff_fault *ret)
{
	const struct mm_tariff *tariff = walk->tariff;
	const struct mm_tariff_date date = date_of(walk);
	bool edge[MM_MINUTES_PER_DAY + 1];

	mm_tariff_edges(tariff, &date, edge);
	for (int minute = 0; minute < MM_MINUTES_PER_DAY; minute++) {
		int first, next;

		if (!edge[minute]) {
			continue;
		}
		first = next = mm_tariff_rule(tariff, &date, minute, -1);
		if (first < 0) {
			*ret = fault_at(walk, MM_TARIFF_NONE, minute);
			return false;
		}
		used[tariff->rule[first].rate] = true;
		while ((next = mm_tariff_rule(tariff, &date, minute, next)) >= 0) {
			if (tariff->rule[next].rate != tariff->rule[first].rate) {
				*ret = fault_at(walk, MM_TARIFF_TWO, minute);
				ret->rule[0] = (unsigned)first;
				ret->rule[1] = (unsigned)next;
				return false;
			}
		}
	}
	return true;
}

bool mm_tariff_check(const struct mm_tariff *tariff, int first_year, struct mm_tariff_fault *ret)
{
	bool used[MM_TARIFF_RATES_MAX] = {false};
	struct walk walk;

	begin(&walk, tariff, first_year);
	for (; walk.year < first_year + YEARS; go_on(&walk)) {
		if (!is_seen(&walk) && !check_day(&walk, used, ret)) {
			return false;
		}
	}
	for (uint8_t rate = 0; rate < tariff->rate_count; rate++) {
		if (!used[rate]) {
			*ret = (struct mm_tariff_fault){.kind = MM_TARIFF_UNUSED, .rate = rate};
			return false;
		}
	}
	return true;
}

/* ---- Boundaries ---- */

static int32_t greatest_divisor(int32_t a, int32_t b)
{
	while (b != 0) {
		int32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

struct boundaries {
	struct walk walk;
	int32_t interval_s;
	const int32_t *offsets_s;
	size_t count;
	bool looked[MM_MINUTES_PER_DAY]; /* at that minute */
	struct mm_tariff_fault fault;	 /* the first one */
	int32_t unit_s;
};

/* A rate begins at a minute of this day. */
static void look_at(struct boundaries *b, int minute, uint8_t rate)
{
	for (size_t i = 0; !b->looked[minute] && i < b->count; i++) {
		int32_t into_s = ((minute * 60 - b->offsets_s[i]) % SECONDS_PER_HOUR + SECONDS_PER_HOUR) % SECONDS_PER_HOUR;

		b->unit_s = greatest_divisor(b->unit_s, into_s);
		if (into_s % b->interval_s != 0 && b->fault.kind == MM_TARIFF_FINE) {
			b->fault = fault_at(&b->walk, MM_TARIFF_BOUNDARY, minute);
			b->fault.rate = rate;
			b->fault.offset_s = b->offsets_s[i];
		}
	}
	b->looked[minute] = true;
}

/* Looks at the changes of this day, and at its midnight after a day that ended with the rate before. Returns the rate at its end.
 */
static uint8_t look_at_day(struct boundaries *b, uint8_t before, uint8_t ends[13 * 32][KINDS][2])
{
	uint8_t *end = ends[b->walk.date.month * 32 + b->walk.date.day]
			   [is_holiday(&b->walk) ? MM_WEEKDAYS : mm_calendar_weekday(b->walk.day)];

	if (!is_seen(&b->walk)) {
		const struct mm_tariff_date date = date_of(&b->walk);
		struct mm_tariff_day day;

		mm_tariff_changes(b->walk.tariff, &date, &day);
		end[0] = day.change[0].rate;
		end[1] = day.change[day.count - 1].rate;
		for (size_t i = 1; i < day.count; i++) {
			look_at(b, day.change[i].from, day.change[i].rate);
		}
	}
	if (end[0] != before) {
		look_at(b, 0, end[0]);
	}
	return end[1];
}

bool mm_tariff_fits(const struct mm_tariff *tariff, int first_year, int32_t interval_s, const int32_t *offsets_s, size_t count,
		    struct mm_tariff_fault *ret)
{
	struct boundaries b = {.interval_s = interval_s, .offsets_s = offsets_s, .count = count, .unit_s = SECONDS_PER_HOUR};
	uint8_t ends[13 * 32][KINDS][2], rate = MM_TARIFF_NO_RATE;

	begin(&b.walk, tariff, first_year);
	for (; b.walk.year < first_year + YEARS; go_on(&b.walk)) {
		if (rate == MM_TARIFF_NO_RATE) { /* the first day has none before it */
			const struct mm_tariff_date date = date_of(&b.walk);
			int rule = mm_tariff_rule(tariff, &date, 0, -1);

			rate = rule >= 0 ? tariff->rule[rule].rate : 0;
		}
		rate = look_at_day(&b, rate, ends);
	}
	if (b.fault.kind == MM_TARIFF_FINE) {
		return true;
	}
	*ret = b.fault;
	ret->unit_s = b.unit_s;
	return false;
}
