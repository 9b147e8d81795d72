/* SPDX-License-Identifier: MIT */
/*
 * The SQL of the register. Rows are only ever added, but for the one row of current registers per meter: the triggers hold that
 * and the order of the registers against anything that writes to the file, ourselves included.
 */
#include "store/schema.h"

#include "store/commit.h"

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

#define SQL_COUNT(column) "INTEGER NOT NULL DEFAULT 0 CHECK (" column " >= 0)"
#define SQL_CARRY(column) "REAL NOT NULL DEFAULT 0 CHECK (" column " >= 0 AND " column " < 1)"
#define SQL_PEAK(column) "REAL NOT NULL DEFAULT 0 CHECK (" column " >= 0)"
#define SQL_FIGURE(column) "REAL NOT NULL DEFAULT 0"
#define SQL_INT64(column) "INTEGER NOT NULL DEFAULT 0"
#define SQL_INT32(column) SQL_INT64(column)
#define SQL_UINT32(column) SQL_INT64(column)
#define SQL_BOOL(column) SQL_INT64(column)
#define DEFINE(kind, column, member) ", " #column " " SQL_##kind(#column)

#define FALLS_COUNT(column) " OR NEW." column " < OLD." column
#define FALLS_PEAK(column) FALLS_COUNT(column)
#define FALLS_CARRY(column) ""
#define FALLS_FIGURE(column) ""
#define FALLS_INT64(column) ""
#define FALLS_INT32(column) ""
#define FALLS_UINT32(column) ""
#define FALLS_BOOL(column) ""
#define FALLS(kind, column, member) FALLS_##kind(#column)

#define NAME(kind, column, member) ", " #column
#define SET(kind, column, member) ", " #column " = ?"

#define NEVER(name, event, table)                                                                                                \
	"CREATE TRIGGER " name " BEFORE " event " BEGIN SELECT RAISE(ABORT, '" table " rows are never changed or removed'); END"
#define NEVER_UPDATED(table) NEVER(table "_no_update", "UPDATE ON " table, table)
#define NEVER_DELETED(table) NEVER(table "_no_delete", "DELETE ON " table, table)
/* REPLACE removes a row without asking the trigger above. */
#define NEVER_REPLACED(table, same)                                                                                              \
	NEVER(table "_no_replace", "INSERT ON " table " WHEN EXISTS (SELECT 1 FROM " table " WHERE " same ")", table)

/*
 * The chain: the hash of a row is that of the row before it and of all its own fields, other tables' identifiers by their
 * meaning. mm_hash() is chain.c's.
 */
#define EVENT_2_HASH(before, id, boot, boottime_ns, realtime_ns, serial, code, text, data)                                       \
	"mm_hash('event', " before ", " id ", (SELECT boot_id FROM boot WHERE id = " boot "), " boottime_ns ", " realtime_ns     \
	", " serial ", " code ", " text ", " data ")"
#define PROFILE_2_HASH(before, id, serial, columns) "mm_hash('profile', " before ", " id ", " serial ", " columns ")"
/* Around the hash that version 2 gave a row, the columns that came after it. A row that has none keeps that hash. */
#define HASH_3(hash_2, columns) "iif(coalesce(" columns ", NULL) IS NULL, " hash_2 ", mm_hash('3', " hash_2 ", " columns "))"
#define EVENT_HASH(before, id, boot, boottime_ns, realtime_ns, serial, code, text, data, columns_3)                              \
	HASH_3(EVENT_2_HASH(before, id, boot, boottime_ns, realtime_ns, serial, code, text, data), columns_3)
