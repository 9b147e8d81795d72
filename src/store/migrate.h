/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_MIGRATE_H
#define MM_STORE_MIGRATE_H

#include "store/db.h"

/*
 * Turns a database of an older schema version into one of this, each step whole or not at all. Before the statements are
 * prepared, outside a transaction. 0 or -errno.
 */
int mm_migrate(struct mm_db *db);

#endif
