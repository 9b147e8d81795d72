/* SPDX-License-Identifier: MIT */
/*
 * The attributes of both devices. Names and their order within a channel are those that libiio finds under sysfs on a real board;
 * a file's name is "in_", the channel's id, its extra name where it has one, and the attribute's name.
 */
#include "sim/context.h"

#include "core/units.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum reader {
	READ_REGISTER,	/* arg: enum mm_sim_register */
	READ_FREQUENCY, /* as the driver computes it: half */
	READ_SCALE,	/* arg: the full-scale code */
	READ_REFUSED,	/* the driver has the file and no way to read it */
	READ_FILTER,
	READ_TEXT, /* text */
	READ_KEY,  /* arg: enum mm_sim_key */
	READ_TIME,
	READ_START,
	READ_MODE,
	READ_WINDOWS,
	READ_TRUTH_LOAD, /* arg: line */
	READ_TRUTH_SEEN, /* arg: element */
	READ_TRUTH_TOTAL,
};

struct mm_sim_attr {
	const char *name;
	enum reader reader;
	unsigned arg;
	const char *text;
};

struct channel {
	const char *kind; /* the id without its number */
	const char *name; /* the modifier libiio knows, or NULL */
	int scan;	  /* index of phase A's scan element, or -1 */
	const struct mm_sim_attr *attrs;
	unsigned count;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WAVEFORM_SCALE READ_SCALE, MM_SIM_WAVEFORM_FULL_SCALE, NULL
#define RMS_SCALE READ_SCALE, MM_SIM_RMS_FULL_SCALE, NULL
#define POWER_SCALE READ_SCALE, MM_SIM_POWER_FULL_SCALE, NULL

static const struct mm_sim_attr current_attrs[] = {
	{"calibscale", READ_REFUSED, 0, NULL},
	{"raw", READ_REGISTER, MM_SIM_I_PCF, NULL},
	{"scale", WAVEFORM_SCALE},
};
static const struct mm_sim_attr voltage_attrs[] = {
	{"calibscale", READ_REFUSED, 0, NULL},
	{"frequency", READ_FREQUENCY, MM_SIM_PERIOD, NULL},
	{"raw", READ_REGISTER, MM_SIM_V_PCF, NULL},
	{"scale", WAVEFORM_SCALE},
};
static const struct mm_sim_attr altcurrent_attrs[] = {
	{"calibbias", READ_REFUSED, 0, NULL},
	{"raw", READ_REGISTER, MM_SIM_IRMS, NULL},
	{"scale", RMS_SCALE},
};
static const struct mm_sim_attr altvoltage_attrs[] = {
	{"calibbias", READ_REFUSED, 0, NULL},
	{"raw", READ_REGISTER, MM_SIM_VRMS, NULL},
	{"scale", RMS_SCALE},
};
static const struct mm_sim_attr power_attrs[] = {
	{"active_calibbias", READ_REFUSED, 0, NULL},	   {"active_calibscale", READ_REFUSED, 0, NULL},
	{"active_raw", READ_REGISTER, MM_SIM_WATT, NULL},  {"active_scale", POWER_SCALE},
	{"apparent_raw", READ_REGISTER, MM_SIM_VA, NULL},  {"apparent_scale", POWER_SCALE},
	{"powerfactor", READ_REGISTER, MM_SIM_PF, NULL},   {"reactive_calibbias", READ_REFUSED, 0, NULL},
	{"reactive_raw", READ_REGISTER, MM_SIM_VAR, NULL}, {"reactive_scale", POWER_SCALE},
};
static const struct mm_sim_attr energy_attrs[] = {
	{"active_raw", READ_REGISTER, MM_SIM_WATTHR, NULL},
	{"apparent_raw", READ_REGISTER, MM_SIM_VAHR, NULL},
	{"reactive_raw", READ_REGISTER, MM_SIM_VARHR, NULL},
};
static const struct mm_sim_attr chip_attrs[] = {
	{"filter_type", READ_FILTER, 0, NULL},
	{"filter_type_available", READ_TEXT, 0, "sinc4 sinc4+lp"},
};
static const struct mm_sim_attr chip_buffer_attrs[] = {
	{"data_available", READ_TEXT, 0, "0"},
	{"direction", READ_TEXT, 0, "in"},
};

static const struct channel channels[] = {
	{"current", NULL, 0, current_attrs, COUNT(current_attrs)},
	{"voltage", NULL, 1, voltage_attrs, COUNT(voltage_attrs)},
	{"altcurrent", "rms", -1, altcurrent_attrs, COUNT(altcurrent_attrs)},
	{"altvoltage", "rms", -1, altvoltage_attrs, COUNT(altvoltage_attrs)},
	{"power", NULL, -1, power_attrs, COUNT(power_attrs)},
	{"energy", NULL, -1, energy_attrs, COUNT(energy_attrs)},
};

static const struct mm_sim_attr board_attrs[] = {
	{"time_ns", READ_TIME, 0, NULL},
	{"start_time", READ_START, 0, NULL},
	{"mode", READ_MODE, 0, NULL},
	{"windows", READ_WINDOWS, 0, NULL},
	{"voltage_a", READ_KEY, MM_SIM_VOLTAGE_A, NULL},
	{"voltage_b", READ_KEY, MM_SIM_VOLTAGE_B, NULL},
	{"voltage_c", READ_KEY, MM_SIM_VOLTAGE_C, NULL},
	{"phase_a", READ_KEY, MM_SIM_PHASE_A, NULL},
	{"phase_b", READ_KEY, MM_SIM_PHASE_B, NULL},
	{"phase_c", READ_KEY, MM_SIM_PHASE_C, NULL},
	{"frequency_hz", READ_KEY, MM_SIM_FREQUENCY, NULL},
	{"load_a", READ_KEY, MM_SIM_LOAD_A, NULL},
	{"load_b", READ_KEY, MM_SIM_LOAD_B, NULL},
	{"load_c", READ_KEY, MM_SIM_LOAD_C, NULL},
	{"load_ab", READ_KEY, MM_SIM_LOAD_AB, NULL},
	{"line_ohm", READ_KEY, MM_SIM_LINE_OHM, NULL},
	{"lead_a", READ_KEY, MM_SIM_LEAD_A, NULL},
	{"lead_b", READ_KEY, MM_SIM_LEAD_B, NULL},
	{"lead_c", READ_KEY, MM_SIM_LEAD_C, NULL},
	{"lead_n", READ_KEY, MM_SIM_LEAD_N, NULL},
	{"ct_a", READ_KEY, MM_SIM_CT_A, NULL},
	{"ct_b", READ_KEY, MM_SIM_CT_B, NULL},
	{"ct_c", READ_KEY, MM_SIM_CT_C, NULL},
	{"fault", READ_KEY, MM_SIM_FAULT, NULL},
	{"truth_load_a_uwh", READ_TRUTH_LOAD, 0, NULL},
	{"truth_load_b_uwh", READ_TRUTH_LOAD, 1, NULL},
	{"truth_load_c_uwh", READ_TRUTH_LOAD, 2, NULL},
	{"truth_load_total_uwh", READ_TRUTH_TOTAL, 0, NULL},
	{"truth_seen_a_uwh", READ_TRUTH_SEEN, 0, NULL},
	{"truth_seen_b_uwh", READ_TRUTH_SEEN, 1, NULL},
	{"truth_seen_c_uwh", READ_TRUTH_SEEN, 2, NULL},
};

enum device {
	DEVICE_CHIP,
	DEVICE_BOARD,
	DEVICE_COUNT,
};

static const struct {
	const char *id, *name;
} devices[DEVICE_COUNT] = {
	[DEVICE_CHIP] = {"iio:device0", "ade9000"},
	[DEVICE_BOARD] = {"iio:device1", "minimeter-sim"},
};

static bool chip_gone(const struct mm_sim_board *board)
{
	return mm_sim_board_state(board)->fault.kind == MM_SIM_FAULT_VANISHED;
}

static int find_device(const struct mm_sim_board *board, const char *device, enum device *ret)
{
	for (enum device i = 0; i < DEVICE_COUNT; i++) {
		if (strcmp(devices[i].id, device) == 0 || strcmp(devices[i].name, device) == 0) {
			if (i == DEVICE_CHIP && chip_gone(board)) {
				return -ENODEV;
			}
			*ret = i;
			return 0;
		}
	}
	return -ENODEV;
}

bool mm_sim_context_has_device(const struct mm_sim_board *board, const char *device)
{
	enum device found;

	return find_device(board, device, &found) == 0;
}

static int find_channel(const char *id, struct mm_sim_group *ret)
{
	for (unsigned i = 0; i < COUNT(channels); i++) {
		size_t len = strlen(channels[i].kind);

		if (strncmp(channels[i].kind, id, len) == 0 && id[len] >= '0' && id[len] < '0' + MM_SIM_LINES &&
		    id[len + 1] == '\0') {
			*ret = (struct mm_sim_group){channels[i].attrs, channels[i].count, (unsigned)(id[len] - '0')};
			return 0;
		}
	}
	return -ENOENT;
}

int mm_sim_context_find_group(const struct mm_sim_board *board, const char *device, enum mm_sim_scope scope, const char *channel,
			      struct mm_sim_group *ret)
{
	enum device found;
	int r = find_device(board, device, &found);

