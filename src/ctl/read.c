/* SPDX-License-Identifier: MIT */
/* The answer of org.minimeter.Read in words. */

#include "ctl/read.h"

#include "ctl/writer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* How many of the columns of an element fit into a line: name, V, A, W, power factor. */
#define LINE_ELEMENT_COLUMNS 5

static const struct mm_column title_columns[] = {
	{"name", NULL, .format = MM_FORMAT_TEXT},
	{"model", NULL, .format = MM_FORMAT_TEXT},
	{"serial", NULL, .format = MM_FORMAT_TEXT},
};

static const struct mm_column meter_columns[] = {
	{"delivered_wh", "total", "kWh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
	{"received_wh", "received", "kWh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
	{"power_w", "power", "W", MM_FORMAT_NUMBER, .decimals = 1},
	{"max_demand_w", "maximum demand", "W", MM_FORMAT_NUMBER, .decimals = 1},
	{"lagging_varh", "reactive, lagging", "kvarh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
	{"leading_varh", "reactive, leading", "kvarh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
	{"power_led", "power LED", .format = MM_FORMAT_LEVEL},
	{"load_led", "load LED", .format = MM_FORMAT_LEVEL},
	{"reverse_led", "reverse LED", .format = MM_FORMAT_LEVEL},
	{"time", "time", .format = MM_FORMAT_TIME},
};

static const struct mm_column element_columns[] = {
	{"name", "ELEMENT", .format = MM_FORMAT_TEXT},
	{"voltage_v", "VOLTAGE", "V", MM_FORMAT_NUMBER, .decimals = 1},
	{"current_a", "CURRENT", "A", MM_FORMAT_NUMBER, .decimals = 3},
	{"power_w", "POWER", "W", MM_FORMAT_NUMBER, .decimals = 1},
	{"power_factor", "PF", NULL, MM_FORMAT_NUMBER, .decimals = 3},
	{"frequency_hz", "FREQUENCY", "Hz", MM_FORMAT_NUMBER, .decimals = 2},
	{"delivered_wh", "DELIVERED", "kWh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
	{"received_wh", "RECEIVED", "kWh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
	{"flags", "FLAGS", .format = MM_FORMAT_FLAGS},
};

static const struct mm_column faults_column = {"faults", NULL, .format = MM_FORMAT_FLAGS};

static bool valid(const json_t *meter)
{
	return json_is_true(json_object_get(meter, "valid"));
}

static bool meter_faulty(const json_t *meter)
{
	return !valid(meter) || json_array_size(json_object_get(meter, "faults")) > 0;
}

bool mm_read_faulty(const json_t *answer)
{
	size_t i;
	json_t *meter;

	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		if (meter_faulty(meter)) {
			return true;
		}
	}
	return false;
}

/* What a person must know before believing the figures. */
static void warnings_text(struct mm_ctl *ctl, const json_t *meter)
{
	static const struct mm_column age = {"age_s", NULL, "s", MM_FORMAT_NUMBER};
	char text[MM_CELL_MAX];

	if (!valid(meter)) {
		mm_cell(&age, meter, text);
		fprintf(ctl->out, "  %snot valid: no right reading for %s; see 'minimeterctl status'%s\n", mm_paint(ctl, true),
			text, mm_unpaint(ctl, true));
	}
	if (json_array_size(json_object_get(meter, "faults")) > 0) {
		mm_cell(&faults_column, meter, text);
		fprintf(ctl->out, "  %sfault: %s%s\n", mm_paint(ctl, true), text, mm_unpaint(ctl, true));
	}
}

void mm_read_text(struct mm_ctl *ctl, const json_t *answer)
{
	char text[COUNT(title_columns)][MM_CELL_MAX];
	size_t i;
	json_t *meter;

	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		for (size_t c = 0; c < COUNT(title_columns); c++) {
			mm_cell(&title_columns[c], meter, text[c]);
		}
		fprintf(ctl->out, "%s%s  %s  serial %s\n", i > 0 ? "\n" : "", text[0], text[1], text[2]);
		warnings_text(ctl, meter);
		mm_writer_record(ctl->out, meter_columns, COUNT(meter_columns), meter);
		fputc('\n', ctl->out);
		mm_writer_table(ctl->out, element_columns, COUNT(element_columns), json_object_get(meter, "elements"), true);
	}
}

void mm_read_line(FILE *out, const json_t *meter)
{
	static const struct mm_column total[] = {
		{"time", NULL, .format = MM_FORMAT_TIME},
		{"name", NULL, .format = MM_FORMAT_TEXT},
		{"delivered_wh", NULL, "kWh", MM_FORMAT_NUMBER, .decimals = 3, .scale = 1e-3},
		{"power_w", NULL, "W", MM_FORMAT_NUMBER, .decimals = 1},
	};
	size_t i;
	json_t *element;
	char text[MM_CELL_MAX];

	for (size_t c = 0; c < COUNT(total); c++) {
		mm_cell(&total[c], meter, text);
		fprintf(out, "%s%s", c > 0 ? "  " : "", text);
	}
	json_array_foreach(json_object_get(meter, "elements"), i, element)
	{
		for (size_t c = 0; c < LINE_ELEMENT_COLUMNS; c++) {
			mm_cell(&element_columns[c], element, text);
			fprintf(out, "%s%s", c > 0 ? " " : "  ", text);
		}
	}
	if (!valid(meter)) {
		fputs("  not valid", out);
	}
	if (json_array_size(json_object_get(meter, "faults")) > 0) {
		mm_cell(&faults_column, meter, text);
		fprintf(out, "  fault: %s", text);
	}
	fputc('\n', out);
}
