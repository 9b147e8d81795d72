/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

size_t mm_utf8_length(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned char low, high;
	size_t length;

	if (byte[0] < 0x80) {
		return 1;
	}
	if (byte[0] < 0xc2 || byte[0] > 0xf4) {
		return 0;
	}
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	low = byte[0] == 0xe0 ? 0xa0 : byte[0] == 0xf0 ? 0x90 : 0x80;
	high = byte[0] == 0xed ? 0x9f : byte[0] == 0xf4 ? 0x8f : 0xbf;
	for (size_t i = 1; i < length; i++) {
		if (byte[i] < low || byte[i] > high) {
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return length;
}
