/* SPDX-License-Identifier: MIT */
/* The load profile, streamed: a year is some 35,000 intervals. */

#include <time.h>

#include "base/count_of.h"
#include "base/time_text.h"
#include "ctl/private.h"
#include "ctl/when.h"
#include "ctl/writer.h"

/* Widths are fixed, because the answer comes in pieces. */
static const struct mm_column columns[] = {
	{MM_COLUMN(TIME, "start", "START"), .width = 19},
	{MM_NUMBER("duration_s", "LENGTH", "s", 0), .width = 6},
	{MM_NUMBER("delivered_wh", "DELIVERED", "Wh", 3), .width = 14},
	{MM_NUMBER("received_wh", "RECEIVED", "Wh", 3), .width = 14},
	{MM_NUMBER("lagging_varh", "LAGGING", "varh", 3), .width = 14},
	{MM_NUMBER("leading_varh", "LEADING", "varh", 3), .width = 14},
	{MM_NUMBER("covered_s", "COVERED", "s", 1), .width = 8},
	{MM_COLUMN(FLAGS, "flags", "FLAGS")},
};

/* The same figures for programs: with the status word. */
static const char *const csv_keys[] = {
	"start", "duration_s", "status", "flags", "delivered_wh", "received_wh", "lagging_varh", "leading_varh", "covered_s",
};

/* Adds the time of an option to the parameters. */
static int set_time(struct mm_ctl *ctl, enum mm_ctl_option option, const char *key, json_t *parameters, int64_t *when_s)
{
	char text[MM_TIME_TEXT_MAX];

	if (ctl->option[option] == NULL) {
		return MM_CTL_FINE;
	}
	if (mm_when_parse(ctl->option[option], time(NULL), when_s) < 0) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE,
				   "--%s '%s' is no time: say 2026-03-01, 2026-03-01T12:00:00Z, today, yesterday or -24h", key,
				   ctl->option[option]);
	}
	json_object_set_new(parameters, key, json_string(mm_time_text(*when_s, text)));
	return MM_CTL_FINE;
}

/* Receives all pieces; *ret is the whole answer if it will be printed as JSON. */
static int receive_all(struct mm_ctl *ctl, json_t **ret)
{
	bool more = true, first = true;

	while (more) {
		json_t *piece, *intervals;
		int r = mm_ctl_receive(ctl, MM_CLIENT_TIMEOUT_MS, &piece, &more);
		if (r != MM_CTL_FINE) {
			return r;
		}
		intervals = json_object_get(piece, "intervals");
		if (ctl->option[MM_OPTION_JSON] != NULL) {
			if (*ret == NULL) {
				*ret = json_incref(piece);
			} else {
				json_array_extend(json_object_get(*ret, "intervals"), intervals);
			}
		} else if (ctl->option[MM_OPTION_CSV] != NULL) {
			mm_writer_csv(ctl->out, csv_keys, COUNT_OF(csv_keys), intervals, first);
		} else if (first && json_array_size(intervals) == 0) {
			fputs("no intervals\n", ctl->out);
		} else {
			mm_writer_table(ctl->out, ctl->width, columns, COUNT_OF(columns), intervals, first);
		}
		json_decref(piece);
		first = false;
	}
	return MM_CTL_FINE;
}

int mm_ctl_profile(struct mm_ctl *ctl)
{
	int64_t from_s = INT64_MIN, to_s = INT64_MAX;
	json_t *parameters, *whole = NULL;
	int r;

	r = mm_ctl_one_meter(ctl, &parameters);
	if (r != MM_CTL_FINE) {
		return r;
	}
	r = set_time(ctl, MM_OPTION_FROM, "from", parameters, &from_s);
	if (r == MM_CTL_FINE) {
		r = set_time(ctl, MM_OPTION_TO, "to", parameters, &to_s);
	}
	if (r == MM_CTL_FINE && from_s > to_s) {
		r = mm_ctl_fail(ctl, MM_CTL_USAGE, "--from is after --to");
	}
	if (r != MM_CTL_FINE) {
		json_decref(parameters);
		return r;
	}
	r = mm_ctl_send(ctl, "org.minimeter.GetProfile", parameters, true);
	if (r == MM_CTL_FINE) {
		r = receive_all(ctl, &whole);
	}
	if (r == MM_CTL_FINE && whole != NULL) {
		mm_writer_json(ctl->out, whole, false);
	}
	json_decref(whole);
	return r;
}
