/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include <signal.h>

int mm_thread_start(pthread_t *ret, const char *name, void *(*run)(void *userdata), void *userdata)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	/* A thread begins with the mask of the one that starts it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&thread, NULL, run, userdata);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0) {
		return r;
	}
	/* Without its name it works as well. */
	(void)pthread_setname_np(thread, name);
	*ret = thread;
	return 0;
}
