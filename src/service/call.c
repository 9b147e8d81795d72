/* SPDX-License-Identifier: MIT */
#include "service/call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/period.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "core/units.h"

/* ---- Answers ---- */

/* That an answer can't be sent is dealt with where it happens: the call is gone all the same, and the connection fails. */
void mm_call_error(struct mm_varlink_call *call, const char *error, json_t *parameters)
{
	(void)mm_varlink_error(call, error, parameters);
}

void mm_call_invalid(struct mm_varlink_call *call, const char *parameter)
{
	(void)mm_varlink_invalid_parameter(call, parameter); /* as above */
}

static void refuse(struct mm_varlink_call *call, const char *error, const char *reason)
{
	mm_call_error(call, error, json_pack("{s:s}", "reason", reason));
}

void mm_call_reply(struct mm_varlink_call *call, json_t *reply)
{
	if (reply) {
		(void)mm_varlink_reply(call, reply, false); /* as above */
	} else {
		mm_call_busy(call, "out of memory");
	}
}

void mm_call_reply_text(struct mm_varlink_call *call, const struct mm_text *reply)
{
	if (!reply->failed) {
		(void)mm_varlink_reply_text(call, reply, false); /* as above */
	} else {
		mm_call_busy(call, "out of memory");
	}
}

void mm_call_busy(struct mm_varlink_call *call, const char *reason)
{
	refuse(call, "org.minimeter.Busy", reason);
}

void mm_call_not_permitted(struct mm_varlink_call *call, const char *reason)
{
	refuse(call, "org.minimeter.NotPermitted", reason);
}

void mm_call_store_failed(struct mm_varlink_call *call, const char *reason)
{
	refuse(call, "org.minimeter.RegisterFailed", reason);
}

/* ---- Parameters ---- */

