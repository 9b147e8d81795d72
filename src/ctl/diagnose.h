/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_DIAGNOSE_H
#define MM_CTL_DIAGNOSE_H

/* The answer of org.minimeter.Diagnose in words. */

#include <jansson.h>
#include <stdbool.h>

#include "ctl/private.h"

/* "L2 lags L1 by 180 +- 1 degrees", for a meter whose lines_lag_deg is a number. */
void mm_diagnose_lag(const json_t *meter, char *ret, size_t size);

/* The findings of one meter (an object of "meters"), the likeliest first. */
void mm_diagnose_text(struct mm_ctl *ctl, const json_t *meter);

/* True where two findings are of one tie: the readings fit them alike. */
bool mm_diagnose_same_tie(const json_t *finding, const json_t *other);

/* Adds the options about loads to the parameters of the call; refuses what is not a load. */
int mm_diagnose_loads(struct mm_ctl *ctl, json_t *parameters);

/* True where the likeliest cause of a meter is a fault, and no correction allows for it. */
bool mm_diagnose_faulty(const json_t *meter);

#endif
