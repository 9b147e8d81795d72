/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_FAULT_VFS_H
#define MM_TESTS_FAULT_VFS_H

/*
 * A failing disk: an SQLite VFS in front of the system's that makes calls of one kind fail, from a given one on. It becomes the
 * default, so that the register needs to know nothing of it.
 */

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdbool.h>

enum fault {
	FAULT_NONE,
	FAULT_WRITE_FULL,  /* no space left */
	FAULT_WRITE_EIO,   /* the device fails */
	FAULT_WRITE_SHORT, /* half of it is written, then no space is left */
	FAULT_WRITE_TORN,  /* half of it is written, then the device fails */
	FAULT_SYNC,	   /* written but not synced */
	FAULT_READ,
	FAULT_TRUNCATE,
	FAULT_OPEN_EROFS, /* a read-only file system shows when a file is to be made */
	FAULT_COUNT,
	FAULT_STALL = FAULT_COUNT, /* no failure: a sync posts stalled and waits for go_on */
};

struct fault_vfs {
	sqlite3_vfs vfs;
	sqlite3_vfs *system;
	pthread_mutex_t mutex; /* over the rest: a register's thread may be using it */
	enum fault fault;
	unsigned at;	/* the first call of the kind that fails, from 0 */
	unsigned times; /* how many fail */
	unsigned calls; /* calls of the kind so far */
	unsigned hits;	/* failures so far */
	sem_t stalled, go_on;
};

void fault_vfs_install(struct fault_vfs *fault_vfs);
void fault_vfs_remove(struct fault_vfs *fault_vfs);

/* From now on calls at, at + 1, ..., at + times - 1 of the kind fail. */
void fault_vfs_set(struct fault_vfs *fault_vfs, enum fault fault, unsigned at, unsigned times);
unsigned fault_vfs_hits(struct fault_vfs *fault_vfs);

const char *fault_name(enum fault fault);

#endif
