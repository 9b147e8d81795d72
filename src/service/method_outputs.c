/* SPDX-License-Identifier: MIT */
/* Output lines, and the test of an indicator. */
#include <string.h>

#include "base/count_of.h"
#include "service/call.h"
#include "service/json.h"
#include "service/methods.h"
#include "service/peer.h"

#define TEST_SECONDS_MAX 60

void mm_method_outputs(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {{.name = "meter", .kind = MM_PARAMETER_METERS}};
	const struct mm_service *service = userdata;
	json_t *outputs;
	int meter = -1;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &meter)) {
		return;
	}
	outputs = json_array();
	for (unsigned i = 0; i < mm_view_meter_count(service->metering); i++) {
		const struct mm_model *model = &mm_view_config(service->metering, i)->model;

		for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
			bool has = o >= MM_OUTPUT_ENERGY_COUNT || mm_output_kh_uwh(model, o) > 0;

			if (has && (meter < 0 || (unsigned)meter == i)) {
				json_array_append_new(outputs, mm_json_output(service->metering, i, o));
			}
		}
	}
	mm_call_reply(call, json_pack("{s:o}", "outputs", outputs));
}

/* MM_OUTPUT_COUNT where no output has that name. */
static enum mm_output find_output(const char *name)
{
	enum mm_output output = 0;

	while (output < MM_OUTPUT_COUNT && strcmp(mm_output_name(output), name) != 0) {
		output++;
	}
	return output;
}

struct test {
	int meter;
	const char *output;
	int64_t seconds;
};

void mm_method_test_output(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct test, meter, METER)},
		{MM_PARAMETER(struct test, output, TEXT), .mandatory = true, .max = INFINITY},
		{MM_PARAMETER(struct test, seconds, INTEGER), .mandatory = true, .min = 1, .max = TEST_SECONDS_MAX},
	};
	struct mm_service *service = userdata;
	char user[MM_PEER_NAME_MAX];
	enum mm_output output;
	struct test test;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &test)) {
		return;
	}
	output = find_output(test.output);
	if (output == MM_OUTPUT_COUNT) {
		mm_call_error(call, "org.minimeter.NoSuchOutput",
			      json_pack("{s:s, s:s}", "meter", mm_view_config(service->metering, (unsigned)test.meter)->name,
					"output", test.output));
		return;
	}
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, user);
	if (mm_metering_test_output(service->metering, (unsigned)test.meter, output, (int)test.seconds, user) < 0) {
		mm_call_not_permitted(call, "this output counts energy: a test would put pulses on a bill");
		return;
	}
	mm_call_reply(call, json_object());
}
