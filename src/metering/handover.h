/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_HANDOVER_H
#define MM_METERING_HANDOVER_H

/*
 * What one run of the daemon leaves to the next: all that a commit has not yet made durable, in memory that outlives the process
 * because the service manager holds a descriptor of it. Two images are written in turns, each with a sequence number and a check
 * sum, so that a kill in the midst of one leaves the other; the edges that were played since are counted beside them. Writing is
 * a copy within memory.
 */

#include "metering/pending.h"
#include "outputs/pulse_train.h"
#include "store/state.h"

struct mm_handover;

/* What a meter has beside its registers. */
struct mm_handover_meter {
	const struct mm_pulse_train *train; /* to be written */
	struct mm_pulse_train *restored;    /* filled when read */
	struct mm_meter_left left;
	int64_t received_told_ns;    /* as in struct mm_engine_meter */
	bool level[MM_OUTPUT_COUNT]; /* of the lines */
	/* Only when read: the last edge was being put out when the process ended. It counts as played, but not in level. */
	bool in_doubt;
	struct mm_edge doubtful;
};

struct mm_handover_content {
	struct mm_state state; /* output_uwh is the position up to which edges are planned */
	struct mm_handover_meter meter[MM_STORE_METERS_MAX];
	struct mm_pending *pending;
};

/*
 * Maps the memory of fd, which it takes over even on failure, or makes some where fd is -1. boot_id is that of this run of the
 * machine. 0 or -errno.
 */
int mm_handover_new(int fd, const char *boot_id, struct mm_handover **ret);

/* NULL-safe. The memory stays while anybody holds a descriptor. */
void mm_handover_free(struct mm_handover *handover);

/* The descriptor for the service manager to hold. */
int mm_handover_fd(const struct mm_handover *handover);

/*
 * Reads the newest whole image; the caller points ret->pending to something zeroed, and restored of all meters to a train each.
 * Returns 0; -ENODATA: nothing was ever written; -EBADMSG: no image is whole; -EPROTO: another layout; -ESTALE: of another run of
 * the machine. What ret points to is undefined then.
 */
int mm_handover_read(struct mm_handover *handover, struct mm_handover_content *ret);

/* Writes an image; sequence and boot_id are filled in. */
void mm_handover_write(struct mm_handover *handover, struct mm_handover_content *content);

/*
 * Around putting out the first edge of a meter's queue: noted before the line moves, settled after. A failed one is still owed.
 * What the last image had queued is counted; mm_handover_write() begins anew.
 */
void mm_handover_edge_begun(struct mm_handover *handover, unsigned meter);
void mm_handover_edge_ended(struct mm_handover *handover, unsigned meter, bool played);

#endif
