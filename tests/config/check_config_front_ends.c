/* SPDX-License-Identifier: MIT */
/* The configuration of one front end or of several. */
#include "config/check_config.h"

/* Keys that the configured chip does not take are named, not refused: whoever changes the chip changes one line. */
static const struct {
	const char *text, *unused;
} front_ends[] = {
	{"", ""},
	{"uri=local:\nburden_ohm=6.2\n", ""},
	{"mclk_hz=4000000\nsample_rate=4000\nphase_deg_c=1\n", "mclk_hz, sample_rate, phase_deg_c"},
	{"driver=mcp3912\nburden_ohm=3.3\nmclk_hz=4000000\nosr=128\nvoltage_channel_a=0\ncurrent_channel_a=1\n", ""},
	{"sample_rate=8000\ndriver=mcp3919\nburden_ohm=3.3\nvoltage_channel_a=2\nvoltage_channel_b=2\ncurrent_channel_b=1\n",
	 "sample_rate"},
	{"driver=ads131e04\nsample_rate=8000\nosr=256\nphase_deg_a=0\n", "osr"},
};

START_TEST(keys_of_other_chips_are_named)
{
	struct fixture *f = setup();
	char text[512];

	snprintf(text, sizeof(text), "[front-end]\n%s" METER, front_ends[_i].text);
	ck_assert_int_eq(load(f, text), 0);
	ck_assert_str_eq(f->config->front_end[0].unused, front_ends[_i].unused);
	teardown(f);
}
END_TEST

START_TEST(front_ends_have_names)
{
	struct fixture *f = setup();
	struct mm_afe_config chip;
	const struct mm_config_front_end *flat;
	struct mm_error unused;
	char list[8192] = "";

	ck_assert_int_eq(load(f, TWO_CHIPS ON_TWO_CHIPS), 0);
	flat = &f->config->front_end[1];
	ck_assert_uint_eq(f->config->front_end_count, 2);
	ck_assert_str_eq(f->config->front_end[0].name, "house");
	ck_assert_str_eq(f->config->front_end[0].driver, "ade9000");
	ck_assert_str_eq(flat->name, "flat");
	ck_assert(mm_config_has_unused(flat, &unused) && !mm_config_has_unused(&f->config->front_end[0], &unused));
	ck_assert_str_eq(unused.text, "[front-end flat]: mcp3912 takes no sample_rate");
	ck_assert_uint_eq(f->config->meter[0].front_end, 0);
	ck_assert_uint_eq(f->config->meter[1].front_end, 1);
	ck_assert_int_eq(f->config->meter[1].phase[1], 1);
	mm_inputs_configure(f->config, 1, &chip);
	ck_assert_str_eq(chip.device, "mcp3912");
	ck_assert_uint_eq(chip.input_count, 2);
	ck_assert_double_eq_tol(chip.input[1].full_scale_a / chip.input[0].full_scale_a, 3.3 / 2.2, 1e-9);
	ck_assert_double_eq_tol(chip.input[1].full_scale_v / chip.input[0].full_scale_v, 1, 1e-9);
	mm_config_each(f->config, take_setting, list);
	ck_assert_ptr_nonnull(strstr(list, "front-end house.device=spi0.0\n"));
	ck_assert_ptr_nonnull(strstr(list, "front-end flat.burden_ohm_a=\nfront-end flat.burden_ohm_b=2.2\n"));
	ck_assert_ptr_nonnull(strstr(list, "meter two.element2=flat:B\n"));
	teardown(f);
}
END_TEST

START_TEST(one_without_a_name_beside_others)
{
	struct fixture *f = setup();

	ck_assert_int_eq(load(f, "[front-end flat]\ndriver=mcp3912\nburden_ohm=3.3\n[front-end]\nburden_ohm=5\n" METER
				 "[meter two]\nmodel=MMS-120-2001\nserial=2\nelement1=flat:B\n"),
			 0);
	ck_assert_uint_eq(f->config->meter[0].front_end, 1);
	ck_assert_uint_eq(f->config->meter[1].front_end, 0);
	teardown(f);
}
END_TEST

START_TEST(there_are_no_more_front_ends_than_these)
{
	struct fixture *f = setup();

	ck_assert_int_eq(load(f, "[front-end a]\n[front-end b]\n[front-end c]\n[front-end d]\n[front-end e]\n[front-end f]\n"
				 "[front-end g]\n[front-end h]\n[front-end i]\n" METER),
			 -EINVAL);
	ck_assert(is_said(f, ":9: more than 8 front ends"));
	teardown(f);
}
END_TEST

START_TEST(reload_does_not_change_front_ends)
{
	struct fixture *f = setup();
	struct mm_config *running;
	char ignored[256];

	ck_assert_int_eq(load(f, TWO_CHIPS ON_TWO_CHIPS), 0);
	running = f->config;
	f->config = NULL;
	ck_assert_int_eq(load(f, TWO_CHIPS "phase_deg_a=0.5\n" ON_TWO_CHIPS), 0);
	mm_config_reload(running, f->config, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "[front-end flat] phase_deg_a");
	free(f->config);
	f->config = NULL;
	ck_assert_int_eq(load(f, TWO_CHIPS "[front-end attic]\ndevice=spi0.1\n" ON_TWO_CHIPS
					   "[meter three]\nmodel=MMS-120-2001\nserial=3\nelement1=attic:A\n"),
			 0);
	mm_config_reload(running, f->config, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "[front-end] sections, [meter] sections");
	ck_assert_uint_eq(running->front_end_count, 2);
	free(running);
	teardown(f);
}
END_TEST

TCase *front_ends_tcase(void)
{
	TCase *tcase = tcase_create("front ends");

	tcase_add_loop_test(tcase, keys_of_other_chips_are_named, 0, MM_COUNT_OF(front_ends));
	tcase_add_test(tcase, front_ends_have_names);
	tcase_add_test(tcase, one_without_a_name_beside_others);
	tcase_add_test(tcase, there_are_no_more_front_ends_than_these);
	tcase_add_test(tcase, reload_does_not_change_front_ends);
	return tcase;
}
