/* SPDX-License-Identifier: MIT */

/* Any bytes as the file of a zone: they are refused and nothing written, or there are offsets. */

#include <errno.h>

#include "base/zone_file.h"
#include "fixture/fuzz.h"

/* One type; a change at 2001-09-09T01:46:40Z to a second one; the rule of Kathmandu behind it. */
static const char small[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
			    "\0\0\0\0\0\0UTC\0"
			    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\4"
			    "\0\0\0\0\x3b\x9a\xca\0\1\0\0\0\0\0\0\0\0\x50\xdc\0\0UTC\0"
			    "\n<+0545>-5:45\n";

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	{small, sizeof(small) - 1},
	MM_FUZZ_SEED("\nCET-1CEST,M3.5.0,M10.5.0/3\n"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_zone_offsets offsets = {.count = 77};
	int result = mm_zone_parse_file(data, size, 1704067200, &offsets);

	MM_FUZZ_CHECK(result == 0 ? offsets.count >= 1 && offsets.count <= MM_ZONE_OFFSETS_MAX
				  : result == -EBADMSG && offsets.count == 77);
	return 0;
}
