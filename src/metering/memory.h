/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_MEMORY_H
#define MM_METERING_MEMORY_H

/*
 * What the next run of the daemon goes on with: all that a commit has not yet made durable, in memory that outlives the process
 * because the service manager holds a descriptor of it. Two images are written in turns, each with a sequence number and a check
 * sum, so that a kill while one is written leaves the other; the edges that were played since are counted beside them. Writing is
 * a copy within memory.
 */

#include "core/measurement.h"
#include "metering/pending.h"
#include "outputs/pulse_train.h"
#include "store/state.h"

struct mm_memory;

/* What a meter has beside its registers. */
struct mm_memory_meter {
	const struct mm_pulse_train *train; /* to be written */
	struct mm_pulse_train *restored;    /* filled when read */
	struct mm_meter_carried carryover;
	int64_t received_noted_ns;   /* as in struct mm_meter_point */
	uint32_t scale;		     /* mm_scale_of() the meter; 0: an older version wrote none */
	bool level[MM_OUTPUT_COUNT]; /* of the lines */
	/* Only when read: the last edge was being put out when the process ended. It counts as played, but not in level. */
	bool in_doubt;
	struct mm_edge doubtful;
};

#define MM_MEMORY_FRONT_ENDS_MAX 8
#define MM_MEMORY_NAME_MAX 64

/* A front end that counts, up to where its energy is in the registers. */
struct mm_memory_counters {
	char front_end[MM_MEMORY_NAME_MAX]; /* by its name in the configuration */
	struct mm_counters counters;
};

struct mm_memory_content {
	struct mm_state state; /* output_uwh is the position up to which edges are planned */
	struct mm_memory_meter meter[MM_STORE_METERS_MAX];
	struct mm_pending *pending;
	unsigned counter_count;
	struct mm_memory_counters *counters; /* of front ends; when read, room for all that there can be, or NULL */
	bool commits_by_time; /* only when read: an older version wrote CLOCK_BOOTTIME of commits in place of their numbers */
};

/*
 * Maps the memory of fd, which it takes over even on failure, or makes some where fd is -1. boot_id is that of this run of the
 * machine. 0 or -errno.
 */
int mm_memory_new(int fd, const char *boot_id, struct mm_memory **ret);

/* NULL-safe. The memory stays while anybody holds a descriptor. */
void mm_memory_free(struct mm_memory *memory);

/* The descriptor for the service manager to hold. */
int mm_memory_fd(const struct mm_memory *memory);

/*
 * Reads the newest whole record; the caller points ret->pending to something zeroed, and all meters to a train each. Returns 0;
 * -ENODATA: nothing was ever written; -EBADMSG: no record is whole; -EPROTO: another layout; -ESTALE: of another run of the
 * machine. What ret points to is undefined then.
 */
int mm_memory_read(struct mm_memory *memory, struct mm_memory_content *ret);

/* Writes a record; sequence and boot_id are filled in. */
void mm_memory_write(struct mm_memory *memory, struct mm_memory_content *content);

/*
 * Around putting out the first edge of a meter's queue: noted before the line moves, and again after. A failed one is still owed.
 * What the last record had queued is counted; mm_memory_write() begins anew.
 */
void mm_memory_edge_begun(struct mm_memory *memory, unsigned meter);
void mm_memory_edge_ended(struct mm_memory *memory, unsigned meter, bool played);

#endif
