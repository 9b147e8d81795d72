/* SPDX-License-Identifier: MIT */
#include "service/acts.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "service/identity.h"
#include "base/messages.h"
#include "base/log.h"

/* By how much the angle between the lines may differ from what a correction says. */
#define ANGLE_TOLERANCE_DEG 30.0

/* ---- Answers that wait for the disk ---- */

static void finish(struct mm_act *act, int error, const char *message)
{
	if (error == 0) {
		mm_service_reply(act->call, act->reply);
	} else {
		json_decref(act->reply);
		mm_varlink_error(act->call, "org.minimeter.RegisterFailed",
				 json_pack("{s:s+}", "reason", "done, but not on the disk yet: ", message));
	}
	*act = (struct mm_act){0};
}

/*
 * Commits at once and answers the call with reply (stolen; NULL for want of memory) when all that was done so far is durable,
 * with RegisterFailed where the disk refuses it.
 */
static void settle(struct mm_service *service, struct mm_varlink_call *call, json_t *reply)
{
	int64_t committed_ns = mm_engine_commit(service->engine);

	for (size_t i = 0; i < MM_ACTS_MAX; i++) {
		if (!service->acts[i].call) {
			service->acts[i] = (struct mm_act){.call = call, .reply = reply, .committed_ns = committed_ns};
			return;
		}
	}
	/* Done all the same, as the audit trail will show. */
	finish(&(struct mm_act){.call = call, .reply = reply}, -EBUSY, "too many acts wait for it");
}

void mm_acts_register_status(struct mm_service *service, const struct mm_store_status *status)
{
	for (size_t i = 0; i < MM_ACTS_MAX; i++) {
		struct mm_act *act = &service->acts[i];

		if (act->call && (status->error != 0 || status->committed_ns >= act->committed_ns)) {
			finish(act, status->error, status->message);
		}
	}
}

void mm_acts_done(struct mm_service *service)
{
	for (size_t i = 0; i < MM_ACTS_MAX; i++) {
		if (service->acts[i].call) {
			mm_varlink_call_unref(service->acts[i].call);
			json_decref(service->acts[i].reply);
			service->acts[i] = (struct mm_act){0};
		}
	}
}

/* ---- What acts have in common ---- */

static void refuse(struct mm_varlink_call *call, const char *reason)
{
	mm_varlink_error(call, "org.minimeter.NotPermitted", json_pack("{s:s}", "reason", reason));
}

/* ---- Preset ---- */

/* Why mm_meter_preset() refused; the text may stand in scratch. */
static const char *preset_reason(int error, const struct mm_meter *meter, char *scratch, size_t size)
{
	switch (error) {
	case -EALREADY:
		snprintf(scratch, size, "this meter has been preset to %.1f kWh before, and a register is set once in its life",
			 (double)meter->registers.preset_delivered_uwh / 1000 / MM_UWH_PER_WH);
		break;
	case -EBUSY:
		snprintf(scratch, size,
			 "this meter has registered more than %d kWh: a start reading is set when a meter begins its work",
			 (int)(MM_PRESET_REGISTERED_MAX_UWH / 1000 / MM_UWH_PER_WH));
		break;
	default:
		snprintf(scratch, size, "a start reading is above 0, below 1000000 kWh, and a whole number of %s",
			 meter->config.model.fine_pulses ? "tenths of a kWh" : "kWh, as this meter's display shows them");
	}
	return scratch;
}

/* A watt-hour parameter in micro-watt-hours; false after having answered. An absent one is 0. */
static bool read_wh(struct mm_varlink_call *call, const json_t *parameters, const char *name, int64_t *ret_uwh)
{
	const json_t *value = json_object_get(parameters, name);
	json_int_t wh = json_integer_value(value);

	if (value && !json_is_null(value) && (!json_is_integer(value) || wh < 0 || wh > INT64_MAX / MM_UWH_PER_WH)) {
		mm_varlink_invalid_parameter(call, name);
		return false;
	}
	*ret_uwh = wh * MM_UWH_PER_WH;
	return true;
}

void mm_acts_preset(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	const char *old_serial = json_string_value(json_object_get(parameters, "old_serial"));
	char who[MM_IDENTITY_MAX], scratch[160];
	int64_t delivered_uwh, received_uwh;
	int meter = mm_service_named_meter(call, parameters, service->engine);
	const struct mm_meter *current;
	struct mm_meter trial;
	int r;

	if (meter < 0) {
		return;
	}
	if (!old_serial || old_serial[0] == '\0' || strlen(old_serial) >= MM_NAME_MAX) {
		mm_varlink_invalid_parameter(call, "old_serial");
		return;
	}
	if (!read_wh(call, parameters, "delivered_wh", &delivered_uwh) ||
	    !read_wh(call, parameters, "received_wh", &received_uwh)) {
		return;
	}
	current = mm_view_meter(service->engine, (unsigned)meter).meter;
	trial = *current;
	r = mm_meter_preset(&trial, delivered_uwh, received_uwh, 0);
	if (r < 0) {
		refuse(call, preset_reason(r, current, scratch, sizeof(scratch)));
		return;
	}
	if (json_is_true(json_object_get(parameters, "dry_run"))) {
		mm_service_reply(call, json_pack("{s:I, s:I}", "delivered_uwh", (json_int_t)trial.registers.delivered.uwh,
						 "received_uwh", (json_int_t)trial.registers.received.uwh));
		return;
	}
	mm_identity(mm_varlink_call_peer(call), MM_IDENTITY_PASSWD, who);
	mm_engine_preset(service->engine, (unsigned)meter, delivered_uwh, received_uwh, old_serial, who);
	settle(service, call,
	       json_pack("{s:I, s:I}", "delivered_uwh", (json_int_t)current->registers.delivered.uwh, "received_uwh",
			 (json_int_t)current->registers.received.uwh));
}

