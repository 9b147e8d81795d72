/* SPDX-License-Identifier: MIT */
/* What is measured now: readings, once or as a stream, the state of the meter, and its nameplates. */
#include "base/count_of.h"
#include "core/units.h"
#include "service/answer.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"

/* A Read call with "more". */
struct stream {
	struct mm_deferred deferred;
	int meter;	 /* -1: all */
	int64_t sent_ns; /* the latest, CLOCK_BOOTTIME */
};

/* Windows of several front ends come one after the other: who reads all meters gets them together about once a second. */
#define TOGETHER_NS (900 * MM_NS_PER_MS)

/*
 * The readings of a window as text: one for all streams of the meter, or of all meters (-1). Of 64 streams of 16 meters each
 * would be made 64 times.
 */
static const struct mm_text *shared_readings(struct mm_service *service, int meter)
{
	struct mm_text *text = &service->published[meter + 1];

	if (text->used == 0 && !text->failed) {
		mm_answer_meters(text, service->metering, meter);
	}
	return text;
}

static bool is_too_early(const struct stream *stream, int64_t now)
{
	const struct mm_service *service = stream->deferred.service;

	return mm_view_front_end_count(service->metering) > 1 && !service->health_changed && now - stream->sent_ns < TOGETHER_NS;
}

static void window_has_come(struct mm_deferred *deferred)
{
	struct stream *stream = (struct stream *)deferred;
	int64_t now = mm_clock_boottime(mm_view_clock(deferred->service->metering));

	if (!is_too_early(stream, now)) {
		stream->sent_ns = now;
		/* A reader that is too slow misses this reading and gets the next. */
		(void)mm_varlink_reply_text(deferred->call, shared_readings(deferred->service, stream->meter), true);
	}
}

/* False after having answered. */
static bool read_meter(struct mm_service *service, struct mm_varlink_call *call, const json_t *parameters, int *ret)
{
	static const struct mm_parameter table[] = {{.name = "meter", .kind = MM_PARAMETER_METERS}};

	*ret = -1;
	return mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), ret);
}

void mm_method_read(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_deferred_kind kind = {
		.wait = MM_WAIT_WINDOW,
		.size = sizeof(struct stream),
		.max = 64,
		.why = "too many streams are open",
		.come = window_has_come,
	};
	struct mm_service *service = userdata;
	struct mm_text text = {0};
	struct stream *stream;
	int meter;

	if (!read_meter(service, call, parameters, &meter)) {
		return;
	}
	mm_answer_meters(&text, service->metering, meter);
	if (!mm_varlink_call_more(call)) {
		mm_call_reply_text(call, &text);
	} else if ((stream = mm_deferred_new(service, call, &kind)) != NULL) {
		stream->meter = meter;
		stream->sent_ns = mm_clock_boottime(mm_view_clock(service->metering));
		(void)mm_varlink_reply_text(call, &text, true); /* where it does not fit, the next can */
	}
	mm_text_clear(&text);
}

void mm_method_status(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	const struct mm_service *service = userdata;

	(void)parameters;
	mm_call_reply(call, mm_json_status(service));
}

void mm_method_nameplate(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter;

	if (read_meter(service, call, parameters, &meter)) {
		mm_call_reply(call, mm_json_meters(service->metering, meter, mm_json_nameplate));
	}
}