#define PROFILE_HASH(before, id, serial, columns, columns_3) HASH_3(PROFILE_2_HASH(before, id, serial, columns), columns_3)
#define SERIAL(meter) "(SELECT serial FROM meter WHERE id = " meter ")"
/* Of event t, which put a serial number right: the number that its meter had before, misread. NULL: none of ours wrote that. */
#define PUT_RIGHT "t.code = 'serial-corrected' AND t.data IS NOT NULL"
#define OF_IT(key) "iif(json_valid(t.data), json_extract(t.data, '$." key "'), NULL)"
#define MISREAD(meter) "mm_misread(" OF_IT("misread") ", " SERIAL(meter) ")"
/* The serial number that the meter of row e had when the row was written, by the first such event after it. */
#define SERIAL_THEN(after)                                                                                                       \
	"coalesce((SELECT " MISREAD("e.meter") " FROM event AS t WHERE " PUT_RIGHT " AND t.meter = e.meter AND " after           \
					       " ORDER BY t.id LIMIT 1), " SERIAL("e.meter") ")"
/* Of all meters, with the numbers that they had before. */
#define SERIALS "(SELECT id, serial FROM meter UNION SELECT t.meter, " MISREAD("t.meter") " FROM event AS t WHERE " PUT_RIGHT ")"
/* Of the row before row e; nothing is before the first. */
#define HASH_BEFORE(table) "iif(e.id = 1, zeroblob(32), (SELECT hash FROM " table " AS b WHERE b.id = e.id - 1))"
/* The id after the newest. One that another program added stays where it is, out of the chain. */
#define NEXT(table) "max(" table ", coalesce((SELECT max(id) FROM " table "), 0)) + 1"

/* What may change, under one hash: the registers and meters, and where both chains end. */
#define SEAL_OF(head_columns, columns)                                                                                           \
	"mm_hash('seal', id, (SELECT count(*) FROM head), event, event_hash, profile, profile_hash, snapshot, "                  \
	"sequence" head_columns ", "                                                                                             \
	"(SELECT count(*) FROM boot), "                                                                                          \
	"(SELECT max(id) FROM boot), (SELECT count(*) FROM register), (SELECT group_concat(hex(hash)) FROM (SELECT "             \
	"mm_hash('register', m.id, m.serial, m.model, m.name, b.boot_id, r.boottime_ns, "                                        \
	"r.realtime_ns" columns ") AS hash FROM meter AS m LEFT JOIN register AS r ON r.meter = m.id "                           \
	"LEFT JOIN boot AS b ON b.id = r.boot ORDER BY m.id)))"

#define SEAL_2 SEAL_OF("", MM_STORE_COLUMNS_2(NAME))
#define SEAL SEAL_OF(", program, page", MM_STORE_COLUMNS(NAME) ", newest_interval")

#define CREATE_NO_DECREASE                                                                                                       \
	"CREATE TRIGGER register_no_decrease BEFORE UPDATE ON register WHEN NEW.meter <> OLD.meter" MM_STORE_COLUMNS(FALLS)      \
		FALLS_COUNT("newest_interval") " BEGIN SELECT RAISE(ABORT, 'a register would decrease'); END"

#define NEWEST_INTERVAL "newest_interval " SQL_COUNT("newest_interval")

/* The current registers; boot is null until the first commit. newest_interval is the id of the meter's, 0: it has none. */
#define CREATE_REGISTER                                                                                                          \
	"CREATE TABLE register (meter INTEGER PRIMARY KEY REFERENCES meter (id), boot INTEGER REFERENCES boot (id), "            \
	"boottime_ns INTEGER NOT NULL DEFAULT 0, realtime_ns INTEGER NOT NULL DEFAULT 0" MM_STORE_COLUMNS(                       \
		DEFINE) ", " NEWEST_INTERVAL ") STRICT",                                                                         \
		CREATE_NO_DECREASE, NEVER_DELETED("register"), NEVER_REPLACED("register", "meter = NEW.meter")

/* What came with version 3, and is null in rows from before. Beside the elements: the id of the meter's interval before, 0: none.
 */
#define PROFILE_3_COLUMNS                                                                                                        \
	"previous, clock_flags, uncertainty_uwh, element_1_delivered_uwh, element_1_received_uwh, element_2_delivered_uwh, "     \
	"element_2_received_uwh, element_3_delivered_uwh, element_3_received_uwh, register_delivered_uwh, register_received_uwh"

