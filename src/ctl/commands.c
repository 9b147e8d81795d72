/* SPDX-License-Identifier: MIT */
/* The table of commands, and those that ask once and show the answer. */

#include <string.h>

#include "base/count_of.h"
#include "core/model.h"
#include "ctl/label.h"
#include "ctl/private.h"
#include "ctl/read.h"
#include "ctl/writer.h"

#define TEST_SECONDS_DEFAULT 5
#define TEST_SECONDS_MAX 60

static const struct mm_column nameplate_columns[] = {
	{MM_COLUMN(TEXT, "model", "model")},
	{MM_COLUMN(TEXT, "serial", "serial")},
	{MM_NUMBER("elements", "elements", NULL, 0)},
	{MM_COLUMN(TEXT, "service", "service")},
	{MM_NUMBER("rated_voltage_v", "rated voltage", "V", 0)},
	{MM_NUMBER("rated_current_a", "rated current", "A", 0)},
	{MM_NUMBER("class_a", "class (CL)", "A", 0)},
	{MM_NUMBER("test_a", "test (TA)", "A", 0)},
	{MM_COLUMN(TEXT, "frequency_hz", "frequency, Hz")},
	{MM_COLUMN(TEXT, "ct_ratio", "CT ratio")},
	{MM_NUMBER("ct_sets", "CT sets", NULL, 0)},
	{MM_NUMBER("multiplier", "multiplier", NULL, 4)},
	{MM_NUMBER("start_current_a", "start current", "A", 3)},
	{MM_COLUMN(YES, "display", "display")},
	{MM_COLUMN(TEXT, "version", "software")},
	{MM_COLUMN(TEXT, "software_sha256", "SHA-256")},
	{MM_NUMBER("calibration_version", "calibration", NULL, 0)},
	{MM_KILO("preset_delivered_wh", "start reading", "kWh", 1)},
	{MM_KILO("preset_received_wh", "received", "kWh", 1)},
	{MM_COLUMN(TIME, "preset_time", "set")},
};

static const struct mm_column nameplate_output_columns[] = {
	{MM_COLUMN(TEXT, "name", "OUTPUT")},
	{MM_NUMBER("kh_wh", "PER PULSE", "Wh", 0)},
};

static const struct mm_column output_columns[] = {
	{MM_COLUMN(TEXT, "meter", "METER")},	    {MM_COLUMN(TEXT, "name", "OUTPUT")},    {MM_COLUMN(LEVEL, "level", "LEVEL")},
	{MM_NUMBER("kh_wh", "PER PULSE", "Wh", 0)}, {MM_NUMBER("edges", "EDGES", NULL, 0)}, {MM_COLUMN(TEXT, "line", "LINE")},
};

static int run_read(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	bool faulty;
	int r;

	if (ctl->option[MM_OPTION_AT] != NULL) {
		return mm_read_at(ctl);
	}
	r = mm_ctl_call(ctl, "org.minimeter.Read", mm_ctl_meter_parameter(ctl), &answer);
	faulty = mm_read_faulty(answer);
	r = mm_ctl_show(ctl, r, answer, mm_read_text);
	return r == MM_CTL_FINE && faulty ? MM_CTL_FAULT : r;
}

static void nameplate_text(struct mm_ctl *ctl, const json_t *answer)
{
	char text[MM_CELL_MAX];
	size_t i;
	json_t *meter;

	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		mm_cell_as(MM_FORMAT_TEXT, meter, "name", text);
		fprintf(ctl->out, "%s%s\n", i > 0 ? "\n" : "", text);
		mm_writer_record(ctl->out, ctl->width, nameplate_columns, COUNT_OF(nameplate_columns), meter);
		fputc('\n', ctl->out);
		mm_writer_table(ctl->out, ctl->width, nameplate_output_columns, COUNT_OF(nameplate_output_columns),
				json_object_get(meter, "outputs"), true);
	}
}

static int run_label(struct mm_ctl *ctl)
{
	json_t *answer;
	int r = mm_ctl_call_meter(ctl, "org.minimeter.GetNameplate", NULL, &answer);

	if (r == MM_CTL_FINE) {
		r = mm_label(ctl, json_array_get(json_object_get(answer, "meters"), 0));
		json_decref(answer);
	}
	return r;
}

static int run_nameplate(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r;

	if (ctl->option[MM_OPTION_LABEL] != NULL) {
		return run_label(ctl);
	}
	r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", mm_ctl_meter_parameter(ctl), &answer);
	return mm_ctl_show(ctl, r, answer, nameplate_text);
}

static void outputs_text(struct mm_ctl *ctl, const json_t *answer)
{
	mm_writer_table(ctl->out, ctl->width, output_columns, COUNT_OF(output_columns), json_object_get(answer, "outputs"), true);
}

static int run_outputs(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = mm_ctl_call(ctl, "org.minimeter.GetOutputs", mm_ctl_meter_parameter(ctl), &answer);

	return mm_ctl_show(ctl, r, answer, outputs_text);
}

