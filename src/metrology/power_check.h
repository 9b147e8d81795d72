/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_POWER_CHECK_H
#define MM_METROLOGY_POWER_CHECK_H

/*
 * Checks that a chip's energy registers and its power register agree. A driver or a chip that is set up in another way would have
 * every bill wrong by the same factor, and nothing else would show it. The power is polled all through some windows after the
 * start, as long as it takes for one answer to come several times in a row.
 *
 * A load that pulses is polled now on and now off, so that polls and energy of a window differ by chance, and by the same chance
 * again where its period is near the window's. So what differs counts only as far as neither the scatter of the polls nor that of
 * the windows can explain it.
 */

#include <stdbool.h>
#include <stdint.h>

/*
 * Polled power ripples at twice the line frequency, 100 or 120 Hz. This spacing is 3.618 periods of 100 Hz and 4.342 of 120 Hz,
 * so that the polls of a window spread evenly over the ripple.
 */
#define MM_POWER_CHECK_STEP_NS INT64_C(36180340)

struct mm_power_check {
	bool done;		    /* energy and power agree: no more polls are needed */
	bool wrong;		    /* they disagree; goes when they agree again */
	unsigned agreed, explained; /* windows in a row */
	unsigned polls;
	double sum_w, square_w, least_w, most_w; /* of the polls */
	/* Of windows, older ones with less weight: */
	double windows;
	double scale_w, difference_w;		  /* sums of the greater mean, and of polled less counted */
	double scale_w2, difference_w2, cross_w2; /* of their squares and of their product */
	double variance_w2, range_w;		  /* of the polled mean by the scatter of its polls, and their range */
};

/* Begins anew with what is known to agree. */
void mm_power_check_again(struct mm_power_check *check);

/* Begins a window. */
void mm_power_check_begin(struct mm_power_check *check);

/* Adds a poll to it. */
void mm_power_check_poll(struct mm_power_check *check, double power_w);

/*
 * Compares the polls with the window's mean power by its energy. A window with too few of them, or with less than least_w by
 * its energy and every poll, says nothing. Returns the polled mean in W.
 */
double mm_power_check_end(struct mm_power_check *check, double mean_w, double least_w);

#endif
