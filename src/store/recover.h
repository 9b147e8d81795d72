/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_RECOVER_H
#define MM_STORE_RECOVER_H

/* What is done where the database, the copy and the backups don't agree, or are not all there. */

#include "store/image.h"
#include "store/private.h"

/* The backups, the newest first. */
#define MM_STORE_BACKUPS 2
extern const char *const mm_store_backup_suffix[MM_STORE_BACKUPS];

/* Gives the file at path a name of its own, .aside-1, .aside-2, ..., and its companions too. Writes that into reg->story. 0 or
 * -errno. */
int mm_store_set_aside(struct mm_store *reg, const char *path);

/*
 * Puts a database at reg->path that is made of the newest right backup and the image (NULL: none), in place of what is there,
 * which is set aside. -ENODATA: there is neither, and nothing was touched; else -errno with a message.
 */
int mm_store_recover(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters,
		     const struct mm_image *image);

/* Within a transaction: brings the database up to the image, and no register below either. */
int mm_store_adopt(struct mm_store *reg, const struct mm_image *image);

/* Is the database, where nothing vouches for it, later than the image or higher in any register? */
bool mm_store_contradicts(const struct mm_store *reg, const struct mm_image *image);

/* Does the image hold a meter of the configuration? */
bool mm_store_is_ours(const struct mm_store *reg, const struct mm_image *image);

/* Adds a sentence to reg->story. */
void mm_store_tell(struct mm_store *reg, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
