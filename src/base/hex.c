/* SPDX-License-Identifier: MIT */
#include "base/hex.h"

char *mm_hex(const void *bytes, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++) {
		ret[2 * i] = digits[byte[i] >> 4];
		ret[2 * i + 1] = digits[byte[i] & 15];
	}
	ret[2 * size] = '\0';
	return ret;
}
