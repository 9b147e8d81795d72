/* SPDX-License-Identifier: MIT */
/* watch: the lines it prints into a pipe, and the panel on a terminal of a fixed size. */

#include "ctl/check_ctl.h"

#include <signal.h>
#include <string.h>

#include "fixture/terminal.h"

#define READING REPLY_MORE("{\"meters\":[" MAIN "]}")
#define END_OF_STREAM ERROR("org.minimeter.Busy", "{\"reason\":\"over\"}")
#define LINE                                                                                                                     \
	"2026-03-01 12:00:00  main  12345.679 kWh  2406.4 W  L1 120.1 V 10.020 A 1203.2 W 0.998  L2 120.1 V 10.020 A 1203.2 W "  \
	"0.998\n"

START_TEST(a_window_is_a_line)
{
	static const struct fake_answer script[] = {
		{"Read", 0, READING "\n" READING "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};
	static const struct fake_answer faulty[] = {
		{"Read", 0,
		 REPLY_MORE("{\"meters\":[" METER("main", "false", "\"front-end-frozen\"", "") "]}") "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};

	expect(script, "watch", MM_CTL_FAILED, LINE LINE, "minimeterd is busy: over");
	expect(faulty, "watch", MM_CTL_FAILED, " 12345.679 kWh  -  not valid  fault: front end frozen\n", NULL);
}
END_TEST

START_TEST(a_window_is_an_object)
{
	static const struct fake_answer script[] = {
		{"Read", 0, READING "\n" READING "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(script);
	struct outcome outcome = run_ctl(&fixture, "watch --json");
	int lines = 0;

	for (char *line = strtok(outcome.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		json_t *object = json_loads(line, 0, NULL);
		ck_assert_uint_eq(json_array_size(json_object_get(object, "meters")), 1);
		json_decref(object);
		lines++;
	}
	ck_assert_int_eq(lines, 2);
	outcome_free(&outcome);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(a_restart_is_survived)
{
	static const struct fake_answer script[] = {
		{"Read", 1, READING "\nclose"},
		{"Read", 0, READING "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};

	expect(script, "watch", MM_CTL_FAILED, LINE LINE, "daemon gone, reconnecting\n");
}
END_TEST

START_TEST(seconds_end_it)
{
	static const struct fake_answer script[] = {{"Read", 0, READING}, {NULL, 0, NULL}};

	expect(script, "watch --seconds 0.01", MM_CTL_FINE, LINE, "");
}
END_TEST

START_TEST(a_first_error_ends_it)
{
	static const struct fake_answer script[] = {
		{"Read", 0, ERROR("org.minimeter.NoSuchMeter", "{\"meter\":\"x\"}")},
		{NULL, 0, NULL},
	};

	expect(script, "watch --meter x", MM_CTL_FAILED, "", "there is no meter 'x'\n");
}
END_TEST

/* ---- The panel ---- */

#define LAMP(name, level) OUTPUT(name, "null", level, "null", "0")
#define FRONT_END(state) REPLY(STATUS("true", "{\"state\":\"" state "\",\"since_s\":1.0,\"reason\":null,\"advice\":null}", ""))

static const struct fake_answer panel_script[] = {
	{"Read", 0, READING},
	{"Status", 0, FRONT_END("ok")},
	{"GetOutputs", 0,
	 REPLY("{\"outputs\":[" LAMP("10", "true") "," LAMP("counter", "false") "," LAMP("led_power", "true") "," LAMP(
		 "led_load", "false") "," LAMP("led_reverse", "true") "]}")},
	{NULL, 0, NULL},
};

static struct terminal *start_panel(struct fake_socket *fixture, const char *locale)
{
	char *const argv[] = {(char *)"minimeterctl", (char *)"--socket", fixture->path, (char *)"watch", NULL};

	return terminal_new(locale, 80, 24, true, argv);
}

START_TEST(the_panel_follows_the_terminal)
{
	struct fake_socket fixture = fake_socket_new(panel_script);
	struct terminal *terminal = start_panel(&fixture, "C");

	terminal_wait(terminal, "MMD-120-2001-T-SCC  serial 00042");
	terminal_wait(terminal, "+---");
	terminal_wait(terminal, "| |");
	terminal_wait(terminal, "pulse outputs");
	terminal_wait(terminal, "watts");
	terminal_resize(terminal, 40, 10);
	terminal_wait(terminal, "12345.6 kWh");
	terminal_wait(terminal, "reverse");
	terminal_wait(terminal, "counter");
	terminal_wait(terminal, "1203.2");
	terminal_wait(terminal, "q quit");
	terminal_resize(terminal, 30, 8);
	terminal_wait(terminal, "needs 40x10 or more");
	terminal_resize(terminal, 2, 1);
	terminal_wait(terminal, "\033[J"); /* all is drawn anew, in two cells */
	terminal_resize(terminal, 100, 40);
	terminal_wait(terminal, "pulse outputs");
	terminal_type(terminal, "q");
	ck_assert_int_eq(terminal_end_panel(terminal), MM_CTL_FINE);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(the_panel_shows_lamps_in_colour)
{
	struct fake_socket fixture = fake_socket_new(panel_script);
	struct terminal *terminal = start_panel(&fixture, "C.UTF-8");

	terminal_wait(terminal, "┏━┓");
	terminal_wait(terminal, "\033[32m● ");
	terminal_wait(terminal, "\033[31m● ");
	terminal_wait(terminal, "\033[32m● live");
	terminal_wait(terminal, " · front end ok");
	ck_assert_int_eq(kill(terminal->pid, _i == 0 ? SIGTERM : _i == 1 ? SIGINT : SIGHUP), 0);
	ck_assert_int_eq(terminal_end_panel(terminal), MM_CTL_FINE);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(the_panel_outlives_the_daemon)
{
	static const struct fake_answer restarted[] = {
		{"Read", 0, READING},
		{"Status", 0, FRONT_END("frozen")},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(panel_script);
	struct terminal *terminal = start_panel(&fixture, "C");

	terminal_wait(terminal, ", front end ok");
	fake_daemon_free(fixture.daemon);
	terminal_wait(terminal, "daemon gone, reconnecting");
	terminal->mark = terminal->length;
	fixture.daemon = fake_daemon_new(fixture.path, restarted);
	terminal_wait(terminal, "front end frozen");
	terminal_type(terminal, "q");
	ck_assert_int_eq(terminal_end_panel(terminal), MM_CTL_FINE);
	fake_socket_free(&fixture);
}
END_TEST

/* Of a daemon that is gone, or a front end that is at fault, nobody knows what flows and which LEDs are lit. */
START_TEST(the_panel_shows_no_old_figures_as_present)
{
	static const struct fake_answer faulty[] = {
		{"Read", 0, REPLY_MORE("{\"meters\":[" METER("main", "false", "\"front-end-frozen\"", BOTH_ELEMENTS) "]}")},
		{"Status", 0, FRONT_END("frozen")},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(_i == 0 ? panel_script : faulty);
	struct terminal *terminal = start_panel(&fixture, "C.UTF-8");

	if (_i == 0) {
		terminal_wait(terminal, "1203.2");
		terminal_wait(terminal, "\033[32m● ");
		fake_daemon_free(fixture.daemon);
		fixture.daemon = NULL;
		terminal_wait(terminal, "daemon gone, reconnecting");
		terminal_resize(terminal, 90, 30); /* all is drawn anew */
		terminal_wait(terminal, "as of ");
		terminal_wait(terminal, "daemon gone, reconnecting · not live, ");
		ck_assert_ptr_null(strstr(terminal->screen + terminal->mark, "●"));
	} else {
		terminal_wait(terminal, "not live, ");
		terminal_wait(terminal, "front end frozen");
	}
	terminal_wait(terminal, "- W");
	terminal_wait(terminal, "q quit");
	ck_assert_ptr_null(strstr(terminal->screen + terminal->mark, "1203.2"));
	ck_assert_ptr_null(strstr(terminal->screen + terminal->mark, "2406.4"));
	terminal_type(terminal, "q");
	ck_assert_int_eq(terminal_end_panel(terminal), MM_CTL_FINE);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(the_panel_begins_with_all_meters)
{
	static const struct fake_answer two[] = {
		{"Read", 0,
		 REPLY_MORE("{\"meters\":[" MAIN "," METER("flat", "true", "\"element2-reversed\"", BOTH_ELEMENTS) "]}")},
		{"Status", 0, FRONT_END("ok")},
		{"GetOutputs", 0, REPLY("{\"outputs\":[]}")},
		{"GetProfile", 0, REPLY("{\"meter\":\"flat\",\"intervals\":[]}")},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(two);
	struct terminal *terminal = start_panel(&fixture, "C");

	terminal_wait(terminal, "2 meters");
	terminal_wait(terminal, "STATE");
	terminal_wait(terminal, "element2: CT reversed or on wrong line");
	terminal_wait(terminal, "0 overview");
	terminal->mark = terminal->length;
	terminal_type(terminal, "2");
	terminal_wait(terminal, " 2/2");
	terminal_wait(terminal, "pulse outputs");
	terminal_wait(terminal, "yesterday 0.00 kWh");
	terminal->mark = terminal->length;
	terminal_type(terminal, "m");
	terminal_wait(terminal, "2 meters");
	terminal_type(terminal, "m");
	terminal_wait(terminal, " 1/2");
	terminal->mark = terminal->length;
	terminal_type(terminal, "0");
	terminal_wait(terminal, "2 meters");
	terminal_type(terminal, "q");
	ck_assert_int_eq(terminal_end_panel(terminal), MM_CTL_FINE);
	fake_socket_free(&fixture);
}
END_TEST

TCase *watch_tcase(void)
{
	TCase *watch = tcase_create("watch");

	tcase_set_timeout(watch, 120);
	tcase_add_test(watch, a_window_is_a_line);
	tcase_add_test(watch, a_window_is_an_object);
	tcase_add_test(watch, a_restart_is_survived);
	tcase_add_test(watch, seconds_end_it);
	tcase_add_test(watch, a_first_error_ends_it);
	tcase_add_test(watch, the_panel_follows_the_terminal);
	tcase_add_loop_test(watch, the_panel_shows_lamps_in_colour, 0, 3);
	tcase_add_test(watch, the_panel_outlives_the_daemon);
	tcase_add_loop_test(watch, the_panel_shows_no_old_figures_as_present, 0, 2);
	tcase_add_test(watch, the_panel_begins_with_all_meters);
	return watch;
}
