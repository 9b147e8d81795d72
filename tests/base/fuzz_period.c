/* SPDX-License-Identifier: MIT */

/* Any text as a time of a zone with daylight saving: it is refused and nothing written, or it is a period that is not empty. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/period.h"
#include "fixture/fuzz.h"

#define NOW_S INT64_C(1792890000) /* 2026-10-25T01:00:00Z */

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("2026"),
	MM_FUZZ_SEED("2026-10"),
	MM_FUZZ_SEED("2026-10-25"),
	MM_FUZZ_SEED("2026-10-25 02:30"),
	MM_FUZZ_SEED("2026-03-29T02:30:00"),
	MM_FUZZ_SEED("2026-03-29T02:30:00.25-01:30"),
	MM_FUZZ_SEED("2026-10-01T04:00Z"),
	MM_FUZZ_SEED("last month"),
	MM_FUZZ_SEED("yesterday"),
	MM_FUZZ_SEED("-90m"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mm_period untouched = {.unit = MM_PERIOD_SECOND, .from_s = 7, .to_s = 6};
	struct mm_period period = untouched;
	int64_t readings[2] = {0, 0};
	char *text = strndup((const char *)data, size);
	int result;

	/* By rule: a fuzzer does without the files of zones. */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	result = mm_period_parse(text, NOW_S, &period, readings);
	MM_FUZZ_CHECK(result == 0 || (period.from_s == untouched.from_s && period.to_s == untouched.to_s));
	MM_FUZZ_CHECK(result != 0 || period.from_s < period.to_s);
	MM_FUZZ_CHECK(result >= 0 || result == -EINVAL ||
		      ((result == -ENOENT || result == -ENOTUNIQ) && readings[0] < readings[1]));
	free(text);
	return 0;
}
