/* SPDX-License-Identifier: MIT */
/* The tracker of a chip's energy windows; window.h has the idea. */
#include "metrology/window.h"

#include <math.h>

#include "core/units.h"

/* Crystals of metering boards keep within 100 ppm; the host's clock may be slewed by as much as 500. */
#define PERIOD_TOLERANCE 500e-6
/* By how much of itself a measured period may drift with temperature until it is measured again. */
#define PERIOD_DRIFT 5e-6
/* The period is measured over this number of windows at first, and over twice as many each time up to the last. */
#define BASELINE_FIRST 64
#define BASELINE_LAST 1024

/* A bracket wider than this is probed all through, */
#define NARROW_NS (16 * MM_NS_PER_MS)
/* at this spacing, or, where this many windows are overdue that there is no hurry, at that one. */
#define PROBE_STEP_NS (15 * MM_NS_PER_MS)
#define PROBE_HURRY_WINDOWS 3
#define PROBE_STEP_OVERDUE_NS (100 * MM_NS_PER_MS)
/* In windows, while idle: below one, so that no latch goes by between two looks. */
#define PROBE_STEP_IDLE 0.6
/* A narrow bracket that is wider than this is halved by one probe. */
#define HALVE_NS (4 * MM_NS_PER_MS)
/* Once in this number of windows a probe watches instead: a clock slewed by 8 %, as chrony does, is a third of a window off, */
#define GUARD_WINDOWS 4
/* so much before the bracket: early enough that, should it find a new value, a reading is over before the next latch. */
#define GUARD_NS (30 * MM_NS_PER_MS)
/* The reading follows a latch not seen by this much: a wake-up as late as this does no harm, nor does one of the bus. */
#define SETTLE_NS (50 * MM_NS_PER_MS)
/*
 * What is reported of a window's end follows the bracket by this part of a window each, so that windows keep their length. But
 * the first end may be a guess within a wide bracket; the first narrow one puts it right at once, or an interval of the load
 * profile would have a window too many.
 */
#define SLEW 0.005
/* A reading that ends closer than this to the earliest next latch may hold some of it. */
#define MARGIN_NS (3 * MM_NS_PER_MS)
/* After this many readings in a row that may mix two windows the bus is too slow to meter with. */
#define TORN_MAX 3

static double shortest(const struct mm_window *w)
{
	return w->period_ns - w->period_error_ns;
}

static double longest(const struct mm_window *w)
{
	return w->period_ns + w->period_error_ns;
}

static bool wide(const struct mm_window *w)
{
	return w->late_ns - w->early_ns > NARROW_NS;
}

static int64_t middle(int64_t a, int64_t b)
{
	return a + (b - a) / 2;
}

