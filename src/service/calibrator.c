/* SPDX-License-Identifier: MIT */
/* The session: started, measured, referred, cancelled. What it comes to is accepted in calibrator_accept.c. */
#include "service/calibrator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/units.h"
#include "service/readings.h"
#include "service/service.h"

#define MEASURE_SECONDS_MIN 5
#define MEASURE_SECONDS_MAX 3600
/* A window counts when it is all but whole: the last one ends a hair before the second is full, by the chip's clock. */
#define SECONDS_SLACK 1e-3

static const struct mm_model *model_of(const struct mm_calibrator *c)
{
	return &mm_view_config(c->engine, c->meter)->model;
}

static const struct mm_calibration *in_force(const struct mm_calibrator *c)
{
	return mm_view_meter(c->engine, c->meter).meter->registers.calibration.constants;
}

/* What a measurement of this stage is seen through. */
static const struct mm_calibration *constants_of(const struct mm_calibrator *c, enum mm_calibration_stage stage)
{
	return stage == MM_CALIBRATION_LEFT ? &c->proposed : &in_force(c)[c->element];
}

/* ---- Answers ---- */

/* NULL where it was not taken. */
static json_t *registration(const struct mm_calibrator *c, enum mm_calibration_stage stage, enum mm_calibration_point point,
			    const struct mm_calibration *constants)
{
	const struct mm_calibration_result *result = &c->result[stage][point];

	return result->taken ? json_real(mm_calibration_registration(result, constants, model_of(c))) : json_null();
}

static json_t *average(const json_t *points, const char *key)
{
	const json_t *full = json_object_get(json_array_get(points, MM_CALIBRATION_FULL_LOAD), key);
	const json_t *light = json_object_get(json_array_get(points, MM_CALIBRATION_LIGHT_LOAD), key);

	if (!json_is_real(full) || !json_is_real(light)) {
		return json_null();
	}
	return json_real(mm_calibration_weighted_average(json_real_value(full), json_real_value(light)));
}

json_t *mm_calibrator_registration_json(const struct mm_calibrator *c)
{
	json_t *points = json_array(), *found_average, *left_average;

	for (enum mm_calibration_point point = 0; point < MM_CALIBRATION_POINT_COUNT; point++) {
		bool measured = c->result[MM_CALIBRATION_LEFT][point].taken;
		json_t *left = json_null();

		if (c->solved) {
			left = registration(c, measured ? MM_CALIBRATION_LEFT : MM_CALIBRATION_FOUND, point, &c->proposed);
		}
		json_array_append_new(points, json_pack("{s:s, s:o, s:o, s:b}", "point", mm_calibration_point_name(point),
							"found_percent",
							registration(c, MM_CALIBRATION_FOUND, point, &in_force(c)[c->element]),
							"left_percent", left, "left_measured", (int)measured));
	}
	found_average = average(points, "found_percent");
	left_average = average(points, "left_percent");
	return json_pack("{s:o, s:o, s:o}", "points", points, "found_average_percent", found_average, "left_average_percent",
			 left_average);
}

/* Where each point is to be taken. */
static void add_ranges(const struct mm_calibrator *c, json_t *points)
{
	double rated_a = model_of(c)->ct_primary_a;

	for (enum mm_calibration_point point = 0; point < MM_CALIBRATION_POINT_COUNT; point++) {
		const struct mm_calibration_range *range = &mm_calibration_range[point];

		json_object_update_new(json_array_get(points, point),
				       json_pack("{s:f, s:f, s:f, s:f}", "current_min_a", range->current_min_ratio * rated_a,
						 "current_max_a", range->current_max_ratio * rated_a, "power_factor_min",
						 range->power_factor_min, "power_factor_max", range->power_factor_max));
	}
}

json_t *mm_calibrator_session_json(const struct mm_calibrator *c)
{
	json_t *session;

	if (c->session[0] == '\0') {
		return json_null();
	}
	session = json_pack("{s:s, s:s, s:i, s:s, s:o, s:I, s:o, s:o}", "session", c->session, "meter",
			    mm_view_config(c->engine, c->meter)->name, "element", (int)c->element + 1, "who", c->who, "since",
			    mm_readings_time(c->started_ns), "version",
			    (json_int_t)mm_view_meter(c->engine, c->meter).meter->registers.calibration.number, "constants",
			    mm_calibration_json(&in_force(c)[c->element]), "proposed",
			    c->solved ? mm_calibration_json(&c->proposed) : json_null());
	json_object_update_new(session, mm_calibrator_registration_json(c));
	add_ranges(c, json_object_get(session, "points"));
	return session;
}

