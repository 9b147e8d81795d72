/* SPDX-License-Identifier: MIT */
/* Two short queues, moved up as their fronts are done with. */
#include "metering/pending.h"

#include <errno.h>
#include <string.h>

static void drop_events(struct mm_pending *p, size_t count)
{
	p->event_count -= count;
	p->events_submitted -= count;
	memmove(p->event, p->event + count, p->event_count * sizeof(p->event[0]));
	memmove(p->event_commit, p->event_commit + count, p->events_submitted * sizeof(p->event_commit[0]));
}

static void drop_rows(struct mm_pending *p, size_t count)
{
	p->row_count -= count;
	p->rows_submitted -= count;
	memmove(p->row, p->row + count, p->row_count * sizeof(p->row[0]));
	memmove(p->row_commit, p->row_commit + count, p->rows_submitted * sizeof(p->row_commit[0]));
}

int mm_pending_add_event(struct mm_pending *p, const struct mm_store_event *event)
{
	if (p->event_count == MM_PENDING_EVENTS_MAX) {
		if (p->events_submitted == 0) {
			return -ENOBUFS;
		}
		drop_events(p, 1);
	}
	p->event[p->event_count++] = *event;
	return 0;
}

int mm_pending_add_row(struct mm_pending *p, const struct mm_store_profile_row *row)
{
	if (p->row_count == MM_PENDING_ROWS_MAX) {
		if (p->rows_submitted == 0) {
			return -ENOBUFS;
		}
		drop_rows(p, 1);
	}
	p->row[p->row_count++] = *row;
	return 0;
}

void mm_pending_fill(const struct mm_pending *p, struct mm_store_commit *commit)
{
	commit->event_count = p->event_count - p->events_submitted;
	commit->events = p->event + p->events_submitted;
	commit->row_count = p->row_count - p->rows_submitted;
	commit->rows = p->row + p->rows_submitted;
}

void mm_pending_submitted(struct mm_pending *p, uint64_t number)
{
	while (p->events_submitted < p->event_count) {
		p->event_commit[p->events_submitted++] = number;
	}
	while (p->rows_submitted < p->row_count) {
		p->row_commit[p->rows_submitted++] = number;
	}
}

void mm_pending_durable(struct mm_pending *p, uint64_t durable)
{
	size_t events = 0, rows = 0;

	while (events < p->events_submitted && p->event_commit[events] <= durable) {
		events++;
	}
	while (rows < p->rows_submitted && p->row_commit[rows] <= durable) {
		rows++;
	}
	drop_events(p, events);
	drop_rows(p, rows);
}

void mm_pending_resubmit(struct mm_pending *p)
{
	p->events_submitted = 0;
	p->rows_submitted = 0;
}
