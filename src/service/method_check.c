/* SPDX-License-Identifier: MIT */
/* The result of an installation test, put on record. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/events.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"
#include "service/peer.h"

/* In bytes, so that the event's text has room for them. */
#define INSTALLER_MAX 48
#define SEAL_MAX 24
#define SEALS_MAX 16
#define ITEM_MAX 32
#define TEXT_MAX 256
#define ITEMS_MAX 64
/* Nothing may delete a record: no client can fill the card with them. The bytes are of the items as JSON, without blanks. */
#define ITEMS_BYTES_MAX 8000
#define RECORD_EVERY_S 10
/* And at most so many at once; after that one an hour. */
#define RECORDS_MAX 24
#define RECORD_COSTS_NS (3600 * MM_NS_PER_S)

enum state { STATE_OK, STATE_FAULT, STATE_UNDECIDED, STATE_NOT_DONE, STATE_COUNT };

static const char *const state_names[STATE_COUNT] = {"ok", "fault", "undecided", "not-done"};

struct asked {
	int meter;
	const char *installer;
	const json_t *seals, *items;
};

/* A record on its way to the disk. */
struct recording {
	struct mm_deferred deferred;
	unsigned meter;
	struct mm_store_event event;
	char *data;
	int64_t id; /* that it got */
};

static void release(struct mm_deferred *deferred)
{
	free(((struct recording *)deferred)->data);
	deferred->service->storing = false;
}

/* ---- What the client says ---- */

static bool are_seals(const json_t *seals)
{
	size_t i;
	json_t *seal;

	json_array_foreach(seals, i, seal)
	{
		if (!mm_call_is_text(seal, SEAL_MAX)) {
			return false;
		}
	}
	return json_array_size(seals) <= SEALS_MAX;
}

/* One of the meter's elements; of the whole meter where it is null or absent. */
static bool is_element(const json_t *element, unsigned elements)
{
	return !element || json_is_null(element) ||
	       (json_is_integer(element) && json_integer_value(element) >= 1 && json_integer_value(element) <= elements);
}

static enum state state_of(const json_t *item)
{
	const char *name = json_string_value(json_object_get(item, "state"));
	enum state state = STATE_OK;

	while (state < STATE_COUNT && (!name || strcmp(name, state_names[state]) != 0)) {
		state++;
	}
	return state;
}

/* The items with what an item has and nothing else, counted by their states; NULL where one is none, or all are too much. */
static json_t *read_items(const json_t *items, unsigned elements, unsigned counts[static STATE_COUNT])
{
	json_t *read = json_array(), *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		json_t *name = json_object_get(item, "item"), *text = json_object_get(item, "text");
		json_t *element = json_object_get(item, "element");
		enum state state = state_of(item);

		if (!mm_call_is_text(name, ITEM_MAX) || !mm_call_is_text(text, TEXT_MAX) || state == STATE_COUNT ||
		    !is_element(element, elements)) {
			json_decref(read);
			return NULL;
		}
		counts[state]++;
		json_array_append_new(read, json_pack("{s:O, s:o, s:s, s:O}", "item", name, "element",
						      json_is_integer(element) ? json_incref(element) : json_null(), "state",
						      state_names[state], "text", text));
	}
	if (json_array_size(read) < 1 || json_array_size(read) > ITEMS_MAX ||
	    json_dumpb(read, NULL, 0, JSON_COMPACT) > ITEMS_BYTES_MAX) {
		json_decref(read);
		return NULL;
	}
	return read;
}

/* ---- The record ---- */

/* The seals, as far as there is room for whole ones. */
static void list_seals(const json_t *seals, char *text, size_t size)
{
	size_t used = strlen(text), i;
	json_t *seal;

	json_array_foreach(seals, i, seal)
	{
		const char *number = json_string_value(seal);

		if (used + strlen(number) + sizeof("; seals , ...") > size) {
			snprintf(text + used, size - used, i > 0 ? ", ..." : "; seals ...");
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "; seals ", number);
	}
}

static void describe(const struct asked *asked, const unsigned counts[static STATE_COUNT], const char *user,
		     struct mm_store_event *event)
{
	char result[64] = "in order";

	if (counts[STATE_FAULT] + counts[STATE_UNDECIDED] + counts[STATE_NOT_DONE] > 0) {
		snprintf(result, sizeof(result), "%u fault%s, %u undecided, %u not done", counts[STATE_FAULT],
			 counts[STATE_FAULT] == 1 ? "" : "s", counts[STATE_UNDECIDED], counts[STATE_NOT_DONE]);
	}
	snprintf(event->text, sizeof(event->text), mm_event_text_CHECK, user, result, asked->installer);
	list_seals(asked->seals, event->text, sizeof(event->text));
}

