/* SPDX-License-Identifier: MIT */
#include "base/period.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/count_of.h"
#include "base/time_text.h"
#include "base/zone.h"

#define YEAR_MIN "1970"
#define YEAR_MAX "2200"

/* Clocks are 14 hours ahead of UTC at most, 12 behind it. Within a day and a half they change once, or twice where a zone is new.
 */
#define AHEAD_MAX_S (16 * 3600)
#define SPANS_MAX 8

/* A time as clocks show it, in seconds, as if it was one of UTC. */
typedef int64_t civil_s;

/* ---- From clocks to seconds ---- */

struct spans {
	struct mm_zone_span span[SPANS_MAX];
	int count;
};

static void spans_around(civil_s civil, struct spans *ret)
{
	ret->count = mm_zone_spans(civil - AHEAD_MAX_S, civil + AHEAD_MAX_S, ret->span, SPANS_MAX);
}

/* When clocks show it in a span: perhaps before the span begins, or after it ends. */
static int64_t by_span(civil_s civil, const struct spans *spans, int i)
{
	return civil - spans->span[i].offset_s;
}

static bool has_ended(const struct spans *spans, int i, int64_t at_s)
{
	return i + 1 < spans->count && at_s >= spans->span[i + 1].from_s;
}

/* The first second at which clocks show that or later. */
static int64_t first_second(civil_s civil)
{
	struct spans spans;

	spans_around(civil, &spans);
	for (int i = 0; i < spans.count; i++) {
		int64_t at_s = by_span(civil, &spans, i), from_s = i > 0 ? spans.span[i].from_s : INT64_MIN;

		if (!has_ended(&spans, i, at_s)) {
			return at_s < from_s ? from_s : at_s;
		}
	}
	return civil;
}

/* The second at which clocks show that. -ENOENT, -ENOTUNIQ as mm_period_parse(). */
static int the_second(civil_s civil, int64_t *ret, int64_t ret_readings[static 2])
{
	struct spans spans;
	int64_t found[SPANS_MAX];
	int count = 0;

	spans_around(civil, &spans);
	for (int i = 0; i < spans.count; i++) {
		int64_t at_s = by_span(civil, &spans, i);

		if (!has_ended(&spans, i, at_s) && (i == 0 || at_s >= spans.span[i].from_s)) {
			found[count++] = at_s;
		} else if (i > 0 && has_ended(&spans, i - 1, by_span(civil, &spans, i - 1)) && at_s < spans.span[i].from_s) {
			/* Between the two: as clocks were put forward, and as if they had been before. */
			ret_readings[0] = at_s;
			ret_readings[1] = by_span(civil, &spans, i - 1);
		}
	}
	if (count == 0) {
		return -ENOENT;
	}
	if (count > 1) {
		memcpy(ret_readings, found, 2 * sizeof(*found));
		return -ENOTUNIQ;
	}
	*ret = found[0];
	return 0;
}

/* ---- Whole units ---- */

/* The begin of the unit, so many later, of a time as clocks show it. */
static civil_s civil_begin(enum mm_period_unit unit, civil_s civil, int later)
{
	time_t seconds = (time_t)civil;
	struct tm tm = {0}, begin = {.tm_mday = 1};

	gmtime_r(&seconds, &tm);
	begin.tm_year = tm.tm_year;
	switch (unit) {
	case MM_PERIOD_YEAR:
		begin.tm_year += later;
		break;
	case MM_PERIOD_MONTH:
		begin.tm_mon = tm.tm_mon + later;
		break;
	case MM_PERIOD_DAY:
		begin.tm_mon = tm.tm_mon;
		begin.tm_mday = tm.tm_mday + later;
		break;
	case MM_PERIOD_MINUTE:
		return civil - tm.tm_sec + INT64_C(60) * later;
	case MM_PERIOD_SECOND:
		return civil + later;
	}
	return (civil_s)timegm(&begin);
}

/* The year, the month or the day of a time as clocks show it. */
static struct mm_period whole(enum mm_period_unit unit, civil_s civil, int later)
{
	return (struct mm_period){
		.unit = unit,
		.from_s = first_second(civil_begin(unit, civil, later)),
		.to_s = first_second(civil_begin(unit, civil, later + 1)),
	};
}

static struct mm_period moment(enum mm_period_unit unit, int64_t at_s)
{
	return (struct mm_period){.unit = unit, .from_s = at_s, .to_s = at_s + (unit == MM_PERIOD_MINUTE ? 60 : 1)};
}

/* ---- Words ---- */

