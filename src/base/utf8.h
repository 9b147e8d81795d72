/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_UTF8_H
#define MM_BASE_UTF8_H

#include <stddef.h>

/* The bytes of the UTF-8 sequence that text begins with (RFC 3629); 0: it begins with none. A NUL is one of its own. */
size_t mm_utf8_length(const char *text);

#endif
