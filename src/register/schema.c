/* SPDX-License-Identifier: MIT */
/*
 * The SQL of the register. Rows are only ever added, but for the one row of current registers per meter: the triggers hold that
 * and the order of the registers against anything that writes to the file, ourselves included.
 */
#include "register/schema.h"

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

#define SQL_COUNT(column) "INTEGER NOT NULL DEFAULT 0 CHECK (" column " >= 0)"
#define SQL_CARRY(column) "REAL NOT NULL DEFAULT 0 CHECK (" column " >= 0 AND " column " < 1)"
#define SQL_PEAK(column) "REAL NOT NULL DEFAULT 0 CHECK (" column " >= 0)"
#define SQL_INT64(column) "INTEGER NOT NULL DEFAULT 0"
#define SQL_INT32(column) SQL_INT64(column)
#define SQL_UINT32(column) SQL_INT64(column)
#define SQL_BOOL(column) SQL_INT64(column)
#define DEFINE(kind, column, member) ", " #column " " SQL_##kind(#column)

#define FALLS_COUNT(column) " OR NEW." column " < OLD." column
#define FALLS_PEAK(column) FALLS_COUNT(column)
#define FALLS_CARRY(column) ""
#define FALLS_INT64(column) ""
#define FALLS_INT32(column) ""
#define FALLS_UINT32(column) ""
#define FALLS_BOOL(column) ""
#define FALLS(kind, column, member) FALLS_##kind(#column)

#define NAME(kind, column, member) ", " #column
#define SET(kind, column, member) ", " #column " = ?"
#define COLUMN(kind, column, member) {MM_COLUMN_##kind, offsetof(struct mm_registers, member)},

#define NEVER(name, event, table)                                                                                                \
	"CREATE TRIGGER " name " BEFORE " event " BEGIN SELECT RAISE(ABORT, '" table " rows are never changed or removed'); END"
#define NEVER_UPDATED(table) NEVER(table "_no_update", "UPDATE ON " table, table)
#define NEVER_DELETED(table) NEVER(table "_no_delete", "DELETE ON " table, table)
/* REPLACE removes a row without asking the trigger above. */
#define NEVER_REPLACED(table, same)                                                                                              \
	NEVER(table "_no_replace", "INSERT ON " table " WHEN EXISTS (SELECT 1 FROM " table " WHERE " same ")", table)

const struct mm_column mm_columns[MM_COLUMN_COUNT_ALL] = {MM_REGISTER_COLUMNS(COLUMN)};

const char *const mm_schema_sql[] = {
	"BEGIN IMMEDIATE",
	/* Every run of the machine in which something was written: CLOCK_BOOTTIME means nothing without it. */
	"CREATE TABLE boot (id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE) STRICT",
	"CREATE TABLE meter (id INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE, model TEXT NOT NULL, name TEXT NOT NULL) "
	"STRICT",
	/* The current registers; boot is null until the first commit. */
	"CREATE TABLE register (meter INTEGER PRIMARY KEY REFERENCES meter (id), boot INTEGER REFERENCES boot (id), "
	"boottime_ns INTEGER NOT NULL DEFAULT 0, realtime_ns INTEGER NOT NULL DEFAULT 0" MM_REGISTER_COLUMNS(DEFINE) ") STRICT",
	"CREATE TRIGGER register_no_decrease BEFORE UPDATE ON register WHEN NEW.meter <> OLD.meter" MM_REGISTER_COLUMNS(
		FALLS) " BEGIN SELECT RAISE(ABORT, 'a register would decrease'); END",
	NEVER_DELETED("register"),
	NEVER_REPLACED("register", "meter = NEW.meter"),
	/* seq tells apart intervals of the same begin, which a clock set back brings. */
	"CREATE TABLE profile (meter INTEGER NOT NULL REFERENCES meter (id), start_s INTEGER NOT NULL, seq INTEGER NOT NULL, "
	"duration_s INTEGER NOT NULL, status INTEGER NOT NULL, delivered_uwh INTEGER NOT NULL, received_uwh INTEGER NOT NULL, "
	"lagging_uvarh INTEGER NOT NULL, leading_uvarh INTEGER NOT NULL, covered_ns INTEGER NOT NULL, "
	"PRIMARY KEY (meter, start_s, seq)) STRICT, WITHOUT ROWID",
	NEVER_UPDATED("profile"),
	NEVER_DELETED("profile"),
	NEVER_REPLACED("profile", "meter = NEW.meter AND start_s = NEW.start_s AND seq = NEW.seq"),
	/* meter is null for the whole daemon. */
	"CREATE TABLE event (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL REFERENCES boot (id), boottime_ns INTEGER NOT NULL, "
	"realtime_ns INTEGER NOT NULL, meter INTEGER REFERENCES meter (id), code TEXT NOT NULL, text TEXT NOT NULL) STRICT",
	NEVER_UPDATED("event"),
	NEVER_DELETED("event"),
	NEVER_REPLACED("event", "id = NEW.id"),
	"PRAGMA application_id = " TEXT_OF(MM_SCHEMA_APPLICATION_ID),
	"PRAGMA user_version = " TEXT_OF(MM_SCHEMA_VERSION),
	"COMMIT",
	NULL,
};

