/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_IMAGE_H
#define MM_STORE_IMAGE_H

/* What a slot of the second copy holds: the state of all meters, and what the database does not have yet of their history. */

#include "store/state.h"

#define MM_IMAGE_ROWS_MAX 48
#define MM_IMAGE_EVENTS_MAX 16
/* Room that is enough for any image. */
#define MM_IMAGE_SIZE_MAX 16384

struct mm_image {
	struct mm_state state; /* its sequence is counted over all that is made durable, here and in the database */
	uint64_t database;     /* sequence of the last state that the database had acknowledged; 0: none */
	uint64_t previous;     /* sequence of the image in the other slot; 0: none */
	size_t row_count;
	struct mm_store_profile_row row[MM_IMAGE_ROWS_MAX];
	size_t event_count;
	struct mm_store_event event[MM_IMAGE_EVENTS_MAX];
};

/*
 * Writes the image, with as many of its rows and then of its events as there is room for, the oldest of each. Its length;
 * -ENOSPC: not even the state fits.
 */
ssize_t mm_image_write(const struct mm_image *image, uint8_t *bytes, size_t size);

/*
 * Reads an image from the begin of size bytes; *ret is changed in any case. 0; -ENODATA: all bytes are 0, or all are 0xff, as
 * where nothing was ever written; -ENOMSG: something else than an image; -EBADMSG: a damaged one; -EPROTO: one of a version that
 * this program does not know.
 */
int mm_image_read(const uint8_t *bytes, size_t size, struct mm_image *ret);

#endif
