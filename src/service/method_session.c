/* SPDX-License-Identifier: MIT */
/* The session's methods: it is started, measured, given references, and cancelled. */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/count_of.h"
#include "core/units.h"
#include "service/advice.h"
#include "service/call.h"
#include "service/methods.h"
#include "service/session.h"

#define MEASURE_SECONDS_MIN 5
#define MEASURE_SECONDS_MAX 3600
/* A window counts when it is all but whole: the last one ends a hair before the second is full, by the chip's clock. */
#define SECONDS_SLACK 1e-3

static void reply_session(const struct mm_session *session, struct mm_varlink_call *call)
{
	mm_call_reply(call, json_pack("{s:o}", "session", mm_session_json(session)));
}

/* Refuses what core found wrong with a measurement of a point, or with its reference. */
static void refuse_run(const struct mm_session *session, struct mm_varlink_call *call, enum mm_calibration_fault fault,
		       const struct mm_calibration_run *run, enum mm_calibration_point point, double reference_w)
{
	const struct mm_advice_point advice_point = {
		.model = mm_session_model(session),
		.constants = &mm_session_in_force(session)[session->element],
		.element = session->element,
		.run = run,
		.point = point,
		.reference_w = reference_w,
	};
	char reason[MM_ADVICE_REASON_MAX];
	const char *advice = mm_advice_calibration(fault, &advice_point, reason);

	mm_session_refuse(call, reason, advice);
}

/* ---- Start and end ---- */

static int set_name(struct mm_session *session)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
		return -errno;
	}
	snprintf(session->name, sizeof(session->name), "%016" PRIx64, number);
	return 0;
}

struct start {
	int meter;
	int64_t element;
};

static void start(struct mm_service *service, struct mm_varlink_call *call, const struct start *asked)
{
	struct mm_session *session = calloc(1, sizeof(*session));

	if (!session || set_name(session) < 0) {
		free(session);
		mm_call_busy(call, "no random number for a session");
		return;
	}
	session->metering = service->metering;
	session->meter = (unsigned)asked->meter;
	session->element = (unsigned)asked->element - 1;
	session->started_ns = mm_clock_realtime(mm_view_clock(service->metering));
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, session->user);
	service->session = session;
	reply_session(session, call);
}

void mm_method_start_calibration(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct start, meter, METER)},
		{MM_PARAMETER(struct start, element, INTEGER), .mandatory = true, .min = 1, .max = MM_ELEMENTS_MAX},
	};
	struct mm_service *service = userdata;
	const struct mm_meter *meter;
	struct start asked;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	meter = mm_view_meter(service->metering, (unsigned)asked.meter).meter;
	if (asked.element > meter->config.model.elements) {
		mm_call_invalid(call, "element");
		return;
	}
	if (!mm_session_is_idle(service, call)) {
		return;
	}
	if (meter->registers.correction != 0) {
		mm_session_refuse(call, "the wiring of this meter is corrected by arithmetic",
				  "put the wires right and end the correction with 'minimeterctl correct'; then calibrate");
		return;
	}
	start(service, call, &asked);
}

void mm_method_cancel_calibration(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;

	(void)parameters;
	if (service->storing) {
		mm_call_busy(call, "a record is being stored");
		return;
	}
	if (service->session && service->session->measurement) {
		mm_session_refuse(mm_deferred_take(&service->session->measurement->deferred), "the session was cancelled",
				  "start again: nothing has changed");
	}
	mm_session_end(service);
	mm_call_reply(call, json_object());
}

/* ---- Measuring ---- */

static const char *point_name(int point)
{
	return mm_calibration_point_name((enum mm_calibration_point)point);
}

static const char *stage_name(int stage)
{
	return stage == MM_CALIBRATION_FOUND ? "found" : "left";
}

/* A point of the session in a call: what MeasureCalibration and SetCalibrationReference have in common. */
struct point {
	const char *session;
	int stage, point;
	int64_t seconds; /* of the one */
	double power_w;	 /* of the other */
};

#define POINT_PARAMETERS                                                                                                         \
	{MM_PARAMETER(struct point, session, TEXT), .mandatory = true, .max = INFINITY},                                         \
		{MM_PARAMETER(struct point, stage, CHOICE), .mandatory = true, .max = MM_CALIBRATION_STAGE_COUNT,                \
		 .choice = stage_name},                                                                                          \
	{                                                                                                                        \
		MM_PARAMETER(struct point, point, CHOICE), .mandatory = true, .max = MM_CALIBRATION_POINT_COUNT,                 \
							   .choice = point_name                                                  \
	}

/* The session that may take this point; NULL after having answered. */
static struct mm_session *find_session(struct mm_service *service, struct mm_varlink_call *call, const struct point *asked)
{
	struct mm_session *session = mm_session_find(service, call, asked->session);

	if (session && asked->stage == MM_CALIBRATION_LEFT && !session->solved) {
		mm_session_refuse(call, "nothing is proposed yet", "take full load as found first, and give its reference");
		return NULL;
	}
	return session;
}

static json_t *measured_json(const struct mm_session *session, const struct mm_session_measurement *measurement)
{
	const struct mm_calibration_mean *mean = &measurement->run.element[session->element];
	double apparent_va = mean->voltage_v * mean->current_a;

	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "windows", (json_int_t)measurement->run.windows, "seconds",
			 measurement->run.seconds, "voltage_v", mean->voltage_v, "current_a", mean->current_a, "power_w",
			 mm_calibration_power(mm_session_constants(session, measurement->stage), mm_session_model(session), mean),
			 "power_factor", apparent_va > 0 ? mean->active_w / apparent_va : 0, "spread_percent",
			 100 * mm_calibration_spread(&measurement->run, session->element));
}

