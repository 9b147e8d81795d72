/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_DATABASE_H
#define MM_STORE_DATABASE_H

/*
 * The database file at db->path: is there one, is it sound, is it ours? An empty file in its place is always damage and never
 * taken for a meter at zero: a new one is made whole under another name. Nothing is ever removed or truncated.
 */

#include "store/roster.h"

/*
 * Opens it for these meters, without writing anything. 0; 1: nothing is there; -errno as mm_store_open(), and it is closed again.
 * Nothing is changed (an empty -wal may be left) but that an older schema is migrated once nothing is refused.
 */
int mm_database_open(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters);

/*
 * The same comparison beside a process that may have it open, without writing, locking or migrating anything. 0; 1: nothing is
 * there; -errno as above. It stays closed.
 */
int mm_database_look(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters);

/* Makes a new one, without meters, and leaves it closed. Whole or not at all. */
int mm_database_create(struct mm_db *db);

/* Every page of it: takes long. -EBADMSG: damaged. */
int mm_database_check(struct mm_db *db);

#endif
