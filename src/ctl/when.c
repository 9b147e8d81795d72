/* SPDX-License-Identifier: MIT */
/* Times as people write and read them. */

#include "ctl/when.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/count_of.h"
#include "base/time_text.h"
#include "client/calendar.h"

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
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (text[digits] == units[i].letter) {
			*ret = now_s - count * units[i].seconds;
			return 0;
		}
	}
	return -EINVAL;
}

int mm_when_month(const char *text, int64_t now_s, int64_t *ret_from_s, int64_t *ret_to_s)
{
	char first[] = "YYYY-MM-01";
	int64_t from_s;

	if (strcmp(text, "this") == 0) {
		from_s = mm_calendar_begin(MM_CALENDAR_MONTH, now_s);
	} else if (strcmp(text, "last") == 0) {
		from_s = mm_calendar_begin(MM_CALENDAR_MONTH, mm_calendar_begin(MM_CALENDAR_MONTH, now_s) - 1);
	} else {
		if (strlen(text) != strlen("YYYY-MM")) {
			return -EINVAL;
		}
		memcpy(first, text, strlen(text));
		if (mm_time_parse_local(first, &from_s) < 0) {
			return -EINVAL;
		}
	}
	*ret_from_s = from_s;
	*ret_to_s = mm_calendar_next(MM_CALENDAR_MONTH, from_s);
	return 0;
}

int mm_when_parse(const char *text, int64_t now_s, int64_t *ret)
{
	if (strcmp(text, "now") == 0) {
		*ret = now_s;
		return 0;
	}
	if (strcmp(text, "today") == 0) {
		*ret = mm_calendar_begin(MM_CALENDAR_DAY, now_s);
		return 0;
	}
	if (strcmp(text, "yesterday") == 0) {
		*ret = mm_calendar_begin(MM_CALENDAR_DAY, mm_calendar_begin(MM_CALENDAR_DAY, now_s) - 1);
		return 0;
	}
	return *text == '-' ? parse_ago(text + 1, now_s, ret) : mm_time_parse_local(text, ret);
}

void mm_when_local(int64_t when_s, char ret[static MM_WHEN_MAX])
{
	time_t when = when_s;
	struct tm tm;

	strftime(ret, MM_WHEN_MAX, "%Y-%m-%d %H:%M:%S", localtime_r(&when, &tm));
}
