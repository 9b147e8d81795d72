/* SPDX-License-Identifier: MIT */
/* The configuration: what is right is read, what is wrong is refused with file, line and key. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "fixture/suite.h"

#define METER "[meter flat 1]\nmodel = mmd 120 2001 t scc\nserial = 1001\nelement1 = A\nelement2 = B\n"

static char path[] = "/tmp/check_config.XXXXXX";
static struct mm_error error;
static struct mm_config *config;

static void setup(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	config = NULL;
}

static void teardown(void)
{
	unlink(path);
	free(config);
}

static int load(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	return mm_config_load(path, &error, &config);
}

START_TEST(defaults_are_those_of_the_manual_page)
{
	ck_assert_int_eq(load(METER), 0);
	ck_assert_str_eq(config->socket, "/run/minimeter/minimeter.sock");
	ck_assert_str_eq(config->admin_socket, "/run/minimeter/admin.sock");
	ck_assert_str_eq(config->register_path, "/var/lib/minimeter/register.db");
	ck_assert_str_eq(config->clock, "system");
	ck_assert_double_eq(config->commit_wh, 8);
	ck_assert_double_eq(config->database_wh, 250);
	ck_assert_int_eq(config->commit_interval_s, 300);
	ck_assert_int_eq(config->backup_interval_h, 24);
	ck_assert_str_eq(config->copy_path, "");
	ck_assert_int_eq(config->profile_interval_min, 15);
	ck_assert_int_eq(config->clients_max, 32);
	ck_assert_int_eq(config->idle_timeout_s, 60);
	ck_assert_str_eq(config->front_end_driver, "ade9000");
	ck_assert_str_eq(config->front_end.uri, "local:");
	ck_assert_double_eq(config->front_end.voltage_divider, 1001);
	ck_assert_double_eq(config->front_end.burden_ohm, 5.1);
	ck_assert_str_eq(config->outputs_driver, "gpiod");
	ck_assert_uint_eq(config->meter_count, 1);
	ck_assert_str_eq(config->meter[0].name, "flat 1");
	ck_assert_str_eq(config->meter[0].model.canonical, "MMD-120-2001-T-SCC");
	ck_assert_int_eq(config->meter[0].phase[1], 1);
	ck_assert_int_eq(config->meter[0].ct_sets, 1);
}
END_TEST

START_TEST(every_key_is_read)
{
	ck_assert_int_eq(load("# a comment\n[daemon]\nsocket=/s\nadmin_socket=/a\nregister=/r\nclock=board\ncommit_wh=2.5\n"
			      "commit_interval_s=10\nprofile_interval_min=5\nclients_max=3\nidle_timeout_s=7\n"
			      "[front-end]\ndriver=ade9000\nuri=ip:127.0.0.1:5\ndevice=x\nvoltage_divider=801\nburden_ohm=10\n"
			      "[outputs]\ndriver=trace\ntrace=/t\n" METER
			      "ct_sets=3\noutput_10=GPIO17,active-low\noutput_100=gpiochip0:4\n"
			      "counter=GPIO5\nled_load=GPIO6\nled_power=GPIO7\nled_reverse=GPIO8\nlcd=/dev/lcd\n"
			      "[meter two]\nmodel=MS 120 F 01 XO 021 00\nserial=2\nelement1=C\noutput_1000=GPIO9\n"),
			 0);
	ck_assert_str_eq(config->socket, "/s");
	ck_assert_str_eq(config->clock, "board");
	ck_assert_double_eq(config->commit_wh, 2.5);
	ck_assert_int_eq(config->profile_interval_min, 5);
	ck_assert_str_eq(config->front_end.uri, "ip:127.0.0.1:5");
	ck_assert_str_eq(config->front_end.device, "x");
	ck_assert_double_eq(config->front_end.burden_ohm, 10);
	ck_assert_str_eq(config->outputs.trace, "/t");
	ck_assert_int_eq(config->meter[0].ct_sets, 3);
	ck_assert(config->meter[0].line[MM_OUTPUT_10].active_low);
	ck_assert_str_eq(config->meter[0].line_text[MM_OUTPUT_10], "GPIO17,active-low");
	ck_assert_uint_eq(config->meter[0].line[MM_OUTPUT_100].offset, 4);
	ck_assert(!config->meter[0].line[MM_OUTPUT_1000].used);
	ck_assert_str_eq(config->meter[0].lcd, "/dev/lcd");
	ck_assert_str_eq(config->meter[1].line[MM_OUTPUT_1000].name, "GPIO9");
	ck_assert_int_eq(config->meter[1].phase[0], 2);
}
END_TEST

/* Keys that the configured chip does not take are named, not refused: whoever changes the chip changes one line. */
static const struct {
	const char *text, *unused;
} front_ends[] = {
	{"", ""},
	{"uri=local:\nburden_ohm=7\n", ""},
	{"mclk_hz=4000000\nsample_rate=4000\nphase_deg_c=1\n", "mclk_hz, sample_rate, phase_deg_c"},
	{"driver=mcp3912\nmclk_hz=4000000\nosr=128\nvoltage_channel_a=0\ncurrent_channel_a=1\n", ""},
	{"sample_rate=8000\ndriver=mcp3919\n", "sample_rate"},
	{"driver=ads131e04\nsample_rate=8000\nosr=256\nphase_deg_a=0\n", "osr"},
};

