/* SPDX-License-Identifier: MIT */
/* Times as people write and read them. */

#include "ctl/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400

static int parse_ago(const char *text, int64_t now_s, int64_t *ret)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', MINUTE_S}, {'h', HOUR_S}, {'d', DAY_S}, {'w', 7 * DAY_S}};
	int64_t count = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] == '\0' || text[digits + 1] != '\0') {
		return -EINVAL;
	}
	count = strtoll(text, NULL, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[digits] == units[i].letter) {
			*ret = now_s - count * units[i].seconds;
			return 0;
		}
	}
	return -EINVAL;
}

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

/* "hh:mm[:ss[.fraction]]" */
static const char *parse_clock(const char *at, struct tm *tm)
{
	if ((at = digits(at, 2, 0, 23, &tm->tm_hour)) == NULL || (at = literal(at, ":")) == NULL ||
	    (at = digits(at, 2, 0, 59, &tm->tm_min)) == NULL || *at != ':') {
		return at;
	}
	at = digits(at + 1, 2, 0, 60, &tm->tm_sec);
	if (at != NULL && *at == '.') {
		size_t fraction = strspn(at + 1, "0123456789");
		return fraction > 0 ? at + 1 + fraction : NULL;
	}
	return at;
}

/* "Z", "+hh:mm" or "-hh:mm", to seconds east of UTC. */
static const char *parse_zone(const char *at, int *ret_east_s)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	if (*at == 'Z' || *at == 'z') {
		*ret_east_s = 0;
		return at + 1;
	}
	if ((at = literal(at, "+-")) == NULL || (at = digits(at, 2, 0, 23, &hours)) == NULL || (at = literal(at, ":")) == NULL ||
	    (at = digits(at, 2, 0, 59, &minutes)) == NULL) {
		return NULL;
	}
	*ret_east_s = sign * (hours * HOUR_S + minutes * MINUTE_S);
	return at;
}

static int parse_date(const char *at, int64_t *ret)
{
	struct tm tm = {.tm_isdst = -1}, normal;
	bool zoned = false;
	int east_s = 0;

	if ((at = digits(at, 4, 1970, 9999, &tm.tm_year)) == NULL || (at = literal(at, "-")) == NULL ||
	    (at = digits(at, 2, 1, 12, &tm.tm_mon)) == NULL || (at = literal(at, "-")) == NULL ||
	    (at = digits(at, 2, 1, 31, &tm.tm_mday)) == NULL) {
		return -EINVAL;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (*at != '\0') {
		if ((at = literal(at, "Tt ")) == NULL || (at = parse_clock(at, &tm)) == NULL) {
			return -EINVAL;
		}
		if (*at != '\0') {
			zoned = true;
			at = parse_zone(at, &east_s);
		}
	}
	if (at == NULL || *at != '\0') {
		return -EINVAL;
	}
	/* The 31st of a short month comes back as another day. */
	normal = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday, .tm_hour = 12};
	timegm(&normal);
	if (normal.tm_mday != tm.tm_mday) {
		return -EINVAL;
	}
	*ret = zoned ? (int64_t)timegm(&tm) - east_s : (int64_t)mktime(&tm);
	return 0;
}

static int64_t midnight(int64_t now_s, int days_before)
{
	time_t now = now_s;
	struct tm tm;

	localtime_r(&now, &tm);
	return mktime(
		&(struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday - days_before, .tm_isdst = -1});
}

int mm_when_parse(const char *text, int64_t now_s, int64_t *ret)
{
	if (strcmp(text, "now") == 0) {
		*ret = now_s;
		return 0;
	}
	if (strcmp(text, "today") == 0) {
		*ret = midnight(now_s, 0);
		return 0;
	}
	if (strcmp(text, "yesterday") == 0) {
		*ret = midnight(now_s, 1);
		return 0;
	}
	return *text == '-' ? parse_ago(text + 1, now_s, ret) : parse_date(text, ret);
}

void mm_when_rfc3339(int64_t when_s, char ret[static MM_WHEN_MAX])
{
	time_t when = when_s;
	struct tm tm;

	strftime(ret, MM_WHEN_MAX, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
}

void mm_when_local(int64_t when_s, char ret[static MM_WHEN_MAX])
{
	time_t when = when_s;
	struct tm tm;

	strftime(ret, MM_WHEN_MAX, "%Y-%m-%d %H:%M:%S", localtime_r(&when, &tm));
}
