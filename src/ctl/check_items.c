/* SPDX-License-Identifier: MIT */
/* What the installation test makes of the daemon's answers. */

#include "ctl/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "core/generic.h"
#include "core/meter.h"
#include "ctl/diagnose.h"
#include "ctl/writer.h"

/* The greatest deviation of the angle between two lines. */
#define ANGLE_DEG 15.0
/* The greatest relative difference between power and a load that somebody read off its plate. */
#define LOAD_TOLERANCE 0.25
/* A finding less likely than this does not fail a CT. */
#define CONFIDENCE_MIN 0.1
/* The longest delay of the outputs: they are a window late, and an edge can wait for its turn. */
#define LED_LAG_S 3.0

static const char *const state_names[MM_CHECK_STATE_COUNT] = {
	[MM_CHECK_OK] = "ok",
	[MM_CHECK_FAULT] = "fault",
	[MM_CHECK_UNDECIDED] = "undecided",
	[MM_CHECK_NOT_DONE] = "not-done",
};

void mm_check_add(json_t *items, const char *item, int element, enum mm_check_state state, const char *next, const char *format,
		  ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(items, json_pack("{s:s, s:o, s:s, s:s, s:s?}", "item", item, "element",
					       element > 0 ? json_integer(element) : json_null(), "state", state_names[state],
					       "text", text, "next", next));
}

unsigned mm_check_count(const json_t *items, enum mm_check_state state)
{
	unsigned count = 0;
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
	{
		count += strcmp(json_string_value(json_object_get(item, "state")), state_names[state]) == 0;
	}
	return count;
}

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void check_voltages(json_t *items, const struct mm_reading *reading)
{
	for (size_t i = 0; i < reading->element_count; i++) {
		double volts = reading->element[i].voltage_v;
		bool right = volts >= reading->supply_min_v && volts <= reading->supply_max_v;

		mm_check_add(items, "voltage", (int)i + 1, right ? MM_CHECK_OK : MM_CHECK_FAULT,
			     right ? NULL : "measure this line to N at the meter's terminals",
			     "L%zu to N %.1f V, %.5g to %.5g is right", i + 1, volts, reading->supply_min_v,
			     reading->supply_max_v);
	}
}

/* What 'status' has of this meter: a test that finds no fault must not differ from it. */
static void check_reported(json_t *items, const struct mm_reading *reading)
{
	char text[200] = "", flag[MM_CELL_MAX];

	for (size_t i = 0; i < reading->faults.count; i++) {
		mm_cell_flag(reading->faults.name[i], flag);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.60s", i > 0 ? ", " : "", flag);
	}
	if (reading->faults.count > 0) {
		mm_check_add(items, "reported", 0, MM_CHECK_FAULT, "see what is found above, and 'minimeterctl status'", "%s",
			     text);
	} else {
		mm_check_add(items, "reported", 0, MM_CHECK_OK, NULL, "the meter reports no fault");
	}
}

static bool is_angle(double lag_deg, double angle_deg)
{
	return fabs(remainder(lag_deg - angle_deg, 360)) <= ANGLE_DEG;
}

bool mm_check_knows_angle(const json_t *diagnosis)
{
	return json_is_number(json_object_get(diagnosis, "lines_lag_deg"));
}

#define APART_MAX 160

void mm_check_between_lines(const struct mm_reading *reading, char ret[static MM_CHECK_APART_MAX])
{
	double rated_v = (reading->supply_min_v + reading->supply_max_v) / 2;

	snprintf(ret, MM_CHECK_APART_MAX, "%.0f V, or %.0f V in a wye", 2 * rated_v, sqrt(3) * rated_v);
}

static void say_apart(const struct mm_reading *reading, const char *more, char ret[static APART_MAX])
{
	char between[MM_CHECK_APART_MAX];

	mm_check_between_lines(reading, between);
	snprintf(ret, APART_MAX, "measure L1 to L2: %s%s", between, more);
}

