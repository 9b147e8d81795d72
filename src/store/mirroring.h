/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_MIRRORING_H
#define MM_STORE_MIRRORING_H

/* The second copy as a store keeps it: begun where there is none, written with each commit, done without where it fails. */

#include "store/private.h"

/*
 * Begins the mirror with what is committed: a new file (found: one is there, and gets another name first), or on a device. 0 or
 * -errno.
 */
int mm_mirroring_begin(struct mm_store *store, bool found);

/* Writes what is committed once more, under the next number: the database behind it is another one. */
void mm_mirroring_renew(struct mm_store *store);

/* Takes a commit to the mirror, which is looked for again now and then. True when it is durable there. */
bool mm_mirroring_write(struct mm_store *store, const struct mm_store_commit *commit, uint64_t number);

/* Does a slot hold a meter of the configuration? */
bool mm_mirroring_is_ours(const struct mm_store *store, const struct mm_slot *slot);

/*
 * A meter that the database has no row for must not begin at zero where a slot may have it: as mm_match(). The second one puts
 * what to do into the error of the store.
 */
int mm_mirroring_match(const struct mm_store *store, const struct mm_slot *slot, struct mm_error *why);
int mm_mirroring_judge(struct mm_store *store, const struct mm_slot *slot);

#endif