	if (r < 0) {
		return r;
	}
	if (found == DEVICE_BOARD) {
		if (scope != MM_SIM_SCOPE_DEVICE) {
			return -ENOENT;
		}
		*ret = (struct mm_sim_group){board_attrs, COUNT(board_attrs), 0};
		return 0;
	}
	switch (scope) {
	case MM_SIM_SCOPE_DEVICE:
		*ret = (struct mm_sim_group){chip_attrs, COUNT(chip_attrs), 0};
		return 0;
	case MM_SIM_SCOPE_CHANNEL:
		return find_channel(channel, ret);
	case MM_SIM_SCOPE_BUFFER:
		*ret = (struct mm_sim_group){chip_buffer_attrs, COUNT(chip_buffer_attrs), 0};
		return 0;
	case MM_SIM_SCOPE_DEBUG:
		break;
	}
	return -ENOENT;
}

int mm_sim_context_narrow(struct mm_sim_group *group, const char *name)
{
	for (unsigned i = 0; i < group->count; i++) {
		if (strcmp(group->attrs[i].name, name) == 0) {
			group->attrs += i;
			group->count = 1;
			return 0;
		}
	}
	return -ENOENT;
}

bool mm_sim_context_on_bus(const struct mm_sim_group *group)
{
	for (unsigned i = 0; i < group->count; i++) {
		if (group->attrs[i].reader == READ_REGISTER || group->attrs[i].reader == READ_FREQUENCY) {
			return true;
		}
	}
	return false;
}

/* IIO prints a fraction with nine decimals and cuts the rest off (IIO_VAL_FRACTIONAL in drivers/iio/industrialio-core.c). */
static int print_fraction(int64_t numerator, int64_t denominator, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	int64_t billionths = numerator * MM_NS_PER_S / denominator;

	return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64 ".%09" PRId64, billionths / MM_NS_PER_S, billionths % MM_NS_PER_S);
}