/* By a voltmeter where the angle is not known. */
static void check_apart(json_t *items, const struct mm_reading *reading, mm_check_answer apart)
{
	char next[APART_MAX];

	say_apart(reading, "; --seen phase-relation says that it is so", next);
	if (apart == 'y') {
		mm_check_add(items, "phase-relation", 0, MM_CHECK_OK, NULL, "by a voltmeter, L1 and L2 are two lines");
	} else if (apart == 'n') {
		mm_check_add(items, "phase-relation", 0, MM_CHECK_FAULT, "put each voltage lead on its own line",
			     "by a voltmeter, L1 to L2 is not what two lines are");
	} else {
		mm_check_add(items, "phase-relation", 0, MM_CHECK_NOT_DONE, next, "the angle between the lines is not known");
	}
}

/* Whether these are the lines of another service than the configuration says, which only a generic meter's does. */
static bool is_other_service(const struct mm_reading *reading, double deg)
{
	enum mm_wires wires = mm_generic_wires(reading->model ? reading->model : "");

	return (wires == MM_WIRES_SPLIT && (is_angle(deg, 120) || is_angle(deg, 240))) ||
	       (wires == MM_WIRES_NETWORK && is_angle(deg, 180));
}

static void check_angle(json_t *items, const struct mm_reading *reading, const json_t *diagnosis)
{
	double deg = number(diagnosis, "lines_lag_deg");
	char text[64], next[APART_MAX];

	mm_diagnose_lag(diagnosis, text, sizeof(text));
	if (is_other_service(reading, deg)) {
		say_apart(reading, "; 'service' in the configuration must be what this is", next);
		mm_check_add(items, "phase-relation", 0, MM_CHECK_FAULT, next, "%s, not what the configuration's service has",
			     text);
	} else if (is_angle(deg, 180)) {
		mm_check_add(items, "phase-relation", 0, MM_CHECK_OK, NULL, "%s: split phase", text);
	} else if (is_angle(deg, 120) || is_angle(deg, 240)) {
		mm_check_add(items, "phase-relation", 0, MM_CHECK_OK, NULL, "%s: two lines of a wye", text);
	} else if (is_angle(deg, 0)) {
		mm_check_add(items, "phase-relation", 0, MM_CHECK_FAULT, "measure L1 to L2: 0 V shows that they are one line",
			     "L1 and L2 are the same line");
	} else {
		say_apart(reading, "", next);
		mm_check_add(items, "phase-relation", 0, MM_CHECK_FAULT, next, "%s, as no service does", text);
	}
}

bool mm_check_lacks_load(const struct mm_reading *reading, int *ret_element)
{
	for (size_t i = 0; i < reading->element_count; i++) {
		if (reading->element[i].current_a <= MM_PHASING_CURRENT_A) {
			*ret_element = (int)i + 1;
			return true;
		}
	}
	return false;
}

static void check_loads(json_t *items, const struct mm_reading *reading)
{
	for (size_t i = 0; i < reading->element_count; i++) {
		double amperes = reading->element[i].current_a;

		mm_check_add(items, "load", (int)i + 1, amperes > MM_PHASING_CURRENT_A ? MM_CHECK_OK : MM_CHECK_UNDECIDED,
			     amperes > MM_PHASING_CURRENT_A ? NULL : "switch on a load of more than 1 A on this line",
			     "%.3f A, %.1f W", amperes, reading->element[i].power_w);
	}
}

/* Findings that say nothing of how a CT is wired. */
static bool is_of_wiring(const char *cause)
{
	static const char *const others[] = {"creep", "ct-ratio", "unexplained"};

	for (size_t i = 0; i < COUNT_OF(others) && cause != NULL; i++) {
		if (strcmp(cause, others[i]) == 0) {
			return false;
		}
	}
	return cause != NULL;
}

static bool is_of_meter(const json_t *finding)
{
	return !json_is_integer(json_object_get(finding, "element"));
}

/* Is it about how the CTs are wired, and likely enough to judge them by? */
static bool judges(const json_t *finding)
{
	return number(finding, "confidence") >= CONFIDENCE_MIN &&
	       is_of_wiring(json_string_value(json_object_get(finding, "cause")));
}

