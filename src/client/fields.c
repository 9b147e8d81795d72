/* SPDX-License-Identifier: MIT */
/* Members of JSON objects, each checked and put where it belongs. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/time_text.h"
#include "client/private.h"
#include "client/reading.h"
#include "core/units.h"

/* What is below it fits into 64 bits as millionths. */
#define MICRO_LIMIT 9e12

int mm_fields_refuse(const char *key, struct mm_error *error)
{
	return mm_error_set(
		error, -EBADMSG,
		"minimeterd's answer can't be used: '%s' is missing or is not as the interface says; is minimeterd of "
		"this version?",
		key);
}

static bool read_time(const char *text, int64_t *ret_ns)
{
	int64_t s;
	int32_t ns;

	if (text == NULL || mm_time_parse(text, &s, &ns) < 0 || s < 0 || s > INT64_MAX / MM_NS_PER_S - 1) {
		return false;
	}
	*ret_ns = s * MM_NS_PER_S + ns;
	return true;
}

static bool read_names(const json_t *array, struct mm_names *ret)
{
	size_t i;
	json_t *name;

	ret->count = 0;
	if (!json_is_array(array) || json_array_size(array) > MM_NAMES_MAX) {
		return false;
	}
	json_array_foreach(array, i, name)
	{
		if (!json_is_string(name)) {
			return false;
		}
		ret->name[ret->count++] = json_string_value(name);
	}
	return true;
}

static bool read_value(enum mm_field_kind kind, const json_t *value, void *at)
{
	switch (kind) {
	case MM_FIELD_TEXT:
		*(const char **)at = json_string_value(value);
		return json_is_string(value);
	case MM_FIELD_REAL:
		*(double *)at = json_number_value(value);
		return json_is_number(value);
	case MM_FIELD_INTEGER:
		*(int64_t *)at = json_integer_value(value);
		return json_is_integer(value);
	case MM_FIELD_MICRO:
		if (!json_is_number(value) || !(fabs(json_number_value(value)) < MICRO_LIMIT)) {
			return false;
		}
		*(int64_t *)at = llround(json_number_value(value) * 1e6);
		return true;
	case MM_FIELD_BOOL:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case MM_FIELD_TIME:
		return read_time(json_string_value(value), at);
	case MM_FIELD_NAMES:
		return read_names(value, at);
	}
	return false;
}

int mm_fields_read(const json_t *object, const struct mm_field *fields, size_t count, void *ret, struct mm_error *error)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, fields[i].key);
		bool null = fields[i].nullable && json_is_null(value);

		if (!null && !read_value(fields[i].kind, value, (char *)ret + fields[i].offset)) {
			return mm_fields_refuse(fields[i].key, error);
		}
	}
	return 0;
}

int mm_fields_read_rows(const json_t *rows, const struct mm_field *fields, size_t count, void *ret, size_t size,
			struct mm_error *error)
{
	int r = 0;

	for (size_t i = 0; i < json_array_size(rows) && r == 0; i++) {
		r = mm_fields_read(json_array_get(rows, i), fields, count, (char *)ret + i * size, error);
	}
	return r;
}
