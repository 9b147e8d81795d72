/* SPDX-License-Identifier: MIT */
/* Which span of time a command is about. */

#include <time.h>

#include "base/time_text.h"
#include "ctl/private.h"
#include "ctl/when.h"

int mm_ctl_time_option(struct mm_ctl *ctl, enum mm_ctl_option option, int64_t *ret)
{
	const char *text = ctl->option[option], *name = mm_ctl_options[option].name;

	if (text == NULL || mm_when_parse(text, time(NULL), ret) == 0) {
		return MM_CTL_FINE;
	}
	return mm_ctl_fail(ctl, MM_CTL_USAGE,
			   "--%s '%s' is no time: say 2026-03-01, 2026-03-01T12:00:00Z, today, yesterday or -24h", name, text);
}

int mm_ctl_span(struct mm_ctl *ctl, json_t *parameters, struct mm_span *ret)
{
	const char *month = ctl->option[MM_OPTION_MONTH];
	char text[MM_TIME_TEXT_MAX];
	int r;

	*ret = (struct mm_span){INT64_MIN, INT64_MAX};
	if (month != NULL && mm_when_month(month, time(NULL), &ret->from_s, &ret->to_s) < 0) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--month '%s' is no month: say 2026-03, this or last", month);
	}
	r = mm_ctl_time_option(ctl, MM_OPTION_FROM, &ret->from_s);
	if (r == MM_CTL_FINE) {
		r = mm_ctl_time_option(ctl, MM_OPTION_TO, &ret->to_s);
	}
	if (r == MM_CTL_FINE && ret->from_s > ret->to_s) {
		r = mm_ctl_fail(ctl, MM_CTL_USAGE, "--from is after --to");
	}
	if (r == MM_CTL_FINE && ret->from_s != INT64_MIN) {
		json_object_set_new(parameters, "from", json_string(mm_time_text(ret->from_s, text)));
	}
	if (r == MM_CTL_FINE && ret->to_s != INT64_MAX) {
		json_object_set_new(parameters, "to", json_string(mm_time_text(ret->to_s, text)));
	}
	return r;
}
