/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_LISTEN_FDS_H
#define MM_DAEMON_LISTEN_FDS_H

/*
 * Descriptors that the service manager passed when it started the process, each by its name: listening sockets, and what an
 * earlier run gave it to hold.
 */

#define MM_LISTEN_FDS_MAX 16

struct mm_listen_fds {
	int count;
	char *name[MM_LISTEN_FDS_MAX]; /* of descriptor SD_LISTEN_FDS_START + i; NULL: taken */
};

/* Takes note of them; closes those beyond MM_LISTEN_FDS_MAX. Children get none of them. */
void mm_listen_fds_init(struct mm_listen_fds *fds);

/* The first of that name that was not taken yet, now the caller's; -1: none. */
int mm_listen_fds_take(struct mm_listen_fds *fds, const char *name);

/* Closes what was not taken. */
void mm_listen_fds_done(struct mm_listen_fds *fds);

#endif
