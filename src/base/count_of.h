/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_COUNT_OF_H
#define MM_BASE_COUNT_OF_H

/* How many elements an array has (size_t). gcc and clang warn where it is given a pointer. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
