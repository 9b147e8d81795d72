/* SPDX-License-Identifier: MIT */
#include "base/events.h"

#include <stddef.h>

#define ROW(name, priority, code, message_id, text) [MM_EVENT_##name] = {priority, code, message_id},

const struct mm_event_row *mm_event_row(enum mm_event event)
{
	static const struct mm_event_row rows[MM_EVENT_COUNT] = {MM_EVENTS(ROW)};

	return &rows[event];
}
