/* SPDX-License-Identifier: MIT */
#include "store/db.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "store/hash.h"
#include "store/serial.h"

/* ---- Errors ---- */

/* What a result code of SQLite means. The errno tells I/O errors apart where it is one of the disk's. */
static const struct {
	int code;
	int error;
} sqlite_errors[] = {
	{SQLITE_ERROR, EBADMSG}, /* our SQL is constant: it only fails where the tables are not ours */
	{SQLITE_CORRUPT, EBADMSG},   {SQLITE_NOTADB, EBADMSG},	{SQLITE_FULL, ENOSPC},	 {SQLITE_READONLY, EROFS},
	{SQLITE_PERM, EACCES},	     {SQLITE_BUSY, EBUSY},	{SQLITE_LOCKED, EBUSY},	 {SQLITE_NOMEM, ENOMEM},
	{SQLITE_CONSTRAINT, EINVAL}, {SQLITE_MISMATCH, EINVAL}, {SQLITE_TOOBIG, EINVAL},
};

/* What the daemon has not stored yet outlives it (minimeterd(8), DURABILITY), but no boot: it would go on from there. */
#define FORGET "reboot: the restart memory has the readings until then"
#define OTHER_METER                                                                                                              \
	"correct the configuration, or move the register away to begin at zero: this file with its -wal, -shm, .copy, .backup "  \
	"and "                                                                                                                   \
	".backup-old, and " FORGET

static const struct {
	int error;
	const char *advice;
} advices[] = {
	{EACCES, "give the user of the daemon the right to write the file and its directory"},
	{EPERM, "give the user of the daemon the right to write the file and its directory"},
	{EBADMSG, "move it away with its -wal and -shm and put back a backup; to begin at zero, move its .copy, .backup and "
		  ".backup-old away too, and " FORGET},
	{EBUSY, "stop the other process that has it open (fuser shows which)"},
	{EINVAL, "this is an error in the program: report it"},
	{EIO, "the disk fails: see the kernel's log, copy the register to a good disk"},
	{ENOENT, "create its directory"},
	{ENOTDIR, "correct the path"},
	{ENOSPC, "free some space on its file system"},
	{ENOTUNIQ, OTHER_METER},
	{EPROTO, "install the version that wrote it again"},
	{ERANGE, "registers never go back: restart the daemon so that it reads them again"},
	{EROFS, "its file system is read-only: mount it writable"},
	{EXDEV, OTHER_METER},
};

int mm_db_fail(struct mm_db *db, int r, const char *why)
{
	const char *advice = strerror(-r);

	for (size_t i = 0; i < COUNT_OF(advices); i++) {
		if (advices[i].error == -r) {
			advice = advices[i].advice;
		}
	}
	/* The end of a long path is worth less than the advice. */
	return mm_error_set(&db->error, r, "%.120s: %s: %s", db->path, why, advice);
}

/* The errno behind an error, where that is one of the disk's and not left over from another call; else 0. */
static int system_error(sqlite3 *db, int code)
{
	int error = sqlite3_system_errno(db);

	switch (error) {
	case EDQUOT:
		return ENOSPC;
	case ENOSPC:
	case EROFS:
		return error;
	case EACCES:
	case EPERM:
		return code == SQLITE_CANTOPEN ? error : 0;
	default:
		return 0;
	}
}

int mm_db_fail_sql(struct mm_db *db)
{
	int extended = sqlite3_extended_errcode(db->connection), code = extended & 0xff;
	int error = 0;

	for (size_t i = 0; i < COUNT_OF(sqlite_errors); i++) {
		if (sqlite_errors[i].code == code) {
			error = sqlite_errors[i].error;
		}
	}
	if (extended == SQLITE_CONSTRAINT_TRIGGER) {
		error = ERANGE;
	} else if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) {
		error = system_error(db->connection, code);
	}
	return mm_db_fail(db, error ? -error : -EIO, sqlite3_errmsg(db->connection));
}

int mm_db_step(struct mm_db *db, enum mm_stmt stmt, int bound)
{
	int rc = bound == SQLITE_OK ? sqlite3_step(db->stmt[stmt]) : bound;
	int r = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : mm_db_fail_sql(db);

	if (r <= 0) {
		sqlite3_reset(db->stmt[stmt]);
	}
	return r;
}

int mm_db_row(struct mm_db *db, enum mm_stmt stmt, int bound)
{
	int r = mm_db_step(db, stmt, bound);

	return r > 0 ? 0 : r < 0 ? r : mm_db_fail(db, -EIO, "a row is missing");
}

int mm_db_run(struct mm_db *db, enum mm_stmt stmt, int bound)
{
	int r = bound == SQLITE_OK && sqlite3_step(db->stmt[stmt]) == SQLITE_DONE ? 0 : mm_db_fail_sql(db);

	/* The result of a reset repeats that of the step. */
	sqlite3_reset(db->stmt[stmt]);
	return r;
}

