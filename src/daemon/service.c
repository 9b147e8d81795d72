/* SPDX-License-Identifier: MIT */
/* Readings as JSON, and the calls that ask for them. Field names and units are those of org.minimeter.varlink. */
#include "daemon/service.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/units.h"

#define PROFILE_PAGE 200
#define EVENTS_PAGE_MAX 100
#define EVENTS_PAGE_DEFAULT 50
#define TEST_SECONDS_MAX 60

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Pieces of JSON ---- */

static double wh(int64_t uwh)
{
	return (double)uwh / (double)MM_UWH_PER_WH;
}

/* Steps of a display, not of an ADC: figures that a person or a bill can use, without the noise of a double's last digits. */
static json_t *figure(double value, double step)
{
	return json_real(isfinite(value) ? round(value / step) * step : 0.0);
}

/* RFC 3339 in UTC with milliseconds; null for no time at all. */
static json_t *time_json(int64_t realtime_ns)
{
	time_t seconds = (time_t)(realtime_ns / MM_NS_PER_S);
	char day[32], text[48];
	struct tm tm;

	if (realtime_ns <= 0 || !gmtime_r(&seconds, &tm)) {
		return json_null();
	}
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(realtime_ns % MM_NS_PER_S / MM_NS_PER_MS));
	return json_string(text);
}

/* Appends to array the names of the bits that are set. */
static void append_names(json_t *array, uint32_t bits, unsigned bit_count, const char *(*name)(uint32_t))
{
	for (unsigned bit = 0; bit < bit_count; bit++) {
		if (bits & (1u << bit)) {
			json_array_append_new(array, json_string(name(1u << bit)));
		}
	}
}

static const char *profile_status_name(uint32_t bit)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{MM_PROFILE_ERROR, "error"},
		{MM_PROFILE_CLOCK_INVALID, "clock-invalid"},
		{MM_PROFILE_DATA_INVALID, "data-invalid"},
		{MM_PROFILE_DST, "dst"},
		{MM_PROFILE_CLOCK_ADJUSTED, "clock-adjusted"},
		{MM_PROFILE_POWER_DOWN, "power-down"},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i].bit == bit) {
			return names[i].name;
		}
	}
	return "reserved";
}

/* An answer that could not be put together for want of memory is an error, never an empty object. */
static void reply(struct mm_varlink_call *call, json_t *parameters)
{
	if (parameters) {
		mm_varlink_reply(call, parameters, false);
	} else {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "out of memory"));
	}
}

/* ---- Meters ---- */

/* The front end may have gone silent since the meter's last window. */
static bool meter_valid(const struct mm_engine *engine, const struct mm_engine_meter *em)
{
	return engine->health == MM_HEALTH_OK && em->meter.health == MM_HEALTH_OK;
}

/* Faults in words: the front end's state, and every element's flags as "element1:reversed". */
static json_t *faults_json(const struct mm_engine *engine, const struct mm_engine_meter *em)
{
	json_t *faults = json_array();
	char text[64];

	if (engine->health != MM_HEALTH_OK) {
		snprintf(text, sizeof(text), "front-end-%s", mm_health_name(engine->health));
		json_array_append_new(faults, json_string(text));
	}
	for (unsigned e = 0; e < em->meter.config.model.elements; e++) {
		for (unsigned bit = 0; bit < MM_ELEMENT_FLAG_COUNT; bit++) {
			if (em->meter.element[e].flags & (1u << bit)) {
				snprintf(text, sizeof(text), "element%u-%s", e + 1, mm_element_flag_name(1u << bit));
				json_array_append_new(faults, json_string(text));
			}
		}
	}
	if (em->outputs_failing) {
		json_array_append_new(faults, json_string("outputs-failing"));
	}
	return faults;
}

