/* SPDX-License-Identifier: MIT */
/* The load profile, streamed: a year is some 35,000 intervals. */

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/count_of.h"
#include "base/text.h"
#include "base/time_text.h"
#include "client/chart.h"
#include "client/svg.h"
#include "ctl/plot.h"
#include "ctl/private.h"
#include "ctl/when.h"
#include "ctl/writer.h"

#define PLOT_WIDTH 72 /* outside of a terminal */

static const struct mm_column all_columns[] = {
	{MM_COLUMN(TIME, "start", "START"), .width = 19},
	{MM_NUMBER("duration_s", "LENGTH", "s", 0), .width = 6, .rank = 3},
	{MM_NUMBER("delivered_wh", "DELIVERED", "Wh", 3), .width = 11},
	{MM_NUMBER("received_wh", "RECEIVED", "Wh", 3), .width = 11, .rank = 1},
	{MM_NUMBER("lagging_varh", "LAGGING", "varh", 3), .width = 11, .rank = 4},
	{MM_NUMBER("leading_varh", "LEADING", "varh", 3), .width = 11, .rank = 4},
	{MM_NUMBER("covered_s", "COVERED", "s", 1), .width = 7, .rank = 2},
	{MM_COLUMN(FLAGS, "flags", "FLAGS")},
};

/* The same figures for programs: with the status word, and what a table of several meters needs. */
static const char *const csv_keys[] = {
	"start",
	"duration_s",
	"status",
	"flags",
	"delivered_wh",
	"received_wh",
	"lagging_varh",
	"leading_varh",
	"covered_s",
	"start_local",
	"meter",
	"serial",
	"id",
	"previous",
	"register_delivered_uwh",
	"register_received_uwh",
	"hash",
	"delivered_uwh",
	"received_uwh",
};

/* What the sum line adds up. */
static const char *const sum_keys[] = {"duration_s", "delivered_wh", "received_wh", "lagging_varh", "leading_varh", "covered_s"};

struct profile {
	struct mm_column column[COUNT_OF(all_columns)]; /* those for which there is room, as wide as the rows so far need */
	size_t column_count;
	size_t count;
	bool headed;   /* the headings are printed */
	int64_t end_s; /* of the row before; 0: there is none */
	double sum[COUNT_OF(sum_keys)];
	struct mm_plot *plot;	/* NULL: none is wanted */
	struct mm_chart *chart; /* likewise */
	char title[MM_CELL_MAX], zone[MM_CELL_MAX];
	int r; /* of either */
	struct mm_error error;
};

static void print_csv(struct mm_ctl *ctl, const json_t *piece, const json_t *rows, bool first)
{
	size_t i;
	json_t *row;

	mm_writer_local_times(rows, "start", "start_local");
	json_array_foreach(rows, i, row)
	{
		json_object_set(row, "meter", json_object_get(piece, "meter"));
		json_object_set(row, "serial", json_object_get(piece, "serial"));
	}
	mm_writer_csv(ctl->out, csv_keys, COUNT_OF(csv_keys), rows, first);
}

static void add_to_plot(struct profile *profile, const json_t *rows)
{
	int64_t start_s;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		const char *start = json_string_value(json_object_get(row, "start"));

		if (profile->r == 0 && start != NULL && mm_when_read(start, &start_s) == 0) {
			profile->r = mm_plot_add(profile->plot, start_s, json_number_value(json_object_get(row, "delivered_wh")));
		}
	}
}