int mm_db_end(struct mm_db *db, int r)
{
	if (r == 0) {
		r = mm_db_run(db, MM_STMT_SEAL, SQLITE_OK);
	}
	if (r == 0) {
		r = mm_db_run(db, MM_STMT_COMMIT, SQLITE_OK);
	}
	/* Some errors have rolled back by themselves; the message stays that of the first. */
	if (r < 0 && !sqlite3_get_autocommit(db->connection)) {
		sqlite3_step(db->stmt[MM_STMT_ROLLBACK]);
		sqlite3_reset(db->stmt[MM_STMT_ROLLBACK]);
	}
	return r;
}

/* ---- The connection ---- */

int mm_db_find(struct mm_db *db, struct stat *ret)
{
	struct stat st;

	if (stat(db->path, &st) < 0) {
		return errno == ENOENT ? 1 : mm_db_fail(db, -errno, "can't open the register");
	}
	if (!S_ISREG(st.st_mode)) {
		return mm_db_fail(db, -EBADMSG, "this is not a regular file");
	}
	*ret = st;
	return 0;
}

int mm_db_connect(struct mm_db *db)
{
	if (sqlite3_open_v2(db->path, &db->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			    NULL) != SQLITE_OK) {
		return db->connection ? mm_db_fail_sql(db) : -ENOMEM;
	}
	sqlite3_db_config(db->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return mm_hash_add(db->connection) == SQLITE_OK && mm_serial_add(db->connection) == SQLITE_OK ? 0 : mm_db_fail_sql(db);
}

/* path as a URI that says that nobody changes the file: SQLite neither locks it nor looks for what belongs to it. */
static char *immutable_uri(const char *path)
{
	static const char begin[] = "file:", end[] = "?immutable=1";
	char *uri = malloc(sizeof(begin) + 2 + 3 * strlen(path) + sizeof(end)), *next;

	if (!uri) {
		return NULL;
	}
	next = stpcpy(uri, begin);
	if (path[0] == '/') {
		next = stpcpy(next, "//"); /* of no host */
	}
	for (; *path != '\0'; path++) {
		if (isalnum((unsigned char)*path) || strchr("/._-", *path)) {
			*next++ = *path;
		} else {
			next += sprintf(next, "%%%02x", (unsigned char)*path);
		}
	}
	strcpy(next, end);
	return uri;
}

int mm_db_connect_aside(struct mm_db *db)
{
	char *uri = immutable_uri(db->path);
	int rc = SQLITE_NOMEM;

	if (uri) {
		rc = sqlite3_open_v2(uri, &db->connection,
				     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	}
	free(uri);
	return rc == SQLITE_OK ? 0 : db->connection ? mm_db_fail_sql(db) : -ENOMEM;
}

int mm_db_prepare_one(struct mm_db *db, enum mm_stmt stmt)
{
	if (sqlite3_prepare_v3(db->connection, mm_stmt_sql[stmt], -1, SQLITE_PREPARE_PERSISTENT, &db->stmt[stmt], NULL) !=
	    SQLITE_OK) {
		return mm_db_fail_sql(db);
	}
	return 0;
}

int mm_db_prepare(struct mm_db *db)
{
	int r = 0;

	for (enum mm_stmt stmt = 0; stmt < MM_STMT_COUNT && r == 0; stmt++) {
		r = db->stmt[stmt] ? 0 : mm_db_prepare_one(db, stmt);
	}
	return r;
}

void mm_db_keep(struct mm_db *db)
{
	sqlite3_db_config(db->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

int mm_db_flush(struct mm_db *db)
{
	if (sqlite3_wal_checkpoint_v2(db->connection, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK) {
		return mm_db_fail_sql(db);
	}
	return 0;
}

void mm_db_close(struct mm_db *db)
{
	for (size_t i = 0; i < MM_STMT_COUNT; i++) {
		sqlite3_finalize(db->stmt[i]);
		db->stmt[i] = NULL;
	}
	sqlite3_close(db->connection);
	db->connection = NULL;
}

void mm_db_text(sqlite3_stmt *stmt, int column, char *ret, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	snprintf(ret, size, "%s", text ? text : "");
}

int mm_db_ask(struct mm_db *db, const char *sql, char *ret, size_t size)
{
	sqlite3_stmt *stmt;
	int rc, r = 0;

	if (sqlite3_prepare_v2(db->connection, sql, -1, &stmt, NULL) != SQLITE_OK) {
		return mm_db_fail_sql(db);
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		mm_db_text(stmt, 0, ret, size);
	} else if (rc == SQLITE_DONE) {
		ret[0] = '\0';
	} else {
		r = mm_db_fail_sql(db);
	}
	sqlite3_finalize(stmt);
	return r;
}