static const struct mm_column harmonics_columns[] = {
	{MM_NUMBER("frequency_hz", "frequency", "Hz", 2)},
	{MM_NUMBER("voltage_thd", "voltage THD", "%", 2), .scale = 100},
	{MM_NUMBER("current_thd", "current THD", "%", 2), .scale = 100},
};

static const struct mm_column harmonic_columns[] = {
	{MM_NUMBER("order", "ORDER", NULL, 0)},
	{MM_NUMBER("voltage_v", "VOLTAGE", "V", 3)},
	{MM_NUMBER("voltage_ratio", "", "%", 2), .scale = 100},
	{MM_NUMBER("current_a", "CURRENT", "A", 4)},
	{MM_NUMBER("current_ratio", "", "%", 2), .scale = 100},
};

/* The order's figure of an array, and its ratio to the first. */
static void add_harmonic(json_t *row, const json_t *answer, const char *key, const char *ratio_key, size_t i)
{
	double first = json_number_value(json_array_get(json_object_get(answer, key), 0));
	double value = json_number_value(json_array_get(json_object_get(answer, key), i));

	json_object_set_new(row, key, json_real(value));
	json_object_set_new(row, ratio_key, json_real(first > 0 ? value / first : 0));
}

static void harmonics_text(struct mm_ctl *ctl, const json_t *answer)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < json_array_size(json_object_get(answer, "voltage_v")); i++) {
		json_t *row = json_pack("{s:I}", "order", (json_int_t)i + 1);

		add_harmonic(row, answer, "voltage_v", "voltage_ratio", i);
		add_harmonic(row, answer, "current_a", "current_ratio", i);
		json_array_append_new(rows, row);
	}
	mm_writer_record(ctl->out, ctl->width, harmonics_columns, COUNT_OF(harmonics_columns), answer);
	fputc('\n', ctl->out);
	mm_writer_table(ctl->out, ctl->width, harmonic_columns, COUNT_OF(harmonic_columns), rows, true);
	json_decref(rows);
}

static int run_harmonics(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int64_t number = 1;
	int r = mm_ctl_number_option(ctl, MM_OPTION_ELEMENT, 1, MM_ELEMENTS_MAX, &number);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_call_meter(ctl, "org.minimeter.GetHarmonics", json_pack("{s:I}", "element", (json_int_t)number),
				      &answer);
	}
	return mm_ctl_show(ctl, r, answer, harmonics_text);
}

static int run_outputs_test(struct mm_ctl *ctl)
{
	int64_t seconds = TEST_SECONDS_DEFAULT;
	json_t *answer = NULL;
	int r = MM_CTL_FINE;

	if (ctl->argc > 1) {
		r = mm_ctl_number(ctl, "SECONDS", ctl->argv[1], 1, TEST_SECONDS_MAX, &seconds);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_call_meter(ctl, "org.minimeter.TestOutput",
				      json_pack("{s:s, s:I}", "output", ctl->argv[0], "seconds", (json_int_t)seconds), &answer);
	}
	if (r == MM_CTL_FINE && !mm_ctl_json(ctl, answer)) {
		fprintf(ctl->out, "output %s is inverted for %d s: look at it\n", ctl->argv[0], (int)seconds);
	}
	json_decref(answer);
	return r;
}

#define ELEMENT MM_OPTION_BIT(MM_OPTION_ELEMENT)
#define SESSION MM_OPTION_BIT(MM_OPTION_SESSION)
#define SECONDS MM_OPTION_BIT(MM_OPTION_SECONDS)
#define LEFT MM_OPTION_BIT(MM_OPTION_LEFT)
#define METER MM_OPTION_BIT(MM_OPTION_METER)
#define SPAN (MM_OPTION_BIT(MM_OPTION_FROM) | MM_OPTION_BIT(MM_OPTION_TO) | MM_OPTION_BIT(MM_OPTION_CSV))
#define PROFILE (MM_OPTION_BIT(MM_OPTION_MONTH) | MM_OPTION_BIT(MM_OPTION_PLOT) | MM_OPTION_BIT(MM_OPTION_SVG))
#define STATEMENT                                                                                                                \
	(MM_OPTION_BIT(MM_OPTION_MONTH) | MM_OPTION_BIT(MM_OPTION_HTML) | MM_OPTION_BIT(MM_OPTION_GREEN_BUTTON) |                \
	 MM_OPTION_BIT(MM_OPTION_ISSUE) | MM_OPTION_BIT(MM_OPTION_OCMF))
#define VERIFY (MM_OPTION_BIT(MM_OPTION_HEAD) | MM_OPTION_BIT(MM_OPTION_STATEMENT) | MM_OPTION_BIT(MM_OPTION_KEY))
#define EVENTS (MM_OPTION_BIT(MM_OPTION_CODE) | MM_OPTION_BIT(MM_OPTION_ALL))
#define RECORD                                                                                                                   \
	(MM_OPTION_BIT(MM_OPTION_SEEN) | MM_OPTION_BIT(MM_OPTION_RECORD) | MM_OPTION_BIT(MM_OPTION_INSTALLER) |                  \
	 MM_OPTION_BIT(MM_OPTION_SEALS))
