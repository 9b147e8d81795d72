/* SPDX-License-Identifier: MIT */
#ifndef MM_REGISTER_STORE_H
#define MM_REGISTER_STORE_H

/* What the files of the register share among themselves. */

#include <sqlite3.h>

#include "register/register.h"
#include "register/schema.h"

#define MM_HASH_SIZE 32 /* SHA-256 */

/* delivered, received, lagging, leading */
#define MM_ENERGIES 4

/* What of each meter's energies lies in closed intervals of the profile, or is known to lie in none, in µWh and µvarh. */
struct mm_balance {
	int64_t uwh[MM_REGISTER_METERS_MAX][MM_ENERGIES];
};

struct mm_register {
	sqlite3 *db;
	sqlite3_stmt *stmt[MM_STMT_COUNT];
	char *path;
	int64_t boot; /* row of this run of the machine */
	unsigned meter_count;
	int64_t meter_id[MM_REGISTER_METERS_MAX];	       /* their rows, in the order of the configuration */
	struct mm_registers committed[MM_REGISTER_METERS_MAX]; /* as the last commit left them */
	int64_t committed_ns;				       /* its boottime_ns; 0: in another run of the machine */
	struct mm_balance balance;			       /* as the last commit left it */
	char message[MM_REGISTER_MESSAGE_MAX];		       /* of the last failure */
};

/* Writes "path: why: what to do" into reg->message and returns r, a -errno. */
int mm_register_fail(struct mm_register *reg, int r, const char *why);

/* The same for the last error of the connection. */
int mm_register_fail_sql(struct mm_register *reg);

/* Runs a statement that gives no rows, and resets it; bound: the results of its bindings OR-ed. 0 or -errno with a message. */
int mm_register_run(struct mm_register *reg, enum mm_stmt stmt, int bound);

/* Ends a transaction: sealed and COMMIT where r is 0, else ROLLBACK. Returns 0, r, or what COMMIT failed with. */
int mm_register_end(struct mm_register *reg, int r);

/* Syncs the directory that path lies in. 0 or -errno. */
int mm_register_sync_directory(const char *path);

/* Fills reg->committed[index] from the database. -EBADMSG for figures that no meter writes. */
int mm_register_read(struct mm_register *reg, unsigned index);

/* -EINVAL where a commit names meters that are not there. Looks at nothing of reg that ever changes: any thread may ask. */
int mm_register_check(const struct mm_register *reg, const struct mm_register_commit *commit);

#endif