/* The rows of a meter are in the order of their ids, whatever the clock says. */
#define CREATE_PROFILE                                                                                                           \
	"CREATE TABLE profile (id INTEGER PRIMARY KEY, meter INTEGER NOT NULL REFERENCES meter (id), start_s INTEGER NOT NULL, " \
	"duration_s INTEGER NOT NULL, status INTEGER NOT NULL, delivered_uwh INTEGER NOT NULL, received_uwh INTEGER NOT NULL, "  \
	"lagging_uvarh INTEGER NOT NULL, leading_uvarh INTEGER NOT NULL, covered_ns INTEGER NOT NULL, hash BLOB NOT NULL, "      \
	"previous INTEGER, clock_flags INTEGER, uncertainty_uwh INTEGER, element_1_delivered_uwh INTEGER, "                      \
	"element_1_received_uwh INTEGER, element_2_delivered_uwh INTEGER, element_2_received_uwh INTEGER, "                      \
	"element_3_delivered_uwh INTEGER, element_3_received_uwh INTEGER, register_delivered_uwh INTEGER, "                      \
	"register_received_uwh INTEGER) STRICT",                                                                                 \
		"CREATE INDEX profile_time ON profile (meter, start_s)", NEVER_UPDATED("profile"), NEVER_DELETED("profile"),     \
		NEVER_REPLACED("profile", "id = NEW.id")

/* A meter has few of them: their periods are looked for in their data. */
#define IS_ISSUED "code = '" MM_STORE_ISSUED "'"
#define CREATE_ISSUED "CREATE INDEX event_issued ON event (meter) WHERE " IS_ISSUED

/*
 * meter is null for the whole daemon; data is JSON for what is read again by a program; clock_flags is null where there are none.
 * delivered_uwh and received_uwh are the registers of the meter in the commit that the event came with; null without a meter.
 */
#define CREATE_EVENT                                                                                                             \
	"CREATE TABLE event (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL REFERENCES boot (id), boottime_ns INTEGER NOT NULL, " \
	"realtime_ns INTEGER NOT NULL, meter INTEGER REFERENCES meter (id), code TEXT NOT NULL, text TEXT NOT NULL, data TEXT, " \
	"hash BLOB NOT NULL, clock_flags INTEGER, delivered_uwh INTEGER, received_uwh INTEGER) STRICT",                          \
		"CREATE INDEX event_record ON event (code) WHERE data IS NOT NULL", CREATE_ISSUED, NEVER_UPDATED("event"),       \
		NEVER_DELETED("event"), NEVER_REPLACED("event", "id = NEW.id")

/*
 * One row: the newest event and profile row, so that their removal shows, the last snapshot, the program that opened it last, and
 * the page of the last statement that was issued.
 */
#define CREATE_HEAD                                                                                                              \
	"CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), event INTEGER NOT NULL, event_hash BLOB NOT NULL, "           \
	"profile INTEGER NOT NULL, profile_hash BLOB NOT NULL, snapshot INTEGER NOT NULL, sequence INTEGER NOT NULL, "           \
	"seal BLOB NOT NULL, program TEXT NOT NULL DEFAULT '', page INTEGER NOT NULL DEFAULT 0) STRICT",                         \
		"INSERT INTO head VALUES (1, 0, zeroblob(32), 0, zeroblob(32), 0, 0, zeroblob(32), '" PACKAGE_VERSION "', 0)"

const char *const mm_schema_sql[] = {
	"BEGIN IMMEDIATE",
	/* Every run of the machine in which something was written: CLOCK_BOOTTIME means nothing without it. */
	"CREATE TABLE boot (id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE) STRICT",
	"CREATE TABLE meter (id INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE, model TEXT NOT NULL, name TEXT NOT NULL) "
	"STRICT",
	CREATE_REGISTER,
	CREATE_PROFILE,
	CREATE_EVENT,
	CREATE_HEAD,
	"PRAGMA application_id = " TEXT_OF(MM_SCHEMA_APPLICATION_ID),
	"PRAGMA user_version = " TEXT_OF(MM_SCHEMA_VERSION),
	"COMMIT",
	NULL,
};

