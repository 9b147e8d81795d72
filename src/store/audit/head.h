/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_AUDIT_HEAD_H
#define MM_STORE_AUDIT_HEAD_H

/* The statement that is signed: where the audit trail ends and what the meters read, as text. */

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define MM_ENERGIES 4	/* delivered, received, lagging, leading */
#define MM_HASH_SIZE 32 /* SHA-256 */
#define MM_HASH_HEX_MAX (2 * MM_HASH_SIZE + 1)
/* More than a register serves: meters that have left it are still in it. */
#define MM_HEAD_METERS_MAX 64
#define MM_HEAD_TIME_MAX 32
/* Room for any statement. */
#define MM_HEAD_TEXT_MAX (512 + MM_HEAD_METERS_MAX * (2 * MM_STORE_NAME_MAX + 192))

struct mm_head_meter {
	char serial[MM_STORE_NAME_MAX];
	char model[MM_STORE_NAME_MAX];
	int64_t uwh[MM_ENERGIES]; /* delivered, received, lagging, leading: µWh and µvarh */
};

struct mm_head {
	char time[MM_HEAD_TIME_MAX]; /* RFC 3339, UTC */
	int64_t event;		     /* id of the newest, 0: none */
	char event_hash[MM_HASH_HEX_MAX];
	int64_t interval; /* the same of the profile */
	char interval_hash[MM_HASH_HEX_MAX];
	unsigned meter_count;
	struct mm_head_meter meter[MM_HEAD_METERS_MAX];
};

/* Writes the statement. Returns its length, at most MM_HEAD_TEXT_MAX - 1. */
size_t mm_head_write(const struct mm_head *head, char ret[static MM_HEAD_TEXT_MAX]);

/* Reads a statement, which is one only if mm_head_write() would write it just so. 0 or -EBADMSG. */
int mm_head_read(const char *text, struct mm_head *ret);

#endif
