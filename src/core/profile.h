/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_PROFILE_H
#define MM_CORE_PROFILE_H

/*
 * Load profile and maximum demand. Intervals are aligned to the wall clock (UTC); an interval is closed when a window ends at or
 * after its end, or when the wall clock leaves it by a step. Status bits are those of DLMS (field practice: bit 0 error, 1 clock
 * invalid, 2 data not valid, 3 daylight saving, 5 clock adjusted, 7 power down).
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"

#define MM_PROFILE_ERROR 0x01u
#define MM_PROFILE_CLOCK_INVALID 0x02u
#define MM_PROFILE_DATA_INVALID 0x04u
#define MM_PROFILE_DST 0x08u
#define MM_PROFILE_CLOCK_ADJUSTED 0x20u
#define MM_PROFILE_POWER_DOWN 0x80u

/* Those that say how the wall clock was when an interval began. */
#define MM_PROFILE_BEGIN (MM_PROFILE_CLOCK_INVALID | MM_PROFILE_DST)

/* A difference between wall clock and monotonic clock above this is a step, not a slew. */
#define MM_PROFILE_STEP_NS (2 * INT64_C(1000000000))

struct mm_profile_row {
	int64_t start_s;       /* CLOCK_REALTIME seconds of the aligned begin */
	int32_t duration_s;    /* nominal length, 60 to 3600 */
	uint32_t status;       /* MM_PROFILE_* */
	int64_t delivered_uwh; /* in the interval */
	int64_t received_uwh;
	int64_t lagging_uvarh;				/* reactive, positive */
	int64_t leading_uvarh;				/* reactive, negative, as a positive figure */
	int64_t covered_ns;				/* time in the interval that right windows covered */
	uint64_t clock_flags;				/* of the clock that labels it; 0: nothing is said */
	int64_t uncertainty_uwh;			/* of its energies; 0: nothing is said */
	int64_t element_delivered_uwh[MM_ELEMENTS_MAX]; /* of each element by itself */
	int64_t element_received_uwh[MM_ELEMENTS_MAX];
	/* What the registers of the meter read at its end, where it is closed; both below 0: not known. 0 while it is open. */
	int64_t register_delivered_uwh;
	int64_t register_received_uwh;
};

_Static_assert(sizeof(struct mm_profile_row) == (11 + 2 * MM_ELEMENTS_MAX) * 8,
	       "a row has no hole: rows can be compared as bytes");

struct mm_profile {
	int32_t interval_s;
	bool open;
	int64_t last_real_ns;	   /* wall clock at the end of the window before, to tell a step */
	int64_t last_boot_ns;	   /* CLOCK_BOOTTIME then; 0: not since a stop */
	struct mm_profile_row row; /* the open interval */
};

/* Up to this many intervals can be closed by one window: the open one and one split off. */
#define MM_PROFILE_CLOSED_MAX 2

/* An empty profile. interval_s: 60 to 3600, a divisor of 86400 (else -EINVAL). */
int mm_profile_init(struct mm_profile *profile, int32_t interval_s);

/*
 * Goes on, after mm_profile_init(), from a stored profile: its open interval keeps its own length. Where last_boot_ns is 0 it was
 * stored before a stop, and how long that was only the wall clock can tell: the open interval is marked MM_PROFILE_POWER_DOWN, as
 * is the one in which metering resumes. -ERANGE: not a profile that was ever stored.
 */
int mm_profile_resume(struct mm_profile *profile, const struct mm_profile *stored);

/*
 * Adds a window that ended at wall clock end_real_ns and CLOCK_BOOTTIME end_boot_ns and lasted duration_ns (0: marks only).
 * increment gives the energies of the window (start_s, duration_s, covered_ns are ignored) and the status bits to set, on every
 * interval that the window or the gap before it touches; MM_PROFILE_BEGIN on those only that begin with it. A window across a
 * boundary is split by time; the parts add up exactly. After a gap only the open interval is closed; those that no window touched
 * are absent. A clock step marks the open interval MM_PROFILE_CLOCK_ADJUSTED; where the clock left it, it is closed and the new
 * one is marked too, so the same start_s can come twice. Closed intervals are written to ret_closed, their number returned (0 to
 * MM_PROFILE_CLOSED_MAX).
 */
unsigned mm_profile_add(struct mm_profile *profile, int64_t end_real_ns, int64_t end_boot_ns, int64_t duration_ns,
			const struct mm_profile_row *increment, struct mm_profile_row ret_closed[MM_PROFILE_CLOSED_MAX]);

/* Did right windows cover all of it? A clock that is slewed takes 1 in 2000 from an interval that nothing is missing of. */
bool mm_profile_is_covered(const struct mm_profile_row *row);

/* Is it an interval for maximum demand: nearly covered, and its clock was not moved, which makes it longer or shorter than it
 * says? */
bool mm_profile_demand_counts(const struct mm_profile_row *row);

/* Mean delivered power of an interval in W over its nominal length: block demand (ANSI C12.1 block-interval demand). */
double mm_profile_demand_w(const struct mm_profile_row *row);

#endif