#define PROFILE_COLUMNS "start_s, duration_s, status, delivered_uwh, received_uwh, lagging_uvarh, leading_uvarh, covered_ns"
#define EVENT_COLUMNS "id, boottime_ns, realtime_ns, meter, code, text"

const char *const mm_stmt_sql[MM_STMT_COUNT] = {
	[MM_STMT_BEGIN] = "BEGIN IMMEDIATE",
	[MM_STMT_COMMIT] = "COMMIT",
	[MM_STMT_ROLLBACK] = "ROLLBACK",
	[MM_STMT_BOOT_ADD] = "INSERT INTO boot (boot_id) VALUES (?1) ON CONFLICT DO NOTHING",
	[MM_STMT_BOOT_FIND] = "SELECT id FROM boot WHERE boot_id = ?1",
	[MM_STMT_METERS] = "SELECT id, serial, model FROM meter ORDER BY id",
	[MM_STMT_METER_ADD] = "INSERT INTO meter (serial, model, name) VALUES (?1, ?2, ?3)",
	[MM_STMT_METER_NAME] = "UPDATE meter SET name = ?2 WHERE id = ?1 AND name <> ?2",
	[MM_STMT_REGISTER_ADD] = "INSERT INTO register (meter) VALUES (?1)",
	[MM_STMT_REGISTER_LOAD] = "SELECT boot, boottime_ns" MM_REGISTER_COLUMNS(NAME) " FROM register WHERE meter = ?1",
	[MM_STMT_REGISTER_SAVE] = "UPDATE register SET boot = ?2, boottime_ns = ?3, "
				  "realtime_ns = ?4" MM_REGISTER_COLUMNS(SET) " WHERE meter = ?1",
	[MM_STMT_EVENT_ADD] = "INSERT INTO event (boot, boottime_ns, realtime_ns, meter, code, text) "
			      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[MM_STMT_PROFILE_ADD] = "INSERT INTO profile (meter, seq, " PROFILE_COLUMNS ") "
				"SELECT ?1, coalesce(max(seq) + 1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 "
				"FROM profile WHERE meter = ?1 AND start_s = ?2",
	[MM_STMT_PROFILE] = "SELECT " PROFILE_COLUMNS " FROM profile "
			    "WHERE meter = ?1 AND start_s >= ?2 AND start_s < ?3 ORDER BY start_s, seq",
	[MM_STMT_EVENTS_AFTER] = "SELECT " EVENT_COLUMNS " FROM event WHERE id > ?1 ORDER BY id LIMIT ?2",
	[MM_STMT_EVENTS_NEWEST] = "SELECT * FROM (SELECT " EVENT_COLUMNS " FROM event WHERE id > ?1 ORDER BY id DESC LIMIT ?2) "
				  "ORDER BY id",
};
