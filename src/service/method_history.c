/* SPDX-License-Identifier: MIT */
/* The load profile and the events: a page at a time, read and put into JSON on the store's thread. */
#include <stdlib.h>

#include "base/count_of.h"
#include "core/units.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"

/* Small pages: one is put into text on the main loop, between two edges. */
#define PROFILE_PAGE 200
#define EVENTS_PAGE_MAX 100
#define EVENTS_PAGE_DEFAULT 50
/* In place of an id, which it never is: the client gave none. */
#define NEWEST INT64_MIN

/* ---- The profile ---- */

struct profile {
	struct mm_deferred deferred;
	int meter;
	int64_t from, to; /* seconds */
	int64_t last_s;	  /* start of the last one */
};

static bool on_row(void *userdata, const struct mm_profile_row *row)
{
	struct profile *profile = userdata;

	/* A page ends between two different instants, so that rows of one start (after a clock step) stay together. */
	if (json_array_size(profile->deferred.json) >= PROFILE_PAGE && row->start_s != profile->last_s) {
		return false;
	}
	json_array_append_new(profile->deferred.json, mm_json_interval(row));
	profile->last_s = row->start_s;
	return true;
}

static int run_profile(struct mm_store *store, void *userdata)
{
	struct profile *profile = userdata;

	profile->deferred.json = json_array();
	return mm_store_profile(store, (unsigned)profile->meter, profile->from, profile->to, on_row, profile);
}

static void profile_done(struct mm_deferred *deferred, int result)
{
	struct profile *profile = (struct profile *)deferred;
	const struct mm_config_meter *config = mm_view_config(deferred->service->metering, (unsigned)profile->meter);
	bool more = mm_varlink_call_more(deferred->call) && json_array_size(profile->deferred.json) >= PROFILE_PAGE;
	json_t *page;

	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	page = json_pack("{s:s, s:s, s:o}", "meter", config->name, "serial", config->serial, "intervals", profile->deferred.json);
	profile->deferred.json = NULL;
	profile->from = profile->last_s + 1;
	if (page && more && !mm_varlink_call_gone(deferred->call)) {
		mm_deferred_page(deferred, page);
	} else {
		mm_deferred_reply(deferred, page);
	}
}

void mm_method_profile(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct profile, meter, ONE_METER)},
		{MM_PARAMETER(struct profile, from, TIME)},
		{MM_PARAMETER(struct profile, to, TIME)},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct profile)};
	struct mm_service *service = userdata;
	struct profile asked = {.to = INT64_MAX}, *profile;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	profile = mm_deferred_new(service, call, &kind);
	if (profile) {
		profile->meter = asked.meter;
		profile->from = asked.from;
		profile->to = asked.to;
		profile->last_s = INT64_MIN;
		mm_deferred_query(&profile->deferred, run_profile, profile_done);
	}
}

/* ---- Events ---- */

struct events {
	struct mm_deferred deferred;
	int meter;	  /* -1: all of them */
	int64_t after;	  /* an id, or NEWEST */
	int64_t limit;	  /* 0: none was given */
	int64_t from, to; /* seconds */
	const char *code; /* NULL: any */
	bool snapshots;
	bool all; /* page by page, to the last */
	int64_t last;
	unsigned hidden;
};

static bool on_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct events *events = userdata;

	(void)data;
	json_array_append_new(events->deferred.json, mm_json_event(events->deferred.service->metering, event));
	events->last = event->id;
	return true;
}

static int64_t to_ns(int64_t s)
{
	return s > INT64_MAX / MM_NS_PER_S ? INT64_MAX : s < INT64_MIN / MM_NS_PER_S ? INT64_MIN : s * MM_NS_PER_S;
}

static int run_events(struct mm_store *store, void *userdata)
{
	struct events *events = userdata;
	const struct mm_store_event_choice choice = {
		.after_id = events->after,
		.limit = (unsigned)events->limit,
		.newest = events->after == NEWEST,
		.snapshots = events->snapshots,
		.meter = events->meter,
		.code = events->code,
		.from_ns = to_ns(events->from),
		.to_ns = to_ns(events->to),
	};

	events->deferred.json = json_array();
	return mm_store_choose_events(store, &choice, on_event, events, &events->hidden);
}

static void events_done(struct mm_deferred *deferred, int result)
{
	struct events *events = (struct events *)deferred;
	bool more = events->all && json_array_size(deferred->json) >= (size_t)events->limit;
	json_t *page;

	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	page = json_pack("{s:o, s:I}", "events", deferred->json, "hidden_snapshots", (json_int_t)events->hidden);
	deferred->json = NULL;
	events->after = events->last;
	if (page && more && !mm_varlink_call_gone(deferred->call)) {
		mm_deferred_page(deferred, page);
	} else {
		mm_deferred_reply(deferred, page);
	}
}

void mm_method_events(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct events, meter, METERS)},
		{MM_PARAMETER(struct events, after, INTEGER), .min = -INFINITY, .max = INFINITY},
		{MM_PARAMETER(struct events, limit, INTEGER), .min = 1, .max = EVENTS_PAGE_MAX},
		{MM_PARAMETER(struct events, from, TIME)},
		{MM_PARAMETER(struct events, to, TIME)},
		{MM_PARAMETER(struct events, code, TEXT), .min = 1, .max = INFINITY},
		{MM_PARAMETER(struct events, snapshots, BOOLEAN)},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct events)};
	struct events asked = {.meter = -1, .after = NEWEST, .from = INT64_MIN, .to = INT64_MAX}, *events;
	struct mm_service *service = userdata;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	asked.all = mm_varlink_call_more(call) && asked.limit == 0;
	if (asked.all && asked.after == NEWEST) {
		asked.after = 0;
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
