/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_MULTIPLIER_H
#define MM_METERING_MULTIPLIER_H

/* By how much a meter multiplies, in the audit trail: a record, durable before it is in force, whenever it is another than
 * before, or where the store has lost part of the trail, so that nobody knows what it was before. */

#include "metering/meter_point.h"
#include "store/store.h"

#define MM_MULTIPLIER_RECORD "multiplier"

/* After the meter has its registers, before its first window. 0, or -errno of the store. */
int mm_multiplier_settle(struct mm_store *store, struct mm_clock *clock, const struct mm_meter_point *point);

#endif
