/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a slot, and any bytes as the history in one whose check sum is right: it is refused, or what comes back is
 * whole and comes back again from a slot of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/fuzz.h"
#include "store/slot.h"

#define Z8 "\0\0\0\0\0\0\0\0"
#define N(n) n "\0\0\0\0\0\0\0"
#define ROW N("\0") Z8 "\204\3\0\0\0\0\0\0" Z8 Z8 Z8 Z8 Z8 Z8
#define EVENT Z8 Z8 "\377\377\377\377\377\377\377\377" N("\3") "gap" N("\4") "text"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED(Z8 Z8),
	MM_FUZZ_SEED(N("\2") ROW ROW N("\1") EVENT),
	MM_FUZZ_SEED("kmmimage" N("\1") N("\60") Z8 Z8 Z8),
	{NULL, 0},
};

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

/* A slot of one meter whose history is these bytes. Returns its length. */
static size_t seal(const uint8_t *history, size_t size, uint8_t *bytes)
{
	static struct mm_slot slot;
	struct mm_writer length = {.bytes = bytes, .size = 24, .used = 16}, sum;
	size_t used;

	slot.state.sequence = 1;
	slot.state.meter_count = 1;
	used = (size_t)mm_slot_write(&slot, bytes, MM_SLOT_SIZE_MAX) - 3 * 8;
	memcpy(bytes + used, history, size);
	used += size;
	mm_put_u64(&length, used + 8);
	sum = (struct mm_writer){.bytes = bytes, .size = used + 8, .used = used};
	mm_put_u64(&sum, mm_checksum(bytes, used));
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
	free(bytes);
	return 0;
}
