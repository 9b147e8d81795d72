/* SPDX-License-Identifier: MIT */
/* What becomes of windows that are not as they should be: bad health, unusable figures and time, gaps; and the demand of an
 * interval that they belong to. */
#include "fixture/meter_fixture.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "fixture/suite.h"

/* Health other than OK: nothing registers, the power LED is dark, readings stay, the profile says why. */
START_TEST(bad_health)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_registers before;

	load(f, 0, 120, 10, 1200, 100);
	load(f, 1, 120, 10, 1200, 100);
	play(f, 10);
	ck_assert(f->meter.power_led);
	before = f->meter.registers;
	for (enum mm_health health = MM_HEALTH_STARTING; health < MM_HEALTH_COUNT; health++) {
		load(f, 0, 0, 99, 9999, 100);
		play_as(f, health);
		ck_assert_int_eq(f->meter.health, health);
		ck_assert(!f->meter.power_led);
		ck_assert(!f->meter.element[0].registering);
		ck_assert_double_eq(f->meter.element[0].voltage_v, 120);
		ck_assert_uint_eq(f->step.raised[0] | f->step.cleared[0], 0);
		ck_assert_uint_eq(f->step.end_ns, 0);
	}
	ck_assert_mem_eq(&f->meter.registers, &before, offsetof(struct mm_registers, profile));
	ck_assert_uint_eq(f->meter.registers.profile.row.status, MM_PROFILE_ERROR);
	ck_assert_int_eq(f->meter.registers.profile.row.covered_ns, 10 * MM_NS_PER_S);
	ck_assert_uint_eq(f->meter.windows, 10);
	load(f, 0, 120, 10, 1200, 100);
	play(f, 1);
	ck_assert(f->meter.power_led);
	ck_assert(f->meter.element[0].registering);
	ck_assert_int_gt(f->step.delivered_uwh, 0);
}
END_TEST

/* An OK window without a latch brings no energy; the next one may still bring it to the interval that it belongs to. */
START_TEST(unlatched)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 1200, 0);
	load(f, 1, 120, 10, 1200, 0);
	play(f, 1);
	f->window.latched = false;
	play(f, 1);
	ck_assert_int_eq(f->step.delivered_uwh, 0);
	ck_assert(f->meter.power_led);
	ck_assert_uint_eq(f->meter.windows, 1);
	ck_assert_uint_eq(f->meter.registers.profile.row.status, 0);
	ck_assert_int_eq(f->meter.registers.profile.row.covered_ns, MM_NS_PER_S);
	f->window.latched = true;
	play(f, 898);
	ck_assert_uint_eq(f->meter.windows, 899);
	ck_assert_uint_eq(f->step.closed_count, 1);
	play(f, 899);
	f->window.latched = false;
	f->window.end_ns += MM_NS_PER_MS * 1500;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS + f->window.end_ns - BOOT_NS, &f->step);
	ck_assert_uint_eq(f->step.closed_count, 0);
	f->window.latched = true;
	f->window.start_ns = f->window.end_ns - 1200 * MM_NS_PER_MS;
	f->window.end_ns += 100 * MM_NS_PER_MS;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS + f->window.end_ns - BOOT_NS, &f->step);
	ck_assert_uint_eq(f->step.closed_count, 1);
	ck_assert_int_eq(f->step.closed[0].covered_ns, 899 * MM_NS_PER_S + 700 * MM_NS_PER_MS);
}
END_TEST

static double *figure(struct mm_input_reading *input, int i)
{
	double *const figures[] = {&input->voltage_v, &input->current_a, &input->active_ws, &input->reactive_vars,
				   &input->frequency_hz};

	return figures[i];
}

static void check_nothing_registered(struct meter_fixture *f, const struct mm_registers *before)
{
	ck_assert_int_eq(f->meter.health, MM_HEALTH_IMPLAUSIBLE);
	ck_assert_int_eq(f->step.delivered_uwh + f->step.received_uwh, 0);
	ck_assert_mem_eq(&f->meter.registers, before, offsetof(struct mm_registers, profile));
	ck_assert_double_eq(f->meter.element[0].voltage_v, 120);
	ck_assert_double_eq(f->meter.element[1].voltage_v, 121);
}

/* Figures that no judge should have let pass still can't reach a register or a reading. */
START_TEST(unusable_figures)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	static const double bad[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, 1.1e9};

	for (int i = 0; i < MM_COUNT_OF(bad); i++) {
		for (unsigned input = 0; input < 2; input++) {
			struct mm_registers before;

			load(f, 0, 120, 10, 1200, 100);
			load(f, 1, 121, 10, 1200, 100);
			play(f, 1);
			ck_assert_int_eq(f->meter.health, MM_HEALTH_OK);
			before = f->meter.registers;
			*figure(&f->window.input[input], _i) = bad[i];
			play(f, 1);
			check_nothing_registered(f, &before);
		}
	}
	ck_assert_uint_eq(f->meter.registers.profile.row.status, MM_PROFILE_ERROR);
}
END_TEST

