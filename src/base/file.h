/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_FILE_H
#define MM_BASE_FILE_H

/*
 * Files that are there whole or not at all. A draft is the file PATH.new, which takes the place of PATH once it is complete:
 * after a power cut at any instant PATH is the old file or the new one, and after mm_draft_publish() it is the new one for good.
 * Two drafts of the same path at a time are a mistake of the caller. Every function returns 0 or -errno unless it says more.
 */

#include <stddef.h>
#include <sys/types.h>

enum mm_file_flags {
	MM_FILE_NEW = 1 << 0,	   /* nothing is replaced: -EEXIST where the name is taken */
	MM_FILE_UNSYNCED = 1 << 1, /* whole, but not there for good: for what means nothing after a power cut */
};

struct mm_draft;

/*
 * Makes the draft: an empty file of its own, less the umask's bits of mode; one that a crash left is removed. It is never made
 * through a symbolic link.
 */
int mm_draft_new(const char *path, mode_t mode, struct mm_draft **ret);
/* Open for reading and writing. */
int mm_draft_fd(const struct mm_draft *draft);
/* The draft's own name, for who writes it by name. */
const char *mm_draft_path(const struct mm_draft *draft);
/*
 * Syncs the draft, gives it its name and syncs the directory. Where it fails before it has its name, nothing has changed; -errno
 * of syncing the directory means that the name is there but may not survive a power cut.
 */
int mm_draft_publish(struct mm_draft *draft, unsigned flags);
/* Removes the file unless it was published. NULL-safe. */
void mm_draft_free(struct mm_draft *draft);

/* Makes these bytes the file at path: the whole way above. */
int mm_file_replace(const char *path, const void *bytes, size_t size, mode_t mode, unsigned flags);

/* Renames a file within its directory, and makes that durable as flags say. */
int mm_file_rename(const char *from, const char *to, unsigned flags);

/* Makes durable which names the directory of path has. */
int mm_file_sync_directory(const char *path);

/* Writes all the bytes, however often that takes. */
int mm_file_write(int fd, const void *bytes, size_t size);

enum mm_file_read_flags {
	MM_FILE_NO_LINK = 1 << 0, /* -ELOOP where path is a symbolic link */
};

/*
 * Reads a whole regular file of at most size_max bytes. *ret has a NUL behind the last of its *ret_size bytes; it is the
 * caller's, to free(). The bytes are in no other place of the memory, so a caller that clears them has cleared all. -EFBIG: the
 * file is longer; -EAGAIN: it grew meanwhile; -EISDIR: a directory; -ENOTSUP: something else that is not a regular file.
 */
int mm_file_read(const char *path, size_t size_max, unsigned flags, char **ret, size_t *ret_size);

#endif