START_TEST(keys_of_other_chips_are_named)
{
	char text[512];

	snprintf(text, sizeof(text), "[front-end]\n%s" METER, front_ends[_i].text);
	ck_assert_int_eq(load(text), 0);
	ck_assert_str_eq(config->unused, front_ends[_i].unused);
}
END_TEST

static void take_setting(void *userdata, const char *name, const char *value)
{
	char *list = userdata;
	size_t used = strlen(list);

	if (strncmp(name, "daemon.", 7) != 0) {
		snprintf(list + used, 2048 - used, "%s=%s\n", name, value);
	}
}

START_TEST(every_setting_is_listed_as_it_would_be_read)
{
	char list[2048] = "";

	ck_assert_int_eq(load("[front-end]\ndriver=mcp3912\nosr=128\nphase_deg_b=0.25\n[outputs]\ndriver=none\n"
			      "[power-fail]\nline=GPIO22,active-low\n" METER "output_10=GPIO17\n"),
			 0);
	mm_config_each(config, take_setting, list);
	ck_assert_str_eq(list, "front-end.driver=mcp3912\nfront-end.uri=local:\nfront-end.device=\n"
			       "front-end.voltage_divider=1001\nfront-end.burden_ohm=5.1\nfront-end.mclk_hz=4000000\n"
			       "front-end.osr=128\nfront-end.sample_rate=4000\nfront-end.voltage_channel_a=1\n"
			       "front-end.voltage_channel_b=3\nfront-end.voltage_channel_c=5\nfront-end.current_channel_a=0\n"
			       "front-end.current_channel_b=2\nfront-end.current_channel_c=4\nfront-end.phase_deg_a=0\n"
			       "front-end.phase_deg_b=0.25\nfront-end.phase_deg_c=0\noutputs.driver=none\n"
			       "outputs.trace=/run/minimeter/edges.log\npower-fail.line=GPIO22,active-low\n"
			       "power-fail.debounce_ms=2\nmeter flat 1.model=MMD-120-2001-T-SCC\nmeter flat 1.serial=1001\n"
			       "meter flat 1.element1=A\nmeter flat 1.element2=B\nmeter flat 1.ct_sets=1\n"
			       "meter flat 1.output_10=GPIO17\nmeter flat 1.output_100=\nmeter flat 1.output_1000=\n"
			       "meter flat 1.counter=\nmeter flat 1.led_load=\nmeter flat 1.led_power=\n"
			       "meter flat 1.led_reverse=\nmeter flat 1.lcd=\n");
}
END_TEST

