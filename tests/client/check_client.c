/* SPDX-License-Identifier: MIT */
/* The client against a scripted daemon: what comes back, and what it says where nothing does. */

#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "client/reading.h"
#include "fixture/answers.h"
#include "fixture/fake_daemon.h"
#include "fixture/suite.h"

#define READ "org.minimeter.Read"
#define READ_ANSWER "{\"meters\":[" MAIN "]}"

static struct mm_client *connect_to(const struct fake_socket *fixture)
{
	struct mm_error error = {0};
	struct mm_client *client;

	ck_assert_msg(mm_client_connect(MM_CLIENT_READ, fixture->path, &client, &error) == 0, "%s", error.text);
	ck_assert_str_eq(error.text, "");
	return client;
}

static void expect_text(const struct mm_error *error, const char *part)
{
	ck_assert_msg(strstr(error->text, part) != NULL, "'%s' and not '%s'", part, error->text);
}

/* ---- Connecting ---- */

START_TEST(nobody_is_there)
{
	static const char too_long[200] = {[0 ... 198] = 'x'};
	const struct {
		const char *path, *text;
		int r;
	} table[] = {
		{"/nowhere/minimeter.sock", "nobody answers at /nowhere/minimeter.sock: is minimeterd running? See 'systemctl ",
		 -ENOENT},
		{"/dev/null", "nobody answers at /dev/null", -ECONNREFUSED},
		{"/dev/null/x", "can't connect to /dev/null/x: Not a directory", -ENOTDIR},
		{too_long, "File name too long", -ENAMETOOLONG},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct mm_client *client = NULL;
		struct mm_error error = {0};

		ck_assert_int_eq(mm_client_connect(MM_CLIENT_READ, table[i].path, &client, &error), table[i].r);
		ck_assert_ptr_null(client);
		expect_text(&error, table[i].text);
		ck_assert_int_eq(mm_client_connect(MM_CLIENT_ADMIN, table[i].path, &client, NULL), table[i].r);
	}
	mm_client_free(NULL);
}
END_TEST

/* ---- Answers ---- */

