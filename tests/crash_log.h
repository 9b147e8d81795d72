/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_CRASH_LOG_H
#define MM_TESTS_CRASH_LOG_H

/*
 * What a power cut can leave of a directory. Every write, truncation, sync, creation, renaming and removal below it is recorded
 * where programs and libraries call the C library, and then any moment of it can be made again as a disk may have it: what was
 * synced is there; of what was not, any part may be, in sectors of 512 bytes and in any order, and so with names until the
 * directory is synced.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crash_log;

/* Starts recording below a directory, which stands as it is now. One at a time. */
struct crash_log *crash_record(const char *directory);

/* Ends it. */
void crash_stop(struct crash_log *log);
void crash_free(struct crash_log *log);

/* A note at this moment, into whichever is being recorded; and the last one of its kind before a moment, otherwise: none. */
void crash_note(int kind, int64_t value);
int64_t crash_noted(const struct crash_log *log, size_t moment, int kind, int64_t otherwise);

/* Writes noise over the first bytes of a file as a damaged disk would: not recorded as a write, and nothing can lose it. */
void crash_damage(const char *path, size_t count);

/* Syncs of files whose name ends so are let through as if they had happened; NULL: none. For the test of the test. */
void crash_lie(const char *suffix);

/* From now on a region of the file whose name ends so keeps what it holds, while writes to it succeed; NULL: none does. */
void crash_stick(const char *suffix, size_t offset, size_t size);

/* How many moments there are; 0 is the begin. */
size_t crash_moments(const struct crash_log *log);

enum crash_loss { CRASH_ALL_LOST, CRASH_NONE_LOST, CRASH_LAST_LOST, CRASH_ONLY_LAST, CRASH_RANDOM };

/*
 * Fills an empty directory as the disk may have it at a moment; random decides what is lost. Moments are taken in ascending
 * order, any number of times each.
 */
void crash_make(struct crash_log *log, size_t moment, enum crash_loss loss, uint64_t *random, const char *directory);

#endif
