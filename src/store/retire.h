/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_RETIRE_H
#define MM_STORE_RETIRE_H

/*
 * Gives the file at path a name of its own, .aside-1, .aside-2, ..., and what SQLite keeps beside a database too: nothing is ever
 * removed, and a crash meanwhile leaves what belongs together so that the next call puts it together. 0 or -errno.
 */
int mm_retire(const char *path);

/* Removes a file that was never whole, and what SQLite keeps beside it. */
void mm_remove_leftovers(const char *path);

#endif
