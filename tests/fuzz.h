/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_FUZZ_H
#define MM_TESTS_FUZZ_H

/* What a fuzz target gives: libFuzzer's entry, and inputs to begin with. */

#include <stddef.h>
#include <stdint.h>

struct fuzz_seed {
	const char *data;
	size_t length;
};

extern const struct fuzz_seed fuzz_seeds[];
extern const size_t fuzz_seed_count;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
