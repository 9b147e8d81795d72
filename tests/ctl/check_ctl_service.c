/* SPDX-License-Identifier: MIT */
/* What is for whoever runs the daemon as a service: waiting until it meters, and having its configuration read again. */

#include <string.h>

#include "ctl/check_ctl.h"

#define ABSENT "{\"state\":\"absent\",\"since_s\":37.0,\"reason\":\"no device ade9000\",\"advice\":null}"
#define IS_ABSENT REPLY(STATUS("false", ABSENT, "\"front-end-absent\""))
#define IS_METERING REPLY(STATUS("true", HEALTHY, ""))
#define WAITING "minimeterctl: waiting: the front end is absent: no device ade9000\n"

START_TEST(wait_is_over_when_it_meters)
{
	static const struct fake_answer absent[] = {
		{"Status", 2, IS_ABSENT},
		{"Status", 0, IS_METERING},
		{NULL, 0, NULL},
	};
	static const struct fake_answer reversed[] = {
		{"Status", 0, REPLY(STATUS("false", HEALTHY, "\"element1-reversed\""))},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(absent);
	struct outcome outcome = run_ctl(&fixture, "status --wait");

	ck_assert_int_eq(outcome.code, MM_CTL_FINE);
	ck_assert_ptr_nonnull(strstr(outcome.out, "everything is in order"));
	ck_assert_str_eq(outcome.err, WAITING); /* once, however often it asks */
	outcome_free(&outcome);
	fake_socket_free(&fixture);
	/* It meters, and has a fault: that is no reason to wait. */
	expect(reversed, "status --wait", MM_CTL_FAULT, "there is a fault", "");
}
END_TEST

START_TEST(wait_outlasts_a_restart)
{
	static const struct fake_answer restarted[] = {
		{"Status", 1, IS_ABSENT},
		{"Status", 1, "close"},
		{"Status", 0, IS_METERING},
		{NULL, 0, NULL},
	};

	expect(restarted, "status --wait", MM_CTL_FINE, "everything is in order", WAITING);
}
END_TEST

/* A daemon that is started after it: tests/check_manual.sh has the end of such a wait. */
START_TEST(wait_begins_before_the_daemon)
{
	struct fake_socket nobody = fake_socket_new(NULL);
	struct outcome outcome = run_ctl(&nobody, "status --wait --seconds 1");

	ck_assert_int_eq(outcome.code, MM_CTL_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(outcome.err, "minimeterctl: waiting: nobody answers at "));
	outcome_free(&outcome);
	fake_socket_free(&nobody);
}
END_TEST

START_TEST(wait_has_a_limit)
{
	static const struct fake_answer absent[] = {
		{"Status", 0, IS_ABSENT},
		{NULL, 0, NULL},
	};
	static const struct fake_answer gone[] = {
		{"Status", 0, "close"},
		{NULL, 0, NULL},
	};

	expect(absent, "status --wait --seconds 1", MM_CTL_FAULT, "  front end       absent for 37 s: no device ade9000\n",
	       WAITING);
	expect(gone, "status --wait --seconds 1", MM_CTL_UNREACHABLE, "", "minimeterd closed the connection");
}
END_TEST

START_TEST(reload_says_what_came_of_it)
{
	static const struct fake_answer done[] = {
		{"Reload", 0, REPLY("{\"restart_needed\":[],\"warnings\":[]}")},
		{NULL, 0, NULL},
	};
	static const struct fake_answer in_part[] = {
		{"Reload", 0, REPLY("{\"restart_needed\":[\"clock\",\"[meter] sections\"],\"warnings\":[\"no osr\"]}")},
		{NULL, 0, NULL},
	};
	static const struct fake_answer refused[] = {
		{"Reload", 0, ERROR("org.minimeter.ConfigurationRefused", "{\"errors\":[\"a:1: no\",\"a:2: nor that\"]}")},
		{NULL, 0, NULL},
	};

	expect(done, "reload", MM_CTL_FINE, "The configuration is in force.\n", "");
	expect(in_part, "reload", MM_CTL_FINE,
	       "warning: no osr\nThe configuration is in force, except for what needs 'systemctl restart minimeterd':\n"
	       "  clock\n  [meter] sections\n",
	       "");
	expect(in_part, "reload --json", MM_CTL_FINE, "\"restart_needed\"", "");
	expect(refused, "reload", MM_CTL_FAILED, "",
	       "minimeterctl: the configuration has errors; the one before stays in force\n  a:1: no\n  a:2: nor that\n");
}
END_TEST

TCase *service_tcase(void)
{
	TCase *tcase = tcase_create("service");

	tcase_add_test(tcase, wait_is_over_when_it_meters);
	tcase_add_test(tcase, wait_outlasts_a_restart);
	tcase_add_test(tcase, wait_begins_before_the_daemon);
	tcase_add_test(tcase, wait_has_a_limit);
	tcase_add_test(tcase, reload_says_what_came_of_it);
	return tcase;
}
