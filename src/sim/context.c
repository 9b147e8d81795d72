/* SPDX-License-Identifier: MIT */
/* Finding, reading and writing the attributes of all devices, and the XML that lists them. */
#include "sim/context.h"

#include "core/units.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum device {
	DEVICE_CHIP,
	DEVICE_TRIGGER,
	DEVICE_BOARD,
	DEVICE_COUNT,
};

static const char *const device_ids[DEVICE_COUNT] = {
	[DEVICE_CHIP] = "iio:device0",
	[DEVICE_TRIGGER] = "trigger0",
	[DEVICE_BOARD] = "iio:device1",
};

static const struct mm_sim_face *face_of(const struct mm_sim_board *board)
{
	return &mm_sim_faces[mm_sim_board_chip(board)->family];
}

/* Channels of each kind. */
static unsigned channels_of(const struct mm_sim_board *board)
{
	const struct mm_sim_chip *chip = mm_sim_board_chip(board);

	if (chip->family == MM_SIM_ADE9000) {
		return MM_SIM_LINES;
	}
	return chip->channels - (mm_sim_board_state(board)->fault.kind == MM_SIM_FAULT_NO_CHANNEL);
}

static bool exists(const struct mm_sim_board *board, enum device device)
{
	bool gone = mm_sim_board_state(board)->fault.kind == MM_SIM_FAULT_VANISHED;

	switch (device) {
	case DEVICE_CHIP:
		return !gone;
	case DEVICE_TRIGGER:
		return !gone && mm_sim_board_chip(board)->family != MM_SIM_ADE9000;
	case DEVICE_BOARD:
	case DEVICE_COUNT:
		break;
	}
	return true;
}

void mm_sim_context_trigger_name(const struct mm_sim_board *board, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s-dev0", mm_sim_board_chip(board)->name);
}

static void device_name(const struct mm_sim_board *board, enum device device, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	switch (device) {
	case DEVICE_CHIP:
		snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", mm_sim_board_chip(board)->name);
		break;
	case DEVICE_TRIGGER:
		mm_sim_context_trigger_name(board, ret);
		break;
	case DEVICE_BOARD:
	case DEVICE_COUNT:
		snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "minimeter-sim");
		break;
	}
}

