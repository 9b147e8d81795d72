/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_STATE_H
#define MM_STORE_STATE_H

/*
 * The state of all meters as bytes: for the second copy and for memory that outlives the process. Whole, with its
 * version and a check sum, so that a reader takes all of it or none.
 */

#include <sys/types.h>

#include "store/bytes.h"
#include "store/commit.h"

#define MM_BOOT_ID_MAX 40 /* longer than either way to write one, and a NUL */

struct mm_state {
	uint64_t sequence;	      /* of two states in one place the higher one is the newer */
	char boot_id[MM_BOOT_ID_MAX]; /* the run of the machine that boottime_ns belongs to */
	int64_t boottime_ns;	      /* of the registers: CLOCK_BOOTTIME */
	int64_t realtime_ns;	      /* CLOCK_REALTIME, a label */
	unsigned meter_count;
	struct mm_store_meter nameplate[MM_STORE_METERS_MAX];
	struct mm_registers meter[MM_STORE_METERS_MAX];
};

/* Room that is enough for any state. */
#define MM_STATE_SIZE_MAX (4096 + MM_STORE_METERS_MAX * 768)

/* Returns the length in bytes, at most MM_STATE_SIZE_MAX; more than size: it did not fit. */
size_t mm_state_write(const struct mm_state *state, uint8_t *bytes, size_t size);

/*
 * Reads a state that begins at bytes; what follows it is not looked at. Returns its length; -EBADMSG: none, damaged, or figures
 * that no meter gives; -EPROTO: of a version that this program does not know.
 */
ssize_t mm_state_read(const uint8_t *bytes, size_t size, struct mm_state *ret);

/* The meter of a state with this serial number and model, or -1. */
int mm_state_find(const struct mm_state *state, const struct mm_store_meter *meter);

/* The columns of a meter, 8 bytes each; reading gives 0 to those beyond columns. False: more was read than there is, or figures
 * that no meter gives. */
void mm_put_registers(struct mm_writer *writer, const struct mm_registers *registers);
bool mm_get_registers(struct mm_reader *reader, size_t columns, struct mm_registers *ret);

/*
 * An interval and an event, to be kept beside a state. What is read is not judged: writer and reader say whether it went well.
 * Those of version 1 have no elements and no clock flags, and every figure has 8 bytes.
 */
void mm_put_row(struct mm_writer *writer, const struct mm_store_profile_row *entry);
void mm_put_event(struct mm_writer *writer, const struct mm_store_event *event);
void mm_get_row(struct mm_reader *reader, struct mm_store_profile_row *ret);
void mm_get_event(struct mm_reader *reader, struct mm_store_event *ret);
void mm_get_row_1(struct mm_reader *reader, struct mm_store_profile_row *ret);
void mm_get_event_1(struct mm_reader *reader, struct mm_store_event *ret);

#endif
