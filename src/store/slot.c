/* SPDX-License-Identifier: MIT */
/* magic, version, length of the whole, database, previous, state, rows, events, check sum. */
#include "store/slot.h"

#include <errno.h>
#include <string.h>

#define MAGIC UINT64_C(0x6567616d696d6d6b) /* "kmmimage" */
#define LAYOUT 1
#define LENGTH_AT 16
#define LENGTH_MIN 48 /* up to the state */
#define SUM_SIZE 8

/* ---- Writing ---- */

/* Puts the intervals or the events, as many as fit, and their number before them. */
static void put_history(struct mm_writer *writer, const struct mm_slot *slot, bool events)
{
	size_t count = events ? slot->event_count : slot->row_count, max = events ? MM_SLOT_EVENTS_MAX : MM_SLOT_ROWS_MAX;
	struct mm_writer number = *writer;
	size_t fit = 0;

	mm_put_u64(writer, 0);
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
	mm_put_u64(&number, fit);
}

ssize_t mm_slot_write(const struct mm_slot *slot, uint8_t *bytes, size_t size)
{
	/* Room stays for the number of events and the sum. */
	struct mm_writer writer = {.bytes = bytes, .size = size < 16 ? 0 : size - 16};
	struct mm_writer length = {.bytes = bytes, .size = size, .used = LENGTH_AT};

	mm_put_u64(&writer, MAGIC);
	mm_put_u64(&writer, LAYOUT);
	mm_put_u64(&writer, 0); /* the length, below */
	mm_put_u64(&writer, slot->database);
	mm_put_u64(&writer, slot->previous);
	if (writer.used > writer.size) {
		return -ENOSPC;
	}
	writer.used += mm_state_write(&slot->state, bytes + writer.used, writer.size - writer.used);
	put_history(&writer, slot, false);
	if (writer.used > writer.size) {
		return -ENOSPC;
	}
	writer.size = size - SUM_SIZE;
	put_history(&writer, slot, true);
	writer.size = size;
	mm_put_u64(&length, writer.used + SUM_SIZE);
	mm_put_u64(&writer, mm_checksum(bytes, writer.used));
	return (ssize_t)writer.used;
}

/* ---- Reading ---- */

/* False: not what a meter writes. */
static bool get_history(struct mm_reader *reader, struct mm_slot *ret)
{
	int meters = (int)ret->state.meter_count;

	ret->row_count = (size_t)mm_get_u64(reader);
	for (size_t i = 0; i < ret->row_count; i++) {
		if (i == MM_SLOT_ROWS_MAX) {
			return false;
		}
		mm_get_row(reader, &ret->row[i]);
		if (ret->row[i].meter < 0 || ret->row[i].meter >= meters) {
			return false;
		}
	}
	ret->event_count = (size_t)mm_get_u64(reader);
	for (size_t i = 0; i < ret->event_count; i++) {
		if (i == MM_SLOT_EVENTS_MAX) {
			return false;
		}
		mm_get_event(reader, &ret->event[i]);
		if (ret->event[i].meter < -1 || ret->event[i].meter >= meters) {
			return false;
		}
	}
	return !reader->bad && reader->used == reader->size;
}

static bool is_blank(const uint8_t *bytes, size_t size)
{
	return size == 0 || ((bytes[0] == 0 || bytes[0] == 0xff) && memcmp(bytes, bytes + 1, size - 1) == 0);
}

int mm_slot_read(const uint8_t *bytes, size_t size, struct mm_slot *ret)
{
	struct mm_reader reader = {.bytes = bytes, .size = size};
	uint64_t magic = mm_get_u64(&reader), version = mm_get_u64(&reader), length = mm_get_u64(&reader);
	struct mm_reader sum = {.bytes = bytes, .size = size, .used = (size_t)length - SUM_SIZE};
	ssize_t taken;

	memset(ret, 0, sizeof(*ret));
	if (is_blank(bytes, size)) {
		return -ENODATA;
	}
	if (magic != MAGIC) {
		return -ENOMSG;
	}
	if (reader.bad || length < LENGTH_MIN || length > size ||
	    mm_get_u64(&sum) != mm_checksum(bytes, (size_t)length - SUM_SIZE)) {
		return -EBADMSG;
	}
	if (version != LAYOUT) {
		return -EPROTO;
	}
	reader.size = (size_t)length - SUM_SIZE;
	ret->database = mm_get_u64(&reader);
	ret->previous = mm_get_u64(&reader);
	taken = mm_state_read(bytes + reader.used, reader.size - reader.used, &ret->state);
	if (taken < 0) {
		return (int)taken;
	}
	reader.used += (size_t)taken;
	return ret->state.sequence > 0 && ret->state.meter_count > 0 && get_history(&reader, ret) ? 0 : -EBADMSG;
}
