/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/methods.h"
#include "service/peer.h"

/* By how much the angle between the lines may differ from what a correction says. */
#define ANGLE_TOLERANCE_DEG 30.0

struct correct {
	int meter;
	const json_t *corrections;
	bool dry_run;
};

static const struct mm_parameter table[] = {
	{MM_PARAMETER(struct correct, meter, METER)},
	{MM_PARAMETER(struct correct, corrections, ARRAY), .mandatory = true},
	{MM_PARAMETER(struct correct, dry_run, BOOLEAN)},
};

/* The bits of these names; false after having answered. */
static bool read_correction(struct mm_varlink_call *call, const json_t *names, uint32_t *ret)
{
	uint32_t correction = 0;
	json_t *name;
	size_t i;

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
static json_t *correction_json(const struct mm_metering *metering, unsigned number, uint32_t correction)
{
	const struct mm_meter *meter = mm_view_meter(metering, number).meter;
	struct mm_view_front_end front_end = mm_view_front_end_of(metering, number);
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

/* Crossed CTs are corrected by the angle that the client gives: one that the voltages contradict would bill anything. */
static bool refuse_angle(struct mm_varlink_call *call, const struct mm_observation *observation, uint32_t correction)
{
	char reason[160];

	if (!(correction & MM_CORRECTION_CT_CROSSED) || !observation->lag_known ||
	    fabs(remainder(observation->lag_deg - mm_correction_lag_deg(correction), 360)) < ANGLE_TOLERANCE_DEG) {
		return false;
	}
	snprintf(reason, sizeof(reason), "L2 lags L1 by %.0f degrees by the readings, which is not lines-%.0f",
		 round(observation->lag_deg < -0.5 ? observation->lag_deg + 360 : fabs(observation->lag_deg)),
		 mm_correction_lag_deg(correction));
	mm_call_not_permitted(call, reason);
	return true;
}

/* False after having refused it. */
static bool is_possible(const struct mm_service *service, struct mm_varlink_call *call, unsigned meter,
			const struct mm_view_meter *view, uint32_t correction)
{
	struct mm_view_front_end front_end = mm_view_front_end_of(service->metering, meter);

	if (!mm_correction_valid(correction, view->meter->config.model.elements)) {
		mm_call_not_permitted(call, view->meter->config.model.elements == 1
						    ? "a meter of one element has one CT: only ct1-reversed can be corrected"
					    : view->meter->config.model.elements == 3
						    ? "of three CTs only those that are turned can be corrected"
						    : "ct-crossed goes with one of lines-180, lines-120 and lines-240, and they "
						      "go with nothing else");
		return false;
	}
	if (front_end.health != MM_HEALTH_OK || front_end.windows == 0) {
		mm_call_not_permitted(call, "the front end is not in order, and nobody could see what the correction does");
		return false;
	}
	if (refuse_angle(call, view->observation, correction)) {
		return false;
	}
	return true;
}

void mm_method_correct(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	struct mm_deferred *change;
	char user[MM_PEER_NAME_MAX];
	struct mm_view_meter view;
	struct correct p = {0};
	uint32_t correction;
	json_t *reply;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &p) ||
	    !read_correction(call, p.corrections, &correction)) {
		return;
	}
	view = mm_view_meter(service->metering, (unsigned)p.meter);
	if (!is_possible(service, call, (unsigned)p.meter, &view, correction)) {
		return;
	}
	reply = correction_json(service->metering, (unsigned)p.meter, correction);
	if (p.dry_run) {
		mm_call_reply(call, reply);
		return;
	}
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, user);
	change = mm_deferred_change(service, call);
	if (!change) {
		json_decref(reply);
		return;
	}
	(void)mm_metering_correct(service->metering, (unsigned)p.meter, correction, user); /* is_possible() has checked it */
	mm_deferred_commit(change, reply);
}
