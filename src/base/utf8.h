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

/*
 * The same of a character in its place: before is the number of the one before it, 0 at the begin. Persian and Indic words need
 * joiners, names of Han and pictures their variants: a joiner between two characters of scripts that join, and a selector behind
 * a character that can have variants, do what they are for, and are not hidden there. In Latin they would make two names look the
 * same.
 */
bool mm_utf8_is_hidden_behind(const char *text, uint32_t before);

/* The number of the character that text begins with, from U+0000 on; of a byte that is no UTF-8 its value. */
uint32_t mm_utf8_point(const char *text);

/* Is it UTF-8 without characters that are hidden in their place? So is an empty text. */
bool mm_utf8_is_plain(const char *text);

#endif
