/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_READ_H
#define MM_CTL_READ_H

/* The answer of org.minimeter.Read in words. */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/private.h"

/* Every meter with its elements. */
void mm_read_text(struct mm_ctl *ctl, const json_t *answer);

/* "read --at": what the meters read at that time, and up to when it is known. */
int mm_read_at(struct mm_ctl *ctl);

/* One line for one meter (an object of "meters"). */
void mm_read_line(FILE *out, const json_t *reading);

/* True where any meter's reading is not valid or has faults. */
bool mm_read_faulty(const json_t *answer);

#endif
