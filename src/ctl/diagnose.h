/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_DIAGNOSE_H
#define MM_CTL_DIAGNOSE_H

/* The answer of org.minimeter.Diagnose in words. */

#include <jansson.h>
#include <stdbool.h>

#include "ctl/ctl.h"

/* The findings of one meter (an object of "meters"), the likeliest first. */
void mm_diagnose_text(struct mm_ctl *ctl, const json_t *meter);

/* True where the likeliest cause of a meter is a fault. */
bool mm_diagnose_faulty(const json_t *meter);

#endif
