/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_PASSED_H
#define MM_DAEMON_PASSED_H

/*
 * Descriptors that the service manager passed when it started the process, each by its name: listening sockets, and what an
 * earlier run gave it to hold.
 */

#define MM_PASSED_MAX 16

struct mm_passed {
	int count;
	char *name[MM_PASSED_MAX]; /* of descriptor SD_LISTEN_FDS_START + i; NULL: taken */
};

/* Takes note of them; closes those beyond MM_PASSED_MAX. Children get none of them. */
void mm_passed_init(struct mm_passed *passed);

/* The first of that name that nobody has taken yet, now the caller's; -1: none. */
int mm_passed_take(struct mm_passed *passed, const char *name);

/* Closes what nobody took. */
void mm_passed_done(struct mm_passed *passed);

#endif