static json_t *element_json(const struct mm_engine_meter *em, unsigned e)
{
	const struct mm_element_reading *r = &em->meter.element[e];
	const struct mm_registers *registers = &em->meter.registers;
	char name[24], input[2] = {(char)('A' + em->config->phase[e]), '\0'};
	json_t *flags = json_array();

	snprintf(name, sizeof(name), "element%u", e + 1);
	append_names(flags, r->flags, MM_ELEMENT_FLAG_COUNT, mm_element_flag_name);
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "name", name, "input", input,
			 "voltage_v", figure(r->voltage_v, 1e-3), "current_a", figure(r->current_a, 1e-4), "power_w",
			 figure(r->power_w, 1e-2), "reactive_var", figure(r->reactive_var, 1e-2), "apparent_va",
			 figure(r->apparent_va, 1e-2), "power_factor", figure(r->power_factor, 1e-4), "frequency_hz",
			 figure(r->frequency_hz, 1e-3), "registering", (int)r->registering, "flags", flags, "delivered_wh",
			 json_real(wh(registers->element_delivered[e].uwh)), "received_wh",
			 json_real(wh(registers->element_received[e].uwh)));
}

static json_t *display_json(const struct mm_engine_meter *em)
{
	char display[10];

	if (!em->config->model.lcd) {
		return json_null();
	}
	mm_meter_display(&em->meter, display);
	return json_string(display);
}

static json_t *meter_json(const struct mm_engine *engine, const struct mm_engine_meter *em)
{
	const struct mm_registers *registers = &em->meter.registers;
	int64_t now = mm_clock_boottime(engine->clock);
	int64_t age = now - (em->meter.window_end_ns ? em->meter.window_end_ns : engine->started_ns);
	json_t *elements = json_array();
	double power_w = 0;

	for (unsigned e = 0; e < em->meter.config.model.elements; e++) {
		json_array_append_new(elements, element_json(em, e));
		power_w += em->meter.element[e].power_w;
	}
	return json_pack(
		"{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:o}",
		"name", em->config->name, "serial", em->config->serial, "model", em->config->model.canonical, "valid",
		(int)meter_valid(engine, em), "age_s", figure((double)age / (double)MM_NS_PER_S, 1e-3), "time",
		time_json(mm_clock_realtime(engine->clock) - age), "delivered_wh", json_real(wh(registers->delivered.uwh)),
		"delivered_uwh", (json_int_t)registers->delivered.uwh, "received_wh", json_real(wh(registers->received.uwh)),
		"received_uwh", (json_int_t)registers->received.uwh, "lagging_varh", json_real(wh(registers->lagging.uwh)),
		"leading_varh", json_real(wh(registers->leading.uwh)), "max_demand_w", figure(registers->max_demand_w, 1e-2),
		"max_demand_time", time_json(registers->max_demand_s * MM_NS_PER_S), "power_w", figure(power_w, 1e-2), "display",
		display_json(em), "power_led", (int)em->level[MM_OUTPUT_LED_POWER], "load_led",
		(int)em->level[MM_OUTPUT_LED_LOAD], "reverse_led", (int)em->level[MM_OUTPUT_LED_REVERSE], "faults",
		faults_json(engine, em), "elements", elements);
}

/* The meter that the parameter "meter" names, or -1 for all of them; -2 after having answered with an error. */
static int meter_parameter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine)
{
	const json_t *value = json_object_get(parameters, "meter");
	const char *name = json_string_value(value);

	if (!value || json_is_null(value)) {
		return -1;
	}
	if (!name) {
		mm_varlink_invalid_parameter(call, "meter");
		return -2;
	}
	for (unsigned i = 0; i < engine->meter_count; i++) {
		if (strcmp(engine->meters[i].config->name, name) == 0) {
			return (int)i;
		}
	}
	mm_varlink_error(call, "org.minimeter.NoSuchMeter", json_pack("{s:s}", "meter", name));
	return -2;
}

/* {key: [one(meter) ...]} for one meter or all. */
static json_t *each_meter(const struct mm_engine *engine, int meter, const char *key,
			  json_t *(*one)(const struct mm_engine *, const struct mm_engine_meter *))
{
	json_t *array = json_array();

	for (unsigned i = 0; i < engine->meter_count; i++) {
		if (meter < 0 || (unsigned)meter == i) {
			json_array_append_new(array, one(engine, &engine->meters[i]));
		}
	}
	return json_pack("{s:o}", key, array);
}