static void add_to_chart(struct profile *profile, const json_t *piece, const json_t *rows)
{
	const char *meter = json_string_value(json_object_get(piece, "meter"));
	const char *serial = json_string_value(json_object_get(piece, "serial"));
	const char *zone = json_string_value(json_object_get(piece, "time_zone"));
	struct mm_interval interval;
	size_t i;
	json_t *row;

	snprintf(profile->title, sizeof(profile->title), "%s, serial %s", meter != NULL ? meter : "-",
		 serial != NULL ? serial : "-");
	snprintf(profile->zone, sizeof(profile->zone), "%s", zone != NULL ? zone : "");
	json_array_foreach(rows, i, row)
	{
		if (profile->r == 0) {
			profile->r = mm_interval_read(row, &interval, &profile->error);
		}
		if (profile->r == 0) {
			profile->r = mm_chart_add(profile->chart, &interval);
		}
	}
}

/* The rows for people, with one for each stretch of time that has none: a new array. */
static json_t *with_gaps(struct profile *profile, const json_t *rows)
{
	char from[MM_TIME_TEXT_MAX];
	json_t *all = json_array(), *row;
	int64_t start_s;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *start = json_string_value(json_object_get(row, "start"));

		if (start != NULL && mm_when_read(start, &start_s) == 0) {
			if (profile->end_s > 0 && start_s > profile->end_s) {
				json_array_append_new(all,
						      json_pack("{s:s, s:I, s:[s]}", "start", mm_time_text(profile->end_s, from),
								"duration_s", (json_int_t)(start_s - profile->end_s), "flags",
								"no-interval"));
			}
			profile->end_s = start_s + json_integer_value(json_object_get(row, "duration_s"));
		}
		json_array_append(all, row);
	}
	return all;
}

static bool is_picture(const struct mm_ctl *ctl)
{
	return ctl->option[MM_OPTION_PLOT] != NULL || ctl->option[MM_OPTION_SVG] != NULL;
}

/* With the first piece: from where to where a picture goes is what the daemon says that was asked for. */
static void begin_picture(struct mm_ctl *ctl, struct profile *profile, const json_t *piece)
{
	const char *from = json_string_value(json_object_get(piece, "from")),
		   *to = json_string_value(json_object_get(piece, "to"));
	int64_t from_s = INT64_MIN, to_s = INT64_MAX;

	if (profile->plot != NULL || profile->chart != NULL || profile->r < 0) {
		return;
	}
	if ((from != NULL && mm_when_read(from, &from_s) < 0) || (to != NULL && mm_when_read(to, &to_s) < 0)) {
		profile->r = -EBADMSG;
	} else if (ctl->option[MM_OPTION_PLOT] != NULL) {
		profile->r = mm_plot_new(from_s, to_s, time(NULL), &profile->plot);
	} else {
		profile->r = mm_chart_new(from_s, to_s, time(NULL), &profile->chart);
	}
}

static void print_rows(struct mm_ctl *ctl, const json_t *piece, const json_t *rows, void *userdata)
{
	struct profile *profile = userdata;
	size_t i;
	json_t *row;

	if (ctl->option[MM_OPTION_CSV] != NULL) {
		print_csv(ctl, piece, rows, !profile->headed);
		profile->headed = true;
	} else if (is_picture(ctl)) {
		begin_picture(ctl, profile, piece);
		if (profile->plot != NULL) {
			add_to_plot(profile, rows);
		} else if (profile->chart != NULL) {
			add_to_chart(profile, piece, rows);
		}
	} else if (json_array_size(rows) > 0) {
		json_t *all = with_gaps(profile, rows);

		mm_writer_widen(profile->column, profile->column_count, all);
		mm_writer_table(ctl->out, ctl->width, profile->column, profile->column_count, all, profile->count == 0);
		json_decref(all);
	}
	json_array_foreach(rows, i, row)
	{
		for (size_t k = 0; k < COUNT_OF(sum_keys); k++) {
			profile->sum[k] += json_number_value(json_object_get(row, sum_keys[k]));
		}
	}
	profile->count += json_array_size(rows);
}

