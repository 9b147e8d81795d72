/* SPDX-License-Identifier: MIT */
/* What the meter shows: readings, flags, LEDs and display. */
#include "fixture/meter_fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "fixture/random.h"
#include "fixture/suite.h"

START_TEST(readings)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 600, 1039);
	load(f, 1, 121, 5, -605.5, 0); /* a little more than volts times amperes */
	play(f, 1);
	ck_assert_double_eq(f->meter.element[0].power_w, 600);
	ck_assert_double_eq(f->meter.element[0].reactive_var, 1039);
	ck_assert_double_eq(f->meter.element[0].apparent_va, 1200);
	ck_assert_double_eq(f->meter.element[0].power_factor, 0.5);
	ck_assert_double_eq(f->meter.element[0].frequency_hz, 60);
	ck_assert_double_eq(f->meter.element[1].power_factor, -1);
	/* Mean power, whatever the length of the window. */
	f->window.end_ns += MM_NS_PER_S;
	f->window.start_ns = f->window.end_ns - 2 * MM_NS_PER_S;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS + f->window.end_ns - BOOT_NS, &f->step);
	ck_assert_double_eq(f->meter.element[0].power_w, 300);
}
END_TEST

/* Energy and power are multiplied, once; volts, amperes and the limits of both are what the inputs see. */
START_TEST(a_multiplier_is_for_energy_and_power)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_meter plain;

	load(f, 0, 120, 10, 1080, 360);
	load(f, 1, 120, 5, -300, 0);
	play(f, 10);
	plain = f->meter;
	f->config.multiplier = 2.5;
	ck_assert_int_eq(mm_meter_init(&f->meter, &f->config, NULL), 0);
	play(f, 10);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, (int64_t)(2.5 * 7800 * MM_UWH_PER_WS));
	for (unsigned e = 0; e < 2; e++) {
		const struct mm_element_reading *one = &plain.element[e], *more = &f->meter.element[e];

		ck_assert_double_eq(more->voltage_v, one->voltage_v);
		ck_assert_double_eq(more->current_a, one->current_a);
		ck_assert_double_eq(more->power_factor, one->power_factor);
		ck_assert_double_eq_tol(more->power_w, 2.5 * one->power_w, 1e-9);
		ck_assert_double_eq_tol(more->reactive_var, 2.5 * one->reactive_var, 1e-9);
		ck_assert_double_eq_tol(more->apparent_va, 2.5 * one->apparent_va, 1e-9);
		ck_assert_uint_eq(more->flags, one->flags);
	}
	/* Half of the creep limit stays creep. */
	load(f, 0, 120, 10, 1.2, 0);
	load(f, 1, 120, 0, 0, 0);
	play(f, 10);
	ck_assert_double_eq(f->meter.element[0].power_w, 0);
	f->config.multiplier = 1001;
	ck_assert_int_eq(mm_meter_init(&plain, &f->config, NULL), -EINVAL);
}
END_TEST

/* A dead line with current on it divides nothing by nothing. */
START_TEST(power_factor_without_volts)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 0, 10, 0, 0);
	load(f, 1, 0, 0, 0, 0);
	play(f, 1);
	ck_assert_double_eq(f->meter.element[0].power_factor, 0);
	ck_assert_double_eq(f->meter.element[1].power_factor, 0);
	load(f, 0, 0, 10, 100, 0);
	play(f, 1);
	ck_assert_double_eq(f->meter.element[0].power_factor, 0);
}
END_TEST

/* Plays one window and says which flags of element 0 came and went. */
static void expect_flags(struct meter_fixture *f, double voltage_v, double current_a, double frequency_hz, uint32_t raised,
			 uint32_t cleared)
{
	load(f, 0, voltage_v, current_a, voltage_v * current_a, 0);
	load(f, 1, 120, 1, 120, 0);
	f->window.input[0].frequency_hz = frequency_hz;
	play(f, 1);
	ck_assert_uint_eq(f->step.raised[0], raised);
	ck_assert_uint_eq(f->step.cleared[0], cleared);
	ck_assert_uint_eq(f->step.raised[1] | f->step.cleared[1], 0);
}