/* ---- Read, and its streams ---- */

static void handle_read(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = meter_parameter(call, parameters, service->engine);
	json_t *readings;

	if (meter == -2) {
		return;
	}
	readings = each_meter(service->engine, meter, "meters", meter_json);
	if (!readings || !mm_varlink_call_more(call)) {
		reply(call, readings);
		return;
	}
	for (size_t i = 0; i < MM_STREAMS_MAX; i++) {
		struct mm_stream *stream = &service->streams[i];

		if (stream->call && mm_varlink_call_gone(stream->call)) {
			mm_varlink_call_unref(stream->call);
			stream->call = NULL;
		}
		if (!stream->call) {
			*stream = (struct mm_stream){.call = call, .meter = meter};
			mm_varlink_reply(call, readings, true);
			return;
		}
	}
	json_decref(readings);
	mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "too many streams are open"));
}

void mm_service_publish(struct mm_service *service)
{
	for (size_t i = 0; i < MM_STREAMS_MAX; i++) {
		struct mm_stream *stream = &service->streams[i];
		json_t *readings;

		if (!stream->call) {
			continue;
		}
		if (mm_varlink_call_gone(stream->call)) {
			mm_varlink_call_unref(stream->call);
			stream->call = NULL;
			continue;
		}
		readings = each_meter(service->engine, stream->meter, "meters", meter_json);
		if (readings) {
			/* A reader that is too slow misses this reading and gets the next. */
			(void)mm_varlink_reply(stream->call, readings, true);
		}
	}
}

void mm_service_done(struct mm_service *service)
{
	for (size_t i = 0; i < MM_STREAMS_MAX; i++) {
		if (service->streams[i].call) {
			mm_varlink_call_unref(service->streams[i].call);
			service->streams[i].call = NULL;
		}
	}
}

/* ---- Status ---- */

static const char *const front_end_advice[MM_HEALTH_COUNT] = {
	[MM_HEALTH_OK] = NULL,
	[MM_HEALTH_STARTING] = "wait for the first window; it takes about a second",
	[MM_HEALTH_ABSENT] =
		"check the front end's wiring, overlay and driver (iio_info), and uri and device in the configuration",
	[MM_HEALTH_STALE] = "check the SPI bus and the front end's supply; restart the board if it stays",
	[MM_HEALTH_FROZEN] = "the driver answers from its cache: systemctl restart minimeter-afe-prepare (sets the register "
			     "map's cache_bypass)",
	[MM_HEALTH_IMPLAUSIBLE] = "check voltage_divider, burden_ohm and the CT ratio in the configuration, then the wiring",
};

static json_t *condition_json(const struct mm_engine *engine, const struct mm_engine_condition *condition, const char *state,
			      const char *text)
{
	double since = (double)(mm_clock_boottime(engine->clock) - condition->since_ns) / (double)MM_NS_PER_S;

	return json_pack("{s:s, s:o, s:s?, s:s?}", "state", state, "since_s", figure(since, 1e-3), "reason",
			 condition->reason[0] ? condition->reason : NULL, "advice", text);
}

static json_t *meter_status_json(const struct mm_engine *engine, const struct mm_engine_meter *em)
{
	json_t *faults = faults_json(engine, em);

	return json_pack("{s:s, s:b, s:o}", "name", em->config->name, "ok", (int)(json_array_size(faults) == 0), "faults",
			 faults);
}

