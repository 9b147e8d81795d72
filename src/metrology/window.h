/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_WINDOW_H
#define MM_METROLOGY_WINDOW_H

/*
 * Follows a metering chip that latches its energy registers once a window by its own clock and gives no sign of it. Pure: it
 * says what to look at and when, takes what was seen and when, and answers which reading is a new window.
 *
 * The coming latch is known to lie in a bracket of time. A probe (one register, cheap) that still finds the old value moves
 * the begin of the bracket up, one that finds a new value moves its end down; a window later the bracket has moved on by the
 * chip's period and grown by what is uncertain about it. A wide bracket is probed all through (so is a whole window at the
 * start, when nothing is known), a middling one halved, and before a narrow one a probe now and then must find the old value as
 * the reading just after it must find a new one: should a clock be far off for once, it shows before a window is lost.
 * With no load all registers are zero, windows look alike and need not be distinguished: they are counted by time.
 */

#include <stdbool.h>
#include <stdint.h>

enum mm_window_step {
	/*
	 * Compare one register that is above zero with its old value, or, where all are zero, one of each input;
	 * then mm_window_probed().
	 */
	MM_WINDOW_PROBE,
	MM_WINDOW_READ, /* read all energy registers, then mm_window_read() */
};

enum mm_window_verdict {
	MM_WINDOW_AGAIN,   /* not a new window, or not surely one whole window: discard the reading and go on planning */
	MM_WINDOW_LATCHED, /* a new window, from start_ns to end_ns, after missed others: the reading is what the registers hold
			      now */
	MM_WINDOW_OVERDUE, /* no new window from start_ns to end_ns: the reading is what the registers hold now */
};

struct mm_window {
	/* For the caller to read. */
	double period_ns; /* the chip's window as CLOCK_BOOTTIME measures it */
	int64_t start_ns; /* of the latest verdict */
	int64_t end_ns;
	uint32_t missed; /* windows lost before the latest one */

	/* The tracker's own. */
	double nominal_ns;
	double period_error_ns;	   /* the true period is within period_ns +- this */
	int64_t early_ns, late_ns; /* the coming latch lies between */
	int64_t old_ns;		   /* the old values were last seen */
	int64_t latch_ns;	   /* end of the last window counted: where its latch was, smoothed */
	bool counted;		   /* a window has been counted in this life */
	bool live;		   /* the registers hold something other than zero */
	bool lost;		   /* since a restart or an overdue latch no window has been counted */
	bool rough;		   /* since then no bracket was narrow: latch_ns is a guess */
	bool seen;		   /* the coming latch has been seen to be done */
	bool extended;		   /* it is late and was given more time */
	bool probed;		   /* a probe has looked for it */
	bool guarded;		   /* a probe has looked ahead of the bracket */
	unsigned unguarded;	   /* windows since the last one guarded */
	unsigned torn;		   /* readings in a row that may have mixed two windows */
	unsigned overdue;	   /* verdicts in a row */
	uint32_t skipped;	   /* latches gone by unread */
	int64_t ref_early_ns;	   /* the bracket from which the period is being measured */
	int64_t ref_late_ns;
	uint32_t ref_windows; /* windows since then, and one; 0: no reference */
	uint32_t baseline;    /* windows to measure the period over */
};

/* nominal_ns: the window's length by the chip's data sheet. */
void mm_window_init(struct mm_window *window, int64_t nominal_ns);

/*
 * Starts, or starts again after the chip was out of sight; the period and the last window counted are kept. The registers were
 * read from begin_ns to end_ns and are the first to be held; they are never counted. live: some are not zero.
 */
void mm_window_restart(struct mm_window *window, int64_t begin_ns, int64_t end_ns, bool live);

/* What to do next, and when (an instant gone by: at once). */
enum mm_window_step mm_window_plan(const struct mm_window *window, int64_t *ret_at_ns);

/* A probe from begin_ns to end_ns found the old value or another. */
void mm_window_probed(struct mm_window *window, int64_t begin_ns, int64_t end_ns, bool changed);

/*
 * A reading of all energy registers from begin_ns to end_ns: changed from what they held, live: some not zero. One in which some
 * have changed and others have not, and are not zero, has most likely caught the latch in the act: read again before.
 */
enum mm_window_verdict mm_window_read(struct mm_window *window, int64_t begin_ns, int64_t end_ns, bool changed, bool live);

#endif
