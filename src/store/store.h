/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_STORE_H
#define MM_STORE_STORE_H

/*
 * The durable register: one SQLite database, one connection, one thread. A commit is whole or absent; "committed" is
 * said only after SQLite has said so. No register ever decreases: a commit that would lower one is refused (-ERANGE).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/meter.h"

#define MM_STORE_METERS_MAX 16
#define MM_STORE_MESSAGE_MAX 256
#define MM_STORE_NAME_MAX 64

struct mm_store;

/* Who a meter is. The register of another serial number or model is refused. */
struct mm_store_meter {
	char name[MM_STORE_NAME_MAX];	/* the configuration's name, may change */
	char serial[MM_STORE_NAME_MAX]; /* identity */
	char model[MM_MODEL_TEXT_MAX];	/* canonical */
};

/* An event that matters to a bill. */
struct mm_store_event {
	int64_t id;	     /* given by the register, ascending */
	int64_t boottime_ns; /* CLOCK_BOOTTIME */
	int64_t realtime_ns; /* CLOCK_REALTIME, a label */
	int meter;	     /* index into the meters, or -1 for the whole daemon (read back: also for a meter since removed) */
	char code[32];	     /* stable lower-case name: "start", "stop", "gap", "reversed", ... */
	char text[192];	     /* for people */
};

struct mm_store_profile_row {
	int meter;
	struct mm_profile_row row;
};

/* One commit: the state of every meter, plus what came since the last. */
struct mm_store_commit {
	/*
	 * What it is known by from here until it is durable, and in the file. It is higher than that of every commit before, also
	 * of the runs before: mm_store_number() tells where to begin. 0: the number after the last.
	 */
	uint64_t number;
	int64_t boottime_ns;  /* when the registers stood so: CLOCK_BOOTTIME */
	int64_t realtime_ns;  /* CLOCK_REALTIME, a label */
	unsigned meter_count; /* as given to mm_store_open() */
	struct mm_registers meter[MM_STORE_METERS_MAX];
	size_t event_count;
	const struct mm_store_event *events; /* ids are ignored */
	size_t row_count;
	const struct mm_store_profile_row *rows;
	bool copy_suffices; /* the database may wait: where the second copy takes it, that is durable enough */
};

/*
 * May these registers come after last ones of the same meter? 0; -ERANGE: one of them would decrease; -EINVAL: figures that no
 * meter gives.
 */
int mm_registers_follow(const struct mm_registers *next, const struct mm_registers *last);

/*
 * Opens or creates the register of these meters, in order: the database at path and its second copy (a file, a partition or a
 * chip; NULL: none). A meter whose serial number is not stored yet is added at zero as long as another one is, or the register
 * is new. boot_id is that of this run of the machine. The highest right state wins, wherever it is; what is damaged or missing is
 * made anew from the rest (the copy, or a backup where the database is damaged), what it replaces gets another name, and an event
 * "recovered" says so.
 *
 * On failure message (MM_STORE_MESSAGE_MAX bytes) says in one line what is wrong and what to do, and no file is changed (an
 * empty -wal may be left). -EXDEV: the register belongs to another meter; -EBADMSG: damaged, and nothing to recover it from;
 * -EPROTO: of a newer version; -EROFS, -EACCES, -ENOENT, -ENOSPC, -EIO as the disk says; -EBUSY: another process has it open;
 * -EINVAL: serial numbers missing or double.
 */
int mm_store_open(const char *path, const char *copy, const char *boot_id, const struct mm_store_meter *meters,
		  unsigned meter_count, char *message, struct mm_store **ret);

/* What was out of order when it was opened, as the event has it; "" where nothing was. */
const char *mm_store_story(const struct mm_store *reg);

/* NULL-safe. Leaves one file, without a -wal, unless the disk fails. */
void mm_store_close(struct mm_store *reg);

/*
 * The registers of meter number index as last committed; all zero for one that is new. profile.last_boot_ns is 0 where they were
 * stored in another run of the machine. -EINVAL: no such meter.
 */
int mm_store_load(struct mm_store *reg, unsigned index, struct mm_registers *ret);

/* The number of the last commit that is durable. After mm_store_open() all of it, events and rows too, is in the database. */
uint64_t mm_store_number(const struct mm_store *reg);

/*
 * Goes to the copy first and, unless it suffices, to the database. Durable when it returns 0. -ERANGE: would decrease a register;
 * -EINVAL: figures that no meter gives, a meter that is not there, or a number that is not higher than those in the database;
 * -ENOSPC, -EIO, -EROFS, -EBADMSG: the same commit may be tried again, and is there once when it succeeds.
 */
int mm_store_commit(struct mm_store *reg, const struct mm_store_commit *commit);

/* Rows with from_s <= start < to_s of one meter in time order; fn returns false to stop. 0, -EINVAL, -EIO, -EBADMSG. */
typedef bool (*mm_store_row_fn)(void *userdata, const struct mm_profile_row *row);
int mm_store_profile(struct mm_store *reg, unsigned index, int64_t from_s, int64_t to_s, mm_store_row_fn fn, void *userdata);

/*
 * Up to limit events with id > after_id, oldest first; newest: the last of them instead of the first. data is the JSON of a
 * record, or NULL. Snapshots are left out. 0, -EIO, -EBADMSG.
 */
