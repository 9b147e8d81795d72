/* SPDX-License-Identifier: MIT */
/* Calls that the register answers, on its own thread and a page at a time: the load profile and the events. */
#include "service/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "service/readings.h"

/* Small pages: one is put into text on the main loop, between two edges. */
#define PROFILE_PAGE 200
#define EVENTS_PAGE_MAX 100
#define EVENTS_PAGE_DEFAULT 50

struct query {
	struct mm_service *service;
	struct mm_varlink_call *call;
	unsigned meter;
	int64_t from_s, to_s;
	int64_t after_id;
	unsigned limit;
	bool newest;
	json_t *items; /* built by the register's thread, handed over with the result */
	int64_t last_s;
};

static void query_failed(struct query *query, int result)
{
	mm_varlink_error(query->call, "org.minimeter.RegisterFailed", json_pack("{s:s}", "reason", strerror(-result)));
	json_decref(query->items);
	free(query);
}

static void start_query(struct query *query, mm_store_query_fn run, mm_store_done_fn done)
{
	query->items = json_array();
	if (mm_store_worker_query(query->service->worker, run, done, query) < 0) {
		mm_varlink_error(query->call, "org.minimeter.Busy",
				 json_pack("{s:s}", "reason", "too many queries wait for the register"));
		json_decref(query->items);
		free(query);
	}
}

/* What is asked is copied. */
static void begin_query(const struct query *asked, mm_store_query_fn run, mm_store_done_fn done)
{
	struct query *query = malloc(sizeof(*query));

	if (!query) {
		mm_service_reply(asked->call, NULL);
		return;
	}
	*query = *asked;
	start_query(query, run, done);
}

static bool on_row(void *userdata, const struct mm_profile_row *row)
{
	struct query *query = userdata;

	/* A page ends between two different instants, so that rows of one start (after a clock step) stay together. */
	if (json_array_size(query->items) >= PROFILE_PAGE && row->start_s != query->last_s) {
		return false;
	}
	json_array_append_new(query->items, mm_readings_interval(row));
	query->last_s = row->start_s;
	return true;
}

static int run_profile(struct mm_store *reg, void *userdata)
{
	struct query *query = userdata;

	return mm_store_profile(reg, query->meter, query->from_s, query->to_s, on_row, query);
}

static void profile_done(int result, void *userdata);

/* The next page, once the peer has taken the one before: a slow reader gets all of them, in its own time. */
static void profile_drained(struct mm_varlink_call *call, void *userdata)
{
	struct query *query = userdata;

	if (mm_varlink_call_gone(call)) {
		mm_varlink_call_unref(call);
		free(query);
		return;
	}
	query->from_s = query->last_s + 1;
	start_query(query, run_profile, profile_done);
}

static void profile_done(int result, void *userdata)
{
	struct query *query = userdata;
	bool more = mm_varlink_call_more(query->call) && json_array_size(query->items) >= PROFILE_PAGE;
	json_t *page;

	if (result < 0) {
		query_failed(query, result);
		return;
	}
	page = json_pack("{s:o, s:o}", "meter", json_string(mm_view_config(query->service->engine, query->meter)->name),
			 "intervals", query->items);
	query->items = NULL;
	if (page && more && !mm_varlink_call_gone(query->call)) {
		mm_varlink_call_when_drained(query->call, profile_drained, query);
		(void)mm_varlink_reply(query->call, page, true);
		return;
	}
	mm_service_reply(query->call, page);
	free(query);
}

/* An RFC 3339 time in UTC or with an offset, or null for the default. False: it is none. */
static bool time_parameter(const json_t *parameters, const char *key, int64_t *seconds)
{
	const json_t *value = json_object_get(parameters, key);
	const char *text = json_string_value(value);
	struct tm tm = {0};
	const char *rest;
	int hours, minutes;
	char sign;

	if (!value || json_is_null(value)) {
		return true;
	}
	rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!rest) {
		return false;
	}
	if (*rest == '.') {
		rest += 1 + strspn(rest + 1, "0123456789");
	}
	*seconds = timegm(&tm);
	if (strcmp(rest, "Z") == 0 || strcmp(rest, "z") == 0) {
		return true;
	}
	if (strlen(rest) != 6 || sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-')) {
		return false;
	}
	*seconds -= (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
	return true;
}

void mm_history_profile(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_one_meter(call, parameters, service->engine);
	int64_t from_s = 0, to_s = INT64_MAX;

	if (meter < 0) {
		return;
	}
	if (!time_parameter(parameters, "from", &from_s)) {
		mm_varlink_invalid_parameter(call, "from");
		return;
	}
	if (!time_parameter(parameters, "to", &to_s)) {
		mm_varlink_invalid_parameter(call, "to");
		return;
	}
	begin_query(&(struct query){.service = service,
				    .call = call,
				    .meter = (unsigned)meter,
				    .from_s = from_s,
				    .to_s = to_s,
				    .last_s = INT64_MIN},
		    run_profile, profile_done);
}

static bool on_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct query *query = userdata;

	(void)data;
	json_array_append_new(query->items, mm_readings_event(query->service->engine, event));
	return true;
}

static int run_events(struct mm_store *reg, void *userdata)
{
	struct query *query = userdata;

	return mm_store_events(reg, query->after_id, query->limit, query->newest, on_event, query);
}

static void events_done(int result, void *userdata)
{
	struct query *query = userdata;

	if (result < 0) {
		query_failed(query, result);
		return;
	}
	mm_service_reply(query->call, json_pack("{s:o}", "events", query->items));
	free(query);
}

void mm_history_events(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	const json_t *after = json_object_get(parameters, "after");
	const json_t *limit = json_object_get(parameters, "limit");
	json_int_t count = json_is_integer(limit) ? json_integer_value(limit) : EVENTS_PAGE_DEFAULT;

	if (after && !json_is_null(after) && !json_is_integer(after)) {
		mm_varlink_invalid_parameter(call, "after");
		return;
	}
	if ((limit && !json_is_null(limit) && !json_is_integer(limit)) || count < 1 || count > EVENTS_PAGE_MAX) {
		mm_varlink_invalid_parameter(call, "limit");
		return;
	}
	begin_query(&(struct query){.service = userdata,
				    .call = call,
				    .after_id = json_is_integer(after) ? json_integer_value(after) : 0,
				    .limit = (unsigned)count,
				    .newest = !json_is_integer(after)},
		    run_events, events_done);
}
