/* SPDX-License-Identifier: MIT */
/* Fuzz target: checkpoints, as a client hands them over. What is read is what would be written. */
#include <string.h>

#include "fixture/fuzz.h"
#include "store/audit/checkpoint.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("minimeter-head-1\ntime 2025-01-01T00:00:00Z\nevents 12 " HASH "\nintervals 0 " HASH
		     "\nmeter SN 1\nmodel MMS-120-1001\ndelivered_uwh 1\nreceived_uwh 2\nlagging_uvarh 3\nleading_uvarh "
		     "9223372036854775807\n"),
	MM_FUZZ_SEED("minimeter-head-1\ntime x\nevents -1 " HASH "\nintervals 1 " HASH "\n"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[MM_CHECKPOINT_TEXT_MAX], again[MM_CHECKPOINT_TEXT_MAX];
	static struct mm_checkpoint checkpoint;

	if (size >= sizeof(text)) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (mm_checkpoint_read(text, &checkpoint) == 0) {
		MM_FUZZ_CHECK(mm_checkpoint_write(&checkpoint, again) == strlen(text));
		MM_FUZZ_CHECK(strcmp(text, again) == 0);
		MM_FUZZ_CHECK(checkpoint.meter_count <= MM_CHECKPOINT_METERS_MAX);
	}
	return 0;
}
