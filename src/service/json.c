/* SPDX-License-Identifier: MIT */
/* Field names and units are those of org.minimeter.varlink. */
#include "service/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "core/units.h"
#include "service/advice.h"
#include "service/answer.h"
#include "service/private.h"

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

json_t *mm_json_time(int64_t realtime_ns)
{
	char text[MM_TIME_TEXT_MAX];

	return realtime_ns > 0 ? json_string(mm_time_text_ms(realtime_ns, text)) : json_null();
}

/* ---- Meters ---- */

static void append_name(void *userdata, const char *name)
{
	json_array_append_new(userdata, json_string(name));
}

json_t *mm_json_faults(const struct mm_metering *metering, unsigned meter)
{
	json_t *faults = json_array();

	mm_each_fault(metering, meter, append_name, faults);
	return faults;
}

json_t *mm_json_meters(const struct mm_metering *metering, int meter, json_t *(*one)(const struct mm_metering *, unsigned meter))
{
	json_t *array = json_array();

	for (unsigned i = 0; i < mm_view_meter_count(metering); i++) {
		if (meter < 0 || (unsigned)meter == i) {
			json_array_append_new(array, one(metering, i));
		}
	}
	return json_pack("{s:o}", "meters", array);
}
/* ---- Status ---- */

static json_t *condition_json(const struct mm_metering *metering, int64_t since_ns, const char *reason, const char *state,
			      const char *text)
{
	double since = (double)(mm_clock_boottime(mm_view_clock(metering)) - since_ns) / (double)MM_NS_PER_S;

	return json_pack("{s:s, s:o, s:s?, s:s?}", "state", state, "since_s", figure(since, 1e-3), "reason",
			 reason[0] ? reason : NULL, "advice", text);
}

static json_t *meter_status_json(const struct mm_metering *metering, unsigned meter)
{
	json_t *faults = mm_json_faults(metering, meter);

	return json_pack("{s:s, s:b, s:o}", "name", mm_view_config(metering, meter)->name, "ok",
			 (int)(json_array_size(faults) == 0), "faults", faults);
}
/* ---- Nameplate and outputs ---- */

json_t *mm_json_nameplate(const struct mm_metering *metering, unsigned meter)
{
	const struct mm_registers *registers = &mm_view_meter(metering, meter).meter->registers;
	const struct mm_config_meter *config = mm_view_config(metering, meter);
	const struct mm_model *model = &config->model;
	json_t *outputs = json_array();
	char ratio[MM_CT_TEXT_MAX];
	struct mm_ct ct;

	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		int64_t kh = mm_output_kh_uwh(model, o);

		if (kh > 0) {
			json_array_append_new(outputs, json_pack("{s:s, s:f}", "name", mm_output_name(o), "kh_wh", wh(kh)));
		}
	}
	ct = mm_model_ct(model);
	mm_ct_format(&ct, ratio);
	return json_pack(
		"{s:s, s:s, s:s, s:i, s:s, s:f, s:f, s:f, s:f, s:s, s:i, s:f, s:b, s:s?, s:s, s:o, s:o, s:s, s:s?, s:I, s:f, "
		"s:f, s:o}",
		"name", config->name, "serial", config->serial, "model", model->canonical, "elements", (int)model->elements,
		"service", mm_wires_name(model->wires), "rated_voltage_v", model->rated_voltage_v, "rated_current_a",
		model->ct_primary_a, "class_a", model->ct_primary_a, "test_a", model->ct_primary_a * MM_TEST_CURRENT_RATIO,
		"ct_ratio", ratio, "ct_sets", config->ct_sets, "multiplier", config->multiplier, "display", (int)model->lcd,
		"lcd", config->lcd[0] ? config->lcd : NULL, "frequency_hz", "50-60", "start_current_a",
		figure(model->ct_primary_a * 0.001, 1e-3), "outputs", outputs, "version", PACKAGE_VERSION, "software_sha256",
		mm_view_program_sha256(metering), "calibration_version", (json_int_t)registers->calibration.number,
		"preset_delivered_wh", wh(registers->preset_delivered_uwh), "preset_received_wh",
		wh(registers->preset_received_uwh), "preset_time", mm_json_time(registers->preset_s * MM_NS_PER_S));
}
json_t *mm_json_output(const struct mm_metering *metering, unsigned meter, enum mm_output output)
{
	const struct mm_config_meter *config = mm_view_config(metering, meter);
	struct mm_view_meter view = mm_view_meter(metering, meter);
	int64_t kh = mm_output_kh_uwh(&config->model, output);

	return json_pack("{s:s, s:s, s:s?, s:b, s:o, s:I}", "meter", config->name, "name", mm_output_name(output), "line",
			 config->line[output].used ? config->line_text[output] : NULL, "level", (int)view.level[output], "kh_wh",
			 kh > 0 ? json_real(wh(kh)) : json_null(), "edges", (json_int_t)view.edges[output]);
}