static bool concerns(const json_t *finding, int element)
{
	return is_of_meter(finding) || number(finding, "element") == element;
}

/*
 * The words of the first finding that fits as well as this one and is no fault, or NULL. What is about the whole meter can be
 * tied with what is about either element: a source on line 1 with a neutral lead that is loose.
 */
static const char *innocent_of(const json_t *diagnosis, const json_t *finding, int element)
{
	size_t i;
	json_t *other;

	json_array_foreach(json_object_get(diagnosis, "findings"), i, other)
	{
		if (mm_diagnose_same_tie(finding, other) && !json_is_true(json_object_get(other, "fault")) && judges(other) &&
		    (is_of_meter(finding) || concerns(other, element))) {
			return json_string_value(json_object_get(other, "words"));
		}
	}
	return NULL;
}

/* The first finding about an element, or about the whole meter, that is likely enough, or NULL. */
static const json_t *finding_of(const json_t *diagnosis, int element)
{
	size_t i;
	json_t *finding;

	json_array_foreach(json_object_get(diagnosis, "findings"), i, finding)
	{
		if (concerns(finding, element) && judges(finding)) {
			return finding;
		}
	}
	return NULL;
}

/* What a finding says of a CT. */
static void check_found(json_t *items, const json_t *finding, int element, const char *innocent)
{
	const char *cause = json_string_value(json_object_get(finding, "cause"));
	const char *words = json_string_value(json_object_get(finding, "words"));
	const char *next = json_string_value(json_object_get(finding, "next"));
	bool fault = json_is_true(json_object_get(finding, "fault"));

	if (json_is_true(json_object_get(finding, "corrected"))) {
		mm_check_add(items, "ct", element, MM_CHECK_OK, NULL, "%s: corrected in the configuration", words);
	} else if (strcmp(cause, "correction-wrong") == 0) {
		mm_check_add(items, "ct", element, MM_CHECK_UNDECIDED, "take back the correction first, as it says below",
			     "corrected for what the wires don't show");
	} else if (strcmp(cause, "generation-configured") == 0) {
		mm_check_add(items, "ct", element, MM_CHECK_UNDECIDED, "switch the source off, and check again", "%s", words);
	} else {
		mm_check_add(items, "ct", element, fault && !innocent ? MM_CHECK_FAULT : MM_CHECK_UNDECIDED, next, "%s%s%s%s",
			     fault && innocent ? "either " : "", words, fault && innocent ? "; or " : "",
			     fault && innocent ? innocent : "");
	}
}

static void check_ct(json_t *items, const struct mm_reading *reading, const json_t *diagnosis, int element)
{
	const json_t *finding = finding_of(diagnosis, element);
	const char *cause = json_string_value(json_object_get(finding, "cause"));

	if (cause != NULL && strcmp(cause, "none") != 0 && json_string_value(json_object_get(finding, "words")) != NULL) {
		check_found(items, finding, element, innocent_of(diagnosis, finding, element));
	} else if (reading->element[element - 1].current_a < MM_PHASING_CURRENT_A) {
		mm_check_add(items, "ct", element, MM_CHECK_UNDECIDED, "switch on a load of more than 1 A on this line",
			     "too little load to judge it by");
	} else {
		mm_check_add(items, "ct", element, MM_CHECK_OK, NULL, "right way round, and on line %d", element);
	}
}

