/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_FUZZ_H
#define MM_TESTS_FUZZ_H

/*
 * A fuzz target is a file with LLVMFuzzerTestOneInput() and seeds. It is linked with libFuzzer (configure --enable-fuzzers) or,
 * for make check, with fuzz_driver.c, which mutates the seeds the same way each time.
 */

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own name and contract: returns 0, and aborts where what it checks does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct mm_fuzz_seed {
	const char *data;
	size_t size;
};

/* A string literal, which may hold NUL bytes, without its closing NUL. */
#define MM_FUZZ_SEED(literal)                                                                                                    \
	{                                                                                                                        \
		literal, sizeof(literal) - 1                                                                                     \
	}

/* Ends with a seed whose data is NULL. */
extern const struct mm_fuzz_seed mm_fuzz_seeds[];

/* Stops the run where a property does not hold; unlike assert() never compiled out. */
#define MM_FUZZ_CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
