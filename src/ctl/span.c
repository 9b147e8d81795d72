/* SPDX-License-Identifier: MIT */
/* Which span of time a command is about. What a text means is decided by the daemon, in its time zone: here it is only refused.
 */

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/period.h"
#include "ctl/private.h"

#define LENGTH_OF_DAY 10

/* By this machine's zone. What has the right form and means two times there is a time all the same. */
static int read_here(const char *text, struct mm_period *ret)
{
	int64_t readings[2];
	int r = mm_period_parse(text, time(NULL), ret, readings);

	if (r == -ENOENT || r == -ENOTUNIQ) {
		*ret = (struct mm_period){MM_PERIOD_SECOND, readings[0], readings[0] + 1};
		r = 0;
	}
	return r;
}

int mm_ctl_time_option(struct mm_ctl *ctl, enum mm_ctl_option option, json_t *parameters, const char *key)
{
	const char *text = ctl->option[option], *name = mm_ctl_options[option].name;
	struct mm_period unused;

	if (text == NULL) {
		return MM_CTL_FINE;
	}
	if (read_here(text, &unused) < 0) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE,
				   "--%s '%s' is no time: say 2026-03-01, 2026-03, 2026-03-01T12:00, today, yesterday or -24h",
				   name, text);
	}
	json_object_set_new(parameters, key, json_string(text));
	return MM_CTL_FINE;
}

static int month(struct mm_ctl *ctl, json_t *parameters)
{
	const char *text = ctl->option[MM_OPTION_MONTH];
	struct mm_period period;

	if (text == NULL) {
		return MM_CTL_FINE;
	}
	if (strcmp(text, "this") == 0) {
		text = "this month";
	} else if (strcmp(text, "last") == 0) {
		text = "last month";
	} else if (!isdigit((unsigned char)*text) || read_here(text, &period) < 0 || period.unit != MM_PERIOD_MONTH) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--month '%s' is no month: say 2026-03, this or last", text);
	}
	json_object_set_new(parameters, "from", json_string(text));
	return MM_CTL_FINE;
}

/* Is it of a time zone that it does not name? */
static bool is_local(const char *text)
{
	return isdigit((unsigned char)*text) && (strlen(text) <= LENGTH_OF_DAY || strpbrk(text + LENGTH_OF_DAY, "Zz+-") == NULL);
}

/* Is the first after the second in every zone? */
static bool is_after(const char *text, const char *other)
{
	struct mm_period period, end;

	return text != NULL && other != NULL && isdigit((unsigned char)*text) && isdigit((unsigned char)*other) &&
	       is_local(text) == is_local(other) && read_here(text, &period) == 0 && read_here(other, &end) == 0 &&
	       period.from_s > end.from_s;
}

int mm_ctl_span(struct mm_ctl *ctl, json_t *parameters)
{
	int r = month(ctl, parameters);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_time_option(ctl, MM_OPTION_FROM, parameters, "from");
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_time_option(ctl, MM_OPTION_TO, parameters, "to");
	}
	if (r == MM_CTL_FINE && is_after(ctl->option[MM_OPTION_FROM], ctl->option[MM_OPTION_TO])) {
		r = mm_ctl_fail(ctl, MM_CTL_USAGE, "--from is after --to");
	}
	return r;
}
