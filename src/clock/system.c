/* SPDX-License-Identifier: MIT */
/* The machine's clock: CLOCK_BOOTTIME counts on through suspend, timerfd is exact where an event loop's own timers are coalesced.
 */
#include "clock/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * MM_NS_PER_S + ts.tv_nsec;
}

static int64_t system_boottime(struct mm_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_BOOTTIME);
}

static int64_t system_realtime(struct mm_clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

static int system_sleep_until(struct mm_clock *clock, int64_t t)
{
	struct pollfd cancel = {.fd = clock->cancel_fd, .events = POLLIN};

	for (;;) {
		int64_t left = t - read_clock(CLOCK_BOOTTIME);
		struct timespec ts = {.tv_sec = 0, .tv_nsec = 0};
		int r;

		if (left > 0) {
			ts.tv_sec = left / MM_NS_PER_S;
			ts.tv_nsec = left % MM_NS_PER_S;
		}
		r = ppoll(&cancel, 1, &ts, NULL);
		if (r > 0) {
			return -ECANCELED;
		}
		if (r < 0 && errno != EINTR) {
			return -errno;
		}
		if (left <= 0) {
			return 0;
		}
	}
}

static int system_timer_arm(struct mm_clock *clock, int64_t t)
{
	struct itimerspec spec = {0};

	if (t != MM_CLOCK_NEVER) {
		/* All zero would disarm; an instant in the past expires at once. */
		if (t < 1) {
			t = 1;
		}
		spec.it_value.tv_sec = t / MM_NS_PER_S;
		spec.it_value.tv_nsec = t % MM_NS_PER_S;
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