static void handle_status(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	struct mm_engine *engine = service->engine;
	struct mm_register_status status;
	json_t *meters = json_array();
	bool ok = engine->health == MM_HEALTH_OK && engine->register_error == 0;

	(void)parameters;
	mm_register_worker_status(engine->worker, &status);
	for (unsigned i = 0; i < engine->meter_count; i++) {
		json_t *meter = meter_status_json(engine, &engine->meters[i]);

		ok = ok && json_is_true(json_object_get(meter, "ok"));
		json_array_append_new(meters, meter);
	}
	reply(call, json_pack("{s:s, s:o, s:b, s:o, s:o, s:I, s:I, s:I, s:f, s:i, s:o}", "version", PACKAGE_VERSION, "uptime_s",
			      figure((double)(mm_clock_boottime(engine->clock) - engine->started_ns) / (double)MM_NS_PER_S, 1e-3),
			      "ok", (int)ok, "front_end",
			      condition_json(engine, &engine->front_end, mm_health_name(engine->health),
					     front_end_advice[engine->health]),
			      "register",
			      condition_json(engine, &engine->store, engine->register_error ? "failing" : "ok",
					     engine->register_error
						     ? "free or mend the disk that holds the register; metering goes on in memory"
						     : NULL),
			      "windows", (json_int_t)engine->windows, "missed_windows", (json_int_t)engine->missed, "commits",
			      (json_int_t)status.commits, "uncommitted_wh", wh(mm_engine_uncommitted_uwh(engine, &status)),
			      "clients", (int)service->clients, "meters", meters));
}

/* ---- Nameplate and outputs ---- */

static json_t *nameplate_json(const struct mm_engine *engine, const struct mm_engine_meter *em)
{
	const struct mm_model *model = &em->config->model;
	json_t *outputs = json_array();
	char ratio[32];

	(void)engine;
	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		int64_t kh = mm_output_kh_uwh(model, o);

		if (kh > 0) {
			json_array_append_new(outputs, json_pack("{s:s, s:f}", "name", mm_output_name(o), "kh_wh", wh(kh)));
		}
	}
	snprintf(ratio, sizeof(ratio), "%g:%g", model->ct_primary_a, model->ct_secondary_a);
	return json_pack("{s:s, s:s, s:s, s:i, s:f, s:f, s:s, s:i, s:b, s:s, s:o, s:o, s:s}", "name", em->config->name, "serial",
			 em->config->serial, "model", model->canonical, "elements", (int)model->elements, "rated_voltage_v",
			 model->rated_voltage_v, "rated_current_a", model->ct_primary_a, "ct_ratio", ratio, "ct_sets",
			 em->config->ct_sets, "display", (int)model->lcd, "frequency_hz", "50-60", "start_current_a",
			 figure(model->ct_primary_a * 0.001, 1e-3), "outputs", outputs, "version", PACKAGE_VERSION);
}

static void handle_nameplate(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = meter_parameter(call, parameters, service->engine);

	if (meter != -2) {
		reply(call, each_meter(service->engine, meter, "meters", nameplate_json));
	}
}

static void handle_outputs(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = meter_parameter(call, parameters, service->engine);
	json_t *outputs = json_array();

	if (meter == -2) {
		json_decref(outputs);
		return;
	}
	for (unsigned i = 0; i < service->engine->meter_count; i++) {
		const struct mm_engine_meter *em = &service->engine->meters[i];

		if (meter >= 0 && (unsigned)meter != i) {
			continue;
		}
		for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
			int64_t kh = mm_output_kh_uwh(&em->config->model, o);

			if (o < MM_OUTPUT_ENERGY_COUNT && kh == 0) {
				continue;
			}
			json_array_append_new(outputs,
					      json_pack("{s:s, s:s, s:s?, s:b, s:o, s:I}", "meter", em->config->name, "name",
							mm_output_name(o), "line",
							em->config->line[o].used ? em->config->line_text[o] : NULL, "level",
							(int)em->level[o], "kh_wh", kh > 0 ? json_real(wh(kh)) : json_null(),
							"edges", (json_int_t)em->edges[o]));
		}
	}
	reply(call, json_pack("{s:o}", "outputs", outputs));
}

/* ---- What the register answers: on its own thread, a page at a time ---- */

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

static json_t *meter_name_json(const struct mm_service *service, int meter)
{
	return meter < 0 || (unsigned)meter >= service->engine->meter_count
		       ? json_null()
		       : json_string(service->engine->meters[meter].config->name);
}