static int64_t min_ns(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max_ns(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Something happened that the measured period does not explain. */
static void doubt_period(struct mm_window *w)
{
	w->period_error_ns = w->nominal_ns * PERIOD_TOLERANCE;
	w->ref_windows = 0;
	w->baseline = BASELINE_FIRST;
	w->unguarded = GUARD_WINDOWS;
}

/* Moves the bracket on by whole windows. */
static void advance(struct mm_window *w, uint32_t windows)
{
	w->early_ns += (int64_t)(windows * shortest(w));
	w->late_ns += (int64_t)(windows * longest(w));
}

/* Windows that have surely gone by from then to t. */
static uint32_t windows_since(const struct mm_window *w, int64_t then, int64_t t)
{
	return t > then ? (uint32_t)((double)(t - then) / longest(w)) : 0;
}

static void skip(struct mm_window *w, uint32_t windows)
{
	advance(w, windows);
	w->skipped += windows;
}

/* Begins to wait for the next latch with registers that were read until t. */
static void expect_next(struct mm_window *w, int64_t t, bool live)
{
	w->old_ns = t;
	w->live = live;
	w->seen = false;
	w->extended = false;
	w->probed = false;
	w->guarded = false;
	w->torn = 0;
	w->skipped = 0;
}

/* Begins anew with registers read from begin_ns to end_ns: the next latch comes any time within a window. */
static void lose(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool live)
{
	doubt_period(w);
	w->lost = true;
	w->early_ns = begin_ns;
	w->late_ns = end_ns + (int64_t)longest(w);
	expect_next(w, end_ns, live);
}

void mm_window_init(struct mm_window *w, int64_t nominal_ns)
{
	*w = (struct mm_window){.nominal_ns = (double)nominal_ns, .period_ns = (double)nominal_ns};
	doubt_period(w);
}

void mm_window_restart(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool live)
{
	lose(w, begin_ns, end_ns, live);
	w->overdue = 0;
	w->end_ns = end_ns;
}

enum mm_window_step mm_window_plan(const struct mm_window *w, int64_t *ret_at_ns)
{
	if (w->seen) {
		*ret_at_ns = w->late_ns;
		return MM_WINDOW_READ;
	}
	if (w->skipped == 0 && wide(w)) {
		int64_t step = w->overdue < PROBE_HURRY_WINDOWS ? PROBE_STEP_NS : PROBE_STEP_OVERDUE_NS;
		int64_t at = max_ns(w->old_ns + step, w->early_ns);

		if (!w->live) {
			at = w->old_ns + (int64_t)(PROBE_STEP_IDLE * w->period_ns);
		}
		if (at <= w->late_ns) {
			*ret_at_ns = at;
			return MM_WINDOW_PROBE;
		}
	} else if (w->skipped == 0 && w->live && !w->probed) {
		bool guard = w->unguarded >= GUARD_WINDOWS - 1;

		if (guard || w->late_ns - w->early_ns > HALVE_NS) {
			*ret_at_ns = guard ? w->early_ns - GUARD_NS : middle(w->early_ns, w->late_ns);
			return MM_WINDOW_PROBE;
		}
	}
	*ret_at_ns = w->late_ns + SETTLE_NS;
	return MM_WINDOW_READ;
}

/* The old values were still there at t. */
static void still_old(struct mm_window *w, int64_t t)
{
	w->old_ns = t;
	if (!w->live) {
		return; /* or zero has followed zero */
	}
	w->early_ns = max_ns(w->early_ns, t);
	if (t > w->late_ns && !w->extended && !w->lost) {
		w->extended = true;
		w->late_ns = t + (int64_t)(w->period_ns / 4);
		doubt_period(w);
	}
}

/* The old values were gone at t. */
static void already_new(struct mm_window *w, int64_t t)
{
	w->seen = true;
	if (!w->live && wide(w)) {
		/* Latches of zeros may have come before this one: the bracket is of no use, nor is its count. */
		w->skipped += windows_since(w, w->old_ns, t);
		w->early_ns = max_ns(w->old_ns, t - (int64_t)shortest(w));
		w->late_ns = t;
		w->ref_windows = 0;
		return;
	}
	w->late_ns = min_ns(w->late_ns, t);
	if (w->late_ns < w->early_ns) {
		/* It came before its time: all that is known is when the old values were last seen. */
		w->early_ns = w->old_ns;
		doubt_period(w);
	}
}

void mm_window_probed(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool changed)
{
	w->probed = true;
	w->guarded = begin_ns < w->early_ns;
	if (changed) {
		already_new(w, end_ns);
	} else {
		still_old(w, begin_ns);
	}
}

static enum mm_window_verdict overdue(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool live)
{
	w->start_ns = w->end_ns;
	w->end_ns = end_ns;
	w->missed = 0;
	w->overdue++;
	lose(w, begin_ns, end_ns, live);
	return MM_WINDOW_OVERDUE;
}

/* A reading that is of several windows, or of one not known: decides which latch to wait for next. */
static enum mm_window_verdict torn(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool live)
{
	if (++w->torn >= TORN_MAX || (double)(end_ns - begin_ns) >= shortest(w)) {
		return overdue(w, begin_ns, end_ns, live);
	}
	if (begin_ns < w->late_ns) {
		already_new(w, end_ns);
	} else {
		skip(w, 1);
		w->seen = false;
	}
	return MM_WINDOW_AGAIN;
}

/*
 * Measures the period from one narrow bracket to another: their latches are a whole number of windows apart, each within half
 * the width of its bracket's middle.
 */
static void train(struct mm_window *w)
{
	if (w->ref_windows > 0) {
		w->ref_windows += 1 + w->skipped;
	}
	if (wide(w)) {
		return;
	}
	if (w->ref_windows > w->baseline) {
		double windows = w->ref_windows - 1;
		int64_t widths = w->late_ns - w->early_ns + w->ref_late_ns - w->ref_early_ns;
		int64_t span = middle(w->early_ns, w->late_ns) - middle(w->ref_early_ns, w->ref_late_ns);

		w->period_ns = (double)span / windows;
		w->period_error_ns = (double)widths / 2 / windows + w->nominal_ns * PERIOD_DRIFT;
		w->baseline = w->baseline < BASELINE_LAST ? 2 * w->baseline : BASELINE_LAST;
		w->ref_windows = 0;
	}
	if (w->ref_windows == 0) {
		w->ref_early_ns = w->early_ns;
		w->ref_late_ns = w->late_ns;
		w->ref_windows = 1;
	}
}

/* The reading is that of the latch in the bracket, and the next latch comes after t. */
static enum mm_window_verdict latched(struct mm_window *w, int64_t t, bool live)
{
	int64_t before = w->latch_ns;
	int64_t period = (int64_t)w->period_ns;
	int64_t latch = before + (int64_t)((w->skipped + 1) * w->period_ns);

	w->missed = w->skipped;
	if (w->lost) {
		w->rough = wide(w);
		/* Where the bracket leaves it open how many were lost, it is the most. */
		double windows = round((double)(w->late_ns - before) / w->period_ns);

		latch = middle(w->early_ns, w->late_ns);
		latch = w->counted ? max_ns(latch, before + period) : latch;
		w->missed = w->counted && windows > 1 ? (uint32_t)windows - 1 : 0;
		w->start_ns = latch - period;
	} else {
		int64_t most = w->rough && !wide(w) ? period : (int64_t)(SLEW * w->period_ns);
		int64_t off = min_ns(max_ns(latch, w->early_ns), w->late_ns) - latch;

		latch += min_ns(max_ns(off, -most), most);
		w->rough = w->rough && wide(w);
		w->start_ns = w->missed == 0 ? before : latch - period;
	}
	w->end_ns = latch;
	w->latch_ns = latch;
	w->counted = true;
	w->lost = false;
	w->overdue = 0;
	w->unguarded = w->guarded ? 0 : w->unguarded + 1;
	train(w);
	advance(w, 1);
	w->early_ns = max_ns(w->early_ns, t);
	w->late_ns = min_ns(w->late_ns, t + (int64_t)longest(w));
	expect_next(w, t, live);
	return MM_WINDOW_LATCHED;
}

/* The reading shows the old values: no new window, or one of zeros after another. */
static enum mm_window_verdict unchanged(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool live)
{
	w->seen = false;
	still_old(w, begin_ns);
	if (begin_ns < w->late_ns) {
		return MM_WINDOW_AGAIN;
	}
	if (live) {
		return overdue(w, begin_ns, end_ns, live);
	}
	/* What latches while zeros are read is for the next reading to find. */
	skip(w, windows_since(w, w->late_ns, begin_ns));
	return latched(w, begin_ns, live);
}

enum mm_window_verdict mm_window_read(struct mm_window *w, int64_t begin_ns, int64_t end_ns, bool changed, bool live)
{
	if (!changed) {
		return unchanged(w, begin_ns, end_ns, live);
	}
	if (!w->seen && !w->live && wide(w)) {
		already_new(w, end_ns);
		return MM_WINDOW_AGAIN;
	}
	skip(w, windows_since(w, w->late_ns, end_ns));
	if (begin_ns < w->late_ns || end_ns >= w->early_ns + (int64_t)shortest(w) - MARGIN_NS) {
		return torn(w, begin_ns, end_ns, live);
	}
	return latched(w, end_ns, live);
}
