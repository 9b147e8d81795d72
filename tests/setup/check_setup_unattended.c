/* SPDX-License-Identifier: MIT */
/* Without a person: options, proposals, and what is refused. */
#include "setup/check_setup.h"

START_TEST(what_no_option_says_is_as_proposed)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "", "--unattended", REQUIRED) == MM_SETUP_FINE, "%s", f->err);
	config = load(f);
	ck_assert_str_eq(config->front_end[0].afe.uri, NOWHERE);
	ck_assert_str_eq(config->meter[0].name, "main");
	ck_assert_double_eq(config->front_end[0].afe.voltage_divider, 1001);
	ck_assert_double_eq(config->front_end[0].afe.burden_ohm, 5.1);
	ck_assert_int_eq(config->meter[0].phase[1], 1);
	ck_assert(!config->meter[0].line[MM_OUTPUT_10].used);
	free(config);
	assert_file(f, DROP_IN, "[Service]\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET\nIPAddressAllow=127.0.0.1\n");
	ck_assert_str_eq(f->commands, ""); /* below a root nothing is started */
	end(f);
}
END_TEST

START_TEST(every_option_is_an_answer)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "", "--unattended", "--uri=local:", "--driver=mcp3914", "--model", "md 240 f 02 so 022 00",
			    "--serial", "1", "--name", "flat 1", "--voltage-divider", "900", "--burden-ohm", "1.8", "--copy",
			    "none", "--element1", "C", "--element2", "A", "--ct-sets", "2", "--output-10", "none", "--led-load",
			    "GPIO5,active-low", "--lcd", "/dev/lcd", "--name", "flat 2", "--serial", "2", "--model",
			    "MD 240 F 02 SO 022 00") == MM_SETUP_FINE,
		      "%s", f->err);
	config = load(f);
	ck_assert_str_eq(config->front_end[0].driver, "mcp3914");
	ck_assert_double_eq(config->front_end[0].afe.burden_ohm, 1.8);
	ck_assert_str_eq(config->copy_path, "none");
	ck_assert_uint_eq(config->meter_count, 2);
	ck_assert_int_eq(config->meter[0].phase[0], 2);
	ck_assert_int_eq(config->meter[0].ct_sets, 2);
	ck_assert(config->meter[0].line[MM_OUTPUT_LED_LOAD].active_low);
	ck_assert_str_eq(config->meter[1].name, "flat 2");
	ck_assert_str_eq(config->meter[1].model.canonical, "MD 240 F 02 SO 022 00");
	ck_assert(!is_there(f, DROP_IN));
	free(config);
	end(f);
}
END_TEST

/* A generic meter is what its options say; the elements are those of the service, and CTs that give volts have no burden. */
START_TEST(a_generic_meter_is_its_options)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "", "--unattended", "--uri=local:", "--driver=mcp3914", "--model", "generic", "--service",
			    "3-phase-4-wire", "--rated-voltage-v", "230", "--ct", "200:0.333V", "--serial", "1", "--multiplier",
			    "2", "--output-100", "GPIO5") == MM_SETUP_FINE,
		      "%s", f->err);
	config = load(f);
	ck_assert_str_eq(config->meter[0].model.canonical, "GEN-3P4W-230-200:0.333V-10");
	ck_assert_uint_eq(config->meter[0].model.elements, 3);
	ck_assert_int_eq(config->meter[0].phase[2], 2);
	ck_assert_double_eq(config->meter[0].multiplier, 2);
	free(config);
	end(f);
}
END_TEST

/* What the options say, and what is said about it. */
static const struct {
	const char *arguments[12];
	const char *expected;
} wrong_options[] = {
	{{"--uri", NOWHERE, "--driver", "ade9000", "--model", "MMD-120-2001-T"}, "--serial is missing: the serial number"},
	{{"--uri", NOWHERE, "--driver", "ade9000"}, "--model is missing: the model number on the meter's label"},
	{{"--uri", NOWHERE, "--driver", "ade9000"}, "--serial is missing"},
	{{"--uri", NOWHERE, "--model", "MMD-120-2001", "--serial", "1"},
	 "--driver is missing: the metering chip, such as ade9000. None is "
	 "seen"},
	{{REQUIRED, "--element2", "A"}, "--element2 A: [meter main]: element1 and element2 are on the same phase"},
	{{REQUIRED, "--burden-ohm", "10"}, "--burden-ohm 10: [meter main]: burden_ohm = 10 gives a full scale of 141 A"},
	{{REQUIRED, "--name", "x\n[daemon]"}, "must be one line"},
	{{REQUIRED, "--lcd", "/dev/lcd"}, "has no display"},
	{{REQUIRED, "--kh-wh", "10"}, "--kh-wh 10: kh_wh: model MMD-120-2001-T says this already"},
	{{REQUIRED, "--led-load", "GPIO5", "--led-power"}, "--led-power wants a value"},
	{{REQUIRED, "--serial", "2"}, "--serial is given twice; --name begins another meter"},
	{{"--modle", "MMD-120-2001-T"}, "there is no option --modle; 'minimeter-setup --help'"},
	{{"--wait", "soon"}, "--wait soon: must be seconds"},
	{{"now"}, "unexpected argument now"},
	{{REQUIRED, "--root", ""}, "--root wants a directory\n"},
	{{REQUIRED, "--root", "/nonexistent", "--config", "m.conf"}, "--config m.conf: with --root it must begin with /\n"},
};