static void reply_session(const struct mm_calibrator *c, struct mm_varlink_call *call)
{
	mm_service_reply(call, json_pack("{s:o}", "session", mm_calibrator_session_json(c)));
}

bool mm_calibrator_check_session(const struct mm_calibrator *c, struct mm_varlink_call *call, const json_t *parameters)
{
	const char *session = json_string_value(json_object_get(parameters, "session"));

	if (!session) {
		mm_varlink_invalid_parameter(call, "session");
		return false;
	}
	if (session[0] == '\0' || strcmp(session, c->session) != 0) {
		mm_varlink_error(call, "org.minimeter.NoSuchSession", json_pack("{s:s}", "session", session));
		return false;
	}
	if (c->call || c->writing) {
		mm_varlink_error(
			call, "org.minimeter.Busy",
			json_pack("{s:s}", "reason", c->call ? "a measurement is under way" : "constants are being stored"));
		return false;
	}
	return true;
}

/* Reads a parameter that is one of some names; -1 after having answered. */
static int name_parameter(struct mm_varlink_call *call, const json_t *parameters, const char *key, int count,
			  const char *(*name)(int))
{
	const char *text = json_string_value(json_object_get(parameters, key));

	for (int i = 0; i < count && text; i++) {
		if (strcmp(name(i), text) == 0) {
			return i;
		}
	}
	mm_varlink_invalid_parameter(call, key);
	return -1;
}

static const char *point_name(int point)
{
	return mm_calibration_point_name((enum mm_calibration_point)point);
}

static const char *stage_name(int stage)
{
	return stage == MM_CALIBRATION_FOUND ? "found" : "left";
}

/* The stage and the point of a call; false after having answered. */
static bool point_parameters(const struct mm_calibrator *c, struct mm_varlink_call *call, const json_t *parameters,
			     enum mm_calibration_stage *ret_stage, enum mm_calibration_point *ret_point)
{
	int stage, point;

	stage = name_parameter(call, parameters, "stage", MM_CALIBRATION_STAGE_COUNT, stage_name);
	if (stage < 0) {
		return false;
	}
	point = name_parameter(call, parameters, "point", MM_CALIBRATION_POINT_COUNT, point_name);
	if (point < 0) {
		return false;
	}
	if (stage == MM_CALIBRATION_LEFT && !c->solved) {
		mm_calibrator_refuse(call, "nothing is proposed yet", "take full load as found first, and give its reference");
		return false;
	}
	*ret_stage = (enum mm_calibration_stage)stage;
	*ret_point = (enum mm_calibration_point)point;
	return true;
}

/* ---- Start and end ---- */

void mm_calibrator_init(struct mm_calibrator *c, struct mm_engine *engine, struct mm_store_worker *worker)
{
	*c = (struct mm_calibrator){.engine = engine, .worker = worker};
}

bool mm_calibrator_idle(const struct mm_calibrator *c, struct mm_varlink_call *call)
{
	char reason[192];

	if (c->writing) {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "constants are being stored"));
		return false;
	}
	if (c->session[0] == '\0') {
		return true;
	}
	snprintf(reason, sizeof(reason), "element %u of meter %.40s is being calibrated by %s", c->element + 1,
		 mm_view_config(c->engine, c->meter)->name, c->who);
	mm_calibrator_refuse(call, reason, "wait, or end that session with 'minimeterctl calibrate cancel'");
	return false;
}

static int new_session(char ret[static MM_CALIBRATION_SESSION_MAX])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
		return -errno;
	}
	snprintf(ret, MM_CALIBRATION_SESSION_MAX, "%016" PRIx64, number);
	return 0;
}

