/* SPDX-License-Identifier: MIT */
/* The machine's clock: CLOCK_BOOTTIME counts on through suspend, timerfd is exact where an event loop's own timers are coalesced.
 */
#include "clock/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/now.h"

static int64_t system_boottime(struct mm_clock *clock)
{
	(void)clock;
	return mm_now(CLOCK_BOOTTIME);
}

/*
 * The kernel knows: whoever sets the clock by NTP, PTP or GPS tells it how far it may be wrong, and it gives the clock up once
 * that bound has grown beyond 16 s, some nine hours after nobody has. Reading needs no capability; a sandbox may still refuse it.
 */
static bool is_synchronized(void)
{
	struct timex timex = {.modes = 0};
	int state = clock_adjtime(CLOCK_REALTIME, &timex);

	return state >= 0 && state != TIME_ERROR && (timex.status & STA_UNSYNC) == 0;
}

static int64_t system_realtime(struct mm_clock *clock, bool *ret_synchronized)
{
	(void)clock;
	if (ret_synchronized) {
		*ret_synchronized = is_synchronized();
	}
	return mm_now(CLOCK_REALTIME);
}

static int system_sleep_until(struct mm_clock *clock, int64_t t)
{
	struct pollfd cancel = {.fd = clock->cancel_fd, .events = POLLIN};
	int64_t left = t - mm_now(CLOCK_BOOTTIME);

	do {
		struct timespec ts = mm_timespec(left > 0 ? left : 0);
		int r = ppoll(&cancel, 1, &ts, NULL);

		if (r > 0) {
			return -ECANCELED;
		}
		if (r < 0 && errno != EINTR) {
			return -errno;
		}
		left = t - mm_now(CLOCK_BOOTTIME);
	} while (left > 0);
	return 0;
}

static int system_timer_arm(struct mm_clock *clock, int64_t t)
{
	struct itimerspec spec = {0};

	if (t != MM_CLOCK_NEVER) {
		/* All zero would disarm; an instant in the past expires at once. */
		spec.it_value = mm_timespec(t < 1 ? 1 : t);
	}
	/* Setting the timer also takes back an expiry that was not read. */
	return timerfd_settime(clock->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0 ? -errno : 0;
}

static void system_hold(struct mm_clock *clock, int delta)
{
	(void)clock;
	(void)delta;
}

static void system_free(struct mm_clock *clock)
{
	if (clock->timer_fd >= 0) {
		close(clock->timer_fd);
	}
	if (clock->cancel_fd >= 0) {
		close(clock->cancel_fd);
	}
	free(clock);
}

int mm_clock_system_new(struct mm_clock **ret)
{
	static const struct mm_clock_ops ops = {
		.boottime = system_boottime,
		.realtime = system_realtime,
		.sleep_until = system_sleep_until,
		.timer_arm = system_timer_arm,
		.hold = system_hold,
		.free = system_free,
	};
	struct mm_clock *clock = malloc(sizeof(*clock));
	int r;

	if (!clock) {
		return -ENOMEM;
	}
	clock->ops = &ops;
	clock->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	clock->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock->cancel_fd < 0 || clock->timer_fd < 0) {
		r = -errno;
		system_free(clock);
		return r;
	}
	*ret = clock;
	return 0;
}
