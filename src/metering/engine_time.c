/* SPDX-License-Identifier: MIT */
/* What the clocks tell the audit trail: when they were set, and how long nobody metered. */
#include <stdio.h>
#include <time.h>

#include "core/units.h"
#include "metering/engine.h"

#define STAMP_MAX 32

static const char *stamp(int64_t realtime_ns, char ret[static STAMP_MAX])
{
	time_t seconds = (time_t)(realtime_ns / MM_NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(ret, STAMP_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		snprintf(ret, STAMP_MAX, "an impossible time");
	}
	return ret;
}

bool mm_engine_daylight_saving(int64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / MM_NS_PER_S);
	struct tm tm;

	return localtime_r(&seconds, &tm) && tm.tm_isdst > 0;
}

static void tell_step(struct mm_engine *engine, int64_t was_ns, int64_t is_ns)
{
	char was[STAMP_MAX], is[STAMP_MAX];

	mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, CLOCK_STEP, stamp(was_ns, was), stamp(is_ns, is),
		       (double)(is_ns - was_ns) / (double)MM_NS_PER_S);
}

void mm_engine_note_clock(struct mm_engine *engine)
{
	int64_t boottime = mm_clock_boottime(engine->clock), realtime = mm_clock_realtime(engine->clock);
	int64_t expected = boottime + engine->clock_offset_ns;

	if (engine->clock_offset_ns != 0 &&
	    (realtime - expected > MM_PROFILE_STEP_NS || realtime - expected < -MM_PROFILE_STEP_NS)) {
		tell_step(engine, expected, realtime);
	}
	engine->clock_offset_ns = realtime - boottime;
}

void mm_engine_note_last_run(struct mm_engine *engine)
{
	const struct mm_store_last_run *last = &engine->last_run;
	int64_t boottime = mm_clock_boottime(engine->clock), realtime = mm_clock_realtime(engine->clock);
	char when[STAMP_MAX];

	if (last->unclean && last->same_boot) {
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, CRASH, stamp(last->realtime_ns, when),
			       (double)(boottime - last->boottime_ns) / (double)MM_NS_PER_S);
	} else if (last->unclean && realtime >= last->realtime_ns) {
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, POWER_DOWN, stamp(last->realtime_ns, when),
			       (double)(realtime - last->realtime_ns) / (double)MM_NS_PER_S);
	} else if (last->unclean) {
		mm_journal_add(&engine->journal, MM_JOURNAL_DAEMON, POWER_DOWN_UNDATED, stamp(last->realtime_ns, when));
	}
	if (realtime < last->realtime_ns) {
		tell_step(engine, last->realtime_ns, realtime);
	}
}
