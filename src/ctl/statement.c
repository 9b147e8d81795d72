/* SPDX-License-Identifier: MIT */
/* What each meter has used in a period: between which readings, and in words what is uncertain. */

#include <string.h>

#include "base/count_of.h"
#include "ctl/private.h"
#include "ctl/rates.h"
#include "ctl/statement_document.h"
#include "ctl/writer.h"

static const struct mm_column columns[] = {
	{MM_COLUMN(TIME, "from", "from")},
	{MM_COLUMN(TIME, "to", "to")},
	{MM_KILO("start_delivered_wh", "reading before", "kWh", 3)},
	{MM_KILO("end_delivered_wh", "reading after", "kWh", 3)},
	{MM_KILO("used_wh", "delivered", "kWh", 3)},
	{MM_KILO("start_received_wh", "received before", "kWh", 3)},
	{MM_KILO("end_received_wh", "received after", "kWh", 3)},
	{MM_KILO("generated_wh", "received", "kWh", 3)},
	{MM_NUMBER("maximum_demand_w", "maximum demand", "W", 1)},
	{MM_COLUMN(TIME, "maximum_demand_time", "that was at")},
	{MM_COLUMN(DURATION, "uncovered_s", "not measured")},
	{MM_COLUMN(TEXT, "time_zone", "time zone")},
	/* Only of one that was issued: */
	{MM_NUMBER("issued_page", "issued as page", NULL, 0)},
	{MM_COLUMN(TIME, "issued_time", "issued at")},
};
#define ISSUED_COLUMNS 2

static const char *const csv_keys[] = {
	"meter",
	"serial",
	"model",
	"multiplier",
	"from",
	"from_local",
	"to",
	"to_local",
	"start_time",
	"start_delivered_uwh",
	"start_received_uwh",
	"end_time",
	"end_delivered_uwh",
	"end_received_uwh",
	"delivered_uwh",
	"received_uwh",
	"preset_delivered_uwh",
	"preset_received_uwh",
	"maximum_demand_w",
	"maximum_demand_time",
	"seconds",
	"uncovered_s",
	"remarks",
	"time_zone",
	"demand_s",
	"demand_sliding",
	MM_RATES_CSV_KEYS,
};

static void set_reading(json_t *flat, const char *begin, const json_t *reading)
{
	static const char *const keys[] = {"time", "delivered_uwh", "received_uwh"};
	char key[48];

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		snprintf(key, sizeof(key), "%s_%s", begin, keys[i]);
		json_object_set(flat, key, json_object_get(reading, keys[i]));
	}
}

/*
 * The figures of one direction in whole Wh. What was used is the difference of the readings as they are shown, so that the months
 * of a year add up on paper too.
 */
static void set_whole(json_t *flat, const json_t *statement, const char *direction, const char *used_key)
{
	char key[48];
	const json_t *start, *end, *used, *preset;
	int64_t wh;

	snprintf(key, sizeof(key), "%s_uwh", direction);
	start = json_object_get(json_object_get(statement, "start"), key);
	end = json_object_get(json_object_get(statement, "end"), key);
	used = json_object_get(statement, key);
	snprintf(key, sizeof(key), "preset_%s_uwh", direction);
	preset = json_object_get(statement, key);
	wh = mm_statement_whole_wh(json_integer_value(used));
	if (json_is_integer(start) && json_is_integer(end)) {
		wh = mm_statement_whole_wh(json_integer_value(end)) - mm_statement_whole_wh(json_integer_value(start)) -
		     mm_statement_whole_wh(json_integer_value(preset));
	}
	json_object_set_new(flat, used_key, json_integer(wh));
	snprintf(key, sizeof(key), "start_%s_wh", direction);
	json_object_set_new(
		flat, key, json_is_integer(start) ? json_integer(mm_statement_whole_wh(json_integer_value(start))) : json_null());
	snprintf(key, sizeof(key), "end_%s_wh", direction);
	json_object_set_new(flat, key,
			    json_is_integer(end) ? json_integer(mm_statement_whole_wh(json_integer_value(end))) : json_null());
}

