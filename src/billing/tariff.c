/* SPDX-License-Identifier: MIT */
#include "billing/tariff.h"

#include <string.h>

#include "billing/private.h"

#define SECONDS_PER_DAY 86400

/* ---- Rules ---- */

struct mm_tariff_date mm_tariff_date(struct mm_date date, enum mm_weekday weekday, bool holiday)
{
	return (struct mm_tariff_date){date.month * 100 + date.day, holiday ? MM_TARIFF_HOLIDAYS : 1u << weekday};
}

static bool has_date(const struct mm_tariff_rule *rule, const struct mm_tariff_date *date)
{
	bool after = date->month_day >= rule->first, before = date->month_day <= rule->last;

	return (rule->days & date->kind) != 0 && (rule->first <= rule->last ? after && before : after || before);
}

static bool has_minute(const struct mm_tariff_rule *rule, int minute)
{
	for (unsigned i = 0; i < rule->times_count; i++) {
		const struct mm_tariff_times *times = &rule->times[i];
		bool after = minute >= times->from, before = minute < times->to;

		if (times->from < times->to ? after && before : after || before) {
			return true;
		}
	}
	return rule->times_count == 0;
}

int mm_tariff_rule(const struct mm_tariff *tariff, const struct mm_tariff_date *date, int minute, int after)
{
	for (int otherwise = 0; otherwise <= 1; otherwise++) {
		bool any = false;

		for (int i = 0; i < tariff->rule_count; i++) {
			const struct mm_tariff_rule *rule = &tariff->rule[i];

			if (rule->otherwise == (otherwise == 1) && has_date(rule, date) && has_minute(rule, minute)) {
				if (i > after) {
					return i;
				}
				any = true;
			}
		}
		if (any) {
			return -1;
		}
	}
	return -1;
}

/* ---- Days ---- */

void mm_tariff_edges(const struct mm_tariff *tariff, const struct mm_tariff_date *date, bool ret[static MM_MINUTES_PER_DAY + 1])
{
	memset(ret, 0, MM_MINUTES_PER_DAY + 1);
	ret[0] = true;
	for (unsigned i = 0; i < tariff->rule_count; i++) {
		for (unsigned t = 0; has_date(&tariff->rule[i], date) && t < tariff->rule[i].times_count; t++) {
			ret[tariff->rule[i].times[t].from] = true;
			ret[tariff->rule[i].times[t].to] = true;
		}
	}
}

void mm_tariff_changes(const struct mm_tariff *tariff, const struct mm_tariff_date *date, struct mm_tariff_day *ret)
{
	bool edge[MM_MINUTES_PER_DAY + 1];

	ret->count = 0;
	mm_tariff_edges(tariff, date, edge);
	for (int minute = 0; minute < MM_MINUTES_PER_DAY; minute++) {
		int rule = edge[minute] ? mm_tariff_rule(tariff, date, minute, -1) : -1;
		uint8_t rate = rule >= 0 ? tariff->rule[rule].rate : MM_TARIFF_NO_RATE;

		if (edge[minute] && (ret->count == 0 || ret->change[ret->count - 1].rate != rate)) {
			ret->change[ret->count].from = (int16_t)minute;
			ret->change[ret->count++].rate = rate;
		}
	}
}

bool mm_tariff_is_holiday(const struct mm_tariff *tariff, int64_t day)
{
	int year = mm_calendar_date(day).year;
	int64_t found;

	for (unsigned i = 0; i < tariff->holiday_count; i++) {
		for (int y = year - 1; y <= year + 1; y++) {
			if (mm_holiday_day(&tariff->holiday[i], y, &found) && found == day) {
				return true;
			}
		}
	}
	return false;
}

void mm_tariff_day(const struct mm_tariff *tariff, int64_t day, struct mm_tariff_day *ret)
{
	const struct mm_tariff_date date =
		mm_tariff_date(mm_calendar_date(day), mm_calendar_weekday(day), mm_tariff_is_holiday(tariff, day));

	ret->day = day;
	mm_tariff_changes(tariff, &date, ret);
}

uint8_t mm_tariff_day_rate(const struct mm_tariff_day *day, int minute)
{
	size_t i = day->count - 1;

	while (day->change[i].from > minute) {
		i--;
	}
	return day->change[i].rate;
}

uint8_t mm_tariff_rate(const struct mm_tariff *tariff, int64_t at_s, int32_t offset_s, struct mm_tariff_day *day)
{
	int64_t local_s = at_s + offset_s, of_day_s = (local_s % SECONDS_PER_DAY + SECONDS_PER_DAY) % SECONDS_PER_DAY;
	int64_t number = (local_s - of_day_s) / SECONDS_PER_DAY;

	if (day->count == 0 || day->day != number) {
		mm_tariff_day(tariff, number, day);
	}
	return mm_tariff_day_rate(day, (int)(of_day_s / 60));
}
