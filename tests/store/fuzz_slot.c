/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a slot, and any bytes as the tail in one whose check sum is right, of either layout: it is refused, or what comes
 * back is whole and comes back again from a slot of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/fuzz.h"
#include "store/slot.h"

#define Z8 "\0\0\0\0\0\0\0\0"
#define N(n) n "\0\0\0\0\0\0\0"
/* Layout 1, and today's tail: a serial number and a model, an interval, an event, a name. */
#define ROW_1 N("\0") Z8 "\204\3\0\0\0\0\0\0" Z8 Z8 Z8 Z8 Z8 Z8
#define EVENT_1 Z8 Z8 "\377\377\377\377\377\377\377\377" N("\3") "gap" N("\4") "text"
#define PLATE                                                                                                                    \
	"\2SN"                                                                                                                   \
	"\3MMS"
#define ROW                                                                                                                      \
	"\0"                                                                                                                     \
	"\200\232\276\273\6"                                                                                                     \
	"\204\7"                                                                                                                 \
	"\0"                                                                                                                     \
	"\200\1"                                                                                                                 \
	"\1\2\3\4"                                                                                                               \
	"\0\0"                                                                                                                   \
	"\1\1\1\1\1\1"
#define EVENT                                                                                                                    \
	"\0\0\0\0"                                                                                                               \
	"\3gap"                                                                                                                  \
	"\4text"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED(Z8 Z8),
	MM_FUZZ_SEED(N("\2") ROW_1 ROW_1 N("\1") EVENT_1),
	MM_FUZZ_SEED("kmmimage" N("\1") N("\60") Z8 Z8 Z8),
	MM_FUZZ_SEED("kmmimage" N("\2") "0.3.0\0\0\0" Z8 Z8 N("\60") Z8),
	MM_FUZZ_SEED(PLATE "\0\0"),
	MM_FUZZ_SEED(PLATE "\2" ROW ROW "\1" EVENT "\4flat"),
	{NULL, 0},
};

#define SECTOR 512
#define TAIL_AT 288
#define TAIL_IN_HEAD (SECTOR - TAIL_AT)

static int take(const uint8_t *data, size_t size, struct mm_slot *slot)
{
	int r = mm_slot_read(data, size, slot);

	MM_FUZZ_CHECK(r == 0 || r == -ENODATA || r == -ENOMSG || r == -EBADMSG || r == -EPROTO);
	return r;
}

static void check_whole(const struct mm_slot *slot)
{
	static uint8_t bytes[MM_SLOT_SIZE_MAX], again[MM_SLOT_SIZE_MAX];
	static struct mm_slot copy;
	ssize_t length = mm_slot_write(slot, bytes, sizeof(bytes));

	MM_FUZZ_CHECK(slot->row_count <= MM_SLOT_ROWS_MAX && slot->event_count <= MM_SLOT_EVENTS_MAX);
	MM_FUZZ_CHECK(length > 0 && take(bytes, (size_t)length, &copy) == 0);
	MM_FUZZ_CHECK(mm_slot_write(&copy, again, sizeof(again)) == length);
	MM_FUZZ_CHECK(memcmp(bytes, again, (size_t)length) == 0);
}

static void set(uint8_t *bytes, size_t at, uint64_t value)
{
	struct mm_writer writer = {.bytes = bytes, .size = at + 8, .used = at};

	mm_put_u64(&writer, value);
}

/* A slot of one meter whose tail is these bytes. Returns its length. */
static size_t seal(const uint8_t *tail, size_t size, uint8_t *bytes)
{
	static struct mm_slot slot;
	size_t in_head = size < TAIL_IN_HEAD ? size : TAIL_IN_HEAD, length = 2 * SECTOR + size - in_head;

	slot.state.sequence = 1;
	slot.state.meter_count = 1;
	(void)mm_slot_write(&slot, bytes, MM_SLOT_SIZE_MAX);
	memset(bytes + TAIL_AT, 0, TAIL_IN_HEAD);
	memcpy(bytes + TAIL_AT, tail, in_head);
	memcpy(bytes + 2 * SECTOR, tail + in_head, size - in_head);
	set(bytes, 40, length);
	set(bytes, 112, size);
	set(bytes, 48, mm_checksum_on(mm_checksum(bytes, 48), bytes + 56, length - 56));
	return length;
}

/* The same in layout 1, where they are intervals and events. */
static size_t seal_1(const uint8_t *history, size_t size, uint8_t *bytes)
{
	static struct mm_state state = {.sequence = 1, .meter_count = 1};
	size_t used = 40;

	memcpy(bytes, "kmmimage", 8);
	set(bytes, 8, 1);
	set(bytes, 24, 0);
	set(bytes, 32, 0);
	used += mm_state_write(&state, bytes + used, MM_SLOT_SIZE_MAX - used);
	memcpy(bytes + used, history, size);
	used += size;
	set(bytes, 16, used + 8);
	set(bytes, used, mm_checksum(bytes, used));
	return used + 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mm_slot slot;
	uint8_t *bytes;

	if (take(data, size, &slot) == 0) {
		check_whole(&slot);
	}
	bytes = malloc(MM_SLOT_SIZE_MAX + size);
	MM_FUZZ_CHECK(bytes != NULL);
	if (take(bytes, seal(data, size, bytes), &slot) == 0) {
		check_whole(&slot);
	}
	if (take(bytes, seal_1(data, size, bytes), &slot) == 0) {
		check_whole(&slot);
	}
	free(bytes);
	return 0;
}