typedef bool (*mm_store_event_fn)(void *userdata, const struct mm_store_event *event, const char *data);
int mm_store_events(struct mm_store *reg, int64_t after_id, unsigned limit, bool newest, mm_store_event_fn fn, void *userdata);

/*
 * A record: an event with figures that a program will read again, such as constants of a calibration. data is a JSON object. It
 * is durable when this returns 0, and nobody can change it afterwards unseen. For mm_store_worker_query(). Errors as
 * mm_store_commit().
 */
int mm_store_record(struct mm_store *reg, const struct mm_store_event *event, const char *data);

/* All records of one code, oldest first: the last one is in force. meter: an index, or -1 for those of all. 0, -EIO, -EBADMSG. */
int mm_store_records(struct mm_store *reg, const char *code, int meter, mm_store_event_fn fn, void *userdata);

/*
 * Makes a backup beside the database: complete, synced and read back before it takes the place of the last one, which takes that
 * of the one before. Takes seconds. For mm_store_worker_query(): what the copy can take is written meanwhile. -ENOSPC, -EIO,
 * ... with the two there were left as they are.
 */
int mm_store_backup(struct mm_store *reg);

/* When that was done last: seconds of CLOCK_REALTIME, 0: never. */
int64_t mm_store_backed_up(const struct mm_store *reg);

/* What one of the files of the register is like. */
struct mm_store_inspection {
	const char *what; /* "database", "copy", "backup", "backup-old" */
	int error;	  /* 0; -ENOENT: there is none; -EBADMSG: damaged; -errno */
	char text[96];
};

/* Reads one file of the register whole, number 0 the first; takes as long as a backup. -ENODATA: there are no more; -ENOMEM. */
int mm_store_inspect(struct mm_store *reg, unsigned number, struct mm_store_inspection *ret);

/* How the run before this one ended. */
struct mm_store_last_run {
	bool unclean;	     /* it started and did not stop: the daemon or the machine went down */
	bool same_boot;	     /* the machine has not: */
	int64_t boottime_ns; /* of the last commit, comparable with now only then; 0: there was none */
	int64_t realtime_ns;
};

/* To be asked before the "start" of this run is committed. 0, -EIO, -EBADMSG. */
int mm_store_last_run(struct mm_store *reg, struct mm_store_last_run *ret);

/* ---- The register's thread ---- */

struct mm_store_worker;

/* What became of the commits, for the main loop. */
struct mm_store_status {
	uint64_t commits;  /* transactions committed to the database since start */
	uint64_t failures; /* failed attempts since start */
	int error;	   /* of the database: 0, or the -errno of the last attempt while it keeps failing */
	int copy_error;	   /* of the copy: the same, or why it could not be opened */
	char message[MM_STORE_MESSAGE_MAX];
	struct mm_registers committed[MM_STORE_METERS_MAX]; /* durable state of every meter */
	uint64_t durable;	/* number of the last commit whose registers, events and rows are all in the database */
	bool busy;		/* a commit is being written or waiting */
	int64_t dropped_events; /* lost because the disk failed for so long that the queue filled */
	int64_t dropped_rows;	/* the same of profile rows; the registers themselves are never dropped */
	uint64_t beat;		/* counts up while the thread makes progress or is idle; for the watchdog */
};

#define MM_STORE_EVENTS_WAITING_MAX 4096
#define MM_STORE_ROWS_WAITING_MAX 1024
#define MM_STORE_QUERIES_WAITING_MAX 16

/*
 * Takes over an open register and runs it on a thread of its own; mm_store_worker_fd() becomes readable after each attempt and
 * each finished query. On failure the register stays the caller's.
 */
int mm_store_worker_new(struct mm_store *reg, struct mm_store_worker **ret);

/*
 * Commits what is pending (once more, whatever the outcome), stops the thread, calls done for every query not dispatched yet
 * (-ECANCELED where it has not run) and closes the register. 0, or the -errno of that commit. NULL-safe.
 */
int mm_store_worker_free(struct mm_store_worker *worker);

/*
 * Queues a commit and returns at once: registers supersede those still waiting, events and rows are appended in bounded queues.
 * Where a queue is full the oldest are kept: they tell how the trouble began, and the registers carry all energy anyhow.
 * A failing commit is tried again after 1 s, 2 s, ... up to 30 s; new ones wait with it, but for what the copy takes. -EINVAL: a
 * meter or figures as for mm_store_commit(), or a number that is not higher than that of the commit before.
 */
int mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit);

int mm_store_worker_fd(const struct mm_store_worker *worker); /* an eventfd */
void mm_store_worker_status(struct mm_store_worker *worker, struct mm_store_status *ret);

/*
 * Runs query(reg, userdata) on the register's thread, then done(result, userdata) on the thread that calls
 * mm_store_worker_dispatch(). A commit that comes meanwhile waits for it: limit its rows. -EAGAIN when too many wait.
 */
typedef int (*mm_store_query_fn)(struct mm_store *reg, void *userdata);
typedef void (*mm_store_done_fn)(int result, void *userdata);
int mm_store_worker_query(struct mm_store_worker *worker, mm_store_query_fn query, mm_store_done_fn done, void *userdata);

/* Clears the eventfd and runs the done callbacks of finished queries; call it when the descriptor is readable. */
void mm_store_worker_dispatch(struct mm_store_worker *worker);

#endif
