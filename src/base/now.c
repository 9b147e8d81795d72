/* SPDX-License-Identifier: MIT */
#include "base/now.h"

#define NS_PER_S INT64_C(1000000000)

int64_t mm_now(clockid_t clock)
{
	struct timespec now = {0};

	/* It fails only for a clock that the kernel does not have: 0 then. */
	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct timespec mm_timespec(int64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}
