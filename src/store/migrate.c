/* SPDX-License-Identifier: MIT */
/*
 * Each migration is one transaction, so that a crash leaves either the one version or the other. Version 1 had no audit trail:
 * its events and its profile become part of it as they are.
 */
#include "store/migrate.h"

#include <stdlib.h>

#include "base/count_of.h"

static int run_sql(struct mm_db *db, const char *sql)
{
	return sqlite3_exec(db->connection, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : mm_db_fail_sql(db);
}

/* Adds every row that a query gives by one of our statements, and moves the end of the chain behind it. */
static int chain_rows(struct mm_db *db, const char *from, enum mm_stmt add, enum mm_stmt end)
{
	sqlite3_stmt *rows = NULL, *adding = NULL, *moving = NULL;
	int rc, r = 0;

	if (sqlite3_prepare_v2(db->connection, from, -1, &rows, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db->connection, mm_stmt_sql[add], -1, &adding, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db->connection, mm_stmt_sql[end], -1, &moving, NULL) != SQLITE_OK) {
		r = mm_db_fail_sql(db);
	}
	while (r == 0 && (rc = sqlite3_step(rows)) != SQLITE_DONE) {
		for (int i = 0; i < sqlite3_column_count(rows) && rc == SQLITE_ROW; i++) {
			rc = sqlite3_bind_value(adding, i + 1, sqlite3_column_value(rows, i)) == SQLITE_OK ? rc : SQLITE_ERROR;
		}
		if (rc != SQLITE_ROW || sqlite3_step(adding) != SQLITE_DONE ||
		    sqlite3_bind_int64(moving, 1, sqlite3_last_insert_rowid(db->connection)) != SQLITE_OK ||
		    sqlite3_step(moving) != SQLITE_DONE) {
			r = mm_db_fail_sql(db);
		}
		sqlite3_reset(adding);
		sqlite3_reset(moving);
	}
	sqlite3_finalize(rows);
	sqlite3_finalize(adding);
	sqlite3_finalize(moving);
	return r;
}

/* The rows of a table of the older version become those of a chain. */
struct chained {
	const char *const *from; /* a query that gives them as add takes them */
	enum mm_stmt add, end;
};

struct migration {
	int version; /* that it begins with */
	const char *const *prepare;
	struct chained chained[2];
	const char *const *finish; /* its last statement ends the transaction that prepare began */
};

static const struct migration migrations[] = {
	{
		.version = 1,
		.prepare = mm_schema_1_prepare,
		.chained = {{&mm_schema_1_events, MM_STMT_EVENT_ADD, MM_STMT_EVENT_HEAD},
			    {&mm_schema_1_profile, MM_STMT_PROFILE_ADD, MM_STMT_PROFILE_HEAD}},
		.finish = mm_schema_1_finish,
	},
};

static int run_list(struct mm_db *db, const char *const *sql)
{
	int r = 0;

	while (*sql && r == 0) {
		r = run_sql(db, *sql++);
	}
	return r;
}

static int run_migration(struct mm_db *db, const struct migration *migration)
{
	int r = run_list(db, migration->prepare);

	for (size_t i = 0; i < COUNT_OF(migration->chained) && r == 0; i++) {
		const struct chained *chained = &migration->chained[i];

		r = chained->from ? chain_rows(db, *chained->from, chained->add, chained->end) : 0;
	}
	if (r == 0) {
		r = run_list(db, migration->finish);
	}
	if (r < 0 && !sqlite3_get_autocommit(db->connection)) {
		(void)run_sql(db, "ROLLBACK"); /* the error is that of what failed before it */
	}
	return r;
}

int mm_migrate(struct mm_db *db)
{
	char version[32];
	int r = mm_db_ask(db, "PRAGMA user_version", version, sizeof(version));

	/* In ascending order: one leads to the next. */
	for (size_t i = 0; i < COUNT_OF(migrations) && r == 0; i++) {
		if (migrations[i].version >= atoi(version)) {
			r = run_migration(db, &migrations[i]);
		}
	}
	return r;
}
