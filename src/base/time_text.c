/* SPDX-License-Identifier: MIT */
#include "base/time_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* ---- Writing ---- */

/* Writes value in exactly count digits. */
static char *put_digits(char *at, int value, int count, char behind)
{
	for (int i = count - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	at[count] = behind;
	return at + count + 1;
}

const char *mm_time_text(int64_t realtime_s, char ret[static MM_TIME_TEXT_MAX])
{
	time_t seconds = (time_t)realtime_s;
	struct tm tm;
	char *at = ret;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year < 1000 - 1900 || tm.tm_year > 9999 - 1900) {
		snprintf(ret, MM_TIME_TEXT_MAX, "an impossible time");
		return ret;
	}
	at = put_digits(at, tm.tm_year + 1900, 4, '-');
	at = put_digits(at, tm.tm_mon + 1, 2, '-');
	at = put_digits(at, tm.tm_mday, 2, 'T');
	at = put_digits(at, tm.tm_hour, 2, ':');
	at = put_digits(at, tm.tm_min, 2, ':');
	*put_digits(at, tm.tm_sec, 2, 'Z') = '\0';
	return ret;
}

/* Rounds down, also before 1970. */
static int64_t whole_seconds(int64_t ns)
{
	return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

const char *mm_time_text_ns(int64_t realtime_ns, char ret[static MM_TIME_TEXT_MAX])
{
	return mm_time_text(whole_seconds(realtime_ns), ret);
}

const char *mm_time_text_ms(int64_t realtime_ns, char ret[static MM_TIME_TEXT_MAX])
{
	int64_t rest_ns = (realtime_ns % NS_PER_S + NS_PER_S) % NS_PER_S;
	size_t length;

	/* Nanoseconds in 64 bits reach from 1677 to 2262. */
	length = strlen(mm_time_text_ns(realtime_ns, ret)) - 1;
	ret[length] = '.';
	*put_digits(ret + length + 1, (int)(rest_ns / NS_PER_MS), 3, 'Z') = '\0';
	return ret;
}

/* ---- Reading ---- */

/* A time as it is written. */
struct parts {
	struct tm tm;
	int32_t ns;
	bool has_fraction;
	int east_s; /* of UTC */
};

/* Reads exactly count digits into *ret, min to max; NULL where there are none such. */
static const char *digits(const char *text, int count, int min, int max, int *ret)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)text[i])) {
			return NULL;
		}
		value = value * 10 + (text[i] - '0');
	}
	if (value < min || value > max) {
		return NULL;
	}
	*ret = value;
	return text + count;
}

static const char *literal(const char *text, const char *set)
{
	return *text != '\0' && strchr(set, *text) != NULL ? text + 1 : NULL;
}

/* What follows the point. */
static const char *parse_fraction(const char *at, struct parts *parts)
{
	int32_t digit_ns = NS_PER_S / 10;

	if (!isdigit((unsigned char)*at)) {
		return NULL;
	}
	for (; isdigit((unsigned char)*at); at++, digit_ns /= 10) {
		parts->ns += (*at - '0') * digit_ns;
	}
	parts->has_fraction = true;
	return at;
}

/* "hh:mm:ss[.fraction]" */
static const char *parse_clock(const char *at, struct parts *parts)
{
	if ((at = digits(at, 2, 0, 23, &parts->tm.tm_hour)) == NULL || (at = literal(at, ":")) == NULL ||
	    (at = digits(at, 2, 0, 59, &parts->tm.tm_min)) == NULL || (at = literal(at, ":")) == NULL) {
		return NULL;
	}
	at = digits(at, 2, 0, 60, &parts->tm.tm_sec);
	return at != NULL && *at == '.' ? parse_fraction(at + 1, parts) : at;
}

/* "Z", "+hh:mm" or "-hh:mm" */
static const char *parse_zone(const char *at, struct parts *parts)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	if (*at == 'Z' || *at == 'z') {
		return at + 1;
	}
	if ((at = literal(at, "+-")) == NULL || (at = digits(at, 2, 0, 23, &hours)) == NULL || (at = literal(at, ":")) == NULL ||
	    (at = digits(at, 2, 0, 59, &minutes)) == NULL) {
		return NULL;
	}
	parts->east_s = sign * (hours * 60 + minutes) * 60;
	return at;
}

/* "YYYY-MM-DD", and whether the month has that day. */
static const char *parse_day(const char *at, struct tm *tm)
{
	struct tm normal = {.tm_hour = 12};

	if ((at = digits(at, 4, 0, 9999, &tm->tm_year)) == NULL || (at = literal(at, "-")) == NULL ||
	    (at = digits(at, 2, 1, 12, &tm->tm_mon)) == NULL || (at = literal(at, "-")) == NULL ||
	    (at = digits(at, 2, 1, 31, &tm->tm_mday)) == NULL) {
		return NULL;
	}
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	/* The 31st of a short month comes back as another day. */
	normal.tm_year = tm->tm_year;
	normal.tm_mon = tm->tm_mon;
	normal.tm_mday = tm->tm_mday;
	timegm(&normal);
	return normal.tm_mday == tm->tm_mday ? at : NULL;
}

static bool parse(const char *text, struct parts *parts)
{
	const char *at = parse_day(text, &parts->tm);

	at = at ? literal(at, "Tt") : NULL;
	at = at ? parse_clock(at, parts) : NULL;
	at = at ? parse_zone(at, parts) : NULL;
	return at && *at == '\0';
}

int mm_time_parse(const char *text, int64_t *ret_s, int32_t *ret_ns)
{
	struct parts parts = {0};

	if (!parse(text, &parts) || (parts.has_fraction && !ret_ns)) {
		return -EINVAL;
	}
	*ret_s = (int64_t)timegm(&parts.tm) - parts.east_s;
	if (ret_ns) {
		*ret_ns = parts.ns;
	}
	return 0;
}
