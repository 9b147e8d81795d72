/* SPDX-License-Identifier: MIT */
/* The load profile, readings and the events: a page at a time, made on the store's thread. */
#include <errno.h>
#include <stdlib.h>

#include "base/count_of.h"
#include "base/zone.h"
#include "core/units.h"
#include "service/answer.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"

/* Small pages: the main loop copies one between two edges. */
#define PROFILE_PAGE 200
#define EVENTS_PAGE_MAX 100
#define EVENTS_PAGE_DEFAULT 50
/* In place of an id, which it never is: the client gave none. */
#define NEWEST INT64_MIN

/* A row of a table of parameters, of what is in the cursor. */
#define CURSOR(type, field, kind_)                                                                                               \
	.name = #field, .kind = MM_PARAMETER_##kind_, .offset = offsetof(type, cursor) + offsetof(struct cursor, field)

/* ---- Where a reader has come to ---- */

/* The place of a reader in a chain: behind the row of that id, which had that hash. */
struct cursor {
	int64_t after; /* an id, or NEWEST: not given */
	struct mm_call_hash after_hash;
	bool follow;
	int64_t last; /* where there was another history: the id up to which both have the same */
};

/* What a query says when the cursor is of another history. */
#define FORKED 1

static int check_cursor(struct mm_store *store, enum mm_store_chain chain, unsigned meter, struct cursor *cursor)
{
	int r;

	if (!cursor->after_hash.given) {
		return 0;
	}
	r = mm_store_fork(store, chain, meter, cursor->after, cursor->after_hash.bytes, &cursor->last);
	cursor->after_hash.given = false; /* pages behind the first one go on from what was given here */
	return r == 1 ? FORKED : r;
}

/* meter: its name; NULL: the chain is that of all of them. */
static void answer_forked(struct mm_deferred *deferred, const struct cursor *cursor, const char *meter)
{
	int64_t last = cursor->last;

	mm_call_error(mm_deferred_take(deferred), "org.minimeter.Forked",
		      json_pack("{s:s?, s:I}", "meter", meter, "last", (json_int_t)last));
}

/* False after having answered: what says where to go on makes no sense. */
static bool is_cursor(struct mm_varlink_call *call, const struct cursor *cursor)
{
	if (cursor->after_hash.given && cursor->after == NEWEST) {
		mm_call_invalid(call, "after_hash");
		return false;
	}
	if (cursor->follow && !mm_varlink_call_more(call)) {
		mm_call_invalid(call, "follow");
		return false;
	}
	return true;
}

/* A page of rows, of the query that runs. */
struct page {
	size_t rows;
	bool full;  /* there can be more rows at once */
	bool empty; /* it has none, and is not the first */
	bool sent;  /* a page was, before */
};

/* Sends the text: the last page, one of several, or what there is until more comes. */
static void send_page(struct mm_deferred *deferred, struct page *page, bool follow)
{
	page->sent = true;
	if (deferred->text.failed || mm_varlink_call_gone(deferred->call)) {
		mm_deferred_reply_text(deferred);
	} else if (page->full) {
		mm_deferred_page(deferred);
	} else if (!follow) {
		mm_deferred_reply_text(deferred);
	} else if (page->empty) {
		mm_text_clear(&deferred->text);
		mm_deferred_rest(deferred);
	} else {
		mm_deferred_page_later(deferred);
	}
}

/* ---- The profile ---- */

struct profile {
	struct mm_deferred deferred;
	int meter;
	const struct mm_config_meter *config;
	int64_t from, to; /* seconds; INT64_MIN, INT64_MAX: not given */
	int64_t begin;	  /* the from of the call; of pages it rises */
	int64_t limit;	  /* of a page */
	int64_t last_s;	  /* start of the last one */
	struct cursor cursor;
	struct page page;
};

static bool on_interval(void *userdata, const struct mm_store_interval *interval)
{
	struct profile *profile = userdata;
	bool full = profile->page.rows >= (size_t)profile->limit;

	if (profile->cursor.after == NEWEST) {
		/* A page ends between two different instants, so that rows of one start (after a clock step) stay together. */
		if (full && interval->row.start_s != profile->last_s) {
			return false;
		}
	} else if (full) {
		return false;
	} else {
		profile->cursor.after = interval->id;
		if (interval->row.start_s < profile->from || interval->row.start_s >= profile->to) {
			return true;
		}
	}
	mm_answer_interval(&profile->deferred.text, interval, profile->config->model.elements);
	profile->page.rows++;
	profile->last_s = interval->row.start_s;
	return true;
}

/* What a time of the call means; none: it was left out. */
static void add_bound(struct mm_text *text, const char *key, int64_t at_s, int64_t none)
{
	char shown[MM_ZONE_TEXT_MAX];

	mm_text_string(text, key, at_s == none ? NULL : mm_zone_text(at_s, shown));
}

