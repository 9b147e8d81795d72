/* SPDX-License-Identifier: MIT */
#include "metrology/sample_words.h"

#include <math.h>

/* Read wrongly a wave form is noise, whose steps are a third of its range; its own are a fifth of that at most. */
#define ROUGHER_RATIO 3.0

int32_t mm_sample_word(const unsigned char word[static 4], enum mm_byte_order order, unsigned shift)
{
	uint32_t value = order == MM_BYTE_ORDER_BIG
				 ? (uint32_t)word[0] << 24 | (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 | word[3]
				 : (uint32_t)word[3] << 24 | (uint32_t)word[2] << 16 | (uint32_t)word[1] << 8 | word[0];

	return (int32_t)(value >> shift << 8) >> 8;
}

struct course {
	double steps; /* from word to word, in sum */
	double range;
};

static struct course course(const unsigned char *words, size_t count, size_t step, enum mm_byte_order order, unsigned shift)
{
	int32_t before = mm_sample_word(words, order, shift), least = before, most = before;
	struct course course = {0};

	for (size_t i = 1; i < count; i++) {
		int32_t now = mm_sample_word(words + i * step, order, shift);

		course.steps += fabs((double)now - before);
		least = now < least ? now : least;
		most = now > most ? now : most;
		before = now;
	}
	course.range = (double)most - least;
	return course;
}

/* Is a byte of the words nothing but padding: always the same, or the sign of the byte below it (itself: there is none)? */
static bool is_padding(const unsigned char *words, size_t count, size_t step, size_t byte, size_t below)
{
	bool same = true, sign = byte != below;

	for (size_t i = 0; i < count; i++) {
		const unsigned char *word = words + i * step;

		same = same && word[byte] == words[byte];
		sign = sign && word[byte] == (word[below] & 0x80 ? 0xff : 0);
	}
	return same || sign;
}

enum mm_byte_order mm_sample_order(const unsigned char *words, size_t count, size_t step, unsigned shift)
{
	/* The byte beyond the sample, above it or, where that is shifted, below. */
	bool little_pads = shift == 0 ? is_padding(words, count, step, 3, 2) : is_padding(words, count, step, 0, 0);
	bool big_pads = shift == 0 ? is_padding(words, count, step, 0, 1) : is_padding(words, count, step, 3, 3);
	struct course little = course(words, count, step, MM_BYTE_ORDER_LITTLE, shift);
	struct course big = course(words, count, step, MM_BYTE_ORDER_BIG, shift);
	double little_rough = little.steps * big.range, big_rough = big.steps * little.range;

	if (little_pads != big_pads) {
		return little_pads ? MM_BYTE_ORDER_LITTLE : MM_BYTE_ORDER_BIG;
	}
	if (little_rough * ROUGHER_RATIO < big_rough) {
		return MM_BYTE_ORDER_LITTLE;
	}
	return big_rough * ROUGHER_RATIO < little_rough ? MM_BYTE_ORDER_BIG : MM_BYTE_ORDER_UNKNOWN;
}
