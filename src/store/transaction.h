/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_TRANSACTION_H
#define MM_STORE_TRANSACTION_H

/* One commit as it goes into the database. */

#include "store/chain.h"

/*
 * -EINVAL where a commit names meters that are not there, or has figures that no meter gives. Looks at nothing of the roster that
 * ever changes: any thread may ask.
 */
int mm_transaction_check(const struct mm_roster *roster, const struct mm_store_commit *commit);

/* Within a transaction: registers, events and intervals, what accounts for them, and the commit's number. */
int mm_transaction_write(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
			 const struct mm_store_commit *commit, uint64_t number);

#endif
