/* SPDX-License-Identifier: MIT */
#ifndef MM_REGISTER_SCHEMA_H
#define MM_REGISTER_SCHEMA_H

/*
 * The database as text: tables, triggers, settings and statements. The columns of the register table are listed once, in
 * MM_REGISTER_COLUMNS; its SQL and the binding of struct mm_registers both come from that list.
 */

#include <stddef.h>

#include "core/meter.h"

#define MM_SCHEMA_APPLICATION_ID 0x4d4d6b57 /* "MMkW" */
#define MM_SCHEMA_VERSION 2

/* What a column holds and how it may change. */
enum mm_column_kind {
	MM_COLUMN_COUNT,  /* int64_t, 0 or more, never decreasing */
	MM_COLUMN_CARRY,  /* double, 0 <= x < 1: the fraction of the count in the column before it */
	MM_COLUMN_PEAK,	  /* double, 0 or more, never decreasing */
	MM_COLUMN_FIGURE, /* double: what the count before it counts the versions of */
	MM_COLUMN_INT64,  /* the rest may change freely */
	MM_COLUMN_INT32,
	MM_COLUMN_UINT32,
	MM_COLUMN_BOOL,
};

/* X(kind, column, member of struct mm_registers) */
#define MM_REGISTER_COLUMNS(X)                                                                                                   \
	X(COUNT, delivered_uwh, delivered.uwh)                                                                                   \
	X(CARRY, delivered_carry, delivered.carry)                                                                               \
	X(COUNT, received_uwh, received.uwh)                                                                                     \
	X(CARRY, received_carry, received.carry)                                                                                 \
	X(COUNT, lagging_uvarh, lagging.uwh)                                                                                     \
	X(CARRY, lagging_carry, lagging.carry)                                                                                   \
	X(COUNT, leading_uvarh, leading.uwh)                                                                                     \
	X(CARRY, leading_carry, leading.carry)                                                                                   \
	X(COUNT, element_1_delivered_uwh, element_delivered[0].uwh)                                                              \
	X(CARRY, element_1_delivered_carry, element_delivered[0].carry)                                                          \
	X(COUNT, element_2_delivered_uwh, element_delivered[1].uwh)                                                              \
	X(CARRY, element_2_delivered_carry, element_delivered[1].carry)                                                          \
	X(COUNT, element_1_received_uwh, element_received[0].uwh)                                                                \
	X(CARRY, element_1_received_carry, element_received[0].carry)                                                            \
	X(COUNT, element_2_received_uwh, element_received[1].uwh)                                                                \
	X(CARRY, element_2_received_carry, element_received[1].carry)                                                            \
	X(COUNT, output_uwh, output_uwh)                                                                                         \
	X(COUNT, preset_delivered_uwh, preset_delivered_uwh)                                                                     \
	X(COUNT, preset_received_uwh, preset_received_uwh)                                                                       \
	X(INT64, preset_s, preset_s)                                                                                             \
	X(UINT32, correction, correction)                                                                                        \
	X(PEAK, max_demand_w, max_demand_w)                                                                                      \
	X(INT64, max_demand_s, max_demand_s)                                                                                     \
	X(INT32, interval_s, profile.interval_s)                                                                                 \
	X(BOOL, interval_open, profile.open)                                                                                     \
	X(INT64, interval_last_real_ns, profile.last_real_ns)                                                                    \
	X(INT64, interval_last_boot_ns, profile.last_boot_ns)                                                                    \
	X(INT64, interval_start_s, profile.row.start_s)                                                                          \
	X(INT32, interval_duration_s, profile.row.duration_s)                                                                    \
	X(UINT32, interval_status, profile.row.status)                                                                           \
	X(INT64, interval_delivered_uwh, profile.row.delivered_uwh)                                                              \
	X(INT64, interval_received_uwh, profile.row.received_uwh)                                                                \
	X(INT64, interval_lagging_uvarh, profile.row.lagging_uvarh)                                                              \
	X(INT64, interval_leading_uvarh, profile.row.leading_uvarh)                                                              \
	X(INT64, interval_covered_ns, profile.row.covered_ns)                                                                    \
	X(COUNT, calibration, calibration.number)                                                                                \
	X(FIGURE, element_1_gain, calibration.constants[0].gain)                                                                 \
	X(FIGURE, element_1_phase_deg, calibration.constants[0].phase_deg)                                                       \
	X(FIGURE, element_1_offset_w, calibration.constants[0].offset_w)                                                         \
	X(FIGURE, element_2_gain, calibration.constants[1].gain)                                                                 \
	X(FIGURE, element_2_phase_deg, calibration.constants[1].phase_deg)                                                       \
	X(FIGURE, element_2_offset_w, calibration.constants[1].offset_w)

