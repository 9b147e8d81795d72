/* SPDX-License-Identifier: MIT */
/*
 * In sectors, so that a medium which writes 512 bytes at once has nothing else to write:
 *
 *   the head: magic, layout, program, length of the whole, check sum, then what concerns all meters
 *   a sector for each meter: its columns as the schema lists them; those that are missing at the end of the list are zero
 *   the tail, which begins in what the head leaves free and goes on behind the meters: serial numbers and models, intervals,
 *   events, and the names of the meters
 *
 * Every later layout begins as the head does, up to the check sum, so that a program can say whose slot it can't read. Layout 1
 * had magic, layout, length, database, previous, state, intervals, events, check sum.
 */
#include "store/slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/column.h"

#define MAGIC UINT64_C(0x6567616d696d6d6b) /* "kmmimage" */
#define LAYOUT 2
#define LAYOUT_1 1
#define SECTOR 512
#define LENGTH_AT 40
#define SUM_AT 48
#define SUM_SIZE 8
#define TAIL_AT 288
#define TAIL_IN_HEAD (SECTOR - TAIL_AT)
#define LENGTH_1_MIN 48 /* of layout 1, up to the state */

_Static_assert(MM_COLUMN_COUNT_ALL * 8 <= SECTOR, "the columns of a meter fit a sector");
_Static_assert(MM_SLOT_ROWS_MAX < 128 && MM_SLOT_EVENTS_MAX < 128, "a count is a byte");

/* The sum leaves itself out. */
static uint64_t sum_of(const uint8_t *bytes, size_t length)
{
	return mm_checksum_on(mm_checksum(bytes, SUM_AT), bytes + SUM_AT + SUM_SIZE, length - SUM_AT - SUM_SIZE);
}

/* The head and a sector for each meter. */
static size_t fixed_size(unsigned meters)
{
	return SECTOR + (size_t)meters * SECTOR;
}

/* ---- Writing ---- */

/* Puts the intervals or the events, as many as fit, and their number before them. */
static void put_history(struct mm_writer *writer, const struct mm_slot *slot, bool events)
{
	size_t count = events ? slot->event_count : slot->row_count, max = events ? MM_SLOT_EVENTS_MAX : MM_SLOT_ROWS_MAX;
	struct mm_writer number = *writer;
	size_t fit = 0;

	mm_put_number(writer, 0);
	for (; fit < count && fit < max; fit++) {
		size_t before = writer->used;

		if (events) {
			mm_put_event(writer, &slot->event[fit]);
		} else {
			mm_put_row(writer, &slot->row[fit]);
		}
		if (writer->used > writer->size) {
			writer->used = before;
			break;
		}
	}
	mm_put_number(&number, fit);
}

/* The length of the tail; more than size: not even the serial numbers and models fit. */
static size_t put_tail(const struct mm_slot *slot, uint8_t *bytes, size_t size)
{
	const struct mm_state *state = &slot->state;
	/* Room stays for the number of events. */
	struct mm_writer writer = {.bytes = bytes, .size = size > 0 ? size - 1 : 0};

	for (unsigned i = 0; i < state->meter_count; i++) {
		mm_put_short_text(&writer, state->nameplate[i].serial, sizeof(state->nameplate[i].serial));
		mm_put_short_text(&writer, state->nameplate[i].model, sizeof(state->nameplate[i].model));
	}
	if (writer.used >= writer.size) {
		return size + 1;
	}
	put_history(&writer, slot, false);
	writer.size = size;
	put_history(&writer, slot, true);
	for (unsigned i = 0; i < state->meter_count; i++) {
		size_t before = writer.used;

		mm_put_short_text(&writer, state->nameplate[i].name, sizeof(state->nameplate[i].name));
		if (writer.used > writer.size) {
			return before;
		}
	}
	return writer.used;
}

static void put_head(const struct mm_slot *slot, size_t tail, size_t length, uint8_t *bytes)
{
	const struct mm_state *state = &slot->state;
	struct mm_writer writer = {.bytes = bytes, .size = SECTOR};
	char program[MM_PROGRAM_MAX] = {0};

	snprintf(program, sizeof(program), "%s", PACKAGE_VERSION);
	mm_put_u64(&writer, MAGIC);
	mm_put_u64(&writer, LAYOUT);
	mm_put_bytes(&writer, program, sizeof(program));
	mm_put_u64(&writer, length);
	mm_put_u64(&writer, 0); /* the sum, at last */
	mm_put_u64(&writer, state->sequence);
	mm_put_u64(&writer, slot->database);
	mm_put_u64(&writer, slot->previous);
	mm_put_u64(&writer, (uint64_t)state->boottime_ns);
	mm_put_u64(&writer, (uint64_t)state->realtime_ns);
	mm_put_u64(&writer, MM_COLUMN_COUNT_ALL);
	mm_put_u64(&writer, state->meter_count);
	mm_put_u64(&writer, tail);
	mm_put_bytes(&writer, state->boot_id, sizeof(state->boot_id));
	mm_put_u64(&writer, (uint64_t)slot->heads.event);
	mm_put_bytes(&writer, slot->heads.event_hash, sizeof(slot->heads.event_hash));
	mm_put_u64(&writer, (uint64_t)slot->heads.profile);
	mm_put_bytes(&writer, slot->heads.profile_hash, sizeof(slot->heads.profile_hash));
	mm_put_bytes(&writer, slot->mac, sizeof(slot->mac));
	mm_put_u64(&writer, (uint64_t)slot->page);
}