/* Whether a correction in force is for these wires: somebody can have put them right since. */
static void check_correction(json_t *items, const struct mm_reading *reading, const json_t *diagnosis)
{
	const json_t *findings = json_object_get(diagnosis, "findings");
	const char *cause = json_string_value(json_object_get(json_array_get(findings, 0), "cause"));
	bool corrected = false, crossed = false;
	char names[64] = "";
	json_t *one;
	size_t i;

	for (i = 0; i < reading->corrections.count; i++) {
		const char *name = reading->corrections.name[i];

		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%.16s", i > 0 ? " " : "", name);
		crossed = crossed || strcmp(name, "ct-crossed") == 0;
	}
	json_array_foreach(findings, i, one)
	{
		corrected = corrected || json_is_true(json_object_get(one, "corrected"));
	}
	if (names[0] == '\0') {
		return;
	}
	if (cause != NULL && strcmp(cause, "correction-wrong") == 0) {
		mm_check_add(items, "correction", 0, MM_CHECK_FAULT,
			     json_string_value(json_object_get(json_array_get(findings, 0), "next")),
			     "%s: not for what the wires show", names);
	} else if (corrected) {
		mm_check_add(items, "correction", 0, MM_CHECK_OK,
			     "put the wires right when you can, then 'minimeterctl correct none --confirm'", "%s; costs %s",
			     names,
			     crossed ? "0.3 % at power factor 0.5 for each 0.1 degrees between the lines" : "a little accuracy");
	} else {
		mm_check_add(items, "correction", 0, MM_CHECK_UNDECIDED, "switch on a load of more than 1 A on each line",
			     "%s: these readings don't show whether it is for these wires", names);
	}
}

static void check_leds(json_t *items, const struct mm_reading *reading)
{
	bool power = reading->power_led;
	int element;

	mm_check_add(items, "power-led", 0, power ? MM_CHECK_OK : MM_CHECK_FAULT,
		     power ? NULL : "put right what is wrong above first",
		     power ? "lit" : "dark: no proper voltage, or no valid reading");
	if (reading->reverse_led) {
		mm_check_add(items, "reverse-led", 0, MM_CHECK_FAULT, "put right what is named above", "lit: a phasing problem");
	} else if (mm_check_lacks_load(reading, &element)) {
		mm_check_add(items, "reverse-led", 0, MM_CHECK_UNDECIDED, "switch on a load of more than 1 A on this line",
			     "dark, but line %d has too little load for it to mean anything", element);
	} else {
		mm_check_add(items, "reverse-led", 0, MM_CHECK_OK, NULL, "dark");
	}
}

/* The figures are old: nothing is judged by them. */
static void check_without_reading(json_t *items, const struct mm_reading *reading)
{
	static const char *const each[] = {"voltage", "load", "ct"};

	mm_check_add(items, "front-end", 0, MM_CHECK_FAULT, "see 'minimeterctl status'", "there is no valid reading");
	for (size_t i = 0; i < COUNT_OF(each); i++) {
		for (size_t e = 1; e <= reading->element_count; e++) {
			mm_check_add(items, each[i], (int)e, MM_CHECK_NOT_DONE, NULL, "there is no valid reading");
		}
	}
}

void mm_check_readings(json_t *items, const struct mm_reading *reading, const json_t *diagnosis, mm_check_answer apart)
{
	if (!reading->valid) {
		check_without_reading(items, reading);
		return;
	}
	mm_check_add(items, "front-end", 0, MM_CHECK_OK, NULL, "readings are valid");
	check_voltages(items, reading);
	if (reading->element_count == 2 && mm_check_knows_angle(diagnosis)) {
		check_angle(items, reading, diagnosis);
	} else if (reading->element_count == 2) {
		check_apart(items, reading, apart);
	}
	check_loads(items, reading);
	for (int e = 1; e <= (int)reading->element_count; e++) {
		check_ct(items, reading, diagnosis, e);
	}
	check_correction(items, reading, diagnosis);
	check_reported(items, reading);
	check_leds(items, reading);
}

/* ---- Known load ---- */

void mm_check_load(json_t *items, const struct mm_reading *reading, const json_t *diagnosis, double load_w)
{
	const char *wrong = load_w > 0 ? "ct-ratio" : "creep";
	double power_w = reading->power_w;
	bool right = reading->valid && fabs(power_w - load_w) <= LOAD_TOLERANCE * load_w;
	size_t i;
	json_t *finding;

	json_array_foreach(json_object_get(diagnosis, "findings"), i, finding)
	{
		const char *cause = json_string_value(json_object_get(finding, "cause"));

		if (cause != NULL && strcmp(cause, wrong) == 0) {
			mm_check_add(items, "load-power", 0, MM_CHECK_FAULT, json_string_value(json_object_get(finding, "next")),
				     "%.1f W where %.0f W are said to run: %s", power_w, load_w,
				     json_string_value(json_object_get(finding, "words")));
			return;
		}
	}
	mm_check_add(items, "load-power", 0, right ? MM_CHECK_OK : MM_CHECK_UNDECIDED,
		     right ? NULL : "see to what is wrong first; switch off what generates",
		     "%.1f W where %.0f W are said to run", power_w, load_w);
}

