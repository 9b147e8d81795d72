/* SPDX-License-Identifier: MIT */
/* Versions of a meter's constants: accepted from a session or brought back from an earlier one, and the history of them all. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/events.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"
#include "service/peer.h"
#include "service/session.h"

/* Limits of error of the meter, manual table 1: as left beyond them, a point says that the constants are wrong. */
#define LEFT_ERROR_MAX_PERCENT 0.5
#define LEFT_ERROR_MAX_POWER_FACTOR_PERCENT 0.75
/* A reason is for the record: words, or the number of a job. */
#define WHY_MAX 128
/* The newest versions of the history that are shown. */
#define HISTORY_MAX 200

/* A version on its way to the disk: made on the main loop, written on the store's thread, put in force on the main loop. */
struct storing {
	struct mm_deferred deferred;
	unsigned meter;
	const struct mm_model *model;
	int64_t returns_to; /* -1: to none, it is a new calibration */
	struct mm_store_event event;
	struct mm_calibration_version version;
};

static void release_storing(struct mm_deferred *deferred)
{
	deferred->service->storing = false;
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
static const struct mm_calibration_version *in_force(const struct storing *storing)
{
	return &mm_view_meter(storing->deferred.service->metering, storing->meter).meter->registers.calibration;
}

/* The event of a version, with the constants it replaces and its own. */
static void fill_event(struct storing *storing)
{
	const char *user = json_string_value(json_object_get(storing->deferred.json, "who"));
	struct mm_store_event *event = &storing->event;
	int length;

	length = snprintf(event->text, sizeof(event->text), "version %" PRId64 " by %.40s", storing->version.number, user);
	if (storing->returns_to >= 0) {
		snprintf(event->text + length, sizeof(event->text) - (size_t)length, ": back to version %" PRId64,
			 storing->returns_to);
	}
	for (unsigned e = 0; e < storing->model->elements; e++) {
		describe(&in_force(storing)->constants[e], &storing->version.constants[e], e, sizeof(event->text), event->text);
	}
}

/* ---- On the store's thread ---- */

static int run_find(struct mm_store *store, void *userdata)
{
	struct storing *storing = userdata;
	struct mm_calibration_version version;
	int r = mm_calibration_find(store, storing->meter, storing->model, storing->returns_to, &version);

	if (r == 0) {
		memcpy(storing->version.constants, version.constants, sizeof(version.constants));
	}
	return r;
}

static int run_write(struct mm_store *store, void *userdata)
{
	struct storing *storing = userdata;
	char *data = json_dumps(storing->deferred.json, JSON_COMPACT | JSON_REAL_PRECISION(17));
	int r = data ? mm_store_record(store, &storing->event, data) : -ENOMEM;

	free(data);
	return r;
}

/* ---- On the main loop ---- */

static void written(struct mm_deferred *deferred, int result)
{
	struct storing *storing = (struct storing *)deferred;
	struct mm_service *service = deferred->service;

	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	(void)mm_metering_calibrate(service->metering, storing->meter, &storing->version);
	mm_log_event(CALIBRATION, mm_view_config(service->metering, storing->meter)->name, storing->event.text);
	mm_session_end(service);
	json_object_set_new(storing->deferred.json, "time", mm_json_time(storing->event.realtime_ns));
	mm_deferred_reply(deferred, json_pack("{s:O}", "version", storing->deferred.json));
}

/* Completes the record with what every version has, and writes it. */
static void write_version(struct storing *storing)
{
	unsigned elements = storing->model->elements;

	json_object_set_new(storing->deferred.json, "version", json_integer(storing->version.number));
	json_object_set_new(storing->deferred.json, "constants", mm_json_all_constants(storing->version.constants, elements));
	json_object_set_new(storing->deferred.json, "before", mm_json_all_constants(in_force(storing)->constants, elements));
	fill_event(storing);
	mm_deferred_record(&storing->deferred, run_write, written);
}

static void found(struct mm_deferred *deferred, int result)
{
	struct storing *storing = (struct storing *)deferred;

	if (result == -ENOENT) {
		mm_session_refuse(mm_deferred_take(deferred), "this meter has never had such a version",
				  "'minimeterctl calibrate history' shows them");
	} else if (result < 0) {
		mm_deferred_failed(deferred, result);
	} else {
		write_version(storing);
	}
}

/* What acceptance and return begin with; NULL after having answered. */
static struct storing *new_storing(struct mm_service *service, struct mm_varlink_call *call, unsigned meter, const char *why)
{
	static const struct mm_deferred_kind kind = {
		.wait = MM_WAIT_STORE, .size = sizeof(struct storing), .release = release_storing};
	struct mm_clock *clock = mm_view_clock(service->metering);
	struct storing *storing = mm_deferred_new(service, call, &kind);
	char user[MM_PEER_NAME_MAX];

	if (!storing) {
		return NULL;
	}
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, user);
	storing->meter = meter;
	storing->model = &mm_view_config(service->metering, meter)->model;
	storing->returns_to = -1;
	storing->deferred.json = json_pack("{s:s, s:s, s:n, s:n}", "who", user, "why", why, "element", "returns_to");
	storing->event = mm_store_event_now(clock, (int)meter, MM_CALIBRATION_RECORD);
	storing->version = *in_force(storing);
	storing->version.number++;
	service->storing = true;
	return storing;
}

