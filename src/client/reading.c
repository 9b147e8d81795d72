/* SPDX-License-Identifier: MIT */
#include "client/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "client/private.h"

#define FIELD(type, key, kind, member)                                                                                           \
	{                                                                                                                        \
		key, MM_FIELD_##kind, offsetof(struct type, member), false                                                       \
	}
#define FIELD_OR_NULL(type, key, kind, member)                                                                                   \
	{                                                                                                                        \
		key, MM_FIELD_##kind, offsetof(struct type, member), true                                                        \
	}

static const struct mm_field element_fields[] = {
	FIELD(mm_reading_element, "name", TEXT, name),
	FIELD(mm_reading_element, "input", TEXT, input),
	FIELD(mm_reading_element, "voltage_v", REAL, voltage_v),
	FIELD(mm_reading_element, "current_a", REAL, current_a),
	FIELD(mm_reading_element, "power_w", REAL, power_w),
	FIELD(mm_reading_element, "reactive_var", REAL, reactive_var),
	FIELD(mm_reading_element, "apparent_va", REAL, apparent_va),
	FIELD(mm_reading_element, "power_factor", REAL, power_factor),
	FIELD(mm_reading_element, "frequency_hz", REAL, frequency_hz),
	FIELD(mm_reading_element, "registering", BOOL, registering),
	FIELD(mm_reading_element, "flags", NAMES, flags),
	FIELD(mm_reading_element, "delivered_wh", MICRO, delivered_uwh),
	FIELD(mm_reading_element, "received_wh", MICRO, received_uwh),
};

static const struct mm_field meter_fields[] = {
	FIELD(mm_reading, "name", TEXT, name),
	FIELD(mm_reading, "serial", TEXT, serial),
	FIELD(mm_reading, "model", TEXT, model),
	FIELD(mm_reading, "valid", BOOL, valid),
	FIELD(mm_reading, "age_s", REAL, age_s),
	FIELD_OR_NULL(mm_reading, "time", TIME, time_ns),
	FIELD(mm_reading, "delivered_uwh", INTEGER, delivered_uwh),
	FIELD(mm_reading, "received_uwh", INTEGER, received_uwh),
	FIELD(mm_reading, "lagging_varh", MICRO, lagging_uvarh),
	FIELD(mm_reading, "leading_varh", MICRO, leading_uvarh),
	FIELD(mm_reading, "max_demand_w", REAL, max_demand_w),
	FIELD_OR_NULL(mm_reading, "max_demand_time", TIME, max_demand_time_ns),
	FIELD(mm_reading, "power_w", REAL, power_w),
	FIELD_OR_NULL(mm_reading, "display", TEXT, display),
	FIELD(mm_reading, "power_led", BOOL, power_led),
	FIELD(mm_reading, "load_led", BOOL, load_led),
	FIELD(mm_reading, "reverse_led", BOOL, reverse_led),
	FIELD(mm_reading, "faults", NAMES, faults),
	FIELD(mm_reading, "corrections", NAMES, corrections),
};

static const struct mm_field output_fields[] = {
	FIELD(mm_output_state, "meter", TEXT, meter),		FIELD(mm_output_state, "name", TEXT, name),
	FIELD_OR_NULL(mm_output_state, "line", TEXT, line),	FIELD(mm_output_state, "level", BOOL, level),
	FIELD_OR_NULL(mm_output_state, "kh_wh", MICRO, kh_uwh), FIELD(mm_output_state, "edges", INTEGER, edges),
};

static const struct mm_field condition_fields[] = {
	FIELD(mm_condition, "state", TEXT, state),
	FIELD(mm_condition, "since_s", REAL, since_s),
	FIELD_OR_NULL(mm_condition, "reason", TEXT, reason),
	FIELD_OR_NULL(mm_condition, "advice", TEXT, advice),
};

static const struct mm_field status_fields[] = {
	FIELD(mm_daemon_status, "version", TEXT, version),
	FIELD(mm_daemon_status, "uptime_s", REAL, uptime_s),
	FIELD(mm_daemon_status, "ok", BOOL, ok),
};

static const struct mm_field interval_fields[] = {
	FIELD(mm_reading, "start", TIME, interval_ns),
	FIELD(mm_reading, "delivered_wh", MICRO, interval_uwh),
};

/* ---- Read ---- */

/* A daemon older than this answer has Mini Meters only. */
static double volts_of(const json_t *meter, const char *key, double mini_v)
{
	const json_t *value = json_object_get(meter, key);

	return json_is_number(value) ? json_number_value(value) : mini_v;
}

