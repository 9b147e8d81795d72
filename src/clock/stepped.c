/* SPDX-License-Identifier: MIT */
/*
 * A clock that stops while anybody works. The front-end thread moves it by sleeping: each step first waits until all
 * work handed over is done (holds are zero), then goes to the armed timer or to the sleeper's instant, whichever comes first.
 */
#include "clock/clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct stepped {
	struct mm_clock clock;
	mm_clock_step_fn step;
	mm_clock_release_fn release;
	void *userdata;
	int64_t epoch_ns;
	int64_t unset_until_ns; /* CLOCK_REALTIME is neither synchronised nor right before that instant */
	int64_t unset_error_ns;
	pthread_mutex_t mutex;
	pthread_t sleeper; /* the thread that slept last; valid once slept is true */
	bool slept;
	int64_t now;
	int64_t armed; /* the timer's instant, or MM_CLOCK_NEVER */
	bool fired;    /* the timer has expired and holds the clock until it is armed again */
	int holds;
	int idle_fd; /* eventfd: written when holds reach zero */
};

static struct stepped *from_clock(struct mm_clock *clock)
{
	return (struct stepped *)clock;
}

static int64_t stepped_boottime(struct mm_clock *clock)
{
	struct stepped *s = from_clock(clock);
	int64_t now;

	pthread_mutex_lock(&s->mutex);
	/* Between two sleeps the time only moves by what the sleeper does, as when it reads from a bus that stalls: others
	 * needn't ask. */
	now = !s->slept || pthread_equal(s->sleeper, pthread_self()) ? s->step(s->userdata, 0) : s->now;
	if (now > s->now) {
		s->now = now;
	}
	now = s->now;
	pthread_mutex_unlock(&s->mutex);
	return now;
}

static int64_t stepped_realtime(struct mm_clock *clock, bool *ret_synchronized)
{
	const struct stepped *s = from_clock(clock);
	int64_t now = stepped_boottime(clock);
	bool set = now >= s->unset_until_ns;

	if (ret_synchronized) {
		*ret_synchronized = set;
	}
	return s->epoch_ns + now + (set ? 0 : s->unset_error_ns);
}

/* Waits until nobody holds the clock; called and returns with the mutex locked. */
static int wait_idle(struct stepped *s)
{
	struct pollfd fds[2] = {{.fd = s->idle_fd, .events = POLLIN}, {.fd = s->clock.cancel_fd, .events = POLLIN}};

	while (s->holds > 0) {
		eventfd_t ignored;

		pthread_mutex_unlock(&s->mutex);
		(void)poll(fds, 2, -1);
		pthread_mutex_lock(&s->mutex);
		if (fds[1].revents) {
			return -ECANCELED;
		}
		(void)eventfd_read(s->idle_fd, &ignored);
	}
	return 0;
}

static int stepped_sleep_until(struct mm_clock *clock, int64_t t)
{
	struct stepped *s = from_clock(clock);
	struct pollfd cancel = {.fd = clock->cancel_fd, .events = POLLIN};
	int r = 0;

	pthread_mutex_lock(&s->mutex);
	s->sleeper = pthread_self();
	s->slept = true;
	for (;;) {
		int64_t to;

		r = poll(&cancel, 1, 0) > 0 ? -ECANCELED : wait_idle(s);
		if (r < 0) {
			break;
		}
		if (s->armed <= s->now) {
			/* Due: the main loop runs it and arms anew, which lets go of the clock. */
			s->armed = MM_CLOCK_NEVER;
			s->fired = true;
			s->holds++;
			(void)eventfd_write(clock->timer_fd, 1);
			continue;
		}
		if (s->now >= t) {
			break;
		}
		to = s->armed < t ? s->armed : t;
		to = s->step(s->userdata, to);
		if (to < 0) {
			r = (int)to;
			break;
		}
		s->now = to > s->now ? to : s->now;
	}
	pthread_mutex_unlock(&s->mutex);
	return r;
}

static void hold_locked(struct stepped *s, int delta)
{
	s->holds += delta;
	assert(s->holds >= 0);
	if (s->holds == 0) {
		(void)eventfd_write(s->idle_fd, 1);
	}
}

static int stepped_timer_arm(struct mm_clock *clock, int64_t t)
{
	struct stepped *s = from_clock(clock);
	eventfd_t ignored;

	pthread_mutex_lock(&s->mutex);
	(void)eventfd_read(clock->timer_fd, &ignored);
	s->armed = t;
	if (s->fired) {
		s->fired = false;
		hold_locked(s, -1);
	}
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

static void stepped_hold(struct mm_clock *clock, int delta)
{
	struct stepped *s = from_clock(clock);

	pthread_mutex_lock(&s->mutex);
	hold_locked(s, delta);
	pthread_mutex_unlock(&s->mutex);
}

static void stepped_free(struct mm_clock *clock)
{
	struct stepped *s = from_clock(clock);

	if (clock->timer_fd >= 0) {
		close(clock->timer_fd);
	}
	if (clock->cancel_fd >= 0) {
		close(clock->cancel_fd);
	}
	if (s->idle_fd >= 0) {
		close(s->idle_fd);
	}
	pthread_mutex_destroy(&s->mutex);
	if (s->release) {
		s->release(s->userdata);
	}
	free(s);
}

int mm_clock_stepped_new(mm_clock_step_fn step, mm_clock_release_fn release, void *userdata, int64_t epoch_ns,
			 struct mm_clock **ret)
{
	static const struct mm_clock_ops ops = {
		.boottime = stepped_boottime,
		.realtime = stepped_realtime,
		.sleep_until = stepped_sleep_until,
		.timer_arm = stepped_timer_arm,
		.hold = stepped_hold,
		.free = stepped_free,
	};
	struct stepped *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		if (release) {
			release(userdata);
		}
		return -ENOMEM;
	}
	s->clock.ops = &ops;
	s->step = step;
	s->release = release;
	s->userdata = userdata;
	s->epoch_ns = epoch_ns;
	s->armed = MM_CLOCK_NEVER;
	pthread_mutex_init(&s->mutex, NULL);
	s->clock.timer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->clock.cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->idle_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->clock.timer_fd < 0 || s->clock.cancel_fd < 0 || s->idle_fd < 0) {
		r = -errno;
		stepped_free(&s->clock);
		return r;
	}
	s->now = step(userdata, 0);
	if (s->now < 0) {
		r = (int)s->now;
		stepped_free(&s->clock);
		return r;
	}
	*ret = &s->clock;
	return 0;
}

void mm_clock_stepped_unset(struct mm_clock *clock, int64_t until_ns, int64_t error_ns)
{
	struct stepped *s = from_clock(clock);

	s->unset_until_ns = until_ns;
	s->unset_error_ns = error_ns;
}
