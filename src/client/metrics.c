/* SPDX-License-Identifier: MIT */
#include "client/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"

#define MICRO 1000000
#define REAL_LIMIT 9e12 /* what is below it fits into 64 bits as millionths */

/* 2500 uWh are 9 J. */
#define UWH_PER_STEP 2500
#define JOULES_PER_STEP 9

enum type { COUNTER, GAUGE, INFO, STATESET };

/* What has one sample of a family. */
enum scope { DAEMON, METER, ELEMENT, FRONT_END };

struct family {
	const char *name; /* behind "minimeter_", and without "_total" and "_info" */
	const char *unit; /* with which the name ends; NULL: none */
	enum type type;
	enum scope scope;
	const char *key; /* the member of the answer */
	bool live;	 /* absent while the reading is not valid: an old figure would pass for a present one */
	const char *help;
};

static const struct family families[] = {
	{"delivered_joules", "joules", COUNTER, METER, "durable_delivered_uwh", false, "Durable energy delivered."},
	{"received_joules", "joules", COUNTER, METER, "durable_received_uwh", false, "Durable energy received."},
	{"element_delivered_joules", "joules", COUNTER, ELEMENT, "durable_delivered_uwh", false,
	 "Durable energy delivered through one element."},
	{"element_received_joules", "joules", COUNTER, ELEMENT, "durable_received_uwh", false,
	 "Durable energy received through one element."},
	{"power_watts", "watts", GAUGE, METER, "power_w", true, "Active power; negative where it is received."},
	{"element_power_watts", "watts", GAUGE, ELEMENT, "power_w", true, "Active power of one element."},
	{"voltage_volts", "volts", GAUGE, ELEMENT, "voltage_v", true, "Voltage of one element."},
	{"current_amperes", "amperes", GAUGE, ELEMENT, "current_a", true, "Current of one element."},
	{"frequency_hertz", "hertz", GAUGE, ELEMENT, "frequency_hz", true, "Line frequency at one element."},
	{"power_factor_ratio", "ratio", GAUGE, ELEMENT, "power_factor", true, "Power factor of one element."},
	{"reading_valid", NULL, GAUGE, METER, "valid", false, "1 while the reading is of now and right."},
	{"missed_windows", NULL, COUNTER, FRONT_END, "missed_windows", false,
	 "Windows of measurement that the front end has missed since the daemon's start."},
	{"front_end_state", NULL, STATESET, FRONT_END, "health", false, "1 of the state that the front end is in."},
	{"clock_synchronized", NULL, GAUGE, DAEMON, "clock_synchronized", false, "1 while something keeps the clock right."},
	{"meter", NULL, INFO, METER, "name", false, "What the meter of a serial number is called, and of which model it is."},
};

/* The states of a front end, as the interface lists them. */
static const char *const states[] = {
	"ok",	      "starting",   "absent",	  "stale", "frozen",	"implausible",
	"no-channel", "no-trigger", "wrong-rate", "stuck", "saturated", "swapped",
};

struct metrics {
	FILE *out;
	enum mm_metrics_form form;
	const json_t *read, *status;
};

static void put_label(FILE *out, const char *before, const char *name, const char *text)
{
	fprintf(out, "%s%s=\"", before, name);
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
		} else {
			fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
		}
	}
	fputc('"', out);
}

static void put_member(FILE *out, const char *before, const char *name, const json_t *object, const char *key)
{
	put_label(out, before, name, json_string_value(json_object_get(object, key)));
}

/* Millionths as a decimal number, without the zeros behind it. */
static void put_millionths(FILE *out, int64_t value)
{
	char digits[8];
	int length;

	snprintf(digits, sizeof(digits), "%06d", abs((int)(value % MICRO)));
	for (length = 6; length > 0 && digits[length - 1] == '0'; length--) {
	}
	fprintf(out, "%s%" PRId64 "%s%.*s", value < 0 && value > -MICRO ? "-" : "", value / MICRO, length > 0 ? "." : "", length,
		digits);
}

static bool is_value(const struct family *family, const json_t *value)
{
	if (family->unit != NULL && family->type == COUNTER) {
		return json_is_integer(value) && json_integer_value(value) >= 0;
	}
	return json_is_integer(value) || json_is_boolean(value) ||
	       (json_is_real(value) && fabs(json_real_value(value)) < REAL_LIMIT);
}

static void put_value(FILE *out, const struct family *family, const json_t *value)
{
	int64_t integer = json_integer_value(value);

	if (family->unit != NULL && family->type == COUNTER) {
		int64_t rest = integer % UWH_PER_STEP * JOULES_PER_STEP;

		fprintf(out, "%" PRId64 ".%04d", integer / UWH_PER_STEP * JOULES_PER_STEP + rest / UWH_PER_STEP,
			(int)(rest % UWH_PER_STEP * 4));
	} else if (json_is_real(value)) {
		put_millionths(out, llround(json_real_value(value) * MICRO));
	} else {
		fprintf(out, "%" PRId64, json_is_boolean(value) ? json_is_true(value) : integer);
	}
	fputc('\n', out);
}