#define ENERGY_COLUMNS "delivered_uwh, received_uwh, lagging_uvarh, leading_uvarh"
#define PROFILE_COLUMNS "start_s, duration_s, status, " ENERGY_COLUMNS ", covered_ns"
#define EVENT_3_COLUMNS "clock_flags, delivered_uwh, received_uwh"
#define EVENT_COLUMNS "id, boottime_ns, realtime_ns, meter, code, text, data, " EVENT_3_COLUMNS ", hash, " EVENT_PREVIOUS
/* The id of the event before event e of the same meter, or of the daemon; 0: none. */
#define EVENT_PREVIOUS                                                                                                           \
	"coalesce((SELECT b.id FROM event AS b WHERE b.id < e.id AND b.meter IS e.meter ORDER BY b.id DESC LIMIT 1), 0)"
/* The same of interval e; rows from before version 3 do not have it. */
#define PROFILE_PREVIOUS                                                                                                         \
	"coalesce(previous, (SELECT b.id FROM profile AS b WHERE b.id < e.id AND b.meter = e.meter ORDER BY b.id DESC LIMIT "    \
	"1), 0)"
#define EVENT_WANTED                                                                                                             \
	"id > ?1 AND (?2 IS NULL OR meter = ?2) AND (?3 IS NULL OR code = ?3) AND realtime_ns >= ?4 AND realtime_ns < ?5"
#define EVENT_INSERT "INSERT INTO event (id, boot, boottime_ns, realtime_ns, meter, code, text, data, " EVENT_3_COLUMNS ", hash) "
#define EVENT_3_VALUES "?8, r.delivered_uwh, r.received_uwh"
/* What is given of an interval: the row, and where it is in the chain. */
#define INTERVAL_COLUMNS PROFILE_COLUMNS ", " PROFILE_3_COLUMNS ", id, " PROFILE_PREVIOUS ", hash"
#define PROFILE_INSERT "INSERT INTO profile (id, meter, " PROFILE_COLUMNS ", " PROFILE_3_COLUMNS ", hash) "
#define PROFILE_3_VALUES "r.newest_interval, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19"

/* An energy of a meter in a snapshot, less what is in the open interval: it lies in closed ones. */
#define IN_JSON(meter, column) "coalesce(json_extract(" meter ".value, '$." column "'), 0)"
#define CLOSED(meter, column)                                                                                                    \
	IN_JSON(meter, column) " - iif(" IN_JSON(meter, "interval_open") ", " IN_JSON(meter, "interval_" column) ", 0)"
#define METERED(meter, column) CLOSED(meter, column) " - " IN_JSON(meter, "preset_" column)
#define IN_DATA(column) "json_extract(data, '$." column "')"
#define CLOSED_ENERGIES                                                                                                          \
	METERED("j", "delivered_uwh")                                                                                            \
	", " METERED("j", "received_uwh") ", " CLOSED("j", "lagging_uvarh") ", " CLOSED("j", "leading_uvarh")
#define UNPROFILED_ENERGIES                                                                                                      \
	IN_DATA("delivered_uwh") ", " IN_DATA("received_uwh") ", " IN_DATA("lagging_uvarh") ", " IN_DATA("leading_uvarh")

#define PROFILE_AT(snapshot, otherwise)                                                                                          \
	"coalesce((SELECT json_extract(data, '$.profile') FROM event WHERE id = " snapshot "), " otherwise ")"
#define PROFILE_BETWEEN "id > " PROFILE_AT("?1", "0") " AND id <= " PROFILE_AT("?2", "9223372036854775807")

