/* SPDX-License-Identifier: MIT */
/* What the time was of intervals that began while nobody knew it: by the events that say when the clock became known. */
#include <string.h>

#include "core/units.h"
#include "service/statement.h"

/* How long after the period a clock is still looked for that became known. */
#define LATER_NS (90 * INT64_C(86400) * MM_NS_PER_S)
/* Events that are walked back from there to the first that nobody knew the time of. */
#define BACK_MAX 64
/* A clock that was off by less has its intervals where they belong. */
#define OFF_MIN_NS (2 * MM_NS_PER_S)
/* An interval is aligned: it begins before the clock was looked at. */
#define ALIGNED_S 3600

/* What is known of the wall clock when an event was written: how far it is ahead of CLOCK_BOOTTIME. */
static int64_t ahead_ns(const struct mm_store_event *event)
{
	return event->realtime_ns - event->boottime_ns;
}

static bool take(void *userdata, const struct mm_store_event *event, const char *data)
{
	(void)data;
	*(struct mm_store_event *)userdata = *event;
	return true;
}

/* The event of that id; its id is 0 where there is none. */
static int find_event(struct mm_store *store, int64_t id, struct mm_store_event *ret)
{
	const struct mm_store_event_choice choice = {
		.after_id = id - 1,
		.limit = 1,
		.snapshots = true,
		.meter = -1,
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX,
	};
	unsigned hidden;
	int r;

	ret->id = 0;
	r = mm_store_choose_events(store, &choice, take, ret, &hidden);
	ret->id = ret->id == id ? id : 0;
	return r;
}

/* Walks back through the run of the daemon to an event before the clock was set. False: there is none. */
static int find_unset(struct mm_store *store, const struct mm_store_event *known, struct mm_store_event *ret, bool *ret_found)
{
	int64_t boottime_ns = known->boottime_ns, id = known->previous;

	*ret_found = false;
	for (int i = 0; i < BACK_MAX && id > 0 && !*ret_found; i++) {
		int r = find_event(store, id, ret);

		if (r < 0) {
			return r;
		}
		if (ret->id == 0 || ret->boottime_ns > boottime_ns) { /* of the boot before */
			return 0;
		}
		*ret_found = ahead_ns(ret) - ahead_ns(known) > OFF_MIN_NS || ahead_ns(known) - ahead_ns(ret) > OFF_MIN_NS;
		boottime_ns = ret->boottime_ns;
		id = ret->previous;
	}
	return 0;
}

static bool take_known(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct mm_statement_clock *clock = userdata;

	(void)data;
	clock->known[clock->count++] = *event;
	return clock->count < MM_STATEMENT_UNSET;
}

int mm_statement_read_clock(struct mm_store *store, struct mm_statement *s)
{
	struct mm_statement_clock *clock = &s->clock;
	const struct mm_store_event_choice choice = {
		.limit = MM_STATEMENT_UNSET,
		.meter = -1,
		.code = "clock-known",
		.from_ns = s->from * MM_NS_PER_S,
		.to_ns = s->to * MM_NS_PER_S + LATER_NS,
	};
	unsigned hidden, found = 0;
	int r = mm_store_choose_events(store, &choice, take_known, clock, &hidden);

	for (unsigned i = 0; i < clock->count && r == 0; i++) {
		const struct mm_store_event *known = &clock->known[i];
		struct mm_store_event unset;
		bool is;

		r = find_unset(store, known, &unset, &is);
		if (r == 0 && is) {
			int64_t by_ns = ahead_ns(known) - ahead_ns(&unset);

			clock->unset[found++] = (struct mm_statement_unset){
				.from_s = ahead_ns(&unset) / MM_NS_PER_S - ALIGNED_S,
				.to_s = (known->realtime_ns - by_ns) / MM_NS_PER_S,
				.by_s = (by_ns + (by_ns < 0 ? -MM_NS_PER_S / 2 : MM_NS_PER_S / 2)) / MM_NS_PER_S,
			};
		}
	}
	clock->count = found;
	return r;
}

int64_t mm_statement_time(struct mm_statement *s, const struct mm_profile_row *row)
{
	struct mm_statement_clock *clock = &s->clock;
	unsigned i;

	if (!(row->status & MM_PROFILE_CLOCK_INVALID)) {
		return row->start_s;
	}
	/* Clocks that start anew with the same date are told apart by their order. */
	i = clock->at + (row->start_s < clock->last_s);
	while (i < clock->count && (row->start_s < clock->unset[i].from_s || row->start_s > clock->unset[i].to_s)) {
		i++;
	}
	if (i >= clock->count) {
		return row->start_s;
	}
	clock->at = i;
	clock->last_s = row->start_s;
	clock->found++;
	return row->start_s + clock->unset[i].by_s;
}
