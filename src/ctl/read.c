/* SPDX-License-Identifier: MIT */
/* The answer of org.minimeter.Read in words. */

#include "ctl/read.h"

#include "base/count_of.h"
#include "ctl/writer.h"

/* How many of the columns of an element fit into a line: name, V, A, W, power factor. */
#define LINE_ELEMENT_COLUMNS 5

static const struct mm_column meter_columns[] = {
	{MM_KILO("delivered_wh", "total", "kWh", 3)},
	{MM_KILO("received_wh", "received", "kWh", 3)},
	{MM_NUMBER("power_w", "power", "W", 1)},
	{MM_NUMBER("max_demand_w", "maximum demand", "W", 1)},
	{MM_KILO("lagging_varh", "reactive, lagging", "kvarh", 3)},
	{MM_KILO("leading_varh", "reactive, leading", "kvarh", 3)},
	{MM_COLUMN(LEVEL, "power_led", "power LED")},
	{MM_COLUMN(LEVEL, "load_led", "load LED")},
	{MM_COLUMN(LEVEL, "reverse_led", "reverse LED")},
	{MM_COLUMN(TIME, "time", "time")},
};

static const struct mm_column element_columns[] = {
	{MM_COLUMN(TEXT, "name", "ELEMENT")},
	{MM_NUMBER("voltage_v", "VOLTAGE", "V", 1)},
	{MM_NUMBER("current_a", "CURRENT", "A", 3)},
	{MM_NUMBER("power_w", "POWER", "W", 1)},
	{MM_NUMBER("power_factor", "PF", NULL, 3)},
	{MM_NUMBER("frequency_hz", "FREQUENCY", "Hz", 2)},
	{MM_KILO("delivered_wh", "DELIVERED", "kWh", 3), .parts = true},
	{MM_KILO("received_wh", "RECEIVED", "kWh", 3)},
	{MM_COLUMN(FLAGS, "flags", "FLAGS")},
};

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

/* What flows is left out where it is not of now: an old figure passes for a present one. A new reference. */
static json_t *shown(const json_t *meter)
{
	static const char *const flowing[] = {"power_w", "voltage_v", "current_a", "power_factor", "frequency_hz"};
	json_t *copy = json_deep_copy(meter), *element;
	size_t i;

	for (size_t k = 0; !valid(meter) && k < COUNT_OF(flowing); k++) {
		json_object_del(copy, flowing[k]);
		json_array_foreach(json_object_get(copy, "elements"), i, element)
		{
			json_object_del(element, flowing[k]);
		}
	}
	return copy;
}

/* What a person must know before believing the figures. */
static void warnings_text(struct mm_ctl *ctl, const json_t *meter)
{
	double multiplier = json_number_value(json_object_get(meter, "multiplier"));
	char text[MM_CELL_MAX];

	if (multiplier > 0 && multiplier != 1) {
		mm_ctl_say(ctl, false, "  energy and power are multiplied by %.6g", multiplier);
	}
	if (json_is_false(json_object_get(meter, "measured"))) {
		mm_ctl_say(ctl, true, "  not valid: no right reading since the start; see 'minimeterctl status'");
	} else if (!valid(meter)) {
		mm_cell_as(MM_FORMAT_DURATION, meter, "age_s", text);
		mm_ctl_say(ctl, true, "  not valid: the last right reading is %s old; see 'minimeterctl status'", text);
	}
	if (json_array_size(json_object_get(meter, "corrections")) > 0) {
		mm_cell_as(MM_FORMAT_FLAGS, meter, "corrections", text);
		mm_ctl_say(ctl, false, "  wiring corrected by arithmetic: %s", text);
	}
	if (json_array_size(json_object_get(meter, "faults")) > 0) {
		mm_cell_as(MM_FORMAT_FLAGS, meter, "faults", text);
		mm_ctl_say(ctl, true, "  fault: %s", text);
	}
}

void mm_read_text(struct mm_ctl *ctl, const json_t *answer)
{
	char name[MM_CELL_MAX], model[MM_CELL_MAX], serial[MM_CELL_MAX];
	size_t i;
	json_t *reading;

	json_array_foreach(json_object_get(answer, "meters"), i, reading)
	{
		json_t *meter = shown(reading);

		mm_cell_as(MM_FORMAT_TEXT, meter, "name", name);
		mm_cell_as(MM_FORMAT_TEXT, meter, "model", model);
		mm_cell_as(MM_FORMAT_TEXT, meter, "serial", serial);
		mm_ctl_say(ctl, false, "%s%s  %s  serial %s", i > 0 ? "\n" : "", name, model, serial);
		warnings_text(ctl, meter);
		mm_writer_record(ctl->out, ctl->width, meter_columns, COUNT_OF(meter_columns), meter);
		fputc('\n', ctl->out);
		mm_writer_table(ctl->out, ctl->width, element_columns, COUNT_OF(element_columns),
				json_object_get(meter, "elements"), true);
		json_decref(meter);
	}
}

/* µWh of a register as kWh. */
#define KWH(key, heading) MM_NUMBER(key, heading, "kWh", 3), .scale = 1e-9

static const struct mm_column at_columns[] = {
	{MM_COLUMN(TEXT, "meter", "METER")}, {MM_COLUMN(TEXT, "serial", "SERIAL")},	  {KWH("delivered_uwh", "DELIVERED")},
	{KWH("received_uwh", "RECEIVED")},   {MM_COLUMN(TIME, "time", "REGISTER AS OF")},
};

static void at_text(struct mm_ctl *ctl, const json_t *answer)
{
	json_t *rows = json_array(), *row;
	bool missing = false;
	size_t i;

	json_array_foreach(json_object_get(answer, "readings"), i, row)
	{
		json_t *flat = json_copy(row);

		missing = missing || json_is_null(json_object_get(row, "reading"));
		json_object_update(flat, json_object_get(row, "reading"));
		json_array_append_new(rows, flat);
	}
	mm_writer_table(ctl->out, ctl->width, at_columns, COUNT_OF(at_columns), rows, true);
	if (missing) {
		mm_ctl_say(ctl, false, "-: no interval of this meter had ended by then");
	}
	json_decref(rows);
}

int mm_read_at(struct mm_ctl *ctl)
{
	json_t *parameters = mm_ctl_meter_parameter(ctl), *answer = NULL;
	int r = mm_ctl_time_option(ctl, MM_OPTION_AT, parameters, "at");

	if (r != MM_CTL_FINE) {
		json_decref(parameters);
		return r;
	}
	r = mm_ctl_call(ctl, "org.minimeter.GetReading", parameters, &answer);
	return mm_ctl_show(ctl, r, answer, at_text);
}

void mm_read_line(FILE *out, const json_t *reading)
{
	static const struct mm_column total[] = {
		{MM_COLUMN(TIME, "time", NULL)},
		{MM_COLUMN(TEXT, "name", NULL)},
		{MM_KILO("delivered_wh", NULL, "kWh", 3)},
		{MM_NUMBER("power_w", NULL, "W", 1)},
	};
	json_t *meter = shown(reading), *element;
	char text[MM_CELL_MAX];
	size_t i;

	for (size_t c = 0; c < COUNT_OF(total); c++) {
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
		mm_cell_as(MM_FORMAT_FLAGS, meter, "faults", text);
		fprintf(out, "  fault: %s", text);
	}
	fputc('\n', out);
	json_decref(meter);
}
