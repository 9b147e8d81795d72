/* SPDX-License-Identifier: MIT */
/* New versions: accepted from a session or brought back from an earlier one, and the history of them all. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/calibrator.h"
#include "base/log.h"
#include "base/messages.h"
#include "service/readings.h"
#include "service/service.h"

/* Limits of error of the meter, manual table 1: as left beyond them, a point says that the constants are wrong. */
#define LEFT_ERROR_MAX_PERCENT 0.5
#define LEFT_ERROR_MAX_POWER_FACTOR_PERCENT 0.75
/* The newest versions of the history that are shown. */
#define HISTORY_MAX 200

/* A version on its way to the disk; made on the main loop, written on the register's thread, done on the main loop. */
struct act {
	struct mm_calibrator *calibrator;
	struct mm_varlink_call *call;
	unsigned meter;
	const struct mm_model *model;
	int64_t returns_to; /* -1: to none, it is a new calibration */
	json_t *record;
	struct mm_store_event event;
	struct mm_calibration_version version;
	bool found; /* the version to return to */
};

static void free_act(struct act *act)
{
	json_decref(act->record);
	free(act);
}

/* Adds the old and the new constants of an element to text where they differ. */
static void describe(const struct mm_calibration *old, const struct mm_calibration *new, unsigned element, size_t size,
		     char *text)
{
	size_t used = strlen(text);

	if (memcmp(old, new, sizeof(*old)) != 0) {
		snprintf(text + used, size - used,
			 "; element %u gain %.6g to %.6g, phase %.4g to %.4g deg, offset %.4g to %.4g W", element + 1, old->gain,
			 new->gain, old->phase_deg, new->phase_deg, old->offset_w, new->offset_w);
	}
}

/* What the version replaces. */
static const struct mm_calibration_version *in_force(const struct act *act)
{
	return &mm_view_meter(act->calibrator->engine, act->meter).meter->registers.calibration;
}

/* The event of a version, with the constants it replaces and its own. */
static void fill_event(struct act *act, const char *who)
{
	const struct mm_calibration_version *before = in_force(act);
	struct mm_store_event *event = &act->event;
	int length;

	length = snprintf(event->text, sizeof(event->text), "version %" PRId64 " by %.40s", act->version.number, who);
	if (act->returns_to >= 0) {
		snprintf(event->text + length, sizeof(event->text) - (size_t)length, ": back to version %" PRId64,
			 act->returns_to);
	}
	for (unsigned e = 0; e < act->model->elements; e++) {
		describe(&before->constants[e], &act->version.constants[e], e, sizeof(event->text), event->text);
	}
}

/* ---- On the register's thread ---- */

static bool on_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct act *act = userdata;
	struct mm_calibration_version version;

	(void)event;
	if (mm_calibration_parse(data, act->model, &version) == 0 && version.number == act->returns_to) {
		memcpy(act->version.constants, version.constants, sizeof(version.constants));
		act->found = true;
	}
	return true;
}

static int run_find(struct mm_store *reg, void *userdata)
{
	struct act *act = userdata;

	return mm_store_records(reg, MM_CALIBRATION_RECORD, (int)act->meter, on_record, act);
}

static int run_write(struct mm_store *reg, void *userdata)
{
	struct act *act = userdata;
	char *data = json_dumps(act->record, JSON_COMPACT | JSON_REAL_PRECISION(17));
	int r = data ? mm_store_record(reg, &act->event, data) : -ENOMEM;

	free(data);
	return r;
}

/* ---- On the main loop ---- */

static void fail_act(struct act *act, int result)
{
	act->calibrator->writing = false;
	mm_varlink_error(act->call, "org.minimeter.RegisterFailed", json_pack("{s:s}", "reason", strerror(-result)));
	free_act(act);
}

static void written(int result, void *userdata)
{
	struct act *act = userdata;
	struct mm_calibrator *c = act->calibrator;

	if (result < 0) {
		fail_act(act, result);
		return;
	}
	(void)mm_engine_calibrate(c->engine, act->meter, &act->version);
	mm_log(LOG_NOTICE, MM_MESSAGE_CALIBRATED, mm_view_config(c->engine, act->meter)->name, "calibration: %s",
	       act->event.text);
	mm_calibrator_init(c, c->engine, c->worker);
	json_object_set_new(act->record, "time", mm_readings_time(act->event.realtime_ns));
	mm_service_reply(act->call, json_pack("{s:O}", "version", act->record));
	free_act(act);
}

