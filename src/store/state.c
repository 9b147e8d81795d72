/* SPDX-License-Identifier: MIT */
/*
 * magic, version, length of the whole, sequence, times, columns a meter has, meters, each with its identity and its columns as
 * the schema lists them, check sum. A column added to the end of that list is no new version: where it is missing it is zero.
 */
#include "store/state.h"

#include <errno.h>
#include <string.h>

#include "store/column.h"

#define STATE_MAGIC UINT64_C(0x65746174736d6d6b) /* "kmmstate" */
#define LAYOUT 1
#define LENGTH_AT 16 /* where the length is */
#define LENGTH_MIN 24

_Static_assert(MM_COLUMN_COUNT_ALL * 8 + 3 * (8 + MM_STORE_NAME_MAX) <= 768, "a meter fits its part of MM_STATE_SIZE_MAX");

static void put_column(struct mm_writer *writer, const struct mm_column *column, const struct mm_registers *registers)
{
	if (mm_column_is_real(column)) {
		mm_put_double(writer, mm_column_real(column, registers));
	} else {
		mm_put_u64(writer, (uint64_t)mm_column_integer(column, registers));
	}
}

static void get_column(struct mm_reader *reader, const struct mm_column *column, struct mm_registers *ret)
{
	if (mm_column_is_real(column)) {
		mm_column_set_real(column, ret, mm_get_double(reader));
	} else {
		mm_column_set_integer(column, ret, (int64_t)mm_get_u64(reader));
	}
}

void mm_put_registers(struct mm_writer *writer, const struct mm_registers *registers)
{
	for (size_t c = 0; c < MM_COLUMN_COUNT_ALL; c++) {
		put_column(writer, &mm_columns[c], registers);
	}
}

bool mm_get_registers(struct mm_reader *reader, size_t columns, struct mm_registers *ret)
{
	static const struct mm_registers zero;

	*ret = zero;
	for (size_t c = 0; c < columns && !reader->bad; c++) {
		if (c < MM_COLUMN_COUNT_ALL) {
			get_column(reader, &mm_columns[c], ret);
		} else {
			(void)mm_get_u64(reader); /* which a newer version added */
		}
	}
	return !reader->bad && mm_registers_follow(ret, &zero) == 0;
}

size_t mm_state_write(const struct mm_state *state, uint8_t *bytes, size_t size)
{
	struct mm_writer writer = {.bytes = bytes, .size = size};

	mm_put_u64(&writer, STATE_MAGIC);
	mm_put_u64(&writer, LAYOUT);
	mm_put_u64(&writer, 0); /* the length, below */
	mm_put_u64(&writer, state->sequence);
	mm_put_text(&writer, state->boot_id, sizeof(state->boot_id));
	mm_put_u64(&writer, (uint64_t)state->boottime_ns);
	mm_put_u64(&writer, (uint64_t)state->realtime_ns);
	mm_put_u64(&writer, MM_COLUMN_COUNT_ALL);
	mm_put_u64(&writer, state->meter_count);
	for (unsigned i = 0; i < state->meter_count; i++) {
		mm_put_text(&writer, state->nameplate[i].name, sizeof(state->nameplate[i].name));
		mm_put_text(&writer, state->nameplate[i].serial, sizeof(state->nameplate[i].serial));
		mm_put_text(&writer, state->nameplate[i].model, sizeof(state->nameplate[i].model));
		mm_put_registers(&writer, &state->meter[i]);
	}
	if (writer.used + 8 <= size) {
		struct mm_writer length = {.bytes = bytes, .size = size, .used = LENGTH_AT};

		mm_put_u64(&length, writer.used + 8);
		mm_put_u64(&writer, mm_checksum(bytes, writer.used));
		return writer.used;
	}
	return writer.used + 8;
}

static bool get_meter(struct mm_reader *reader, size_t columns, struct mm_store_meter *ret_nameplate, struct mm_registers *ret)
{
	mm_get_text(reader, ret_nameplate->name, sizeof(ret_nameplate->name));
	mm_get_text(reader, ret_nameplate->serial, sizeof(ret_nameplate->serial));
	mm_get_text(reader, ret_nameplate->model, sizeof(ret_nameplate->model));
	return mm_get_registers(reader, columns, ret);
}

ssize_t mm_state_read(const uint8_t *bytes, size_t size, struct mm_state *ret)
{
	struct mm_reader reader = {.bytes = bytes, .size = size};
	struct mm_state state = {0};
	uint64_t magic = mm_get_u64(&reader), version = mm_get_u64(&reader), length = mm_get_u64(&reader), columns, meters;
	struct mm_reader sum = {.bytes = bytes, .size = size, .used = (size_t)length - 8};

	if (reader.bad || magic != STATE_MAGIC || length < LENGTH_MIN + 8 || length > size ||
	    mm_get_u64(&sum) != mm_checksum(bytes, (size_t)length - 8)) {
		return -EBADMSG;
	}
	if (version != LAYOUT) {
		return -EPROTO;
	}
	reader.size = (size_t)length - 8;
	state.sequence = mm_get_u64(&reader);
	mm_get_text(&reader, state.boot_id, sizeof(state.boot_id));
	state.boottime_ns = (int64_t)mm_get_u64(&reader);
	state.realtime_ns = (int64_t)mm_get_u64(&reader);
	columns = mm_get_u64(&reader);
	meters = mm_get_u64(&reader);
	if (meters > MM_STORE_METERS_MAX) {
		return -EPROTO;
	}
	state.meter_count = (unsigned)meters;
	for (unsigned i = 0; i < state.meter_count; i++) {
		if (!get_meter(&reader, (size_t)columns, &state.nameplate[i], &state.meter[i])) {
			return columns > MM_COLUMN_COUNT_ALL && reader.bad ? -EPROTO : -EBADMSG;
		}
	}
	*ret = state;
	return (ssize_t)length;
}