ssize_t mm_slot_write(const struct mm_slot *slot, uint8_t *bytes, size_t size)
{
	size_t fixed = fixed_size(slot->state.meter_count), used, length;
	uint8_t tail[MM_SLOT_SIZE_MAX];
	struct mm_writer sum = {.bytes = bytes, .size = size, .used = SUM_AT};

	if (size < fixed) {
		return -ENOSPC;
	}
	size = size < MM_SLOT_SIZE_MAX ? size : MM_SLOT_SIZE_MAX;
	used = put_tail(slot, tail, size - fixed + TAIL_IN_HEAD);
	if (used > size - fixed + TAIL_IN_HEAD) {
		return -ENOSPC;
	}
	length = fixed + (used > TAIL_IN_HEAD ? used - TAIL_IN_HEAD : 0);
	memset(bytes, 0, fixed);
	put_head(slot, used, length, bytes);
	for (unsigned i = 0; i < slot->state.meter_count; i++) {
		struct mm_writer sector = {.bytes = bytes + fixed_size(i), .size = SECTOR};

		mm_put_registers(&sector, &slot->state.meter[i]);
	}
	memcpy(bytes + TAIL_AT, tail, used < TAIL_IN_HEAD ? used : TAIL_IN_HEAD);
	if (used > TAIL_IN_HEAD) {
		memcpy(bytes + fixed, tail + TAIL_IN_HEAD, used - TAIL_IN_HEAD);
	}
	mm_put_u64(&sum, sum_of(bytes, length));
	return (ssize_t)length;
}

/* ---- Reading ---- */

/* False: not what a meter writes. first: of layout 1. */
static bool get_history(struct mm_reader *reader, bool first, struct mm_slot *ret)
{
	int meters = (int)ret->state.meter_count;

	ret->row_count = (size_t)(first ? mm_get_u64(reader) : mm_get_number(reader));
	for (size_t i = 0; i < ret->row_count; i++) {
		if (i == MM_SLOT_ROWS_MAX) {
			return false;
		}
		(first ? mm_get_row_1 : mm_get_row)(reader, &ret->row[i]);
		if (ret->row[i].meter < 0 || ret->row[i].meter >= meters) {
			return false;
		}
	}
	ret->event_count = (size_t)(first ? mm_get_u64(reader) : mm_get_number(reader));
	for (size_t i = 0; i < ret->event_count; i++) {
		if (i == MM_SLOT_EVENTS_MAX) {
			return false;
		}
		(first ? mm_get_event_1 : mm_get_event)(reader, &ret->event[i]);
		if (ret->event[i].meter < -1 || ret->event[i].meter >= meters) {
			return false;
		}
	}
	return !reader->bad;
}

static bool get_tail(struct mm_reader *reader, struct mm_slot *ret)
{
	struct mm_state *state = &ret->state;

	for (unsigned i = 0; i < state->meter_count; i++) {
		mm_get_short_text(reader, state->nameplate[i].serial, sizeof(state->nameplate[i].serial));
		mm_get_short_text(reader, state->nameplate[i].model, sizeof(state->nameplate[i].model));
	}
	if (!get_history(reader, false, ret)) {
		return false;
	}
	for (unsigned i = 0; i < state->meter_count && reader->used < reader->size; i++) {
		mm_get_short_text(reader, state->nameplate[i].name, sizeof(state->nameplate[i].name));
	}
	return !reader->bad && reader->used == reader->size;
}

