/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_STORE_H
#define MM_STORE_STORE_H

/*
 * The store of the meters' registers: one SQLite database, one connection, one thread, and a second copy. A commit is whole or
 * absent, and counts as committed only after the medium has acknowledged it. No register ever decreases: a commit that would
 * lower one is refused (-ERANGE).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/commit.h"

#define MM_STORE_FINDINGS_MAX 192 /* as the text of an event */

struct mm_store;

/* A query on the store's thread (worker.h), and what is done with its result. */
typedef int (*mm_store_query_fn)(struct mm_store *store, void *userdata);
typedef void (*mm_store_done_fn)(int result, void *userdata);

/* What can wait for that thread. */
#define MM_STORE_EVENTS_WAITING_MAX 4096
#define MM_STORE_ROWS_WAITING_MAX 1024
#define MM_STORE_QUERIES_WAITING_MAX 16 /* of clients */
#define MM_STORE_OWN_WAITING_MAX 8	/* of the daemon itself */

/*
 * Opens or creates the store of these meters, in order: the database at path and its second copy (a file, a partition or a
 * chip; NULL: none). A meter whose serial number is not stored yet is added at zero as long as another one is, or the register
 * is new. boot_id is that of this run of the machine. The highest right state wins, wherever it is; what is damaged or missing is
 * made anew from the rest (the copy, or a backup where the database is damaged), what it replaces gets another name, and an event
 * "recovered" says so. A register whose serial number an earlier version misread (serial.h) is taken over, once.
 *
 * On failure error says what is wrong and what to do, and no file is changed (an empty -wal may be left). -EXDEV: the register
 * belongs to another meter, or has one of these with another model; -EBADMSG: damaged, and nothing to recover it from; -EPROTO:
 * of a newer version; -EROFS, -EACCES, -ENOENT, -ENOSPC, -EIO as the disk says; -EBUSY: another process has it open; -EINVAL:
 * serial numbers missing or double; -ENOTUNIQ: it can't be known which stored meter one is, as its serial number was misread.
 */
int mm_store_open(const char *path, const char *mirror_path, const char *boot_id, const struct mm_store_meter *meters,
		  unsigned meter_count, struct mm_error *error, struct mm_store **ret);

/* Would no later opening do any better while the configuration and the files stay as they are? */
bool mm_store_is_refusal(int r);

/*
 * Would mm_store_open() refuse these meters? Looks at the files only, also beside a daemon that has them open: nothing is
 * written, locked or migrated. 0; a refusal, with the same error as that has; 1: it can't be seen now, and error says why. error
 * may be NULL.
 */
int mm_store_check(const char *path, const char *mirror_path, const struct mm_store_meter *meters, unsigned meter_count,
		   struct mm_error *error);

/* The event of what was out of order when it was opened; its record where the trail lacks events that were in it. */
#define MM_STORE_RECOVERED "recovered"
#define MM_STORE_HISTORY_LOST "{\"history_lost\":true}"

/* What was out of order when it was opened, as the event has it; "" where nothing was. */
const char *mm_store_findings(const struct mm_store *store);

/*
 * As what an earlier version had misread the serial number of a meter, for people; "": it had not, or an earlier opening has put
 * it right. The meter goes on under its right number, with an event "serial-corrected".
 */
const char *mm_store_misread(const struct mm_store *store, unsigned index);

/* NULL-safe. Leaves one file, without a -wal, unless the disk fails. */
void mm_store_close(struct mm_store *store);

/*
 * The registers of meter number index as last committed; all zero for one that is new. profile.last_boot_ns is 0 where they were
 * stored in another run of the machine. -EINVAL: no such meter.
 */
int mm_store_load(struct mm_store *store, unsigned index, struct mm_registers *ret);

/* The number of the last commit that is durable. After mm_store_open() all of it, events and rows too, is in the database. */
uint64_t mm_store_number(const struct mm_store *store);

/*
 * Goes to the second copy first and, unless it suffices, to the database. Durable when it returns 0. -ERANGE: would decrease a
 * register; -EINVAL: figures that no meter gives, a meter that is not there, or a number that is not higher than those in the
 * database; -ENOSPC, -EIO, -EROFS, -EBADMSG: the same commit may be tried again, and is there once when it succeeds.
 */
int mm_store_commit(struct mm_store *store, const struct mm_store_commit *commit);

/* Intervals with from_s <= start < to_s of one meter in time order; fn returns false to stop. 0, -EINVAL, -EIO, -EBADMSG. */
typedef bool (*mm_store_interval_fn)(void *userdata, const struct mm_store_interval *interval);
int mm_store_profile(struct mm_store *store, unsigned index, int64_t from_s, int64_t to_s, mm_store_interval_fn fn,
		     void *userdata);

/* The same of those with after_id < id <= last_id, in order of id, which is the order in which they were closed. */
int mm_store_intervals(struct mm_store *store, unsigned index, int64_t after_id, int64_t last_id, mm_store_interval_fn fn,
		       void *userdata);

/*
 * The interval with the greatest id of those of a meter that had ended at or before at_s (CLOCK_REALTIME seconds): its registers
 * are the reading then. They never fall as at_s rises, whatever the clock did. One that began while the clock was not set, and
 * behind, does not count: what was read at a time stays so after a restart. Where the registers are not known (the interval is
 * from schema 2) they are worked out from those after it. -ENOENT: there was none yet; -EINVAL, -EIO, -EBADMSG.
 */
int mm_store_interval_at(struct mm_store *store, unsigned index, int64_t at_s, struct mm_store_interval *ret);

