/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_JOURNAL_H
#define MM_METERING_JOURNAL_H

/*
 * What happens to metering goes to two places: to systemd's journal now, and to the audit trail with the next commit. An event is
 * a row of base/events.h. The invariant: both have each event once, with the same text, in the order in which they were added;
 * where the queue for the next commit is full, systemd's journal has it alone. Borrowed: clock, queue, and the names of meters.
 */

#include "base/events.h"
#include "clock/clock.h"
#include "metering/pending.h"

/* An event that concerns the whole daemon. */
#define MM_JOURNAL_DAEMON (-1)

struct mm_journal {
	struct mm_clock *clock;
	struct mm_pending *pending;
	const char *meter_name[MM_STORE_METERS_MAX];
};

/* Adds the event of that NAME, with the arguments of its text; meter: a number, or MM_JOURNAL_DAEMON. */
#define mm_journal_add(journal, meter, NAME, ...)                                                                                \
	mm_journal_write(journal, meter, MM_EVENT_##NAME, mm_event_row(MM_EVENT_##NAME)->code, mm_event_text_##NAME,             \
			 ##__VA_ARGS__)

/* The same of a row whose code is the name of what it is about. */
#define mm_journal_add_named(journal, meter, NAME, code, ...)                                                                    \
	mm_journal_write(journal, meter, MM_EVENT_##NAME, code, mm_event_text_##NAME, ##__VA_ARGS__)

/* For the two above. */
void mm_journal_write(struct mm_journal *journal, int meter, enum mm_event event, const char *code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Adds an interval of a meter's profile that is complete; there is room, because intervals go with the next commit. */
void mm_journal_add_interval(struct mm_journal *journal, int meter, const struct mm_profile_row *interval);

#endif
