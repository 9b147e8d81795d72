/* SPDX-License-Identifier: MIT */
/* How check leads through a terminal, and what it sees of loads that are switched. */

#include "ctl/check_ctl.h"

#include <string.h>

#include "base/count_of.h"
#include "ctl/check.h"
#include "fixture/terminal.h"

/* ---- Loads that are switched ---- */

START_TEST(loads_that_are_switched_are_seen)
{
	/* Readings one after the other, and what is said of each; NULL: nothing. */
	static const struct {
		int line;
		unsigned elements;
		struct {
			double one_a, two_a;
			const char *text;
		} reading[8];
	} table[] = {
		/* A load is asked for on two lines. A window that has a part of the step only is waited out. */
		{0,
		 2,
		 {{0.2, 0.1, NULL},
		  {5.1, 0.1, NULL},
		  {11.0, 0.1, "+10.8 A on line 1, 1 of 2"},
		  {11.1, 0.1, NULL},
		  {11.1, 9.0, NULL},
		  {11.1, 9.0, "+8.9 A on line 2, 2 of 2"},
		  {0.2, 9.0, NULL},
		  {0.2, 9.0, "-10.9 A on line 1"}}},
		/* One that runs between the lines. */
		{0, 2, {{0.2, 0.1, NULL}, {9.0, 9.0, NULL}, {10.2, 10.2, "+10.0 A on line 1, +10.1 A on line 2, 2 of 2"}}},
		{0, 1, {{0.2, 0, NULL}, {0.6, 0, NULL}, {1.6, 0, NULL}, {3.0, 0, "+2.4 A on line 1, 1 of 1"}}},
		/* A load is switched twice on line 1; what the house does meanwhile is not it. */
		{1,
		 2,
		 {{3.0, 3.0, NULL},
		  {15.5, 4.2, NULL},
		  {15.5, 4.2, "+12.5 A on line 1, 1 of 2"},
		  {3.0, 4.2, NULL},
		  {3.0, 5.9, "-12.5 A on line 1"},
		  {10.0, 5.9, NULL},
		  {15.5, 5.9, "+12.5 A on line 1, 2 of 2"}}},
		/* It is seen by the other CT. */
		{1, 2, {{3.0, 3.0, NULL}, {3.0, 15.5, NULL}, {3.0, 15.5, "+12.5 A on line 2, none on line 1, 1 of 2"}}},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct mm_check_watch watch = {.line = table[i].line, .wanted = table[i].elements};
		char text[MM_CHECK_SEEN_MAX];

		for (size_t n = 0; n < COUNT_OF(table[i].reading) && table[i].reading[n].one_a > 0; n++) {
			const struct mm_reading reading = {
				.element_count = table[i].elements,
				.element = {{.current_a = table[i].reading[n].one_a}, {.current_a = table[i].reading[n].two_a}},
			};
			bool seen = mm_check_watch_reading(&watch, &reading, text);

			ck_assert_msg(seen == (table[i].reading[n].text != NULL), "row %zu, reading %zu: %s", i, n,
				      seen ? text : "nothing");
			if (seen) {
				ck_assert_str_eq(text, table[i].reading[n].text);
			}
		}
	}
}
END_TEST

/* ---- In a terminal ---- */

#define LOADED(amperes)                                                                                                          \
	"{\"meters\":[" METER("main", "true", "",                                                                                \
			      ELEMENT_OF("L1", "120.0", amperes, "100.0", "") "," ELEMENT("L2", "1203.2", "")) "]}"
static struct terminal *check_in_terminal(const struct fake_socket *fixture, const char *option)
{
	char *const argv[] = {(char *)"minimeterctl", (char *)"--socket", (char *)fixture->path, (char *)"--admin-socket",
			      (char *)fixture->path,  (char *)"check",	  (char *)option,	 NULL};

	return terminal_new("C", 80, 24, false, argv);
}

/* Too little load, then enough, which is seen; two causes fit, then one; all that has a line is looked at. */
START_TEST(terminal_is_led_through)
{
	static const struct fake_answer script[] = {
		PLATE("\"/dev/lcd\""),
		{"Read", 1, REPLY(LOADED("0.2"))},
		{"Read", 1, REPLY_MORE(LOADED("0.2")) "\n" REPLY_MORE(LOADED("7.0")) "\n" REPLY_MORE(LOADED("11.0"))},
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"GetOutputs", 0, REPLY(LINES)},
		{"Diagnose", 1, REPLY(DIAGNOSIS(TURNED, ""))},
		{"Diagnose", 0, REPLY(DIAGNOSIS(NONE, ""))},
		{"TestOutput", 0, REPLY("{}")},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct terminal *terminal = check_in_terminal(&fixture, NULL);

	terminal_wait(terminal, "Line 1 carries 0.200 A, which is too little");
	terminal_wait(terminal, "  +10.8 A on line 1, 2 of 2\r\n");
	terminal_type(terminal, "\n");
	terminal_wait(terminal, "Switch a load of 5 A or more between line");
	terminal_type(terminal, "\n");
	terminal_wait(terminal, "Pulse outputs: 10 on GPIO17.");
	terminal_type(terminal, "y\n");
	terminal_wait(terminal, "The power LED is inverted for 5 s.");
	terminal_type(terminal, "perhaps\n");
	terminal_wait(terminal, "Say y, n, or press Enter");
	terminal_type(terminal, "y\n");
	terminal_wait(terminal, "The reverse-phase LED is inverted for 5 s.");
	terminal_type(terminal, "n\n");
	terminal_wait(terminal, "The display reads 012345.6 kWh");
	terminal_type(terminal, "\n");
	terminal_wait(terminal, "main: 1 fault, 0 undecided, 1 not done");
	ck_assert_ptr_nonnull(strstr(terminal->screen, "ok         pulse-outputs     counted right: 10 on GPIO17"));
	ck_assert_ptr_nonnull(strstr(terminal->screen, "ok         led_power         seen to change"));
	ck_assert_ptr_nonnull(strstr(terminal->screen, "fault      led_reverse       not seen to change"));
	ck_assert_ptr_nonnull(strstr(terminal->screen, "not-done   display           not looked at"));
	/* The fault is of an LED: nothing is said to be right beside it. */
	ck_assert_ptr_null(strstr(terminal->screen, "words of none"));
	ck_assert_int_eq(terminal_end(terminal), MM_CTL_FAULT);
	fake_socket_free(&fixture);
}
END_TEST

