/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_HEX_H
#define MM_BASE_HEX_H

#include <stddef.h>

/* The characters that size bytes take as hexadecimal digits, with the NUL at their end. */
#define MM_HEX_MAX(size) (2 * (size) + 1)

/* Writes the bytes as lower-case hexadecimal digits and a NUL: MM_HEX_MAX(size) characters. Returns ret. */
char *mm_hex(const void *bytes, size_t size, char *ret);

/* Reads just that: 2 * size digits, of either case, and a NUL. 0 or -EINVAL: it is nothing like that. */
int mm_hex_parse(const char *text, void *ret_bytes, size_t size);

#endif
