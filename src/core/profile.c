/* SPDX-License-Identifier: MIT */
/*
 * Load profile: one open interval on the wall clock, closed by the windows that pass its end.
 */
#include "core/profile.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/units.h"

#define SECONDS_PER_DAY 86400
/* An interval lacks something where more than this part of it is not covered. */
#define INCOMPLETE_RATIO 1000
/* Maximum demand is taken from intervals that were covered to this part. */
#define DEMAND_COVERED_RATIO 0.99
/* The year 2200: the last that is sure to fit when counted in ns. */
#define START_S_MAX INT64_C(7258118400)

int mm_profile_init(struct mm_profile *profile, int32_t interval_s)
{
	if (interval_s < 60 || interval_s > 3600 || SECONDS_PER_DAY % interval_s != 0) {
		return -EINVAL;
	}
	*profile = (struct mm_profile){.interval_s = interval_s};
	return 0;
}

int mm_profile_resume(struct mm_profile *profile, const struct mm_profile *stored)
{
	if (stored->open && (stored->row.duration_s < 60 || stored->row.duration_s > 3600 || stored->row.start_s < 0 ||
			     stored->row.start_s > START_S_MAX)) {
		return -ERANGE;
	}
	profile->open = stored->open;
	profile->last_real_ns = stored->last_real_ns;
	profile->last_boot_ns = stored->last_boot_ns;
	if (stored->open) {
		profile->row = stored->row;
		profile->row.status |= stored->last_boot_ns == 0 ? MM_PROFILE_POWER_DOWN : 0;
	}
	return 0;
}

bool mm_profile_is_covered(const struct mm_profile_row *row)
{
	return row->covered_ns >= row->duration_s * (MM_NS_PER_S - MM_NS_PER_S / INCOMPLETE_RATIO);
}

bool mm_profile_demand_counts(const struct mm_profile_row *row)
{
	return (row->status & MM_PROFILE_CLOCK_ADJUSTED) == 0 &&
	       (double)row->covered_ns >= DEMAND_COVERED_RATIO * row->duration_s * MM_NS_PER_S;
}

double mm_profile_demand_w(const struct mm_profile_row *row)
{
	return (double)row->delivered_uwh / MM_UWH_PER_WH * 3600 / row->duration_s;
}

static int64_t row_start_ns(const struct mm_profile_row *row)
{
	return row->start_s * MM_NS_PER_S;
}

static int64_t row_end_ns(const struct mm_profile_row *row)
{
	return (row->start_s + row->duration_s) * MM_NS_PER_S;
}

/* Opens the interval that goes on after the instant. */
static void open_row(struct mm_profile *profile, int64_t real_ns, uint32_t status)
{
	int64_t interval_ns = profile->interval_s * MM_NS_PER_S;
	int64_t into_ns = real_ns % interval_ns;
	int64_t start_s = (real_ns - into_ns) / MM_NS_PER_S - (into_ns < 0 ? profile->interval_s : 0);

	profile->open = true;
	profile->row = (struct mm_profile_row){
		.start_s = start_s,
		.duration_s = profile->interval_s,
		.status = status,
	};
}

static void close_row(struct mm_profile *profile, struct mm_profile_row *ret_closed, unsigned *count)
{
	profile->open = false;
	ret_closed[(*count)++] = profile->row;
}

/* Moves a part (0 to 1) of one figure. */
static void move_figure(int64_t *to, int64_t *from, double part)
{
	int64_t moved = part < 1 ? (int64_t)floor((double)*from * part) : *from;

	*to += moved;
	*from -= moved;
}

static void move(struct mm_profile_row *to, struct mm_profile_row *from, double part)
{
	move_figure(&to->delivered_uwh, &from->delivered_uwh, part);
	move_figure(&to->received_uwh, &from->received_uwh, part);
	move_figure(&to->lagging_uvarh, &from->lagging_uvarh, part);
	move_figure(&to->leading_uvarh, &from->leading_uvarh, part);
	move_figure(&to->covered_ns, &from->covered_ns, part);
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		move_figure(&to->element_delivered_uwh[e], &from->element_delivered_uwh[e], part);
		move_figure(&to->element_received_uwh[e], &from->element_received_uwh[e], part);
	}
}

