/* SPDX-License-Identifier: MIT */
/* What is done to a meter: calibration and preset. */
#include "fixture/meter_fixture.h"

#include <errno.h>

#include "fixture/suite.h"

/* Energy of one element by constants, over a restart, and with a CT that is turned round by wire and by arithmetic. */
START_TEST(calibrated)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_calibration_version calibration = {.number = 3, .constants = {{1.01, 0, 0}, {1, 60, 0}}};
	struct mm_registers stored;

	load(f, 0, 120, 30, 3600, 0);
	load(f, 1, 120, 30, 0, 0);
	ck_assert_int_eq(mm_meter_calibrate(&f->meter, &calibration), -EINVAL); /* 60 degrees */
	calibration.constants[1] = (struct mm_calibration){1, 0, 2};
	play(f, 1000);
	expect_wh(&f->meter.registers.delivered, 1000);
	ck_assert_int_eq(mm_meter_calibrate(&f->meter, &calibration), 0);
	ck_assert_int_eq(mm_meter_calibrate(&f->meter, &calibration), -EINVAL); /* no new version */
	play(f, 1800);
	stored = f->meter.registers;
	start(f, "MMD-120-1001", &stored);
	f->window.end_ns += 3000 * MM_NS_PER_S;
	load(f, 0, 120, 30, 3600, 0);
	load(f, 1, 120, 30, 0, 0);
	play(f, 1800);
	expect_wh(&f->meter.registers.element_delivered[0], 1000 + 2 * 1818);
	ck_assert_double_eq_tol(f->meter.element[0].current_a, 30.3, 1e-9);
	/* The offset belongs to the channel: 2 W of the second one, whichever way its CT is turned. */
	expect_wh(&f->meter.registers.element_delivered[1], 2);
	ck_assert_int_eq(mm_meter_correct(&f->meter, MM_CORRECTION_CT2_REVERSED), 0);
	play(f, 1800);
	expect_wh(&f->meter.registers.element_received[1], 1);
}
END_TEST

/* A preset is the old meter's reading and nothing else: no edge, no demand, no interval has it. */
START_TEST(preset)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_registers before;
	char text[10];

	start(f, "MMD-120-1001-T", NULL);
	load(f, 0, 120, 30, 3600, 0);
	play(f, 17); /* 17 Wh */
	before = f->meter.registers;
	ck_assert_int_eq(mm_meter_preset(&f->meter, INT64_C(123456700) * MM_UWH_PER_WH, 0, 7), 0);
	ck_assert_int_eq(f->meter.registers.delivered.uwh - before.delivered.uwh, INT64_C(123456700) * MM_UWH_PER_WH);
	ck_assert_int_eq(f->meter.registers.element_delivered[0].uwh, before.element_delivered[0].uwh);
	ck_assert_mem_eq(&f->meter.registers.profile, &before.profile, sizeof(before.profile));
	mm_meter_display(&f->meter, text);
	ck_assert_str_eq(text, "123456.7");
	play(f, 3);
	before = f->meter.registers;
	start(f, "MMD-120-1001-T", &before);
	ck_assert_int_eq(mm_meter_preset(&f->meter, UWH_PER_KWH, 0, 8), -EALREADY);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, before.delivered.uwh);
}
END_TEST

START_TEST(preset_outputs)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	static const char *const models[] = {"MMD-120-1001-T", "MMD-120-1001"};

	for (int i = 0; i < MM_COUNT_OF(models); i++) {
		start(f, models[i], NULL);
		load(f, 0, 120, 30, 3600, 0);
		play(f, 777);
		bool was[MM_OUTPUT_ENERGY_COUNT];

		for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
			was[o] = mm_output_kh_uwh(&f->config.model, o) > 0 &&
				 mm_output_level(&f->config.model, o, f->meter.registers.delivered.uwh);
		}
		ck_assert_int_eq(mm_meter_preset(&f->meter, 54321 * UWH_PER_KWH, 3 * UWH_PER_KWH, 0), 0);
		for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
			ck_assert(!mm_output_kh_uwh(&f->config.model, o) ||
				  mm_output_level(&f->config.model, o, f->meter.registers.delivered.uwh) == was[o]);
		}
		expect_wh(&f->meter.registers.received, 3000);
	}
}
END_TEST

START_TEST(preset_refused)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	static const struct {
		const char *model;
		int64_t delivered_uwh, received_uwh;
	} wrong[] = {
		{"MMD-120-1001", 0, 0},
		{"MMD-120-1001", -UWH_PER_KWH, 0},
		{"MMD-120-1001", UWH_PER_KWH, -UWH_PER_KWH},
		{"MMD-120-1001", UWH_PER_KWH / 10, 0},
		{"MMD-120-1001-T", UWH_PER_KWH / 100, 0},
		{"MMD-120-1001-T", UWH_PER_KWH, 1},
		{"MMD-120-1001", 1000000 * UWH_PER_KWH, 0},
		{"MMD-120-1001", INT64_MAX, 0},
	};
	struct mm_registers registers = {.delivered = {MM_PRESET_REGISTERED_MAX_UWH + 1, 0}};

	for (int i = 0; i < MM_COUNT_OF(wrong); i++) {
		start(f, wrong[i].model, NULL);
		ck_assert_int_eq(mm_meter_preset(&f->meter, wrong[i].delivered_uwh, wrong[i].received_uwh, 0), -EINVAL);
		ck_assert_int_eq(f->meter.registers.delivered.uwh + f->meter.registers.received.uwh, 0);
	}
	start(f, "MMD-120-1001", &registers);
	ck_assert_int_eq(mm_meter_preset(&f->meter, UWH_PER_KWH, 0, 0), -EBUSY);
	registers.delivered.uwh--;
	start(f, "MMD-120-1001", &registers);
	ck_assert_int_eq(mm_meter_preset(&f->meter, 999999 * UWH_PER_KWH, 0, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter: acts");
	TCase *tcase = tcase_create("meter");

	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, calibrated);
	tcase_add_test(tcase, preset);
	tcase_add_test(tcase, preset_outputs);
	tcase_add_test(tcase, preset_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
