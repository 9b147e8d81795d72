/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_NOW_H
#define MM_BASE_NOW_H

/*
 * The kernel's clocks as nanoseconds, for what is about the machine and not about energy: time limits and log lines. What
 * meters takes its time from the clock port (clock/clock.h), which a simulation can drive.
 */

#include <stdint.h>
#include <time.h>

/* The clock's time in ns. */
int64_t mm_now(clockid_t clock);

/* A time of 0 ns or later as pthread_cond_timedwait() and its like take it. */
struct timespec mm_timespec(int64_t ns);

#endif
