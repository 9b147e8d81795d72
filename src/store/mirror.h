/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_MIRROR_H
#define MM_STORE_MIRROR_H

/*
 * The second copy of the registers: two slots that are written in turn, in place, so that the one that is not being written is
 * always whole. It is a small file, a raw partition, or the nvmem file of an EEPROM or FRAM.
 */

#include "store/slot.h"

struct mm_mirror;

/*
 * Opens what is at path and reads both slots. -ENOENT: nothing there; -EBUSY: another process has it, or a mounted file
 * system is on it; -EFBIG: too small for a slot; or -errno as the system says. Slots that can't be read are no error.
 */
int mm_mirror_open(const char *path, struct mm_mirror **ret);

/* The same only for reading, also beside a process that writes it. */
int mm_mirror_look(const char *path, struct mm_mirror **ret);

/* Makes a file at path that holds the slot: whole or not at all. -EEXIST, or -errno as the system says. */
int mm_mirror_create(const char *path, const struct mm_slot *slot);

/* NULL-safe. */
void mm_mirror_close(struct mm_mirror *mirror);

/* The right slot with the highest number; NULL: there is none. Valid until the next call that takes the mirror. */
const struct mm_slot *mm_mirror_newest(const struct mm_mirror *mirror);

/* 0, or why a slot (0 or 1) gives nothing: as mm_slot_read(), or the -errno of reading it. */
int mm_mirror_slot_error(const struct mm_mirror *mirror, unsigned slot);

/* Is a slot of a version that this program does not know? And the version of the program that wrote it; "": it did not say. */
bool mm_mirror_is_newer(const struct mm_mirror *mirror);
const char *mm_mirror_program(const struct mm_mirror *mirror);

/* Is the other slot the one that the newest was written after? If both are there and it is not, a write was lost. */
bool mm_mirror_follows(const struct mm_mirror *mirror);

/* True for a partition or a chip: something that can't be given another name. */
bool mm_mirror_is_device(const struct mm_mirror *mirror);

/*
 * Writes the slot over the older one and reads it back; slot->previous is set. Durable when it returns 0. After a failure the
 * next write goes to the same place. -EFBIG: too many meters for it; -EIO: it reads back otherwise; -errno as the system says.
 */
int mm_mirror_write(struct mm_mirror *mirror, struct mm_slot *slot);

/* Reads both slots again, from the device. */
void mm_mirror_reread(struct mm_mirror *mirror);

#endif
