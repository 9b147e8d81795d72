/* SPDX-License-Identifier: MIT */
#include "service/statement.h"

#include <errno.h>
#include <string.h>

#include "base/zone.h"
#include "core/units.h"
#include "service/json.h"

/* Intervals, or events, that a slice reads: a commit that comes meanwhile waits for it. */
#define SLICE 1000

static int find(struct mm_store *store, const struct mm_statement *s, int64_t at_s, struct mm_store_interval *ret)
{
	int r = mm_store_interval_at(store, (unsigned)s->meter, at_s, ret);

	return r == -ENOENT ? 0 : r;
}

static int begin(struct mm_store *store, struct mm_statement *s)
{
	struct mm_bill_energy registers, preset;
	struct mm_registers now;
	int r = mm_issued_find(store, (unsigned)s->meter, &(struct mm_store_period){s->from, s->to}, &s->issued);

	if (r == 0) {
		r = find(store, s, s->from, &s->start);
	}
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
	mm_demand_begin(&s->bill.demand, s->rates.terms.demand_s, s->rates.terms.sliding);
	s->after = s->start.id;
	s->stage = MM_STATEMENT_CLOCK;
	return 0;
}

static bool on_interval(void *userdata, const struct mm_store_interval *interval)
{
	struct mm_statement *s = userdata;
	struct mm_profile_row row = interval->row;

	row.start_s = mm_statement_time(s, &row);
	mm_bill_add(&s->bill, &row, mm_statement_rate(s, row.start_s));
	s->after = interval->id;
	return ++s->read < SLICE;
}

static bool on_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct mm_statement *s = userdata;

	(void)data;
	for (size_t i = 0; i < MM_STATEMENT_HAPPENINGS; i++) {
		s->happened[i] += (event->meter == s->meter || event->meter < 0) &&
				  strcmp(event->code, mm_statement_happenings[i].code) == 0;
	}
	s->after = event->id;
	s->read++;
	return true;
}

static int read_events(struct mm_store *store, struct mm_statement *s)
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

int mm_statement_slice(struct mm_store *store, struct mm_statement *s)
{
	int r = 0;

	s->read = 0;
	switch (s->stage) {
	case MM_STATEMENT_BEGIN:
		return begin(store, s);
	case MM_STATEMENT_CLOCK:
		r = mm_statement_read_clock(store, s);
		s->stage = MM_STATEMENT_INTERVALS;
		return r;
	case MM_STATEMENT_INTERVALS:
		r = mm_store_intervals(store, (unsigned)s->meter, s->after, s->end.id, on_interval, s);
		if (r == 0 && s->read < SLICE) {
			s->stage = MM_STATEMENT_EVENTS;
			s->after = 0;
		}
		return r;
	case MM_STATEMENT_EVENTS:
		r = read_events(store, s);
		s->stage = r == 0 && s->read < SLICE ? MM_STATEMENT_DONE : s->stage;
		return r;
	case MM_STATEMENT_DONE:
		break;
	}
	return r;
}

static json_t *reading_json(const struct mm_store_interval *interval)
{
	return interval->id > 0 ? mm_json_reading(interval) : json_null();
}

static json_t *figures_json(const struct mm_statement *s, const struct mm_metering *metering)
{
	const struct mm_config_meter *config = mm_view_config(metering, (unsigned)s->meter);
	const struct mm_bill *bill = &s->bill;
	const struct mm_bill_energy used = mm_bill_used(bill);
	const struct mm_demand_peak *peak = &bill->demand.peak;
	const struct mm_bill_energy preset = bill->preset_in ? bill->preset : (struct mm_bill_energy){0};

	return json_pack("{s:s, s:s, s:s, s:f, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:o}",
			 "meter", config->name, "serial", config->serial, "model", config->model.canonical, "multiplier",
			 config->multiplier, "version", PACKAGE_VERSION, "from", mm_json_time(s->from * MM_NS_PER_S), "to",
			 mm_json_time(s->to * MM_NS_PER_S), "start", reading_json(&s->start), "end", reading_json(&s->end),
			 "delivered_uwh", (json_int_t)used.delivered_uwh, "received_uwh", (json_int_t)used.received_uwh,
			 "preset_delivered_uwh", (json_int_t)preset.delivered_uwh, "preset_received_uwh",
			 (json_int_t)preset.received_uwh, "intervals", (json_int_t)bill->intervals, "seconds",
			 (json_int_t)(s->to - s->from), "uncovered_s", mm_statement_uncovered_s(s), "maximum_demand_w",
			 peak->end_s > 0 ? json_real(peak->w) : json_null(), "maximum_demand_time",
			 mm_json_time(peak->end_s * MM_NS_PER_S), "remarks", mm_statement_remarks(s), "issued",
			 mm_issued_json(&s->issued));
}

/* When the period begins and ends by the clocks of the zone. */
static void set_zone(json_t *statement, const struct mm_statement *s, const char *zone)
{
	char from[MM_ZONE_TEXT_MAX], to[MM_ZONE_TEXT_MAX];

	json_object_set_new(statement, "time_zone", json_string(zone));
	json_object_set_new(statement, "from_local", json_string(mm_zone_text(s->from, from)));
	json_object_set_new(statement, "to_local", json_string(mm_zone_text(s->to, to)));
}

json_t *mm_statement_json(const struct mm_statement *s, const struct mm_metering *metering)
{
	json_t *json = figures_json(s, metering);

	set_zone(json, s, mm_view_time_zone(metering));
	mm_statement_put_rates(json, s);
	return json;
}

void mm_statement_release(struct mm_statement *s)
{
	mm_issued_release(&s->issued);
}