static int find_device(const struct mm_sim_board *board, const char *wanted, enum device *ret)
{
	for (enum device i = 0; i < DEVICE_COUNT; i++) {
		char name[MM_SIM_ATTR_TEXT_MAX];

		device_name(board, i, name);
		if (exists(board, i) && (strcmp(device_ids[i], wanted) == 0 || strcmp(name, wanted) == 0)) {
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

bool mm_sim_context_is_chip(const struct mm_sim_board *board, const char *device)
{
	enum device found;

	return find_device(board, device, &found) == 0 && found == DEVICE_CHIP;
}

bool mm_sim_context_is_trigger(const struct mm_sim_board *board, const char *device)
{
	enum device found;

	return find_device(board, device, &found) == 0 && found == DEVICE_TRIGGER;
}

static int find_channel(const struct mm_sim_board *board, const char *id, struct mm_sim_group *ret)
{
	const struct mm_sim_face *face = face_of(board);

	for (unsigned i = 0; i < face->kind_count; i++) {
		size_t len = strlen(face->kinds[i].id);

		if (strncmp(face->kinds[i].id, id, len) == 0 && id[len] >= '0' && id[len] < '0' + (char)channels_of(board) &&
		    id[len + 1] == '\0') {
			*ret = (struct mm_sim_group){face->kinds[i].attrs, (unsigned)(id[len] - '0')};
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
	if (found != DEVICE_CHIP) {
		if (scope != MM_SIM_SCOPE_DEVICE) {
			return -ENOENT;
		}
		*ret = (struct mm_sim_group){.attrs = found == DEVICE_BOARD ? mm_sim_board_attrs : (struct mm_sim_attrs){0}};
		return 0;
	}
	switch (scope) {
	case MM_SIM_SCOPE_DEVICE:
		*ret = (struct mm_sim_group){.attrs = face_of(board)->device};
		return 0;
	case MM_SIM_SCOPE_CHANNEL:
		return find_channel(board, channel, ret);
	case MM_SIM_SCOPE_BUFFER:
		*ret = (struct mm_sim_group){.attrs = face_of(board)->buffer};
		return 0;
	case MM_SIM_SCOPE_DEBUG:
		break;
	}
	return -ENOENT;
}

int mm_sim_context_narrow(struct mm_sim_group *group, const char *name)
{
	for (unsigned i = 0; i < group->attrs.count; i++) {
		if (strcmp(group->attrs.list[i].name, name) == 0) {
			group->attrs.list += i;
			group->attrs.count = 1;
			return 0;
		}
	}
	return -ENOENT;
}

bool mm_sim_context_on_bus(const struct mm_sim_group *group)
{
	for (unsigned i = 0; i < group->attrs.count; i++) {
		enum mm_sim_reader reader = group->attrs.list[i].reader;

		if (reader == MM_SIM_READ_REGISTER || reader == MM_SIM_READ_FREQUENCY || reader == MM_SIM_READ_CODE) {
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
	if (attr->reader == MM_SIM_READ_FREQUENCY) {
		return print_fraction(INT64_C(4000) * 65536, code + 1, ret);
	}
	return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, code);
}

static int read_truth(const struct mm_sim_board *board, const struct mm_sim_attr *attr, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	struct mm_sim_truth truth;
	int64_t uwh;

	mm_sim_board_truth(board, &truth);
	uwh = attr->reader == MM_SIM_READ_TRUTH_LOAD   ? truth.load_uwh[attr->arg]
	      : attr->reader == MM_SIM_READ_TRUTH_SEEN ? truth.seen_uwh[attr->arg]
						       : truth.load_total_uwh;
	return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, uwh);
}

static int read_code(struct mm_sim_board *board, unsigned channel, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	int32_t code;
	int r = mm_sim_board_convert(board, channel, &code);

	return r < 0 ? r : snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId32, code);
}

/* Clocks of the time stamps that the board knows; by the others of the kernel it has none. */
static const char *const stamp_clocks[] = {"realtime", "boottime"};

static int read_text(struct mm_sim_board *board, const struct mm_sim_attr *attr, unsigned phase,
		     char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	const struct mm_sim_stream *stream = mm_sim_board_stream(board);

	switch (attr->reader) {
	case MM_SIM_READ_REGISTER:
	case MM_SIM_READ_FREQUENCY:
		return read_register(board, attr, phase, ret);
	case MM_SIM_READ_SCALE:
		return print_fraction(1, attr->arg, ret);
	case MM_SIM_READ_REFUSED:
	case MM_SIM_READ_FILTER: /* the driver's own default is none of the types it knows, and it refuses to say it */
		return -EINVAL;
	case MM_SIM_READ_TEXT:
	case MM_SIM_READ_SHARED:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", attr->text);
	case MM_SIM_READ_CODE:
		return read_code(board, phase, ret);
	case MM_SIM_READ_OSR:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%u", stream->osr);
	case MM_SIM_READ_RATE:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%u", stream->rate_khz);
	case MM_SIM_READ_STAMP_CLOCK:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", stamp_clocks[stream->stamp_offset_ns == 0]);
	case MM_SIM_READ_ENABLE:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%d", stream->enabled);
	case MM_SIM_READ_LOST:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRIu64, stream ? stream->lost : 0);
	case MM_SIM_READ_KEY:
		mm_sim_state_format(mm_sim_board_state(board), attr->arg, ret);
		return (int)strlen(ret);
	case MM_SIM_READ_TIME:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, mm_sim_board_time(board));
	case MM_SIM_READ_START:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, mm_sim_board_start(board));
	case MM_SIM_READ_MODE:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", mm_sim_board_stepped(board) ? "stepped" : "realtime");
	case MM_SIM_READ_WINDOWS:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRIu64, mm_sim_board_windows(board));
	case MM_SIM_READ_TRUTH_LOAD:
	case MM_SIM_READ_TRUTH_SEEN:
	case MM_SIM_READ_TRUTH_TOTAL:
		return read_truth(board, attr, ret);
	}
	return -EINVAL;
}