static void query_failed(struct query *query, int result)
{
	mm_varlink_error(query->call, "org.minimeter.RegisterFailed", json_pack("{s:s}", "reason", strerror(-result)));
	json_decref(query->items);
	free(query);
}

static void start_query(struct query *query, mm_register_query_fn run, mm_register_done_fn done)
{
	query->items = json_array();
	if (mm_register_worker_query(query->service->engine->worker, run, done, query) < 0) {
		mm_varlink_error(query->call, "org.minimeter.Busy",
				 json_pack("{s:s}", "reason", "too many queries wait for the register"));
		json_decref(query->items);
		free(query);
	}
}

static bool on_row(void *userdata, const struct mm_profile_row *row)
{
	struct query *query = userdata;
	json_t *flags = json_array();

	/* A page ends between two different instants, so that rows of one start (after a clock step) stay together. */
	if (json_array_size(query->items) >= PROFILE_PAGE && row->start_s != query->last_s) {
		json_decref(flags);
		return false;
	}
	append_names(flags, row->status, 8, profile_status_name);
	json_array_append_new(query->items,
			      json_pack("{s:o, s:i, s:i, s:o, s:f, s:f, s:f, s:f, s:f}", "start",
					time_json(row->start_s * MM_NS_PER_S), "duration_s", (int)row->duration_s, "status",
					(int)row->status, "flags", flags, "delivered_wh", wh(row->delivered_uwh), "received_wh",
					wh(row->received_uwh), "lagging_varh", wh(row->lagging_uvarh), "leading_varh",
					wh(row->leading_uvarh), "covered_s", (double)row->covered_ns / (double)MM_NS_PER_S));
	query->last_s = row->start_s;
	return true;
}

static int run_profile(struct mm_register *reg, void *userdata)
{
	struct query *query = userdata;

	return mm_register_profile(reg, query->meter, query->from_s, query->to_s, on_row, query);
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
	page = json_pack("{s:o, s:o}", "meter", meter_name_json(query->service, (int)query->meter), "intervals", query->items);
	query->items = NULL;
	if (page && more && !mm_varlink_call_gone(query->call)) {
		mm_varlink_call_when_drained(query->call, profile_drained, query);
		(void)mm_varlink_reply(query->call, page, true);
		return;
	}
	reply(query->call, page);
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

static void handle_profile(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = meter_parameter(call, parameters, service->engine);
	int64_t from_s = 0, to_s = INT64_MAX;
	struct query *query;

	if (meter == -2) {
		return;
	}
	if (meter == -1 && service->engine->meter_count > 1) {
		mm_varlink_invalid_parameter(call, "meter");
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
	query = calloc(1, sizeof(*query));
	if (!query) {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "out of memory"));
		return;
	}
	*query = (struct query){.service = service,
				.call = call,
				.meter = meter < 0 ? 0 : (unsigned)meter,
				.from_s = from_s,
				.to_s = to_s,
				.last_s = INT64_MIN};
	start_query(query, run_profile, profile_done);
}

static bool on_event(void *userdata, const struct mm_register_event *event)
{
	struct query *query = userdata;

	json_array_append_new(query->items,
			      json_pack("{s:I, s:o, s:f, s:o, s:s, s:s}", "id", (json_int_t)event->id, "time",
					time_json(event->realtime_ns), "boottime_s",
					(double)event->boottime_ns / (double)MM_NS_PER_S, "meter",
					meter_name_json(query->service, event->meter), "code", event->code, "text", event->text));
	return true;
}

static int run_events(struct mm_register *reg, void *userdata)
{
	struct query *query = userdata;

	return mm_register_events(reg, query->after_id, query->limit, query->newest, on_event, query);
}

static void events_done(int result, void *userdata)
{
	struct query *query = userdata;

	if (result < 0) {
		query_failed(query, result);
		return;
	}
	reply(query->call, json_pack("{s:o}", "events", query->items));
	free(query);
}

