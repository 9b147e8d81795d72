/* SPDX-License-Identifier: MIT */
#include "base/hex.h"

#include <errno.h>
#include <string.h>

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

static int digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return !at ? -1 : (int)(at - digits) - (at - digits >= 16 ? 6 : 0);
}

int mm_hex_parse(const char *text, void *ret_bytes, size_t size)
{
	unsigned char *bytes = ret_bytes;

	for (size_t i = 0; i < 2 * size; i++) {
		if (digit(text[i]) < 0) {
			return -EINVAL;
		}
	}
	if (text[2 * size] != '\0') {
		return -EINVAL;
	}
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (unsigned char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	}
	return 0;
}
