/* SPDX-License-Identifier: MIT */
/* check without a person: what it cannot do, what somebody says beforehand, and what it puts on record. */

#include "ctl/check_ctl.h"

#include <string.h>

#include "base/text.h"
#include "ctl/check.h"

#define EVENT "{\"code\":\"reversed\",\"count\":3,\"last\":\"2026-03-01T12:00:00Z\"}"

/* What nobody could look at counts: neither is it wrong, nor is all well. */
START_TEST(what_is_not_done_counts)
{
	static const struct fake_answer lines[] = {
		PLATE("\"/dev/lcd\""),
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"GetOutputs", 0, REPLY(LINES)},
		{"Diagnose", 0, REPLY(DIAGNOSIS(NONE, ""))},
		{NULL, 0, NULL},
	};

	expect(lines, "check", MM_CTL_FAILED, "not-done   led-test          nobody to look at the LEDs\n", "");
	expect(lines, "check", MM_CTL_FAILED, "not-done   display           nobody to look at the display\n", "");
	expect(lines, "check", MM_CTL_FAILED, "not-done   pulse-outputs     10 on GPIO17\n", "");
	expect(lines, "check", MM_CTL_FAILED, "\nmain: 0 faults, 0 undecided, 3 not done\n", "");
	expect(lines, "check --json", MM_CTL_FAILED, "\"ok\": false", "");
	/* A script says beforehand what somebody has looked at: each item that was not done names the option for it. */
	expect(lines, "check", MM_CTL_FAILED, "and say --seen led-test\n", "");
	expect(lines, "check", MM_CTL_FAILED, "and say --seen display\n", "");
	expect(lines, "check", MM_CTL_FAILED, "--seen pulse-outputs says that they agree\n", "");
	expect(lines, "check --seen led-test,display", MM_CTL_FAILED, "\nmain: 0 faults, 0 undecided, 1 not done\n", "");
	expect(lines, "check --seen pulse-outputs,led-test,display", MM_CTL_FINE,
	       "ok         led-test          seen to change, says --seen\n", "");
	expect(lines, "check --seen display,pulse-outputs,led-test", MM_CTL_FINE, "\nmain: 0 faults, 0 undecided, 0 not done\n",
	       "");
	expect(lines, "check --seen led", MM_CTL_USAGE, "",
	       "--seen 'led': one can look at phase-relation, pulse-outputs, led-test and display");
	expect(lines, "check --seen display,", MM_CTL_FAILED, "2 not done\n", "");
}
END_TEST

/* Where the front end measures no angle, a voltmeter's word can be said beforehand too. */
START_TEST(a_voltmeter_speaks_for_the_lines)
{
	static const struct fake_answer unknown[] = {
		CHECKED("true", "{\"meters\":[{\"name\":\"main\",\"windows\":64,\"lines_lag_deg\":null,\"power_w\":1.0,"
				"\"findings\":[" NONE "],\"events\":[]}]}"),
		{NULL, 0, NULL},
	};

	expect(unknown, "check", MM_CTL_FAILED, "not-done   phase-relation    the angle between the lines is not known\n", "");
	expect(unknown, "check", MM_CTL_FAILED, "--seen phase-relation says that it is so\n", "");
	expect(unknown, "check --seen phase-relation", MM_CTL_FINE,
	       "ok         phase-relation    by a voltmeter, L1 and L2 are two lines\n", "");
}
END_TEST

/* ---- On record ---- */

#define RECORDED                                                                                                                 \
	"{\"event\":117,\"time\":\"2026-03-01T12:00:00Z\",\"who\":\"anna (uid 1000)\",\"delivered_uwh\":12345678900000,"         \
	"\"received_uwh\":0}"
#define RECORDING(record)                                                                                                        \
	{                                                                                                                        \
		CHECKED("true", DIAGNOSIS(NONE, "")), {"RecordCheck", 0, record},                                                \
		{                                                                                                                \
			NULL, 0, NULL                                                                                            \
		}                                                                                                                \
	}