static void handle_events(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	const json_t *after = json_object_get(parameters, "after");
	const json_t *limit = json_object_get(parameters, "limit");
	json_int_t count = json_is_integer(limit) ? json_integer_value(limit) : EVENTS_PAGE_DEFAULT;
	struct query *query;

	if (after && !json_is_null(after) && !json_is_integer(after)) {
		mm_varlink_invalid_parameter(call, "after");
		return;
	}
	if ((limit && !json_is_null(limit) && !json_is_integer(limit)) || count < 1 || count > EVENTS_PAGE_MAX) {
		mm_varlink_invalid_parameter(call, "limit");
		return;
	}
	query = calloc(1, sizeof(*query));
	if (!query) {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "out of memory"));
		return;
	}
	*query = (struct query){.service = userdata,
				.call = call,
				.after_id = json_is_integer(after) ? json_integer_value(after) : 0,
				.limit = (unsigned)count,
				.newest = !json_is_integer(after)};
	start_query(query, run_events, events_done);
}

/* ---- Admin ---- */

static void handle_test_output(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	const char *output = json_string_value(json_object_get(parameters, "output"));
	const json_t *seconds = json_object_get(parameters, "seconds");
	int meter;

	if (!json_is_string(json_object_get(parameters, "meter"))) {
		mm_varlink_invalid_parameter(call, "meter");
		return;
	}
	meter = meter_parameter(call, parameters, service->engine);
	if (meter == -2) {
		return;
	}
	if (!output) {
		mm_varlink_invalid_parameter(call, "output");
		return;
	}
	if (!json_is_integer(seconds) || json_integer_value(seconds) < 1 || json_integer_value(seconds) > TEST_SECONDS_MAX) {
		mm_varlink_invalid_parameter(call, "seconds");
		return;
	}
	for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
		if (strcmp(mm_output_name(o), output) != 0) {
			continue;
		}
		if (mm_engine_test_output(service->engine, (unsigned)meter, o, (int)json_integer_value(seconds)) < 0) {
			mm_varlink_error(
				call, "org.minimeter.NotPermitted",
				json_pack("{s:s}", "reason", "this output counts energy: a test would put pulses on a bill"));
			return;
		}
		mm_varlink_reply(call, NULL, false);
		return;
	}
	mm_varlink_error(call, "org.minimeter.NoSuchOutput",
			 json_pack("{s:s, s:s}", "meter", service->engine->meters[meter].config->name, "output", output));
}

static void handle_not_here(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)parameters;
	(void)userdata;
	mm_varlink_error(call, "org.minimeter.NotPermitted", json_pack("{s:s}", "reason", "only on the admin socket"));
}

/* The read socket's methods, and after them those that the admin socket alone carries out. */
#define READ_METHODS                                                                                                             \
	{"org.minimeter.Read", handle_read}, {"org.minimeter.Status", handle_status},                                            \
		{"org.minimeter.GetNameplate", handle_nameplate}, {"org.minimeter.GetProfile", handle_profile},                  \
		{"org.minimeter.GetEvents", handle_events},                                                                      \
	{                                                                                                                        \
		"org.minimeter.GetOutputs", handle_outputs                                                                       \
	}

static const struct mm_varlink_method read_methods[] = {READ_METHODS, {"org.minimeter.TestOutput", handle_not_here}};
static const struct mm_varlink_method admin_methods[] = {READ_METHODS, {"org.minimeter.TestOutput", handle_test_output}};

void mm_service_init(struct mm_service *service, struct mm_engine *engine)
{
	*service = (struct mm_service){.engine = engine};
	service->read = (struct mm_varlink_service){
		.vendor = "minimeter",
		.product = "minimeterd",
		.version = PACKAGE_VERSION,
		.url = PACKAGE_URL,
		.interface = "org.minimeter",
		.description = mm_varlink_minimeter_interface,
		.methods = read_methods,
		.method_count = COUNT(read_methods),
		.userdata = service,
	};
	service->admin = service->read;
	service->admin.methods = admin_methods;
	service->admin.method_count = COUNT(admin_methods);
}
