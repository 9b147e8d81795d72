/* SPDX-License-Identifier: MIT */
/* What the installation test goes by: the daemon's answers. */

#include "client/reading.h"
#include "ctl/check.h"

int mm_check_refresh_reading(struct mm_check *check)
{
	struct mm_readings *readings;
	struct mm_error error = {0};
	json_t *answer;
	int r = mm_ctl_call(check->ctl, "org.minimeter.Read", json_incref(check->parameters), &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	r = mm_readings_new(answer, &readings, &error);
	json_decref(answer);
	if (r < 0) {
		return mm_ctl_fail_client(check->ctl, r, &error);
	}
	mm_readings_free(check->readings);
	check->readings = readings;
	check->reading = &readings->meter[0];
	return readings->count == 1 ? MM_CTL_FINE : mm_ctl_fail(check->ctl, MM_CTL_FAILED, "there is no reading of this meter");
}

int mm_check_refresh_diagnosis(struct mm_check *check)
{
	json_t *answer;
	int r = mm_ctl_call(check->ctl, "org.minimeter.Diagnose", json_incref(check->loads), &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	json_decref(check->diagnosis);
	check->diagnosis = json_incref(json_array_get(json_object_get(answer, "meters"), 0));
	json_decref(answer);
	return MM_CTL_FINE;
}

void mm_check_wait_windows(struct mm_check *check, unsigned windows)
{
	struct mm_client *client;
	bool more;

	if (!check->reading->valid || mm_ctl_open(check->ctl, MM_CTL_SOCKET_READ, &client, NULL) < 0) {
		return;
	}
	more = mm_client_send(client, "org.minimeter.Read", json_incref(check->parameters), true, NULL) == 0;
	for (unsigned i = 0; i <= windows && more; i++) {
		json_t *reading;

		if (mm_client_receive(client, MM_CLIENT_TIMEOUT_MS, &reading, &more, NULL) < 0) {
			break;
		}
		json_decref(reading);
	}
	mm_client_free(client);
}

static int keep_outputs(struct mm_check *check, json_t *answer)
{
	struct mm_output_states *outputs;
	struct mm_error error = {0};
	int r = mm_output_states_new(answer, &outputs, &error);

	if (r < 0) {
		return mm_ctl_fail_client(check->ctl, r, &error);
	}
	mm_output_states_free(check->outputs);
	check->outputs = outputs;
	return MM_CTL_FINE;
}

int mm_check_refresh_outputs(struct mm_check *check, struct mm_check_led *ret_led)
{
	const struct mm_output_state *led;
	json_t *answer;
	int64_t before_uwh = 0;
	int r = mm_check_refresh_reading(check);

	if (r == MM_CTL_FINE) {
		before_uwh = check->reading->delivered_uwh;
		r = mm_ctl_call(check->ctl, "org.minimeter.GetOutputs", json_incref(check->parameters), &answer);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	r = keep_outputs(check, answer);
	json_decref(answer);
	if (r == MM_CTL_FINE) {
		r = mm_check_refresh_reading(check);
	}
	led = mm_output_states_find(check->outputs, check->name, "led_load");
	if (r == MM_CTL_FINE && led != NULL) {
		*ret_led = mm_check_led(before_uwh, led, check->reading);
	}
	return r;
}
