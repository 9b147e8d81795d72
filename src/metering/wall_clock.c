/* SPDX-License-Identifier: MIT */
#include "metering/wall_clock.h"

#include <time.h>

#include "base/time_text.h"
#include "core/units.h"

bool mm_wall_clock_daylight_saving(int64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / MM_NS_PER_S);
	struct tm tm;

	return localtime_r(&seconds, &tm) && tm.tm_isdst > 0;
}

static void note_step(struct mm_wall_clock *wc, int64_t was_ns, int64_t is_ns)
{
	char was[MM_TIME_TEXT_MAX], is[MM_TIME_TEXT_MAX];

	mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, CLOCK_STEP, mm_time_text_ns(was_ns, was), mm_time_text_ns(is_ns, is),
		       (double)(is_ns - was_ns) / (double)MM_NS_PER_S);
}

static void note_known(struct mm_wall_clock *wc)
{
	int64_t set_ns = wc->offset_ns - wc->known_offset_ns;

	/* Whoever slews the clock slews CLOCK_BOOTTIME with it: what has come between the two is what was set. */
	if (set_ns >= MM_NS_PER_MS || set_ns <= -MM_NS_PER_MS) {
		mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, CLOCK_KNOWN_SET, (double)set_ns / (double)MM_NS_PER_S);
	} else {
		mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, CLOCK_KNOWN);
	}
}

/* first: nothing was asked before. */
static void ask_synchronized(struct mm_wall_clock *wc, int64_t minute, bool first)
{
	bool was = wc->synchronized;

	if (first || minute != wc->minute) {
		wc->minute = minute;
		wc->synchronized = mm_clock_synchronized(wc->clock);
		if (!first && wc->synchronized && !was) {
			note_known(wc);
		}
	}
	if (first || wc->synchronized) {
		wc->known_offset_ns = wc->offset_ns;
	}
}

void mm_wall_clock_look(struct mm_wall_clock *wc)
{
	int64_t boottime = mm_clock_boottime(wc->clock), realtime = mm_clock_realtime(wc->clock);
	int64_t step = realtime - boottime - wc->offset_ns;
	bool first = wc->offset_ns == 0;

	if (!first && (step > MM_PROFILE_STEP_NS || step < -MM_PROFILE_STEP_NS)) {
		note_step(wc, realtime - step, realtime);
	}
	wc->offset_ns += step;
	ask_synchronized(wc, realtime / (60 * MM_NS_PER_S), first);
}

uint32_t mm_wall_clock_status(const struct mm_wall_clock *wc, int64_t realtime_ns)
{
	return (wc->synchronized ? 0 : MM_PROFILE_CLOCK_INVALID) |
	       (mm_wall_clock_daylight_saving(realtime_ns) ? MM_PROFILE_DST : 0);
}

int64_t mm_wall_clock_at(const struct mm_wall_clock *wc, int64_t boottime_ns)
{
	return boottime_ns + wc->offset_ns;
}

void mm_wall_clock_note_last_run(struct mm_wall_clock *wc, const struct mm_store_last_run *last)
{
	int64_t boottime = mm_clock_boottime(wc->clock), realtime = mm_clock_realtime(wc->clock);
	char when[MM_TIME_TEXT_MAX];

	if (last->unclean && last->same_boot) {
		mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, CRASH, mm_time_text_ns(last->realtime_ns, when),
			       (double)(boottime - last->boottime_ns) / (double)MM_NS_PER_S);
	} else if (last->unclean && realtime >= last->realtime_ns) {
		mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, POWER_DOWN, mm_time_text_ns(last->realtime_ns, when),
			       (double)(realtime - last->realtime_ns) / (double)MM_NS_PER_S);
	} else if (last->unclean) {
		mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, POWER_DOWN_UNDATED, mm_time_text_ns(last->realtime_ns, when));
	}
	if (realtime < last->realtime_ns) {
		note_step(wc, last->realtime_ns, realtime);
	}
	if (last->unsynchronized && mm_clock_synchronized(wc->clock)) {
		mm_journal_add(wc->journal, MM_JOURNAL_DAEMON, CLOCK_KNOWN_LATER);
	}
}
