/* SPDX-License-Identifier: MIT */
/*
 * A migration is one transaction, so that a crash leaves either the older version or today's. Rows of both chains stay as they
 * are, hashes included.
 */
#include "store/migrate.h"

#include <stdlib.h>

#include "base/count_of.h"

static const struct {
	int version;		/* that it begins with; it ends with today's */
	const char *const *sql; /* the last statement ends the transaction that the first begins */
} migrations[] = {
	{2, mm_schema_2},
};

static int run(struct mm_db *db, const char *sql)
{
	return sqlite3_exec(db->connection, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : mm_db_fail_sql(db);
}

static int run_list(struct mm_db *db, const char *const *sql)
{
	int r = 0;

	while (*sql && r == 0) {
		r = run(db, *sql++);
	}
	if (r < 0 && !sqlite3_get_autocommit(db->connection)) {
		struct mm_error first = db->error;

		(void)run(db, "ROLLBACK"); /* some errors have done that already */
		db->error = first;
	}
	return r;
}

int mm_migrate(struct mm_db *db)
{
	char version[32];
	int r = mm_db_ask(db, "PRAGMA user_version", version, sizeof(version));

	for (size_t i = 0; i < COUNT_OF(migrations) && r == 0; i++) {
		if (migrations[i].version == atoi(version)) {
			return run_list(db, migrations[i].sql);
		}
	}
	return r;
}
