/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_SLOT_H
#define MM_STORE_SLOT_H

/* What a slot of the second copy holds: the state of all meters, and what the database does not have yet of their history. */

#include "store/hash.h"
#include "store/state.h"

#define MM_SLOT_ROWS_MAX 48
#define MM_SLOT_EVENTS_MAX 16
/* Room that is enough for any slot. */
#define MM_SLOT_SIZE_MAX 16384

#define MM_PROGRAM_MAX 24 /* the version of a program, with the NUL */
#define MM_MAC_SIZE 32

struct mm_slot {
	struct mm_state state;	      /* its sequence is the number of the commit */
	struct mm_heads heads;	      /* of the commit that the next figure names */
	uint64_t database;	      /* number of the last commit that the database had acknowledged; 0: none */
	uint64_t previous;	      /* number in the other slot; 0: none */
	uint8_t mac[MM_MAC_SIZE];     /* zeros: it has none */
	int64_t page;		      /* of the last statement that was issued */
	char program[MM_PROGRAM_MAX]; /* when read: the version of the program that wrote it; "": it did not say */
	size_t row_count;
	struct mm_store_profile_row row[MM_SLOT_ROWS_MAX];
	size_t event_count;
	struct mm_store_event event[MM_SLOT_EVENTS_MAX];
};

/*
 * Writes the slot, with as many of its rows and then of its events as there is room for, the oldest of each. Its length;
 * -ENOSPC: not even the state fits.
 */
ssize_t mm_slot_write(const struct mm_slot *slot, uint8_t *bytes, size_t size);

/*
 * Reads a slot from the begin of size bytes; *ret is changed in any case. 0; -ENODATA: all bytes are 0, or all are 0xff, as
 * where nothing was ever written; -ENOMSG: something else than a slot; -EBADMSG: a damaged one; -EPROTO: one of a newer version,
 * and ret->program says of which. Layout 1 is read too.
 */
int mm_slot_read(const uint8_t *bytes, size_t size, struct mm_slot *ret);

#endif
