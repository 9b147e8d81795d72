/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: states of meters as bytes. The input is what stands between the length and the check sum, both of which are made
 * right, for a damaged one goes no further. What is read is written again and read the same.
 */
#include <string.h>

#include "fixture/fuzz.h"
#include "store/state.h"

#define HEAD 24 /* magic, version and length */

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	/* sequence 1, no boot id, both times 0, one column, one meter without texts, whose column is 9 */
	MM_FUZZ_SEED("\1\0\0\0\0\0\0\0"
		     "\0\0\0\0\0\0\0\0"
		     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		     "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
		     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		     "\11\0\0\0\0\0\0\0"),
	/* a boot id, no columns, a meter with texts */
	MM_FUZZ_SEED("\2\0\0\0\0\0\0\0"
		     "\4\0\0\0\0\0\0\0boot"
		     "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
		     "\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
		     "\1\0\0\0\0\0\0\0m\1\0\0\0\0\0\0\0s\3\0\0\0\0\0\0\0MMS"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[MM_STATE_SIZE_MAX], again[MM_STATE_SIZE_MAX];
	static struct mm_state state, same;
	struct mm_writer writer = {.bytes = bytes, .size = sizeof(bytes)};
	size_t length = HEAD + size + 8;

	if (length > sizeof(bytes)) {
		return 0;
	}
	(void)mm_state_write(&(struct mm_state){0}, bytes, sizeof(bytes));
	memcpy(bytes + HEAD, data, size);
	writer.used = HEAD - 8;
	mm_put_u64(&writer, length);
	writer.used = length - 8;
	mm_put_u64(&writer, mm_checksum(bytes, length - 8));
	memset(&state, 0, sizeof(state));
	if (mm_state_read(bytes, length, &state) >= 0) {
		size_t written = mm_state_write(&state, again, sizeof(again));

		MM_FUZZ_CHECK(written <= sizeof(again));
		memset(&same, 0, sizeof(same));
		MM_FUZZ_CHECK(mm_state_read(again, written, &same) == (ssize_t)written);
		MM_FUZZ_CHECK(memcmp(&state, &same, sizeof(state)) == 0);
	} else {
		MM_FUZZ_CHECK(state.meter_count == 0);
	}
	return 0;
}
