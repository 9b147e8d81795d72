/* SPDX-License-Identifier: MIT */

/* Any text as a line specification: it is refused with a reason, or what comes back is whole. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "outputs/outputs.h"

extern const char *const fuzz_seeds[];
const char *const fuzz_seeds[] = {"GPIO17", "gpiochip0:17,active-low", "/dev/gpiochip0:17", "INT33FF:00:7,open-drain", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct mm_line_spec spec = {.used = false};
	const char *reason = NULL;
	int result = mm_line_spec_parse(text, &spec, &reason);
	bool whole = spec.used && (spec.name[0] != '\0' || spec.chip[0] != '\0') &&
		     memchr(spec.name, '\0', sizeof(spec.name)) != NULL && memchr(spec.chip, '\0', sizeof(spec.chip)) != NULL;

	if (result == 0 ? !whole : result != -EINVAL || reason == NULL || spec.used) {
		abort();
	}
	free(text);
	return 0;
}
