/* SPDX-License-Identifier: MIT */
/* The configuration: what is right is read as it is written. */
#include "config/check_config.h"

#include <limits.h>
#include <unistd.h>

struct fixture *setup(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	ck_assert_ptr_nonnull(f);
	strcpy(f->path, "/tmp/check_config.XXXXXX");
	fd = mkstemp(f->path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	return f;
}

void teardown(struct fixture *f)
{
	unlink(f->path);
	free(f->config);
	free(f);
}

int load(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	return mm_config_load(f->path, &f->errors, &f->config);
}

bool is_said(const struct fixture *f, const char *text)
{
	bool said = false;

	for (unsigned i = 0; i < f->errors.count; i++) {
		said = said || strstr(f->errors.error[i].text, text) != NULL;
	}
	return said;
}

void take_setting(void *userdata, const char *name, const char *value)
{
	char *list = userdata;
	size_t used = strlen(list);

	if (strncmp(name, "daemon.", 7) != 0) {
		snprintf(list + used, 8192 - used, "%s=%s\n", name, value);
	}
}

START_TEST(defaults_are_those_of_the_manual_page)
{
	struct fixture *f = setup();

	ck_assert_int_eq(load(f, METER), 0);
	ck_assert_str_eq(f->config->socket, "/run/minimeter/minimeter.sock");
	ck_assert_str_eq(f->config->admin_socket, "/run/minimeter/admin.sock");
	ck_assert_str_eq(f->config->register_path, "/var/lib/minimeter/register.db");
	ck_assert_str_eq(f->config->clock, "system");
	ck_assert_double_eq(f->config->commit_wh, 8);
	ck_assert_double_eq(f->config->database_wh, 250);
	ck_assert_int_eq(f->config->commit_interval_s, 300);
	ck_assert_int_eq(f->config->backup_interval_h, 24);
	ck_assert_str_eq(f->config->copy_path, "");
	ck_assert_int_eq(f->config->profile_interval_min, 15);
	ck_assert_int_eq(f->config->clients_max, 32);
	ck_assert_int_eq(f->config->idle_timeout_s, 60);
	ck_assert_str_eq(f->config->front_end[0].driver, "ade9000");
	ck_assert_str_eq(f->config->front_end[0].afe.uri, "local:");
	ck_assert_double_eq(f->config->front_end[0].afe.voltage_divider, 1001);
	ck_assert_double_eq(f->config->front_end[0].afe.burden_ohm, 5.1);
	ck_assert_str_eq(f->config->outputs_driver, "gpiod");
	ck_assert_uint_eq(f->config->meter_count, 1);
	ck_assert_str_eq(f->config->meter[0].name, "flat 1");
	ck_assert_str_eq(f->config->meter[0].model.canonical, "MMD-120-2001-T-SCC");
	ck_assert_int_eq(f->config->meter[0].phase[1], 1);
	ck_assert_int_eq(f->config->meter[0].ct_sets, 1);
	ck_assert(!f->config->meter[0].generates[0] && !f->config->meter[0].generates[1]);
	teardown(f);
}
END_TEST

START_TEST(every_key_is_read)
{
	struct fixture *f = setup();

	ck_assert_int_eq(load(f, "# a comment\n[daemon]\nsocket=/s\nadmin_socket=/a\nregister=/r\nclock=board\ncommit_wh=2.5\n"
				 "commit_interval_s=10\nprofile_interval_min=5\nclients_max=3\nidle_timeout_s=7\n"
				 "[front-end]\ndriver=ade9000\nuri=ip:127.0.0.1:5\ndevice=x\nvoltage_divider=801\nburden_ohm=6\n"
				 "[outputs]\ndriver=trace\ntrace=/t\n" METER
				 "ct_sets=3\noutput_10=GPIO17,active-low\noutput_100=gpiochip0:4\n"
				 "counter=GPIO5\nled_load=GPIO6\nled_power=GPIO7\nled_reverse=GPIO8\nlcd=/dev/lcd\n"
				 "[meter two]\nmodel=MS 120 F 01 XO 021 00\nserial=2\nelement1=C\noutput_1000=GPIO9\n"),
			 0);
	ck_assert_str_eq(f->config->socket, "/s");
	ck_assert_str_eq(f->config->clock, "board");
	ck_assert_double_eq(f->config->commit_wh, 2.5);
	ck_assert_int_eq(f->config->profile_interval_min, 5);
	ck_assert_str_eq(f->config->front_end[0].afe.uri, "ip:127.0.0.1:5");
	ck_assert_str_eq(f->config->front_end[0].afe.device, "x");
	ck_assert_double_eq(f->config->front_end[0].afe.burden_ohm, 6);
	ck_assert_str_eq(f->config->outputs.trace, "/t");
	ck_assert_int_eq(f->config->meter[0].ct_sets, 3);
	ck_assert(f->config->meter[0].line[MM_OUTPUT_10].active_low);
	ck_assert_str_eq(f->config->meter[0].line_text[MM_OUTPUT_10], "GPIO17,active-low");
	ck_assert_uint_eq(f->config->meter[0].line[MM_OUTPUT_100].offset, 4);
	ck_assert(!f->config->meter[0].line[MM_OUTPUT_1000].used);
	ck_assert_str_eq(f->config->meter[0].lcd, "/dev/lcd");
	ck_assert_str_eq(f->config->meter[1].line[MM_OUTPUT_1000].name, "GPIO9");
	ck_assert_int_eq(f->config->meter[1].phase[0], 2);
	teardown(f);
}
END_TEST

/* What no Mini Meter number describes is described by keys; together they are the model. */
START_TEST(a_generic_meter_is_its_keys)
{
	const double scale_v = mm_afe_driver_find("mcp3912")->adc_full_scale_v;
	struct fixture *f = setup();
	const struct mm_model *model;
	struct mm_afe_input inputs[MM_INPUTS_MAX];
	struct mm_error error;

	ck_assert_int_eq(load(f, "[front-end]\ndriver=mcp3912\n[meter x]\n" GENERIC "serial=1\nelement1=A\nelement2=B\n"
				 "output_10=GPIO4\noutput_1000=GPIO5\n"),
			 0);
	model = &f->config->meter[0].model;
	ck_assert_str_eq(model->canonical, "GEN-2P3W-230-200:0.333V-10");
	ck_assert_uint_eq(model->elements, 2);
	ck_assert_int_eq(model->wires, MM_WIRES_NETWORK);
	ck_assert_double_eq(mm_model_supply_min_v(model), 195.5);
	ck_assert_double_eq(mm_model_supply_max_v(model), 264.5);
	/* The input's scale alone counts: 200 A are 0.333 V. */
	ck_assert_int_eq(mm_inputs(f->config, 0, inputs, &error), 2);
	ck_assert_double_eq_tol(inputs[0].full_scale_a, 200 * scale_v / 0.333, 1e-9);
	ck_assert_double_eq_tol(inputs[0].full_scale_v, scale_v * 1001, 1e-9);
	ck_assert_double_eq(inputs[0].nominal_v, 230);
	teardown(f);
}
END_TEST

START_TEST(every_setting_is_listed_as_it_would_be_read)
{
	struct fixture *f = setup();
	char list[8192] = "";

	ck_assert_int_eq(load(f,
			      "[front-end]\ndriver=mcp3912\nburden_ohm=3.3\nosr=128\nphase_deg_b=0.25\n[outputs]\ndriver=none\n"
			      "[power-fail]\nline=GPIO22,active-low\n" METER "output_10=GPIO17\ngeneration = element2\n"),
			 0);
	mm_config_each(f->config, take_setting, list);
	ck_assert_str_eq(list, "front-end.driver=mcp3912\nfront-end.uri=local:\nfront-end.device=\n"
			       "front-end.voltage_divider=1001\nfront-end.burden_ohm=3.3\nfront-end.voltage_divider_a=\n"
			       "front-end.voltage_divider_b=\nfront-end.voltage_divider_c=\nfront-end.burden_ohm_a=\n"
			       "front-end.burden_ohm_b=\nfront-end.burden_ohm_c=\nfront-end.mclk_hz=4000000\n"
			       "front-end.osr=128\nfront-end.sample_rate=4000\nfront-end.voltage_channel_a=1\n"
			       "front-end.voltage_channel_b=3\nfront-end.voltage_channel_c=5\nfront-end.current_channel_a=0\n"
			       "front-end.current_channel_b=2\nfront-end.current_channel_c=4\nfront-end.phase_deg_a=0\n"
			       "front-end.phase_deg_b=0.25\nfront-end.phase_deg_c=0\noutputs.driver=none\n"
			       "outputs.trace=/run/minimeter/edges.log\npower-fail.line=GPIO22,active-low\n"
			       "power-fail.debounce_ms=2\nmeter flat 1.model=MMD-120-2001-T-SCC\n"
			       "meter flat 1.elements=\nmeter flat 1.service=\nmeter flat 1.rated_voltage_v=\n"
			       "meter flat 1.ct=\nmeter flat 1.kh_wh=\nmeter flat 1.serial=1001\n"
			       "meter flat 1.element1=A\nmeter flat 1.element2=B\nmeter flat 1.element3=\n"
			       "meter flat 1.generation=element2\n"
			       "meter flat 1.ct_sets=1\nmeter flat 1.multiplier=1\nmeter flat 1.tariff=\n"
			       "meter flat 1.output_10=GPIO17\nmeter flat 1.output_100=\nmeter flat 1.output_1000=\n"
			       "meter flat 1.counter=\nmeter flat 1.led_load=\nmeter flat 1.led_power=\n"
			       "meter flat 1.led_reverse=\nmeter flat 1.lcd=\n");
	teardown(f);
}
END_TEST

START_TEST(generation_is_of_the_meter_or_of_an_element)
{
	struct fixture *f = setup();
	static const struct {
		const char *line;
		bool one, two;
	} rows[] = {{"", 0, 0},
		    {"generation=no\n", 0, 0},
		    {"generation=yes\n", 1, 1},
		    {"generation=element1\n", 1, 0},
		    {"generation=element2\n", 0, 1}};
	char text[256];

	for (int i = 0; i < MM_COUNT_OF(rows); i++) {
		free(f->config);
		snprintf(text, sizeof(text), METER "%s", rows[i].line);
		ck_assert_int_eq(load(f, text), 0);
		ck_assert_int_eq(f->config->meter[0].generates[0], rows[i].one);
		ck_assert_int_eq(f->config->meter[0].generates[1], rows[i].two);
	}
	teardown(f);
}
END_TEST

/* A link to the register is the register, whether it is there already or not. */
START_TEST(a_link_to_the_register_is_no_copy)
{
	struct fixture *f = setup();
	char text[512], link[64], target[64];

	snprintf(link, sizeof(link), "%s.link", f->path);
	snprintf(target, sizeof(target), "%s.db", f->path);
	snprintf(text, sizeof(text), "[daemon]\nregister = %s\ncopy = %s\n" METER, target, link);
	ck_assert_int_eq(load(f, text), 0);
	free(f->config);
	f->config = NULL;
	ck_assert_int_eq(symlink(strrchr(target, '/') + 1, link), 0);
	ck_assert_int_eq(load(f, text), -EINVAL);
	ck_assert_ptr_nonnull(strstr(f->errors.error[0].text, ":3: copy = "));
	fclose(fopen(target, "w"));
	ck_assert_int_eq(load(f, text), -EINVAL);
	unlink(link);
	unlink(target);
	teardown(f);
}
END_TEST

/* Also where no slash says which directory: it is the working one. */
START_TEST(a_name_alone_is_in_the_working_directory)
{
	struct fixture *f = setup();
	char target[64], here[PATH_MAX];
	const char *name;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(chdir("/tmp"), 0);
	snprintf(target, sizeof(target), "%s.db", f->path);
	name = strrchr(target, '/') + 1;
	ck_assert(mm_config_same_file(name, target));
	ck_assert(mm_config_same_file(target, name));
	ck_assert(!mm_config_same_file(name, f->path));
	unlink(f->path);
	ck_assert_int_eq(symlink(name, f->path), 0);
	ck_assert(mm_config_same_file(strrchr(f->path, '/') + 1, target));
	ck_assert_int_eq(chdir(here), 0);
	teardown(f);
}
END_TEST

/* A comment can be of any length; inih 55 takes the tail of a long one for a line. */
START_TEST(a_long_comment_is_a_comment)
{
	struct fixture *f = setup();
	char text[1024];

	snprintf(text, sizeof(text), "# %0250d\n# %0196dsockt = /x\n; %0300dcommit_wh = 2\n" METER, 1, 1, 1);
	ck_assert_int_eq(load(f, text), 0);
	ck_assert_double_eq(f->config->commit_wh, 8);
	teardown(f);
}
END_TEST

START_TEST(a_section_may_go_on_below)
{
	struct fixture *f = setup();

	ck_assert_int_eq(
		load(f, "[daemon]\nclients_max = 3\n" METER "[daemon]\ncommit_wh = 2\n[meter flat 1]\noutput_10 = GPIO4\n"), 0);
	ck_assert_int_eq(f->config->clients_max, 3);
	ck_assert_double_eq(f->config->commit_wh, 2);
	ck_assert_uint_eq(f->config->meter_count, 1);
	ck_assert(f->config->meter[0].line[MM_OUTPUT_10].used);
	teardown(f);
}
END_TEST

START_TEST(names_are_not_cut)
{
	struct fixture *f = setup();
	static const char name[] = "a name of sixty-three characters, every one of which is counted";

	ck_assert_uint_eq(sizeof(name) - 1, MM_NAME_MAX - 1);
	ck_assert_int_eq(load(f, "[meter a name of sixty-three characters, every one of which is counted]\nmodel = MMS-120-2001\n"
				 "serial = #5\nelement1 = A\n"),
			 0);
	ck_assert_str_eq(f->config->meter[0].name, name);
	ck_assert_str_eq(f->config->meter[0].serial, "#5");
	teardown(f);
}
END_TEST

START_TEST(reload_takes_what_can_change_and_names_the_rest)
{
	struct fixture *f = setup();
	struct mm_config *running;
	char ignored[256];

	ck_assert_int_eq(load(f, METER), 0);
	running = f->config;
	f->config = NULL;
	ck_assert_int_eq(load(f, "[daemon]\nclients_max=5\ncommit_wh=2\nsocket=/other\ntime_zone=Pacific/"
				 "Apia\n[front-end]\nburden_ohm=6\n" METER "ct_sets=2\n"),
			 0);
	mm_config_reload(running, f->config, ignored, sizeof(ignored));
	ck_assert_int_eq(running->clients_max, 5);
	ck_assert_double_eq(running->commit_wh, 2);
	ck_assert_str_eq(running->socket, "/run/minimeter/minimeter.sock");
	ck_assert_str_eq(ignored, "socket, time_zone, burden_ohm, [meter] sections");
	mm_config_reload(running, running, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "");
	free(running);
	teardown(f);
}
END_TEST

/* Each length in each kind of zone: refused where it does not divide an offset that the zone has, and the others are named. */
START_TEST(intervals_fit_into_the_days_of_the_zone)
{
	static const struct {
		const char *zone;
		int offset_min[2];
	} zones[] = {
		{"UTC", {0, 0}},
		{"America/New_York", {-300, -240}},
		{"Europe/Berlin", {60, 120}},
		{"Asia/Kolkata", {330, 330}},
		{"Asia/Kathmandu", {345, 345}},
		{"Australia/Lord_Howe", {630, 660}},
		{"Pacific/Chatham", {765, 825}},
		{"America/St_Johns", {-210, -150}},
	};
	static const int lengths[] = {1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60};
	struct fixture *f = setup();
	char text[512];

	for (size_t i = 0; i < COUNT_OF(zones) * COUNT_OF(lengths); i++) {
		int length = lengths[i % COUNT_OF(lengths)];
		const int *offset_min = zones[i / COUNT_OF(lengths)].offset_min;
		bool fits = offset_min[0] % length == 0 && offset_min[1] % length == 0;

		snprintf(text, sizeof(text), "[daemon]\ntime_zone=%s\nprofile_interval_min=%d\n" METER,
			 zones[i / COUNT_OF(lengths)].zone, length);
		ck_assert_msg((load(f, text) == 0) == fits, "%s", text);
		ck_assert(fits || is_said(f, "would not end at midnight in the time zone"));
		free(f->config);
		f->config = NULL;
	}
	teardown(f);
}
END_TEST

START_TEST(without_a_zone_it_is_the_machines)
{
	struct fixture *f = setup();

	setenv("TZ", "Asia/Kathmandu", 1);
	ck_assert_int_eq(load(f, METER), 0);
	ck_assert_str_eq(f->config->time_zone, "Asia/Kathmandu");
	free(f->config);
	f->config = NULL;
	ck_assert_int_lt(load(f, "[daemon]\nprofile_interval_min=30\n" METER), 0);
	ck_assert(is_said(f, ":2: profile_interval_min = 30: an interval of that length would not end at midnight"));
	ck_assert_int_eq(load(f, "[daemon]\ntime_zone=Europe/Berlin\n" METER), 0);
	ck_assert_str_eq(f->config->time_zone, "Europe/Berlin");
	/* Without forks, as under valgrind, the next test runs in the same process. */
	setenv("TZ", "UTC", 1);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");

	setenv("TZ", "UTC", 1); /* whatever zone the machine has */
	tcase_add_test(tc, defaults_are_those_of_the_manual_page);
	tcase_add_test(tc, every_key_is_read);
	tcase_add_test(tc, a_generic_meter_is_its_keys);
	tcase_add_test(tc, generation_is_of_the_meter_or_of_an_element);
	tcase_add_test(tc, every_setting_is_listed_as_it_would_be_read);
	tcase_add_test(tc, a_link_to_the_register_is_no_copy);
	tcase_add_test(tc, a_name_alone_is_in_the_working_directory);
	tcase_add_test(tc, a_long_comment_is_a_comment);
	tcase_add_test(tc, a_section_may_go_on_below);
	tcase_add_test(tc, names_are_not_cut);
	tcase_add_test(tc, reload_takes_what_can_change_and_names_the_rest);
	tcase_add_test(tc, intervals_fit_into_the_days_of_the_zone);
	tcase_add_test(tc, without_a_zone_it_is_the_machines);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, refused_tcase());
	suite_add_tcase(suite, front_ends_tcase());
	suite_add_tcase(suite, tariff_tcase());
	return mm_run_suite(suite);
}
