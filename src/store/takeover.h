/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_TAKEOVER_H
#define MM_STORE_TAKEOVER_H

/*
 * A register whose serial number an earlier version misread goes on under the right one. The event "serial-corrected" has both:
 * what the trail had before it keeps the hash with the number that the meter had then.
 *
 * Within the transaction that opens a store, once its run of the machine is known.
 */

#include "store/private.h"

/* Gives the rows that mm_roster_match() found by a misread serial number the right one. */
int mm_takeover_rows(struct mm_store *store);

/*
 * A slot that was written before that names a meter as it was misread. Where one does, *slot becomes a copy, store->slot, that
 * has the right number. After mm_roster_update().
 */
int mm_takeover_slot(struct mm_store *store, const struct mm_slot **slot);

#endif
