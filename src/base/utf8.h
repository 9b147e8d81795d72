/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_UTF8_H
#define MM_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the UTF-8 sequence that text begins with (RFC 3629); 0: it begins with none. A NUL is one of its own. */
size_t mm_utf8_length(const char *text);

/*
 * Is the character that text begins with one that nobody sees, and that changes what is seen beside it? Control characters,
 * separators of lines, marks of direction, joiners and what else has no width; and a byte that is no UTF-8.
 */
bool mm_utf8_is_hidden(const char *text);

/* The number of the character that text begins with, from U+0000 on; of a byte that is no UTF-8 its value. */
uint32_t mm_utf8_point(const char *text);

/* Is it UTF-8 without hidden characters? So is an empty text. */
bool mm_utf8_is_plain(const char *text);

#endif
