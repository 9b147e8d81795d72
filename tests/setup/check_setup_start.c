/* SPDX-License-Identifier: MIT */
/* What it does to start the meter, and what it says of the first reading. */
#include "fixture/answers.h"
#include "fixture/fake_daemon.h"
#include "setup/check_setup.h"

#define STARTS "systemctl daemon-reload\nsystemctl enable minimeterd.service\nsystemctl restart minimeterd.service\n"

START_TEST(it_starts_the_meter_and_shows_the_first_reading)
{
	static const struct fake_answer script[] = {
		{"Read", 1, REPLY("{\"meters\":[" METER("main", "false", "", BOTH_ELEMENTS) "]}")},
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"Status", 0, REPLY(STATUS("false", FROZEN, ""))},
		{0},
	};
	struct fake_socket daemon = fake_socket_new(script);
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->machine.socket_path = daemon.path;
	ck_assert_msg(SETUP(f, "", "--unattended", REQUIRED) == MM_SETUP_FINE, "%s", f->err);
	ck_assert_str_eq(f->commands, STARTS);
	assert_says(f->out, "  front end frozen: figures repeat; set cache_bypass\n");
	assert_says(f->out, "  main (serial 00042): 12345.679 kWh\n    L1 120.1 V, 10.02 A, 1203 W\n");
	ck_assert(is_there(f, CONFIG));
	fake_socket_free(&daemon);
	end(f);
}
END_TEST

START_TEST(without_a_reading_it_says_why)
{
	static const struct fake_answer script[] = {
		{"Read", 0, REPLY("{\"meters\":[" METER("main", "false", "", BOTH_ELEMENTS) "]}")},
		{"Status", 0, REPLY(STATUS("false", FROZEN, ""))},
		{0},
	};
	struct fake_socket daemon = fake_socket_new(script);
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->machine.socket_path = daemon.path;
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--wait", "1"), MM_SETUP_FAULT);
	assert_says(f->err, "no reading in 1 s: front end frozen: figures repeat; set cache_bypass");
	f->machine.socket_path = "/nonexistent/socket";
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--wait", "1"), MM_SETUP_FAULT);
	assert_says(f->err, "no reading in 1 s: ");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--wait", "0"), MM_SETUP_FINE);
	fake_socket_free(&daemon);
	end(f);
}
END_TEST

START_TEST(what_cannot_be_started_is_an_error)
{
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->failing = "restart";
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->err, "systemctl failed with status 5");
	ck_assert(is_there(f, CONFIG));
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--no-start", REQUIRED), MM_SETUP_FINE);
	ck_assert_str_eq(f->commands, "");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--no-start", "--add-user", "anna", REQUIRED), MM_SETUP_FINE);
	ck_assert_str_eq(f->commands, "usermod -aG minimeter anna\n");
	f->failing = "usermod";
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--add-user", "anna", REQUIRED), MM_SETUP_FAILED);
	ck_assert_str_eq(f->commands, "usermod -aG minimeter anna\n");
	end(f);
}
END_TEST

/* An element without voltage is said as what it is, and so is what to do. */
START_TEST(a_fault_is_not_said_to_meter)
{
	static const struct fake_answer dead[] = {
		{"Read", 0,
		 REPLY("{\"meters\":[" METER(
			 "main", "true", "\"element2-voltage-low\"",
			 ELEMENT("L1", "1203.2", "") "," ELEMENT_OF("L2", "0.0", "0.0", "0.0", "\"voltage-low\"")) "]}")},
		{0},
	};
	static const struct fake_answer hidden[] = {
		{"Read", 0, REPLY("{\"meters\":[" METER("main\\u001b[2J", "true", "\"a\\u202eb\"", BOTH_ELEMENTS) "]}")},
		{0},
	};
	struct fake_socket daemon = fake_socket_new(_i == 0 ? dead : hidden);
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->machine.socket_path = daemon.path;
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FAULT);
	ck_assert_ptr_null(strstr(f->out, "It meters"));
	assert_says(f->out, "It reads, but not all is in order:\n");
	assert_says(f->out, _i == 0 ? "    L2 0.0 V, 0.00 A, 0 W\n    fault: element2 voltage low\n" : "    fault: a?b\n");
	assert_says(f->out, _i == 0 ? "  main (serial 00042): " : "  main?[2J (serial 00042): ");
	assert_says(f->out, "'minimeterctl diagnose' names the cause and what to measure.\n");
	fake_socket_free(&daemon);
	end(f);
}
END_TEST

TCase *start_tcase(void)
{
	TCase *tcase = tcase_create("start");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, it_starts_the_meter_and_shows_the_first_reading);
	tcase_add_test(tcase, without_a_reading_it_says_why);
	tcase_add_test(tcase, what_cannot_be_started_is_an_error);
	tcase_add_loop_test(tcase, a_fault_is_not_said_to_meter, 0, 2);
	return tcase;
}
