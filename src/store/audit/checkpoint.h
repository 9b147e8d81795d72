/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_AUDIT_CHECKPOINT_H
#define MM_STORE_AUDIT_CHECKPOINT_H

/* The statement that is signed: where the audit trail ends and what the meters read, as text. */

#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/time_text.h"
#include "store/commit.h"
#include "store/hash.h"

#define MM_HASH_HEX_MAX MM_HEX_MAX(MM_HASH_SIZE)
/* More than a store takes: meters taken out of the configuration are still in it. */
#define MM_CHECKPOINT_METERS_MAX 64
#define MM_CHECKPOINT_TIME_MAX 32
/* Room for any statement. */
#define MM_CHECKPOINT_TEXT_MAX (512 + MM_CHECKPOINT_METERS_MAX * (2 * MM_STORE_NAME_MAX + 192))

struct mm_checkpoint_meter {
	char serial[MM_STORE_NAME_MAX];
	char model[MM_STORE_NAME_MAX];
	int64_t uwh[MM_ENERGIES]; /* delivered, received, lagging, leading: µWh and µvarh */
};

struct mm_checkpoint {
	char time[MM_CHECKPOINT_TIME_MAX]; /* RFC 3339, UTC */
	int64_t event;			   /* id of the newest, 0: none */
	char event_hash[MM_HASH_HEX_MAX];
	int64_t interval; /* the same of the profile */
	char interval_hash[MM_HASH_HEX_MAX];
	unsigned meter_count;
	struct mm_checkpoint_meter meter[MM_CHECKPOINT_METERS_MAX];
};

/* Writes the statement. Returns its length, at most MM_CHECKPOINT_TEXT_MAX - 1. */
size_t mm_checkpoint_write(const struct mm_checkpoint *checkpoint, char ret[static MM_CHECKPOINT_TEXT_MAX]);

/* Reads a statement, which is one only if mm_checkpoint_write() would write it just so. 0 or -EBADMSG. */
int mm_checkpoint_read(const char *text, struct mm_checkpoint *ret);

#endif
