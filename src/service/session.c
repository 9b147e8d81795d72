/* SPDX-License-Identifier: MIT */
#include "service/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/call.h"
#include "service/json.h"

const struct mm_model *mm_session_model(const struct mm_session *session)
{
	return &mm_view_config(session->metering, session->meter)->model;
}

const struct mm_calibration *mm_session_in_force(const struct mm_session *session)
{
	return mm_view_meter(session->metering, session->meter).meter->registers.calibration.constants;
}

const struct mm_calibration *mm_session_constants(const struct mm_session *session, enum mm_calibration_stage stage)
{
	return stage == MM_CALIBRATION_LEFT ? &session->proposed : &mm_session_in_force(session)[session->element];
}

void mm_session_end(struct mm_service *service)
{
	free(service->session);
	service->session = NULL;
}

/* As found, a reference moves the proposal, and what was measured as left is void. */
enum mm_calibration_fault mm_session_take_reference(struct mm_session *session, enum mm_calibration_stage stage,
						    enum mm_calibration_point point, double reference_w)
{
	const struct mm_calibration_run *run = &session->run[stage][point];
	const struct mm_calibration *in_force = mm_session_in_force(session);
	struct mm_calibration_result results[MM_CALIBRATION_POINT_COUNT];
	struct mm_calibration constants[MM_ELEMENTS_MAX];
	enum mm_calibration_fault fault;

	memcpy(constants, in_force, sizeof(constants));
	constants[session->element] = *mm_session_constants(session, stage);
	fault = mm_calibration_judge_reference(run, session->element, reference_w, constants, mm_session_model(session));
	memcpy(results, session->result[stage], sizeof(results));
	results[point] =
		(struct mm_calibration_result){.taken = true, .mean = run->element[session->element], .reference_w = reference_w};
	if (fault == MM_CALIBRATION_FINE && stage == MM_CALIBRATION_FOUND && results[MM_CALIBRATION_FULL_LOAD].taken) {
		fault = mm_calibration_solve(results, &in_force[session->element], mm_session_model(session), &session->proposed);
		session->solved = session->solved || fault == MM_CALIBRATION_FINE;
	}
	if (fault != MM_CALIBRATION_FINE) {
		return fault;
	}
	memcpy(session->result[stage], results, sizeof(results));
	if (stage == MM_CALIBRATION_FOUND) {
		memset(session->run[MM_CALIBRATION_LEFT], 0, sizeof(session->run[MM_CALIBRATION_LEFT]));
		memset(session->result[MM_CALIBRATION_LEFT], 0, sizeof(session->result[MM_CALIBRATION_LEFT]));
	}
	return MM_CALIBRATION_FINE;
}

/* ---- As JSON ---- */

/* NULL where it was not taken. */
static json_t *registration(const struct mm_session *session, enum mm_calibration_stage stage, enum mm_calibration_point point,
			    const struct mm_calibration *constants)
{
	const struct mm_calibration_result *result = &session->result[stage][point];

	return result->taken ? json_real(mm_calibration_registration(result, constants, mm_session_model(session))) : json_null();
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

json_t *mm_session_registration_json(const struct mm_session *session)
{
	json_t *points = json_array(), *found_average, *left_average;

	for (enum mm_calibration_point point = 0; point < MM_CALIBRATION_POINT_COUNT; point++) {
		bool measured = session->result[MM_CALIBRATION_LEFT][point].taken;
		json_t *left = json_null();

		if (session->solved) {
			left = registration(session, measured ? MM_CALIBRATION_LEFT : MM_CALIBRATION_FOUND, point,
					    &session->proposed);
		}
		json_array_append_new(points, json_pack("{s:s, s:o, s:o, s:b}", "point", mm_calibration_point_name(point),
							"found_percent",
							registration(session, MM_CALIBRATION_FOUND, point,
								     &mm_session_in_force(session)[session->element]),
							"left_percent", left, "left_measured", (int)measured));
	}
	found_average = average(points, "found_percent");
	left_average = average(points, "left_percent");
	return json_pack("{s:o, s:o, s:o}", "points", points, "found_average_percent", found_average, "left_average_percent",
			 left_average);
}

/* The range in which each point must be taken. */
static void add_ranges(const struct mm_session *session, json_t *points)
{
	double rated_a = mm_session_model(session)->ct_primary_a;

	for (enum mm_calibration_point point = 0; point < MM_CALIBRATION_POINT_COUNT; point++) {
		const struct mm_calibration_range *range = &mm_calibration_range[point];

		json_object_update_new(json_array_get(points, point),
				       json_pack("{s:f, s:f, s:f, s:f}", "current_min_a", range->current_min_ratio * rated_a,
						 "current_max_a", range->current_max_ratio * rated_a, "power_factor_min",
						 range->power_factor_min, "power_factor_max", range->power_factor_max));
	}
}

json_t *mm_session_json(const struct mm_session *session)
{
	json_t *object;

	if (!session) {
		return json_null();
	}
	object = json_pack("{s:s, s:s, s:i, s:s, s:o, s:I, s:o, s:o}", "session", session->name, "meter",
			   mm_view_config(session->metering, session->meter)->name, "element", (int)session->element + 1, "who",
			   session->user, "since", mm_json_time(session->started_ns), "version",
			   (json_int_t)mm_view_meter(session->metering, session->meter).meter->registers.calibration.number,
			   "constants", mm_json_constants(&mm_session_in_force(session)[session->element]), "proposed",
			   session->solved ? mm_json_constants(&session->proposed) : json_null());
	json_object_update_new(object, mm_session_registration_json(session));
	add_ranges(session, json_object_get(object, "points"));
	return object;
}

/* ---- May it go on? ---- */

void mm_session_refuse(struct mm_varlink_call *call, const char *reason, const char *advice)
{
	mm_call_error(call, "org.minimeter.CalibrationRefused", json_pack("{s:s, s:s}", "reason", reason, "advice", advice));
}

struct mm_session *mm_session_find(struct mm_service *service, struct mm_varlink_call *call, const char *name)
{
	struct mm_session *session = service->session;

	if (!session || strcmp(name, session->name) != 0) {
		mm_call_error(call, "org.minimeter.NoSuchSession", json_pack("{s:s}", "session", name));
		return NULL;
	}
	if (session->measurement || service->storing) {
		mm_call_busy(call, session->measurement ? "a measurement is under way" : "a record is being stored");
		return NULL;
	}
	return session;
}

bool mm_session_is_idle(const struct mm_service *service, struct mm_varlink_call *call)
{
	const struct mm_session *session = service->session;
	char reason[192];

	if (service->storing) {
		mm_call_busy(call, "a record is being stored");
		return false;
	}
	if (!session) {
		return true;
	}
	snprintf(reason, sizeof(reason), "element %u of meter %.40s is being calibrated by %s", session->element + 1,
		 mm_view_config(session->metering, session->meter)->name, session->user);
	mm_session_refuse(call, reason, "wait, or end that session with 'minimeterctl calibrate cancel'");
	return false;
}