static const struct {
	const char *text, *expected;
} refused[] = {
	{"", "no meter"},
	{"rubbish\n" METER, ":1: is neither"},
	{"[daemon]\nsockt = /x\n" METER, ":2: unknown key \"sockt\" in section [daemon]"},
	{"[nonsense]\nkey = 1\n" METER, ":2: unknown key \"key\" in section [nonsense]"},
	{"[meter]\nmodel = MMS-120-1001\n", ":2: unknown key"},
	{"[meter ]\nmodel = MMS-120-1001\n", ":2:"},
	{"[daemon]\nsocket = relative\n" METER, ":2: socket = relative: must be an absolute path"},
	{"[daemon]\ncommit_wh = 11\n" METER, ":2: commit_wh = 11: must be a number from 1 to 10"},
	{"[daemon]\ncommit_wh = nan\n" METER, ":2: commit_wh"},
	{"[daemon]\ncommit_wh = 5x\n" METER, ":2: commit_wh"},
	{"[daemon]\ncommit_wh =\n" METER, ":2: commit_wh"},
	{"[daemon]\nclients_max = 1.5\n" METER, "must be a whole number from 1 to 256"},
	{"[daemon]\nprofile_interval_min = 7\n" METER, "must divide an hour"},
	{"[daemon]\nprofile_interval_min = 0\n" METER, "must be a number from 1 to 60"},
	{"[front-end]\ndriver = mcp1\n" METER, ":2: driver = mcp1: must be one of ade9000|mcp3910|"},
	{"[outputs]\ndriver = smoke\n" METER, ":2: driver = smoke: must be one of gpiod|trace|none"},
	{"[daemon]\nclock = sundial\n" METER, "must be one of system|board"},
	{"[daemon]\nclock =\n" METER, "must be one of system|board"},
	{"[daemon]\nclients_max = 3\nclients_max = 4\n" METER, ":3: clients_max is given twice"},
	{"[daemon]\nclients_max = 3\n  4\n" METER, ":3: clients_max is given twice"},
	{METER "model = MMS-120-1001\n", ":6: model is given twice"},
	{METER "output_10 = ,active-low\n", ":6: output_10"},
	{METER "ct_sets = 4\n", ":6: ct_sets = 4: must be a number from 1 to 3"},
	{METER "output_1000 = GPIO1\n", "[meter flat 1]: output_1000: model MMD-120-2001-T-SCC does not have this output"},
	{"[meter x]\nmodel = MS 240 F 01 SO 011 00\n", ":2: model = MS 240 F 01 SO 011 00: is no model number: "},
	{"[meter x]\nmodel = XYZ\n", ":2: model = XYZ: is no model number: "},
	{"[meter x]\nmodel = MMS-120-1001\nelement1 = D\n", "must be a phase of the front end: A, B or C"},
	{"[meter x]\nserial = 1\nelement1 = A\n", "[meter x]: model is missing"},
	{"[meter x]\nmodel = MMS-120-1001\nelement1 = A\n", "[meter x]: serial is missing"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\n", "[meter x]: element1 is missing"},
	{"[meter x]\nmodel = MMD-120-1001\nserial = 1\nelement1=A\n", "[meter x]: element2 is missing"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1=A\nelement2=B\n", "has a single element"},
	{"[meter x]\nmodel = MMD-120-1001\nserial = 1\nelement1=A\nelement2=A\n", "on the same phase"},
	{"[meter x]\nmodel = MMS-120-1001\nserial = 1\nelement1=A\nlcd=/dev/lcd\n", "has no display"},
	{METER "[meter y]\nmodel = MMS-120-2001\nserial = 1001\nelement1=C\n", "serial 1001 is meter"},
	{METER "[meter y]\nmodel = MMS-120-1001\nserial = 2\nelement1=B\n", "shares phase B with meter \"y\""},
	{"[meter x]\nmodel = MS 120 F 02 SO 011 00\nserial = 1\nelement1=A\n[meter y]\nmodel = MS 120 F 02 SO 011 00\nserial = "
	 "2\nelement1=B\n"
	 "[meter z]\nmodel = MS 120 F 02 SO 011 00\nserial = 3\nelement1=C\n",
	 "whose enclosure holds 2"},
};

START_TEST(what_is_wrong_is_refused_with_its_place)
{
	ck_assert_int_eq(load(refused[_i].text), -EINVAL);
	ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "no file name in: %s", error.text);
	ck_assert_msg(strstr(error.text, refused[_i].expected) != NULL, "expected \"%s\" in: %s", refused[_i].expected,
		      error.text);
	ck_assert_ptr_null(strchr(error.text, '\n'));
	ck_assert_ptr_null(config);
}
END_TEST

START_TEST(a_long_line_is_refused_not_cut)
{
	char text[1024] = "[daemon]\nsocket = /";

	memset(text + strlen(text), 'x', 400);
	strcat(text, "\n" METER);
	ck_assert_int_eq(load(text), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, ":2:"));
}
END_TEST

START_TEST(a_missing_file_says_so)
{
	ck_assert_int_eq(mm_config_load("/nonexistent/minimeter.conf", &error, &config), -ENOENT);
	ck_assert_str_eq(error.text, "/nonexistent/minimeter.conf: No such file or directory");
}
END_TEST

START_TEST(a_directory_is_no_configuration)
{
	ck_assert_int_lt(mm_config_load("/tmp", &error, &config), 0);
	ck_assert_ptr_nonnull(strstr(error.text, "/tmp: "));
}
END_TEST

START_TEST(reload_takes_what_can_change_and_names_the_rest)
{
	struct mm_config *running;
	char ignored[256];

	ck_assert_int_eq(load(METER), 0);
	running = config;
	config = NULL;
	ck_assert_int_eq(
		load("[daemon]\nclients_max=5\ncommit_wh=2\nsocket=/other\n[front-end]\nburden_ohm=7\n" METER "ct_sets=2\n"), 0);
	mm_config_reload(running, config, ignored, sizeof(ignored));
	ck_assert_int_eq(running->clients_max, 5);
	ck_assert_double_eq(running->commit_wh, 2);
	ck_assert_str_eq(running->socket, "/run/minimeter/minimeter.sock");
	ck_assert_str_eq(ignored, "socket, burden_ohm, [meter] sections");
	mm_config_reload(running, running, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "");
	free(running);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults_are_those_of_the_manual_page);
	tcase_add_test(tc, every_key_is_read);
	tcase_add_loop_test(tc, what_is_wrong_is_refused_with_its_place, 0, MM_COUNT_OF(refused));
	tcase_add_loop_test(tc, keys_of_other_chips_are_named, 0, MM_COUNT_OF(front_ends));
	tcase_add_test(tc, every_setting_is_listed_as_it_would_be_read);
	tcase_add_test(tc, a_long_line_is_refused_not_cut);
	tcase_add_test(tc, a_missing_file_says_so);
	tcase_add_test(tc, a_directory_is_no_configuration);
	tcase_add_test(tc, reload_takes_what_can_change_and_names_the_rest);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