static int run_profile(struct mm_store *store, void *userdata)
{
	struct profile *profile = userdata;
	const struct mm_config_meter *config = profile->config;
	struct mm_text *text = &profile->deferred.text;
	unsigned meter = (unsigned)profile->meter;
	int r = check_cursor(store, MM_STORE_INTERVALS, meter, &profile->cursor);

	if (r != 0) {
		return r;
	}
	profile->page.rows = 0;
	mm_text_open(text, NULL, '{');
	mm_text_string(text, "meter", config->name);
	mm_text_string(text, "serial", config->serial);
	mm_text_open(text, "intervals", '[');
	if (profile->cursor.after == NEWEST) {
		r = mm_store_profile(store, meter, profile->from, profile->to, on_interval, profile);
	} else {
		r = mm_store_intervals(store, meter, profile->cursor.after, INT64_MAX, on_interval, profile);
	}
	mm_text_close(text, ']');
	mm_text_string(text, "time_zone", mm_view_time_zone(profile->deferred.service->metering));
	add_bound(text, "from", profile->begin, INT64_MIN);
	add_bound(text, "to", profile->to, INT64_MAX);
	mm_text_close(text, '}');
	return r;
}

static void profile_done(struct mm_deferred *deferred, int result)
{
	struct profile *profile = (struct profile *)deferred;
	struct page *page = &profile->page;

	if (result == FORKED) {
		answer_forked(deferred, &profile->cursor, profile->config->name);
		return;
	}
	if (result == -EAGAIN && page->sent && profile->cursor.follow) {
		mm_deferred_rest(deferred);
		return;
	}
	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	page->full = mm_varlink_call_more(deferred->call) && page->rows >= (size_t)profile->limit;
	page->empty = page->rows == 0 && page->sent;
	profile->from = profile->cursor.after == NEWEST ? profile->last_s + 1 : profile->from;
	send_page(deferred, page, profile->cursor.follow);
}

void mm_method_profile(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct profile, meter, ONE_METER)},
		{MM_PARAMETER(struct profile, from, SPAN)},
		{MM_PARAMETER(struct profile, to, TIME)},
		{CURSOR(struct profile, after, INTEGER), .min = 0, .max = INFINITY},
		{CURSOR(struct profile, after_hash, HASH)},
		{CURSOR(struct profile, follow, BOOLEAN)},
		{MM_PARAMETER(struct profile, limit, INTEGER), .min = 1, .max = PROFILE_PAGE},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct profile)};
	struct mm_service *service = userdata;
	struct profile asked = {.from = INT64_MIN, .to = INT64_MAX, .limit = PROFILE_PAGE, .cursor.after = NEWEST}, *profile;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked) ||
	    !is_cursor(call, &asked.cursor)) {
		return;
	}
	if (asked.cursor.follow && asked.cursor.after == NEWEST) {
		asked.cursor.after = 0;
	}
	profile = mm_deferred_new(service, call, &kind);
	if (profile) {
		asked.deferred = profile->deferred;
		asked.config = mm_view_config(service->metering, (unsigned)asked.meter);
		asked.last_s = INT64_MIN;
		asked.begin = asked.from;
		*profile = asked;
		mm_deferred_query(&profile->deferred, run_profile, profile_done);
	}
}

/* ---- A reading ---- */

struct reading {
	struct mm_deferred deferred;
	int meter; /* -1: all of them */
	int64_t at;
	struct mm_store_interval interval[MM_METERS_MAX];
	bool known[MM_METERS_MAX];
};

static int run_reading(struct mm_store *store, void *userdata)
{
	struct reading *reading = userdata;
	unsigned count = mm_view_meter_count(reading->deferred.service->metering);

	for (unsigned i = 0; i < count; i++) {
		int r = reading->meter < 0 || (unsigned)reading->meter == i
				? mm_store_interval_at(store, i, reading->at, &reading->interval[i])
				: -ENOENT;

		if (r < 0 && r != -ENOENT) {
			return r;
		}
		reading->known[i] = r == 0;
	}
	return 0;
}

static void reading_done(struct mm_deferred *deferred, int result)
{
	const struct reading *reading = (struct reading *)deferred;
	const struct mm_metering *metering = deferred->service->metering;
	json_t *readings = json_array();

	for (unsigned i = 0; i < mm_view_meter_count(metering) && result == 0; i++) {
		const struct mm_config_meter *config = mm_view_config(metering, i);

		if (reading->meter < 0 || (unsigned)reading->meter == i) {
			json_array_append_new(
				readings, json_pack("{s:s, s:s, s:o, s:o}", "meter", config->name, "serial", config->serial, "at",
						    mm_json_time(reading->at * MM_NS_PER_S), "reading",
						    reading->known[i] ? mm_json_reading(&reading->interval[i]) : json_null()));
		}
	}
	if (result < 0) {
		json_decref(readings);
		mm_deferred_failed(deferred, result);
	} else {
		mm_deferred_reply(deferred,
				  json_pack("{s:o, s:s}", "readings", readings, "time_zone", mm_view_time_zone(metering)));
	}
}

