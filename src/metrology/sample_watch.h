/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_SAMPLE_WATCH_H
#define MM_METROLOGY_SAMPLE_WATCH_H

/*
 * Watches that samples come at the converter's rate and none is missing, and finds when they were taken. A driver whose queue is
 * full or whose handler came too late loses samples silently. Where the driver stamps each sample, the earliest of many stamps
 * shows where samples are, whatever the scheduler did to the others: a single loss shows in its block. Without stamps only the
 * blocks' arrival shows it: by it a few milliseconds' worth show within a second, and a steady trickle looks like a slower clock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrology/sample_clock.h"

/* A crystal, or a converter's own oscillator, is off by less than this. */
#define MM_SAMPLE_RATE_TOLERANCE 0.02
#define MM_SAMPLE_WATCH_BLOCKS 5 /* that are looked back on, where there are no stamps */

enum mm_samples {
	MM_SAMPLES_FINE,
	MM_SAMPLES_LOST,
	MM_SAMPLES_WRONG_RATE,
};

/* A block of frames (2 or more) that a reader got at now_ns of CLOCK_BOOTTIME. */
struct mm_sample_block {
	const int64_t *stamps; /* of each frame, ns of a clock that is not set; NULL: there are none */
	size_t frames;
	int64_t now_ns;
	bool waited; /* else it was there before, nobody knows since when */
};

struct mm_sample_watch {
	double nominal_hz;
	/* The latest verdict's: */
	double rate_hz; /* as seen; 0: not known yet */
	int64_t lost;	/* samples */
	int64_t end_ns; /* CLOCK_BOOTTIME of the block's last sample, as far as it is known */

	bool following;		      /* the clock knows when to expect samples, by their stamps or by CLOCK_BOOTTIME */
	struct mm_sample_clock clock; /* of the earliest stamps, or of arrivals */
	int64_t index;		      /* of the last sample */
	unsigned wrong;		      /* blocks in a row at a wrong rate */
	bool offset_known;
	int64_t offset_ns; /* from stamps to CLOCK_BOOTTIME */
	unsigned arrivals; /* that were waited for, since the start or since samples were lost */
	int64_t arrival_ns[MM_SAMPLE_WATCH_BLOCKS];
	int64_t arrival_index[MM_SAMPLE_WATCH_BLOCKS];
	unsigned late; /* of them in a row that were late, since samples were followed */
	int64_t least_late_ns;
};

void mm_sample_watch_init(struct mm_sample_watch *watch, double nominal_hz);

/* LOST: samples are missing in this block or, without stamps, in one of the last few. */
enum mm_samples mm_sample_watch_block(struct mm_sample_watch *watch, const struct mm_sample_block *block);

#endif
