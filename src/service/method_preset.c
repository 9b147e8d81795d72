/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "base/count_of.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/methods.h"
#include "service/peer.h"

#define WH_MAX (INT64_MAX / MM_UWH_PER_WH)

struct preset {
	int meter;
	int64_t delivered_wh, received_wh;
	const char *old_serial;
	bool dry_run;
};

static const struct mm_parameter table[] = {
	{MM_PARAMETER(struct preset, meter, METER)},
	{MM_PARAMETER(struct preset, old_serial, TEXT), .mandatory = true, .min = 1, .max = MM_NAME_MAX - 1},
	{MM_PARAMETER(struct preset, delivered_wh, INTEGER), .max = (double)WH_MAX},
	{MM_PARAMETER(struct preset, received_wh, INTEGER), .max = (double)WH_MAX},
	{MM_PARAMETER(struct preset, dry_run, BOOLEAN)},
};

/* Why mm_meter_preset() refused, in scratch, which it returns. */
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

static json_t *registers_json(const struct mm_meter *meter)
{
	return json_pack("{s:I, s:I}", "delivered_uwh", (json_int_t)meter->registers.delivered.uwh, "received_uwh",
			 (json_int_t)meter->registers.received.uwh);
}

void mm_method_preset(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_service *service = userdata;
	char user[MM_PEER_NAME_MAX], scratch[160];
	int64_t delivered_uwh, received_uwh;
	const struct mm_meter *meter;
	struct mm_deferred *change;
	struct preset p = {0};
	struct mm_meter trial;
	int r;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &p)) {
		return;
	}
	meter = mm_view_meter(service->metering, (unsigned)p.meter).meter;
	delivered_uwh = p.delivered_wh * MM_UWH_PER_WH;
	received_uwh = p.received_wh * MM_UWH_PER_WH;
	trial = *meter;
	r = mm_meter_preset(&trial, delivered_uwh, received_uwh, 0);
	if (r < 0) {
		mm_call_not_permitted(call, preset_reason(r, meter, scratch, sizeof(scratch)));
		return;
	}
	if (p.dry_run) {
		mm_call_reply(call, registers_json(&trial));
		return;
	}
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, user);
	change = mm_deferred_change(service, call);
	if (change) {
		(void)mm_metering_preset(service->metering, (unsigned)p.meter, delivered_uwh, received_uwh, p.old_serial, user);
		mm_deferred_commit(change, registers_json(meter));
	}
}
