/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_PRIVATE_H
#define MM_STORE_PRIVATE_H

/*
 * What the files of this room share, and nobody else includes. From bottom to top, each file calls only those before it:
 *
 *   bytes, column, state, serial, slot: registers, events and intervals as bytes
 *   match: which stored meters are those of the configuration
 *   retire, mirror, key: one file each, beside the database
 *   hash, schema, db: SQL and the connection
 *   roster, chain, transaction: what the tables hold
 *   migrate, database: the database file
 *   store: commits, which mirroring also takes to the second copy
 *   query, issued, backup: what is read back, what is made from it
 *   takeover, reconcile, recover, open: what becomes one store at the start
 *   checkpoint, sign, verify: proof of the audit trail
 *   outbox, worker: the thread
 */

#include "store/chain.h"
#include "store/serial.h"
#include "store/slot.h"
#include "store/store.h"

#define MM_BACKUPS 2

struct mm_key;
struct mm_mirror;

struct mm_store {
	struct mm_db db;
	struct mm_roster roster;
	struct mm_registers committed[MM_STORE_METERS_MAX]; /* as the last commit left them */
	struct mm_balance balance;			    /* the same */
	uint64_t number;				    /* of the last commit that is durable anywhere */
	uint64_t database_number;			    /* of the last one that the database has */
	struct mm_heads heads;				    /* where its chains end */
	int64_t page;					    /* of the last statement that was issued; 0: none was */

	struct mm_mirror *mirror;     /* NULL: none, or none that can be opened */
	char *mirror_path;	      /* NULL: none is wanted */
	int mirror_error;	      /* 0, or why it is not written */
	int64_t mirror_tried_ns;      /* boottime_ns of the commit that last tried to open it */
	uint64_t opened_number;	      /* number as it was at opening: a mirror that appears later may hold that and no more */
	struct mm_state introduction; /* the meters and this boot, with which each slot begins */
	struct mm_slot *slot;	      /* the one being written */

	char findings[MM_STORE_FINDINGS_MAX];		       /* what was out of order at opening; "": nothing */
	char misread[MM_STORE_METERS_MAX][MM_SERIAL_TEXT_MAX]; /* mm_store_misread() */
	struct mm_key *key;				       /* signs checkpoints; NULL: none */
	void (*meanwhile)(void *userdata);		       /* NULL, or to be called while something takes long */
	void *meanwhile_userdata;
};

/* What the names of backups have behind that of the database, the newest first. */
extern const char *const mm_backup_suffix[MM_BACKUPS];

/*
 * Writes a commit to the second copy and to nothing else: also while a statement runs. True when it is durable there;
 * store->mirror_error says why not.
 */
bool mm_store_commit_to_mirror(struct mm_store *store, const struct mm_store_commit *commit);

/* A record as mm_store_record() has it. page: to be kept as that of the last statement with it; 0: it is no statement. */
int mm_store_add_record(struct mm_store *store, const struct mm_store_event *event, int64_t page, const char *data);

/* Gives the events that a statement of MM_STMT_EVENTS's columns finds; bound: as for mm_db_step(). */
int mm_store_give_events(struct mm_store *store, enum mm_stmt which, int bound, mm_store_event_fn fn, void *userdata);

#endif
