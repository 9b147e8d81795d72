/* SPDX-License-Identifier: MIT */
/* The calls of org.minimeter: parameters in, answers and streams out. */
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "service/acts.h"
#include "service/diagnose.h"
#include "service/history.h"
#include "service/identity.h"
#include "service/readings.h"
#include "service/trail.h"

#define TEST_SECONDS_MAX 60

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void mm_service_reply(struct mm_varlink_call *call, json_t *parameters)
{
	if (parameters) {
		mm_varlink_reply(call, parameters, false);
	} else {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "out of memory"));
	}
}

int mm_service_meter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine)
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
	for (unsigned i = 0; i < mm_view_meter_count(engine); i++) {
		if (strcmp(mm_view_config(engine, i)->name, name) == 0) {
			return (int)i;
		}
	}
	mm_varlink_error(call, "org.minimeter.NoSuchMeter", json_pack("{s:s}", "meter", name));
	return -2;
}

int mm_service_named_meter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine)
{
	int meter = mm_service_meter(call, parameters, engine);

	if (meter == -1) {
		mm_varlink_invalid_parameter(call, "meter");
		return -2;
	}
	return meter;
}

int mm_service_one_meter(struct mm_varlink_call *call, const json_t *parameters, const struct mm_engine *engine)
{
	if (mm_view_meter_count(engine) > 1) {
		return mm_service_named_meter(call, parameters, engine);
	}
	return mm_service_meter(call, parameters, engine) == -2 ? -2 : 0;
}

/* ---- Read, and its streams ---- */

static void handle_read(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_meter(call, parameters, service->engine);
	json_t *readings;

	if (meter == -2) {
		return;
	}
	readings = mm_readings_each(service->engine, meter, "meters", mm_readings_meter);
	if (!readings || !mm_varlink_call_more(call)) {
		mm_service_reply(call, readings);
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
	mm_calibrator_update(&service->calibrator);
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
		readings = mm_readings_each(service->engine, stream->meter, "meters", mm_readings_meter);
		if (readings) {
			/* A reader that is too slow misses this reading and gets the next. */
			(void)mm_varlink_reply(stream->call, readings, true);
		}
	}
}

void mm_service_done(struct mm_service *service)
{
	mm_acts_done(service);
	mm_calibrator_done(&service->calibrator);
	mm_harmonics_done(&service->harmonics);
	for (size_t i = 0; i < MM_STREAMS_MAX; i++) {
		if (service->streams[i].call) {
			mm_varlink_call_unref(service->streams[i].call);
			service->streams[i].call = NULL;
		}
	}
}
/* ---- The other readings ---- */

static void handle_status(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;

	(void)parameters;
	mm_service_reply(call, mm_readings_status(service->engine, service->clients));
}

static void handle_nameplate(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_meter(call, parameters, service->engine);

	if (meter != -2) {
		mm_service_reply(call, mm_readings_each(service->engine, meter, "meters", mm_readings_nameplate));
	}
}

static void handle_harmonics(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_meter(call, parameters, service->engine);

	if (meter != -2) {
		mm_harmonics_get(&service->harmonics, call, parameters, meter);
	}
}

static void handle_outputs(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_meter(call, parameters, service->engine);
	json_t *outputs = json_array();

	if (meter == -2) {
		json_decref(outputs);
		return;
	}
	for (unsigned i = 0; i < mm_view_meter_count(service->engine); i++) {
		for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
			bool has = o >= MM_OUTPUT_ENERGY_COUNT ||
				   mm_output_kh_uwh(&mm_view_config(service->engine, i)->model, o) > 0;

			if (has && (meter < 0 || (unsigned)meter == i)) {
				json_array_append_new(outputs, mm_readings_output(service->engine, i, o));
			}
		}
	}
	mm_service_reply(call, json_pack("{s:o}", "outputs", outputs));
}

/* ---- Admin ---- */

static void handle_test_output(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	const char *output = json_string_value(json_object_get(parameters, "output"));
	const json_t *seconds = json_object_get(parameters, "seconds");
	char who[MM_IDENTITY_MAX];
	int meter = mm_service_named_meter(call, parameters, service->engine);

	if (meter < 0) {
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
	mm_identity(mm_varlink_call_peer(call), MM_IDENTITY_PASSWD, who);
	for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
		if (strcmp(mm_output_name(o), output) != 0) {
			continue;
		}
		if (mm_engine_test_output(service->engine, (unsigned)meter, o, (int)json_integer_value(seconds), who) < 0) {
			mm_varlink_error(
				call, "org.minimeter.NotPermitted",
				json_pack("{s:s}", "reason", "this output counts energy: a test would put pulses on a bill"));
			return;
		}
		mm_varlink_reply(call, NULL, false);
		return;
	}
	mm_varlink_error(
		call, "org.minimeter.NoSuchOutput",
		json_pack("{s:s, s:s}", "meter", mm_view_config(service->engine, (unsigned)meter)->name, "output", output));
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
		{"org.minimeter.GetNameplate", handle_nameplate}, {"org.minimeter.GetProfile", mm_history_profile},              \
		{"org.minimeter.GetEvents", mm_history_events}, {"org.minimeter.GetOutputs", handle_outputs},                    \
		{"org.minimeter.GetHarmonics", handle_harmonics}, {"org.minimeter.Verify", mm_trail_verify},                     \
		{"org.minimeter.GetHead", mm_trail_head}, {"org.minimeter.Diagnose", mm_diagnose_call},                          \
	{                                                                                                                        \
		"org.minimeter.GetCalibration", mm_calibrator_get                                                                \
	}

static const struct mm_varlink_method read_methods[] = {
	READ_METHODS,
	{"org.minimeter.TestOutput", handle_not_here},
	{"org.minimeter.Preset", handle_not_here},
	{"org.minimeter.Correct", handle_not_here},
	{"org.minimeter.StartCalibration", handle_not_here},
	{"org.minimeter.MeasureCalibration", handle_not_here},
	{"org.minimeter.SetCalibrationReference", handle_not_here},
	{"org.minimeter.AcceptCalibration", handle_not_here},
	{"org.minimeter.CancelCalibration", handle_not_here},
	{"org.minimeter.ReturnCalibration", handle_not_here},
};
static const struct mm_varlink_method admin_methods[] = {
	READ_METHODS,
	{"org.minimeter.TestOutput", handle_test_output},
	{"org.minimeter.Preset", mm_acts_preset},
	{"org.minimeter.Correct", mm_acts_correct},
	{"org.minimeter.StartCalibration", mm_calibrator_start},
	{"org.minimeter.MeasureCalibration", mm_calibrator_measure},
	{"org.minimeter.SetCalibrationReference", mm_calibrator_reference},
	{"org.minimeter.AcceptCalibration", mm_calibrator_accept},
	{"org.minimeter.CancelCalibration", mm_calibrator_cancel},
	{"org.minimeter.ReturnCalibration", mm_calibrator_return},
};

void mm_service_init(struct mm_service *service, struct mm_engine *engine, struct mm_store_worker *worker)
{
	*service = (struct mm_service){.engine = engine, .worker = worker};
	mm_calibrator_init(&service->calibrator, engine, worker);
	service->harmonics.engine = engine;
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
