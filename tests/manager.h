/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_MANAGER_H
#define MM_TESTS_MANAGER_H

/*
 * A service manager as small as a test needs: it starts a program, listens to its notifications, holds the descriptors that it is
 * given (FDSTORE=1) and passes them to the next start, as systemd does.
 */

#include <stdbool.h>
#include <sys/types.h>

#define MANAGER_FDS_MAX 8

struct manager {
	int notify_fd;
	char address[64]; /* $NOTIFY_SOCKET: abstract */
	bool store;	  /* gives back what it holds */
	pid_t child;	  /* 0: none */
	bool ready;	  /* READY=1 since the last start */
	int count;
	int fd[MANAGER_FDS_MAX];
	char name[MANAGER_FDS_MAX][64];
};

void manager_begin(struct manager *manager, bool store);
void manager_end(struct manager *manager); /* kills the child, lets go of the descriptors */

/* Starts argv[0] with its standard error appended to a file; environment: "NAME=VALUE" beside the test's own, ends with NULL. */
void manager_start(struct manager *manager, const char *const *argv, const char *const *environment, const char *log);

/* Takes notifications for so long, or until the child is ready. Returns whether it is. */
bool manager_wait_ready(struct manager *manager, int timeout_ms);

/* Sends a signal (0: none), waits for the end, takes the last notifications and returns the status as waitpid() gives it. */
int manager_stop(struct manager *manager, int sig);

/* What it holds by that name; -1: nothing. */
int manager_held(const struct manager *manager, const char *name);

#endif