/*
 * Does the chain still have a row, id, with that hash (NULL: any)? A reader that has followed it up to there asks before it goes
 * on. 0: yes, or id is 0. 1: the history was replaced by another, from a backup say, and *ret_last is the id of the newest row
 * before it that may be in both, of the meter where kind is MM_STORE_INTERVALS, else of all events: only the reader knows whether
 * it has the same hash. -EINVAL, -EIO, -EBADMSG.
 */
enum mm_store_chain { MM_STORE_INTERVALS, MM_STORE_EVENTS };
int mm_store_fork(struct mm_store *store, enum mm_store_chain kind, unsigned index, int64_t id, const uint8_t *hash,
		  int64_t *ret_last);

/* data is the JSON of a record, or NULL; fn returns false to stop. */
typedef bool (*mm_store_event_fn)(void *userdata, const struct mm_store_event *event, const char *data);

/* Which events: up to limit of those for which all of this holds. */
struct mm_store_event_choice {
	int64_t after_id; /* id > after_id */
	unsigned limit;
	bool newest;		/* the last limit of them instead of the first */
	bool snapshots;		/* those too that only keep the registers of a day */
	int meter;		/* an index; -1: of all of them and of none */
	const char *code;	/* NULL: any */
	int64_t from_ns, to_ns; /* from_ns <= CLOCK_REALTIME < to_ns */
};

/*
 * Gives them to fn, oldest first. *ret_hidden is the number of snapshots among them that were left out: with it the ids are
 * without a hole that nothing explains. 0, -EINVAL: no such meter; -EIO, -EBADMSG.
 */
int mm_store_choose_events(struct mm_store *store, const struct mm_store_event_choice *choice, mm_store_event_fn fn,
			   void *userdata, unsigned *ret_hidden);

/* The same of all events but snapshots. */
int mm_store_events(struct mm_store *store, int64_t after_id, unsigned limit, bool newest, mm_store_event_fn fn, void *userdata);

/*
 * A record: an event with figures that a program will read again, such as constants of a calibration. data is a JSON object. It
 * is durable when this returns 0, and nobody can change it afterwards unseen. For mm_store_worker_query(). Errors as
 * mm_store_commit().
 */
int mm_store_record(struct mm_store *store, const struct mm_store_event *event, const char *data);

/*
 * Statements that were issued. Each is a record of the meter with the code MM_STORE_ISSUED and the next page of all: pages rise
 * by one, over restarts too, and none is there twice. Where the history was replaced by a backup some may be missing in it.
 * mm_store_page() is that of the last; 0: none was issued.
 */
int64_t mm_store_page(const struct mm_store *store);

struct mm_store_period {
	int64_t from_s, to_s; /* CLOCK_REALTIME */
};

/*
 * Issues a statement: as mm_store_record(), with the page that it says. data has the period as "from_s" and "to_s". -EEXIST: that
 * meter has a statement of that period; -EINVAL: the page is not the one after the last.
 */
int mm_store_issue(struct mm_store *store, const struct mm_store_event *event, const struct mm_store_period *period, int64_t page,
		   const char *data);

/* Gives the one of a meter and a period to fn. -ENOENT: none was issued; -EINVAL, -EIO, -EBADMSG. */
int mm_store_issued(struct mm_store *store, unsigned index, const struct mm_store_period *period, mm_store_event_fn fn,
		    void *userdata);

/* All records of one code, oldest first: the last one is in force. meter: an index, or -1 for those of all. 0, -EIO, -EBADMSG. */
int mm_store_records(struct mm_store *store, const char *code, int meter, mm_store_event_fn fn, void *userdata);

/*
 * Makes a backup beside the database: complete, synced and read back before it takes the place of the last one, which takes that
 * of the one before. Takes seconds. For mm_store_worker_query(): what the second copy can take is written meanwhile. -ENOSPC,
 * -EIO,
 * ... with the two there were left as they are.
 */
int mm_store_backup(struct mm_store *store);

/* When that was done last: seconds of CLOCK_REALTIME, 0: never. */
int64_t mm_store_backed_up(const struct mm_store *store);

/* What one of the files of the register is like. */
struct mm_store_inspection {
	const char *what; /* "database", "copy", "backup", "backup-old" */
	int error;	  /* 0; -ENOENT: there is none; -EBADMSG: damaged; -errno */
	char text[96];
};

/* Reads one file of the register whole, number 0 the first; takes as long as a backup. -ENODATA: there are no more; -ENOMEM. */
int mm_store_inspect(struct mm_store *store, unsigned number, struct mm_store_inspection *ret);

/*
 * The meters of the database at path and what they read there, those that the configuration no longer has as well. Needs no
 * configuration and writes nothing (an empty -wal may be left). -EBUSY: a daemon has it open; -EBADMSG, -ENOENT, -EACCES, -EIO
 * with error set, which may be NULL.
 */
typedef void mm_store_list_fn(void *userdata, const struct mm_store_meter *meter, int64_t delivered_uwh, int64_t received_uwh);
int mm_store_list(const char *path, mm_store_list_fn *fn, void *userdata, struct mm_error *error);

/* How the run before this one ended. */
struct mm_store_last_run {
	bool unclean;	     /* it started and did not stop: the daemon or the machine went down */
	bool same_boot;	     /* the machine has not: */
	int64_t boottime_ns; /* of the last commit, comparable with now only then; 0: there was none */
	int64_t realtime_ns;
	bool unsynchronized; /* as far as its events say nothing kept CLOCK_REALTIME right at its end */
};

/* To be asked before the "start" of this run is committed. 0, -EIO, -EBADMSG. */
int mm_store_last_run(struct mm_store *store, struct mm_store_last_run *ret);

#endif
