/* SPDX-License-Identifier: MIT */
/* A person who answers. */
#include "setup/check_setup.h"

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(enter_takes_what_is_proposed)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "mms 120 2002\n 00471 1 \n\n" NOWHERE "\nADE9000\nade9000\n\n\n\n\nn\n\n\n") == MM_SETUP_FINE,
		      "%s%s", f->out, f->err);
	config = load(f);
	ck_assert_str_eq(config->meter[0].name, "main");
	ck_assert_str_eq(config->meter[0].serial, "00471 1");
	ck_assert_double_eq(config->front_end[0].afe.burden_ohm, 2.4);
	free(config);
	assert_file(f, CONFIG, "model = MMS-120-2002\n");
	assert_says(f->out, "None is seen (connecting to " NOWHERE);
	assert_says(f->out, "driver = ADE9000: must be one of");
	assert_says(f->out, "commit=300: about 19 GB a\n  year. Cost:");
	assert_says(f->out, "IPAddressAllow=127.0.0.1\n");
	assert_says(f->out, "Write this [yes]: ");
	ck_assert_ptr_null(strstr(f->out, "L2 and CT2"));
	ck_assert_ptr_null(strstr(f->out, "Display"));
	end(f);
}
END_TEST

/* Each answer that is wrong is asked for again with the reason; the right one follows. */
static const struct {
	const char *typed, *expected;
} wrong_answers[] = {
	{"\nMMS-120-1001\n1\n\n", "Model number:   The meter needs an answer here.\nModel number: "},
	{"MMX\nMMS-120-1001\n1\n\n", "  model = MMX: is no model number: meter type: MMS, MMD, MS or MD\nModel number: "},
	{"MMS-240-1001\nMMS-120-1001\n1\n\n", "an MMS model is for 120 (line to neutral)\nModel number: "},
	{"MMS-120-1001\n\n1\n\n", "Serial number:   The meter needs an answer here.\nSerial number: "},
	{"MMS-120-1001\n\"1\"\n1\n\n",
	 "  serial = \"1\": the quotes would be part of the value: leave them out\nSerial number: "},
	{"MMS-120-1001\n1 # x\n1\n\n", "  serial = 1 # x: a # begins a comment only at the start of a line"},
	{"MMS-120-1001\n1 ; x\n1\n\n", "  a ; would begin a comment there: leave it out\nSerial number: "},
	{"MMS-120-1001\nM\xfc\n1\n\n", "  this line is not UTF-8 text"},
	{"MMS-120-1001\n1\na]b\n\n", "goes on behind the ] of a section"},
	{"MMS-120-1001\n1\n\n192.0.2.7\n", "  uri = 192.0.2.7: must be local: for a chip on this machine, or ip:HOST"},
	{"MMS-120-1001\n1\n\nip:\n", "  ip: needs an address, such as ip:192.0.2.7\nWhere is the chip"},
	{"MMS-120-1001\n1\n\nip:no.such.host.invalid\n", "  no.such.host.invalid is no address, and no name that is known here"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nmcp\n", "  driver = mcp: must be one of"},
	{"MMD-120-1001\n1\n\n" NOWHERE "\nmcp3910\n", "  [front-end]: phase B has channels 3"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n5\n", "  voltage_divider = 5 gives a full scale of 4 V"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n5,1\n", "  burden_ohm = 5,1: has a comma: write a decimal point, as in 5.1"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\nmaybe\n", "  generation = maybe: "},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\nL1\n",
	 "  element1 = L1: must be a phase of the front end: A, B or C\nPhase of"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\n\nmaybe\n", "  Please answer yes or no.\nAre pulse outputs"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\n\nyes\n:\n", "  output_10 = :: is no output line:"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\n\nyes\nGPIO5\nGPIO5\n", "this line is taken by output_10"},
};

START_TEST(a_wrong_answer_is_asked_for_again)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, wrong_answers[_i].typed), MM_SETUP_FAILED);
	for (char *at = f->out; (at = strstr(at, "\n  ")); at += 3) {
		/* A reason that was broken into lines reads as one here. */
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ- ", at[3]) == NULL && at > f->out && at[-1] != ' ' && at[-1] != ':') {
			memmove(at + 1, at + 3, strlen(at + 3) + 1);
			at[0] = ' ';
			at -= 3;
		}
	}
	assert_says(f->out, wrong_answers[_i].expected);
	assert_says(f->err, "nothing was written");
	ck_assert(!is_there(f, "/etc"));
	end(f);
}
END_TEST

