/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_SUPERVISOR_H
#define MM_METERING_SUPERVISOR_H

/*
 * Judges what one chip reports: whether it can be billed, what was missed before it, and silence. There is one a chip, so that a
 * fault of one changes nothing of another's energy. The invariant: no time between the first right window and the last one is
 * unaccounted for: it is in a window, or in what was missed before one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/health.h"
#include "metering/front_end.h"

struct mm_supervisor;

struct mm_supervisor_state {
	enum mm_health health;
	int64_t since_ns; /* CLOCK_BOOTTIME of the last change of health */
	char reason[MM_ERROR_TEXT_MAX];
	uint64_t windows, missed;     /* since the start */
	struct mm_measurement window; /* the latest right one, before calibration; all zero before the first */
};

/* What a report, or its absence, means. */
struct mm_verdict {
	enum mm_health health, before;
	bool window;	   /* a right measurement of new energy */
	uint32_t missed;   /* windows that were lost before it */
	int64_t missed_ns; /* and how long they took */
};

/* limits: one for each of the inputs, input_count of them. 0 or -ENOMEM. */
int mm_supervisor_new(const struct mm_health_limits *limits, unsigned input_count, struct mm_supervisor **ret);
void mm_supervisor_free(struct mm_supervisor *supervisor); /* NULL-safe */

/* The run before has registered windows up to this end (CLOCK_BOOTTIME): what lies between it and the next is missed. */
void mm_supervisor_resume(struct mm_supervisor *supervisor, int64_t window_end_ns);

/* The front end is about to be started. */
void mm_supervisor_start(struct mm_supervisor *supervisor, int64_t now_ns);

/*
 * Judges one report. Its measurement becomes what the meters take a step with: with the windows missed before it, or empty where
 * the front end has failed.
 */
struct mm_verdict mm_supervisor_report(struct mm_supervisor *supervisor, struct mm_front_end_report *report);

/* Looks whether the front end has gone silent: stale, whatever its thread is stuck in. */
struct mm_verdict mm_supervisor_tick(struct mm_supervisor *supervisor, int64_t now_ns);

/* CLOCK_BOOTTIME when mm_supervisor_tick() must be called unless a report comes. */
int64_t mm_supervisor_deadline(const struct mm_supervisor *supervisor);

const struct mm_supervisor_state *mm_supervisor_state(const struct mm_supervisor *supervisor);

#endif