static void query(struct act *act, mm_store_query_fn run, mm_store_done_fn done)
{
	if (mm_store_worker_query(act->calibrator->worker, run, done, act) < 0) {
		act->calibrator->writing = false;
		mm_varlink_error(act->call, "org.minimeter.Busy",
				 json_pack("{s:s}", "reason", "too many queries wait for the register"));
		free_act(act);
	}
}

/* Completes the record with what every version has, and writes it. */
static void write_version(struct act *act)
{
	const struct mm_calibration_version *before = in_force(act);
	unsigned elements = act->model->elements;

	json_object_set_new(act->record, "version", json_integer(act->version.number));
	json_object_set_new(act->record, "constants", mm_calibration_all_json(act->version.constants, elements));
	json_object_set_new(act->record, "before", mm_calibration_all_json(before->constants, elements));
	fill_event(act, json_string_value(json_object_get(act->record, "who")));
	query(act, run_write, written);
}

/* What acceptance and return begin with; NULL after having answered. */
static struct act *new_act(struct mm_calibrator *c, struct mm_varlink_call *call, unsigned meter, const char *why)
{
	struct act *act = calloc(1, sizeof(*act));
	char who[MM_IDENTITY_MAX];

	if (!act) {
		mm_service_reply(call, NULL);
		return NULL;
	}
	mm_identity(mm_varlink_call_peer(call), MM_IDENTITY_PASSWD, who);
	*act = (struct act){.calibrator = c,
			    .call = call,
			    .meter = meter,
			    .model = &mm_view_config(c->engine, meter)->model,
			    .returns_to = -1,
			    .record = json_pack("{s:s, s:s, s:n, s:n}", "who", who, "why", why, "element", "returns_to"),
			    .event = {.boottime_ns = mm_clock_boottime(mm_view_clock(c->engine)),
				      .realtime_ns = mm_clock_realtime(mm_view_clock(c->engine)),
				      .meter = (int)meter,
				      .code = MM_CALIBRATION_RECORD},
			    .version = mm_view_meter(c->engine, meter).meter->registers.calibration};
	act->version.number++;
	c->writing = true;
	return act;
}

/* The reason that a version wants; NULL after having answered. */
static const char *reason_parameter(struct mm_varlink_call *call, const json_t *parameters)
{
	const char *why = json_string_value(json_object_get(parameters, "reason"));

	if (!why || why[strspn(why, " ")] == '\0' || strlen(why) > MM_CALIBRATION_WHY_MAX) {
		mm_varlink_invalid_parameter(call, "reason");
		return NULL;
	}
	return why;
}

/* May the session be accepted? False after having answered. */
static bool acceptable(const struct mm_calibrator *c, struct mm_varlink_call *call)
{
	const struct mm_model *model = &mm_view_config(c->engine, c->meter)->model;
	char reason[128];

	if (!c->solved) {
		mm_calibrator_refuse(call, "there is nothing to accept", "take full load as found first, and give its reference");
		return false;
	}
	for (enum mm_calibration_point point = 0; point < MM_CALIBRATION_POINT_COUNT; point++) {
		const struct mm_calibration_result *left = &c->result[MM_CALIBRATION_LEFT][point];
		double limit =
			point == MM_CALIBRATION_POWER_FACTOR ? LEFT_ERROR_MAX_POWER_FACTOR_PERCENT : LEFT_ERROR_MAX_PERCENT;
		double percent = left->taken ? mm_calibration_registration(left, &c->proposed, model) : 100;

		if (fabs(percent - 100) > limit) {
			snprintf(reason, sizeof(reason), "%s as left is %.3f %%, off by more than the meter's %g %%",
				 mm_calibration_point_name(point), percent, limit);
			mm_calibrator_refuse(call, reason,
					     "measure it again as left; if it stays, take the points as found once more");
			return false;
		}
	}
	return true;
}