static void release_measurement(struct mm_deferred *deferred)
{
	deferred->service->session->measurement = NULL;
}

/* Ends the measurement with all its windows: taken, or refused. */
static void finish(struct mm_session *session, struct mm_session_measurement *measurement)
{
	struct mm_calibration_run run = measurement->run;
	enum mm_calibration_point point = measurement->point;
	enum mm_calibration_fault fault = mm_calibration_judge_run(&run, session->element, point, mm_session_model(session));

	if (fault != MM_CALIBRATION_FINE) {
		refuse_run(session, mm_deferred_take(&measurement->deferred), fault, &run, point, 0);
		return;
	}
	session->run[measurement->stage][point] = run;
	mm_deferred_reply(&measurement->deferred, measured_json(session, measurement));
}

/* Ends the measurement where the meter itself does not measure. */
static bool is_disturbed(struct mm_session_measurement *measurement, const struct mm_view_front_end *front_end)
{
	char reason[96];

	if (front_end->health != MM_HEALTH_OK) {
		snprintf(reason, sizeof(reason), "the front end is %s", mm_health_name(front_end->health));
		mm_session_refuse(mm_deferred_take(&measurement->deferred), reason,
				  "see 'minimeterctl status', and measure again when it is in order");
		return true;
	}
	if (front_end->windows != measurement->windows && front_end->window->missed > 0) {
		mm_session_refuse(mm_deferred_take(&measurement->deferred), "windows were missed while it measured",
				  "measure again");
		return true;
	}
	return false;
}

static void window_has_come(struct mm_deferred *deferred)
{
	struct mm_session_measurement *measurement = (struct mm_session_measurement *)deferred;
	struct mm_session *session = deferred->service->session;
	const struct mm_meter_config *config = &mm_view_meter(session->metering, session->meter).meter->config;
	struct mm_view_front_end front_end = mm_view_front_end_of(session->metering, session->meter);

	if (is_disturbed(measurement, &front_end) || front_end.windows == measurement->windows) {
		return;
	}
	measurement->windows = front_end.windows;
	if (front_end.window->start_ns < measurement->from_ns) {
		return;
	}
	mm_calibration_add(&measurement->run, &config->model, config->input, front_end.window);
	if (measurement->run.seconds >= measurement->seconds - SECONDS_SLACK) {
		finish(session, measurement);
	} else if (mm_varlink_call_more(deferred->call)) {
		/* A reader that is too slow misses this one and gets the next. */
		(void)mm_varlink_reply(deferred->call, measured_json(session, measurement), true);
	}
}

/* Is the front end in order? False after having refused. */
static bool is_in_order(const struct mm_session *session, struct mm_varlink_call *call)
{
	struct mm_view_front_end front_end = mm_view_front_end_of(session->metering, session->meter);
	int64_t since_s = (mm_clock_boottime(mm_view_clock(session->metering)) - front_end.since_ns) / MM_NS_PER_S;
	char reason[128];

	if (front_end.health == MM_HEALTH_OK) {
		return true;
	}
	snprintf(reason, sizeof(reason), "the front end has been %s for %d s", mm_health_name(front_end.health), (int)since_s);
	mm_session_refuse(call, reason, "see 'minimeterctl status', and measure after that");
	return false;
}

void mm_method_measure_calibration(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		POINT_PARAMETERS,
		{MM_PARAMETER(struct point, seconds, INTEGER), .mandatory = true, .min = MEASURE_SECONDS_MIN,
		 .max = MEASURE_SECONDS_MAX},
	};
	static const struct mm_deferred_kind kind = {
		.wait = MM_WAIT_WINDOW,
		.size = sizeof(struct mm_session_measurement),
		.come = window_has_come,
		.release = release_measurement,
	};
	struct mm_service *service = userdata;
	struct mm_session_measurement *measurement;
	struct mm_session *session;
	struct point asked;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	session = find_session(service, call, &asked);
	if (!session || !is_in_order(session, call)) {
		return;
	}
	measurement = mm_deferred_new(service, call, &kind);
	if (measurement) {
		measurement->stage = (enum mm_calibration_stage)asked.stage;
		measurement->point = (enum mm_calibration_point)asked.point;
		measurement->seconds = (double)asked.seconds;
		measurement->from_ns = mm_clock_boottime(mm_view_clock(session->metering));
		measurement->windows = mm_view_front_end_of(session->metering, session->meter).windows;
		session->measurement = measurement;
	}
}

void mm_method_calibration_reference(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		POINT_PARAMETERS,
		{MM_PARAMETER(struct point, power_w, NUMBER), .mandatory = true, .min = DBL_TRUE_MIN, .max = INFINITY},
	};
	const struct mm_calibration_run *run;
	struct mm_service *service = userdata;
	enum mm_calibration_stage stage;
	enum mm_calibration_point point;
	enum mm_calibration_fault fault;
	struct mm_session *session;
	struct point asked;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	session = find_session(service, call, &asked);
	if (!session) {
		return;
	}
	stage = (enum mm_calibration_stage)asked.stage;
	point = (enum mm_calibration_point)asked.point;
	run = &session->run[stage][point];
	if (run->windows == 0) {
		mm_session_refuse(call, "this point has not been measured", "measure it first");
		return;
	}
	fault = mm_session_take_reference(session, stage, point, asked.power_w);
	if (fault != MM_CALIBRATION_FINE) {
		refuse_run(session, call, fault, run, point, asked.power_w);
		return;
	}
	reply_session(session, call);
}
