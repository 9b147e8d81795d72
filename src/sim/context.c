/* SPDX-License-Identifier: MIT */
#include "sim/context.h"

#include "base/count_of.h"
#include "core/units.h"
#include "sim/number.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The latest time that a client can write. */
#define TIME_MAX_NS 999999999999999999u

static int find_channel(const struct mm_sim_board *board, const char *id, struct mm_sim_group *ret)
{
	const struct mm_sim_face *face = mm_sim_face_of(board);

	for (unsigned i = 0; i < face->kind_count; i++) {
		size_t len = strlen(face->kinds[i].id);

		if (strncmp(face->kinds[i].id, id, len) == 0 && id[len] >= '0' &&
		    id[len] < '0' + (char)mm_sim_channels_of(board) && id[len + 1] == '\0') {
			*ret = (struct mm_sim_group){face->kinds[i].attrs, (unsigned)(id[len] - '0')};
			return 0;
		}
	}
	return -ENOENT;
}

int mm_sim_context_find_group(const struct mm_sim_board *board, const char *device, enum mm_sim_scope scope, const char *channel,
			      struct mm_sim_group *ret)
{
	enum mm_sim_device found;
	int r = mm_sim_device_find(board, device, &found);

	if (r < 0) {
		return r;
	}
	if (found != MM_SIM_DEVICE_CHIP) {
		if (scope != MM_SIM_SCOPE_DEVICE) {
			return -ENOENT;
		}
		*ret = (struct mm_sim_group){.attrs = found == MM_SIM_DEVICE_BOARD ? mm_sim_board_attrs
										   : (struct mm_sim_attrs){0}};
		return 0;
	}
	switch (scope) {
	case MM_SIM_SCOPE_DEVICE:
		*ret = (struct mm_sim_group){.attrs = mm_sim_face_of(board)->device};
		return 0;
	case MM_SIM_SCOPE_CHANNEL:
		return find_channel(board, channel, ret);
	case MM_SIM_SCOPE_BUFFER:
		*ret = (struct mm_sim_group){.attrs = mm_sim_face_of(board)->buffer};
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

		if (reader == MM_SIM_READ_REGISTER || reader == MM_SIM_READ_FREQUENCY || reader == MM_SIM_READ_CODE ||
		    reader == MM_SIM_READ_COUNT || reader == MM_SIM_READ_WINDOW) {
			return true;
		}
	}
	return false;
}

/* IIO truncates a fraction to nine decimals (IIO_VAL_FRACTIONAL in drivers/iio/industrialio-core.c). */
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

static int read_count(const struct mm_sim_board *board, unsigned energy, unsigned phase, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	struct mm_sim_counts counts;
	int r = mm_sim_board_counts(board, &counts);

	return r < 0 ? r : snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, counts.count[energy][phase]);
}

/* As window_show() in src/kernel/attributes.c. */
static int read_window(struct mm_sim_board *board, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	static const enum mm_sim_register registers[] = {MM_SIM_VRMS, MM_SIM_IRMS, MM_SIM_PERIOD};
	struct mm_sim_counts counts;
	bool silent = mm_sim_board_state(board)->fault.kind == MM_SIM_FAULT_NO_TRIGGER;
	int r = mm_sim_board_counts(board, &counts), len;

	if (r < 0) {
		return r;
	}
	len = snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu32 " %d 0", counts.windows,
		       counts.end_ns, mm_sim_board_time(board), counts.epoch, silent);
	for (unsigned phase = 0; phase < MM_SIM_LINES; phase++) {
		for (unsigned energy = 0; energy < MM_SIM_ENERGIES; energy++) {
			len += snprintf(ret + len, (size_t)(MM_SIM_ATTR_TEXT_MAX - len), " %" PRId64,
					counts.count[energy][phase]);
		}
		for (size_t i = 0; i < COUNT_OF(registers); i++) {
			int64_t code;

			r = mm_sim_board_read(board, registers[i], phase, &code);
			if (r < 0) {
				return r;
			}
			len += snprintf(ret + len, (size_t)(MM_SIM_ATTR_TEXT_MAX - len), " %" PRId64, code);
		}
	}
	return len;
}

