/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_FRONT_END_H
#define MM_METERING_FRONT_END_H

/*
 * A front end on a thread of its own, because a read on a stalled bus blocks for as long as the bus likes. Reports reach the
 * main loop through a bounded queue and an eventfd. A device that fails is closed, and opened again every second until it is
 * back.
 */

#include <stdbool.h>
#include <stdint.h>

#include "afe/afe.h"
#include "clock/clock.h"
#include "metering/view.h"

struct mm_front_end;

struct mm_front_end_report {
	int error;		/* 0: a measurement; else the -errno of a device that is not there or fails */
	enum mm_health fault;	/* and what that is called, where the adapter knows better than ABSENT */
	bool opened;		/* the first one of a chip that has just been found, see mm_front_end_chip() */
	bool clock_gone;	/* the clock itself has failed: nothing more will come */
	struct mm_error reason; /* what the adapter says about it; may be empty */
	int64_t at_ns;		/* CLOCK_BOOTTIME of the report */
	int64_t taken_ns;	/* and when it was taken */
	struct mm_measurement measurement;
};

/* Starts the thread; afe and clock are borrowed and must outlive it. 0 or -errno. */
int mm_front_end_new(struct mm_afe *afe, struct mm_clock *clock, struct mm_front_end **ret);

/* Tells the thread to end, and whatever sleeps on its clock. NULL-safe. */
void mm_front_end_cancel(struct mm_front_end *front_end);

/*
 * Cancels it and joins the thread. NULL-safe. False: the thread is stuck in a read and goes on; then neither afe nor clock may be
 * freed. Of several that are stuck none waits for another, where all are cancelled first.
 */
bool mm_front_end_free(struct mm_front_end *front_end);

/* Readable while reports wait. */
int mm_front_end_fd(const struct mm_front_end *front_end);

/*
 * Takes the oldest report; false: there is none. A clock hold comes with each report: release it once the report is dealt with.
 */
bool mm_front_end_take(struct mm_front_end *front_end, struct mm_front_end_report *ret);

/* What the thread has found last, as in struct mm_afe. */
void mm_front_end_chip(struct mm_front_end *front_end, char ret[static MM_AFE_CHIP_MAX]);

/* Counts the thread's rounds, for the watchdog. */
uint64_t mm_front_end_beat(struct mm_front_end *front_end);

#endif
