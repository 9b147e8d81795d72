/* SPDX-License-Identifier: MIT */
/* What happened: the newest events, or all of a span, of a meter, of a code. */

#include <inttypes.h>
#include <string.h>

#include "base/count_of.h"
#include "ctl/private.h"
#include "ctl/writer.h"

#define LIMIT_MAX 100
#define LIMIT_DEFAULT 50 /* the daemon's */

static const struct mm_column columns[] = {
	{MM_NUMBER("id", "ID", NULL, 0)},  {MM_COLUMN(TIME, "time", "TIME")},		{MM_COLUMN(TEXT, "meter", "METER")},
	{MM_COLUMN(TEXT, "code", "CODE")}, {MM_COLUMN(PROSE, "text", "WHAT HAPPENED")},
};

static const char *const csv_keys[] = {
	"id",
	"time",
	"boottime_s",
	"meter",
	"code",
	"text",
	"time_local",
	"register_delivered_uwh",
	"register_received_uwh",
	"hash",
	"previous",
	"clock_synchronized",
	"serial",
};

/* How the events come, and what there was so far. */
struct events {
	struct mm_column columns[COUNT_OF(columns)]; /* as wide as the rows so far need */
	int64_t after, limit;			     /* -1: not given */
	bool stream;				     /* all that there are, in pieces */
	int64_t count, hidden, last_id;
	json_t *serials; /* of the meters by their names, for a table of values; NULL: none is wanted */
};

static int read_serials(struct mm_ctl *ctl, struct events *events)
{
	json_t *answer, *meter;
	size_t i;
	int r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", NULL, &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	events->serials = json_object();
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		const char *name = json_string_value(json_object_get(meter, "name"));

		if (name != NULL) {
			json_object_set(events->serials, name, json_object_get(meter, "serial"));
		}
	}
	json_decref(answer);
	return MM_CTL_FINE;
}

/* Each row says of which meter it is by its serial number too: a name can be given to another one. */
static void add_serials(const struct events *events, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "meter"));

		if (name != NULL) {
			json_object_set(row, "serial", json_object_get(events->serials, name));
		}
	}
}

static void print_rows(struct mm_ctl *ctl, const json_t *piece, const json_t *rows, void *userdata)
{
	struct events *events = userdata;
	const json_t *last = json_array_get(rows, json_array_size(rows) - 1);

	if (ctl->option[MM_OPTION_CSV] != NULL) {
		mm_writer_local_times(rows, "time", "time_local");
		add_serials(events, rows);
		mm_writer_csv(ctl->out, csv_keys, COUNT_OF(csv_keys), rows, events->count == 0);
	} else if (json_array_size(rows) > 0) {
		mm_writer_widen(events->columns, COUNT_OF(columns), rows);
		mm_writer_table(ctl->out, ctl->width, events->columns, COUNT_OF(columns), rows, events->count == 0);
	}
	events->count += (int64_t)json_array_size(rows);
	events->hidden += json_integer_value(json_object_get(piece, "hidden_snapshots"));
	events->last_id = last != NULL ? json_integer_value(json_object_get(last, "id")) : events->last_id;
}

/* What is not in the table, and how to see it. */
static void print_rest(struct mm_ctl *ctl, const struct events *events)
{
	if (events->count == 0) {
		mm_ctl_say(ctl, false, "no events");
	}
	if (events->hidden > 0) {
		mm_ctl_say(ctl, false, "not shown: %" PRId64 " daily snapshot%s of the registers (--code snapshot)",
			   events->hidden, events->hidden == 1 ? "" : "s");
	}
	if (events->stream || events->count < (events->limit > 0 ? events->limit : LIMIT_DEFAULT)) {
		return;
	}
	if (events->after >= 0) {
		mm_ctl_say(ctl, false, "there may be more: --after %" PRId64, events->last_id);
	} else {
		mm_ctl_say(ctl, false, "these are the newest %" PRId64 "; there may be older ones (--all)", events->count);
	}
}

static int read_choice(struct mm_ctl *ctl, struct events *events, json_t *parameters)
{
	int r = mm_ctl_number_option(ctl, MM_OPTION_AFTER, 0, INT64_MAX, &events->after);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_number_option(ctl, MM_OPTION_LIMIT, 1, LIMIT_MAX, &events->limit);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_span(ctl, parameters);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	if (events->after >= 0) {
		json_object_set_new(parameters, "after", json_integer(events->after));
	}
	if (events->limit >= 0) {
		json_object_set_new(parameters, "limit", json_integer(events->limit));
	}
	if (ctl->option[MM_OPTION_CODE] != NULL) {
		json_object_set_new(parameters, "code", json_string(ctl->option[MM_OPTION_CODE]));
	}
	if (ctl->option[MM_OPTION_ALL] != NULL) {
		json_object_set_new(parameters, "snapshots", json_true());
	}
	/* A span is wanted whole. */
	events->stream =
		ctl->option[MM_OPTION_ALL] != NULL ||
		(events->limit < 0 && (json_object_get(parameters, "from") != NULL || json_object_get(parameters, "to") != NULL));
	return MM_CTL_FINE;
}

int mm_ctl_events(struct mm_ctl *ctl)
{
	struct events events = {.after = -1, .limit = -1};
	json_t *parameters = mm_ctl_meter_parameter(ctl);
	int r = read_choice(ctl, &events, parameters);

	memcpy(events.columns, columns, sizeof(columns));
	if (r == MM_CTL_FINE && ctl->option[MM_OPTION_CSV] != NULL) {
		r = read_serials(ctl, &events);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_send(ctl, "org.minimeter.GetEvents", json_incref(parameters), events.stream);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_receive_rows(ctl, "events", print_rows, &events);
	}
	if (r == MM_CTL_FINE && ctl->option[MM_OPTION_JSON] == NULL && ctl->option[MM_OPTION_CSV] == NULL) {
		print_rest(ctl, &events);
	}
	json_decref(events.serials);
	json_decref(parameters);
	return r;
}
