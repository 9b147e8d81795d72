/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUERIES_MAX (MM_STORE_QUERIES_WAITING_MAX + MM_STORE_OWN_WAITING_MAX)

struct mm_outbox {
	struct mm_store_commit commit;
	int64_t dropped_events, dropped_rows;
	struct mm_store_event events[MM_STORE_EVENTS_WAITING_MAX]; /* commit.events and commit.rows */
	struct mm_store_profile_row rows[MM_STORE_ROWS_WAITING_MAX];

	/* Ring: those that have run from the first on, then those that wait. */
	struct mm_query query[QUERIES_MAX];
	unsigned first, ran, count, clients;
};

int mm_outbox_new(uint64_t number, struct mm_outbox **ret)
{
	struct mm_outbox *outbox = calloc(1, sizeof(*outbox));

	if (!outbox) {
		return -ENOMEM;
	}
	outbox->commit.number = number;
	outbox->commit.events = outbox->events;
	outbox->commit.rows = outbox->rows;
	*ret = outbox;
	return 0;
}

void mm_outbox_free(struct mm_outbox *outbox)
{
	free(outbox);
}

/* ---- Commits ---- */

/* Copies as many of count as there is room for; returns how many were not. */
static int64_t append(void *queue, size_t *used, size_t max, const void *items, size_t count, size_t size)
{
	size_t room = max - *used, taken = count < room ? count : room;

	if (taken > 0) {
		memcpy((char *)queue + *used * size, items, taken * size);
		*used += taken;
	}
	return (int64_t)(count - taken);
}

int mm_outbox_add(struct mm_outbox *outbox, const struct mm_store_commit *commit)
{
	struct mm_store_commit *waiting = &outbox->commit;

	if (commit->number != 0 && commit->number <= waiting->number) {
		return -EINVAL;
	}
	waiting->number = commit->number != 0 ? commit->number : waiting->number + 1;
	waiting->boottime_ns = commit->boottime_ns;
	waiting->realtime_ns = commit->realtime_ns;
	waiting->meter_count = commit->meter_count;
	memcpy(waiting->meter, commit->meter, commit->meter_count * sizeof(commit->meter[0]));
	outbox->dropped_events += append(outbox->events, &waiting->event_count, MM_STORE_EVENTS_WAITING_MAX, commit->events,
					 commit->event_count, sizeof(outbox->events[0]));
	outbox->dropped_rows += append(outbox->rows, &waiting->row_count, MM_STORE_ROWS_WAITING_MAX, commit->rows,
				       commit->row_count, sizeof(outbox->rows[0]));
	return 0;
}

void mm_outbox_dropped(const struct mm_outbox *outbox, int64_t *ret_events, int64_t *ret_rows)
{
	*ret_events = outbox->dropped_events;
	*ret_rows = outbox->dropped_rows;
}

const struct mm_store_commit *mm_outbox_commit(const struct mm_outbox *outbox)
{
	return &outbox->commit;
}

void mm_outbox_written(struct mm_outbox *outbox, const struct mm_store_commit *commit)
{
	struct mm_store_commit *waiting = &outbox->commit;

	waiting->event_count -= commit->event_count;
	waiting->row_count -= commit->row_count;
	memmove(outbox->events, outbox->events + commit->event_count, waiting->event_count * sizeof(outbox->events[0]));
	memmove(outbox->rows, outbox->rows + commit->row_count, waiting->row_count * sizeof(outbox->rows[0]));
}

/* ---- Queries ---- */

static struct mm_query *query_at(struct mm_outbox *outbox, unsigned i)
{
	return &outbox->query[(outbox->first + i) % QUERIES_MAX];
}

int mm_outbox_ask(struct mm_outbox *outbox, const struct mm_query *query)
{
	unsigned own = outbox->count - outbox->clients;

	if (query->own ? own == MM_STORE_OWN_WAITING_MAX : outbox->clients == MM_STORE_QUERIES_WAITING_MAX) {
		return -EAGAIN;
	}
	*query_at(outbox, outbox->count++) = *query;
	outbox->clients += !query->own;
	return 0;
}

struct mm_query *mm_outbox_query(struct mm_outbox *outbox)
{
	return outbox->ran < outbox->count ? query_at(outbox, outbox->ran) : NULL;
}

void mm_outbox_ran(struct mm_outbox *outbox, int result)
{
	query_at(outbox, outbox->ran++)->result = result;
}

bool mm_outbox_answer(struct mm_outbox *outbox, bool all, struct mm_query *ret)
{
	bool ran = outbox->ran > 0;

	if (outbox->count == 0 || (!ran && !all)) {
		return false;
	}
	*ret = *query_at(outbox, 0);
	ret->result = ran ? ret->result : -ECANCELED;
	outbox->first = (outbox->first + 1) % QUERIES_MAX;
	outbox->ran -= ran;
	outbox->clients -= !ret->own;
	outbox->count--;
	return true;
}
