/* SPDX-License-Identifier: MIT */
/*
 * One database file: is there one, is it sound, is it ours, is it this meter's? Nothing is written before all of that is
 * answered, and nothing is ever removed or truncated. A new database is made whole under another name and then renamed, so that
 * an empty file in its place is always damage and never taken for a meter at zero.
 */
#include "store/chain.h"
#include "store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Runs one statement and gives the first column of its first row; no row: "". */
static int ask(struct mm_store *reg, const char *sql, char *ret, size_t size)
{
	sqlite3_stmt *stmt;
	int rc, r = 0;

	if (sqlite3_prepare_v2(reg->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		return mm_store_fail_sql(reg);
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);

		snprintf(ret, size, "%s", text ? text : "");
	} else if (rc == SQLITE_DONE) {
		ret[0] = '\0';
	} else {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int apply(struct mm_store *reg, const struct setting *settings, size_t count)
{
	char answer[32], why[128];
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const struct setting *s = &settings[i];

		r = ask(reg, s->sql, answer, sizeof(answer));
		if (r == 0 && s->expected && strcmp(answer, s->expected) != 0) {
			snprintf(why, sizeof(why), "%s gives \"%s\"", s->sql, answer);
			r = mm_store_fail(reg, -EIO, why);
		}
	}
	return r;
}

/* The small tables, rules of their columns included. The profile and the events can be large: that would take seconds. */
static int check_tables(struct mm_store *reg)
{
	static const char *const checks[] = {
		"PRAGMA quick_check(boot)",
		"PRAGMA quick_check(meter)",
		"PRAGMA quick_check(register)",
	};
	char answer[128], why[64];
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(checks) && r == 0; i++) {
		r = ask(reg, checks[i], answer, sizeof(answer));
		if (r == 0 && strcmp(answer, "ok") != 0) {
			snprintf(why, sizeof(why), "%s finds damage", checks[i]);
			/* A disk that can't be read is reported among the damage. */
			r = mm_store_fail(reg, strstr(answer, "unable to get the page") ? -EIO : -EBADMSG, why);
		}
	}
	return r;
}

/* 1: a new and empty database; 0: a register of ours; else -errno. */
static int identify(struct mm_store *reg)
{
	char objects[32], application[32], version_text[32], why[128];
	long version;
	int r;

	r = ask(reg, "SELECT count(*) FROM sqlite_schema", objects, sizeof(objects));
	if (r == 0) {
		r = ask(reg, "PRAGMA application_id", application, sizeof(application));
	}
	if (r == 0) {
		r = ask(reg, "PRAGMA user_version", version_text, sizeof(version_text));
	}
	if (r < 0) {
		return r;
	}
	version = atol(version_text);
	if (atol(objects) == 0 && atol(application) == 0 && version == 0) {
		return 1;
	}
	if (atol(application) != MM_SCHEMA_APPLICATION_ID || version < 1) {
		return mm_store_fail(reg, -EBADMSG, "the file is a database of another program");
	}
	if (version > MM_SCHEMA_VERSION) {
		snprintf(why, sizeof(why), "the register has schema version %lld, this program knows up to %d",
			 (long long)version, MM_SCHEMA_VERSION);
		return mm_store_fail(reg, -EPROTO, why);
	}
	return 0;
}

void mm_database_close(struct mm_store *reg)
{
	for (size_t i = 0; i < MM_STMT_COUNT; i++) {
		sqlite3_finalize(reg->stmt[i]);
		reg->stmt[i] = NULL;
	}
	sqlite3_close(reg->db);
	reg->db = NULL;
}

/* 1: connected to an empty database; 0: to a register. Closing leaves the files as they are until mm_database_keep() has been
 * called. */