static json_t *hash_json(const uint8_t hash[static MM_ROW_HASH_SIZE])
{
	char hex[MM_HEX_MAX(MM_ROW_HASH_SIZE)];

	return json_string(mm_hex(hash, MM_ROW_HASH_SIZE, hex));
}

json_t *mm_json_reading(const struct mm_store_interval *interval)
{
	const struct mm_profile_row *row = &interval->row;

	return json_pack("{s:o, s:I, s:o, s:I, s:I}", "time", mm_json_time((row->start_s + row->duration_s) * MM_NS_PER_S),
			 "interval", (json_int_t)interval->id, "hash", hash_json(interval->hash), "delivered_uwh",
			 (json_int_t)row->register_delivered_uwh, "received_uwh", (json_int_t)row->register_received_uwh);
}

/* What the file said last, which need not be what is in force. */
static json_t *configuration_json(const struct mm_service *service)
{
	const struct mm_config_verdict *verdict = &service->verdict;
	bool refused = verdict->reason.text[0] != '\0';

	return condition_json(service->metering,
			      verdict->since_ns > 0 ? verdict->since_ns : mm_view_started_ns(service->metering),
			      verdict->reason.text, refused ? "refused" : "ok", refused ? mm_advice_refused : NULL);
}

static json_t *health_json(const struct mm_metering *metering, const struct mm_view_front_end *front_end)
{
	return condition_json(metering, front_end->since_ns, front_end->reason, mm_health_name(front_end->health),
			      mm_advice_front_end(front_end->health, front_end->config->afe.uri));
}

/* A front end with its meters; adds its windows to those of all. */
static json_t *front_end_json(const struct mm_metering *metering, unsigned number, uint64_t *windows, uint64_t *missed)
{
	struct mm_view_front_end front_end = mm_view_front_end(metering, number);
	json_t *meters = json_array();

	for (unsigned i = 0; i < mm_view_meter_count(metering); i++) {
		const struct mm_config_meter *config = mm_view_config(metering, i);

		if (config->front_end == number) {
			json_array_append_new(meters, json_string(config->name));
		}
	}
	*windows += front_end.windows;
	*missed += front_end.missed;
	return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:I, s:I, s:o}", "name", front_end.name, "driver", front_end.config->driver,
			 "uri", front_end.config->afe.uri, "chip", front_end.chip[0] ? front_end.chip : NULL, "health",
			 health_json(metering, &front_end), "windows", (json_int_t)front_end.windows, "missed_windows",
			 (json_int_t)front_end.missed, "meters", meters);
}

json_t *mm_json_status(const struct mm_service *service)
{
	const struct mm_metering *metering = service->metering;
	struct mm_view_front_end front_end = mm_view_front_end(metering, mm_view_worst_front_end(metering));
	struct mm_view_store store = mm_view_store(metering);
	int64_t uptime_ns = mm_clock_boottime(mm_view_clock(metering)) - mm_view_started_ns(metering);
	json_t *meters = json_array(), *front_ends = json_array();
	uint64_t windows = 0, missed = 0;
	const char *store_state = store.error ? "failing" : store.mirror_error ? "copy-failing" : "ok";
	bool ok = front_end.health == MM_HEALTH_OK && store.error == 0 && store.mirror_error == 0;

	for (unsigned i = 0; i < mm_view_front_end_count(metering); i++) {
		json_array_append_new(front_ends, front_end_json(metering, i, &windows, &missed));
	}
	for (unsigned i = 0; i < mm_view_meter_count(metering); i++) {
		json_t *meter = meter_status_json(metering, i);

		ok = ok && json_is_true(json_object_get(meter, "ok"));
		json_array_append_new(meters, meter);
	}
	return json_pack("{s:s, s:o, s:b, s:o, s:o, s:o, s:I, s:I, s:I, s:f, s:i, s:o, s:o, s:b, s:s}", "version",
			 PACKAGE_VERSION, "uptime_s", figure((double)uptime_ns / (double)MM_NS_PER_S, 1e-3), "ok", (int)ok,
			 "front_end", health_json(metering, &front_end), "front_ends", front_ends, "register",
			 condition_json(metering, store.since_ns, store.reason, store_state,
					mm_advice_store(store.error, store.mirror_error)),
			 "windows", (json_int_t)windows, "missed_windows", (json_int_t)missed, "commits",
			 (json_int_t)store.commits, "uncommitted_wh", wh(store.uncommitted_uwh), "clients", (int)service->clients,
			 "meters", meters, "configuration", configuration_json(service), "clock_synchronized",
			 (int)mm_clock_synchronized(mm_view_clock(metering)), "time_zone", mm_view_time_zone(metering));
}

json_t *mm_json_constants(const struct mm_calibration *constants)
{
	return json_pack("{s:f, s:f, s:f}", "gain", constants->gain, "phase_deg", constants->phase_deg, "offset_w",
			 constants->offset_w);
}

json_t *mm_json_all_constants(const struct mm_calibration *constants, unsigned elements)
{
	json_t *array = json_array();

	for (unsigned e = 0; e < elements; e++) {
		json_array_append_new(array, mm_json_constants(&constants[e]));
	}
	return array;
}