/* The statement as one row of figures. A new reference. */
static json_t *flatten(const json_t *statement)
{
	json_t *flat = json_copy((json_t *)statement), *codes = json_array(), *remark;
	size_t i;

	set_reading(flat, "start", json_object_get(statement, "start"));
	set_reading(flat, "end", json_object_get(statement, "end"));
	set_whole(flat, statement, "delivered", "used_wh");
	set_whole(flat, statement, "received", "generated_wh");
	json_array_foreach(json_object_get(statement, "remarks"), i, remark)
	{
		json_array_append(codes, json_object_get(remark, "code"));
	}
	json_object_set_new(flat, "remarks", codes);
	json_object_set(flat, "issued_page", json_object_get(json_object_get(statement, "issued"), "page"));
	json_object_set(flat, "issued_time", json_object_get(json_object_get(statement, "issued"), "time"));
	mm_rates_set(flat, statement);
	return flat;
}

static void print_one(struct mm_ctl *ctl, const json_t *statement, bool first)
{
	char name[MM_CELL_MAX], model[MM_CELL_MAX], serial[MM_CELL_MAX], words[MM_CELL_MAX];
	json_t *flat = flatten(statement), *remark;
	size_t i;

	mm_cell_as(MM_FORMAT_TEXT, statement, "meter", name);
	mm_cell_as(MM_FORMAT_TEXT, statement, "model", model);
	mm_cell_as(MM_FORMAT_TEXT, statement, "serial", serial);
	mm_ctl_say(ctl, false, "%s%s  %s  serial %s", first ? "" : "\n", name, model, serial);
	mm_writer_record(ctl->out, ctl->width, columns,
			 COUNT_OF(columns) - (json_object_get(flat, "issued_page") != NULL ? 0 : ISSUED_COLUMNS), flat);
	mm_rates_print(ctl, statement, json_integer_value(json_object_get(flat, "used_wh")),
		       json_integer_value(json_object_get(flat, "generated_wh")));
	json_array_foreach(json_object_get(statement, "remarks"), i, remark)
	{
		mm_cell_as(MM_FORMAT_TEXT, remark, "words", words);
		mm_ctl_say(ctl, false, "  * %s", words);
	}
	json_decref(flat);
}

static void print_csv(struct mm_ctl *ctl, const json_t *statements)
{
	json_t *rows = json_array(), *statement;
	size_t i;

	json_array_foreach(statements, i, statement)
	{
		json_array_append_new(rows, flatten(statement));
	}
	mm_writer_local_times(rows, "from", "from_local");
	mm_writer_local_times(rows, "to", "to_local");
	mm_writer_csv(ctl->out, csv_keys, COUNT_OF(csv_keys), rows, true);
	json_decref(rows);
}

/* The records as they are, one a line. */
static int print_ocmf(struct mm_ctl *ctl, const json_t *statements)
{
	int r = MM_CTL_FINE;
	json_t *statement;
	size_t i;

	json_array_foreach(statements, i, statement)
	{
		const char *record = json_string_value(json_object_get(json_object_get(statement, "issued"), "ocmf"));
		char name[MM_CELL_MAX];

		mm_cell_as(MM_FORMAT_TEXT, statement, "meter", name);
		if (record != NULL) {
			fprintf(ctl->out, "%s\n", record);
		} else {
			r = mm_ctl_fail(ctl, MM_CTL_FAILED,
					"meter %s: no statement of this period was issued; 'minimeterctl statement --issue' with "
					"the same "
					"period does that, once for all",
					name);
		}
	}
	return r;
}

static void print_all(struct mm_ctl *ctl, const json_t *answer)
{
	const json_t *statements = json_object_get(answer, "statements");
	json_t *statement;
	size_t i;

	if (ctl->option[MM_OPTION_CSV] != NULL) {
		print_csv(ctl, statements);
		return;
	}
	json_array_foreach(statements, i, statement)
	{
		print_one(ctl, statement, i == 0);
	}
}

