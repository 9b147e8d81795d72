/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_SCHEMA_H
#define MM_STORE_SCHEMA_H

/* The database as text: tables, triggers, settings and statements. */

#include "store/column.h"

#define MM_SCHEMA_APPLICATION_ID 0x4d4d6b57 /* "MMkW" */
#define MM_SCHEMA_VERSION 3
#define MM_SCHEMA_OLDEST 2 /* the oldest that is migrated */

/* One transaction: every table and trigger of a new database, and its version. Ends with NULL. */
extern const char *const mm_schema_sql[];

/*
 * From version 2: what is added to its tables, in one transaction. Where its seal was wrong it stays so, for mm_chain_check().
 * The list ends with NULL.
 */
extern const char *const mm_schema_2[];

/* The event of a snapshot that is still to come. */
#define MM_SNAPSHOT_NONE INT64_MAX

enum mm_stmt {
	MM_STMT_BEGIN,
	MM_STMT_COMMIT,
	MM_STMT_ROLLBACK,
	MM_STMT_BOOT_ADD,	/* boot_id */
	MM_STMT_BOOT_FIND,	/* boot_id -> id */
	MM_STMT_METERS,		/* -> id, serial, model, in the order they were added */
	MM_STMT_METER_FIND,	/* serial -> id, model */
	MM_STMT_METER_ADD,	/* serial, model, name */
	MM_STMT_METER_NAME,	/* id, name */
	MM_STMT_METER_SERIAL,	/* id, serial */
	MM_STMT_SERIAL_NOW,	/* serial, of today or misread -> serial of today */
	MM_STMT_REGISTER_ADD,	/* meter */
	MM_STMT_REGISTER_LOAD,	/* meter -> boot, then mm_columns */
	MM_STMT_REGISTER_SAVE,	/* meter, boot, boottime_ns, realtime_ns, then mm_columns */
	MM_STMT_EVENT_ADD,	/* boot, boottime_ns, realtime_ns, meter, code, text, data, clock_flags or null; then
				   MM_STMT_EVENT_HEAD */
	MM_STMT_EVENT_HEAD,	/* id of the event just added */
	MM_STMT_PROFILE_ADD,	/* meter, then the row as MM_STMT_PROFILE gives it but for previous; then the next two */
	MM_STMT_PROFILE_HEAD,	/* id of the row just added */
	MM_STMT_PROFILE_NEWEST, /* the same */
	MM_STMT_PROFILE,     /* meter, from, to -> start_s, duration_s, status, four energies, covered_ns, previous, clock_flags,
				uncertainty_uwh, delivered and received of three elements, the same two of the registers, id,
				previous of any version, hash */
	MM_STMT_INTERVALS,   /* meter, after_id, last id -> the same, in order of id */
	MM_STMT_INTERVAL_AT, /* meter, seconds, id -> the greatest id below that one of those that had ended by then, or null */
	MM_STMT_INTERVAL_BACK, /* meter, seconds, id -> did one with a lesser id begin later? */
	MM_STMT_INTERVAL_IS,   /* id -> hash, meter */
	MM_STMT_INTERVAL_LAST, /* meter, id -> the greatest id of that meter up to it, 0: none */
	MM_STMT_EVENT_IS,      /* id -> hash, null */
	MM_STMT_EVENT_LAST,    /* unused, id -> the greatest id up to it, 0: none */
	MM_STMT_EVENTS, /* after_id, meter or NULL, code or NULL, from_ns, to_ns -> id, boottime_ns, realtime_ns, meter, code,
			   text, data, clock_flags, the two registers of the meter, hash, previous */
	MM_STMT_EVENTS_BEFORE, /* the same, are snapshots wanted, limit -> the id behind which there are limit of them, or all */
	MM_STMT_RECORDS,       /* code, meter or null -> the same, of those with data, oldest first */
	MM_STMT_ISSUED,	       /* meter, from_s, to_s -> the same, of the statement that was issued */
	MM_STMT_PAGE,	       /* -> of the last that was issued */
	MM_STMT_PAGE_SAVE,     /* the same */
	MM_STMT_SEAL,	       /* the last statement of every transaction that writes */
	MM_STMT_PROGRAM,       /* this one has opened it */
	MM_STMT_SEQUENCE,      /* -> sequence of the last state */
	MM_STMT_SEQUENCE_SAVE, /* the same */
	MM_STMT_HEAD,	       /* -> event, event_hash, profile, profile_hash, snapshot, and is the seal right */
	MM_STMT_HEADS,	       /* -> event, event_hash, profile, profile_hash */
	MM_STMT_NEWEST,	       /* -> highest id and its hash of the events, the same of the profile, number of meters */
	MM_STMT_SNAPSHOT_DUE,  /* realtime_ns -> a row where one is due */
	MM_STMT_SNAPSHOT,      /* -> all registers and the head of the profile, as JSON */
	MM_STMT_SNAPSHOT_HEAD, /* the newest event is the snapshot */
	MM_STMT_CLOSED,	       /* snapshot's event -> meter, the four energies less what is in its open interval */
	MM_STMT_PROFILED, /* events of two snapshots; 0: from the beginning, MM_SNAPSHOT_NONE: to the end -> meter, four energies
			   */
	MM_STMT_VERIFY_EVENTS, /* after_id, limit -> id, is the hash right, data of a snapshot, does its end of the profile exist,
				  code */
	MM_STMT_VERIFY_PROFILE, /* after_id, limit -> id, is the hash right */
	MM_STMT_VERIFY_ACCOUNT, /* two snapshots as MM_STMT_PROFILED; their JSON -> serials of the meters that do not follow */
	MM_STMT_LAST_RUN,	/* -> code of the newest start or stop, boot, boottime_ns and realtime_ns of the last commit */
	MM_STMT_READINGS,	/* -> serial, model, four energies of every meter */
	MM_STMT_HASHES,		/* id of an event, of an interval -> their hashes in hex */
	MM_STMT_COUNT,
};

extern const char *const mm_stmt_sql[MM_STMT_COUNT];

#endif
