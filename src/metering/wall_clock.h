/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_WALL_CLOCK_H
#define MM_METERING_WALL_CLOCK_H

/*
 * The wall clock as a label of what CLOCK_BOOTTIME measures. The invariant: between two looks, labels differ from CLOCK_BOOTTIME
 * by one constant, so that an interval is as long by its labels as it was; a change of that constant by more than
 * MM_PROFILE_STEP_NS is one event, because the wall clock was set. Whether anything keeps the wall clock right is asked once in
 * each of its minutes, as an interval begins with one; that something does after a time without is an event.
 */

#include <stdbool.h>

#include "metering/journal.h"
#include "store/store.h"

struct mm_wall_clock {
	struct mm_clock *clock;
	struct mm_journal *journal;
	int64_t offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME when last looked; 0: never */
	int64_t minute;	   /* of CLOCK_REALTIME, when last asked */
	bool synchronized;
	int64_t known_offset_ns; /* offset_ns when it last was, or when first looked at */
};

/* Looks at both clocks, and adds an event where the wall clock was set since the last time, or is known again. */
void mm_wall_clock_look(struct mm_wall_clock *wall_clock);

/* CLOCK_REALTIME at an instant of CLOCK_BOOTTIME, by the last look. */
int64_t mm_wall_clock_at(const struct mm_wall_clock *wall_clock, int64_t boottime_ns);

/* What MM_PROFILE_BEGIN says of an interval that begins at an instant of CLOCK_REALTIME, by the last look. */
uint32_t mm_wall_clock_status(const struct mm_wall_clock *wall_clock, int64_t realtime_ns);

/* Whether daylight saving is in force at an instant of CLOCK_REALTIME, in the time zone of the machine. */
bool mm_wall_clock_daylight_saving(int64_t realtime_ns);

/* Adds an event where the run before this one ended without a stop, with how long ago, one where the wall clock is behind it, and
 * one where it is known now and was not then.
 */
void mm_wall_clock_note_last_run(struct mm_wall_clock *wall_clock, const struct mm_store_last_run *last);

#endif
