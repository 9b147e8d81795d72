/* SPDX-License-Identifier: MIT */
#include "metering/journal.h"

#include <stdarg.h>
#include <stdio.h>

void mm_journal_write(struct mm_journal *journal, int meter, enum mm_event event, const char *code, const char *format, ...)
{
	const struct mm_event_row *row = mm_event_row(event);
	struct mm_store_event e = mm_store_event_now(journal->clock, meter, code);
	va_list args;

	va_start(args, format);
	vsnprintf(e.text, sizeof(e.text), format, args);
	va_end(args);
	mm_log(row->priority, row->message_id, meter < 0 ? NULL : journal->meter_name[meter], "%s", e.text);
	/* Refused only where a commit at half of the room has not been taken: the log has the event all the same. */
	(void)mm_pending_add_event(journal->pending, &e);
}

void mm_journal_add_interval(struct mm_journal *journal, int meter, const struct mm_profile_row *interval)
{
	struct mm_store_profile_row row = {.meter = meter, .row = *interval};

	(void)mm_pending_add_row(journal->pending, &row); /* refused only where 128 wait: a commit goes with each */
}
