/* SPDX-License-Identifier: MIT */
/* What a client gets to know of the configuration, and of the load profile before an interval is closed. */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/service_fixture.h"
#include "fixture/suite.h"
#include "service/answer.h"

#define IN_ORDER "[front-end]\nvoltage_divider=1001\nburden_ohm=5.1\n[meter m]\nmodel=MMS-120-2001\nserial=1\nelement1=A\n"

static void write_config(const struct service_fixture *f, const char *text)
{
	FILE *file = fopen(f->config_path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Whoever looks later: what is in force is not what the file says. */
static void expect_configuration(struct service_fixture *f, const char *state, const char *reason)
{
	json_t *got, *configuration;
	const char *text;

	call(f, "Status", "{}");
	got = answer(f);
	configuration = json_object_get(json_object_get(got, "parameters"), "configuration");
	ck_assert_str_eq(json_string_value(json_object_get(configuration, "state")), state);
	text = json_string_value(json_object_get(configuration, "reason"));
	ck_assert_msg(reason ? text && strstr(text, reason) : !text, "%s", text);
	ck_assert(json_is_string(json_object_get(configuration, "advice")) == (reason != NULL));
	ck_assert_double_eq(json_number_value(json_object_get(configuration, "since_s")), 5);
	json_decref(got);
}

START_TEST(a_file_that_was_refused_is_remembered)
{
	struct service_fixture *f = setup();

	f->now_ns += 5 * MM_NS_PER_S;
	expect_configuration(f, "ok", NULL);
	write_config(f, IN_ORDER "[daemon]\nnonsense=1\nidle_timeout_s=x\n");
	mm_service_reload(f->service);
	f->now_ns += 5 * MM_NS_PER_S;
	expect_configuration(f, "refused", "2 errors, the first: ");
	write_config(f, IN_ORDER "[daemon]\nnonsense=1\n");
	mm_service_reload(f->service);
	f->now_ns += 5 * MM_NS_PER_S;
	expect_configuration(f, "refused", "minimeter.conf:9: ");
	write_config(f, IN_ORDER);
	mm_service_reload(f->service);
	f->now_ns += 5 * MM_NS_PER_S;
	expect_configuration(f, "ok", NULL);
	teardown(f);
}
END_TEST

/* What is in force goes on, and the register stays its own. */
START_TEST(what_the_next_start_would_refuse_is_refused)
{
	struct service_fixture *f = setup();
	json_t *got;

	write_config(f, "[front-end]\nvoltage_divider=1001\nburden_ohm=5.1\n[daemon]\ncommit_wh=7\n"
			"[meter m]\nmodel=MMS-120-2001\nserial=2\nelement1=A\n");
	call(f, "Reload", "{}");
	got = answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.minimeter.ConfigurationRefused");
	json_decref(got);
	ck_assert_int_ne(f->config.commit_wh, 7);
	f->now_ns += 5 * MM_NS_PER_S;
	expect_configuration(f, "refused", "the register is another meter's");
	teardown(f);
}
END_TEST

START_TEST(status_says_whether_the_clock_is_synchronised)
{
	struct service_fixture *f = setup();

	for (int i = 0; i < 2; i++) {
		json_t *got, *said;

		f->unsynchronized = i == 1;
		call(f, "Status", "{}");
		got = answer(f);
		said = json_object_get(json_object_get(got, "parameters"), "clock_synchronized");
		ck_assert(i == 0 ? json_is_true(said) : json_is_false(said));
		json_decref(got);
	}
	teardown(f);
}
END_TEST

/* ---- The load profile ---- */

static json_t *open_interval(struct service_fixture *f)
{
	json_t *got, *interval;

	call(f, "Read", "{}");
	got = answer(f);
	interval = json_incref(
		json_object_get(json_array_get(json_object_get(json_object_get(got, "parameters"), "meters"), 0), "interval"));
	json_decref(got);
	return interval;
}

START_TEST(a_reading_has_the_interval_that_is_open)
{
	struct service_fixture *f = setup();
	json_t *interval;

	interval = open_interval(f);
	ck_assert(json_is_null(interval));
	json_decref(interval);
	windows(f, 2);
	interval = open_interval(f);
	/* A clock that was never set labels it as any other. */
	ck_assert_str_eq(json_string_value(json_object_get(interval, "start")), "1970-01-01T00:15:00.000Z");
	json_decref(interval);
	f->now_ns = 1772323200 * MM_NS_PER_S; /* 2026-03-01 */
	windows(f, 3);
	interval = open_interval(f);
	ck_assert_str_eq(json_string_value(json_object_get(interval, "start")), "2026-03-01T00:00:00.000Z");
	ck_assert_double_ge(json_number_value(json_object_get(interval, "delivered_wh")), 2);
	ck_assert_double_le(json_number_value(json_object_get(interval, "delivered_wh")), 3);
	json_decref(interval);
	teardown(f);
}
END_TEST

static const struct {
	int32_t duration_s;
	double covered_s;
	bool incomplete;
} coverages[] = {
	{900, 900, false}, {900, 899.2, false}, {900, 899, true}, {900, 120, true},
	{900, 0, true},	   {60, 59.95, false},	{60, 59.5, true},
};

START_TEST(an_interval_that_is_not_covered_says_so)
{
	const struct mm_store_interval interval = {.row = {.duration_s = coverages[_i].duration_s,
							   .status = MM_PROFILE_POWER_DOWN,
							   .covered_ns = (int64_t)(coverages[_i].covered_s * MM_NS_PER_S)}};
	struct mm_text text = {0};
	json_t *json, *flags;

	mm_answer_interval(&text, &interval, 2);
	json = json_loadb(text.bytes, text.used, 0, NULL);
	flags = json_object_get(json, "flags");
	ck_assert_str_eq(json_string_value(json_array_get(flags, 0)), "power-down");
	ck_assert_int_eq(json_integer_value(json_object_get(json, "status")), MM_PROFILE_POWER_DOWN);
	ck_assert_double_eq(json_number_value(json_object_get(json, "covered_s")), coverages[_i].covered_s);
	ck_assert_uint_eq(json_array_size(flags), coverages[_i].incomplete ? 2 : 1);
	json_decref(json);
	mm_text_clear(&text);
}
END_TEST

/* ---- Diagnoses ---- */

/* By its own pulses, and as it registers. */
START_TEST(creep_is_said_in_pulses_of_this_meter)
{
	struct service_fixture *f = setup_other(2, 1000);
	struct pollfd p = {.fd = mm_store_worker_fd(f->worker), .events = POLLIN};
	json_t *got;
	char *text;

	windows(f, 10);
	call(f, "Diagnose", "{\"load_w\":0}");
	while (!(got = answer(f))) {
		(void)poll(&p, 1, 100);
		mm_store_worker_dispatch(f->worker);
	}
	text = json_dumps(got, JSON_COMPACT);
	ck_assert_msg(text && strstr(text, "registers 7200.0 W, a pulse of 1000 Wh in 8 minutes; 7200.0 to 7200.0 W"), "%s",
		      text);
	free(text);
	json_decref(got);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *configuration = tcase_create("configuration"), *diagnosis = tcase_create("diagnosis"),
	      *profile = tcase_create("profile");

	tcase_add_test(configuration, a_file_that_was_refused_is_remembered);
	tcase_add_test(configuration, status_says_whether_the_clock_is_synchronised);
	tcase_add_test(configuration, what_the_next_start_would_refuse_is_refused);
	suite_add_tcase(suite, configuration);
	tcase_add_test(profile, a_reading_has_the_interval_that_is_open);
	tcase_add_loop_test(profile, an_interval_that_is_not_covered_says_so, 0, MM_COUNT_OF(coverages));
	suite_add_tcase(suite, profile);
	tcase_add_test(diagnosis, creep_is_said_in_pulses_of_this_meter);
	suite_add_tcase(suite, diagnosis);
	return mm_run_suite(suite);
}