void mm_method_reading(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct reading, meter, METERS)},
		{MM_PARAMETER(struct reading, at, TIME), .mandatory = true},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct reading)};
	struct mm_service *service = userdata;
	struct reading *reading, asked = {.meter = -1};

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked) ||
	    !mm_call_has_come(call, service->metering, "at", asked.at)) {
		return;
	}
	reading = mm_deferred_new(service, call, &kind);
	if (reading) {
		reading->meter = asked.meter;
		reading->at = asked.at;
		mm_deferred_query(&reading->deferred, run_reading, reading_done);
	}
}

/* ---- Events ---- */

struct events {
	struct mm_deferred deferred;
	int meter; /* -1: all of them */
	struct cursor cursor;
	int64_t limit;	  /* 0: none was given */
	int64_t from, to; /* seconds */
	const char *code; /* NULL: any */
	bool snapshots;
	bool all; /* page by page, to the last */
	unsigned hidden;
	struct page page;
};

static bool on_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct events *events = userdata;
	const struct mm_metering *metering = events->deferred.service->metering;
	bool known = event->meter >= 0 && (unsigned)event->meter < mm_view_meter_count(metering);

	(void)data;
	mm_answer_event(&events->deferred.text, known ? mm_view_config(metering, (unsigned)event->meter)->name : NULL, event);
	events->page.rows++;
	events->cursor.after = event->id;
	return true;
}

static int64_t to_ns(int64_t s)
{
	return s > INT64_MAX / MM_NS_PER_S ? INT64_MAX : s < INT64_MIN / MM_NS_PER_S ? INT64_MIN : s * MM_NS_PER_S;
}

static int run_events(struct mm_store *store, void *userdata)
{
	struct events *events = userdata;
	struct mm_text *text = &events->deferred.text;
	const struct mm_store_event_choice choice = {
		.after_id = events->cursor.after,
		.limit = (unsigned)events->limit,
		.newest = events->cursor.after == NEWEST,
		.snapshots = events->snapshots,
		.meter = events->meter,
		.code = events->code,
		.from_ns = to_ns(events->from),
		.to_ns = to_ns(events->to),
	};
	int r = check_cursor(store, MM_STORE_EVENTS, 0, &events->cursor);

	if (r != 0) {
		return r;
	}
	events->page.rows = 0;
	mm_text_open(text, NULL, '{');
	mm_text_open(text, "events", '[');
	r = mm_store_choose_events(store, &choice, on_event, events, &events->hidden);
	mm_text_close(text, ']');
	mm_text_integer(text, "hidden_snapshots", events->hidden);
	mm_text_string(text, "time_zone", mm_view_time_zone(events->deferred.service->metering));
	mm_text_close(text, '}');
	return r;
}

static void events_done(struct mm_deferred *deferred, int result)
{
	struct events *events = (struct events *)deferred;
	struct page *page = &events->page;

	if (result == FORKED) {
		answer_forked(deferred, &events->cursor, NULL);
		return;
	}
	if (result == -EAGAIN && page->sent && events->cursor.follow) {
		mm_deferred_rest(deferred);
		return;
	}
	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	page->full = events->all && page->rows >= (size_t)events->limit;
	page->empty = page->rows == 0 && page->sent;
	send_page(deferred, page, events->cursor.follow);
}

void mm_method_events(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct events, meter, METERS)},
		{CURSOR(struct events, after, INTEGER), .min = -INFINITY, .max = INFINITY},
		{CURSOR(struct events, after_hash, HASH)},
		{CURSOR(struct events, follow, BOOLEAN)},
		{MM_PARAMETER(struct events, limit, INTEGER), .min = 1, .max = EVENTS_PAGE_MAX},
		{MM_PARAMETER(struct events, from, SPAN)},
		{MM_PARAMETER(struct events, to, TIME)},
		{MM_PARAMETER(struct events, code, TEXT), .min = 1, .max = INFINITY},
		{MM_PARAMETER(struct events, snapshots, BOOLEAN)},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct events)};
	struct events asked = {.meter = -1, .cursor.after = NEWEST, .from = INT64_MIN, .to = INT64_MAX}, *events;
	struct mm_service *service = userdata;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked) ||
	    !is_cursor(call, &asked.cursor)) {
		return;
	}
	asked.all = mm_varlink_call_more(call) && (asked.limit == 0 || asked.cursor.follow);
	if (asked.all && asked.cursor.after == NEWEST) {
		asked.cursor.after = 0;
	}
	if (asked.limit == 0) {
		asked.limit = asked.all ? EVENTS_PAGE_MAX : EVENTS_PAGE_DEFAULT;
	}
	events = mm_deferred_new(service, call, &kind);
	if (events) {
		asked.deferred = events->deferred;
		*events = asked;
		mm_deferred_query(&events->deferred, run_events, events_done);
	}
}