START_TEST(a_wrong_option_writes_nothing)
{
	const char *arguments[ARGUMENTS_MAX] = {"--unattended"};
	struct setup_fixture *f = begin();

	for (size_t i = 0; i < COUNT_OF(wrong_options[_i].arguments); i++) {
		arguments[1 + i] = wrong_options[_i].arguments[i];
	}
	ck_assert_int_eq(setup(f, "", arguments), MM_SETUP_USAGE);
	assert_says(f->err, wrong_options[_i].expected);
	ck_assert(!is_there(f, "/etc"));
	end(f);
}
END_TEST

START_TEST(a_configuration_that_is_there_stays)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FINE);
	put(f, CONFIG, "# mine\n");
	put(f, DROP_IN, "# its\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_USAGE);
	assert_says(f->err, CONFIG " is there already: with --replace it is kept as .old and replaced");
	assert_file(f, CONFIG, "# mine\n");
	assert_file(f, DROP_IN, "# its\n");
	ck_assert_int_eq(SETUP(f, "", REQUIRED), MM_SETUP_FAILED); /* nobody answers */
	ck_assert_int_eq(SETUP(f, "\n", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->out, CONFIG " is there already. Replace it at the end (it is kept as .old) [no]: ");
	assert_says(f->err, "nothing was changed");
	assert_file(f, CONFIG, "# mine\n");
	/* What goes wrong on the way to a new one leaves the old one too. */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--ct-sets", "9"), MM_SETUP_USAGE);
	assert_file(f, CONFIG, "# mine\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--uri", "local:", "--driver", "ade9000", "--model",
			       "MMS-120-1001", "--serial", "2"),
			 MM_SETUP_FINE);
	assert_file(f, CONFIG, "serial = 2\n");
	assert_file(f, CONFIG ".old", "# mine\n");
	ck_assert(!is_there(f, DROP_IN)); /* a front end on this machine needs no network */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED), MM_SETUP_FINE);
	assert_file(f, CONFIG ".old", "# mine\n");
	assert_file(f, CONFIG ".old-2", "serial = 2\n");
	end(f);
}
END_TEST

/* It is said before the first question. */
START_TEST(where_nothing_can_be_written_nothing_is_asked)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--root", "/proc/self"), MM_SETUP_FAILED);
	assert_says(f->err, "minimeter-setup: /proc/self: ");
	ck_assert_str_eq(f->out, "");
	end(f);
}
END_TEST

/* ---- The help ---- */

START_TEST(the_help_has_every_option)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--help"), MM_SETUP_FINE);
	for (enum mm_question q = 0; q < MM_ASK_COUNT; q++) {
		assert_says(f->out, mm_questions[q].option);
	}
	assert_says(f->out, "--unattended");
	for (const char *line = f->out; line; line = strchr(line + 1, '\n')) {
		ck_assert_uint_le(strcspn(line + 1, "\n"), 100);
	}
	ck_assert_int_eq(SETUP(f, "", "--version"), MM_SETUP_FINE);
	assert_says(f->out, "minimeter-setup " PACKAGE_VERSION "\n");
	end(f);
}
END_TEST

TCase *unattended_tcase(void)
{
	TCase *tcase = tcase_create("unattended");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_no_option_says_is_as_proposed);
	tcase_add_test(tcase, every_option_is_an_answer);
	tcase_add_test(tcase, a_generic_meter_is_its_options);
	tcase_add_loop_test(tcase, a_wrong_option_writes_nothing, 0, COUNT_OF(wrong_options));
	tcase_add_test(tcase, a_configuration_that_is_there_stays);
	tcase_add_test(tcase, where_nothing_can_be_written_nothing_is_asked);
	tcase_add_test(tcase, the_help_has_every_option);
	return tcase;
}
