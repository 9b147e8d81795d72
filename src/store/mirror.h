/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_MIRROR_H
#define MM_STORE_MIRROR_H

/*
 * The second copy of the register: two slots that are written in turn, in place, so that the one that is not being written is
 * always whole. It is a small file, a raw partition, or the nvmem file of an EEPROM or FRAM.
 */

#include "store/image.h"

struct mm_copy;

/*
 * Opens what is at path and reads both slots. -ENOENT: nothing there; -EBUSY: another process has it, or a mounted file
 * system is on it; -EFBIG: too small for an image; or -errno as the system says. Slots that can't be read are no error.
 */
int mm_copy_open(const char *path, struct mm_copy **ret);

/* Makes a file at path that holds the image: whole or not at all. -EEXIST, or -errno as the system says. */
int mm_copy_create(const char *path, const struct mm_image *image);

/* NULL-safe. */
void mm_copy_close(struct mm_copy *copy);

/* The right image with the highest sequence; NULL: there is none. Valid until the next call that takes the copy. */
const struct mm_image *mm_copy_newest(const struct mm_copy *copy);

/* 0, or why a slot (0 or 1) gives no image: as mm_image_read(), or the -errno of reading it. */
int mm_copy_slot(const struct mm_copy *copy, unsigned slot);

/* Is the other image the one that the newest was written after? If both are there and it is not, a write was lost. */
bool mm_copy_follows(const struct mm_copy *copy);

/* True for a partition or a chip: something that can't be given another name. */
bool mm_copy_is_device(const struct mm_copy *copy);

/*
 * Writes the image over the older slot and reads it back; image->previous is set. Durable when it returns 0. After a failure the
 * next write goes to the same slot. -EFBIG: too many meters for it; -EIO: it reads back otherwise; -errno as the system says.
 */
int mm_copy_write(struct mm_copy *copy, struct mm_image *image);

/* Reads both slots again, from the device. */
void mm_copy_reread(struct mm_copy *copy);

#endif