static int connect_file(struct mm_store *reg)
{
	int r;

	if (sqlite3_open_v2(reg->path, &reg->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) !=
	    SQLITE_OK) {
		return reg->db ? mm_store_fail_sql(reg) : -ENOMEM;
	}
	sqlite3_db_config(reg->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	r = apply(reg, settings_first, COUNT_OF(settings_first));
	return r < 0 ? r : identify(reg);
}

void mm_database_keep(struct mm_store *reg)
{
	sqlite3_db_config(reg->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

int mm_database_settle(struct mm_store *reg)
{
	if (sqlite3_wal_checkpoint_v2(reg->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK) {
		return mm_store_fail_sql(reg);
	}
	return 0;
}

int mm_store_sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, r = 0;

	if (!copy) {
		return -ENOMEM;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0) {
		r = -errno;
	}
	if (fd >= 0) {
		close(fd);
	}
	free(copy);
	return r;
}

/* Makes the file at reg->path a register without meters. One that a crash left behind is gone on with. */
static int create_as(struct mm_store *reg)
{
	int fd, r;

	fd = open(reg->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		return mm_store_fail(reg, -errno, "can't create the register");
	}
	close(fd);
	r = connect_file(reg);
	if (r == 1) {
		r = apply(reg, settings_own, COUNT_OF(settings_own));
		for (const char *const *sql = mm_schema_sql; *sql && r == 0; sql++) {
			r = apply(reg, &(struct setting){*sql, NULL}, 1);
		}
	}
	if (r == 0) {
		/* The WAL does not come along when the file is renamed. */
		r = mm_database_settle(reg);
	}
	if (r == 0) {
		mm_database_keep(reg);
	}
	mm_database_close(reg);
	return r;
}

int mm_database_create(struct mm_store *reg)
{
	char *path = reg->path, *temporary;
	int r;

	if (asprintf(&temporary, "%s.new", path) < 0) {
		return -ENOMEM;
	}
	reg->path = temporary; /* messages name the file that is meant */
	r = create_as(reg);
	reg->path = path;
	if (r == 0 && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
		r = mm_store_fail(reg, -errno, "can't name the new register");
	}
	if (r == 0) {
		r = mm_store_sync_directory(path);
		if (r < 0) {
			mm_store_fail(reg, r, "can't sync the directory");
		}
	}
	free(temporary);
	return r;
}

/* Is there a register to open? 0: yes; 1: nothing there. */
static int look(struct mm_store *reg)
{
	static const char *const companions[] = {"-wal", "-journal"};
	char name[PATH_MAX];
	struct stat st;

	if (stat(reg->path, &st) < 0) {
		if (errno != ENOENT) {
			return mm_store_fail(reg, -errno, "can't open the register");
		}
		/* An empty one may be left where a register was refused. */
		for (size_t i = 0; i < COUNT_OF(companions); i++) {
			if (snprintf(name, sizeof(name), "%s%s", reg->path, companions[i]) < (int)sizeof(name) &&
			    stat(name, &st) == 0 && st.st_size > 0) {
				return mm_store_fail(reg, -EBADMSG, "the register is missing but its -wal or -journal is there");
			}
		}
		return 1;
	}
	if (!S_ISREG(st.st_mode)) {
		return mm_store_fail(reg, -EBADMSG, "this is not a regular file");
	}
	if (st.st_size == 0) {
		return mm_store_fail(reg, -EBADMSG, "the file is empty, which a register never is");
	}
	if (faccessat(AT_FDCWD, reg->path, R_OK | W_OK, AT_EACCESS) < 0) {
		return mm_store_fail(reg, -errno, "can't open the register");
	}
	return 0;
}

static int prepare(struct mm_store *reg)
{
	for (size_t i = 0; i < MM_STMT_COUNT; i++) {
		if (sqlite3_prepare_v3(reg->db, mm_stmt_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &reg->stmt[i], NULL) !=
		    SQLITE_OK) {
			return mm_store_fail_sql(reg);
		}
	}
	return 0;
}

/* Compares the stored meters with the configured ones and notes the rows of those that are known. */
static int match(struct mm_store *reg, const struct mm_store_meter *meters)
{
	sqlite3_stmt *stmt = reg->stmt[MM_STMT_METERS];
	char stored[MM_STORE_NAME_MAX] = "", why[MM_STORE_MESSAGE_MAX];
	unsigned matched = 0;
	int rc, r = 0;

	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *serial = (const char *)sqlite3_column_text(stmt, 1);
		const char *model = (const char *)sqlite3_column_text(stmt, 2);

		if (!serial || !model) {
			r = mm_store_fail(reg, -ENOMEM, "can't read the meters");
			break;
		}
		if (stored[0] == '\0') {
			snprintf(stored, sizeof(stored), "%s", serial);
		}
		for (unsigned i = 0; i < reg->meter_count; i++) {
			if (strcmp(serial, meters[i].serial) != 0) {
				continue;
			}
			if (strcmp(model, meters[i].model) != 0) {
				snprintf(why, sizeof(why), "serial %s is stored as model %.31s, the configuration says %s",
					 serial, model, meters[i].model);
				r = mm_store_fail(reg, -EXDEV, why);
			}
			reg->meter_id[i] = sqlite3_column_int64(stmt, 0);
			matched++;
		}
	}
	if (r == 0 && rc != SQLITE_DONE) {
		r = mm_store_fail_sql(reg);
	}
	if (r == 0 && matched == 0 && stored[0] != '\0') {
		snprintf(why, sizeof(why), "the register is of meter serial %s, the configuration says %s", stored,
			 meters[0].serial);
		r = mm_store_fail(reg, -EXDEV, why);
	}
	sqlite3_reset(stmt);
	return r;
}

int mm_database_open(struct mm_store *reg, const struct mm_store_meter *meters)
{
	int r = look(reg);

	if (r != 0) {
		return r;
	}
	memset(reg->meter_id, 0, sizeof(reg->meter_id));
	r = connect_file(reg);
	if (r == 1) {
		r = mm_store_fail(reg, -EBADMSG, "the file is an empty database");
	}
	if (r == 0) {
		r = apply(reg, settings_own, COUNT_OF(settings_own));
	}
	if (r == 0) {
		r = check_tables(reg);
	}
	if (r == 0) {
		r = mm_chain_functions(reg);
	}
	if (r == 0) {
		r = mm_store_upgrade(reg);
	}
	if (r == 0) {
		r = prepare(reg);
	}
	if (r == 0) {
		r = match(reg, meters);
	}
	if (r == 0) {
		r = mm_database_settle(reg);
	}
	if (r < 0) {
		mm_database_close(reg);
	}
	return r;
}

int mm_database_check(struct mm_store *reg)
{
	char answer[128];
	int r = ask(reg, "PRAGMA integrity_check", answer, sizeof(answer));

	if (r == 0 && strcmp(answer, "ok") != 0) {
		r = mm_store_fail(reg, strstr(answer, "unable to get the page") ? -EIO : -EBADMSG, "it is damaged inside");
	}
	return r;
}
