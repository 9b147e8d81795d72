/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_SAMPLE_CLOCK_H
#define MM_METROLOGY_SAMPLE_CLOCK_H

/*
 * When was a sample taken, by CLOCK_BOOTTIME? Blocks of samples arrive with the jitter of a busy machine; a delay-locked loop of
 * second order (F. Adriaensen, Using a DLL to filter time, 2005) follows their mean, and with it the true rate of the converter.
 */

#include <stdbool.h>
#include <stdint.h>

struct mm_sample_clock {
	double nominal_hz;
	double period_ns;  /* of a sample */
	bool locked;	   /* to at least one block */
	int64_t index;	   /* a sample, */
	int64_t time_ns;   /* when it was taken, */
	double time_rest;  /* and the part of a nanosecond beyond */
	double learning_s; /* samples seen so far, in time */
	int64_t late_ns;   /* by how much the last block came later than expected; negative: earlier */
};

void mm_sample_clock_init(struct mm_sample_clock *clock, double nominal_hz);

/* Forgets where the samples are in time, not how long one takes. */
void mm_sample_clock_unlock(struct mm_sample_clock *clock);

/* Sample number index, later than any before, ended a block that was there at time_ns. */
void mm_sample_clock_update(struct mm_sample_clock *clock, int64_t index, int64_t time_ns);

/* When sample index and a part of one (fraction) is or was. Locked only. */
int64_t mm_sample_clock_time(const struct mm_sample_clock *clock, int64_t index, double fraction);

/* Samples a second. */
double mm_sample_clock_rate(const struct mm_sample_clock *clock);

#endif