START_TEST(result_is_put_on_record)
{
	static const struct fake_answer script[] = RECORDING(REPLY(RECORDED));
	struct fake_socket fixture = fake_socket_new(script);
	struct outcome outcome = run_ctl(&fixture, "check --record --installer Anna --seals S-1,,S-2");
	json_t *request, *parameters, *seals;

	ck_assert_msg(outcome.code == MM_CTL_FINE, "%s", outcome.err);
	ck_assert_ptr_nonnull(strstr(outcome.out, "COMMISSIONING SHEET\n\n  meter        main\n"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "\n  total        12345.679 kWh\n"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "\n  installer    Anna\n  seals        S-1, S-2\n"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "\n  event        117\n"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "ok         ct 2              right way round, and on line 2\n"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "\nmain: 0 faults, 0 undecided, 0 not done\n"));
	request = fake_daemon_request(fixture.daemon, "RecordCheck");
	parameters = json_object_get(request, "parameters");
	seals = json_object_get(parameters, "seals");
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "meter")), "main");
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "installer")), "Anna");
	ck_assert_uint_eq(json_array_size(seals), 2);
	ck_assert_str_eq(json_string_value(json_array_get(seals, 1)), "S-2");
	ck_assert_uint_ge(json_array_size(json_object_get(parameters, "items")), 10);
	json_decref(request);
	outcome_free(&outcome);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(the_sheet_says_what_is_multiplied)
{
	static const struct fake_answer script[] = {
		{"GetNameplate", 0, REPLY("{\"meters\":[{\"name\":\"main\",\"ct_ratio\":\"200:0.1\",\"multiplier\":2.0}]}")},
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"GetOutputs", 0, REPLY(LED_LOAD("true", "7"))},
		{"Diagnose", 0, REPLY(DIAGNOSIS(NONE, ""))},
		{"RecordCheck", 0, REPLY(RECORDED)},
		{NULL, 0, NULL},
	};

	expect(script, "check --record --installer Anna", MM_CTL_FINE, "CT ratio     200:0.1, multiplied by 2\n", "");
}
END_TEST

/* It is written for paper: 80 columns, whatever the texts are. */
START_TEST(sheet_fits_paper)
{
	static const struct fake_answer script[] = {
		CHECKED("false", DIAGNOSIS(TURNED, EVENT)),
		{"RecordCheck", 0, REPLY(RECORDED)},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct outcome outcome = run_ctl(&fixture, "check --record --installer Anna");

	ck_assert_int_eq(outcome.code, MM_CTL_FAULT);
	for (const char *line = outcome.out, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		ck_assert_msg(end - line <= 80, "%.*s", (int)(end - line), line);
	}
	outcome_free(&outcome);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(record_that_fails_is_said)
{
	static const struct fake_answer refused[] =
		RECORDING(ERROR("org.minimeter.Busy", "{\"reason\":\"another record is being stored\"}"));
	static const struct fake_answer fine[] = RECORDING(REPLY(RECORDED));

	/* The result of the test is shown all the same. */
	expect(refused, "check --record --installer Anna", MM_CTL_FAILED, "\nmain: 0 faults, 0 undecided, 0 not done\n",
	       "another record is being stored");
	expect(fine, "check --record", MM_CTL_USAGE, "", "--record wants to know who made the test: add --installer NAME");
	expect(fine, "check --record --installer=", MM_CTL_USAGE, "", "--installer must have a name");
	expect(fine, "check --installer Anna", MM_CTL_USAGE, "", "--installer and --seals go with --record");
	expect(fine, "check --record --installer Anna --json", MM_CTL_FINE, "\"event\": 117", "");
	expect(fine, "check --json", MM_CTL_FINE, "\"record\": null", "");
}
END_TEST

TCase *script_tcase(void)
{
	TCase *tcase = tcase_create("script");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_not_done_counts);
	tcase_add_test(tcase, a_voltmeter_speaks_for_the_lines);
	tcase_add_test(tcase, result_is_put_on_record);
	tcase_add_test(tcase, the_sheet_says_what_is_multiplied);
	tcase_add_test(tcase, sheet_fits_paper);
	tcase_add_test(tcase, record_that_fails_is_said);
	return tcase;
}
