/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_SAMPLE_WORDS_H
#define MM_METROLOGY_SAMPLE_WORDS_H

/*
 * Samples of 24 bits in words of 32, and the order of their bytes. The mcp3911 driver declares big-endian and stores what the CPU
 * has; what another kernel's does is found out by looking. One byte of the four is padding, at this end or that; and where both
 * ends live, a line's voltage or current goes smoothly from sample to sample, while read the wrong way round it is noise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mm_byte_order {
	MM_BYTE_ORDER_UNKNOWN,
	MM_BYTE_ORDER_LITTLE,
	MM_BYTE_ORDER_BIG,
};

/* A word's sample, -2^23 to 2^23 - 1, once it has been shifted to the right by shift bits. UNKNOWN counts as LITTLE. */
int32_t mm_sample_word(const unsigned char word[static 4], enum mm_byte_order order, unsigned shift);

/* The order of a channel's words, count of them step bytes apart; UNKNOWN for one that never changes. */
enum mm_byte_order mm_sample_order(const unsigned char *words, size_t count, size_t step, unsigned shift);

#endif