#define LOADS (MM_OPTION_BIT(MM_OPTION_LOADED) | MM_OPTION_BIT(MM_OPTION_LOAD))
#define PAGE (MM_OPTION_BIT(MM_OPTION_AFTER) | MM_OPTION_BIT(MM_OPTION_LIMIT))

const struct mm_ctl_command mm_ctl_commands[] = {
	{"read", "", "the readings: kWh, and what flows now", METER | MM_OPTION_BIT(MM_OPTION_AT), MM_CTL_SOCKET_READ, run_read},
	{"status", "", "is everything in order?", SECONDS | MM_OPTION_BIT(MM_OPTION_WAIT), MM_CTL_SOCKET_READ, mm_ctl_status},
	{"watch", "", "the front panel, live", METER | SECONDS, MM_CTL_SOCKET_READ, mm_ctl_watch},
	{"nameplate", "", "model, serial, ratings, pulse values", METER | MM_OPTION_BIT(MM_OPTION_LABEL), MM_CTL_SOCKET_READ,
	 run_nameplate},
	{"profile", "", "energy by interval", METER | SPAN | PROFILE, MM_CTL_SOCKET_READ, mm_ctl_profile},
	{"statement", "", "what was used in a month, from reading to reading", METER | SPAN | STATEMENT, MM_CTL_SOCKET_READ,
	 mm_ctl_statement},
	{"events", "", "what happened, newest last", METER | SPAN | EVENTS | PAGE, MM_CTL_SOCKET_READ, mm_ctl_events},
	{"metrics", "", "the figures for Prometheus", METER, MM_CTL_SOCKET_READ, mm_ctl_metrics},
	{"verify", "", "is all as it was written?", VERIFY, MM_CTL_SOCKET_READ, mm_ctl_verify},
	{"head", "", "a signed head of the audit trail, to keep elsewhere", 0, MM_CTL_SOCKET_READ, mm_ctl_head},
	{"check", "", "the installation test", METER | LOADS | RECORD, MM_CTL_SOCKET_READ, mm_ctl_check},
	{"diagnose", "", "what is wrong, and what to measure next", METER | LOADS, MM_CTL_SOCKET_READ, mm_ctl_diagnose},
	{"outputs", "", "pulse outputs and LEDs: levels and edges", METER, MM_CTL_SOCKET_READ, run_outputs},
	{"outputs test", "OUTPUT [SECONDS]", "invert the power or reverse LED", METER, MM_CTL_SOCKET_ADMIN, run_outputs_test,
	 MM_VALUES_LED},
	{"harmonics", "", "harmonics to the 40th, and THD", METER | ELEMENT, MM_CTL_SOCKET_READ, run_harmonics},
	{"correct", "CORRECTION...", "correct reversed or crossed CTs by arithmetic", METER | MM_OPTION_BIT(MM_OPTION_CONFIRM),
	 MM_CTL_SOCKET_ADMIN, mm_ctl_correct, MM_VALUES_CORRECTION},
	{"preset", "READING OLD-SERIAL", "set the start reading, once",
	 METER | MM_OPTION_BIT(MM_OPTION_RECEIVED) | MM_OPTION_BIT(MM_OPTION_CONFIRM), MM_CTL_SOCKET_ADMIN, mm_ctl_preset},
	{"calibrate", "", "led through three points to new constants", METER | ELEMENT | SECONDS, MM_CTL_SOCKET_ADMIN,
	 mm_ctl_calibrate},
	{"calibrate start", "", "the same step by step: begin", METER | ELEMENT, MM_CTL_SOCKET_ADMIN, mm_calibrate_start},
	{"calibrate point", "POINT [REFERENCE]...", "measure a point, and its reference", SESSION | SECONDS | LEFT,
	 MM_CTL_SOCKET_ADMIN, mm_calibrate_point, MM_VALUES_POINT},
	{"calibrate accept", "REASON", "put the constants into force", SESSION, MM_CTL_SOCKET_ADMIN, mm_calibrate_accept},
	{"calibrate cancel", "", "end what was begun, change nothing", 0, MM_CTL_SOCKET_ADMIN, mm_calibrate_cancel},
	{"calibrate history", "", "all versions of the constants", METER, MM_CTL_SOCKET_READ, mm_calibrate_history},
	{"calibrate return", "VERSION REASON", "go back to earlier constants", METER, MM_CTL_SOCKET_ADMIN, mm_calibrate_return},
	{"reload", "", "read the configuration again", 0, MM_CTL_SOCKET_ADMIN, mm_ctl_reload},
	{"help", "[COMMAND]...", "this help, or that of a command", 0, MM_CTL_SOCKET_NONE, mm_ctl_help, MM_VALUES_COMMAND},
	{"names", "", NULL, 0, MM_CTL_SOCKET_READ, mm_ctl_names},
	{NULL},
};
