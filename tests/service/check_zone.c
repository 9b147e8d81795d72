/* SPDX-License-Identifier: MIT */
/* Times of the daemon's zone: what they mean in each method, and what is refused. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/time_text.h"
#include "fixture/service_fixture.h"
#include "fixture/suite.h"
#include "fixture/zone.h"

#define ZONE "Europe/Berlin"
#define WAIT_MS 60000

/* Of that zone; the clock shows a time there. */
static struct service_fixture *setup_at(const char *now)
{
	struct service_fixture *f;
	int64_t now_s;

	mm_set_zone(ZONE);
	f = setup();
	ck_assert_int_eq(mm_time_parse(now, &now_s, NULL), 0);
	f->now_ns = now_s * MM_NS_PER_S;
	return f;
}

/* The answer to a call; the caller's. */
static json_t *ask(struct service_fixture *f, const char *method, const char *parameters)
{
	struct pollfd p = {.fd = mm_store_worker_fd(f->worker), .events = POLLIN};
	json_t *got;

	call(f, method, parameters);
	got = answer(f);
	for (int waited = 0; !got && waited < WAIT_MS; waited += 10) {
		(void)poll(&p, 1, 10);
		mm_store_worker_dispatch(f->worker);
		ck_assert_int_eq(mm_varlink_conn_process(f->conn, POLLOUT), 0);
		got = answer(f);
	}
	ck_assert_ptr_nonnull(got);
	return got;
}

static void expect_text(const json_t *object, const char *key, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, key));

	ck_assert_msg(expected ? text && strcmp(text, expected) == 0 : json_is_null(json_object_get(object, key)), "%s: %s", key,
		      text);
}

static const struct {
	const char *parameters, *from, *to;
} spans[] = {
	{"{\"from\":\"2025\"}", "2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"},
	{"{\"from\":\"2026-03\"}", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
	{"{\"from\":\"2026-03-29\"}", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
	{"{\"from\":\"2026-03\",\"to\":\"2026-03-02\"}", "2026-03-01T00:00:00+01:00", "2026-03-02T00:00:00+01:00"},
	{"{\"from\":\"2026-03-01 06:00\",\"to\":\"2026-03-01T07:00:00Z\"}", "2026-03-01T06:00:00+01:00",
	 "2026-03-01T08:00:00+01:00"},
	{"{\"from\":\"last month\"}", "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"},
	{"{\"from\":\"this month\",\"to\":\"now\"}", "2026-11-01T00:00:00+01:00", "2026-11-05T13:00:00+01:00"},
	{"{\"from\":\"yesterday\"}", "2026-11-04T00:00:00+01:00", "2026-11-05T00:00:00+01:00"},
	{"{\"from\":\"yesterday\",\"to\":\"today\"}", "2026-11-04T00:00:00+01:00", "2026-11-05T00:00:00+01:00"},
	{"{\"from\":\"-90m\",\"to\":\"now\"}", "2026-11-05T11:30:00+01:00", "2026-11-05T13:00:00+01:00"},
};

#define NOW "2026-11-05T12:00:00Z"

START_TEST(a_statement_is_of_the_zones_days_and_months)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, "GetStatement", spans[_i].parameters), *statement;

	statement = json_object_get(json_object_get(got, "parameters"), "statement");
	expect_text(statement, "from_local", spans[_i].from);
	expect_text(statement, "to_local", spans[_i].to);
	expect_text(statement, "time_zone", ZONE);
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(so_is_a_profile)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, "GetProfile", spans[_i].parameters), *profile = json_object_get(got, "parameters");

	expect_text(profile, "from", spans[_i].from);
	expect_text(profile, "to", spans[_i].to);
	expect_text(profile, "time_zone", ZONE);
	json_decref(got);
	got = ask(f, "GetEvents", spans[_i].parameters);
	expect_text(json_object_get(got, "parameters"), "time_zone", ZONE);
	json_decref(got);
	teardown(f);
}
END_TEST

/* Of a moment to is left open: up to now in a statement. */
START_TEST(a_moment_has_no_end)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, "GetProfile", "{\"from\":\"2026-03-01 06:00\"}");

	expect_text(json_object_get(got, "parameters"), "to", NULL);
	json_decref(got);
	got = ask(f, "GetProfile", "{}");
	expect_text(json_object_get(got, "parameters"), "from", NULL);
	expect_text(json_object_get(got, "parameters"), "to", NULL);
	json_decref(got);
	got = ask(f, "GetStatement", "{\"from\":\"2026-11-05T12:00\"}");
	expect_text(json_object_get(json_object_get(got, "parameters"), "statement"), "to_local", "2026-11-05T13:00:00+01:00");
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(a_reading_is_of_the_zones_midnight)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, "GetReading", "{\"at\":\"2026-10-01 00:00\"}"), *reading;

	expect_text(json_object_get(got, "parameters"), "time_zone", ZONE);
	reading = json_array_get(json_object_get(json_object_get(got, "parameters"), "readings"), 0);
	expect_text(reading, "at", "2026-09-30T22:00:00.000Z");
	expect_text(reading, "reading", NULL);
	json_decref(got);
	teardown(f);
}
END_TEST