static int read_sectors(const uint8_t *bytes, size_t length, struct mm_slot *ret)
{
	struct mm_reader head = {.bytes = bytes, .size = SECTOR, .used = SUM_AT + SUM_SIZE};
	struct mm_state *state = &ret->state;
	uint8_t tail[MM_SLOT_SIZE_MAX];
	uint64_t columns, meters, used;
	size_t fixed;

	state->sequence = mm_get_u64(&head);
	ret->database = mm_get_u64(&head);
	ret->previous = mm_get_u64(&head);
	state->boottime_ns = (int64_t)mm_get_u64(&head);
	state->realtime_ns = (int64_t)mm_get_u64(&head);
	columns = mm_get_u64(&head);
	meters = mm_get_u64(&head);
	used = mm_get_u64(&head);
	mm_get_bytes(&head, state->boot_id, sizeof(state->boot_id));
	state->boot_id[sizeof(state->boot_id) - 1] = '\0';
	ret->heads.event = (int64_t)mm_get_u64(&head);
	mm_get_bytes(&head, ret->heads.event_hash, sizeof(ret->heads.event_hash));
	ret->heads.profile = (int64_t)mm_get_u64(&head);
	mm_get_bytes(&head, ret->heads.profile_hash, sizeof(ret->heads.profile_hash));
	mm_get_bytes(&head, ret->mac, sizeof(ret->mac));
	ret->page = (int64_t)mm_get_u64(&head);
	if (columns > MM_COLUMN_COUNT_ALL || meters > MM_STORE_METERS_MAX) {
		return -EPROTO;
	}
	fixed = fixed_size((unsigned)meters);
	if (state->sequence == 0 || meters == 0 || length < fixed || length > MM_SLOT_SIZE_MAX || used > length ||
	    length != fixed + (used > TAIL_IN_HEAD ? used - TAIL_IN_HEAD : 0)) {
		return -EBADMSG;
	}
	state->meter_count = (unsigned)meters;
	for (unsigned i = 0; i < state->meter_count; i++) {
		struct mm_reader sector = {.bytes = bytes + fixed_size(i), .size = SECTOR};

		if (!mm_get_registers(&sector, (size_t)columns, &state->meter[i])) {
			return -EBADMSG;
		}
	}
	memcpy(tail, bytes + TAIL_AT, TAIL_IN_HEAD);
	memcpy(tail + TAIL_IN_HEAD, bytes + fixed, length - fixed);
	return get_tail(&(struct mm_reader){.bytes = tail, .size = (size_t)used}, ret) ? 0 : -EBADMSG;
}

static int read_layout_1(const uint8_t *bytes, size_t size, struct mm_slot *ret)
{
	struct mm_reader reader = {.bytes = bytes, .size = size, .used = 16};
	uint64_t length = mm_get_u64(&reader);
	struct mm_reader sum = {.bytes = bytes, .size = size, .used = (size_t)length - SUM_SIZE};
	ssize_t taken;

	if (reader.bad || length < LENGTH_1_MIN || length > size ||
	    mm_get_u64(&sum) != mm_checksum(bytes, (size_t)length - SUM_SIZE)) {
		return -EBADMSG;
	}
	reader.size = (size_t)length - SUM_SIZE;
	ret->database = mm_get_u64(&reader);
	ret->previous = mm_get_u64(&reader);
	taken = mm_state_read(bytes + reader.used, reader.size - reader.used, &ret->state);
	if (taken < 0) {
		return (int)taken;
	}
	reader.used += (size_t)taken;
	return ret->state.sequence > 0 && ret->state.meter_count > 0 && get_history(&reader, true, ret) &&
			       reader.used == reader.size
		       ? 0
		       : -EBADMSG;
}

static bool is_blank(const uint8_t *bytes, size_t size)
{
	return size == 0 || ((bytes[0] == 0 || bytes[0] == 0xff) && memcmp(bytes, bytes + 1, size - 1) == 0);
}

int mm_slot_read(const uint8_t *bytes, size_t size, struct mm_slot *ret)
{
	struct mm_reader reader = {.bytes = bytes, .size = size};
	uint64_t magic = mm_get_u64(&reader), layout = mm_get_u64(&reader), length, sum;
	char program[MM_PROGRAM_MAX];

	memset(ret, 0, sizeof(*ret));
	if (is_blank(bytes, size)) {
		return -ENODATA;
	}
	if (magic != MAGIC) {
		return -ENOMSG;
	}
	if (layout == LAYOUT_1) {
		return read_layout_1(bytes, size, ret);
	}
	mm_get_bytes(&reader, program, sizeof(program));
	length = mm_get_u64(&reader);
	sum = mm_get_u64(&reader);
	if (reader.bad || length < 2 * SECTOR || length > size || sum != sum_of(bytes, (size_t)length)) {
		return -EBADMSG;
	}
	snprintf(ret->program, sizeof(ret->program), "%.*s", (int)sizeof(program) - 1, program);
	return layout == LAYOUT ? read_sectors(bytes, (size_t)length, ret) : -EPROTO;
}