/* Time that stands still or goes back: the same window handed in again is not counted again. */
START_TEST(unusable_time)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	static const struct {
		int64_t start_ns, end_ns;
	} bad[] = {{100, 100}, {101, 100}, {99, 100}, {50, 99}, {-1, 200}, {250, 200}};
	struct mm_registers before;

	load(f, 0, 120, 10, 1200, 100);
	load(f, 1, 121, 10, 1200, 100);
	f->window.start_ns = 99;
	f->window.end_ns = 100;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS, &f->step);
	before = f->meter.registers;
	f->window.start_ns = bad[_i].start_ns;
	f->window.end_ns = bad[_i].end_ns;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS, &f->step);
	check_nothing_registered(f, &before);
}
END_TEST

/* The front end has fewer inputs than the meter was configured for. */
START_TEST(input_missing)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_registers before;

	load(f, 0, 120, 10, 1200, 100);
	load(f, 1, 121, 10, 1200, 100);
	play(f, 1);
	before = f->meter.registers;
	f->window.input_count = 1;
	play(f, 1);
	check_nothing_registered(f, &before);
}
END_TEST

/* Windows that overlap a little: the energy counts, the time once. */
START_TEST(overlapping_windows)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 1200, 0);
	play(f, 1);
	f->window.start_ns = f->window.end_ns - MM_NS_PER_MS;
	f->window.end_ns += MM_NS_PER_S - MM_NS_PER_MS;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS + f->window.end_ns - BOOT_NS, &f->step);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, 666666);
	ck_assert_int_eq(f->meter.registers.profile.row.covered_ns, 2 * MM_NS_PER_S - MM_NS_PER_MS);
}
END_TEST

START_TEST(missed_windows)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 1200, 0);
	play(f, 5);
	f->window.end_ns += 3 * MM_NS_PER_S;
	f->window.missed = 3;
	play(f, 1);
	f->window.missed = 0;
	play(f, 1);
	ck_assert_uint_eq(f->meter.missed, 3);
	ck_assert_uint_eq(f->meter.windows, 7);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, 7 * 1200 * MM_UWH_PER_WH / 3600);
	ck_assert_uint_eq(f->meter.registers.profile.row.status, MM_PROFILE_DATA_INVALID);
	ck_assert_int_eq(f->meter.registers.profile.row.covered_ns, 7 * MM_NS_PER_S);
}
END_TEST

START_TEST(max_demand)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 1200, 0);
	play(f, 899);
	ck_assert(!f->step.new_max_demand);
	play(f, 1);
	ck_assert(f->step.new_max_demand);
	ck_assert_uint_eq(f->step.closed_count, 1);
	ck_assert_double_eq_tol(f->meter.registers.max_demand_w, 1200, 1e-5);
	ck_assert_int_eq(f->meter.registers.max_demand_s, NOON_NS / MM_NS_PER_S + 900);
	load(f, 0, 120, 9, 1080, 0);
	play(f, 900);
	ck_assert_uint_eq(f->step.closed_count, 1);
	ck_assert(!f->step.new_max_demand);
	/* 9 s of 900 may be missing, 10 may not. */
	load(f, 0, 120, 20, 2400, 0);
	play(f, 450);
	f->window.end_ns += 10 * MM_NS_PER_S;
	play(f, 440);
	ck_assert_uint_eq(f->step.closed_count, 1);
	ck_assert(!f->step.new_max_demand);
	play(f, 450);
	f->window.end_ns += 9 * MM_NS_PER_S;
	play(f, 441);
	ck_assert(f->step.new_max_demand);
	ck_assert_double_eq_tol(f->meter.registers.max_demand_w, 2400 * 0.99, 1e-5);
}
END_TEST

/* An interval during which the clock was set back lasts longer than it says: it is no demand. */
START_TEST(max_demand_not_from_adjusted)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 1200, 0);
	play(f, 800);
	for (int i = 0; i < 800; i++) {
		f->window.start_ns = f->window.end_ns;
		f->window.end_ns += MM_NS_PER_S;
		mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS + (100 + i) * MM_NS_PER_S, &f->step);
	}
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_STALE, NOON_NS + 900 * MM_NS_PER_S, &f->step);
	ck_assert_uint_eq(f->step.closed_count, 1);
	ck_assert_int_gt(f->step.closed[0].covered_ns, 1500 * MM_NS_PER_S);
	ck_assert_double_eq(f->meter.registers.max_demand_w, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter: windows");
	TCase *tcase = tcase_create("meter");

	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, bad_health);
	tcase_add_test(tcase, unlatched);
	tcase_add_loop_test(tcase, unusable_figures, 0, 5);
	tcase_add_loop_test(tcase, unusable_time, 0, 6);
	tcase_add_test(tcase, input_missing);
	tcase_add_test(tcase, overlapping_windows);
	tcase_add_test(tcase, missed_windows);
	tcase_add_test(tcase, max_demand);
	tcase_add_test(tcase, max_demand_not_from_adjusted);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
