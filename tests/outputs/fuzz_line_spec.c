/* SPDX-License-Identifier: MIT */

/* Any text as a line specification: it is refused with a reason, or what comes back is whole. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/fuzz.h"
#include "outputs/outputs.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("GPIO17"),
	MM_FUZZ_SEED("gpiochip0:17,active-low"),
	MM_FUZZ_SEED("/dev/gpiochip0:17"),
	MM_FUZZ_SEED("INT33FF:00:7,open-drain"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct mm_line_spec spec = {.used = false};
	const char *reason = NULL;
	int result = mm_line_spec_parse(text, &spec, &reason);
	bool whole = spec.used && (spec.name[0] != '\0' || spec.chip[0] != '\0') &&
		     memchr(spec.name, '\0', sizeof(spec.name)) != NULL && memchr(spec.chip, '\0', sizeof(spec.chip)) != NULL;

	MM_FUZZ_CHECK(result == 0 ? whole : result == -EINVAL && reason != NULL && !spec.used);
	free(text);
	return 0;
}
