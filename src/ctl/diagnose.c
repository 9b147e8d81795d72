/* SPDX-License-Identifier: MIT */
/* diagnose: what is wrong, the evidence for it, and what to measure next. */

#include "ctl/diagnose.h"

#include <math.h>

#include "base/count_of.h"
#include "ctl/writer.h"

/* A cause less likely than this is named and no more. */
#define BRIEF_PERCENT 5.0
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

static const char *rank(const json_t *meter, size_t number)
{
	const json_t *finding = json_array_get(json_object_get(meter, "findings"), number);
	bool tied = json_is_true(json_object_get(finding, "tied"));

	if (number == 0) {
		return tied ? "likeliest of those that the readings fit alike" : "likeliest";
	}
	return tied ? "the readings fit as well" : "also";
}

static void finding_text(struct mm_ctl *ctl, const json_t *meter, size_t number)
{
	const json_t *finding = json_array_get(json_object_get(meter, "findings"), number);
	const json_t *element = json_object_get(finding, "element");
	bool fault = json_is_true(json_object_get(finding, "fault"));
	double percent = 100 * json_number_value(json_object_get(finding, "confidence"));
	char text[MM_CELL_MAX];
	size_t i;
	json_t *line;

	mm_cell_as(MM_FORMAT_TEXT, finding, "words", text);
	fprintf(ctl->out, "  %s (%.0f %%):%s%s", rank(meter, number), percent, percent < BRIEF_PERCENT ? " " : "\n    ",
		mm_paint(ctl, fault));
	if (json_is_integer(element)) {
		fprintf(ctl->out, "element %d: ", (int)json_integer_value(element));
	}
	fprintf(ctl->out, "%s%s\n", text, mm_unpaint(ctl, fault));
	if (percent < BRIEF_PERCENT) {
		return;
	}
	json_array_foreach(json_object_get(finding, "evidence"), i, line)
	{
		mm_cell_text(json_string_value(line), text);
		fprintf(ctl->out, "      %s\n", text);
	}
	if (json_is_number(json_object_get(finding, "mended_w")) && !json_is_true(json_object_get(finding, "corrected"))) {
		fprintf(ctl->out, "      mended, the meter would show %.1f W; it shows %.1f W\n",
			json_number_value(json_object_get(finding, "mended_w")),
			json_number_value(json_object_get(meter, "power_w")));
	}
	mm_cell_as(MM_FORMAT_TEXT, finding, "next", text);
	fprintf(ctl->out, "      next: %s\n", text);
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
	fprintf(ctl->out, "%s, by the last %d windows%s", name, (int)json_integer_value(json_object_get(meter, "windows")),
		json_is_number(lag) ? "" : "\n");
	if (json_is_number(lag)) {
		mm_diagnose_lag(meter, text, sizeof(text));
		fprintf(ctl->out, "; %s\n", text);
	}
	for (size_t i = 0; i < json_array_size(json_object_get(meter, "findings")); i++) {
		finding_text(ctl, meter, i);
	}
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