_Static_assert(MM_ELEMENTS_MAX == 2, "every element needs its columns");

struct mm_column {
	enum mm_column_kind kind;
	size_t offset; /* into struct mm_registers */
};

#define MM_COLUMN_ONE(kind, column, member) +1
#define MM_COLUMN_COUNT_ALL (0 MM_REGISTER_COLUMNS(MM_COLUMN_ONE))
extern const struct mm_column mm_columns[MM_COLUMN_COUNT_ALL];

/* One transaction: every table and trigger of a new database, and its version. Ends with NULL. */
extern const char *const mm_schema_sql[];

/*
 * From version 1: new tables beside the old ones, then the rows of both chains as MM_STMT_EVENT_ADD and MM_STMT_PROFILE_ADD take
 * them, then the end of it. All in one transaction. The lists end with NULL.
 */
extern const char *const mm_schema_upgrade_sql[];
extern const char *const mm_schema_1_events;
extern const char *const mm_schema_1_profile;
extern const char *const mm_schema_upgraded_sql[];

/* The event of a snapshot that is still to come. */
#define MM_SNAPSHOT_NONE INT64_MAX

enum mm_stmt {
	MM_STMT_BEGIN,
	MM_STMT_COMMIT,
	MM_STMT_ROLLBACK,
	MM_STMT_BOOT_ADD,      /* boot_id */
	MM_STMT_BOOT_FIND,     /* boot_id -> id */
	MM_STMT_METERS,	       /* -> id, serial, model, in the order they were added */
	MM_STMT_METER_FIND,    /* serial, model -> id */
	MM_STMT_METER_ADD,     /* serial, model, name */
	MM_STMT_METER_NAME,    /* id, name */
	MM_STMT_REGISTER_ADD,  /* meter */
	MM_STMT_REGISTER_LOAD, /* meter -> boot, boottime_ns, then mm_columns */
	MM_STMT_REGISTER_SAVE, /* meter, boot, boottime_ns, realtime_ns, then mm_columns */
	MM_STMT_EVENT_ADD,     /* boot, boottime_ns, realtime_ns, meter, code, text, data; then MM_STMT_EVENT_HEAD */
	MM_STMT_EVENT_HEAD,    /* id of the event just added */
	MM_STMT_PROFILE_ADD,   /* meter, then the row as MM_STMT_PROFILE gives it; then MM_STMT_PROFILE_HEAD */
	MM_STMT_PROFILE_HEAD,  /* id of the row just added */
	MM_STMT_PROFILE,       /* meter, from, to -> start_s, duration_s, status, four energies, covered_ns */
	MM_STMT_EVENTS_AFTER,  /* after_id, limit -> id, boottime_ns, realtime_ns, meter, code, text, data; no snapshots */
	MM_STMT_EVENTS_NEWEST, /* the same */
	MM_STMT_RECORDS,       /* code, meter or null -> the same, of those with data, oldest first */
	MM_STMT_SEAL,	       /* the last statement of every transaction that writes */
	MM_STMT_SEQUENCE,      /* -> sequence of the last state */
	MM_STMT_SEQUENCE_SAVE, /* the same */
	MM_STMT_HEAD,	       /* -> event, event_hash, profile, profile_hash, snapshot, and is the seal right */
	MM_STMT_NEWEST,	       /* -> highest id and its hash of the events, the same of the profile, number of meters */
	MM_STMT_SNAPSHOT_DUE,  /* realtime_ns -> a row where one is due */
	MM_STMT_SNAPSHOT,      /* -> all registers and the head of the profile, as JSON */
	MM_STMT_SNAPSHOT_HEAD, /* the newest event is the snapshot */
	MM_STMT_STANDING,      /* snapshot's event -> meter, the four energies less what is in its open interval */
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
