/* SPDX-License-Identifier: MIT */
/* diagnose: what is wrong, the evidence for it, and what to measure next. */

#include "ctl/diagnose.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/count_of.h"
#include "base/text.h"
#include "ctl/writer.h"

/* A cause less likely than this is named and no more. */
#define SELDOM_PERCENT 5.0
/* Where the lines about findings begin. */
#define HEADING_COLUMN 2
#define WORDS_COLUMN 4
#define DETAIL_COLUMN 6
#define LOAD_MAX_W 1000000

static const json_t *first_finding(const json_t *meter)
{
	return json_array_get(json_object_get(meter, "findings"), 0);
}

bool mm_diagnose_faulty(const json_t *meter)
{
	const json_t *finding = first_finding(meter);

	return json_is_true(json_object_get(finding, "fault")) && !json_is_true(json_object_get(finding, "corrected"));
}

/* The number of the tie that a finding is in; 0: none. */
static int tie_of(const json_t *finding)
{
	return (int)json_integer_value(json_object_get(finding, "tie"));
}

bool mm_diagnose_same_tie(const json_t *finding, const json_t *other)
{
	return tie_of(finding) != 0 && tie_of(finding) == tie_of(other);
}

static double percent_of(const json_t *finding)
{
	return 100 * json_number_value(json_object_get(finding, "confidence"));
}

static bool is_seldom(const json_t *finding)
{
	return percent_of(finding) < SELDOM_PERCENT;
}

