/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_RATES_H
#define MM_CTL_RATES_H

/* The rates of a statement: as a table for people, and as figures of its row for a spreadsheet. */

#include <jansson.h>

#include "ctl/private.h"

/* Names of the figures that mm_rates_set() sets; the figures of rates that a tariff has not are left out. */
#define MM_RATES_CSV_KEYS                                                                                                        \
	"tariff", "rate_1", "rate_1_delivered_uwh", "rate_1_received_uwh", "rate_1_price", "rate_1_cost", "rate_2",              \
		"rate_2_delivered_uwh", "rate_2_received_uwh", "rate_2_price", "rate_2_cost", "rate_3", "rate_3_delivered_uwh",  \
		"rate_3_received_uwh", "rate_3_price", "rate_3_cost", "rate_4", "rate_4_delivered_uwh", "rate_4_received_uwh",   \
		"rate_4_price", "rate_4_cost", "currency", "cost"

/* Prints the table, unless there is one rate without a price. delivered_wh, received_wh: what its lines have to add up to. */
void mm_rates_print(struct mm_ctl *ctl, const json_t *statement, int64_t delivered_wh, int64_t received_wh);

/* Adds the figures of each rate to a row. */
void mm_rates_set(json_t *row, const json_t *statement);

#endif