/* In a snapshot: what is 0 reads the same where it is left out, as are fractions of a µWh. */
#define PAIR_COUNT(column) ", '" column "', nullif(r." column ", 0)"
#define PAIR_PEAK(column) PAIR_COUNT(column)
#define PAIR_CARRY(column) ""
#define PAIR_FIGURE(column) PAIR_COUNT(column)
#define PAIR_INT64(column) PAIR_COUNT(column)
#define PAIR_INT32(column) PAIR_COUNT(column)
#define PAIR_UINT32(column) PAIR_COUNT(column)
#define PAIR_BOOL(column) PAIR_COUNT(column)
#define PAIR(kind, column, member) PAIR_##kind(#column)

#define EVENT_OWN_HASH                                                                                                           \
	EVENT_HASH(HASH_BEFORE("event"), "e.id", "e.boot", "e.boottime_ns", "e.realtime_ns", SERIAL_THEN("t.id > e.id"),         \
		   "e.code", "e.text", "e.data", EVENT_3_COLUMNS)
/* Is the interval that was the newest at snapshot e still what it was? */
#define PROFILE_END_IS_THERE                                                                                                     \
	"lower(hex(coalesce((SELECT hash FROM profile WHERE id = json_extract(e.data, '$.profile')), zeroblob(32)))) IS "        \
	"json_extract(e.data, '$.profile_hash')"

/* The meters of a snapshot's JSON, each by its row. */
#define METERS_OF(json)                                                                                                          \
	"(SELECT s.id, s.serial, m.value FROM json_each(" json ", '$.meters') AS m JOIN " SERIALS                                \
	" AS s ON s.serial = " IN_JSON("m", "serial") ")"

/* What lies in intervals between two snapshots, or is known to lie in none, by meter. */
#define PROFILED                                                                                                                 \
	"SELECT meter, sum(delivered_uwh) AS delivered_uwh, sum(received_uwh) AS received_uwh, "                                 \
	"sum(lagging_uvarh) AS lagging_uvarh, sum(leading_uvarh) AS leading_uvarh FROM ("                                        \
	"SELECT meter, " ENERGY_COLUMNS " FROM profile WHERE " PROFILE_BETWEEN " UNION ALL "                                     \
	"SELECT meter, " UNPROFILED_ENERGIES " FROM event WHERE data IS NOT NULL AND code = 'unprofiled' "                       \
	"AND id > ?1 AND id < ?2) GROUP BY meter"

/* Of a meter now (j), at the snapshot before (k; a meter that was not there stood at 0), and between (p). */
#define DIFFERS(kind, column) kind("j", column) " - coalesce(" kind("k", column) ", 0) <> coalesce(p." column ", 0)"
#define BACK_COUNT(column) " OR " IN_JSON("j", column) " < " IN_JSON("k", column)
#define BACK_PEAK(column) BACK_COUNT(column)
#define BACK_CARRY(column) ""
#define BACK_FIGURE(column) ""
#define BACK_INT64(column) ""
#define BACK_INT32(column) ""
#define BACK_UINT32(column) ""
#define BACK_BOOL(column) ""
#define BACK(kind, column, member) BACK_##kind(#column)

#define ADD(kind, column, member) "ALTER TABLE register ADD COLUMN " #column " " SQL_##kind(#column),

