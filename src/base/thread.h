/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_THREAD_H
#define MM_BASE_THREAD_H

#include <pthread.h>

/*
 * Starts a thread that no signal reaches: they belong to the main loop, and SIGPIPE to nobody. name (at most 15 characters) is
 * what ps -L and a core dump call it. Returns 0 or -errno.
 */
int mm_thread_start(pthread_t *ret, const char *name, void *(*run)(void *userdata), void *userdata);

#endif
