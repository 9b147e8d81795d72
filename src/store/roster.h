/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_ROSTER_H
#define MM_STORE_ROSTER_H

/*
 * Which rows of the database are the configuration's meters, and which is this run of the machine. A meter keeps its row as long
 * as its serial number and model stay; id[i] is 0 until meter i has one.
 */

#include <stdbool.h>

#include "store/commit.h"
#include "store/db.h"

struct mm_roster {
	int64_t boot; /* row of this run of the machine */
	unsigned count;
	int64_t id[MM_STORE_METERS_MAX]; /* in the order of the configuration */
	/* The serial number that the row of meter i had, misread; "": the right one, or no row. */
	char misread[MM_STORE_METERS_MAX][MM_STORE_NAME_MAX];
	bool foreign; /* no stored meter is one of the configuration's: the file belongs elsewhere */
};

/*
 * Compares the stored meters with the configured ones and notes the rows of those that are known, also of those whose serial
 * number an earlier version misread. -EXDEV: foreign, or a meter is stored with another model; -ENOTUNIQ: two could be the same
 * one, or one that is stored under a number that no configuration can say could be a meter that has no row.
 */
int mm_roster_match(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters);

/* Within a transaction: the row of a run of the machine, which is added where there is none. */
int mm_roster_boot(struct mm_db *db, const char *boot_id, int64_t *ret_boot);

/* Within a transaction: the row of any meter, which is added where there is none. -EXDEV: it is stored with another model. */
int mm_roster_meter(struct mm_db *db, const struct mm_store_meter *meter, int64_t *ret_id);

/* Within a transaction: adds the meters that have no row, and gives the others the names that they have now. */
int mm_roster_update(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters);

/* The index of a stored meter; -1 for the whole daemon, and for one that the configuration no longer has. */
int mm_roster_index(const struct mm_roster *roster, int64_t id);

#endif
