/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_LET_RUN_H
#define MM_TESTS_LET_RUN_H

/* A process that is given some time before it is killed. */

#include <check.h>
#include <poll.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

/* Waits for so long while a child runs; it must not end by itself. */
static inline void let_run(pid_t child, int64_t ns)
{
	struct pollfd p = {.fd = pidfd_open(child, 0), .events = POLLIN};
	struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	ck_assert_int_ge(p.fd, 0);
	ck_assert_msg(ppoll(&p, 1, &time, NULL) == 0, "the process has ended by itself");
	close(p.fd);
}

#endif