void mm_calibrator_start(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	struct mm_calibrator *c = &service->calibrator;
	const json_t *element = json_object_get(parameters, "element");
	struct mm_calibrator made = {.engine = c->engine, .worker = c->worker};
	int meter = mm_service_named_meter(call, parameters, c->engine);

	if (meter < 0) {
		return;
	}
	made.meter = (unsigned)meter;
	if (!json_is_integer(element) || json_integer_value(element) < 1 ||
	    json_integer_value(element) > model_of(&made)->elements) {
		mm_varlink_invalid_parameter(call, "element");
		return;
	}
	if (!mm_calibrator_idle(c, call)) {
		return;
	}
	if (mm_view_meter(c->engine, made.meter).meter->registers.correction != 0) {
		mm_calibrator_refuse(call, "the wiring of this meter is corrected by arithmetic",
				     "mend the wires and end the correction with 'minimeterctl correct'; then calibrate");
		return;
	}
	if (new_session(made.session) < 0) {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "no random number for a session"));
		return;
	}
	made.element = (unsigned)json_integer_value(element) - 1;
	made.started_ns = mm_clock_realtime(mm_view_clock(c->engine));
	mm_identity(mm_varlink_call_peer(call), MM_IDENTITY_PASSWD, made.who);
	*c = made;
	reply_session(c, call);
}

void mm_calibrator_cancel(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_calibrator *c = &((struct mm_service *)userdata)->calibrator;

	(void)parameters;
	if (c->writing) {
		mm_varlink_error(call, "org.minimeter.Busy", json_pack("{s:s}", "reason", "constants are being stored"));
		return;
	}
	if (c->call) {
		mm_calibrator_refuse(c->call, "the session was cancelled", "start again: nothing has changed");
	}
	mm_calibrator_init(c, c->engine, c->worker);
	mm_varlink_reply(call, NULL, false);
}

void mm_calibrator_done(struct mm_calibrator *c)
{
	if (c->call) {
		mm_varlink_call_unref(c->call);
		c->call = NULL;
	}
}

/* ---- Measuring ---- */

static json_t *measured_json(const struct mm_calibrator *c)
{
	const struct mm_calibration_mean *mean = &c->measured.element[c->element];
	double apparent_va = mean->voltage_v * mean->current_a;

	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "windows", (json_int_t)c->measured.windows, "seconds",
			 c->measured.seconds, "voltage_v", mean->voltage_v, "current_a", mean->current_a, "power_w",
			 mm_calibration_power(constants_of(c, c->stage), model_of(c), mean), "power_factor",
			 apparent_va > 0 ? mean->active_w / apparent_va : 0, "spread_percent",
			 100 * mm_calibration_spread(&c->measured, c->element));
}

/* Is the front end in order? False after having refused. */
static bool in_order(const struct mm_calibrator *c, struct mm_varlink_call *call)
{
	struct mm_view_front_end front_end = mm_view_front_end(c->engine);
	int64_t since_s = (mm_clock_boottime(mm_view_clock(c->engine)) - front_end.since_ns) / MM_NS_PER_S;
	char reason[128];

	if (front_end.health == MM_HEALTH_OK) {
		return true;
	}
	snprintf(reason, sizeof(reason), "the front end has been %s for %d s", mm_health_name(front_end.health), (int)since_s);
	mm_calibrator_refuse(call, reason, "see 'minimeterctl status', and measure after that");
	return false;
}

void mm_calibrator_measure(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_calibrator *c = &((struct mm_service *)userdata)->calibrator;
	const json_t *seconds = json_object_get(parameters, "seconds");
	enum mm_calibration_stage stage;
	enum mm_calibration_point point;

	if (!mm_calibrator_check_session(c, call, parameters) || !point_parameters(c, call, parameters, &stage, &point)) {
		return;
	}
	if (!json_is_integer(seconds) || json_integer_value(seconds) < MEASURE_SECONDS_MIN ||
	    json_integer_value(seconds) > MEASURE_SECONDS_MAX) {
		mm_varlink_invalid_parameter(call, "seconds");
		return;
	}
	if (!in_order(c, call)) {
		return;
	}
	c->call = call;
	c->stage = stage;
	c->point = point;
	c->seconds = (double)json_integer_value(seconds);
	c->from_ns = mm_clock_boottime(mm_view_clock(c->engine));
	c->windows = mm_view_front_end(c->engine).windows;
	c->measured = (struct mm_calibration_run){0};
	mm_calibrator_update(c);
}

/* Ends the measurement with all its windows: taken, or refused. */
static void finish(struct mm_calibrator *c)
{
	struct mm_varlink_call *call = c->call;
	enum mm_calibration_fault fault = mm_calibration_judge_run(&c->measured, c->element, c->point, model_of(c));

	c->call = NULL;
	if (fault != MM_CALIBRATION_FINE) {
		mm_calibrator_refuse_run(c, call, fault, &c->measured, c->point, 0);
		return;
	}
	c->run[c->stage][c->point] = c->measured;
	mm_service_reply(call, measured_json(c));
}

