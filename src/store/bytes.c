/* SPDX-License-Identifier: MIT */
/* Little-endian figures and counted texts. */
#include "store/bytes.h"

#include <endian.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static void put(struct mm_writer *writer, const void *bytes, size_t size)
{
	if (writer->used <= writer->size && size <= writer->size - writer->used) {
		memcpy(writer->bytes + writer->used, bytes, size);
	}
	writer->used += size;
}

void mm_put_u64(struct mm_writer *writer, uint64_t value)
{
	uint64_t bytes = htole64(value);

	put(writer, &bytes, sizeof(bytes));
}

void mm_put_double(struct mm_writer *writer, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	mm_put_u64(writer, bits);
}

void mm_put_number(struct mm_writer *writer, uint64_t value)
{
	uint8_t byte;

	do {
		byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		put(writer, &byte, 1);
		value >>= 7;
	} while (value > 0);
}

void mm_put_bytes(struct mm_writer *writer, const void *bytes, size_t size)
{
	put(writer, bytes, size);
}

void mm_put_short_text(struct mm_writer *writer, const char *text, size_t size)
{
	size_t length = strnlen(text, size - 1);

	mm_put_number(writer, length);
	put(writer, text, length);
}

void mm_put_text(struct mm_writer *writer, const char *text, size_t size)
{
	size_t length = strnlen(text, size - 1);

	mm_put_u64(writer, length);
	put(writer, text, length);
}

/* The next bytes, or NULL. */
static const uint8_t *get(struct mm_reader *reader, size_t size)
{
	const uint8_t *bytes = reader->bytes + reader->used;

	if (reader->bad || size > reader->size - reader->used) {
		reader->bad = true;
		return NULL;
	}
	reader->used += size;
	return bytes;
}

uint64_t mm_get_u64(struct mm_reader *reader)
{
	const uint8_t *bytes = get(reader, 8);
	uint64_t value = 0;

	if (bytes) {
		memcpy(&value, bytes, sizeof(value));
	}
	return le64toh(value);
}

double mm_get_double(struct mm_reader *reader)
{
	uint64_t bits = mm_get_u64(reader);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

uint64_t mm_get_number(struct mm_reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t *byte = get(reader, 1);

		if (!byte) {
			return 0;
		}
		value |= (uint64_t)(*byte & 0x7f) << shift;
		if ((*byte & 0x80) == 0) {
			return value;
		}
	}
	reader->bad = true;
	return 0;
}

void mm_get_bytes(struct mm_reader *reader, void *ret, size_t size)
{
	const uint8_t *bytes = get(reader, size);

	if (bytes) {
		memcpy(ret, bytes, size);
	} else {
		memset(ret, 0, size);
	}
}

/* A text whose length was read. */
static void get_characters(struct mm_reader *reader, uint64_t length, char *ret, size_t size)
{
	const uint8_t *bytes;

	memset(ret, 0, size);
	if (length >= size) {
		reader->bad = true;
	}
	bytes = get(reader, (size_t)length);
	if (bytes && memchr(bytes, '\0', (size_t)length)) {
		reader->bad = true;
	} else if (bytes) {
		memcpy(ret, bytes, (size_t)length);
	}
}

void mm_get_text(struct mm_reader *reader, char *ret, size_t size)
{
	get_characters(reader, mm_get_u64(reader), ret, size);
}

void mm_get_short_text(struct mm_reader *reader, char *ret, size_t size)
{
	get_characters(reader, mm_get_number(reader), ret, size);
}

uint64_t mm_checksum(const uint8_t *bytes, size_t size)
{
	return mm_checksum_on(FNV_OFFSET, bytes, size);
}

static uint64_t sum_byte(uint64_t sum, uint8_t byte)
{
	return (sum ^ byte) * FNV_PRIME;
}

uint64_t mm_checksum_on(uint64_t sum, const uint8_t *bytes, size_t size)
{
	size_t i = 0;

	/* Every window sums a kilobyte or more. */
	for (; i + 4 <= size; i += 4) {
		sum = sum_byte(sum_byte(sum_byte(sum_byte(sum, bytes[i]), bytes[i + 1]), bytes[i + 2]), bytes[i + 3]);
	}
	for (; i < size; i++) {
		sum = sum_byte(sum, bytes[i]);
	}
	return sum;
}