static int read_elements(const json_t *meter, struct mm_reading *ret, struct mm_error *error)
{
	const json_t *rows = json_object_get(meter, "elements");

	ret->element_count = json_array_size(rows);
	if (ret->element_count < 1 || ret->element_count > MM_ELEMENTS_MAX) {
		return mm_fields_refuse("elements", error);
	}
	return mm_fields_read_rows(rows, element_fields, COUNT_OF(element_fields), ret->element, sizeof(ret->element[0]), error);
}

int mm_readings_new(json_t *answer, struct mm_readings **ret, struct mm_error *error)
{
	const json_t *rows = json_object_get(answer, "meters");
	struct mm_readings *readings;
	size_t count = json_array_size(rows);
	int r;

	if (!json_is_array(rows)) {
		return mm_fields_refuse("meters", error);
	}
	readings = calloc(1, sizeof(*readings) + count * sizeof(readings->meter[0]));
	if (readings == NULL) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	readings->answer = json_incref(answer);
	readings->count = count;
	r = mm_fields_read_rows(rows, meter_fields, COUNT_OF(meter_fields), readings->meter, sizeof(readings->meter[0]), error);
	for (size_t i = 0; i < readings->count && r == 0; i++) {
		const json_t *row = json_array_get(rows, i), *interval = json_object_get(row, "interval");

		readings->meter[i].supply_min_v = volts_of(row, "supply_min_v", MM_SUPPLY_MIN_V);
		readings->meter[i].supply_max_v = volts_of(row, "supply_max_v", MM_SUPPLY_MAX_V);
		r = read_elements(row, &readings->meter[i], error);
		if (r == 0 && json_is_object(interval)) {
			r = mm_fields_read(interval, interval_fields, COUNT_OF(interval_fields), &readings->meter[i], error);
		}
	}
	if (r < 0) {
		mm_readings_free(readings);
		return r;
	}
	*ret = readings;
	return 0;
}

void mm_readings_free(struct mm_readings *readings)
{
	if (readings != NULL) {
		json_decref(readings->answer);
		free(readings);
	}
}

/* ---- GetOutputs ---- */

int mm_output_states_new(json_t *answer, struct mm_output_states **ret, struct mm_error *error)
{
	const json_t *rows = json_object_get(answer, "outputs");
	struct mm_output_states *outputs;
	size_t count = json_array_size(rows);
	int r;

	if (!json_is_array(rows)) {
		return mm_fields_refuse("outputs", error);
	}
	outputs = calloc(1, sizeof(*outputs) + count * sizeof(outputs->output[0]));
	if (outputs == NULL) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	outputs->answer = json_incref(answer);
	outputs->count = count;
	r = mm_fields_read_rows(rows, output_fields, COUNT_OF(output_fields), outputs->output, sizeof(outputs->output[0]), error);
	if (r < 0) {
		mm_output_states_free(outputs);
		return r;
	}
	*ret = outputs;
	return 0;
}

void mm_output_states_free(struct mm_output_states *outputs)
{
	if (outputs != NULL) {
		json_decref(outputs->answer);
		free(outputs);
	}
}

const struct mm_output_state *mm_output_states_find(const struct mm_output_states *outputs, const char *meter, const char *name)
{
	for (size_t i = 0; outputs != NULL && i < outputs->count; i++) {
		if (strcmp(outputs->output[i].meter, meter) == 0 && strcmp(outputs->output[i].name, name) == 0) {
			return &outputs->output[i];
		}
	}
	return NULL;
}

/* ---- Status ---- */

int mm_daemon_status_new(json_t *answer, struct mm_daemon_status **ret, struct mm_error *error)
{
	struct mm_daemon_status *status = calloc(1, sizeof(*status));
	int r;

	if (status == NULL) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	status->answer = json_incref(answer);
	r = mm_fields_read(answer, status_fields, COUNT_OF(status_fields), status, error);
	if (r == 0) {
		r = mm_fields_read(json_object_get(answer, "front_end"), condition_fields, COUNT_OF(condition_fields),
				   &status->front_end, error);
	}
	if (r == 0) {
		r = mm_fields_read(json_object_get(answer, "register"), condition_fields, COUNT_OF(condition_fields),
				   &status->store, error);
	}
	if (r < 0) {
		mm_daemon_status_free(status);
		return r;
	}
	*ret = status;
	return 0;
}

void mm_daemon_status_free(struct mm_daemon_status *status)
{
	if (status != NULL) {
		json_decref(status->answer);
		free(status);
	}
}