static void print_sum(struct mm_ctl *ctl, const struct profile *profile)
{
	char text[32];
	json_t *rows = json_pack("[{}]"), *row = json_array_get(rows, 0);

	snprintf(text, sizeof(text), "sum of %zu", profile->count);
	json_object_set_new(row, "start", json_string(text));
	for (size_t k = 0; k < COUNT_OF(sum_keys); k++) {
		json_object_set_new(row, sum_keys[k], json_real(profile->sum[k]));
	}
	mm_writer_table(ctl->out, ctl->width, profile->column, profile->column_count, rows, false);
	json_decref(rows);
}

static bool is_shown(const struct profile *profile, const struct mm_column *column)
{
	for (size_t c = 0; c < profile->column_count; c++) {
		if (strcmp(profile->column[c].key, column->key) == 0) {
			return true;
		}
	}
	return false;
}

/* What a narrow terminal has no room for. */
static void print_left_out(struct mm_ctl *ctl, const struct profile *profile)
{
	char text[128] = "";

	for (size_t c = 0; c < COUNT_OF(all_columns); c++) {
		if (!is_shown(profile, &all_columns[c])) {
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text != '\0' ? ", " : "",
				 all_columns[c].heading);
		}
	}
	if (*text != '\0') {
		mm_ctl_say(ctl, false, "no room for %s", text);
	}
}

static void print_end(struct mm_ctl *ctl, const struct profile *profile)
{
	if (profile->chart != NULL) {
		mm_svg_write(ctl->out, profile->chart,
			     &(struct mm_svg){.title = profile->title, .zone = *profile->zone != '\0' ? profile->zone : NULL});
	} else if (profile->count == 0) {
		fputs("no intervals\n", ctl->out);
	} else if (profile->plot != NULL) {
		mm_plot_draw(profile->plot, ctl->out, ctl->width > 0 ? ctl->width : PLOT_WIDTH);
		mm_ctl_say(ctl, false, "sum: %.3f kWh delivered, %.3f kWh received", profile->sum[1] / 1e3,
			   profile->sum[2] / 1e3);
	} else {
		print_sum(ctl, profile);
		print_left_out(ctl, profile);
	}
}

static int run(struct mm_ctl *ctl, json_t *parameters, struct profile *profile)
{
	int r = mm_ctl_span(ctl, parameters);

	profile->column_count = mm_writer_choose(ctl->width, all_columns, COUNT_OF(all_columns), profile->column);
	if (r == MM_CTL_FINE) {
		r = mm_ctl_send(ctl, "org.minimeter.GetProfile", json_incref(parameters), true);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_receive_rows(ctl, "intervals", print_rows, profile);
	}
	if (profile->r < 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "%s",
				   *profile->error.text != '\0' ? profile->error.text : strerror(-profile->r));
	}
	if (r == MM_CTL_FINE && ctl->option[MM_OPTION_JSON] == NULL && ctl->option[MM_OPTION_CSV] == NULL) {
		print_end(ctl, profile);
	}
	return r;
}

/* One table of all meters: each row says of which it is. */
static int run_all(struct mm_ctl *ctl, struct profile *profile)
{
	json_t *answer, *meter;
	size_t i;
	int r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", NULL, &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		json_t *parameters = json_pack("{s:O}", "meter", json_object_get(meter, "name"));

		if (r == MM_CTL_FINE) {
			r = run(ctl, parameters, profile);
		}
		json_decref(parameters);
	}
	json_decref(answer);
	return r;
}

int mm_ctl_profile(struct mm_ctl *ctl)
{
	struct profile profile = {0};
	json_t *parameters;
	int r;

	if (ctl->option[MM_OPTION_CSV] != NULL && ctl->option[MM_OPTION_METER] == NULL) {
		return run_all(ctl, &profile);
	}
	r = mm_ctl_one_meter(ctl, &parameters);
	if (r == MM_CTL_FINE) {
		r = run(ctl, parameters, &profile);
		mm_plot_free(profile.plot);
		mm_chart_free(profile.chart);
		json_decref(parameters);
	}
	return r;
}