static const struct {
	const char *method, *parameters, *parameter, *reason, *early, *late;
} doubtful[] = {
	{"GetReading", "{\"at\":\"2026-03-29T02:30\"}", "at",
	 "2026-03-29T02:30 is a time that clocks skip, when they are put forward, in the time zone Europe/Berlin: write "
	 "2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00",
	 "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"},
	{"GetStatement", "{\"from\":\"2026-10\",\"to\":\"2026-10-25 02:00:00\"}", "to",
	 "2026-10-25 02:00:00 comes twice, when clocks are put back, in the time zone Europe/Berlin: write "
	 "2026-10-25T02:00:00+02:00 or 2026-10-25T02:00:00+01:00",
	 "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"},
	{"GetProfile", "{\"from\":\"2026-10-25T02:59\"}", "from", NULL, "2026-10-25T02:59:00+02:00", "2026-10-25T02:59:00+01:00"},
	{"GetEvents", "{\"from\":\"2026-10-25T02:59\"}", "from", NULL, "2026-10-25T02:59:00+02:00", "2026-10-25T02:59:00+01:00"},
};

START_TEST(what_can_mean_two_times_names_both)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, doubtful[_i].method, doubtful[_i].parameters), *parameters = json_object_get(got, "parameters");

	expect_text(got, "error", "org.minimeter.AmbiguousTime");
	expect_text(parameters, "parameter", doubtful[_i].parameter);
	if (doubtful[_i].reason) {
		expect_text(parameters, "reason", doubtful[_i].reason);
	}
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(parameters, "readings"), 0)), doubtful[_i].early);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(parameters, "readings"), 1)), doubtful[_i].late);
	json_decref(got);
	teardown(f);
}
END_TEST

static const struct {
	const char *method, *parameters, *error, *key, *value;
} refusals[] = {
	{"GetReading", "{\"at\":\"2026-04-31\"}", "org.varlink.service.InvalidParameter", "parameter", "at"},
	{"GetReading", "{\"at\":\"2026-13\"}", "org.varlink.service.InvalidParameter", "parameter", "at"},
	{"GetReading", "{\"at\":\"tomorrow\"}", "org.varlink.service.InvalidParameter", "parameter", "at"},
	{"GetStatement", "{\"from\":\"1969\"}", "org.varlink.service.InvalidParameter", "parameter", "from"},
	{"GetStatement", "{\"from\":\"2026-10\",\"to\":\"2026-10\"}", "org.varlink.service.InvalidParameter", "parameter",
	 "from"},
	{"GetStatement", "{\"from\":\"2026-11\"}", "org.minimeter.NotYet", "at", "2026-12-01T00:00:00+01:00"},
	{"GetReading", "{\"at\":\"2026-11-06\"}", "org.minimeter.NotYet", "at", "2026-11-06T00:00:00+01:00"},
};

START_TEST(what_is_no_time_or_to_come_is_refused)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, refusals[_i].method, refusals[_i].parameters);

	expect_text(got, "error", refusals[_i].error);
	expect_text(json_object_get(got, "parameters"), refusals[_i].key, refusals[_i].value);
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(the_status_has_the_zone)
{
	struct service_fixture *f = setup_at(NOW);
	json_t *got = ask(f, "Status", "{}");

	expect_text(json_object_get(got, "parameters"), "time_zone", ZONE);
	json_decref(got);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone");
	TCase *tcase = tcase_create("times");

	tcase_add_loop_test(tcase, a_statement_is_of_the_zones_days_and_months, 0, MM_COUNT_OF(spans));
	tcase_add_loop_test(tcase, so_is_a_profile, 0, MM_COUNT_OF(spans));
	tcase_add_test(tcase, a_moment_has_no_end);
	tcase_add_test(tcase, a_reading_is_of_the_zones_midnight);
	tcase_add_loop_test(tcase, what_can_mean_two_times_names_both, 0, MM_COUNT_OF(doubtful));
	tcase_add_loop_test(tcase, what_is_no_time_or_to_come_is_refused, 0, MM_COUNT_OF(refusals));
	tcase_add_test(tcase, the_status_has_the_zone);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