/* May the session be accepted? False after having answered. */
static bool is_acceptable(const struct mm_session *session, struct mm_varlink_call *call)
{
	char reason[128];

	if (!session->solved) {
		mm_session_refuse(call, "there is nothing to accept", "take full load as found first, and give its reference");
		return false;
	}
	for (enum mm_calibration_point point = 0; point < MM_CALIBRATION_POINT_COUNT; point++) {
		const struct mm_calibration_result *left = &session->result[MM_CALIBRATION_LEFT][point];
		double limit =
			point == MM_CALIBRATION_POWER_FACTOR ? LEFT_ERROR_MAX_POWER_FACTOR_PERCENT : LEFT_ERROR_MAX_PERCENT;
		double percent =
			left->taken ? mm_calibration_registration(left, &session->proposed, mm_session_model(session)) : 100;

		if (fabs(percent - 100) > limit) {
			snprintf(reason, sizeof(reason), "%s as left is %.3f %%, off by more than the meter's %g %%",
				 mm_calibration_point_name(point), percent, limit);
			mm_session_refuse(call, reason,
					  "measure it again as left; if it stays, take the points as found once more");
			return false;
		}
	}
	return true;
}

struct accept {
	const char *session, *reason;
};

void mm_method_accept_calibration(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct accept, session, TEXT), .mandatory = true, .max = INFINITY},
		{MM_PARAMETER(struct accept, reason, TEXT), .mandatory = true, .min = 1, .max = WHY_MAX},
	};
	struct mm_service *service = userdata;
	struct mm_session *session;
	struct storing *storing;
	struct accept asked;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	session = mm_session_find(service, call, asked.session);
	if (!session || !is_acceptable(session, call)) {
		return;
	}
	storing = new_storing(service, call, session->meter, asked.reason);
	if (storing) {
		storing->version.constants[session->element] = session->proposed;
		json_object_set_new(storing->deferred.json, "element", json_integer(session->element + 1));
		json_object_update_new(storing->deferred.json, mm_session_registration_json(session));
		write_version(storing);
	}
}

struct back {
	int meter;
	int64_t version;
	const char *reason;
};

void mm_method_return_calibration(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct back, meter, METER)},
		{MM_PARAMETER(struct back, version, INTEGER), .mandatory = true, .max = INFINITY},
		{MM_PARAMETER(struct back, reason, TEXT), .mandatory = true, .min = 1, .max = WHY_MAX},
	};
	struct mm_service *service = userdata;
	struct storing *storing;
	struct back asked;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked) ||
	    !mm_session_is_idle(service, call)) {
		return;
	}
	storing = new_storing(service, call, (unsigned)asked.meter, asked.reason);
	if (!storing) {
		return;
	}
	storing->returns_to = asked.version;
	json_object_set_new(storing->deferred.json, "returns_to", json_integer(asked.version));
	if (asked.version == 0) {
		/* The meter as it was before its first calibration. */
		memcpy(storing->version.constants, mm_calibration_none.constants, sizeof(storing->version.constants));
		write_version(storing);
	} else {
		mm_deferred_query(&storing->deferred, run_find, found);
	}
}

/* ---- History ---- */

struct history {
	struct mm_deferred deferred;
	int meter;
};

static bool on_version(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct history *history = userdata;
	json_t *record = json_loads(data, 0, NULL);

	json_object_set_new(record, "time", mm_json_time(event->realtime_ns));
	json_array_append_new(history->deferred.json, record);
	if (json_array_size(history->deferred.json) > HISTORY_MAX) {
		json_array_remove(history->deferred.json, 0);
	}
	return true;
}

static int run_history(struct mm_store *store, void *userdata)
{
	struct history *history = userdata;

	history->deferred.json = json_array();
	return mm_store_records(store, MM_CALIBRATION_RECORD, history->meter, on_version, history);
}

static void history_done(struct mm_deferred *deferred, int result)
{
	const struct history *history = (struct history *)deferred;
	const struct mm_session *session = deferred->service->session;
	bool here = session && session->meter == (unsigned)history->meter;

	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	mm_deferred_reply(deferred,
			  json_pack("{s:s, s:O, s:o}", "meter",
				    mm_view_config(deferred->service->metering, (unsigned)history->meter)->name, "versions",
				    history->deferred.json, "session", mm_session_json(here ? session : NULL)));
}

void mm_method_calibration(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {{.name = "meter", .kind = MM_PARAMETER_ONE_METER}};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct history)};
	struct mm_service *service = userdata;
	struct history *history;
	int meter = 0;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &meter)) {
		return;
	}
	history = mm_deferred_new(service, call, &kind);
	if (history) {
		history->meter = meter;
		mm_deferred_query(&history->deferred, run_history, history_done);
	}
}
