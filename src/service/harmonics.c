/* SPDX-License-Identifier: MIT */
#include "service/harmonics.h"

#include "core/units.h"

/* A window that is whole and synchronous comes within two seconds of a line that is there. */
#define PATIENCE_NS (4 * MM_NS_PER_S)

static json_t *numbers(const double values[MM_HARMONICS_MAX])
{
	json_t *array = json_array();

	for (unsigned i = 0; i < MM_HARMONICS_MAX; i++) {
		json_array_append_new(array, json_real(values[i]));
	}
	return array;
}

static void refuse(struct mm_varlink_call *call, const char *error, const char *reason)
{
	mm_varlink_error(call, error, json_pack("{s:s}", "reason", reason));
}

static void answer(struct mm_harmonics_desk *desk, struct mm_harmonics_call *waiting, const struct mm_harmonics *harmonics)
{
	const struct mm_meter *meter = mm_view_meter(desk->engine, waiting->meter).meter;

	mm_varlink_reply(waiting->call,
			 json_pack("{s:s, s:i, s:f, s:f, s:f, s:o, s:o}", "meter",
				   mm_view_config(desk->engine, waiting->meter)->name, "element", waiting->element + 1,
				   "frequency_hz", meter->element[waiting->element].frequency_hz, "voltage_thd",
				   harmonics->voltage_thd, "current_thd", harmonics->current_thd, "voltage_v",
				   numbers(harmonics->voltage_v), "current_a", numbers(harmonics->current_a)),
			 false);
	waiting->call = NULL;
}

void mm_harmonics_update(struct mm_harmonics_desk *desk)
{
	int64_t now = mm_clock_boottime(mm_view_clock(desk->engine));
	const struct mm_harmonics_call *next = NULL;
	struct mm_harmonics harmonics;
	bool any = desk->front_end && mm_front_end_take_harmonics(desk->front_end, &harmonics) &&
		   mm_view_front_end(desk->engine).health == MM_HEALTH_OK;

	for (unsigned i = 0; i < MM_HARMONICS_CALLS_MAX; i++) {
		struct mm_harmonics_call *waiting = &desk->calls[i];

		if (!waiting->call) {
			continue;
		}
		if (mm_varlink_call_gone(waiting->call)) {
			mm_varlink_call_unref(waiting->call);
			waiting->call = NULL;
		} else if (any && harmonics.input == waiting->input) {
			answer(desk, waiting, &harmonics);
		} else if (now >= waiting->until_ns) {
			refuse(waiting->call, "org.minimeter.Busy", "no whole window of a supply has come");
			waiting->call = NULL;
		} else if (!next) {
			next = waiting;
		}
	}
	if (next) {
		mm_front_end_want_harmonics(desk->front_end, next->input);
	}
}

/* Has it wait, where there is room. */
static void queue(struct mm_harmonics_desk *desk, struct mm_varlink_call *call, unsigned meter, unsigned element)
{
	for (unsigned i = 0; i < MM_HARMONICS_CALLS_MAX; i++) {
		struct mm_harmonics_call *waiting = &desk->calls[i];

		if (!waiting->call) {
			*waiting = (struct mm_harmonics_call){
				.call = call,
				.meter = meter,
				.element = element,
				.input = mm_view_meter(desk->engine, meter).meter->config.input[element],
				.until_ns = mm_clock_boottime(mm_view_clock(desk->engine)) + PATIENCE_NS,
			};
			mm_front_end_want_harmonics(desk->front_end, waiting->input);
			return;
		}
	}
	refuse(call, "org.minimeter.Busy", "too many ask for harmonics");
}

void mm_harmonics_get(struct mm_harmonics_desk *desk, struct mm_varlink_call *call, const json_t *parameters, int meter_index)
{
	const json_t *element = json_object_get(parameters, "element");
	json_int_t number = element && !json_is_null(element) ? json_integer_value(element) : 1;
	unsigned meter = meter_index < 0 ? 0 : (unsigned)meter_index;

	if (meter_index < 0 && mm_view_meter_count(desk->engine) != 1) {
		mm_varlink_invalid_parameter(call, "meter");
	} else if (number < 1 || number > (json_int_t)mm_view_config(desk->engine, meter)->model.elements) {
		mm_varlink_invalid_parameter(call, "element");
	} else if (!desk->front_end) {
		refuse(call, "org.minimeter.NotPermitted", "this front end measures no harmonics: a waveform converter would");
	} else if (mm_view_front_end(desk->engine).health != MM_HEALTH_OK) {
		refuse(call, "org.minimeter.Busy", "the front end is not in order");
	} else {
		queue(desk, call, meter, (unsigned)number - 1);
	}
}

void mm_harmonics_done(struct mm_harmonics_desk *desk)
{
	for (unsigned i = 0; i < MM_HARMONICS_CALLS_MAX; i++) {
		if (desk->calls[i].call) {
			mm_varlink_call_unref(desk->calls[i].call);
			desk->calls[i].call = NULL;
		}
	}
}
