/* SPDX-License-Identifier: MIT */
/* A statement: what was used in a period, and in words what is uncertain. Added up on the store's thread, a slice at a time. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "base/time_text.h"
#include "billing/bill.h"
#include "core/units.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"

/* Intervals, or events, that a slice reads: a commit that comes meanwhile waits for it. */
#define SLICE 1000

/* What happened to the meter or to the register that a bill has to say. */
static const struct {
	const char *code, *words;
} happenings[] = {
	{"preset", "the start reading was set"},
	{"correction", "the wiring was corrected by arithmetic, or that was ended"},
	{"calibration", "the meter was calibrated"},
	{"calibration-unrecorded", "a calibration is in force whose record is lost"},
	{"multiplier", "the multiplier was recorded or changed"},
	{"chip", "it was recorded that another chip serves the meter"},
	{"serial-corrected", "the serial number was put right"},
	{"recovered", "the register was recovered from its copy or a backup"},
	{"tampered", "the register was changed from outside"},
};

enum stage { STAGE_BEGIN, STAGE_INTERVALS, STAGE_EVENTS, STAGE_DONE };

struct statement {
	struct mm_deferred deferred;
	int meter;
	int64_t from, to; /* seconds */
	enum stage stage;
	struct mm_store_interval start, end; /* id 0: there is none */
	int64_t after;			     /* of the next slice: the id of an interval or an event */
	unsigned read;			     /* in this slice */
	struct mm_bill bill;
	int64_t happened[COUNT_OF(happenings)];
};

/* ---- On the store's thread ---- */

static int find(struct mm_store *store, const struct statement *s, int64_t at_s, struct mm_store_interval *ret)
{
	int r = mm_store_interval_at(store, (unsigned)s->meter, at_s, ret);

	return r == -ENOENT ? 0 : r;
}

static int begin(struct mm_store *store, struct statement *s)
{
	struct mm_bill_energy registers, preset;
	struct mm_registers now;
	int r = find(store, s, s->from, &s->start);

	if (r == 0) {
		r = find(store, s, s->to, &s->end);
	}
	if (r == 0) {
		r = mm_store_load(store, (unsigned)s->meter, &now);
	}
	if (r < 0) {
		return r;
	}
	registers = (struct mm_bill_energy){s->start.row.register_delivered_uwh, s->start.row.register_received_uwh};
	preset = (struct mm_bill_energy){now.preset_delivered_uwh, now.preset_received_uwh};
	mm_bill_begin(&s->bill, s->start.id > 0 ? &registers : NULL, &preset);
	s->after = s->start.id;
	s->stage = STAGE_INTERVALS;
	return 0;
}

static bool on_interval(void *userdata, const struct mm_store_interval *interval)
{
	struct statement *s = userdata;

	mm_bill_add(&s->bill, &interval->row);
	s->after = interval->id;
	return ++s->read < SLICE;
}

static bool on_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct statement *s = userdata;

	(void)data;
	for (size_t i = 0; i < COUNT_OF(happenings); i++) {
		s->happened[i] += (event->meter == s->meter || event->meter < 0) && strcmp(event->code, happenings[i].code) == 0;
	}
	s->after = event->id;
	s->read++;
	return true;
}

static int read_events(struct mm_store *store, struct statement *s)
{
	const struct mm_store_event_choice choice = {
		.after_id = s->after,
		.limit = SLICE,
		.meter = -1,
		.from_ns = s->from * MM_NS_PER_S,
		.to_ns = s->to * MM_NS_PER_S,
	};
	unsigned hidden;

	return mm_store_choose_events(store, &choice, on_event, s, &hidden);
}

