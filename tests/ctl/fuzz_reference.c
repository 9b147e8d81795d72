/* SPDX-License-Identifier: MIT */

/* Any text as a reading of a reference standard: it is refused and nothing written, or it is a power above 0. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/reference.h"
#include "fixture/fuzz.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("12003.5 W"),
	MM_FUZZ_SEED("0.10003kWh in 30s"),
	MM_FUZZ_SEED("20 pulses of 5 Wh in 1 min"),
	MM_FUZZ_SEED("20 x 5 Wh 30.01 s"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	double power_w = -1;
	int result = mm_reference_parse(text, &power_w);

	MM_FUZZ_CHECK(result == 0 ? power_w > 0 && isfinite(power_w) : result == -EINVAL && power_w == -1);
	free(text);
	return 0;
}
