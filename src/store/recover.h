/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_RECOVER_H
#define MM_STORE_RECOVER_H

#include "store/reconcile.h"

/*
 * Puts a database in the place of the one that is there, made of the newest right backup and a slot of the second copy (NULL:
 * none). What it replaces gets another name. -ENODATA: there is neither, and nothing was touched; else -errno with an error.
 */
int mm_recover(struct mm_opening *opening, const struct mm_slot *slot);

#endif
