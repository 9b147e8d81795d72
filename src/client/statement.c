/* SPDX-License-Identifier: MIT */
#include "client/statement.h"

#include <errno.h>

#include "base/count_of.h"
#include "client/private.h"

#define UWH_PER_WH 1000000

#define AT(kind, key, member)                                                                                                    \
	{                                                                                                                        \
		key, MM_FIELD_##kind, offsetof(struct mm_statement_view, member), false                                          \
	}
#define NULLABLE(kind, key, member)                                                                                              \
	{                                                                                                                        \
		key, MM_FIELD_##kind, offsetof(struct mm_statement_view, member), true                                           \
	}

static const struct mm_field fields[] = {
	AT(TEXT, "meter", meter),
	AT(TEXT, "serial", serial),
	AT(TEXT, "model", model),
	AT(TEXT, "version", version),
	AT(REAL, "multiplier", multiplier),
	AT(TIME, "from", from_ns),
	AT(TIME, "to", to_ns),
	AT(INTEGER, "delivered_uwh", delivered_uwh),
	AT(INTEGER, "received_uwh", received_uwh),
	AT(INTEGER, "preset_delivered_uwh", preset_delivered_uwh),
	AT(INTEGER, "preset_received_uwh", preset_received_uwh),
	NULLABLE(REAL, "maximum_demand_w", maximum_demand_w),
	NULLABLE(TIME, "maximum_demand_time", maximum_demand_ns),
	AT(REAL, "uncovered_s", uncovered_s),
};

/* Members that an answer can lack. */
static const struct mm_field extras[] = {
	NULLABLE(TEXT, "time_zone", time_zone), NULLABLE(INTEGER, "demand_s", demand_s),
	NULLABLE(TEXT, "tariff", tariff),	NULLABLE(TEXT, "currency", currency),
	NULLABLE(TEXT, "cost", cost),
};

static const struct mm_field reading_fields[] = {
	{"time", MM_FIELD_TIME, offsetof(struct mm_statement_reading, time_ns), true},
	{"interval", MM_FIELD_INTEGER, offsetof(struct mm_statement_reading, interval), true},
	{"hash", MM_FIELD_TEXT, offsetof(struct mm_statement_reading, hash), true},
	{"delivered_uwh", MM_FIELD_INTEGER, offsetof(struct mm_statement_reading, delivered_uwh), true},
	{"received_uwh", MM_FIELD_INTEGER, offsetof(struct mm_statement_reading, received_uwh), true},
};

static const struct mm_field rate_fields[] = {
	{"name", MM_FIELD_TEXT, offsetof(struct mm_statement_rate, name), false},
	{"delivered_uwh", MM_FIELD_INTEGER, offsetof(struct mm_statement_rate, delivered_uwh), false},
	{"received_uwh", MM_FIELD_INTEGER, offsetof(struct mm_statement_rate, received_uwh), false},
};

static const struct mm_field rate_extras[] = {
	{"price", MM_FIELD_TEXT, offsetof(struct mm_statement_rate, price), true},
	{"cost", MM_FIELD_TEXT, offsetof(struct mm_statement_rate, cost), true},
};

static const struct mm_field issued_fields[] = {
	AT(INTEGER, "page", page),
	AT(TIME, "time", issued_ns),
};

/* Those of the fields that the object has. */
static int read_present(const json_t *object, const struct mm_field *table, size_t count, void *ret, struct mm_error *error)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		if (json_object_get(object, table[i].key) != NULL) {
			r = mm_fields_read(object, &table[i], 1, ret, error);
		}
	}
	return r;
}

static int read_reading(const json_t *statement, const char *key, struct mm_statement_reading *ret, struct mm_error *error)
{
	const json_t *reading = json_object_get(statement, key);

	if (reading == NULL || (!json_is_object(reading) && !json_is_null(reading))) {
		return mm_fields_refuse(key, error);
	}
	ret->known = json_is_integer(json_object_get(reading, "interval"));
	return ret->known ? mm_fields_read(reading, reading_fields, COUNT_OF(reading_fields), ret, error) : 0;
}

static int read_rates(const json_t *rates, struct mm_statement_view *view, struct mm_error *error)
{
	json_t *rate;
	size_t i;
	int r = 0;

	if (json_array_size(rates) > MM_STATEMENT_RATES_MAX) {
		return mm_fields_refuse("rates", error);
	}
	json_array_foreach(rates, i, rate)
	{
		r = r == 0 ? mm_fields_read(rate, rate_fields, COUNT_OF(rate_fields), &view->rate[i], error) : r;
		r = r == 0 ? read_present(rate, rate_extras, COUNT_OF(rate_extras), &view->rate[i], error) : r;
		view->rate_count++;
	}
	return r;
}

int mm_statement_view_read(const json_t *statement, struct mm_statement_view *ret, struct mm_error *error)
{
	struct mm_statement_view view = {.remarks = json_object_get(statement, "remarks")};
	const json_t *issued = json_object_get(statement, "issued");
	int r = mm_fields_read(statement, fields, COUNT_OF(fields), &view, error);

	r = r == 0 ? read_present(statement, extras, COUNT_OF(extras), &view, error) : r;
	r = r == 0 ? read_reading(statement, "start", &view.start, error) : r;
	r = r == 0 ? read_reading(statement, "end", &view.end, error) : r;
	r = r == 0 ? read_rates(json_object_get(statement, "rates"), &view, error) : r;
	if (r == 0 && json_is_object(issued)) {
		r = mm_fields_read(issued, issued_fields, COUNT_OF(issued_fields), &view, error);
	}
	if (r < 0) {
		return r;
	}
	if (!view.start.known && view.end.known) {
		view.start.delivered_uwh = view.end.delivered_uwh - view.delivered_uwh - view.preset_delivered_uwh;
		view.start.received_uwh = view.end.received_uwh - view.received_uwh - view.preset_received_uwh;
	}
	view.has_demand = json_is_number(json_object_get(statement, "maximum_demand_w"));
	*ret = view;
	return 0;
}

int64_t mm_statement_whole_wh(int64_t uwh)
{
	return (uwh + (uwh < 0 ? -UWH_PER_WH / 2 : UWH_PER_WH / 2)) / UWH_PER_WH;
}

static int64_t used_wh(const struct mm_statement_view *s, int64_t start_uwh, int64_t end_uwh, int64_t preset_uwh)
{
	return s->end.known
		       ? mm_statement_whole_wh(end_uwh) - mm_statement_whole_wh(start_uwh) - mm_statement_whole_wh(preset_uwh)
		       : 0;
}

int64_t mm_statement_delivered_wh(const struct mm_statement_view *s)
{
	return used_wh(s, s->start.delivered_uwh, s->end.delivered_uwh, s->preset_delivered_uwh);
}

int64_t mm_statement_received_wh(const struct mm_statement_view *s)
{
	return used_wh(s, s->start.received_uwh, s->end.received_uwh, s->preset_received_uwh);
}
