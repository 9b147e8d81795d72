/* SPDX-License-Identifier: MIT */
/* Harmonics on request: the front end is asked for one input at a time, and measures a whole window more for it. */
#include "base/count_of.h"
#include "core/units.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/methods.h"

/* A window that is whole and synchronous comes within two seconds of a line that is there. */
#define PATIENCE_NS (4 * MM_NS_PER_S)

struct request {
	struct mm_deferred deferred;
	int meter;
	int64_t element; /* 1 and up */
	unsigned front_end, input;
	int64_t until_ns; /* CLOCK_BOOTTIME */
};

static void report_has_come(struct mm_deferred *deferred);

static const struct mm_deferred_kind kind = {
	.wait = MM_WAIT_REPORT,
	.size = sizeof(struct request),
	.max = 8,
	.why = "too many ask for harmonics",
	.come = report_has_come,
};

static json_t *numbers(const double values[MM_HARMONICS_MAX])
{
	json_t *array = json_array();

	for (unsigned i = 0; i < MM_HARMONICS_MAX; i++) {
		json_array_append_new(array, json_real(values[i]));
	}
	return array;
}

static json_t *harmonics_json(const struct request *request, const struct mm_harmonics *harmonics)
{
	const struct mm_metering *metering = request->deferred.service->metering;
	const struct mm_meter *meter = mm_view_meter(metering, (unsigned)request->meter).meter;

	return json_pack("{s:s, s:i, s:f, s:f, s:f, s:o, s:o}", "meter", mm_view_config(metering, (unsigned)request->meter)->name,
			 "element", (int)request->element, "frequency_hz", meter->element[request->element - 1].frequency_hz,
			 "voltage_thd", harmonics->voltage_thd, "current_thd", harmonics->current_thd, "voltage_v",
			 numbers(harmonics->voltage_v), "current_a", numbers(harmonics->current_a));
}

static void report_has_come(struct mm_deferred *deferred)
{
	struct request *request = (struct request *)deferred;
	const struct mm_service *service = deferred->service;
	const struct mm_harmonics *harmonics = &service->harmonics;

	if (service->harmonics_known && service->reported == request->front_end && harmonics->input == request->input) {
		mm_deferred_reply(deferred, harmonics_json(request, harmonics));
	} else if (mm_clock_boottime(mm_view_clock(service->metering)) >= request->until_ns) {
		mm_call_busy(mm_deferred_take(deferred), "no whole window of a supply has come");
	}
}

/* The oldest request that waits for a front end; NULL: none does. */
static const struct request *next_request(const struct mm_service *service, unsigned front_end)
{
	for (const struct mm_deferred *next = service->waiting; next; next = next->next) {
		if (next->kind == &kind && ((const struct request *)next)->front_end == front_end) {
			return (const struct request *)next;
		}
	}
	return NULL;
}

void mm_service_report(struct mm_service *service, unsigned front_end)
{
	struct mm_front_end *thread = service->front_end[front_end];
	const struct request *next;

	service->reported = front_end;
	service->harmonics_known = thread && mm_front_end_take_harmonics(thread, &service->harmonics) &&
				   mm_view_front_end(service->metering, front_end).health == MM_HEALTH_OK;
	mm_deferred_come(service, MM_WAIT_REPORT);
	next = next_request(service, front_end);
	if (next) {
		mm_front_end_request_harmonics(thread, next->input);
	}
}

void mm_method_harmonics(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct request, meter, ONE_METER)},
		{MM_PARAMETER(struct request, element, INTEGER), .min = 1, .max = MM_ELEMENTS_MAX},
	};
	struct request asked = {.element = 1}, *request;
	struct mm_service *service = userdata;
	unsigned front_end;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	front_end = mm_view_config(service->metering, (unsigned)asked.meter)->front_end;
	if (asked.element > mm_view_config(service->metering, (unsigned)asked.meter)->model.elements) {
		mm_call_invalid(call, "element");
		return;
	}
	if (!service->front_end[front_end]) {
		mm_call_not_permitted(call, "this front end measures no harmonics: a waveform converter would");
		return;
	}
	if (mm_view_front_end(service->metering, front_end).health != MM_HEALTH_OK) {
		mm_call_busy(call, "the front end is not in order");
		return;
	}
	request = mm_deferred_new(service, call, &kind);
	if (request) {
		request->meter = asked.meter;
		request->element = asked.element;
		request->front_end = front_end;
		request->input = mm_view_meter(service->metering, (unsigned)asked.meter).meter->config.input[asked.element - 1];
		request->until_ns = mm_clock_boottime(mm_view_clock(service->metering)) + PATIENCE_NS;
		mm_front_end_request_harmonics(service->front_end[front_end], request->input);
	}
}