const char *const mm_schema_2[] = {
	"BEGIN IMMEDIATE",
	"DROP TRIGGER register_no_decrease",
	MM_STORE_COLUMNS_3(ADD) "ALTER TABLE register ADD COLUMN " NEWEST_INTERVAL,
	"UPDATE register SET newest_interval = coalesce((SELECT max(id) FROM profile WHERE profile.meter = register.meter), 0)",
	CREATE_NO_DECREASE,
	"ALTER TABLE profile ADD COLUMN previous INTEGER",
	"ALTER TABLE profile ADD COLUMN clock_flags INTEGER",
	"ALTER TABLE profile ADD COLUMN uncertainty_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN element_1_delivered_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN element_1_received_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN element_2_delivered_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN element_2_received_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN element_3_delivered_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN element_3_received_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN register_delivered_uwh INTEGER",
	"ALTER TABLE profile ADD COLUMN register_received_uwh INTEGER",
	"ALTER TABLE event ADD COLUMN clock_flags INTEGER",
	"ALTER TABLE event ADD COLUMN delivered_uwh INTEGER",
	"ALTER TABLE event ADD COLUMN received_uwh INTEGER",
	"ALTER TABLE head ADD COLUMN program TEXT NOT NULL DEFAULT ''",
	"UPDATE head SET program = '" PACKAGE_VERSION "'",
	"ALTER TABLE head ADD COLUMN page INTEGER NOT NULL DEFAULT 0",
	CREATE_ISSUED,
	"UPDATE head SET seal = iif(seal IS " SEAL_2 ", " SEAL ", zeroblob(32))",
	"PRAGMA user_version = " TEXT_OF(MM_SCHEMA_VERSION),
	"COMMIT",
	NULL,
};