ssize_t mm_sim_context_read(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i,
			    char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	int r = read_text(board, &group->attrs.list[i], group->number, ret);

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

static int write_stamp_clock(struct mm_sim_board *board, const char *text)
{
	for (unsigned i = 0; i < 2; i++) {
		if (strcmp(text, stamp_clocks[i]) == 0) {
			mm_sim_board_stream(board)->stamp_offset_ns = i == 0 ? mm_sim_board_start(board) * MM_NS_PER_S : 0;
			return 0;
		}
	}
	return -EINVAL;
}

/* What a driver takes: whole numbers, and the names of clocks. */
static int write_stream(struct mm_sim_board *board, enum mm_sim_reader reader, const char *text)
{
	struct mm_sim_stream *stream = mm_sim_board_stream(board);
	double number;

	if (reader == MM_SIM_READ_STAMP_CLOCK) {
		return write_stamp_clock(board, text);
	}
	if (!mm_sim_number_parse(text, 0.0, 65536.0, &number) || strspn(text, "0123456789") != strlen(text)) {
		return -EINVAL;
	}
	if (reader == MM_SIM_READ_OSR) {
		return mm_sim_stream_set_osr(stream, (unsigned)number);
	}
	if (reader == MM_SIM_READ_RATE) {
		return mm_sim_stream_set_rate(stream, (unsigned)number);
	}
	/* 1 leaves a buffer behind that nobody reads, as a client that was killed does. */
	mm_sim_stream_stop(stream);
	stream->enabled = number > 0.0;
	return 0;
}

int mm_sim_context_write(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i, const char *text)
{
	const struct mm_sim_attr *attr = &group->attrs.list[i];

	switch (attr->reader) {
	case MM_SIM_READ_TIME:
		return write_time(board, text);
	case MM_SIM_READ_KEY:
		return write_key(board, attr->arg, text);
	case MM_SIM_READ_OSR:
	case MM_SIM_READ_RATE:
	case MM_SIM_READ_STAMP_CLOCK:
	case MM_SIM_READ_ENABLE:
		return write_stream(board, attr->reader, text);
	case MM_SIM_READ_REGISTER:
	case MM_SIM_READ_FREQUENCY:
	case MM_SIM_READ_SCALE:
	case MM_SIM_READ_REFUSED:
	case MM_SIM_READ_FILTER:
	case MM_SIM_READ_TEXT:
	case MM_SIM_READ_CODE:
	case MM_SIM_READ_SHARED:
	case MM_SIM_READ_START:
	case MM_SIM_READ_MODE:
	case MM_SIM_READ_WINDOWS:
	case MM_SIM_READ_LOST:
	case MM_SIM_READ_TRUTH_LOAD:
	case MM_SIM_READ_TRUTH_SEEN:
	case MM_SIM_READ_TRUTH_TOTAL:
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

/* One file for all channels of a kind has no number in its name. */
static bool is_shared(const struct mm_sim_attr *attr)
{
	return attr->reader == MM_SIM_READ_OSR || attr->reader == MM_SIM_READ_RATE || attr->reader == MM_SIM_READ_SHARED;
}

/* scan: index of its scan element, or -1. */
static void append_channel(struct writer *out, const struct mm_sim_face *face, const struct mm_sim_channel_kind *kind,
			   unsigned number, int scan)
{
	append(out, "<channel id=\"%s%u\" ", kind->id, number);
	if (kind->name) {
		append(out, "name=\"%s\" ", kind->name);
	}
	append(out, "type=\"input\" >");
	if (scan >= 0) {
		append(out, "<scan-element index=\"%d\" format=\"%s\" scale=\"0.000000\" />", scan, face->format);
	}
	for (unsigned i = 0; i < kind->attrs.count; i++) {
		const struct mm_sim_attr *attr = &kind->attrs.list[i];
		char digits[12] = "";

		if (!is_shared(attr)) {
			snprintf(digits, sizeof(digits), "%u", number);
		}
		append(out, "<attribute name=\"%s\" filename=\"in_%s%s_%s%s%s\" />", attr->name, kind->id, digits,
		       kind->name ? kind->name : "", kind->name ? "_" : "", attr->name);
	}
	append(out, "</channel>");
}

static void append_head(struct writer *out, const struct mm_sim_board *board, enum device device)
{
	char name[MM_SIM_ATTR_TEXT_MAX];

	device_name(board, device, name);
	append(out, "<device id=\"%s\" name=\"%s\" >", device_ids[device], name);
}

static void append_attrs(struct writer *out, const char *element, const struct mm_sim_attrs *attrs)
{
	for (unsigned i = 0; i < attrs->count; i++) {
		append(out, "<%s name=\"%s\" />", element, attrs->list[i].name);
	}
}

static void append_chip(struct writer *out, const struct mm_sim_board *board)
{
	const struct mm_sim_face *face = face_of(board);
	unsigned count = channels_of(board);

	append_head(out, board, DEVICE_CHIP);
	/* The scan elements first and in their order, as the library sorts them. */
	for (unsigned i = 0; i < count * face->scan_kinds; i++) {
		append_channel(out, face, &face->kinds[i % face->scan_kinds], i / face->scan_kinds, (int)i);
	}
	for (unsigned i = count * face->scan_kinds; i < count * face->kind_count; i++) {
		append_channel(out, face, &face->kinds[i / count], i % count, -1);
	}
	if (face->timestamp) {
		append(out,
		       "<channel id=\"timestamp\" type=\"input\" ><scan-element index=\"%u\" format=\"le:S64/64&gt;&gt;0\" />"
		       "</channel>",
		       mm_sim_board_chip(board)->channels);
	}
	append_attrs(out, "attribute", &face->device);
	append_attrs(out, "buffer-attribute", &face->buffer);
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
	if (exists(board, DEVICE_CHIP)) {
		append_chip(&out, board);
	}
	if (exists(board, DEVICE_TRIGGER)) {
		append_head(&out, board, DEVICE_TRIGGER);
		append(&out, "</device>");
	}
	append_head(&out, board, DEVICE_BOARD);
	append_attrs(&out, "attribute", &mm_sim_board_attrs);
	append(&out, "</device></context>");
	return out.len;
}