/* Lays what a window brought, from start_real_ns on, over the intervals it lies in; the open one and those that follow. */
static unsigned spread(struct mm_profile *profile, int64_t start_real_ns, int64_t end_real_ns, uint32_t opening_status,
		       struct mm_profile_row *rest, struct mm_profile_row ret_closed[MM_PROFILE_CLOSED_MAX])
{
	unsigned count = 0;

	if (!profile->open) {
		open_row(profile, start_real_ns, opening_status);
	}
	while (end_real_ns > row_end_ns(&profile->row)) {
		int64_t end_ns = row_end_ns(&profile->row);

		if (start_real_ns < end_ns) {
			move(&profile->row, rest, (double)(end_ns - start_real_ns) / (double)(end_real_ns - start_real_ns));
			start_real_ns = end_ns;
		}
		close_row(profile, ret_closed, &count);
		/* Beyond the last interval that can be reported, the rest goes to the one in which the window ends. */
		open_row(profile, count < MM_PROFILE_CLOSED_MAX ? start_real_ns : end_real_ns, opening_status);
	}
	move(&profile->row, rest, 1);
	if (end_real_ns == row_end_ns(&profile->row)) {
		close_row(profile, ret_closed, &count);
	}
	return count;
}

/* Whether the wall clock went another way than CLOCK_BOOTTIME since the window before. */
static bool clock_stepped(const struct mm_profile *profile, int64_t end_real_ns, int64_t end_boot_ns)
{
	double real_ns = (double)end_real_ns - (double)profile->last_real_ns;
	double boot_ns = (double)end_boot_ns - (double)profile->last_boot_ns;

	if (profile->last_real_ns == 0) {
		return false; /* the first window of all */
	}
	if (profile->last_boot_ns == 0) {
		return real_ns < 0; /* the first since a stop of unknown length */
	}
	return fabs(real_ns - boot_ns) > (double)MM_PROFILE_STEP_NS;
}

unsigned mm_profile_add(struct mm_profile *profile, int64_t end_real_ns, int64_t end_boot_ns, int64_t duration_ns,
			const struct mm_profile_row *increment, struct mm_profile_row ret_closed[MM_PROFILE_CLOSED_MAX])
{
	bool stepped = clock_stepped(profile, end_real_ns, end_boot_ns);
	bool resumed = profile->last_boot_ns == 0 && profile->last_real_ns != 0;
	/* What the intervals are marked with whatever their begin. */
	uint32_t touching_status = (increment->status & ~MM_PROFILE_BEGIN) | (stepped ? MM_PROFILE_CLOCK_ADJUSTED : 0);
	int64_t last_real_ns = profile->last_real_ns;
	int64_t start_real_ns = end_real_ns - duration_ns;
	struct mm_profile_row rest = *increment;
	unsigned count = 0;

	rest.covered_ns = duration_ns;
	profile->last_real_ns = end_real_ns;
	profile->last_boot_ns = end_boot_ns;
	if (profile->open) {
		/* The window, or what was missed before it, reaches into the open interval. */
		profile->row.status |= touching_status;
	}
	if (stepped) {
		/* Where the window began is the old time's; all of it goes where the clock is now. */
		start_real_ns = end_real_ns;
		if (profile->open && (end_real_ns < row_start_ns(&profile->row) || end_real_ns > row_end_ns(&profile->row))) {
			close_row(profile, ret_closed, &count);
		}
	} else if (last_real_ns != 0 && start_real_ns < last_real_ns) {
		start_real_ns = last_real_ns; /* a clock slewed back does not open a closed interval again */
	}
	return count + spread(profile, start_real_ns, end_real_ns,
			      touching_status | (increment->status & MM_PROFILE_BEGIN) | (resumed ? MM_PROFILE_POWER_DOWN : 0),
			      &rest, ret_closed + count);
}