/* ---- Correction ---- */

/* The bits that the names stand for; false after having answered. */
static bool read_correction(struct mm_varlink_call *call, const json_t *names, uint32_t *ret)
{
	uint32_t correction = 0;
	json_t *name;
	size_t i;

	if (!json_is_array(names)) {
		mm_varlink_invalid_parameter(call, "corrections");
		return false;
	}
	json_array_foreach(names, i, name)
	{
		uint32_t found = 0;

		for (unsigned bit = 0; bit < MM_CORRECTION_BITS && json_is_string(name); bit++) {
			const char *known = mm_correction_name(1u << bit);

			found |= known && strcmp(known, json_string_value(name)) == 0 ? 1u << bit : 0;
		}
		if (found == 0) {
			mm_varlink_invalid_parameter(call, "corrections");
			return false;
		}
		correction |= found;
	}
	*ret = correction;
	return true;
}

/* The elements' powers as they are, and as the last window would have had them. */
static json_t *correction_json(const struct mm_engine *engine, const struct mm_meter *meter, uint32_t correction)
{
	struct mm_view_front_end front_end = mm_view_front_end(engine);
	struct mm_meter trial = *meter;
	json_t *elements = json_array();
	struct mm_meter_step step;

	trial.registers.correction = correction;
	trial.window_end_ns = 0;
	mm_meter_step(&trial, front_end.window, front_end.health, 0, &step);
	for (unsigned e = 0; e < trial.config.model.elements; e++) {
		json_array_append_new(elements,
				      json_pack("{s:o, s:f, s:f}", "name", json_sprintf("element%u", e + 1), "power_w",
						meter->element[e].power_w, "corrected_power_w", trial.element[e].power_w));
	}
	return json_pack("{s:o}", "elements", elements);
}

/* Crossed CTs are put right by the angle that is said; one that the voltages contradict would bill anything. */
static bool refuse_angle(struct mm_varlink_call *call, const struct mm_evidence *evidence, uint32_t correction)
{
	char reason[160];

	if (!(correction & MM_CORRECTION_CT_CROSSED) || !evidence->lag_known ||
	    fabs(remainder(evidence->lag_deg - mm_correction_lag_deg(correction), 360)) < ANGLE_TOLERANCE_DEG) {
		return false;
	}
	snprintf(reason, sizeof(reason), "L2 lags L1 by %.0f degrees by the readings, which is not lines-%.0f",
		 round(evidence->lag_deg < -0.5 ? evidence->lag_deg + 360 : fabs(evidence->lag_deg)),
		 mm_correction_lag_deg(correction));
	refuse(call, reason);
	return true;
}

void mm_acts_correct(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	int meter = mm_service_named_meter(call, parameters, service->engine);
	struct mm_view_front_end front_end = mm_view_front_end(service->engine);
	struct mm_view_meter view;
	char who[MM_IDENTITY_MAX];
	uint32_t correction;
	json_t *reply;

	if (meter < 0 || !read_correction(call, json_object_get(parameters, "corrections"), &correction)) {
		return;
	}
	view = mm_view_meter(service->engine, (unsigned)meter);
	if (!mm_correction_valid(correction, view.meter->config.model.elements)) {
		refuse(call,
		       view.meter->config.model.elements == 1
			       ? "a meter of one element has one CT: only ct1-reversed can be corrected"
			       : "ct-crossed goes with one of lines-180, lines-120 and lines-240, and they go with nothing else");
		return;
	}
	if (front_end.health != MM_HEALTH_OK || front_end.windows == 0) {
		refuse(call, "the front end is not in order, and nobody could see what the correction does");
		return;
	}
	if (refuse_angle(call, view.evidence, correction)) {
		return;
	}
	reply = correction_json(service->engine, view.meter, correction);
	if (json_is_true(json_object_get(parameters, "dry_run"))) {
		mm_service_reply(call, reply);
		return;
	}
	mm_identity(mm_varlink_call_peer(call), MM_IDENTITY_PASSWD, who);
	(void)mm_engine_correct(service->engine, (unsigned)meter, correction, who);
	settle(service, call, reply);
}