START_TEST(limit_flags)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	expect_flags(f, 102, 110, 45, 0, 0);
	expect_flags(f, 138, 110, 65, 0, 0);
	expect_flags(f, 101.9, 50, 60, MM_ELEMENT_VOLTAGE_LOW, 0);
	ck_assert(!f->meter.power_led);
	expect_flags(f, 102.1, 50, 60, 0, 0);
	expect_flags(f, 101.9, 50, 60, 0, 0);
	expect_flags(f, 103.1, 50, 60, 0, MM_ELEMENT_VOLTAGE_LOW);
	ck_assert(f->meter.power_led);
	expect_flags(f, 138.1, 50, 60, MM_ELEMENT_VOLTAGE_HIGH, 0);
	ck_assert(!f->meter.power_led);
	expect_flags(f, 137.9, 50, 60, 0, 0);
	expect_flags(f, 136.5, 50, 60, 0, MM_ELEMENT_VOLTAGE_HIGH);
	expect_flags(f, 120, 110.1, 60, MM_ELEMENT_OVERCURRENT, 0);
	ck_assert(f->meter.power_led);
	expect_flags(f, 120, 109.5, 60, 0, 0);
	expect_flags(f, 120, 108.8, 60, 0, MM_ELEMENT_OVERCURRENT);
	expect_flags(f, 120, 50, 44.9, MM_ELEMENT_FREQUENCY, 0);
	expect_flags(f, 120, 50, 45.2, 0, 0);
	expect_flags(f, 120, 50, 45.6, 0, MM_ELEMENT_FREQUENCY);
	expect_flags(f, 120, 50, 65.1, MM_ELEMENT_FREQUENCY, 0);
	expect_flags(f, 120, 50, 64.8, 0, 0);
	expect_flags(f, 120, 50, 0, 0, MM_ELEMENT_FREQUENCY);
	expect_flags(f, 0, 0, 0, MM_ELEMENT_VOLTAGE_LOW, 0);
	expect_flags(f, 139, 111, 66, MM_ELEMENT_VOLTAGE_HIGH | MM_ELEMENT_OVERCURRENT | MM_ELEMENT_FREQUENCY,
		     MM_ELEMENT_VOLTAGE_LOW);
}
END_TEST

/* Noise around a limit is one event, not hundreds. */
START_TEST(flags_with_noise)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	uint64_t random = 1;
	int events = 0;

	for (int i = 0; i < 3600; i++) {
		load(f, 0, 102 + mm_random_noise(&random, 0.1), 110 + mm_random_noise(&random, 0.1), 1200, 0);
		play(f, 1);
		events += __builtin_popcount(f->step.raised[0]) + __builtin_popcount(f->step.cleared[0]);
	}
	ck_assert_int_eq(events, 2);
}
END_TEST

static void expect_reversed(struct meter_fixture *f, double current_a, double power_w, uint32_t raised, uint32_t cleared)
{
	load(f, 0, 120, 10, 1200, 0);
	load(f, 1, 120, current_a, power_w, 0);
	play(f, 1);
	ck_assert_uint_eq(f->step.raised[1], raised);
	ck_assert_uint_eq(f->step.cleared[1], cleared);
	ck_assert_uint_eq(f->meter.element[0].flags, 0);
	ck_assert_int_eq(f->meter.reverse_led, (f->meter.element[1].flags & MM_ELEMENT_REVERSED) != 0);
}

/* One CT of two turned round: the element says so, over 1 A, from the second window on, though the sum is positive. */
START_TEST(reversed_element)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	expect_reversed(f, 0.99, -118, 0, 0);
	expect_reversed(f, 0.99, -118, 0, 0);
	expect_reversed(f, 2, -240, 0, 0);
	expect_reversed(f, 2, 240, 0, 0);
	expect_reversed(f, 2, -240, 0, 0);
	expect_reversed(f, 2, -240, MM_ELEMENT_REVERSED, 0);
	ck_assert(f->meter.reverse_led);
	ck_assert_int_gt(f->step.delivered_uwh, 0);
	expect_reversed(f, 0.995, -119, 0, 0);
	expect_reversed(f, 0.9, -108, 0, MM_ELEMENT_REVERSED);
	expect_reversed(f, 2, -240, 0, 0);
	expect_reversed(f, 2, -240, MM_ELEMENT_REVERSED, 0);
	play_as(f, MM_HEALTH_ABSENT);
	ck_assert(f->meter.reverse_led);
	expect_reversed(f, 2, 240, 0, MM_ELEMENT_REVERSED);
	ck_assert(!f->meter.reverse_led);
}
END_TEST

/* An open voltage lead, or a current that is all reactive: noise around no power has no direction. */
START_TEST(direction_is_not_that_of_noise)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	unsigned changes = 0;

	expect_reversed(f, 8.34, -1000, 0, 0);
	expect_reversed(f, 8.34, -1000, MM_ELEMENT_REVERSED, 0);
	for (unsigned i = 0; i < 70; i++) {
		load(f, 1, i < 35 ? 0.02 : 120, 8.34, i / 3 % 2 ? -0.1 : 0.1, 0);
		play(f, 1);
		changes += ((f->step.raised[1] | f->step.cleared[1]) & MM_ELEMENT_REVERSED) != 0;
		ck_assert(f->meter.reverse_led);
	}
	ck_assert_uint_eq(changes, 0);
	/* The voltage is back, and with it the direction. */
	expect_reversed(f, 8.34, 1000, 0, MM_ELEMENT_REVERSED);
}
END_TEST

