/* SPDX-License-Identifier: MIT */
/*
 * Model numbers: a table for each field, read from left to right. A field is known by its values and not by separators, so a
 * number without any reads the same.
 */
#include "core/model.h"

#include "base/count_of.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct meter_type {
	const char *text;
	char separator; /* in the maker's spelling */
	bool enclosure;
	unsigned elements;
	const char *voltage;
	const char *voltage_reason;
};

static const struct meter_type meter_types[] = {
	{"MMS", '-', false, 1, "120", "an MMS model is for 120 (line to neutral)"},
	{"MMD", '-', false, 2, "120", "an MMD model is for 120 (line to neutral)"},
	{"MS", ' ', true, 1, "120", "an MS model is for 120 (phase to neutral)"},
	{"MD", ' ', true, 2, "240", "an MD model is for 240 (phase to phase)"},
};

struct ct_ratio {
	const char *single;
	const char *enclosure;
	double primary_a;
	double secondary_a;
};

static const struct ct_ratio ct_ratios[] = {
	{"1001", "011", 100, 0.1},
	{"2001", "021", 200, 0.1},
	{"2002", "022", 200, 0.2},
	{"4001", "041", 400, 0.1},
};

struct reader {
	const char *rest; /* of the text */
	const struct meter_type *type;
	size_t length; /* of model.canonical */
	struct mm_model model;
};

static int refuse(struct mm_model_error *ret_error, const char *field, const char *reason)
{
	*ret_error = (struct mm_model_error){.field = field, .reason = reason};
	return -EINVAL;
}

static void skip_separators(struct reader *reader)
{
	while (*reader->rest == '-' || *reader->rest == ' ') {
		reader->rest++;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The C library's follows the locale; a model number doesn't. */
static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void spell(struct reader *reader, const char *token)
{
	size_t length = strlen(token);

	assert(reader->length + length + 2 <= sizeof(reader->model.canonical));
	if (reader->length > 0) {
		reader->model.canonical[reader->length++] = reader->type->separator;
	}
	memcpy(reader->model.canonical + reader->length, token, length + 1);
	reader->length += length;
}

/* Reads token if it comes next, and spells it into the canonical number. */
static bool take(struct reader *reader, const char *token)
{
	size_t length = 0;

	skip_separators(reader);
	for (; token[length] != '\0'; length++) {
		if (upper(reader->rest[length]) != token[length]) {
			return false;
		}
	}
	reader->rest += length;
	spell(reader, token);
	return true;
}

static bool take_type(struct reader *reader)
{
	for (size_t i = 0; i < COUNT_OF(meter_types); i++) {
		reader->type = &meter_types[i];
		if (take(reader, meter_types[i].text)) {
			reader->model.elements = meter_types[i].elements;
			reader->model.wires = meter_types[i].elements == 1 ? MM_WIRES_1P2W : MM_WIRES_3W;
			return true;
		}
	}
	return false;
}

static bool take_ratio(struct reader *reader)
{
	for (size_t i = 0; i < COUNT_OF(ct_ratios); i++) {
		if (take(reader, reader->type->enclosure ? ct_ratios[i].enclosure : ct_ratios[i].single)) {
			reader->model.ct_primary_a = ct_ratios[i].primary_a;
			reader->model.ct_secondary_a = ct_ratios[i].secondary_a;
			return true;
		}
	}
	return false;
}

static bool take_meters(struct reader *reader)
{
	char digits[3] = "";

	skip_separators(reader);
	if (!is_digit(reader->rest[0]) || !is_digit(reader->rest[1])) {
		return false;
	}
	memcpy(digits, reader->rest, 2);
	reader->model.meters = (unsigned)(digits[0] - '0') * 10 + (unsigned)(digits[1] - '0');
	return reader->model.meters > 0 && take(reader, digits);
}

/* What follows the voltage in "MMD-120-2001-T-SCC". */
static int read_single(struct reader *reader, struct mm_model_error *ret_error)
{
	reader->model.meters = 1;
	if (!take_ratio(reader)) {
		return refuse(ret_error, "CT ratio", "1001 (100:0.1), 2001 (200:0.1), 2002 (200:0.2) or 4001 (400:0.1)");
	}
	reader->model.fine_pulses = take(reader, "T");
	reader->model.lcd = take(reader, "SCC");
	skip_separators(reader);
	if (*reader->rest != '\0') {
		return refuse(ret_error, "options", "only T and then SCC may follow the CT ratio");
	}
	return 0;
}

/* What follows the voltage in "MS 120 F 01 SO 011 00". */
static int read_enclosure(struct reader *reader, struct mm_model_error *ret_error)
{
	if (!take(reader, "F")) {
		return refuse(ret_error, "enclosure", "F (indoor flush mount)");
	}
	if (!take_meters(reader)) {
		return refuse(ret_error, "number of meters", "two digits, 01 or more");
	}
	reader->model.lcd = take(reader, "SO");
	if (!reader->model.lcd && !take(reader, "XO")) {
		return refuse(ret_error, "counter", "SO (self-contained LCD) or XO (none)");
	}
	if (!take_ratio(reader)) {
		return refuse(ret_error, "CT ratio", "011 (100:0.1), 021 (200:0.1), 022 (200:0.2) or 041 (400:0.1)");
	}
	if (!take(reader, "00")) {
		return refuse(ret_error, "options", "00 (none)");
	}
	skip_separators(reader);
	if (*reader->rest != '\0') {
		return refuse(ret_error, "options", "nothing may follow 00");
	}
	return 0;
}

int mm_model_parse(const char *text, struct mm_model *ret, struct mm_model_error *ret_error)
{
	struct reader reader = {.rest = text, .model = {.rated_voltage_v = 120, .kh_wh = 10}};
	int r;

	if (memchr(text, '\0', MM_MODEL_TEXT_MAX) == NULL) {
		return refuse(ret_error, "model number", "longer than any model number");
	}
	if (!take_type(&reader)) {
		return refuse(ret_error, "meter type", "MMS, MMD, MS or MD");
	}
	if (!take(&reader, reader.type->voltage)) {
		return refuse(ret_error, "voltage", reader.type->voltage_reason);
	}
	r = reader.type->enclosure ? read_enclosure(&reader, ret_error) : read_single(&reader, ret_error);
	if (r < 0) {
		return r;
	}
	*ret = reader.model;
	return 0;
}

const char *mm_wires_name(enum mm_wires wires)
{
	static const char *const names[MM_WIRES_COUNT] = {
		[MM_WIRES_1P2W] = "1-phase 2-wire",	 [MM_WIRES_3W] = "1- or 2-phase 3-wire",
		[MM_WIRES_SPLIT] = "split-phase 3-wire", [MM_WIRES_NETWORK] = "2-phase 3-wire",
		[MM_WIRES_WYE] = "3-phase 4-wire",
	};

	assert(wires < MM_WIRES_COUNT);
	return names[wires];
}

/* 85 and 115 %. */
double mm_model_supply_min_v(const struct mm_model *model)
{
	return model->rated_voltage_v * 85 / 100;
}

double mm_model_supply_max_v(const struct mm_model *model)
{
	return model->rated_voltage_v * 115 / 100;
}

double mm_model_full_w(const struct mm_model *model)
{
	return model->elements * model->rated_voltage_v * model->ct_primary_a * MM_OVERCURRENT_RATIO;
}