void mm_calibrator_accept(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_calibrator *c = &((struct mm_service *)userdata)->calibrator;
	const char *why;
	struct act *act;

	if (!mm_calibrator_check_session(c, call, parameters)) {
		return;
	}
	why = reason_parameter(call, parameters);
	if (!why || !acceptable(c, call)) {
		return;
	}
	act = new_act(c, call, c->meter, why);
	if (!act) {
		return;
	}
	act->version.constants[c->element] = c->proposed;
	json_object_set_new(act->record, "element", json_integer(c->element + 1));
	json_object_update_new(act->record, mm_calibrator_registration_json(c));
	write_version(act);
}

static void found(int result, void *userdata)
{
	struct act *act = userdata;

	if (result < 0) {
		fail_act(act, result);
		return;
	}
	if (!act->found) {
		act->calibrator->writing = false;
		mm_calibrator_refuse(act->call, "this meter has never had such a version",
				     "'minimeterctl calibrate history' shows them");
		free_act(act);
		return;
	}
	json_object_set_new(act->record, "returns_to", json_integer(act->returns_to));
	write_version(act);
}

void mm_calibrator_return(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	struct mm_calibrator *c = &service->calibrator;
	const json_t *version = json_object_get(parameters, "version");
	const char *why;
	struct act *act;
	int meter = mm_service_named_meter(call, parameters, c->engine);

	if (meter < 0) {
		return;
	}
	if (!json_is_integer(version) || json_integer_value(version) < 0) {
		mm_varlink_invalid_parameter(call, "version");
		return;
	}
	why = reason_parameter(call, parameters);
	if (!why || !mm_calibrator_idle(c, call)) {
		return;
	}
	act = new_act(c, call, (unsigned)meter, why);
	if (!act) {
		return;
	}
	act->returns_to = json_integer_value(version);
	if (act->returns_to == 0) {
		/* The meter as it was before its first calibration. */
		memcpy(act->version.constants, mm_calibration_none.constants, sizeof(act->version.constants));
		act->found = true;
	}
	query(act, run_find, found);
}

/* ---- History ---- */

struct history {
	struct mm_calibrator *calibrator;
	struct mm_varlink_call *call;
	unsigned meter;
	json_t *versions; /* built by the register's thread */
};

static bool on_version(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct history *history = userdata;
	json_t *record = json_loads(data, 0, NULL);

	json_object_set_new(record, "time", mm_readings_time(event->realtime_ns));
	json_array_append_new(history->versions, record);
	if (json_array_size(history->versions) > HISTORY_MAX) {
		json_array_remove(history->versions, 0);
	}
	return true;
}

static int run_history(struct mm_store *reg, void *userdata)
{
	struct history *history = userdata;

	return mm_store_records(reg, MM_CALIBRATION_RECORD, (int)history->meter, on_version, history);
}

static void history_done(int result, void *userdata)
{
	struct history *history = userdata;
	struct mm_calibrator *c = history->calibrator;
	bool here = c->session[0] != '\0' && c->meter == history->meter;

	if (result < 0) {
		mm_varlink_error(history->call, "org.minimeter.RegisterFailed", json_pack("{s:s}", "reason", strerror(-result)));
		json_decref(history->versions);
	} else {
		mm_service_reply(history->call,
				 json_pack("{s:s, s:o, s:o}", "meter", mm_view_config(c->engine, history->meter)->name,
					   "versions", history->versions, "session",
					   here ? mm_calibrator_session_json(c) : json_null()));
	}
	free(history);
}

void mm_calibrator_get(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_one_meter(call, parameters, service->engine);
	struct history *history;

	if (meter < 0) {
		return;
	}
	history = calloc(1, sizeof(*history));
	if (!history) {
		mm_service_reply(call, NULL);
		return;
	}
	*history = (struct history){.calibrator = &service->calibrator,
				    .call = call,
				    .meter = meter < 0 ? 0 : (unsigned)meter,
				    .versions = json_array()};
	if (mm_store_worker_query(service->worker, run_history, history_done, history) < 0) {
		mm_varlink_error(call, "org.minimeter.Busy",
				 json_pack("{s:s}", "reason", "too many queries wait for the register"));
		json_decref(history->versions);
		free(history);
	}
}
