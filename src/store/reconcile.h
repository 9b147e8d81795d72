/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_RECONCILE_H
#define MM_STORE_RECONCILE_H

/*
 * What is written when a store is opened: this run of the machine, meters that are new, what the second copy has and the database
 * lacks, and what was found. All of it is one transaction; no register is lower after it than either had it.
 */

#include "store/private.h"

/* What lives only while a store is opened. */
struct mm_opening {
	struct mm_store *store;
	const char *boot_id;
	const struct mm_store_meter *meters;
	bool mirror_begins; /* there was no second copy */
	bool rebuilt;	    /* the database is made anew */
	bool history_lost;  /* the trail lacks what was in it */
	bool recorded;	    /* the store's findings are in an event */
};

/* Adds a clause to the store's findings. */
void mm_opening_find(struct mm_opening *opening, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Reconciles the database, which is open, with a slot of the second copy (NULL: none), and loads the registers. -EBADMSG: it was
 * changed from outside, and is above the slot; -EXDEV, -ENOTUNIQ: the slot may have a meter that is new otherwise.
 */
int mm_reconcile(struct mm_opening *opening, const struct mm_slot *slot);

#endif