/* The number of a meter by its name; -1: there is none. */
static int find_meter(const struct mm_metering *metering, const char *name)
{
	for (unsigned i = 0; i < mm_view_meter_count(metering); i++) {
		if (strcmp(mm_view_config(metering, i)->name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static bool in_range(double value, const struct mm_parameter *p)
{
	return value >= p->min && value <= p->max;
}

/* What is hidden would do something where it is printed, or make two names look the same. */
static bool is_text(const json_t *value, double min, double max)
{
	const char *text = json_string_value(value);
	size_t length = text ? strlen(text) : 0;

	return text && (double)length >= min && (double)length <= max && mm_utf8_is_plain(text) &&
	       (min < 1 || text[strspn(text, " ")] != '\0');
}

bool mm_call_is_text(const json_t *value, size_t max)
{
	return is_text(value, 1, (double)max);
}

static bool read_choice(const char *text, const struct mm_parameter *p, int *ret)
{
	for (int i = 0; i < (int)p->max && text; i++) {
		if (strcmp(p->choice(i), text) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool read_hash(const char *text, struct mm_call_hash *ret)
{
	ret->given = text && mm_hex_parse(text, ret->bytes, sizeof(ret->bytes)) == 0;
	return ret->given;
}

/* False: the value is not what the parameter may be. */
static bool read_value(const json_t *value, const struct mm_parameter *p, void *ret)
{
	const char *text = json_string_value(value);

	switch (p->kind) {
	case MM_PARAMETER_METERS:
	case MM_PARAMETER_METER:
	case MM_PARAMETER_ONE_METER:
		break; /* by read_meter() */
	case MM_PARAMETER_INTEGER:
		*(int64_t *)ret = json_integer_value(value);
		return json_is_integer(value) && in_range((double)json_integer_value(value), p);
	case MM_PARAMETER_NUMBER:
		*(double *)ret = json_number_value(value);
		return json_is_number(value) && in_range(json_number_value(value), p);
	case MM_PARAMETER_BOOLEAN:
		*(bool *)ret = json_is_true(value);
		return json_is_boolean(value);
	case MM_PARAMETER_TEXT:
		*(const char **)ret = text;
		return is_text(value, p->min, p->max);
	case MM_PARAMETER_TIME:
	case MM_PARAMETER_SPAN:
		break; /* by read_time() */
	case MM_PARAMETER_HASH:
		return read_hash(text, ret);
	case MM_PARAMETER_CHOICE:
		return read_choice(text, p, ret);
	case MM_PARAMETER_ARRAY:
		*(const json_t **)ret = value;
		return json_is_array(value);
	case MM_PARAMETER_OBJECT:
		*(const json_t **)ret = value;
		return json_is_object(value);
	}
	return false;
}

/* False after having answered. */
static bool read_meter(struct mm_varlink_call *call, const json_t *value, const struct mm_metering *metering,
		       const struct mm_parameter *p, int *ret)
{
	const char *name = json_string_value(value);

	if (!name) {
		mm_call_invalid(call, p->name);
		return false;
	}
	*ret = find_meter(metering, name);
	if (*ret < 0) {
		mm_call_error(call, "org.minimeter.NoSuchMeter", json_pack("{s:s}", "meter", name));
	}
	return *ret >= 0;
}

/* What is doubtful about a time of the zone, and what to write in its place. */
static void refuse_time(struct mm_varlink_call *call, const struct mm_metering *metering, const struct mm_parameter *p,
			const char *text, bool skipped, const int64_t readings[static 2])
{
	char early[MM_ZONE_TEXT_MAX], late[MM_ZONE_TEXT_MAX], reason[256];

	mm_zone_text(readings[0], early);
	mm_zone_text(readings[1], late);
	snprintf(reason, sizeof(reason), "%.32s %s in the time zone %s: write %s or %s", text,
		 skipped ? "is a time that clocks skip, when they are put forward," : "comes twice, when clocks are put back,",
		 mm_view_time_zone(metering), early, late);
	mm_call_error(call, "org.minimeter.AmbiguousTime",
		      json_pack("{s:s, s:s, s:[s, s]}", "parameter", p->name, "reason", reason, "readings", early, late));
}

/* False after having answered. ret: one int64_t, or those of a span. */
static bool read_time(struct mm_varlink_call *call, const json_t *value, const struct mm_metering *metering,
		      const struct mm_parameter *p, int64_t *ret)
{
	int64_t now_s = metering ? mm_clock_realtime(mm_view_clock(metering)) / MM_NS_PER_S : 0, readings[2];
	const char *text = json_string_value(value);
	struct mm_period period;
	int r = text ? mm_period_parse(text, now_s, &period, readings) : -EINVAL;

	if (r == -EINVAL) {
		mm_call_invalid(call, p->name);
		return false;
	}
	if (r < 0) {
		refuse_time(call, metering, p, text, r == -ENOENT, readings);
		return false;
	}
	ret[0] = period.from_s;
	if (p->kind == MM_PARAMETER_SPAN && period.unit <= MM_PERIOD_DAY) {
		ret[1] = period.to_s;
	}
	return true;
}

static bool is_mandatory(const struct mm_parameter *p, const struct mm_metering *metering)
{
	return p->mandatory || p->kind == MM_PARAMETER_METER ||
	       (p->kind == MM_PARAMETER_ONE_METER && mm_view_meter_count(metering) != 1);
}

static bool is_meter(const struct mm_parameter *p)
{
	return p->kind == MM_PARAMETER_METERS || p->kind == MM_PARAMETER_METER || p->kind == MM_PARAMETER_ONE_METER;
}

bool mm_call_has_come(struct mm_varlink_call *call, const struct mm_metering *metering, const char *parameter, int64_t time_s)
{
	char text[MM_ZONE_TEXT_MAX];

	if (time_s <= 0) {
		mm_call_invalid(call, parameter);
		return false;
	}
	if (time_s > mm_clock_realtime(mm_view_clock(metering)) / MM_NS_PER_S) {
		mm_call_error(call, "org.minimeter.NotYet", json_pack("{s:s}", "at", mm_zone_text(time_s, text)));
		return false;
	}
	return true;
}

bool mm_call_parameters(struct mm_varlink_call *call, const json_t *parameters, const struct mm_metering *metering,
			const struct mm_parameter *table, size_t count, void *ret)
{
	for (size_t i = 0; i < count; i++) {
		const struct mm_parameter *p = &table[i];
		const json_t *value = json_object_get(parameters, p->name);
		void *field = (char *)ret + p->offset;

		if ((!value || json_is_null(value)) && !is_mandatory(p, metering)) {
			continue;
		}
		if (is_meter(p)) {
			if (!read_meter(call, value, metering, p, field)) {
				return false;
			}
		} else if (p->kind == MM_PARAMETER_TIME || p->kind == MM_PARAMETER_SPAN) {
			if (!read_time(call, value, metering, p, field)) {
				return false;
			}
		} else if (!read_value(value, p, field)) {
			mm_call_invalid(call, p->name);
			return false;
		}
	}
	return true;
}
