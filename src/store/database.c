/* SPDX-License-Identifier: MIT */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/count_of.h"
#include "base/file.h"
#include "store/migrate.h"

#define MM_PROGRAM_TEXT_MAX 32

struct setting {
	const char *sql;
	const char *expected; /* the answer without which we don't go on; NULL: none */
};

/* Before the first access. One connection alone, and no shared memory: some releases of SQLite corrupt a WAL that two write. */
static const struct setting settings_first[] = {
	{"PRAGMA locking_mode = EXCLUSIVE", "exclusive"},
	{"PRAGMA mmap_size = 0", NULL},
	{"PRAGMA trusted_schema = OFF", NULL},
	{"PRAGMA cell_size_check = ON", NULL},
};

/*
 * Once the file is known to be ours. WAL with FULL keeps every acknowledged commit. The WAL is written over from its begin after
 * each checkpoint; a file that no longer grows saves the file system's own writes, so it is not cut below what it reaches.
 */
static const struct setting settings_own[] = {
	{"PRAGMA journal_mode = WAL", "wal"},
	{"PRAGMA synchronous = FULL", NULL},
	{"PRAGMA synchronous", "2"},
	{"PRAGMA wal_autocheckpoint = 1000", "1000"},
	{"PRAGMA journal_size_limit = 8388608", "8388608"},
	{"PRAGMA cache_size = -512", NULL},
	{"PRAGMA foreign_keys = ON", NULL},
	{"PRAGMA temp_store = MEMORY", NULL},
};

static int apply(struct mm_db *db, const struct setting *settings, size_t count)
{
	char answer[32], why[128];
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const struct setting *s = &settings[i];

		r = mm_db_ask(db, s->sql, answer, sizeof(answer));
		if (r == 0 && s->expected && strcmp(answer, s->expected) != 0) {
			snprintf(why, sizeof(why), "%s gives \"%s\"", s->sql, answer);
			r = mm_db_fail(db, -EIO, why);
		}
	}
	return r;
}

/* The small tables, rules of their columns included. The profile and the events can be large: that would take seconds. */
static int check_tables(struct mm_db *db)
{
	static const char *const checks[] = {
		"PRAGMA quick_check(boot)",
		"PRAGMA quick_check(meter)",
		"PRAGMA quick_check(register)",
	};
	char answer[128], why[64];
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(checks) && r == 0; i++) {
		r = mm_db_ask(db, checks[i], answer, sizeof(answer));
		if (r == 0 && strcmp(answer, "ok") != 0) {
			snprintf(why, sizeof(why), "%s finds damage", checks[i]);
			/* A disk that can't be read is reported among the damage. */
			r = mm_db_fail(db, strstr(answer, "unable to get the page") ? -EIO : -EBADMSG, why);
		}
	}
	return r;
}

/* A register of a version that this program can't read; since version 3 it says who opened it last. */
static int refuse_version(struct mm_db *db, long version)
{
	char program[MM_PROGRAM_TEXT_MAX] = "", why[192];

	if (mm_db_ask(db, "SELECT program FROM head", program, sizeof(program)) < 0 || program[0] == '\0') {
		snprintf(program, sizeof(program), "of %s version", version > MM_SCHEMA_VERSION ? "a newer" : "an older");
	}
	snprintf(why, sizeof(why),
		 "the register has schema version %ld, written by minimeterd %s; this is minimeterd " PACKAGE_VERSION
		 ", which knows versions %d to %d",
		 version, program, MM_SCHEMA_OLDEST, MM_SCHEMA_VERSION);
	return mm_db_fail(db, -EPROTO, why);
}

/* 1: a new and empty database; 0: a register of ours; else -errno. */
static int identify(struct mm_db *db)
{
	char objects[32], application[32], version_text[32];
	long version;
	int r;

	r = mm_db_ask(db, "SELECT count(*) FROM sqlite_schema", objects, sizeof(objects));
	if (r == 0) {
		r = mm_db_ask(db, "PRAGMA application_id", application, sizeof(application));
	}
	if (r == 0) {
		r = mm_db_ask(db, "PRAGMA user_version", version_text, sizeof(version_text));
	}
	if (r < 0) {
		return r;
	}
	version = atol(version_text);
	if (atol(objects) == 0 && atol(application) == 0 && version == 0) {
		return 1;
	}
	if (atol(application) != MM_SCHEMA_APPLICATION_ID) {
		return mm_db_fail(db, -EBADMSG, "the file is a database of another program");
	}
	if (version < MM_SCHEMA_OLDEST || version > MM_SCHEMA_VERSION) {
		return refuse_version(db, version);
	}
	return 0;
}

