/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_BYTES_H
#define MM_STORE_BYTES_H

/*
 * Figures and texts as bytes and back, the same on every machine: little-endian, 8 bytes a figure unless it is short, a
 * text with its length before it. A writer that runs out of room counts on without writing; a reader that runs out gives zeros.
 * Either is asked at the end whether all went well.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mm_writer {
	uint8_t *bytes;
	size_t size, used; /* used > size: it did not fit */
};

struct mm_reader {
	const uint8_t *bytes;
	size_t size, used;
	bool bad; /* more was read than there is, or a text that is longer than its field or holds a NUL */
};

void mm_put_u64(struct mm_writer *writer, uint64_t value);
void mm_put_double(struct mm_writer *writer, double value);
/* Seven bits a byte, the lowest first: short for what is small. */
void mm_put_number(struct mm_writer *writer, uint64_t value);
void mm_put_bytes(struct mm_writer *writer, const void *bytes, size_t size);
/* text has at most size - 1 characters; what is missing to a NUL within size ends it. */
void mm_put_text(struct mm_writer *writer, const char *text, size_t size);
void mm_put_short_text(struct mm_writer *writer, const char *text, size_t size); /* its length is such a number */

uint64_t mm_get_u64(struct mm_reader *reader);
double mm_get_double(struct mm_reader *reader);
uint64_t mm_get_number(struct mm_reader *reader);
/* Zeros where there are not as many. */
void mm_get_bytes(struct mm_reader *reader, void *ret, size_t size);
/* Fills size bytes, with zeros behind the text. */
void mm_get_text(struct mm_reader *reader, char *ret, size_t size);
void mm_get_short_text(struct mm_reader *reader, char *ret, size_t size);

/*
 * FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv). It finds every change of a single byte; of others, all but one in
 * 2^64. It is no protection against intent.
 */
uint64_t mm_checksum(const uint8_t *bytes, size_t size);

/* The same of bytes behind others, whose sum is given. */
uint64_t mm_checksum_on(uint64_t sum, const uint8_t *bytes, size_t size);

#endif
