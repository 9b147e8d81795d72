/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_CROSSING_H
#define MM_METROLOGY_CROSSING_H

/*
 * Zero crossings of a voltage's fundamental: a band-pass takes away offset, harmonics and noise, a line between two samples gives
 * the instant. Its delay is the same for every crossing, so what lies between two of them is true to the cycle.
 */

#include <stdbool.h>

struct mm_crossing {
	double gain, a1, a2; /* of the band-pass */
	double y, z1, z2;    /* its last output, and its memory */
	double level;	     /* in codes, beyond which the voltage must have been for its return to zero to count */
	int side;	     /* on which it has been beyond it since the last crossing: -1, 1, or 0 for neither */
	unsigned since;	     /* samples since the last crossing */
	unsigned longest;    /* samples of a half cycle, at most, */
	unsigned shortest;   /* and at least */
};

enum mm_crossing_kind {
	MM_CROSSING_NONE,
	MM_CROSSING_ZERO, /* the voltage crossed zero */
	MM_CROSSING_TIME, /* it did not, for too long */
};

/* level: amplitude in codes below which there is no supply, above 0. rate_hz: samples a second. */
void mm_crossing_init(struct mm_crossing *crossing, double rate_hz, double level);

/*
 * Goes on from samples[*at] up to samples[count - 1] or the next crossing. Where there is one, *at becomes the index after the
 * sample it was found with, and it lies ret_fraction (0 to 1) of the way to that sample from the one before; else *at becomes
 * count.
 */
enum mm_crossing_kind mm_crossing_find(struct mm_crossing *crossing, const double *samples, unsigned count, unsigned *at,
				       double *ret_fraction);

#endif