/* 1: connected to an empty database; 0: to a register. */
static int connect_file(struct mm_db *db)
{
	int r;

	r = mm_db_connect(db);
	if (r == 0) {
		r = apply(db, settings_first, COUNT_OF(settings_first));
	}
	return r < 0 ? r : identify(db);
}

/* Makes the file at db->path a register without meters. One that a crash left behind is gone on with. */
static int create_as(struct mm_db *db)
{
	int fd, r;

	fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		return mm_db_fail(db, -errno, "can't create the register");
	}
	close(fd);
	r = connect_file(db);
	if (r == 1) {
		r = apply(db, settings_own, COUNT_OF(settings_own));
		for (const char *const *sql = mm_schema_sql; *sql && r == 0; sql++) {
			r = apply(db, &(struct setting){*sql, NULL}, 1);
		}
	}
	if (r == 0) {
		/* The WAL does not come along when the file is renamed. */
		r = mm_db_flush(db);
	}
	if (r == 0) {
		mm_db_keep(db);
	}
	mm_db_close(db);
	return r;
}

int mm_database_create(struct mm_db *db)
{
	char *path = db->path, *temporary;
	int r;

	if (asprintf(&temporary, "%s.new", path) < 0) {
		return -ENOMEM;
	}
	db->path = temporary; /* messages name the file that is meant */
	r = create_as(db);
	db->path = path;
	if (r == 0) {
		r = mm_file_rename(temporary, path, MM_FILE_NEW);
		r = r < 0 ? mm_db_fail(db, r, "can't name the new register") : 0;
	}
	free(temporary);
	return r;
}

/* Is there a register to open? 0: yes; 1: nothing there. */
static int look(struct mm_db *db)
{
	static const char *const companions[] = {"-wal", "-journal"};
	char name[PATH_MAX];
	struct stat st;
	int r = mm_db_find(db, &st);

	if (r < 0) {
		return r;
	}
	if (r == 1) {
		/* An empty one may be left where a register was refused. */
		for (size_t i = 0; i < COUNT_OF(companions); i++) {
			if (snprintf(name, sizeof(name), "%s%s", db->path, companions[i]) < (int)sizeof(name) &&
			    stat(name, &st) == 0 && st.st_size > 0) {
				return mm_db_fail(db, -EBADMSG, "the register is missing but its -wal or -journal is there");
			}
		}
		return 1;
	}
	if (st.st_size == 0) {
		return mm_db_fail(db, -EBADMSG, "the file is empty, which a register never is");
	}
	if (faccessat(AT_FDCWD, db->path, R_OK | W_OK, AT_EACCESS) < 0) {
		return mm_db_fail(db, -errno, "can't open the register");
	}
	return 0;
}

int mm_database_open(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters)
{
	int r = look(db);

	if (r != 0) {
		return r;
	}
	r = connect_file(db);
	if (r == 1) {
		r = mm_db_fail(db, -EBADMSG, "the file is an empty database");
	}
	if (r == 0) {
		r = apply(db, settings_own, COUNT_OF(settings_own));
	}
	if (r == 0) {
		r = check_tables(db);
	}
	if (r == 0) {
		r = mm_db_prepare_one(db, MM_STMT_METERS);
	}
	if (r == 0) {
		r = mm_roster_match(db, roster, meters);
	}
	/* One that is refused must still be the older version's. */
	if (r == 0) {
		r = mm_migrate(db);
	}
	if (r == 0) {
		r = mm_db_prepare(db);
	}
	if (r == 0) {
		r = mm_db_flush(db);
	}
	if (r < 0) {
		mm_db_close(db);
	}
	return r;
}

int mm_database_look(struct mm_db *db, struct mm_roster *roster, const struct mm_store_meter *meters)
{
	struct stat st;
	int r = mm_db_find(db, &st);

	if (r != 0) {
		return r;
	}
	if (faccessat(AT_FDCWD, db->path, R_OK, AT_EACCESS) < 0) {
		return mm_error_set(&db->error, -errno, "%.120s: %s", db->path, strerror(errno));
	}
	r = mm_db_connect_aside(db);
	if (r == 0) {
		r = identify(db);
	}
	if (r == 1) {
		r = mm_db_fail(db, -EBADMSG, "the file is an empty database");
	}
	if (r == 0) {
		r = mm_db_prepare_one(db, MM_STMT_METERS);
	}
	if (r == 0) {
		r = mm_roster_match(db, roster, meters);
	}
	mm_db_close(db);
	return r;
}

int mm_database_check(struct mm_db *db)
{
	char answer[128];
	int r = mm_db_ask(db, "PRAGMA integrity_check", answer, sizeof(answer));

	if (r == 0 && strcmp(answer, "ok") != 0) {
		r = mm_db_fail(db, strstr(answer, "unable to get the page") ? -EIO : -EBADMSG, "it is damaged inside");
	}
	return r;
}
