/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_TRANSACTION_H
#define MM_STORE_TRANSACTION_H

/*
 * A commit as it goes into the database: registers, each one row, which its triggers keep from ever decreasing, and what belongs
 * to them.
 */

#include "store/chain.h"

/*
 * The registers of a meter's row. Where they are of another run of the machine than boot, profile.last_boot_ns is 0. -EBADMSG:
 * the row is gone.
 */
int mm_registers_read(struct mm_db *db, int64_t boot, int64_t id, struct mm_registers *ret);

/* Within a transaction: the same, as of that time and run of the machine. */
int mm_registers_write(struct mm_db *db, int64_t boot, int64_t id, int64_t boottime_ns, int64_t realtime_ns,
		       const struct mm_registers *registers);

/* The number of the last commit that the database has; 0: none. Writing: within a transaction. */
int mm_registers_read_number(struct mm_db *db, uint64_t *ret);
int mm_registers_write_number(struct mm_db *db, uint64_t number);

/* The same of the page of the last statement that was issued. */
int mm_page_read(struct mm_db *db, int64_t *ret);
int mm_page_write(struct mm_db *db, int64_t page);

/*
 * -EINVAL where a commit names meters that are not there, or has figures that no meter gives. Looks at nothing of the roster that
 * ever changes: any thread may ask.
 */
int mm_transaction_check(const struct mm_roster *roster, const struct mm_store_commit *commit);

/* Within a transaction: registers, events and intervals, what accounts for them, and the commit's number. */
int mm_transaction_write(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
			 const struct mm_store_commit *commit, uint64_t number);

#endif