/* Ends the measurement where the meter itself does not measure. */
static bool disturbed(struct mm_calibrator *c, const struct mm_view_front_end *front_end)
{
	struct mm_varlink_call *call = c->call;
	char reason[96];

	if (front_end->health != MM_HEALTH_OK) {
		snprintf(reason, sizeof(reason), "the front end is %s", mm_health_name(front_end->health));
		c->call = NULL;
		mm_calibrator_refuse(call, reason, "see 'minimeterctl status', and measure again when it is in order");
		return true;
	}
	if (front_end->windows != c->windows && front_end->window->missed > 0) {
		c->call = NULL;
		mm_calibrator_refuse(call, "windows were missed while it measured", "measure again");
		return true;
	}
	return false;
}

void mm_calibrator_update(struct mm_calibrator *c)
{
	const struct mm_meter_config *config = &mm_view_meter(c->engine, c->meter).meter->config;
	struct mm_view_front_end front_end = mm_view_front_end(c->engine);

	if (!c->call) {
		return;
	}
	if (mm_varlink_call_gone(c->call)) {
		mm_calibrator_done(c);
		return;
	}
	if (disturbed(c, &front_end) || front_end.windows == c->windows) {
		return;
	}
	c->windows = front_end.windows;
	if (front_end.window->start_ns < c->from_ns) {
		return;
	}
	mm_calibration_add(&c->measured, &config->model, config->input, front_end.window);
	if (c->measured.seconds >= c->seconds - SECONDS_SLACK) {
		finish(c);
	} else if (mm_varlink_call_more(c->call)) {
		/* A reader that is too slow misses this one and gets the next. */
		(void)mm_varlink_reply(c->call, measured_json(c), true);
	}
}

/* ---- References ---- */

/*
 * Puts a reference to a measurement. As found, it moves the proposal, and what was measured as left is void. False after having
 * refused it.
 */
static bool take_reference(struct mm_calibrator *c, struct mm_varlink_call *call, enum mm_calibration_stage stage,
			   enum mm_calibration_point point, double reference_w)
{
	const struct mm_calibration_run *run = &c->run[stage][point];
	struct mm_calibration_result results[MM_CALIBRATION_POINT_COUNT];
	struct mm_calibration constants[MM_ELEMENTS_MAX];
	enum mm_calibration_fault fault;

	memcpy(constants, in_force(c), sizeof(constants));
	constants[c->element] = *constants_of(c, stage);
	fault = mm_calibration_judge_reference(run, c->element, reference_w, constants, model_of(c));
	memcpy(results, c->result[stage], sizeof(results));
	results[point] =
		(struct mm_calibration_result){.taken = true, .mean = run->element[c->element], .reference_w = reference_w};
	if (fault == MM_CALIBRATION_FINE && stage == MM_CALIBRATION_FOUND && results[MM_CALIBRATION_FULL_LOAD].taken) {
		fault = mm_calibration_solve(results, &in_force(c)[c->element], model_of(c), &c->proposed);
		c->solved = c->solved || fault == MM_CALIBRATION_FINE;
	}
	if (fault != MM_CALIBRATION_FINE) {
		mm_calibrator_refuse_run(c, call, fault, run, point, reference_w);
		return false;
	}
	memcpy(c->result[stage], results, sizeof(results));
	if (stage == MM_CALIBRATION_FOUND) {
		memset(c->run[MM_CALIBRATION_LEFT], 0, sizeof(c->run[MM_CALIBRATION_LEFT]));
		memset(c->result[MM_CALIBRATION_LEFT], 0, sizeof(c->result[MM_CALIBRATION_LEFT]));
	}
	return true;
}

void mm_calibrator_reference(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_calibrator *c = &((struct mm_service *)userdata)->calibrator;
	const json_t *power = json_object_get(parameters, "power_w");
	enum mm_calibration_stage stage;
	enum mm_calibration_point point;

	if (!mm_calibrator_check_session(c, call, parameters) || !point_parameters(c, call, parameters, &stage, &point)) {
		return;
	}
	if (!json_is_number(power) || !(json_number_value(power) > 0)) {
		mm_varlink_invalid_parameter(call, "power_w");
		return;
	}
	if (c->run[stage][point].windows == 0) {
		mm_calibrator_refuse(call, "this point has not been measured", "measure it first");
		return;
	}
	if (take_reference(c, call, stage, point, json_number_value(power))) {
		reply_session(c, call);
	}
}