/* Last month unless something else is said; of this month what there is so far. */
static int read_span(struct mm_ctl *ctl, json_t *parameters)
{
	int r;

	if (ctl->option[MM_OPTION_FROM] == NULL && ctl->option[MM_OPTION_MONTH] == NULL) {
		if (ctl->option[MM_OPTION_TO] != NULL) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "a statement up to --to needs --from as well");
		}
		ctl->option[MM_OPTION_MONTH] = "last";
	}
	r = mm_ctl_span(ctl, parameters);
	if (r == MM_CTL_FINE && ctl->option[MM_OPTION_MONTH] != NULL && strcmp(ctl->option[MM_OPTION_MONTH], "this") == 0) {
		json_object_set_new(parameters, "to", json_string("now"));
	}
	return r;
}

/* Asks for the statement of one meter, and adds it. */
static int add(struct mm_ctl *ctl, const json_t *parameters, const json_t *name, json_t *statements)
{
	json_t *of_it = json_copy((json_t *)parameters), *answer;
	int r;

	json_object_set(of_it, "meter", (json_t *)name);
	r = mm_ctl_call(ctl, ctl->option[MM_OPTION_ISSUE] != NULL ? "org.minimeter.IssueStatement" : "org.minimeter.GetStatement",
			of_it, &answer);
	if (r == MM_CTL_FINE) {
		(void)mm_ctl_enter_zone(json_object_get(answer, "statement")); /* before any of them is shown */
		json_array_append(statements, json_object_get(answer, "statement"));
		json_decref(answer);
	}
	return r;
}

static int add_all(struct mm_ctl *ctl, const json_t *parameters, json_t *statements)
{
	json_t *answer, *meter;
	size_t i;
	int r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", mm_ctl_meter_parameter(ctl), &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		r = r == MM_CTL_FINE ? add(ctl, parameters, json_object_get(meter, "name"), statements) : r;
	}
	json_decref(answer);
	return r;
}

/* NULL: text, CSV or JSON. */
static const struct mm_statement_form *form_of(const struct mm_ctl *ctl)
{
	return ctl->option[MM_OPTION_HTML] != NULL	     ? &mm_statement_html
	       : ctl->option[MM_OPTION_GREEN_BUTTON] != NULL ? &mm_statement_green_button
							     : NULL;
}

/* Statements are issued on the admin socket. */
static int connect_admin(struct mm_ctl *ctl)
{
	struct mm_error error = {0};
	int r;

	mm_client_free(ctl->client);
	ctl->client = NULL;
	r = mm_ctl_open(ctl, MM_CTL_SOCKET_ADMIN, &ctl->client, &error);
	return r == 0 ? MM_CTL_FINE : mm_ctl_fail(ctl, MM_CTL_UNREACHABLE, "%s", error.text);
}

int mm_ctl_statement(struct mm_ctl *ctl)
{
	json_t *parameters = json_object(), *statements = json_array();
	json_t *answer = json_pack("{s:O}", "statements", statements);
	int r = read_span(ctl, parameters);

	if (r == MM_CTL_FINE && ctl->option[MM_OPTION_ISSUE] != NULL) {
		r = connect_admin(ctl);
	}
	if (r == MM_CTL_FINE) {
		r = add_all(ctl, parameters, statements);
	}
	if (r == MM_CTL_FINE && form_of(ctl) != NULL) {
		r = mm_statement_document(ctl, form_of(ctl), statements);
	} else if (r == MM_CTL_FINE && ctl->option[MM_OPTION_OCMF] != NULL) {
		r = print_ocmf(ctl, statements);
	} else {
		r = mm_ctl_show(ctl, r, json_incref(answer), print_all);
	}
	json_decref(parameters);
	json_decref(statements);
	json_decref(answer);
	return r;
}