static int parse_ago(const char *text, int64_t now_s, struct mm_period *ret)
{
	static const struct {
		char letter;
		int32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] == '\0' || text[digits + 1] != '\0') {
		return -EINVAL;
	}
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (text[digits] == units[i].letter) {
			*ret = moment(MM_PERIOD_SECOND, now_s - strtoll(text, NULL, 10) * units[i].seconds);
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_word(const char *text, int64_t now_s, struct mm_period *ret)
{
	static const struct {
		const char *word;
		enum mm_period_unit unit;
		int later;
	} words[] = {
		{"today", MM_PERIOD_DAY, 0},	     {"yesterday", MM_PERIOD_DAY, -1}, {"this month", MM_PERIOD_MONTH, 0},
		{"last month", MM_PERIOD_MONTH, -1}, {"this year", MM_PERIOD_YEAR, 0}, {"last year", MM_PERIOD_YEAR, -1},
	};

	if (strcmp(text, "now") == 0) {
		*ret = moment(MM_PERIOD_SECOND, now_s);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			*ret = whole(words[i].unit, now_s + mm_zone_at(now_s).offset_s, words[i].later);
			return 0;
		}
	}
	return -EINVAL;
}

/* ---- Dates and clock times ---- */

/* The parts that a text may have, by its length: what is missing to the whole is supplied. */
static const struct {
	size_t length;
	enum mm_period_unit unit;
} forms[] = {
	{sizeof("2026") - 1, MM_PERIOD_YEAR},
	{sizeof("2026-10") - 1, MM_PERIOD_MONTH},
	{sizeof("2026-10-01") - 1, MM_PERIOD_DAY},
	{sizeof("2026-10-01T06:00") - 1, MM_PERIOD_MINUTE},
	{sizeof("2026-10-01T06:00:00") - 1, MM_PERIOD_SECOND},
};

#define LENGTH_OF_DAY 10
#define LENGTH_OF_SECOND 19

/* Leaves out ".25", behind the seconds. Returns what follows. */
static const char *skip_fraction(const char *at)
{
	if (at[0] != '.' || !isdigit((unsigned char)at[1])) {
		return at;
	}
	return at + 1 + strspn(at + 1, "0123456789");
}

/* Reads the first length characters of the text, with the zone behind it: "Z" or an offset. */
static int parse_form(const char *text, size_t length, const char *zone, int64_t *ret, enum mm_period_unit *ret_unit)
{
	char all[sizeof("2026-10-01T06:00:00+02:00")] = "0000-01-01T00:00:00";

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		if (forms[i].length == length && strlen(zone) < sizeof(all) - LENGTH_OF_SECOND) {
			memcpy(all, text, length);
			if (length > LENGTH_OF_DAY && text[LENGTH_OF_DAY] == ' ') {
				all[LENGTH_OF_DAY] = 'T';
			}
			memcpy(all + LENGTH_OF_SECOND, zone, strlen(zone) + 1);
			*ret_unit = forms[i].unit;
			return mm_time_parse(all, ret, NULL);
		}
	}
	return -EINVAL;
}

static int parse_local(const char *text, size_t length, struct mm_period *ret, int64_t ret_readings[static 2])
{
	enum mm_period_unit unit;
	struct mm_period period;
	civil_s civil;
	int64_t at_s;
	int r = parse_form(text, length, "Z", &civil, &unit);

	if (r < 0 || strncmp(text, YEAR_MIN, 4) < 0 || strncmp(text, YEAR_MAX, 4) > 0) {
		return -EINVAL;
	}
	if (unit <= MM_PERIOD_DAY) {
		period = whole(unit, civil, 0);
		if (period.from_s >= period.to_s) {
			return -EINVAL; /* A zone that went over to the other side of the date line has left out a day. */
		}
		*ret = period;
		return 0;
	}
	r = the_second(civil, &at_s, ret_readings);
	if (r == 0) {
		*ret = moment(unit, at_s);
	}
	return r;
}

int mm_period_parse(const char *text, int64_t now_s, struct mm_period *ret, int64_t ret_readings[static 2])
{
	enum mm_period_unit unit;
	const char *zone;
	size_t length;
	int64_t at_s;

	if (*text == '-') {
		return parse_ago(text + 1, now_s, ret);
	}
	if (!isdigit((unsigned char)*text)) {
		return parse_word(text, now_s, ret);
	}
	length = strcspn(text, "Zz+.");
	if (length > LENGTH_OF_DAY && strchr(text + LENGTH_OF_DAY, '-') && strchr(text + LENGTH_OF_DAY, '-') < text + length) {
		length = (size_t)(strchr(text + LENGTH_OF_DAY, '-') - text);
	}
	zone = length == LENGTH_OF_SECOND ? skip_fraction(text + length) : text + length;
	if (*zone == '\0') {
		return parse_local(text, length, ret, ret_readings);
	}
	if (length <= LENGTH_OF_DAY || parse_form(text, length, zone, &at_s, &unit) < 0) {
		return -EINVAL;
	}
	*ret = moment(unit, at_s);
	return 0;
}
