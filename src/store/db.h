/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_DB_H
#define MM_STORE_DB_H

/*
 * A connection to one database file, and its prepared statements. Every statement is reset when nobody steps it, so that a
 * transaction can end; after a failed one there is none, and error says what failed first.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/error.h"
#include "store/schema.h"

struct mm_db {
	char *path; /* of the file; for messages as well */
	sqlite3 *connection;
	sqlite3_stmt *stmt[MM_STMT_COUNT];
	struct mm_error error; /* of the last failure */
};

/* Sets the error "path: why: what to do" and returns r, a -errno. */
int mm_db_fail(struct mm_db *db, int r, const char *why);

/* The same for the last error of the connection. */
int mm_db_fail_sql(struct mm_db *db);

/* What is at path: 0: a regular file, 1: nothing. -EBADMSG: a pipe or the like; to open it could take for ever. Else -errno. */
int mm_db_find(struct mm_db *db, struct stat *ret);

/* Connects to the file at path. Closing leaves it and its -wal as they are until mm_db_keep(). 0 or -errno. */
int mm_db_connect(struct mm_db *db);

/*
 * The same for looking at a file that another process may have open: nothing is written or locked, and what only its -wal has is
 * not seen. Only for what does not change while a daemon runs. mm_db_close() ends it.
 */
int mm_db_connect_aside(struct mm_db *db);

/* Prepares the statements that are not yet, once the tables are there; the second: one of them. 0 or -errno. */
int mm_db_prepare(struct mm_db *db);
int mm_db_prepare_one(struct mm_db *db, enum mm_stmt stmt);

/* From here on closing tidies up: the WAL goes into the database and is removed. */
void mm_db_keep(struct mm_db *db);

void mm_db_close(struct mm_db *db);

/* Runs one statement and gives the first column of its first row; no row: "". 0 or -errno. */
int mm_db_ask(struct mm_db *db, const char *sql, char *ret, size_t size);

/* Runs a statement that gives no rows, and resets it; bound: the results of its bindings OR-ed. 0 or -errno. */
int mm_db_run(struct mm_db *db, enum mm_stmt stmt, int bound);

/*
 * Steps a statement that gives rows; bound: as for mm_db_run(). 1: a row, and who is done with it before the end resets it; 0:
 * there are no more; -errno.
 */
int mm_db_step(struct mm_db *db, enum mm_stmt stmt, int bound);

/* Steps one that always gives a row: 0, and the caller resets it; or -errno. */
int mm_db_row(struct mm_db *db, enum mm_stmt stmt, int bound);

/* Ends a transaction: sealed and COMMIT where r is 0, else ROLLBACK. Returns 0, r, or what COMMIT failed with. */
int mm_db_end(struct mm_db *db, int r);

/*
 * Copies what the WAL still holds into the database and syncs it. After a failed sync and a crash the WAL can show a commit that
 * is in memory only; a commit behind it would be lost with it at a power cut.
 */
int mm_db_flush(struct mm_db *db);

/* The text of a column; "" for NULL. */
void mm_db_text(sqlite3_stmt *stmt, int column, char *ret, size_t size);

#endif
