/* SPDX-License-Identifier: MIT */
/* The front end's thread: open, measure, report, and start over when the device fails. */
#include "metering/front_end.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/thread.h"
#include "core/units.h"

#define QUEUE_LENGTH 16
#define RETRY_NS MM_NS_PER_S
/* How long a stop waits for a thread that is stuck in a read. */
#define JOIN_S 2

struct mm_front_end {
	struct mm_afe *afe;
	struct mm_clock *clock;
	pthread_t thread;
	int fd;			    /* counts the reports that wait */
	struct timespec join_until; /* CLOCK_MONOTONIC; 0: not cancelled yet */
	_Atomic uint64_t beat;
	pthread_mutex_t mutex; /* guards what follows */
	struct mm_front_end_report queue[QUEUE_LENGTH];
	unsigned head, count;
	uint32_t lost; /* windows that found the queue full: the next report carries them as missed */
	struct mm_harmonics harmonics;
	bool has_harmonics;
	char chip[MM_AFE_CHIP_MAX];
};

static void report(struct mm_front_end *fe, struct mm_front_end_report *r)
{
	r->at_ns = mm_clock_boottime(fe->clock);
	pthread_mutex_lock(&fe->mutex);
	if (r->opened) {
		memcpy(fe->chip, fe->afe->chip, sizeof(fe->chip));
	}
	if (r->error == 0 && fe->afe->harmonics) {
		fe->harmonics = *fe->afe->harmonics;
		fe->has_harmonics = true;
	}
	if (fe->count == QUEUE_LENGTH) {
		fe->afe->dropped = r->measurement.counters.epoch != 0;
		fe->lost += r->error == 0 && !fe->afe->dropped;
		pthread_mutex_unlock(&fe->mutex);
		return;
	}
	if (r->error == 0) {
		r->measurement.missed += fe->lost;
		fe->lost = 0;
	}
	fe->queue[(fe->head + fe->count++) % QUEUE_LENGTH] = *r;
	mm_clock_hold(fe->clock);
	pthread_mutex_unlock(&fe->mutex);
	(void)eventfd_write(fe->fd, 1);
}

static void *run(void *userdata)
{
	struct mm_front_end *fe = userdata;
	struct mm_afe *afe = fe->afe;
	bool open = false;
	int r = 0;

	while (r != -ECANCELED) {
		struct mm_front_end_report rep = {0};

		atomic_fetch_add(&fe->beat, 1);
		afe->error.text[0] = '\0';
		afe->fault = MM_HEALTH_OK;
		if (!open) {
			r = afe->ops->open(afe);
			open = r >= 0;
			rep.opened = open;
		}
		if (open) {
			r = afe->ops->next(afe, &rep.measurement);
		}
		if (r == -ECANCELED) {
			break;
		}
		rep.error = r;
		rep.fault = afe->fault;
		rep.reason = afe->error;
		if (r < 0 && open) {
			afe->ops->close(afe);
			open = false;
		}
		report(fe, &rep);
		if (r < 0) {
			r = mm_clock_sleep_until(fe->clock, mm_clock_boottime(fe->clock) + RETRY_NS);
			if (r < 0 && r != -ECANCELED) {
				rep.error = r;
				rep.clock_gone = true;
				report(fe, &rep);
				break;
			}
		}
	}
	if (open) {
		afe->ops->close(afe);
	}
	return NULL;
}

int mm_front_end_new(struct mm_afe *afe, struct mm_clock *clock, struct mm_front_end **ret)
{
	struct mm_front_end *fe = calloc(1, sizeof(*fe));
	int r;

	if (!fe) {
		return -ENOMEM;
	}
	fe->afe = afe;
	fe->clock = clock;
	pthread_mutex_init(&fe->mutex, NULL);
	fe->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (fe->fd < 0) {
		r = -errno;
		goto fail;
	}
	r = mm_thread_start(&fe->thread, "front-end", run, fe);
	if (r < 0) {
		goto fail;
	}
	*ret = fe;
	return 0;
fail:
	if (fe->fd >= 0) {
		close(fe->fd);
	}
	pthread_mutex_destroy(&fe->mutex);
	free(fe);
	return r;
}

void mm_front_end_cancel(struct mm_front_end *fe)
{
	if (fe && fe->join_until.tv_sec == 0) {
		mm_clock_cancel(fe->clock);
		if (fe->afe->ops->cancel) {
			fe->afe->ops->cancel(fe->afe);
		}
		clock_gettime(CLOCK_MONOTONIC, &fe->join_until);
		fe->join_until.tv_sec += JOIN_S;
	}
}

bool mm_front_end_free(struct mm_front_end *fe)
{
	if (!fe) {
		return true;
	}
	mm_front_end_cancel(fe);
	if (pthread_clockjoin_np(fe->thread, NULL, CLOCK_MONOTONIC, &fe->join_until) != 0) {
		return false;
	}
	close(fe->fd);
	pthread_mutex_destroy(&fe->mutex);
	free(fe);
	return true;
}

int mm_front_end_fd(const struct mm_front_end *fe)
{
	return fe->fd;
}

bool mm_front_end_take(struct mm_front_end *fe, struct mm_front_end_report *ret)
{
	eventfd_t ignored;
	bool any;

	(void)eventfd_read(fe->fd, &ignored);
	pthread_mutex_lock(&fe->mutex);
	any = fe->count > 0;
	if (any) {
		*ret = fe->queue[fe->head];
		ret->taken_ns = mm_clock_boottime(fe->clock);
		fe->head = (fe->head + 1) % QUEUE_LENGTH;
		fe->count--;
	}
	pthread_mutex_unlock(&fe->mutex);
	return any;
}

void mm_front_end_request_harmonics(struct mm_front_end *fe, unsigned input)
{
	fe->afe->ops->request_harmonics(fe->afe, input);
}

bool mm_front_end_take_harmonics(struct mm_front_end *fe, struct mm_harmonics *ret)
{
	bool any;

	pthread_mutex_lock(&fe->mutex);
	any = fe->has_harmonics;
	if (any) {
		*ret = fe->harmonics;
		fe->has_harmonics = false;
	}
	pthread_mutex_unlock(&fe->mutex);
	return any;
}

void mm_front_end_chip(struct mm_front_end *fe, char ret[static MM_AFE_CHIP_MAX])
{
	pthread_mutex_lock(&fe->mutex);
	memcpy(ret, fe->chip, sizeof(fe->chip));
	pthread_mutex_unlock(&fe->mutex);
}

uint64_t mm_front_end_beat(struct mm_front_end *fe)
{
	return atomic_load(&fe->beat);
}
