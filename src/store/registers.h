/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_REGISTERS_H
#define MM_STORE_REGISTERS_H

/* Reading and writing the meters' registers, each one row of the database, which its triggers keep from ever decreasing. */

#include "store/commit.h"
#include "store/db.h"

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

#endif