/* The clocks that the board has for time stamps. The kernel has more. */
static const char *const stamp_clocks[] = {"realtime", "boottime"};

static int read_text(struct mm_sim_board *board, const struct mm_sim_attr *attr, unsigned phase,
		     char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	const struct mm_sim_stream *stream = mm_sim_board_stream(board);
	bool scaled = mm_sim_board_state(board)->fault.kind != MM_SIM_FAULT_NO_SCALE;

	switch (attr->reader) {
	case MM_SIM_READ_REGISTER:
	case MM_SIM_READ_FREQUENCY:
		return read_register(board, attr, phase, ret);
	case MM_SIM_READ_SCALE:
		return print_fraction(scaled, attr->arg, ret);
	case MM_SIM_READ_REFUSED:
	case MM_SIM_READ_FILTER: /* the driver's default is none of the types that it knows, so it refuses to name it */
		return -EINVAL;
	case MM_SIM_READ_TEXT:
	case MM_SIM_READ_SHARED:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", attr->text);
	case MM_SIM_READ_CODE:
		return read_code(board, phase, ret);
	case MM_SIM_READ_CODE_SCALE:
		return print_fraction(scaled ? attr->arg : 0, (int64_t)((1 << 23) * stream->gain), ret);
	case MM_SIM_READ_OSR:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%u", stream->osr);
	case MM_SIM_READ_RATE:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%u", stream->rate);
	case MM_SIM_READ_STAMP_CLOCK:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", stamp_clocks[stream->stamp_offset_ns == 0]);
	case MM_SIM_READ_COUNT:
		return read_count(board, attr->arg - MM_SIM_WATTHR, phase, ret);
	case MM_SIM_READ_WINDOW:
		return read_window(board, ret);
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
	case MM_SIM_READ_CLOCK_SET:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%" PRId64, mm_sim_board_config(board)->clock_set_ns);
	case MM_SIM_READ_CLOCK_ERROR:
		return snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%.0f", mm_sim_board_config(board)->clock_error_s * 1e9);
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

	assert(r < MM_SIM_ATTR_TEXT_MAX); /* snprintf() gives the length that it would have had */
	return r < 0 ? r : r + 1;
}

static int write_time(struct mm_sim_board *board, const char *text)
{
	uint64_t time_ns;

	if (!mm_sim_board_stepped(board)) {
		return -EACCES;
	}
	if (!mm_sim_whole_parse(text, TIME_MAX_NS, &time_ns)) {
		return -EINVAL;
	}
	return mm_sim_board_advance(board, (int64_t)time_ns);
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

static int write_stream(struct mm_sim_stream *stream, enum mm_sim_reader reader, const char *text)
{
	uint64_t number;

	if (!mm_sim_whole_parse(text, 65536, &number)) {
		return -EINVAL;
	}
	if (reader == MM_SIM_READ_OSR) {
		return mm_sim_stream_set_osr(stream, (unsigned)number);
	}
	if (reader == MM_SIM_READ_RATE) {
		return mm_sim_stream_set_rate(stream, (unsigned)number);
	}
	/* 1 makes a buffer without a reader, such as a killed client leaves. */
	mm_sim_stream_stop(stream);
	stream->enabled = number > 0;
	return 0;
}

int mm_sim_context_write(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i, const char *text)
{
	const struct mm_sim_attr *attr = &group->attrs.list[i];

	if (attr->reader == MM_SIM_READ_TIME) {
		return write_time(board, text);
	}
	if (attr->reader == MM_SIM_READ_KEY) {
		return write_key(board, attr->arg, text);
	}
	if (attr->reader == MM_SIM_READ_STAMP_CLOCK) {
		return write_stamp_clock(board, text);
	}
	if (attr->reader == MM_SIM_READ_OSR || attr->reader == MM_SIM_READ_RATE || attr->reader == MM_SIM_READ_ENABLE) {
		return write_stream(mm_sim_board_stream(board), attr->reader, text);
	}
	return -EACCES;
}