static int run_slice(struct mm_store *store, void *userdata)
{
	struct statement *s = userdata;
	int r = 0;

	s->read = 0;
	switch (s->stage) {
	case STAGE_BEGIN:
		return begin(store, s);
	case STAGE_INTERVALS:
		r = mm_store_intervals(store, (unsigned)s->meter, s->after, s->end.id, on_interval, s);
		if (r == 0 && s->read < SLICE) {
			s->stage = STAGE_EVENTS;
			s->after = 0;
		}
		return r;
	case STAGE_EVENTS:
		r = read_events(store, s);
		s->stage = r == 0 && s->read < SLICE ? STAGE_DONE : s->stage;
		return r;
	case STAGE_DONE:
		break;
	}
	return r;
}

/* ---- In words ---- */

__attribute__((format(printf, 4, 5))) static void remark(json_t *remarks, const char *code, int64_t count, const char *format,
							 ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	if (count > 0) {
		json_array_append_new(remarks,
				      json_pack("{s:s, s:s, s:I}", "code", code, "words", words, "count", (json_int_t)count));
	}
}

#define DURATION_MAX 32

static const char *duration_text(double seconds, char ret[static DURATION_MAX])
{
	if (seconds < 2 * 60) {
		snprintf(ret, DURATION_MAX, "%.0f s", seconds);
	} else if (seconds < 2 * 3600) {
		snprintf(ret, DURATION_MAX, "%.0f min", seconds / 60);
	} else {
		snprintf(ret, DURATION_MAX, "%.1f h", seconds / 3600);
	}
	return ret;
}

static double kwh(int64_t uwh)
{
	return (double)uwh / (double)MM_UWH_PER_KWH;
}

static int64_t end_s(const struct mm_store_interval *interval)
{
	return interval->row.start_s + interval->row.duration_s;
}

/* The time of the period that no right window covers. */
static double uncovered_s(const struct statement *s)
{
	double missing = (double)(s->to - s->from) - (double)s->bill.covered_ns / MM_NS_PER_S;

	return missing > 0 ? missing : 0;
}

static void remarks_of_readings(const struct statement *s, json_t *remarks)
{
	char text[MM_TIME_TEXT_MAX];

	if (s->end.id == s->start.id) {
		remark(remarks, "no-interval", 1, "the meter registered nothing that is known in this period");
		return;
	}
	if (s->start.id == 0) {
		remark(remarks, "first", 1,
		       "the meter began in this period: the reading at the begin is that before its first interval");
	} else if (end_s(&s->start) != s->from) {
		remark(remarks, "begin", 1, "the reading at the begin is of %s: no interval ends at the begin of the period",
		       mm_time_text(end_s(&s->start), text));
	}
	if (end_s(&s->end) != s->to) {
		remark(remarks, "end", 1, "the reading at the end is of %s: no interval ends at the end of the period",
		       mm_time_text(end_s(&s->end), text));
	}
}

static void remarks_of_intervals(const struct statement *s, json_t *remarks)
{
	static const struct {
		uint32_t bit;
		const char *code, *words;
	} flags[] = {
		{MM_PROFILE_ERROR, "error", "the front end gave no right reading for some of the time"},
		{MM_PROFILE_POWER_DOWN, "power-down", "the meter had no power or did not run for some of the time"},
		{MM_PROFILE_CLOCK_INVALID, "clock-invalid", "the clock was not set at the begin"},
		{MM_PROFILE_CLOCK_ADJUSTED, "clock-adjusted", "the clock was set"},
	};
	char missing[DURATION_MAX], whole[DURATION_MAX];
	const struct mm_bill *bill = &s->bill;

	if (uncovered_s(s) > (double)(s->to - s->from) / 1000) {
		remark(remarks, "gap", bill->incomplete > 0 ? bill->incomplete : 1,
		       "%s of %s were not measured: energy that flowed then is in no reading",
		       duration_text(uncovered_s(s), missing), duration_text((double)(s->to - s->from), whole));
	}
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		int64_t count = bill->flagged[__builtin_ctz(flags[i].bit)];

		remark(remarks, flags[i].code, count, "in %" PRId64 " of %" PRId64 " intervals %s", count, bill->intervals,
		       flags[i].words);
	}
	if (bill->preset_in) {
		remark(remarks, "start-reading", 1,
		       "the readings have the start reading of the meter before, %.3f kWh, which is not in what was used",
		       kwh(bill->preset.delivered_uwh));
	}
	if (bill->unknown.delivered_uwh != 0 || bill->unknown.received_uwh != 0) {
		remark(remarks, "unprofiled", 1,
		       "%.6f kWh delivered and %.6f kWh received are in the readings, but in no interval",
		       kwh(bill->unknown.delivered_uwh), kwh(bill->unknown.received_uwh));
	}
}