/* Solar: power backwards of an element that is said to generate is registered, and that is all. The other one is judged. */
START_TEST(generating_element)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_meter_carried carried = {.window_end_ns = f->window.end_ns, .flags = {0, MM_ELEMENT_REVERSED}};

	f->meter.config.generates[1] = true;
	expect_reversed(f, 20, -2400, 0, 0);
	expect_reversed(f, 20, -2400, 0, 0);
	ck_assert(!f->meter.reverse_led);
	ck_assert_int_gt(f->step.received_uwh, 0);
	ck_assert_int_gt(f->meter.registers.element_received[1].uwh, 0);
	load(f, 0, 120, 10, -1200, 0);
	play(f, 2);
	ck_assert_uint_eq(f->step.raised[0], MM_ELEMENT_REVERSED);
	ck_assert_uint_eq(f->meter.element[1].flags, 0);
	ck_assert(f->meter.reverse_led);
	/* What the run before it was said had raised goes with the first window. */
	f = setup(f);
	f->meter.config.generates[1] = true;
	mm_meter_resume(&f->meter, &carried);
	expect_reversed(f, 20, -2400, 0, MM_ELEMENT_REVERSED);
	ck_assert(!f->meter.reverse_led);
}
END_TEST

START_TEST(flag_names)
{
	static const char *const want[] = {"voltage-low", "voltage-high", "over-current", "frequency", "reversed"};

	for (int i = 0; i < MM_ELEMENT_FLAG_COUNT; i++) {
		ck_assert_str_eq(mm_element_flag_name(1u << i), want[i]);
	}
}
END_TEST

/* Dark until the first right window, lit while every element has its voltage. */
START_TEST(power_led)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	ck_assert(!f->meter.power_led);
	f->window.latched = false;
	play(f, 1);
	ck_assert(!f->meter.power_led);
	f->window.latched = true;
	load(f, 0, 120, 0, 0, 0);
	load(f, 1, 0, 0, 0, 0);
	play(f, 1);
	ck_assert(!f->meter.power_led);
	load(f, 1, 120, 0, 0, 0);
	play(f, 1);
	ck_assert(f->meter.power_led);
}
END_TEST

/* 200 W: the load LED is 90 s on and 90 s off (manual, table 3), to the time that 1 µWh takes at either edge. */
START_TEST(load_led)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	int64_t last_ns = BOOT_NS, position = 0;
	struct mm_edges edges;
	bool level = false;

	load(f, 0, 120, 200.0 / 120, 200, 0);
	for (int i = 0; i < 3600; i++) {
		play(f, 1);
		mm_pulse_advance(&f->config.model, &position, f->meter.registers.delivered.uwh, f->step.start_ns, f->step.end_ns,
				 &edges);
		for (unsigned n = 0; n < edges.count; n++) {
			const struct mm_edge *edge = &edges.edge[n];

			if (edge->output == MM_OUTPUT_LED_LOAD) {
				ck_assert_int_ne(edge->level, level);
				ck_assert_int_le(llabs(edge->at_ns - last_ns - 90 * MM_NS_PER_S), 36000);
				level = edge->level;
				last_ns = edge->at_ns;
			}
		}
	}
	ck_assert_int_ge(last_ns, BOOT_NS + 3509 * MM_NS_PER_S);
}
END_TEST

START_TEST(display)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	static const struct {
		int64_t uwh;
		const char *coarse, *fine;
	} texts[] = {
		{0, "000000", "000000.0"},
		{99999999, "000000", "000000.0"},
		{100000000, "000000", "000000.1"},
		{123456 * UWH_PER_KWH + UWH_PER_KWH - 1, "123456", "123456.9"},
		{1000000 * UWH_PER_KWH - 1, "999999", "999999.9"},
		{1000000 * UWH_PER_KWH, "000000", "000000.0"},
		{INT64_MAX / 2, "686018", "686018.4"},
	};
	char text[10];

	for (int i = 0; i < MM_COUNT_OF(texts); i++) {
		struct mm_registers registers = {.delivered = {texts[i].uwh, 0}};

		start(f, "MMD-120-1001", &registers);
		mm_meter_display(&f->meter, text);
		ck_assert_str_eq(text, texts[i].coarse);
		start(f, "MMD-120-1001-T", &registers);
		mm_meter_display(&f->meter, text);
		ck_assert_str_eq(text, texts[i].fine);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter: readings");
	TCase *tcase = tcase_create("meter");

	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, readings);
	tcase_add_test(tcase, a_multiplier_is_for_energy_and_power);
	tcase_add_test(tcase, power_factor_without_volts);
	tcase_add_test(tcase, limit_flags);
	tcase_add_test(tcase, flags_with_noise);
	tcase_add_test(tcase, reversed_element);
	tcase_add_test(tcase, direction_is_not_that_of_noise);
	tcase_add_test(tcase, generating_element);
	tcase_add_test(tcase, flag_names);
	tcase_add_test(tcase, power_led);
	tcase_add_test(tcase, load_led);
	tcase_add_test(tcase, display);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