START_TEST(an_answer_comes_back)
{
	static const struct fake_answer script[] = {{"Read", 0, REPLY(READ_ANSWER)}, {NULL, 0, NULL}};
	struct fake_socket fixture = fake_socket_new(script);
	struct mm_client *client = connect_to(&fixture);
	struct mm_error error = {0};
	json_t *answer, *request;

	ck_assert_int_eq(mm_client_call(client, READ, json_pack("{s:s}", "meter", "main"), &answer, &error), 0);
	ck_assert_ptr_null(mm_client_error_name(client));
	ck_assert_str_eq(error.text, "");
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "meters")), 1);
	json_decref(answer);
	request = fake_daemon_request(fixture.daemon, "Read");
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(request, "parameters"), "meter")), "main");
	ck_assert_ptr_null(json_object_get(request, "more"));
	json_decref(request);
	mm_client_free(client);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(a_stream_is_followed_to_its_end)
{
	static const struct fake_answer script[] = {
		{"Read", 1, REPLY_MORE(READ_ANSWER) "\n" REPLY_MORE(READ_ANSWER) "\n" REPLY(READ_ANSWER)},
		{"Read", 1, REPLY_MORE(READ_ANSWER) "\n" ERROR("org.minimeter.Busy", "{\"reason\":\"over\"}")},
		{"Read", 0, REPLY_MORE(READ_ANSWER) "\nclose"},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct mm_client *client = connect_to(&fixture);
	struct mm_error error = {0};
	json_t *answer, *request;
	bool more = false;

	for (int stream = 0; stream < 3; stream++) {
		struct pollfd fd = {.fd = mm_client_fd(client), .events = POLLIN};

		ck_assert_int_eq(mm_client_send(client, READ, NULL, true, &error), 0);
		ck_assert_int_eq(poll(&fd, 1, -1), 1);
		for (int i = 0; i < (stream == 0 ? 3 : 1); i++) {
			ck_assert_int_eq(mm_client_receive(client, -1, &answer, &more, &error), 0);
			ck_assert(more == (stream > 0 || i < 2));
			json_decref(answer);
		}
		if (stream > 0) {
			ck_assert_int_eq(mm_client_receive(client, -1, &answer, &more, &error),
					 stream == 1 ? -EREMOTEIO : -ECONNRESET);
			expect_text(&error, stream == 1 ? "minimeterd is busy: over; try again" : "closed the connection");
		}
	}
	request = fake_daemon_request(fixture.daemon, "Read");
	ck_assert(json_is_true(json_object_get(request, "more")));
	json_decref(request);
	mm_client_free(client);
	fake_socket_free(&fixture);
}
END_TEST

/* ---- What is wrong ---- */

START_TEST(bad_answers_are_distinguished)
{
	static const struct {
		const char *messages, *text;
		int r;
	} table[] = {
		{"close", "minimeterd closed the connection", -ECONNRESET},
		{"cut {\"parameters\":{\"meters\":[", "minimeterd closed the connection", -ECONNRESET},
		{"cut {}", "minimeterd closed the connection", -ECONNRESET},
		{"garbage", "does not speak Varlink: is it minimeterd's socket?", -EBADMSG},
		{"[1,2]", "does not speak Varlink", -EBADMSG},
		{"{\"parameters\":[]}", "does not speak Varlink", -EBADMSG},
		{"", "no answer from ", -ETIMEDOUT},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct fake_answer script[] = {{"Read", 0, table[i].messages}, {NULL, 0, NULL}};
		struct fake_socket fixture = fake_socket_new(script);
		struct mm_client *client = connect_to(&fixture);
		struct mm_error error = {0};
		json_t *answer = NULL;

		ck_assert_int_eq(mm_client_send(client, READ, NULL, false, &error), 0);
		ck_assert_int_eq(mm_client_receive(client, table[i].r == -ETIMEDOUT ? 50 : -1, &answer, NULL, &error),
				 table[i].r);
		ck_assert_ptr_null(answer);
		ck_assert_ptr_null(mm_client_error_name(client));
		expect_text(&error, table[i].text);
		mm_client_free(client);
		fake_socket_free(&fixture);
	}
}
END_TEST

START_TEST(error_replies_say_what_to_do)
{
	static const struct {
		const char *name, *parameters, *text;
	} table[] = {
		{"org.minimeter.NoSuchMeter", "{\"meter\":\"x\"}", "there is no meter 'x'; there are: main, flat"},
		{"org.minimeter.NoSuchOutput", "{\"meter\":\"main\",\"output\":\"9\"}",
		 "meter 'main' has no output '9'; it has: 10"},
		{"org.minimeter.NotPermitted", "{\"reason\":\"a lock\"}", "not permitted: a lock"},
		{"org.minimeter.NotPermitted", "{}", "not permitted: ?"},
		{"org.minimeter.Busy", "{\"reason\":\"a test runs\"}", "minimeterd is busy: a test runs; try again"},
		{"org.minimeter.CalibrationRefused", "{\"reason\":\"no load\",\"advice\":\"switch it on\"}",
		 "refused: no load; switch it on"},
		{"org.minimeter.NoSuchSession", "{\"session\":\"s\"}",
		 "calibration session 's' is over: it was accepted or cancelled, or minimeterd was restarted; begin again with "
		 "'minimeterctl calibrate start'"},
		{"org.minimeter.RegisterFailed", "{\"reason\":\"disk full\"}",
		 "the register failed: disk full; see 'minimeterctl status'"},
		{"org.minimeter.Other", "{}", "minimeterd answers with the error org.minimeter.Other"},
		{"org.varlink.service.InvalidParameter", "{\"parameter\":\"meter\"}", "minimeterd refuses the value for 'meter'"},
		{"com.example.Odd", "{}", "minimeterd answers with the error com.example.Odd"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char reply[256];
		struct fake_answer script[] = {
			{"Read", 1, reply},
			{"Read", 0, REPLY(READ_ANSWER)},
			{"GetNameplate", 0, REPLY("{\"meters\":[{\"name\":\"main\"},{\"name\":\"flat\"}]}")},
			{"GetOutputs", 0, REPLY("{\"outputs\":[{\"name\":\"10\"}]}")},
			{NULL, 0, NULL},
		};
		struct fake_socket fixture = fake_socket_new(script);
		struct mm_client *client = connect_to(&fixture);
		struct mm_error error = {0};
		json_t *answer = NULL;

		snprintf(reply, sizeof(reply), "{\"error\":\"%s\",\"parameters\":%s}", table[i].name, table[i].parameters);
		ck_assert_int_eq(mm_client_call(client, READ, NULL, &answer, &error), -EREMOTEIO);
		ck_assert_ptr_null(answer);
		ck_assert_str_eq(error.text, table[i].text);
		ck_assert_str_eq(mm_client_error_name(client), table[i].name);
		/* An error is an answer: the connection goes on. */
		ck_assert_int_eq(mm_client_call(client, READ, NULL, &answer, &error), 0);
		ck_assert_ptr_null(mm_client_error_name(client));
		json_decref(answer);
		mm_client_free(client);
		fake_socket_free(&fixture);
	}
}
END_TEST

START_TEST(another_version_is_named)
{
	static const struct fake_answer nothing[] = {{NULL, 0, NULL}};
	struct fake_socket fixture = fake_socket_new(nothing);
	struct mm_client *client = connect_to(&fixture);
	struct mm_error error = {0};
	json_t *answer;

	ck_assert_int_eq(mm_client_call(client, "org.minimeter.New", NULL, &answer, &error), -ENOSYS);
	expect_text(&error, "does not know 'org.minimeter.New' (org.varlink.service.MethodNotFound): is it minimeterd, and of ");
	mm_client_free(client);
	fake_socket_free(&fixture);
}
END_TEST

/* ---- Structs ---- */

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

START_TEST(a_reading_is_whole)
{
	json_t *answer = parse("{\"meters\":[" METER("main", "false", "\"outputs-failing\"",
						     ELEMENT("L1", "-3.5", "\"reversed\",\"voltage-low\"")) "]}");
	struct mm_readings *readings;
	const struct mm_reading *meter;

	json_object_set_new(json_array_get(json_object_get(answer, "meters"), 0), "time", json_string("1970-01-02T00:00:00.25Z"));
	ck_assert_int_eq(mm_readings_new(answer, &readings, NULL), 0);
	json_decref(answer);
	ck_assert_uint_eq(readings->count, 1);
	meter = &readings->meter[0];
	ck_assert_str_eq(meter->name, "main");
	ck_assert_str_eq(meter->serial, "00042");
	ck_assert_str_eq(meter->model, "MMD-120-2001-T-SCC");
	ck_assert(!meter->valid && meter->power_led && !meter->load_led && !meter->reverse_led);
	ck_assert_double_eq(meter->age_s, 37.4);
	ck_assert_int_eq(meter->time_ns, INT64_C(86400250000000));
	ck_assert_int_eq(meter->delivered_uwh, INT64_C(12345678900000));
	ck_assert_int_eq(meter->received_uwh, 0);
	ck_assert_int_eq(meter->lagging_uvarh, INT64_C(12500000000));
	ck_assert_int_eq(meter->leading_uvarh, 0);
	ck_assert_double_eq(meter->max_demand_w, 4321);
	ck_assert_int_eq(meter->max_demand_time_ns, 0);
	ck_assert_double_eq(meter->power_w, 2406.4);
	ck_assert_str_eq(meter->display, "012345.6");
	ck_assert_uint_eq(meter->faults.count, 1);
	ck_assert_str_eq(meter->faults.name[0], "outputs-failing");
	ck_assert_uint_eq(meter->corrections.count, 0);
	ck_assert_uint_eq(meter->element_count, 1);
	ck_assert_str_eq(meter->element[0].name, "L1");
	ck_assert_str_eq(meter->element[0].input, "A");
	ck_assert_double_eq(meter->element[0].power_w, -3.5);
	ck_assert_double_eq(meter->element[0].frequency_hz, 60.01);
	ck_assert(meter->element[0].registering);
	ck_assert_uint_eq(meter->element[0].flags.count, 2);
	ck_assert_str_eq(meter->element[0].flags.name[1], "voltage-low");
	ck_assert_int_eq(meter->element[0].delivered_uwh, INT64_C(6172839500000));
	mm_readings_free(readings);
	mm_readings_free(NULL);
}
END_TEST

/* A member that is missing or of another type: the answer is refused, and the member is named. */
START_TEST(a_reading_that_is_not_whole_is_refused)
{
	static const char *const may_be_null[] = {"time", "max_demand_time", "display"};
	json_t *whole = parse(READ_ANSWER), *value;
	const char *key;

	json_object_foreach(json_array_get(json_object_get(whole, "meters"), 0), key, value)
	{
		json_t *instead[] = {NULL, json_object(), json_null()};

		for (size_t i = 0; i < COUNT_OF(instead) && strcmp(key, "delivered_wh") != 0 && strcmp(key, "received_wh") != 0;
		     i++) {
			json_t *answer = json_deep_copy(whole), *meter = json_array_get(json_object_get(answer, "meters"), 0);
			struct mm_readings *readings = NULL;
			struct mm_error error = {0};
			int r = -EBADMSG;

			for (size_t n = 0; n < COUNT_OF(may_be_null); n++) {
				r = json_is_null(instead[i]) && strcmp(key, may_be_null[n]) == 0 ? 0 : r;
			}
			json_object_del(meter, key);
			json_object_set(meter, key, instead[i]);
			ck_assert_msg(mm_readings_new(answer, &readings, &error) == r, "%s, %zu", key, i);
			ck_assert(r == 0 ? readings != NULL : readings == NULL && strstr(error.text, key) != NULL);
			mm_readings_free(readings);
			json_decref(answer);
		}
		json_decref(instead[1]);
	}
	json_decref(whole);
}
END_TEST

/* A register to its last µWh: a decimal of 15 digits, as the daemon writes it. */
START_TEST(decimals_are_exact)
{
	static const struct {
		const char *wh;
		int64_t uwh;
	} table[] = {
		{"0", 0},
		{"0.000001", 1},
		{"0.1", 100000},
		{"1234567.891234", INT64_C(1234567891234)},
		{"999999999.999999", INT64_C(999999999999999)},
		{"999999999.999998", INT64_C(999999999999998)},
		{"-2.5", -2500000},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		json_t *answer = parse(READ_ANSWER);
		json_t *element =
			json_array_get(json_object_get(json_array_get(json_object_get(answer, "meters"), 0), "elements"), 1);
		struct mm_readings *readings;

		json_object_set_new(element, "received_wh", json_loads(table[i].wh, JSON_DECODE_ANY, NULL));
		ck_assert_int_eq(mm_readings_new(answer, &readings, NULL), 0);
		ck_assert_int_eq(readings->meter[0].element[1].received_uwh, table[i].uwh);
		mm_readings_free(readings);
		json_decref(answer);
	}
}
END_TEST

START_TEST(outputs_and_status_are_read)
{
	json_t *answer = parse("{\"outputs\":[" OUTPUT("10", "\"GPIO17\"", "true", "10.0",
						       "2469") "," OUTPUT("led_power", "null", "false", "null", "1") "]}");
	json_t *status_answer = parse(STATUS("false", FROZEN, "\"front-end-frozen\""));
	struct mm_output_states *outputs;
	const struct mm_output_state *output;
	struct mm_daemon_status *status;
	struct mm_error error = {0};

	ck_assert_int_eq(mm_output_states_new(answer, &outputs, NULL), 0);
	ck_assert_uint_eq(outputs->count, 2);
	output = mm_output_states_find(outputs, "main", "10");
	ck_assert_str_eq(output->line, "GPIO17");
	ck_assert(output->level);
	ck_assert_int_eq(output->kh_uwh, 10000000);
	ck_assert_int_eq(output->edges, 2469);
	output = mm_output_states_find(outputs, "main", "led_power");
	ck_assert_ptr_null(output->line);
	ck_assert_int_eq(output->kh_uwh, 0);
	ck_assert_ptr_null(mm_output_states_find(outputs, "flat", "10"));
	ck_assert_ptr_null(mm_output_states_find(NULL, "main", "10"));

	ck_assert_int_eq(mm_daemon_status_new(status_answer, &status, NULL), 0);
	ck_assert_str_eq(status->version, "0.1.0");
	ck_assert(!status->ok);
	ck_assert_str_eq(status->front_end.state, "frozen");
	ck_assert_double_eq(status->front_end.since_s, 37);
	ck_assert_str_eq(status->front_end.advice, "set cache_bypass");
	ck_assert_str_eq(status->store.state, "ok");
	ck_assert_ptr_null(status->store.reason);

	/* The answer to another question */
	ck_assert_int_eq(mm_output_states_new(status_answer, &outputs, &error), -EBADMSG);
	expect_text(&error, "'outputs'");
	ck_assert_int_eq(mm_daemon_status_new(answer, &status, &error), -EBADMSG);
	expect_text(&error, "'version'");
	json_decref(answer);
	json_decref(status_answer);
	mm_output_states_free(outputs);
	mm_daemon_status_free(status);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *connection = tcase_create("connection"), *structs = tcase_create("structs");

	tcase_add_test(connection, nobody_is_there);
	tcase_add_test(connection, an_answer_comes_back);
	tcase_add_test(connection, a_stream_is_followed_to_its_end);
	tcase_add_test(connection, bad_answers_are_distinguished);
	tcase_add_test(connection, error_replies_say_what_to_do);
	tcase_add_test(connection, another_version_is_named);
	tcase_set_timeout(connection, 60);
	suite_add_tcase(suite, connection);
	tcase_add_test(structs, a_reading_is_whole);
	tcase_add_test(structs, a_reading_that_is_not_whole_is_refused);
	tcase_add_test(structs, decimals_are_exact);
	tcase_add_test(structs, outputs_and_status_are_read);
	tcase_set_timeout(structs, 60);
	suite_add_tcase(suite, structs);
	return mm_run_suite(suite);
}
