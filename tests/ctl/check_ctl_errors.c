/* SPDX-License-Identifier: MIT */
/* What goes wrong between a person, minimeterctl and the daemon: exit codes, and errors that say what to do. */

#include "ctl/check_ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/count_of.h"

START_TEST(usage_errors_say_what_would_be_right)
{
	static const struct {
		const char *words, *error;
	} table[] = {
		{"", "'minimeterctl help' for all"},
		{"reed", "did you mean 'read'?"},
		{"evnets", "did you mean 'events'?"},
		{"xyzzy", "'minimeterctl help' lists them"},
		{"a-word-that-is-much-longer-than-any-command-could-be", "'minimeterctl help' lists them"},
		{"help reed", "did you mean 'read'?"},
		{"--jsno read", "did you mean '--json'?"},
		{"-x read", "there is no option '-x'"},
		{"--json=1 read", "--json takes no value"},
		{"read --meter", "--meter wants its NAME"},
		{"read --seconds 3", "--seconds does not go with 'read'; see 'minimeterctl help read'"},
		{"status --meter main", "--meter does not go with 'status'"},
		{"status --seconds 3", "--seconds goes with --wait: 'minimeterctl status --wait --seconds N'"},
		{"profile --csv --json", "--json and --csv exclude each other"},
		{"profile --csv --plot", "--csv and --plot exclude each other"},
		{"profile --month this --from today", "--month and --from exclude each other"},
		{"profile --month 2026-13", "--month '2026-13' is no month: say 2026-03, this or last"},
		{"profile --month 2026-3", "--month '2026-3' is no month"},
		{"events --all --limit 3", "--all and --limit exclude each other"},
		{"read main", "'main' is one argument too many: minimeterctl read"},
		{"outputs test", "too few arguments: minimeterctl outputs test OUTPUT [SECONDS]"},
		{"outputs test a 1 2", "'2' is one argument too many"},
		{"outputs test led_load 61", "SECONDS must be a whole number from 1 to 60, not '61'"},
		{"watch --seconds 0", "--seconds must be a number above 0, not '0'"},
		{"watch --seconds nan", "not 'nan'"},
		{"calibrate start --element 4", "--element must be a whole number from 1 to 3, not '4'"},
		{"events --limit 101", "--limit must be a whole number from 1 to 100, not '101'"},
		{"events --after 99999999999999999999", "--after must be a whole number"},
		{"events --after 1x", "not '1x'"},
		{"profile --from 2026-02-30", "--from '2026-02-30' is no time: say 2026-03-01, "},
		{"profile --to -3y", "--to '-3y' is no time"},
		{"profile --from 2026-03-02 --to 2026-03-01", "--from is after --to"},
	};

	struct fake_socket fixture = fake_socket_new(plain_answers);
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		expect_of(&fixture, table[i].words, MM_CTL_USAGE, "", table[i].error);
	}
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(error_replies_are_said_in_words)
{
	static const struct {
		const char *reply, *error;
	} table[] = {
		{ERROR("org.minimeter.NoSuchMeter", "{\"meter\":\"x\"}"), "there is no meter 'x'; there are: main, flat\n"},
		{ERROR("org.minimeter.NoSuchOutput", "{\"meter\":\"main\",\"output\":\"9\"}"),
		 "meter 'main' has no output '9'; it has: 10, led_power\n"},
		{ERROR("org.minimeter.NotPermitted", "{\"reason\":\"admin socket only\"}"), "not permitted: admin socket only\n"},
		{ERROR("org.minimeter.Busy", "{\"reason\":\"a test runs\"}"), "minimeterd is busy: a test runs; try again\n"},
		{ERROR("org.minimeter.RegisterFailed", "{\"reason\":\"disk full\"}"), "the register failed: disk full; see "},
		{ERROR("org.minimeter.Other", "{}"), "the error org.minimeter.Other\n"},
		{ERROR("org.varlink.service.InvalidParameter", "{\"parameter\":\"meter\"}"), "refuses the value for 'meter'\n"},
		{ERROR("org.varlink.service.MethodNotFound", "{}"), "is it minimeterd, and of this version?\n"},
		{ERROR("com.example.Odd", "{}"), "the error com.example.Odd\n"},
		{"[1,2]", "does not speak Varlink"},
		{"garbage", "does not speak Varlink"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct fake_answer script[] = {
			{"Read", 0, table[i].reply},
			{"GetNameplate", 0, REPLY("{\"meters\":[" NAMEPLATE("main") "," NAMEPLATE("flat") "]}")},
			{"GetOutputs", 0, REPLY(OUTPUTS)},
			{NULL, 0, NULL},
		};
		expect(script, "read", MM_CTL_FAILED, "", table[i].error);
	}
}
END_TEST

START_TEST(several_meters_need_a_choice)
{
	static const struct fake_answer two[] = {
		{"GetNameplate", 0, REPLY("{\"meters\":[" NAMEPLATE("main") "," NAMEPLATE("flat") "]}")},
		{NULL, 0, NULL},
	};
	expect(two, "profile", MM_CTL_USAGE, "", "say which meter with --meter; there are: main, flat\n");
	expect(two, "outputs test led_load", MM_CTL_USAGE, "", "say which meter with --meter; there are: main, flat\n");
}
END_TEST

START_TEST(an_unreachable_daemon_is_named)
{
	static const struct fake_answer closing[] = {{"Read", 0, "close"}, {NULL, 0, NULL}};
	char words[256];

	expect(NULL, "read", MM_CTL_UNREACHABLE, "", "is minimeterd running? See 'systemctl status minimeterd'\n");
	snprintf(words, sizeof(words), "read --socket %0200d", 0);
	expect(NULL, words, MM_CTL_UNREACHABLE, "", "File name too long");
	expect(closing, "read", MM_CTL_UNREACHABLE, "", "closed the connection");
}
END_TEST

/* Whoever has installed it and goes no further. */
START_TEST(without_a_configuration_the_setup_is_named)
{
	char *text;
	size_t size;
	struct mm_ctl ctl = {.err = open_memstream(&text, &size), .config_path = "/nonexistent/minimeter.conf"};

	ctl.command = &mm_ctl_commands[0];
	if (access(MM_CLIENT_SOCKET, F_OK) < 0) {
		ck_assert_int_eq(mm_ctl_connect(&ctl), MM_CTL_UNREACHABLE);
		fflush(ctl.err);
		ck_assert_ptr_nonnull(strstr(text, "there is no /nonexistent/minimeter.conf: 'sudo minimeter-setup' asks"));
		ctl.config_path = "/";
		ck_assert_int_eq(mm_ctl_connect(&ctl), MM_CTL_UNREACHABLE);
		fflush(ctl.err);
		ck_assert_ptr_nonnull(strstr(text, "is minimeterd running? See 'systemctl status minimeterd'"));
	}
	/* Of another socket the configuration says nothing. */
	rewind(ctl.err);
	ctl.config_path = "/nonexistent/minimeter.conf";
	ctl.option[MM_OPTION_SOCKET] = "/nonexistent/socket";
	ck_assert_int_eq(mm_ctl_connect(&ctl), MM_CTL_UNREACHABLE);
	fclose(ctl.err);
	ck_assert_ptr_nonnull(strstr(text, "nobody answers at /nonexistent/socket: "));
	free(text);
}
END_TEST

START_TEST(no_permission_names_the_group)
{
	struct fake_socket fixture = fake_socket_new(plain_answers);

	ck_assert_int_eq(chmod(fixture.path, 0), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(fixture.directory, 0755), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	expect_of(&fixture, "read", MM_CTL_UNREACHABLE, "", "join the group minimeter (");
	expect_of(&fixture, "outputs test led_load", MM_CTL_UNREACHABLE, "", "join the group minimeter-admin (");
	if (getuid() == 0) {
		ck_assert_int_eq(seteuid(0), 0);
	}
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(a_hung_daemon_is_named)
{
	static const struct fake_answer silent[] = {{"Read", 0, ""}, {NULL, 0, NULL}};
	struct fake_socket fixture = fake_socket_new(silent);
	char *text;
	size_t size;
	struct mm_ctl ctl = {.err = open_memstream(&text, &size), .option[MM_OPTION_SOCKET] = fixture.path};
	json_t *answer;

	ctl.command = &mm_ctl_commands[0];
	ck_assert_int_eq(mm_ctl_connect(&ctl), MM_CTL_FINE);
	ck_assert_int_eq(mm_ctl_send(&ctl, "org.minimeter.Read", NULL, false), MM_CTL_FINE);
	ck_assert_int_eq(mm_ctl_receive(&ctl, 0, &answer, NULL), MM_CTL_UNREACHABLE);
	fclose(ctl.err);
	ck_assert_ptr_nonnull(strstr(text, "is minimeterd hung?"));
	free(text);
	mm_client_free(ctl.client);
	fake_socket_free(&fixture);
}
END_TEST

/* All of it at the end, or a part of it long before. */
START_TEST(output_that_can_not_be_written_fails)
{
	static char buffer[1 << 16];
	static const size_t room[] = {sizeof(buffer), 256};
	static const char *const why[] = {"No space left on device", "can't write the output: "};
	char *argv[] = {(char *)"minimeterctl", (char *)"help", NULL}, *text;
	size_t size;
	FILE *full = fopen("/dev/full", "w"), *err = open_memstream(&text, &size);

	ck_assert_int_eq(setvbuf(full, buffer, _IOFBF, room[_i]), 0);
	ck_assert_int_eq(mm_ctl_run(2, argv, full, err), MM_CTL_FAILED);
	fclose(full);
	fclose(err);
	ck_assert_msg(strstr(text, why[_i]) != NULL, "%s", text);
	free(text);
}
END_TEST

TCase *errors_tcase(void)
{
	TCase *tcase = tcase_create("errors");

	tcase_set_timeout(tcase, PATIENCE_S);
	tcase_add_test(tcase, usage_errors_say_what_would_be_right);
	tcase_add_test(tcase, error_replies_are_said_in_words);
	tcase_add_test(tcase, several_meters_need_a_choice);
	tcase_add_test(tcase, an_unreachable_daemon_is_named);
	tcase_add_test(tcase, without_a_configuration_the_setup_is_named);
	tcase_add_test(tcase, no_permission_names_the_group);
	tcase_add_test(tcase, a_hung_daemon_is_named);
	tcase_add_loop_test(tcase, output_that_can_not_be_written_fails, 0, 2);
	return tcase;
}