static void put_name(FILE *out, const struct family *family)
{
	static const char *const ends[] = {[COUNTER] = "_total", [GAUGE] = "", [INFO] = "_info", [STATESET] = ""};

	fprintf(out, "minimeter_%s%s", family->name, ends[family->type]);
}

/* What a family is, above its samples. Only OpenMetrics knows all of the types, and calls a family by its name without the end.
 */
static void put_head(const struct metrics *m, const struct family *family)
{
	static const char *const open[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [INFO] = "info", [STATESET] = "stateset"};
	bool is_open = m->form == MM_METRICS_OPENMETRICS;
	const char *const text[][2] = {{"HELP", family->help},
				       {"TYPE", is_open			  ? open[family->type]
						: family->type == COUNTER ? "counter"
									  : "gauge"},
				       {"UNIT", is_open ? family->unit : NULL}};

	for (size_t i = 0; i < COUNT_OF(text); i++) {
		if (text[i][1] == NULL) {
			continue;
		}
		fprintf(m->out, "# %s ", text[i][0]);
		if (is_open) {
			fprintf(m->out, "minimeter_%s", family->name);
		} else {
			put_name(m->out, family);
		}
		fprintf(m->out, " %s\n", text[i][1]);
	}
}

/* One sample for each state that there is, and for one that this table does not know. */
static void put_states(FILE *out, const struct family *family, const json_t *front_end)
{
	const char *state = json_string_value(json_object_get(json_object_get(front_end, family->key), "state"));
	bool known = false;

	for (size_t i = 0; state != NULL && i <= COUNT_OF(states); i++) {
		const char *shown = i < COUNT_OF(states) ? states[i] : state;
		bool is_it = strcmp(shown, state) == 0;

		if (i == COUNT_OF(states) && known) {
			break;
		}
		known = known || is_it;
		put_name(out, family);
		put_member(out, "{", "front_end", front_end, "name");
		put_label(out, ",", "minimeter_front_end_state", shown);
		fprintf(out, "} %d\n", is_it);
	}
}

/* element NULL: of the whole meter. */
static void put_meter_sample(const struct metrics *m, const struct family *family, const json_t *meter, const json_t *element)
{
	const json_t *value = json_object_get(element != NULL ? element : meter, family->key);

	if (family->type != INFO && !is_value(family, value)) {
		return;
	}
	put_name(m->out, family);
	put_member(m->out, "{", "serial", meter, "serial");
	if (element != NULL) {
		put_member(m->out, ",", "element", element, "name");
	}
	if (family->type == INFO) {
		put_member(m->out, ",", "meter", meter, "name");
		put_member(m->out, ",", "model", meter, "model");
		put_member(m->out, ",", "version", m->status, "version");
		fputs("} 1\n", m->out);
		return;
	}
	fputs("} ", m->out);
	put_value(m->out, family, value);
}

static void put_meters(const struct metrics *m, const struct family *family)
{
	json_t *meter, *element;
	size_t i, k;

	json_array_foreach(json_object_get(m->read, "meters"), i, meter)
	{
		if (family->live && !json_is_true(json_object_get(meter, "valid"))) {
			continue;
		}
		if (family->scope == METER) {
			put_meter_sample(m, family, meter, NULL);
			continue;
		}
		json_array_foreach(json_object_get(meter, "elements"), k, element)
		{
			put_meter_sample(m, family, meter, element);
		}
	}
}

static void put_front_ends(const struct metrics *m, const struct family *family)
{
	json_t *front_end;
	size_t i;

	json_array_foreach(json_object_get(m->status, "front_ends"), i, front_end)
	{
		const json_t *value = json_object_get(front_end, family->key);

		if (family->type == STATESET) {
			put_states(m->out, family, front_end);
		} else if (is_value(family, value)) {
			put_name(m->out, family);
			put_member(m->out, "{", "front_end", front_end, "name");
			fputs("} ", m->out);
			put_value(m->out, family, value);
		}
	}
}

static void put_daemon(const struct metrics *m, const struct family *family)
{
	const json_t *value = json_object_get(m->status, family->key);

	if (is_value(family, value)) {
		put_name(m->out, family);
		fputc(' ', m->out);
		put_value(m->out, family, value);
	}
}

void mm_metrics_write(FILE *out, enum mm_metrics_form form, const json_t *read, const json_t *status)
{
	const struct metrics m = {out, form, read, status};

	for (size_t i = 0; i < COUNT_OF(families); i++) {
		put_head(&m, &families[i]);
		switch (families[i].scope) {
		case DAEMON:
			put_daemon(&m, &families[i]);
			break;
		case METER:
		case ELEMENT:
			put_meters(&m, &families[i]);
			break;
		case FRONT_END:
			put_front_ends(&m, &families[i]);
			break;
		}
	}
	if (form == MM_METRICS_OPENMETRICS) {
		fputs("# EOF\n", out);
	}
}