const char *const mm_stmt_sql[MM_STMT_COUNT] = {
	[MM_STMT_BEGIN] = "BEGIN IMMEDIATE",
	[MM_STMT_COMMIT] = "COMMIT",
	[MM_STMT_ROLLBACK] = "ROLLBACK",
	[MM_STMT_BOOT_ADD] = "INSERT INTO boot (boot_id) VALUES (?1) ON CONFLICT DO NOTHING",
	[MM_STMT_BOOT_FIND] = "SELECT id FROM boot WHERE boot_id = ?1",
	[MM_STMT_METERS] = "SELECT id, serial, model FROM meter ORDER BY id",
	[MM_STMT_METER_FIND] = "SELECT id, model FROM meter WHERE serial = ?1",
	[MM_STMT_METER_ADD] = "INSERT INTO meter (serial, model, name) VALUES (?1, ?2, ?3)",
	[MM_STMT_METER_NAME] = "UPDATE meter SET name = ?2 WHERE id = ?1 AND name <> ?2",
	[MM_STMT_METER_SERIAL] = "UPDATE meter SET serial = ?2 WHERE id = ?1",
	[MM_STMT_SERIAL_NOW] = "SELECT m.serial FROM " SERIALS " AS s JOIN meter AS m ON m.id = s.id WHERE s.serial = ?1 "
			       "ORDER BY m.serial <> ?1",
	[MM_STMT_REGISTER_ADD] = "INSERT INTO register (meter) VALUES (?1)",
	[MM_STMT_REGISTER_LOAD] = "SELECT boot" MM_STORE_COLUMNS(NAME) " FROM register WHERE meter = ?1",
	[MM_STMT_REGISTER_SAVE] = "UPDATE register SET boot = ?2, boottime_ns = ?3, "
				  "realtime_ns = ?4" MM_STORE_COLUMNS(SET) " WHERE meter = ?1",
	[MM_STMT_EVENT_ADD] = EVENT_INSERT
	"SELECT " NEXT("event") ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, " EVENT_3_VALUES
				", " EVENT_HASH("event_hash", NEXT("event"), "?1", "?2", "?3", SERIAL("?4"), "?5", "?6", "?7",
						EVENT_3_VALUES) " FROM head LEFT JOIN register AS r ON r.meter = ?4",
	[MM_STMT_EVENT_HEAD] = "UPDATE head SET event = ?1, event_hash = (SELECT hash FROM event WHERE id = ?1)",
	[MM_STMT_PROFILE_ADD] = PROFILE_INSERT
	"SELECT " NEXT("profile") ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, " PROFILE_3_VALUES ", " PROFILE_HASH(
		"profile_hash", NEXT("profile"), SERIAL("?1"), "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9",
		PROFILE_3_VALUES) " FROM head LEFT JOIN register AS r ON r.meter = ?1",
	[MM_STMT_PROFILE_HEAD] = "UPDATE head SET profile = ?1, profile_hash = (SELECT hash FROM profile WHERE id = ?1)",
	[MM_STMT_PROFILE_NEWEST] = "UPDATE register SET newest_interval = ?1 "
				   "WHERE meter = (SELECT meter FROM profile WHERE id = ?1)",
	[MM_STMT_PROFILE] = "SELECT " INTERVAL_COLUMNS " FROM profile AS e "
			    "WHERE meter = ?1 AND start_s >= ?2 AND start_s < ?3 ORDER BY start_s, id",
	[MM_STMT_INTERVALS] = "SELECT " INTERVAL_COLUMNS " FROM profile AS e "
			      "WHERE +meter = ?1 AND id > ?2 AND id <= ?3 ORDER BY id",
	/* No interval is longer than an hour. The greatest id is asked of the index, which has no other column. */
	[MM_STMT_INTERVAL_AT] =
		"SELECT max(id) FROM (SELECT max(id) AS id FROM profile WHERE meter = ?1 AND start_s <= ?2 - 3600 AND id < ?3 "
		"UNION ALL SELECT max(id) FROM profile WHERE meter = ?1 AND start_s > ?2 - 3600 "
		"AND start_s <= ?2 AND start_s + duration_s <= ?2 AND id < ?3)",
	/* Those behind it in time are asked of the index: where there is one from before, it is among the first. */
	[MM_STMT_INTERVAL_BACK] = "SELECT EXISTS (SELECT 1 FROM (SELECT id FROM profile WHERE meter = ?1 AND start_s > ?2 "
				  "ORDER BY start_s LIMIT 10000) WHERE id < ?3)",
	[MM_STMT_INTERVAL_IS] = "SELECT hash, meter FROM profile WHERE id = ?1",
	[MM_STMT_INTERVAL_LAST] = "SELECT coalesce((SELECT id FROM profile WHERE +meter = ?1 AND id <= ?2 "
				  "ORDER BY id DESC LIMIT 1), 0)",
	[MM_STMT_EVENT_IS] = "SELECT hash, NULL FROM event WHERE id = ?1",
	[MM_STMT_EVENT_LAST] = "SELECT coalesce((SELECT max(id) FROM event WHERE id <= ?2), 0)",
	[MM_STMT_EVENTS] = "SELECT " EVENT_COLUMNS " FROM event AS e WHERE " EVENT_WANTED " ORDER BY id",
	[MM_STMT_EVENTS_BEFORE] = "SELECT coalesce(min(id) - 1, ?1) FROM (SELECT id FROM event WHERE " EVENT_WANTED
				  " AND (?6 OR code <> 'snapshot') ORDER BY id DESC LIMIT ?7)",
	[MM_STMT_RECORDS] = "SELECT " EVENT_COLUMNS " FROM event AS e WHERE data IS NOT NULL AND code = ?1 "
			    "AND (?2 IS NULL OR meter = ?2) ORDER BY id",
	[MM_STMT_ISSUED] = "SELECT " EVENT_COLUMNS " FROM event AS e WHERE " IS_ISSUED
			   " AND meter = ?1 AND " IN_DATA("from_s") " = ?2 AND " IN_DATA("to_s") " = ?3",
	[MM_STMT_PAGE] = "SELECT page FROM head",
	[MM_STMT_PAGE_SAVE] = "UPDATE head SET page = ?1",
	[MM_STMT_SEAL] = "UPDATE head SET seal = " SEAL,
	[MM_STMT_PROGRAM] = "UPDATE head SET program = '" PACKAGE_VERSION "' WHERE program <> '" PACKAGE_VERSION "'",
	[MM_STMT_SEQUENCE] = "SELECT sequence FROM head",
	[MM_STMT_SEQUENCE_SAVE] = "UPDATE head SET sequence = ?1",
	[MM_STMT_HEAD] = "SELECT event, event_hash, profile, profile_hash, snapshot, seal IS " SEAL " FROM head",
	[MM_STMT_HEADS] = "SELECT event, event_hash, profile, profile_hash FROM head",
	[MM_STMT_NEWEST] = "SELECT coalesce((SELECT max(id) FROM event), 0), "
			   "(SELECT hash FROM event ORDER BY id DESC LIMIT 1), coalesce((SELECT max(id) FROM profile), 0), "
			   "(SELECT hash FROM profile ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM meter)",
	/* Every day, and so often that what lies between two is soon added up. */
	[MM_STMT_SNAPSHOT_DUE] = "SELECT 1 FROM head LEFT JOIN event AS e ON e.id = snapshot WHERE e.id IS NULL "
				 "OR e.realtime_ns / 86400000000000 <> ?1 / 86400000000000 "
				 "OR profile - json_extract(e.data, '$.profile') >= 1000",
	[MM_STMT_SNAPSHOT] =
		"SELECT json_object('profile', profile, 'profile_hash', lower(hex(profile_hash)), 'meters', "
		"(SELECT json_group_array(json_patch('{}', json_object('serial', m.serial, 'model', m.model, 'name', "
		"m.name" MM_STORE_COLUMNS(PAIR) "))) FROM meter AS m JOIN register AS r ON r.meter = m.id)) FROM head",
	[MM_STMT_SNAPSHOT_HEAD] = "UPDATE head SET snapshot = event",
	[MM_STMT_CLOSED] = "SELECT m.id, " CLOSED_ENERGIES " FROM event AS e, json_each(e.data, '$.meters') AS j "
			   "JOIN " SERIALS " AS m ON m.serial = " IN_JSON("j", "serial") " WHERE e.id = ?1",
	[MM_STMT_PROFILED] = PROFILED,
	[MM_STMT_LAST_RUN] =
		"SELECT (SELECT code FROM event WHERE code IN ('start', 'stop') ORDER BY id DESC LIMIT 1), boot, "
		"boottime_ns, realtime_ns, (SELECT clock_flags FROM event WHERE code IN ('start', 'stop', 'clock-known') "
		"ORDER BY id DESC LIMIT 1) FROM register ORDER BY boot DESC, boottime_ns DESC LIMIT 1",
	[MM_STMT_READINGS] = "SELECT m.serial, m.model, " ENERGY_COLUMNS " FROM meter AS m JOIN register AS r ON r.meter = m.id "
			     "ORDER BY m.id",
	[MM_STMT_HASHES] = "SELECT (SELECT lower(hex(hash)) FROM event WHERE id = ?1), "
			   "(SELECT lower(hex(hash)) FROM profile WHERE id = ?2)",
	[MM_STMT_VERIFY_EVENTS] = "SELECT e.id, e.hash IS " EVENT_OWN_HASH ", iif(e.code = 'snapshot', e.data, NULL), "
				  "iif(e.code = 'snapshot' AND json_valid(e.data), " PROFILE_END_IS_THERE ", 0), e.code "
				  "FROM event AS e WHERE e.id > ?1 ORDER BY e.id LIMIT ?2",
	[MM_STMT_VERIFY_PROFILE] = "SELECT e.id, e.hash IS " PROFILE_HASH(
		HASH_BEFORE("profile"), "e.id", SERIAL_THEN(OF_IT("profile") " >= e.id"), PROFILE_COLUMNS,
		PROFILE_3_COLUMNS) " FROM profile AS e WHERE e.id > ?1 ORDER BY e.id LIMIT ?2",
	[MM_STMT_VERIFY_ACCOUNT] = "SELECT j.serial FROM " METERS_OF("?4") " AS j LEFT JOIN " METERS_OF(
		"?3") " AS k ON k.id = j.id LEFT JOIN (" PROFILED
		      ") AS p ON p.meter = j.id WHERE " DIFFERS(METERED, "delivered_uwh") " OR " DIFFERS(
			      METERED, "received_uwh") " OR " DIFFERS(CLOSED, "lagging_uvarh") " OR " DIFFERS(CLOSED,
													      "leading_uvarh")
			      MM_STORE_COLUMNS(BACK),
};