START_TEST(an_option_is_not_asked_for)
{
	struct setup_fixture *f = begin();

	ck_assert_msg(SETUP(f, "\n\n\nB\n\n\n\n\n", REQUIRED, "--element1", "C") == MM_SETUP_FINE, "%s%s", f->out, f->err);
	ck_assert_ptr_null(strstr(f->out, "Model number: "));
	ck_assert_ptr_null(strstr(f->out, "CT1"));
	assert_file(f, CONFIG, "element1 = C\nelement2 = B\n");
	/* One that is wrong is said, and asked for. */
	ck_assert_msg(SETUP(f, "yes\n\n\n\nB\nC\n\n\n\n\n", REQUIRED, "--element1", "X") == MM_SETUP_FINE, "%s%s", f->out,
		      f->err);
	assert_says(f->out, "--element1 X: element1 = X: must be a phase");
	assert_file(f, CONFIG, "element1 = B\nelement2 = C\n");
	end(f);
}
END_TEST

START_TEST(an_enclosure_holds_several)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "MS 120 F 02 XO 011 00\n1\nflat 1\n" NOWHERE "\nade9000\n\n\n\n\nn\n"
			       "\nMS 120 F 02 XO 011 00\n1\n2\nflat 1\nflat 2\n\n\nn\nn\n\n") == MM_SETUP_FINE,
		      "%s%s", f->out, f->err);
	assert_says(f->out, "Is there another meter on this board [yes]: ");
	assert_says(f->out, "serial 1 is meter \"flat 1\"'s too");
	assert_says(f->out, "section [meter flat 1] is given twice");
	config = load(f);
	ck_assert_uint_eq(config->meter_count, 2);
	ck_assert_int_eq(config->meter[1].phase[0], 1);
	free(config);
	end(f);
}
END_TEST

/* What is still to be asked has no name that anybody gave it. */
START_TEST(no_reason_names_what_was_not_asked)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "MS 120 F 02 XO 011 00\n1\nflat 1\n" NOWHERE "\nade9000\n\n\n\n\nn\n"
				  "\nMS 120 F 02 XO 011 00\n1\n2\nflat 2\nB\nA\n"),
			 MM_SETUP_FAILED);
	assert_says(f->out, "serial 1 is meter \"flat 1\"'s too");
	ck_assert_ptr_null(strstr(f->out, "not asked"));
	/* By options, in the order that somebody writes them. */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--uri", NOWHERE, "--driver", "mcp3910", "--model", "MMD-120-2001-T",
			       "--serial", "1", "--burden-ohm", "10"),
			 MM_SETUP_USAGE);
	ck_assert_ptr_null(strstr(f->err, "not asked"));
	end(f);
}
END_TEST

START_TEST(without_a_yes_nothing_is_written)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\n\n\nno\n", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->out, "Write this [yes]: ");
	assert_says(f->err, "nothing was written");
	ck_assert(!is_there(f, "/etc"));
	end(f);
}
END_TEST

START_TEST(a_line_that_is_not_there_is_refused)
{
	struct setup_fixture *f = begin();

	f->machine.root = "";
	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\nyes\nNO-SUCH-LINE\n", REQUIRED, "--config", "/nonexistent/minimeter.conf"),
			 MM_SETUP_FAILED);
	assert_says(f->out, "output_10: line \"NO-SUCH-LINE\": ");
	end(f);
}
END_TEST

/* As a person has it, in a terminal. */
START_TEST(the_program_in_a_terminal)
{
	static const char typed[] = "MMS-120-1001\n7\n\n" NOWHERE "\nade9000\n\n\n\n\nn\n\n\n\004";
	struct setup_fixture *f = begin();
	char program[512], text[4096];
	int fd, status;
	ssize_t got;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/minimeter-setup", getenv("MM_BUILDDIR"));
	pid = forkpty(&fd, NULL, NULL, NULL);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(program, program, "--root", f->root, "--config", CONFIG, NULL);
		_exit(127);
	}
	ck_assert_int_eq(write(fd, typed, strlen(typed)), (ssize_t)strlen(typed));
	while ((got = read(fd, text, sizeof(text))) > 0) {
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(fd);
	ck_assert_int_eq(status, 0);
	assert_file(f, CONFIG, "serial = 7\n");
	end(f);
}
END_TEST

TCase *dialog_tcase(void)
{
	TCase *tcase = tcase_create("dialog");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, enter_takes_what_is_proposed);
	tcase_add_loop_test(tcase, a_wrong_answer_is_asked_for_again, 0, COUNT_OF(wrong_answers));
	tcase_add_test(tcase, an_option_is_not_asked_for);
	tcase_add_test(tcase, an_enclosure_holds_several);
	tcase_add_test(tcase, no_reason_names_what_was_not_asked);
	tcase_add_test(tcase, without_a_yes_nothing_is_written);
	tcase_add_test(tcase, a_line_that_is_not_there_is_refused);
	tcase_add_test(tcase, the_program_in_a_terminal);
	return tcase;
}