static int read_register(struct mm_sim_board *board, const struct mm_sim_attr *attr, unsigned phase,
			 char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	int64_t code;
	int r = mm_sim_board_read(board, attr->arg, phase, &code);

	if (r < 0) {
		return r;
	}
	if (attr->reader == READ_FREQUENCY) {
		return print_fraction(INT64_C(4000) * 65536, code + 1, ret);
	}
	return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, code);
}

static int read_truth(const struct mm_sim_board *board, const struct mm_sim_attr *attr, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	struct mm_sim_truth truth;
	int64_t uwh;

	mm_sim_board_truth(board, &truth);
	uwh = attr->reader == READ_TRUTH_LOAD	? truth.load_uwh[attr->arg]
	      : attr->reader == READ_TRUTH_SEEN ? truth.seen_uwh[attr->arg]
						: truth.load_total_uwh;
	return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, uwh);
}

static int read_text(struct mm_sim_board *board, const struct mm_sim_attr *attr, unsigned phase,
		     char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	switch (attr->reader) {
	case READ_REGISTER:
	case READ_FREQUENCY:
		return read_register(board, attr, phase, ret);
	case READ_SCALE:
		return print_fraction(1, attr->arg, ret);
	case READ_REFUSED:
	case READ_FILTER: /* the driver's own default is none of the types it knows, and it refuses to say it */
		return -EINVAL;
	case READ_TEXT:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", attr->text);
	case READ_KEY:
		mm_sim_state_format(mm_sim_board_state(board), attr->arg, ret);
		return (int)strlen(ret);
	case READ_TIME:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, mm_sim_board_time(board));
	case READ_START:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, mm_sim_board_start(board));
	case READ_MODE:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", mm_sim_board_stepped(board) ? "stepped" : "realtime");
	case READ_WINDOWS:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRIu64, mm_sim_board_windows(board));
	case READ_TRUTH_LOAD:
	case READ_TRUTH_SEEN:
	case READ_TRUTH_TOTAL:
		return read_truth(board, attr, ret);
	}
	return -EINVAL;
}

ssize_t mm_sim_context_read(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i,
			    char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	int r = read_text(board, &group->attrs[i], group->phase, ret);

	return r < 0 ? r : r + 1;
}

static int write_time(struct mm_sim_board *board, const char *text)
{
	int64_t time_ns = 0;

	if (!mm_sim_board_stepped(board)) {
		return -EACCES;
	}
	if (text[0] == '\0' || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text)) {
		return -EINVAL;
	}
	for (const char *digit = text; *digit; digit++) {
		time_ns = time_ns * 10 + (*digit - '0');
	}
	return mm_sim_board_advance(board, time_ns);
}

static int write_key(struct mm_sim_board *board, enum mm_sim_key key, const char *text)
{
	union mm_sim_value value;
	const char *reason;
	int r;

	if (strcmp(text, "scenario") == 0) {
		mm_sim_board_override(board, key, NULL);
		return 0;
	}
	r = mm_sim_value_parse(key, text, &value, &reason);
	if (r < 0) {
		return r;
	}
	mm_sim_board_override(board, key, &value);
	return 0;
}

