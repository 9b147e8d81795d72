/* SPDX-License-Identifier: MIT */
#include "client/interval.h"

#include <stddef.h>
#include <string.h>

#include "base/count_of.h"
#include "client/private.h"
#include "core/units.h"

struct row {
	int64_t start_ns;
	struct mm_interval interval;
};

static const struct mm_field fields[] = {
	{"id", MM_FIELD_INTEGER, offsetof(struct row, interval.id), false},
	{"start", MM_FIELD_TIME, offsetof(struct row, start_ns), false},
	{"duration_s", MM_FIELD_INTEGER, offsetof(struct row, interval.duration_s), false},
	{"delivered_uwh", MM_FIELD_INTEGER, offsetof(struct row, interval.delivered_uwh), false},
	{"received_uwh", MM_FIELD_INTEGER, offsetof(struct row, interval.received_uwh), false},
	{"covered_s", MM_FIELD_REAL, offsetof(struct row, interval.covered_s), false},
	{"register_delivered_uwh", MM_FIELD_INTEGER, offsetof(struct row, interval.register_delivered_uwh), true},
	{"register_received_uwh", MM_FIELD_INTEGER, offsetof(struct row, interval.register_received_uwh), true},
	{"flags", MM_FIELD_NAMES, offsetof(struct row, interval.flags), false},
};

int mm_interval_read(const json_t *json, struct mm_interval *ret, struct mm_error *error)
{
	struct row row = {0};
	int r = mm_fields_read(json, fields, COUNT_OF(fields), &row, error);

	if (r < 0) {
		return r;
	}
	if (row.interval.duration_s <= 0) {
		return mm_fields_refuse("duration_s", error);
	}
	row.interval.start_s = row.start_ns / MM_NS_PER_S;
	row.interval.has_registers = json_is_integer(json_object_get(json, "register_delivered_uwh")) &&
				     json_is_integer(json_object_get(json, "register_received_uwh"));
	*ret = row.interval;
	return 0;
}

bool mm_interval_is_doubtful(const struct mm_interval *interval)
{
	for (size_t i = 0; i < interval->flags.count; i++) {
		if (strcmp(interval->flags.name[i], "dst") != 0) {
			return true;
		}
	}
	return false;
}

/* The intervals of a page up to the last one that is wanted. *after_id becomes that of the last row; *ret_more: there are more.
 */
static int take_rows(const json_t *rows, const struct mm_interval_range *range, int64_t *after_id, bool *ret_more,
		     mm_interval_fn fn, void *userdata, struct mm_error *error)
{
	struct mm_interval interval;
	json_t *row;
	size_t i;
	int r;

	*ret_more = json_array_size(rows) > 0;
	json_array_foreach(rows, i, row)
	{
		r = mm_interval_read(row, &interval, error);
		if (r < 0) {
			return r;
		}
		if (interval.id <= *after_id) {
			return mm_fields_refuse("id", error);
		}
		if (interval.id > range->last_id) {
			*ret_more = false;
			return 0;
		}
		*after_id = interval.id;
		r = fn(userdata, &interval, error);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int each(const struct mm_interval_source *source, mm_interval_fn fn, void *userdata, struct mm_error *error)
{
	const struct mm_interval_range *range = source->of;
	int64_t after_id = range->after_id;
	bool more = true;
	int r = 0;

	while (r == 0 && more && after_id < range->last_id) {
		json_t *parameters = json_pack("{s:s, s:I}", "meter", range->meter, "after", (json_int_t)after_id), *answer;

		/* The first page says whether the register still has the history that the caller means. */
		if (after_id == range->after_id && range->after_hash != NULL) {
			json_object_set_new(parameters, "after_hash", json_string(range->after_hash));
		}
		r = mm_client_call(range->client, "org.minimeter.GetProfile", parameters, &answer, error);
		if (r == 0) {
			r = take_rows(json_object_get(answer, "intervals"), range, &after_id, &more, fn, userdata, error);
			json_decref(answer);
		}
	}
	return r;
}

struct mm_interval_source mm_interval_source_of(const struct mm_interval_range *range)
{
	return (struct mm_interval_source){.each = each, .of = range};
}
