/* SPDX-License-Identifier: MIT */
#include "store/commit.h"

#include <stdio.h>

struct mm_store_event mm_store_event_now(struct mm_clock *clock, int meter, const char *code)
{
	struct mm_store_event event = {
		.boottime_ns = mm_clock_boottime(clock),
		.realtime_ns = mm_clock_realtime(clock),
		.clock_flags = mm_clock_synchronized(clock) ? MM_STORE_CLOCK_SYNCHRONIZED : MM_STORE_CLOCK_UNSYNCHRONIZED,
		.meter = meter,
	};

	snprintf(event.code, sizeof(event.code), "%s", code);
	return event;
}
