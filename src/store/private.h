/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_PRIVATE_H
#define MM_STORE_PRIVATE_H

/* What the files of the register share among themselves. */

#include <sqlite3.h>

#include "store/audit/head.h"
#include "store/store.h"
#include "store/schema.h"
#include "store/state.h"

#define MM_STORE_STORY_MAX 192 /* the text of an event */

struct mm_copy;
struct mm_image;
struct mm_key;

/* What of each meter's energies lies in closed intervals of the profile, or is known to lie in none, in µWh and µvarh. */
struct mm_balance {
	int64_t uwh[MM_STORE_METERS_MAX][MM_ENERGIES];
};

struct mm_store {
	sqlite3 *db;
	sqlite3_stmt *stmt[MM_STMT_COUNT];
	char *path;
	int64_t boot; /* row of this run of the machine */
	unsigned meter_count;
	int64_t meter_id[MM_STORE_METERS_MAX];		    /* their rows, in the order of the configuration */
	struct mm_registers committed[MM_STORE_METERS_MAX]; /* as the last commit left them */
	struct mm_balance balance;			    /* as the last commit left it */
	uint64_t number;				    /* of the last commit that is durable anywhere */
	uint64_t database_number;			    /* of the last one that the database has */
	struct mm_image *image;				    /* the one being written */
	struct mm_copy *copy;				    /* NULL: none, or none that can be opened */
	char *copy_path;				    /* NULL: none is wanted */
	int copy_error;					    /* 0, or why the copy is not written */
	int64_t copy_tried_ns;				    /* boottime_ns of the commit that last tried to open it */
	uint64_t opened_number;				    /* as it was at opening */
	bool copy_begins;				    /* at opening: there was no copy */
	bool rebuilt;					    /* at opening: the database is made anew */
	struct mm_state who;				    /* the meters and this boot, for the copy */
	char story[MM_STORE_STORY_MAX];			    /* what was out of order at opening; "": nothing */
	bool told;					    /* that is in an event */
	struct mm_key *key;				    /* signs heads; NULL: none */
	void (*serve)(void *userdata);			    /* NULL, or to be called while something takes long */
	void *serve_userdata;
	char message[MM_STORE_MESSAGE_MAX]; /* of the last failure */
};

/* Writes "path: why: what to do" into reg->message and returns r, a -errno. */
int mm_store_fail(struct mm_store *reg, int r, const char *why);

/* The same for the last error of the connection. */
int mm_store_fail_sql(struct mm_store *reg);

/* Runs a statement that gives no rows, and resets it; bound: the results of its bindings OR-ed. 0 or -errno with a message. */
int mm_store_run(struct mm_store *reg, enum mm_stmt stmt, int bound);

/* Ends a transaction: sealed and COMMIT where r is 0, else ROLLBACK. Returns 0, r, or what COMMIT failed with. */
int mm_store_end(struct mm_store *reg, int r);

/* Syncs the directory that path lies in. 0 or -errno. */
int mm_store_sync_directory(const char *path);

/* Fills reg->committed[index] from the database; the other one: the same of any meter's row. -EBADMSG for one without registers.
 */
int mm_store_read(struct mm_store *reg, unsigned index);
int mm_store_read_id(struct mm_store *reg, int64_t id, struct mm_registers *ret);

/* Within a transaction: the registers of one meter's row, and all of a commit. */
int mm_store_save(struct mm_store *reg, int64_t id, int64_t boottime_ns, int64_t realtime_ns,
		  const struct mm_registers *registers);
int mm_store_write_commit(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number);

/* Puts a commit into reg->image. */
void mm_store_image(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number);

/*
 * Writes a commit to the second copy and to nothing else: also in the midst of a statement. True when it is durable there;
 * reg->copy_error says why not.
 */
bool mm_store_commit_to_copy(struct mm_store *reg, const struct mm_store_commit *commit);

/*
 * In the midst of a run: opens the copy that could not be opened before, and begins it where there is none; reg->copy_error says
 * what came of it. One that may hold what the register lacks is left for the next start, as is one with anything else wrong:
 * -EEXIST.
 */
void mm_store_reopen_copy(struct mm_store *reg);

/* ---- The database file at reg->path ---- */

/*
 * Opens it for these meters, without entering anything. 0; 1: nothing is there; -errno as mm_store_open() with a message,
 * and it is closed again. Nothing is changed (an empty -wal may be left) but that an older schema is upgraded.
 */
int mm_database_open(struct mm_store *reg, const struct mm_store_meter *meters);

/* Makes a new one, without meters, and leaves it closed. Whole or not at all. */
int mm_database_create(struct mm_store *reg);

/* Every page of it: takes long. -EBADMSG: damaged. */
int mm_database_check(struct mm_store *reg);

/*
 * Enters this boot, the meters that are new, the image where it is newer, and reg->story as an event, all in one transaction;
 * loads the registers.
 */
int mm_database_enter(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters,
		      const struct mm_image *image);

/* Within a transaction: makes this run of the machine that of what is written. */
int mm_database_boot(struct mm_store *reg, const char *boot_id);

/* Within a transaction: the row of a meter, which is added where there is none. */
int mm_database_meter(struct mm_store *reg, const struct mm_store_meter *meter, int64_t *ret_id);

/*
 * Copies what the WAL still holds into the database and syncs it. After a failed sync and a crash the WAL can show a commit that
 * is in memory only; a commit behind it would be lost with it at a power cut.
 */
int mm_database_settle(struct mm_store *reg);

/* From here on closing tidies up: the WAL goes into the database and is removed. */
void mm_database_keep(struct mm_store *reg);

void mm_database_close(struct mm_store *reg);

/* -EINVAL where a commit names meters that are not there. Looks at nothing of reg that ever changes: any thread may ask. */
int mm_store_check(const struct mm_store *reg, const struct mm_store_commit *commit);

#endif