/* What the client says, beside what the meter says of itself at that moment. */
static json_t *record_json(const struct mm_service *service, const struct asked *asked, json_t *items, const char *user)
{
	const struct mm_registers *registers = &mm_view_meter(service->metering, (unsigned)asked->meter).meter->registers;

	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:o}", "who", user, "installer", asked->installer, "seals",
			 asked->seals ? json_deep_copy(asked->seals) : json_array(), "items", items, "delivered_uwh",
			 (json_int_t)registers->delivered.uwh, "received_uwh", (json_int_t)registers->received.uwh, "reported",
			 mm_json_faults(service->metering, (unsigned)asked->meter));
}

static bool take_id(void *userdata, const struct mm_store_event *event, const char *data)
{
	(void)data;
	*(int64_t *)userdata = event->id;
	return true;
}

/* On the store's thread. */
static int run_write(struct mm_store *store, void *userdata)
{
	struct recording *recording = userdata;
	const struct mm_store_event_choice newest = {
		.after_id = INT64_MIN,
		.limit = 1,
		.newest = true,
		.meter = recording->event.meter,
		.code = recording->event.code,
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX,
	};
	unsigned hidden;
	int r = mm_store_record(store, &recording->event, recording->data);

	return r < 0 ? r : mm_store_choose_events(store, &newest, take_id, &recording->id, &hidden);
}

static void written(struct mm_deferred *deferred, int result)
{
	struct recording *recording = (struct recording *)deferred;
	struct mm_service *service = deferred->service;
	const json_t *record = deferred->json;

	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	service->next_check_ns[recording->meter] = recording->event.boottime_ns + RECORD_EVERY_S * MM_NS_PER_S;
	if (service->checks_until_ns[recording->meter] < recording->event.boottime_ns) {
		service->checks_until_ns[recording->meter] = recording->event.boottime_ns;
	}
	service->checks_until_ns[recording->meter] += RECORD_COSTS_NS;
	mm_log(mm_event_row(MM_EVENT_CHECK)->priority, mm_event_row(MM_EVENT_CHECK)->message_id,
	       mm_view_config(service->metering, recording->meter)->name, "%s", recording->event.text);
	mm_deferred_reply(deferred, json_pack("{s:I, s:o, s:O, s:O, s:O}", "event", (json_int_t)recording->id, "time",
					      mm_json_time(recording->event.realtime_ns), "who", json_object_get(record, "who"),
					      "delivered_uwh", json_object_get(record, "delivered_uwh"), "received_uwh",
					      json_object_get(record, "received_uwh")));
}

/* items is stolen. */
static void record(struct mm_service *service, struct mm_varlink_call *call, const struct asked *asked, json_t *items,
		   const unsigned counts[static STATE_COUNT])
{
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct recording), .release = release};
	struct recording *recording = mm_deferred_new(service, call, &kind);
	struct mm_clock *clock = mm_view_clock(service->metering);
	char user[MM_PEER_NAME_MAX];

	if (!recording) {
		json_decref(items);
		return;
	}
	service->storing = true;
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, user);
	recording->meter = (unsigned)asked->meter;
	recording->event = mm_store_event_now(clock, asked->meter, mm_event_row(MM_EVENT_CHECK)->code);
	describe(asked, counts, user, &recording->event);
	recording->deferred.json = record_json(service, asked, items, user);
	recording->data = json_dumps(recording->deferred.json, JSON_COMPACT | JSON_SORT_KEYS);
	if (!recording->data) {
		mm_deferred_failed(&recording->deferred, -ENOMEM);
		return;
	}
	mm_deferred_record(&recording->deferred, run_write, written);
}

/* Why no check of that meter can be put on record now; NULL: it can. */
static const char *why_busy(const struct mm_service *service, int meter)
{
	int64_t now_ns = mm_clock_boottime(mm_view_clock(service->metering));

	if (service->storing) {
		return "another record is being stored";
	}
	if (now_ns < service->next_check_ns[meter]) {
		return "a meter takes one record of a check every 10 seconds";
	}
	if (service->checks_until_ns[meter] > now_ns + (RECORDS_MAX - 1) * RECORD_COSTS_NS) {
		return "a meter takes 24 records of a check, and after that one an hour";
	}
	return NULL;
}

void mm_method_record_check(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct asked, meter, METER)},
		{MM_PARAMETER(struct asked, installer, TEXT), .mandatory = true, .min = 1, .max = INSTALLER_MAX},
		{MM_PARAMETER(struct asked, seals, ARRAY)},
		{MM_PARAMETER(struct asked, items, ARRAY), .mandatory = true},
	};
	struct mm_service *service = userdata;
	unsigned counts[STATE_COUNT] = {0};
	struct asked asked = {0};
	const char *busy;
	json_t *items;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	if (!are_seals(asked.seals)) {
		mm_call_invalid(call, "seals");
		return;
	}
	items = read_items(asked.items, mm_view_config(service->metering, (unsigned)asked.meter)->model.elements, counts);
	if (!items) {
		mm_call_invalid(call, "items");
		return;
	}
	busy = why_busy(service, asked.meter);
	if (busy) {
		json_decref(items);
		mm_call_busy(call, busy);
		return;
	}
	record(service, call, &asked, items, counts);
}
