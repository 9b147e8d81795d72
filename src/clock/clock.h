/* SPDX-License-Identifier: MIT */
#ifndef MM_CLOCK_CLOCK_H
#define MM_CLOCK_CLOCK_H

/*
 * The clock port. The front-end thread sleeps on it, the main loop arms one timer on it and polls the timer's descriptor. The
 * system clock is CLOCK_BOOTTIME and timerfd; a stepped clock moves only when everybody waits, so that a day passes as fast as
 * the arithmetic allows, through the same code.
 *
 * hold/release bracket work that the main loop has got and not finished: a stepped clock stops meanwhile. On the
 * system clock they do nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MM_CLOCK_NEVER INT64_MAX

struct mm_clock;

struct mm_clock_ops {
	int64_t (*boottime)(struct mm_clock *clock); /* ns */
	/* ns since 1970. ret_synchronized: does anything keep it right, as NTP does? NULL: not asked, which costs less. */
	int64_t (*realtime)(struct mm_clock *clock, bool *ret_synchronized);
	/* Sleeps until boottime >= t; 0, or -ECANCELED at once and from then on after mm_clock_cancel(). */
	int (*sleep_until)(struct mm_clock *clock, int64_t t);
	/* Arms the timer for t (MM_CLOCK_NEVER: disarms) and takes back an expiry not yet seen. */
	int (*timer_arm)(struct mm_clock *clock, int64_t t);
	void (*hold)(struct mm_clock *clock, int delta); /* +1 before handing work over, -1 after it is done */
	void (*free)(struct mm_clock *clock);
};

/* The part every clock begins with. */
struct mm_clock {
	const struct mm_clock_ops *ops;
	int timer_fd;  /* readable once the armed instant has come */
	int cancel_fd; /* eventfd: readable after mm_clock_cancel() */
};

static inline int64_t mm_clock_boottime(struct mm_clock *clock)
{
	return clock->ops->boottime(clock);
}

static inline int64_t mm_clock_realtime(struct mm_clock *clock)
{
	return clock->ops->realtime(clock, NULL);
}

/*
 * Does anything keep CLOCK_REALTIME right? Not after a start without a network, with a battery-backed clock neither, and not
 * where nobody may say.
 */
static inline bool mm_clock_synchronized(struct mm_clock *clock)
{
	bool synchronized = false;

	(void)clock->ops->realtime(clock, &synchronized);
	return synchronized;
}

static inline int mm_clock_sleep_until(struct mm_clock *clock, int64_t t)
{
	return clock->ops->sleep_until(clock, t);
}

static inline int mm_clock_timer_arm(struct mm_clock *clock, int64_t t)
{
	return clock->ops->timer_arm(clock, t);
}

static inline void mm_clock_hold(struct mm_clock *clock)
{
	clock->ops->hold(clock, 1);
}

static inline void mm_clock_release(struct mm_clock *clock)
{
	clock->ops->hold(clock, -1);
}

/* Wakes every sleeper now and later; for shutting down. Safe from any thread. */
void mm_clock_cancel(struct mm_clock *clock);

/* NULL-safe. */
void mm_clock_free(struct mm_clock *clock);

/* The machine's own clock. Returns 0 or -errno. */
int mm_clock_system_new(struct mm_clock **ret);

/*
 * A clock that moves in steps. step(userdata, t) asks whatever owns the time to move on to t ns and returns the instant reached
 * (t or later, or -errno); t = 0 only asks for the present one. release (may be NULL) gives userdata up when the clock is freed,
 * and when making it fails. epoch_ns is CLOCK_REALTIME at instant 0. Returns 0 or -errno.
 */
typedef int64_t (*mm_clock_step_fn)(void *userdata, int64_t t);
typedef void (*mm_clock_release_fn)(void *userdata);
int mm_clock_stepped_new(mm_clock_step_fn step, mm_clock_release_fn release, void *userdata, int64_t epoch_ns,
			 struct mm_clock **ret);

/*
 * For a stepped clock, before anybody reads it: nothing has set its CLOCK_REALTIME before instant until_ns, and up to then it is
 * wrong by error_ns. Otherwise it is right, and synchronised, from the beginning.
 */
void mm_clock_stepped_unset(struct mm_clock *clock, int64_t until_ns, int64_t error_ns);

#endif