/* A line of what is said about a finding, from that column on. */
static void say_at(struct mm_ctl *ctl, int indent, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say_at(struct mm_ctl *ctl, int indent, const char *format, ...)
{
	char text[2 * MM_CELL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(ctl->out, "%*s", indent, "");
	mm_text_wrap(ctl->out, ctl->width, indent, text);
}

static void words_text(struct mm_ctl *ctl, const json_t *finding)
{
	const json_t *element = json_object_get(finding, "element");
	bool fault = json_is_true(json_object_get(finding, "fault"));
	char text[MM_CELL_MAX], name[32] = "";

	mm_cell_as(MM_FORMAT_TEXT, finding, "words", text);
	if (json_is_integer(element)) {
		snprintf(name, sizeof(name), "element %d: ", (int)json_integer_value(element));
	}
	fputs(mm_paint(ctl, fault), ctl->out);
	say_at(ctl, WORDS_COLUMN, "%s%s%s", is_seldom(finding) ? "or, seldom, " : "", name, text);
	fputs(mm_unpaint(ctl, fault), ctl->out);
}

static void finding_text(struct mm_ctl *ctl, const json_t *meter, const json_t *finding)
{
	char text[MM_CELL_MAX];
	size_t i;
	json_t *line;

	words_text(ctl, finding);
	if (is_seldom(finding)) {
		return;
	}
	json_array_foreach(json_object_get(finding, "evidence"), i, line)
	{
		mm_cell_text(json_string_value(line), text);
		say_at(ctl, DETAIL_COLUMN, "%s", text);
	}
	if (json_is_number(json_object_get(finding, "mended_w")) && !json_is_true(json_object_get(finding, "corrected"))) {
		say_at(ctl, DETAIL_COLUMN, "put right, the meter would show %.1f W; it shows %.1f W",
		       json_number_value(json_object_get(finding, "mended_w")),
		       json_number_value(json_object_get(meter, "power_w")));
	}
	mm_cell_as(MM_FORMAT_TEXT, finding, "next", text);
	say_at(ctl, DETAIL_COLUMN, "next: %s", text);
}

/* All that the readings fit as well as they fit the first of them: how often each occurs is no measure of this one. */
static void tie_text(struct mm_ctl *ctl, const json_t *meter, const json_t *first)
{
	const json_t *findings = json_object_get(meter, "findings");
	unsigned count = 0;
	size_t i;
	json_t *finding;

	json_array_foreach(findings, i, finding)
	{
		count += mm_diagnose_same_tie(first, finding) && !is_seldom(finding);
	}
	say_at(ctl, HEADING_COLUMN, "%s of these, which the readings fit alike:", count == 2 ? "either" : "one");
	json_array_foreach(findings, i, finding)
	{
		if (mm_diagnose_same_tie(first, finding)) {
			finding_text(ctl, meter, finding);
		}
	}
}

static bool is_named_before(const json_t *findings, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		if (mm_diagnose_same_tie(json_array_get(findings, i), json_array_get(findings, number))) {
			return true;
		}
	}
	return false;
}

/*
 * Do percentages go with the order? What somebody says of the load, or of what generates, comes first however seldom it is.
 */
static bool is_by_percent(const json_t *findings)
{
	double before = INFINITY;
	bool falling = true;
	size_t i;
	json_t *finding;

	json_array_foreach(findings, i, finding)
	{
		if (tie_of(finding) == 0) {
			falling = falling && percent_of(finding) <= before;
			before = percent_of(finding);
		}
	}
	return falling;
}

static void heading_text(struct mm_ctl *ctl, const json_t *finding, bool first, bool percent)
{
	const char *words = first ? "likeliest" : "also possible";

	if (percent) {
		say_at(ctl, HEADING_COLUMN, "%s (%.0f %%):", words, percent_of(finding));
	} else {
		say_at(ctl, HEADING_COLUMN, "%s:", words);
	}
}

static void findings_text(struct mm_ctl *ctl, const json_t *meter)
{
	const json_t *findings = json_object_get(meter, "findings");
	bool percent = is_by_percent(findings);
	size_t i;
	json_t *finding;

	json_array_foreach(findings, i, finding)
	{
		if (tie_of(finding) == 0) {
			heading_text(ctl, finding, i == 0, percent);
			finding_text(ctl, meter, finding);
		} else if (!is_named_before(findings, i)) {
			tie_text(ctl, meter, finding);
		}
	}
}

void mm_diagnose_lag(const json_t *meter, char *ret, size_t size)
{
	double deg = round(json_number_value(json_object_get(meter, "lines_lag_deg")));
	double error_deg = json_number_value(json_object_get(meter, "lines_lag_error_deg"));

	snprintf(ret, size, "L2 lags L1 by %.0f +- %.0f degrees", deg < -0.5 ? deg + 360 : fabs(deg), fmax(1, ceil(error_deg)));
}

void mm_diagnose_text(struct mm_ctl *ctl, const json_t *meter)
{
	static const struct mm_column columns[] = {
		{MM_COLUMN(TEXT, "code", "EVENT LOG")},
		{MM_NUMBER("count", "TIMES", NULL, 0)},
		{MM_COLUMN(TIME, "last", "LAST")},
	};
	const json_t *lag = json_object_get(meter, "lines_lag_deg"), *events = json_object_get(meter, "events");
	char name[MM_CELL_MAX], text[64];

	mm_cell_as(MM_FORMAT_TEXT, meter, "name", name);
	mm_diagnose_lag(meter, text, sizeof(text));
	say_at(ctl, 0, "%s, by the last %d windows%s%s", name, (int)json_integer_value(json_object_get(meter, "windows")),
	       json_is_number(lag) ? "; " : "", json_is_number(lag) ? text : "");
	findings_text(ctl, meter);
	if (json_array_size(events) > 0) {
		fputc('\n', ctl->out);
		mm_writer_table(ctl->out, ctl->width, columns, COUNT_OF(columns), events, true);
	}
}

int mm_diagnose_loads(struct mm_ctl *ctl, json_t *parameters)
{
	int r = MM_CTL_FINE;
	int64_t load_w;

	json_object_set_new(parameters, "loaded", json_boolean(ctl->option[MM_OPTION_LOADED] != NULL));
	if (ctl->option[MM_OPTION_LOAD] != NULL) {
		r = mm_ctl_number(ctl, "--load, in watts,", ctl->option[MM_OPTION_LOAD], 0, LOAD_MAX_W, &load_w);
		if (r == MM_CTL_FINE) {
			json_object_set_new(parameters, "load_w", json_real((double)load_w));
		}
	}
	return r;
}

static void diagnoses_text(struct mm_ctl *ctl, const json_t *answer)
{
	size_t i;
	json_t *meter;

	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		fputs(i > 0 ? "\n" : "", ctl->out);
		mm_diagnose_text(ctl, meter);
	}
}

int mm_ctl_diagnose(struct mm_ctl *ctl)
{
	json_t *parameters = mm_ctl_meter_parameter(ctl), *answer = NULL, *meter;
	bool faulty = false;
	size_t i;
	int r = mm_diagnose_loads(ctl, parameters);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_call(ctl, "org.minimeter.Diagnose", json_incref(parameters), &answer);
	}
	json_decref(parameters);
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		faulty = faulty || mm_diagnose_faulty(meter);
	}
	r = mm_ctl_show(ctl, r, answer, diagnoses_text);
	return faulty ? MM_CTL_FAULT : r;
}