int mm_state_find(const struct mm_state *state, const struct mm_store_meter *meter)
{
	for (unsigned i = 0; i < state->meter_count; i++) {
		if (strcmp(state->nameplate[i].serial, meter->serial) == 0 &&
		    strcmp(state->nameplate[i].model, meter->model) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* ---- Events and intervals ---- */

void mm_put_row(struct mm_writer *writer, const struct mm_store_profile_row *entry)
{
	const struct mm_profile_row *row = &entry->row;

	mm_put_number(writer, (uint64_t)entry->meter);
	mm_put_number(writer, (uint64_t)row->start_s);
	mm_put_number(writer, (uint64_t)row->duration_s);
	mm_put_number(writer, row->status);
	mm_put_number(writer, (uint64_t)row->delivered_uwh);
	mm_put_number(writer, (uint64_t)row->received_uwh);
	mm_put_number(writer, (uint64_t)row->lagging_uvarh);
	mm_put_number(writer, (uint64_t)row->leading_uvarh);
	mm_put_number(writer, (uint64_t)row->covered_ns);
	mm_put_number(writer, row->clock_flags);
	mm_put_number(writer, (uint64_t)row->uncertainty_uwh);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		mm_put_number(writer, (uint64_t)row->element_delivered_uwh[e]);
		mm_put_number(writer, (uint64_t)row->element_received_uwh[e]);
	}
	mm_put_number(writer, (uint64_t)row->register_delivered_uwh);
	mm_put_number(writer, (uint64_t)row->register_received_uwh);
}

/* The meter is -1 for the whole daemon. */
void mm_put_event(struct mm_writer *writer, const struct mm_store_event *event)
{
	mm_put_number(writer, (uint64_t)event->boottime_ns);
	mm_put_number(writer, (uint64_t)event->realtime_ns);
	mm_put_number(writer, (uint64_t)(event->meter + 1));
	mm_put_number(writer, event->clock_flags);
	mm_put_short_text(writer, event->code, sizeof(event->code));
	mm_put_short_text(writer, event->text, sizeof(event->text));
}

void mm_get_row(struct mm_reader *reader, struct mm_store_profile_row *ret)
{
	struct mm_profile_row *row = &ret->row;

	ret->meter = (int)mm_get_number(reader);
	row->start_s = (int64_t)mm_get_number(reader);
	row->duration_s = (int32_t)mm_get_number(reader);
	row->status = (uint32_t)mm_get_number(reader);
	row->delivered_uwh = (int64_t)mm_get_number(reader);
	row->received_uwh = (int64_t)mm_get_number(reader);
	row->lagging_uvarh = (int64_t)mm_get_number(reader);
	row->leading_uvarh = (int64_t)mm_get_number(reader);
	row->covered_ns = (int64_t)mm_get_number(reader);
	row->clock_flags = mm_get_number(reader);
	row->uncertainty_uwh = (int64_t)mm_get_number(reader);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		row->element_delivered_uwh[e] = (int64_t)mm_get_number(reader);
		row->element_received_uwh[e] = (int64_t)mm_get_number(reader);
	}
	row->register_delivered_uwh = (int64_t)mm_get_number(reader);
	row->register_received_uwh = (int64_t)mm_get_number(reader);
}

void mm_get_event(struct mm_reader *reader, struct mm_store_event *ret)
{
	ret->boottime_ns = (int64_t)mm_get_number(reader);
	ret->realtime_ns = (int64_t)mm_get_number(reader);
	ret->meter = (int)mm_get_number(reader) - 1;
	ret->clock_flags = (uint32_t)mm_get_number(reader);
	mm_get_short_text(reader, ret->code, sizeof(ret->code));
	mm_get_short_text(reader, ret->text, sizeof(ret->text));
}

void mm_get_row_1(struct mm_reader *reader, struct mm_store_profile_row *ret)
{
	struct mm_profile_row *row = &ret->row;

	*ret = (struct mm_store_profile_row){.meter = (int)mm_get_u64(reader),
					     .row = {.register_delivered_uwh = -1, .register_received_uwh = -1}};
	row->start_s = (int64_t)mm_get_u64(reader);
	row->duration_s = (int32_t)mm_get_u64(reader);
	row->status = (uint32_t)mm_get_u64(reader);
	row->delivered_uwh = (int64_t)mm_get_u64(reader);
	row->received_uwh = (int64_t)mm_get_u64(reader);
	row->lagging_uvarh = (int64_t)mm_get_u64(reader);
	row->leading_uvarh = (int64_t)mm_get_u64(reader);
	row->covered_ns = (int64_t)mm_get_u64(reader);
}

void mm_get_event_1(struct mm_reader *reader, struct mm_store_event *ret)
{
	ret->boottime_ns = (int64_t)mm_get_u64(reader);
	ret->realtime_ns = (int64_t)mm_get_u64(reader);
	ret->meter = (int)mm_get_u64(reader);
	ret->clock_flags = 0;
	mm_get_text(reader, ret->code, sizeof(ret->code));
	mm_get_text(reader, ret->text, sizeof(ret->text));
}