/* ---- Outputs ---- */

bool mm_check_pulse_lines(const struct mm_output_states *outputs, char ret[static MM_CHECK_LINES_MAX])
{
	ret[0] = '\0';
	for (size_t i = 0; i < outputs->count; i++) {
		const char *name = outputs->output[i].name, *line = outputs->output[i].line;
		size_t used = strlen(ret);

		if (strncmp(name, "led_", 4) != 0 && line != NULL) {
			snprintf(ret + used, MM_CHECK_LINES_MAX - used, "%s%.8s on %.20s", used > 0 ? ", " : "", name, line);
		}
	}
	return ret[0] != '\0';
}

void mm_check_outputs(json_t *items, const struct mm_output_states *outputs, mm_check_answer counted)
{
	char lines[MM_CHECK_LINES_MAX];

	if (!mm_check_pulse_lines(outputs, lines)) {
		return;
	}
	if (counted == 'y') {
		mm_check_add(items, "pulse-outputs", 0, MM_CHECK_OK, NULL, "counted right: %s", lines);
	} else if (counted == 'n') {
		mm_check_add(items, "pulse-outputs", 0, MM_CHECK_FAULT,
			     "see each line change under load; check its wires and the input that counts it",
			     "not counted right: %s", lines);
	} else {
		mm_check_add(items, "pulse-outputs", 0, MM_CHECK_NOT_DONE,
			     "compare the edges of 'minimeterctl outputs' with the count of the equipment that reads them; "
			     "--seen pulse-outputs says that they agree",
			     "%s", lines);
	}
}

/* ---- Load LED ---- */

struct mm_check_led mm_check_led(int64_t before_uwh, const struct mm_output_state *output, const struct mm_reading *after)
{
	double lag_uwh = fmax(after->power_w, 0) * LED_LAG_S / 3600 * 1e6;

	return (struct mm_check_led){
		.level = output->level,
		.edges = output->edges,
		.earliest_uwh = (int64_t)fmax((double)before_uwh - lag_uwh, 0),
		.latest_uwh = after->delivered_uwh,
		.power_w = after->power_w,
		.half_uwh = (output->kh_uwh > 0 ? output->kh_uwh : 10 * MM_UWH_PER_WH) / 2,
	};
}

void mm_check_load_led(json_t *items, const struct mm_check_led *before, const struct mm_check_led *after)
{
	int64_t turned = after->edges - before->edges, half_uwh = after->half_uwh;
	int64_t least = after->earliest_uwh / half_uwh - before->latest_uwh / half_uwh;
	int64_t most = after->latest_uwh / half_uwh - before->earliest_uwh / half_uwh;
	bool known = after->earliest_uwh / half_uwh == after->latest_uwh / half_uwh;
	bool level = after->latest_uwh / half_uwh % 2 != 0;
	double half_s = (double)half_uwh / 1e6 * 3600 / after->power_w;

	if (after->power_w <= 0) {
		mm_check_add(items, "load-led", 0, MM_CHECK_UNDECIDED, "switch on a load",
			     "does not change: no energy is delivered");
	} else if (turned < least || turned > most || (known && after->level != level)) {
		mm_check_add(items, "load-led", 0, MM_CHECK_FAULT, "see the faults in 'minimeterctl status'",
			     "out of step with the register: turned %" PRId64 " times where %" PRId64 " were due", turned, most);
	} else {
		mm_check_add(items, "load-led", 0, MM_CHECK_OK, NULL,
			     "in step with the register; at %.0f W on %.1f s, off %.1f s", after->power_w, half_s, half_s);
	}
}