/* Nobody says anything more: that is no "no", and nothing further is waited for. */
START_TEST(end_of_input_answers_nothing)
{
	static const struct fake_answer script[] = {
		PLATE("\"/dev/lcd\""),		 {"Read", 0, REPLY(LOADED("0.2"))},
		{"GetOutputs", 0, REPLY(LINES)}, {"Diagnose", 0, REPLY(DIAGNOSIS(TURNED, ""))},
		{"TestOutput", 0, REPLY("{}")},	 {NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct terminal *terminal = check_in_terminal(&fixture, NULL);

	terminal_wait(terminal, "go on without)");
	terminal_type(terminal, "\004");
	terminal_wait(terminal, " 4 not done");
	ck_assert_ptr_nonnull(strstr(terminal->screen, "not-done   pulse-outputs     10 on GPIO17"));
	ck_assert_ptr_nonnull(strstr(terminal->screen, "not-done   led_power         not looked at"));
	ck_assert_ptr_nonnull(strstr(terminal->screen, "not-done   led_reverse       not looked at"));
	ck_assert_ptr_nonnull(strstr(terminal->screen, "not-done   display           not looked at"));
	(void)terminal_end(terminal);
	fake_socket_free(&fixture);
}
END_TEST

/* Without a line there is nothing to look at, and nobody is asked; what the front end can't measure, a voltmeter does. */
START_TEST(only_what_is_there_is_asked_for)
{
#define UNKNOWN_ANGLE                                                                                                            \
	"{\"meters\":[{\"name\":\"main\",\"windows\":64,\"lines_lag_deg\":null,\"lines_lag_error_deg\":null,\"power_w\":1.0,"    \
	"\"findings\":[" NONE "],\"events\":[]}]}"
	static const struct fake_answer script[] = {
		PLATE("null"),
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"GetOutputs", 0, REPLY(LED_LOAD("true", "7"))},
		{"Diagnose", 0, REPLY(UNKNOWN_ANGLE)},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct terminal *terminal = check_in_terminal(&fixture, NULL);

	terminal_wait(terminal, "does it read about 240 V");
	terminal_type(terminal, "y\n");
	terminal_wait(terminal, "main: 0 faults, 0 undecided, 0 not done");
	ck_assert_ptr_null(strstr(terminal->screen, "LED is inverted"));
	ck_assert_ptr_null(strstr(terminal->screen, "The display reads"));
	ck_assert_int_eq(terminal_end(terminal), MM_CTL_FINE);
	fake_socket_free(&fixture);
}
END_TEST

/* Who made the test and the seals, as somebody types them; the admin socket is tried before anybody goes to the panel. */
START_TEST(record_is_asked_for)
{
	static const struct fake_answer script[] = {
		PLATE("null"),
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"GetOutputs", 0, REPLY(LED_LOAD("true", "7"))},
		{"Diagnose", 0, REPLY(DIAGNOSIS(NONE, ""))},
		{"RecordCheck", 0,
		 REPLY("{\"event\":117,\"time\":\"2026-03-01T12:00:00Z\",\"who\":\"anna (uid 1000)\",\"delivered_uwh\":1,"
		       "\"received_uwh\":0}")},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct terminal *terminal = check_in_terminal(&fixture, "--record");
	json_t *request, *parameters;

	terminal_wait(terminal, "Name of the installer: ");
	terminal_type(terminal, " \n");
	terminal_wait(terminal, "The record needs a name. Name of the installer: ");
	terminal_type(terminal, "Anna Berg\n");
	terminal_wait(terminal, "Numbers of the seals, with commas between (Enter: none): ");
	terminal_type(terminal, " S-1 , S 2,\n");
	terminal_wait(terminal, "customer");
	ck_assert_ptr_nonnull(strstr(terminal->screen, "  seals        S-1, S 2\r\n"));
	ck_assert_int_eq(terminal_end(terminal), MM_CTL_FINE);
	request = fake_daemon_request(fixture.daemon, "RecordCheck");
	parameters = json_object_get(request, "parameters");
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "installer")), "Anna Berg");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(parameters, "seals"), 1)), "S 2");
	json_decref(request);
	fake_socket_free(&fixture);
}
END_TEST

TCase *dialog_tcase(void)
{
	TCase *tcase = tcase_create("dialog");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, loads_that_are_switched_are_seen);
	tcase_add_test(tcase, terminal_is_led_through);
	tcase_add_test(tcase, end_of_input_answers_nothing);
	tcase_add_test(tcase, only_what_is_there_is_asked_for);
	tcase_add_test(tcase, record_is_asked_for);
	return tcase;
}
