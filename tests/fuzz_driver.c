/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer: on the files named, or else on the target's seeds as they are and then on a fixed number
 * of mutations of them, the same ones each time. Every input lies in a block of its own size, for the sanitizers to guard.
 * "--seeds DIR" writes the seeds into a directory, for libFuzzer to start from.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "random.h"

#define RUNS 20000
#define INPUT_MAX 65536

struct input {
	uint8_t data[INPUT_MAX];
	size_t size;
};

static bool run(const void *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL) {
		return false;
	}
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return true;
}

static bool run_file(const char *path, struct input *input)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		perror(path);
		return false;
	}
	input->size = fread(input->data, 1, INPUT_MAX, file);
	fclose(file);
	return run(input->data, input->size);
}

static size_t below(uint64_t *random, size_t limit)
{
	return limit > 0 ? (size_t)(mm_random(random) % limit) : 0;
}

/* Puts length bytes in place of the removed ones at offset; does nothing where they don't fit. */
static void splice(struct input *input, size_t offset, size_t removed, const void *bytes, size_t length)
{
	size_t tail = input->size - offset - removed;

	if (offset + length + tail > INPUT_MAX) {
		return;
	}
	memmove(input->data + offset + length, input->data + offset + removed, tail);
	memcpy(input->data + offset, bytes, length);
	input->size = offset + length + tail;
}

static void mutate(struct input *input, const struct mm_fuzz_seed *other, uint64_t *random)
{
	size_t offset = below(random, input->size);
	size_t removed = below(random, input->size - offset + 1);
	size_t from = below(random, other->size);
	uint8_t bytes[64];

	memset(bytes, (int)below(random, 256), sizeof(bytes));
	switch (below(random, 6)) {
	case 0: /* one bit */
		if (input->size > 0) {
			input->data[offset] ^= (uint8_t)(1u << below(random, 8));
		}
		break;
	case 1: /* one byte */
		splice(input, offset, input->size > 0 ? 1 : 0, bytes, 1);
		break;
	case 2: /* a run of the same */
		splice(input, offset, 0, bytes, below(random, sizeof(bytes)));
		break;
	case 3: /* a piece left out */
		splice(input, offset, removed, bytes, 0);
		break;
	case 4: /* a piece of another seed */
		splice(input, offset, 0, other->data + from, below(random, other->size - from + 1));
		break;
	case 5: /* the rest from another seed */
		splice(input, offset, input->size - offset, other->data + from, other->size - from);
		break;
	}
}

static bool run_mutations(struct input *input)
{
	uint64_t random = 1;
	size_t count = 0;

	for (; mm_fuzz_seeds[count].data != NULL; count++) {
		if (!run(mm_fuzz_seeds[count].data, mm_fuzz_seeds[count].size)) {
			return false;
		}
	}
	for (int i = 0; i < RUNS; i++) {
		const struct mm_fuzz_seed *seed = &mm_fuzz_seeds[below(&random, count)];

		input->size = 0;
		splice(input, 0, 0, seed->data, seed->size);
		for (size_t n = 1 + below(&random, 6); n > 0; n--) {
			mutate(input, &mm_fuzz_seeds[below(&random, count)], &random);
		}
		if (!run(input->data, input->size)) {
			return false;
		}
	}
	printf("%zu seeds and %d mutations\n", count, RUNS);
	return true;
}

static bool write_seeds(const char *directory)
{
	bool right = true;

	for (size_t i = 0; mm_fuzz_seeds[i].data != NULL && right; i++) {
		char path[4096];
		FILE *file;

		snprintf(path, sizeof(path), "%s/seed-%02zu", directory, i);
		file = fopen(path, "wb");
		right = file != NULL && fwrite(mm_fuzz_seeds[i].data, 1, mm_fuzz_seeds[i].size, file) == mm_fuzz_seeds[i].size;
		right = file != NULL && fclose(file) == 0 && right;
	}
	if (!right) {
		perror(directory);
	}
	return right;
}

int main(int argc, char *argv[])
{
	struct input *input;
	bool right;

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
		return write_seeds(argv[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	input = malloc(sizeof(*input));
	right = input != NULL && (argc > 1 || run_mutations(input));
	for (int i = 1; i < argc && right; i++) {
		right = run_file(argv[i], input);
	}
	free(input);
	return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
