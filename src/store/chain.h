/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_CHAIN_H
#define MM_STORE_CHAIN_H

/*
 * The audit trail: events and profile rows are two chains, in which each row carries the SHA-256 over the hash of the row before
 * it and all its own fields. Snapshots of all registers are events of the first and hold the end of the second. What may change
 * (the registers, and where the chains end) is under one more hash, the seal, which every transaction renews.
 *
 * Everything here happens inside a transaction of the caller's, which ends with mm_db_end().
 */

#include "store/hash.h"
#include "store/roster.h"

/* What of each meter's energies lies in closed intervals of the profile, or is known to lie in none, in µWh and µvarh. */
struct mm_balance {
	int64_t uwh[MM_STORE_METERS_MAX][MM_ENERGIES];
};

/*
 * Before anything is written: are the seal and the ends of the chains as the last transaction left them? Puts what is not into
 * ret_broken, else "". sealed: registers, meters and where the chains end are. -EBADMSG where nothing says where they end.
 */
int mm_chain_check(struct mm_db *db, bool *ret_sealed, struct mm_error *ret_broken);

/* Where the chains end now. */
int mm_chain_heads(struct mm_db *db, struct mm_heads *ret);

/* Are those rows there that were the ends of the chains once? 1: yes; 0: no; -errno. */
int mm_chain_has(struct mm_db *db, const struct mm_heads *heads);

/* All registers and the end of the profile as JSON, a new string; what a snapshot is made of. */
int mm_chain_snapshot(struct mm_db *db, char **ret);

/* Loads the balance, once the meters are known. */
int mm_chain_load(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *ret);

/* Adds an event; data: a JSON object for programs, or NULL. */
int mm_chain_add(struct mm_db *db, const struct mm_roster *roster, const struct mm_store_event *event, const char *data);

/* Adds an interval of the profile, to the balance as well. */
int mm_chain_add_row(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
		     const struct mm_store_profile_row *entry);

/*
 * Accounts for the registers just saved: energy that is in no interval gets an event that says so, and from time to time there is
 * a snapshot. So at every commit each register is the sum of its intervals, the open one, and those events.
 */
int mm_chain_account(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
		     const struct mm_store_commit *commit);

#endif