static json_t *remarks_json(const struct statement *s)
{
	json_t *remarks = json_array();

	remarks_of_readings(s, remarks);
	remarks_of_intervals(s, remarks);
	for (size_t i = 0; i < COUNT_OF(happenings); i++) {
		remark(remarks, happenings[i].code, s->happened[i], "%s (%" PRId64 " event%s)", happenings[i].words,
		       s->happened[i], s->happened[i] == 1 ? "" : "s");
	}
	return remarks;
}

/* ---- The answer ---- */

static json_t *reading_json(const struct mm_store_interval *interval)
{
	return interval->id > 0 ? mm_json_reading(interval) : json_null();
}

static json_t *statement_json(const struct statement *s)
{
	const struct mm_config_meter *config = mm_view_config(s->deferred.service->metering, (unsigned)s->meter);
	const struct mm_bill *bill = &s->bill;
	const struct mm_bill_energy used = mm_bill_used(bill);
	const struct mm_bill_energy preset = bill->preset_in ? bill->preset : (struct mm_bill_energy){0};

	return json_pack("{s:s, s:s, s:s, s:f, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:o}",
			 "meter", config->name, "serial", config->serial, "model", config->model.canonical, "multiplier",
			 config->multiplier, "version", PACKAGE_VERSION, "from", mm_json_time(s->from * MM_NS_PER_S), "to",
			 mm_json_time(s->to * MM_NS_PER_S), "start", reading_json(&s->start), "end", reading_json(&s->end),
			 "delivered_uwh", (json_int_t)used.delivered_uwh, "received_uwh", (json_int_t)used.received_uwh,
			 "preset_delivered_uwh", (json_int_t)preset.delivered_uwh, "preset_received_uwh",
			 (json_int_t)preset.received_uwh, "intervals", (json_int_t)bill->intervals, "seconds",
			 (json_int_t)(s->to - s->from), "uncovered_s", uncovered_s(s), "maximum_demand_w",
			 bill->max_demand_s > 0 ? json_real(bill->max_demand_w) : json_null(), "maximum_demand_time",
			 mm_json_time(bill->max_demand_s * MM_NS_PER_S), "remarks", remarks_json(s));
}

static void slice_done(struct mm_deferred *deferred, int result)
{
	struct statement *s = (struct statement *)deferred;

	if (mm_varlink_call_gone(deferred->call)) {
		mm_varlink_call_unref(mm_deferred_take(deferred));
	} else if (result < 0) {
		mm_deferred_failed(deferred, result);
	} else if (s->stage != STAGE_DONE) {
		mm_deferred_query(deferred, run_slice, slice_done);
	} else {
		mm_deferred_reply(deferred, json_pack("{s:o}", "statement", statement_json(s)));
	}
}

void mm_method_statement(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct statement, meter, ONE_METER)},
		{MM_PARAMETER(struct statement, from, TIME), .mandatory = true},
		{MM_PARAMETER(struct statement, to, TIME), .mandatory = true},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct statement)};
	struct mm_service *service = userdata;
	struct statement asked = {0}, *s;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked) ||
	    !mm_call_has_come(call, service->metering, "to", asked.to)) {
		return;
	}
	if (asked.from <= 0 || asked.from >= asked.to) {
		mm_call_invalid(call, "from");
		return;
	}
	s = mm_deferred_new(service, call, &kind);
	if (s) {
		asked.deferred = s->deferred;
		*s = asked;
		mm_deferred_query(&s->deferred, run_slice, slice_done);
	}
}
