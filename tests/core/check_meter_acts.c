/* SPDX-License-Identifier: MIT */
/* What is done to a meter: calibration and preset. */
#include "fixture/meter_fixture.h"

#include <errno.h>

#include "fixture/suite.h"

/* Energy of one element by constants, over a restart, and with a CT that is turned round by wire and by arithmetic. */
START_TEST(calibrated)
{
	struct mm_calibration_version calibration = {.number = 3, .constants = {{1.01, 0, 0}, {1, 60, 0}}};
	struct mm_registers stored;

	load(0, 120, 30, 3600, 0);
	load(1, 120, 30, 0, 0);
	ck_assert_int_eq(mm_meter_calibrate(&meter, &calibration), -EINVAL); /* 60 degrees */
	calibration.constants[1] = (struct mm_calibration){1, 0, 2};
	play(1000);
	expect_wh(&meter.registers.delivered, 1000);
	ck_assert_int_eq(mm_meter_calibrate(&meter, &calibration), 0);
	ck_assert_int_eq(mm_meter_calibrate(&meter, &calibration), -EINVAL); /* no new version */
	play(1800);
	stored = meter.registers;
	start("MMD-120-1001", &stored);
	window.end_ns += 3000 * MM_NS_PER_S;
	load(0, 120, 30, 3600, 0);
	load(1, 120, 30, 0, 0);
	play(1800);
	expect_wh(&meter.registers.element_delivered[0], 1000 + 2 * 1818);
	ck_assert_double_eq_tol(meter.element[0].current_a, 30.3, 1e-9);
	/* The offset belongs to the channel: 2 W of the second one, whichever way its CT is turned. */
	expect_wh(&meter.registers.element_delivered[1], 2);
	ck_assert_int_eq(mm_meter_correct(&meter, MM_CORRECTION_CT2_REVERSED), 0);
	play(1800);
	expect_wh(&meter.registers.element_received[1], 1);
}
END_TEST

/* A preset is the old meter's reading and nothing else: no edge, no demand, no interval has it. */
START_TEST(preset)
{
	struct mm_registers before;
	char text[10];

	start("MMD-120-1001-T", NULL);
	load(0, 120, 30, 3600, 0);
	play(17); /* 17 Wh */
	before = meter.registers;
	ck_assert_int_eq(mm_meter_preset(&meter, INT64_C(123456700) * MM_UWH_PER_WH, 0, 7), 0);
	ck_assert_int_eq(meter.registers.delivered.uwh - before.delivered.uwh, INT64_C(123456700) * MM_UWH_PER_WH);
	ck_assert_int_eq(meter.registers.element_delivered[0].uwh, before.element_delivered[0].uwh);
	ck_assert_mem_eq(&meter.registers.profile, &before.profile, sizeof(before.profile));
	mm_meter_display(&meter, text);
	ck_assert_str_eq(text, "123456.7");
	play(3);
	before = meter.registers;
	start("MMD-120-1001-T", &before);
	ck_assert_int_eq(mm_meter_preset(&meter, UWH_PER_KWH, 0, 8), -EALREADY);
	ck_assert_int_eq(meter.registers.delivered.uwh, before.delivered.uwh);
}
END_TEST

START_TEST(preset_outputs)
{
	static const char *const models[] = {"MMD-120-1001-T", "MMD-120-1001"};

	for (int i = 0; i < MM_COUNT_OF(models); i++) {
		start(models[i], NULL);
		load(0, 120, 30, 3600, 0);
		play(777);
		bool was[MM_OUTPUT_ENERGY_COUNT];

		for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
			was[o] = mm_output_kh_uwh(&config.model, o) > 0 &&
				 mm_output_level(&config.model, o, meter.registers.delivered.uwh);
		}
		ck_assert_int_eq(mm_meter_preset(&meter, 54321 * UWH_PER_KWH, 3 * UWH_PER_KWH, 0), 0);
		for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
			ck_assert(!mm_output_kh_uwh(&config.model, o) ||
				  mm_output_level(&config.model, o, meter.registers.delivered.uwh) == was[o]);
		}
		expect_wh(&meter.registers.received, 3000);
	}
}
END_TEST

START_TEST(preset_refused)
{
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
		start(wrong[i].model, NULL);
		ck_assert_int_eq(mm_meter_preset(&meter, wrong[i].delivered_uwh, wrong[i].received_uwh, 0), -EINVAL);
		ck_assert_int_eq(meter.registers.delivered.uwh + meter.registers.received.uwh, 0);
	}
	start("MMD-120-1001", &registers);
	ck_assert_int_eq(mm_meter_preset(&meter, UWH_PER_KWH, 0, 0), -EBUSY);
	registers.delivered.uwh--;
	start("MMD-120-1001", &registers);
	ck_assert_int_eq(mm_meter_preset(&meter, 999999 * UWH_PER_KWH, 0, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter: acts");
	TCase *tcase = tcase_create("meter");

	tcase_set_timeout(tcase, 900);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, calibrated);
	tcase_add_test(tcase, preset);
	tcase_add_test(tcase, preset_outputs);
	tcase_add_test(tcase, preset_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