int mm_sim_context_write(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i, const char *text)
{
	const struct mm_sim_attr *attr = &group->attrs[i];

	switch (attr->reader) {
	case READ_TIME:
		return write_time(board, text);
	case READ_KEY:
		return write_key(board, attr->arg, text);
	case READ_REGISTER:
	case READ_FREQUENCY:
	case READ_SCALE:
	case READ_REFUSED:
	case READ_FILTER:
	case READ_TEXT:
	case READ_START:
	case READ_MODE:
	case READ_WINDOWS:
	case READ_TRUTH_LOAD:
	case READ_TRUTH_SEEN:
	case READ_TRUTH_TOTAL:
		break;
	}
	return -EACCES;
}

struct writer {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void append(struct writer *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out->len += (size_t)vsnprintf(out->text + out->len, MM_SIM_XML_MAX - out->len, format, args);
	va_end(args);
	/* Only our own tables end up here, and their size is known. */
	assert(out->len < MM_SIM_XML_MAX);
}

static void append_channel(struct writer *out, const struct channel *channel, unsigned phase)
{
	append(out, "<channel id=\"%s%u\" ", channel->kind, phase);
	if (channel->name) {
		append(out, "name=\"%s\" ", channel->name);
	}
	append(out, "type=\"input\" >");
	if (channel->scan >= 0) {
		append(out, "<scan-element index=\"%u\" format=\"be:S32/32&gt;&gt;0\" scale=\"0.000000\" />",
		       (unsigned)channel->scan + 2 * phase);
	}
	for (unsigned i = 0; i < channel->count; i++) {
		append(out, "<attribute name=\"%s\" filename=\"in_%s%u_%s%s%s\" />", channel->attrs[i].name, channel->kind, phase,
		       channel->name ? channel->name : "", channel->name ? "_" : "", channel->attrs[i].name);
	}
	append(out, "</channel>");
}

static void append_chip(struct writer *out)
{
	append(out, "<device id=\"%s\" name=\"%s\" >", devices[DEVICE_CHIP].id, devices[DEVICE_CHIP].name);
	for (unsigned i = 0; i < COUNT(channels) * MM_SIM_LINES; i++) {
		/* The scan elements first and in their order, as the library sorts them. */
		append_channel(out, i < 2 * MM_SIM_LINES ? &channels[i % 2] : &channels[i / MM_SIM_LINES],
			       i < 2 * MM_SIM_LINES ? i / 2 : i % MM_SIM_LINES);
	}
	for (unsigned i = 0; i < COUNT(chip_attrs); i++) {
		append(out, "<attribute name=\"%s\" />", chip_attrs[i].name);
	}
	for (unsigned i = 0; i < COUNT(chip_buffer_attrs); i++) {
		append(out, "<buffer-attribute name=\"%s\" />", chip_buffer_attrs[i].name);
	}
	append(out, "</device>");
}

/* Clients validate what they read, so the document brings its type: everything we use, each attribute plain text. */
static const char xml_head[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?><!DOCTYPE context [<!ELEMENT context ANY><!ELEMENT device ANY><!ELEMENT "
	"channel ANY>"
	"<!ELEMENT scan-element EMPTY><!ELEMENT attribute EMPTY><!ELEMENT buffer-attribute EMPTY>"
	"<!ATTLIST context name CDATA #REQUIRED version-major CDATA #IMPLIED version-minor CDATA #IMPLIED version-git CDATA "
	"#IMPLIED "
	"description CDATA #IMPLIED><!ATTLIST device id CDATA #REQUIRED name CDATA #IMPLIED><!ATTLIST channel id CDATA #REQUIRED "
	"type CDATA #REQUIRED name CDATA #IMPLIED><!ATTLIST scan-element index CDATA #REQUIRED format CDATA #REQUIRED "
	"scale CDATA #IMPLIED><!ATTLIST attribute name CDATA #REQUIRED filename CDATA #IMPLIED>"
	"<!ATTLIST buffer-attribute name CDATA #REQUIRED>]>";

size_t mm_sim_context_xml(const struct mm_sim_board *board, char ret[static MM_SIM_XML_MAX])
{
	struct writer out = {.text = ret};

	append(&out, "%s<context name=\"local\" version-major=\"0\" version-minor=\"26\" version-git=\"v0.26\" ", xml_head);
	append(&out, "description=\"minimeter simulated board\" >");
	if (!chip_gone(board)) {
		append_chip(&out);
	}
	append(&out, "<device id=\"%s\" name=\"%s\" >", devices[DEVICE_BOARD].id, devices[DEVICE_BOARD].name);
	for (unsigned i = 0; i < COUNT(board_attrs); i++) {
		append(&out, "<attribute name=\"%s\" />", board_attrs[i].name);
	}
	append(&out, "</device></context>");
	return out.len;
}
