/* SPDX-License-Identifier: MIT */
/* The meter's registers, to the last µWh: thresholds, detent, carry; then a year's corner of a real circuit. */
#include "fixture/meter_fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture/random.h"
#include "fixture/suite.h"

START_TEST(refuses_config)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_meter before = f->meter;

	f->config.model.elements = _i == 0 ? 0 : _i == 1 ? 3 : 2;
	f->config.input[1] = _i == 2 ? MM_INPUTS_MAX : _i == 3 ? 0 : 1;
	f->config.profile_interval_s = _i == 4 ? 1000 : 900;
	ck_assert_int_eq(mm_meter_init(&f->meter, &f->config, NULL), -EINVAL);
	ck_assert_mem_eq(&f->meter, &before, sizeof(before));
}
END_TEST

START_TEST(refuses_registers)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	struct mm_registers good = {.delivered = {5, 0.5}}, registers = good;

	switch (_i) {
	case 0:
		registers.delivered.uwh = -1;
		break;
	case 1:
		registers.received.carry = NAN;
		break;
	case 2:
		registers.lagging.carry = 1;
		break;
	case 3:
		registers.leading.uwh = INT64_MAX;
		break;
	case 4:
		registers.element_delivered[1].carry = -0.1;
		break;
	case 5:
		registers.element_received[0].uwh = INT64_MIN;
		break;
	case 6:
		registers.output_uwh = -1;
		break;
	case 7:
		registers.max_demand_w = INFINITY;
		break;
	case 8:
		registers.profile.open = true;
		break;
	case 9:
		registers.calibration = (struct mm_calibration_version){.number = 1, .constants = {{1, 0, 0}, {2, 0, 0}}};
		break;
	case 10:
		registers.calibration.number = -1;
		break;
	}
	ck_assert_int_eq(mm_meter_init(&f->meter, &f->config, &registers), -ERANGE);
	ck_assert_int_eq(mm_meter_init(&f->meter, &f->config, &good), 0);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, 5);
}
END_TEST

/* A million windows of any power: the register is the exact sum, to the µWh, and so are the increments it gave. */
START_TEST(nothing_lost_nothing_twice)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	uint64_t random = (uint64_t)_i + 1;
	int64_t exact_mws[2] = {0}; /* delivered and received, in whole milliwatt-seconds: sums without rounding */
	int64_t delivered = 0, received = 0;

	for (int i = 0; i < 1000000; i++) {
		int64_t mws = (int64_t)mm_random_between(&random, _i == 0 ? 1300 : -12e6, 12e6);

		load(f, 0, 120, 110, (double)mws / 1000, 0);
		play_as(f, MM_HEALTH_OK);
		if (llabs(mws) > 1200) {
			exact_mws[mws < 0] += llabs(mws);
		}
		delivered += f->step.delivered_uwh;
		received += f->step.received_uwh;
	}
	ck_assert_int_eq(delivered, f->meter.registers.delivered.uwh);
	ck_assert_int_eq(received, f->meter.registers.received.uwh);
	/* 1 mWs is 1/3.6 µWh. */
	ck_assert_int_le(llabs(delivered * 36 - exact_mws[0] * 10), 36);
	ck_assert_int_le(llabs(received * 36 - exact_mws[1] * 10), 36);
	ck_assert_int_eq(f->meter.registers.element_delivered[0].uwh, delivered);
	ck_assert_int_eq(f->meter.registers.element_received[0].uwh, received);
}
END_TEST

/* The fraction outlives a restart at every window. */
START_TEST(carry_over_restarts)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	for (int i = 0; i < 3600; i++) {
		struct mm_registers stored = f->meter.registers;

		ck_assert_int_eq(mm_meter_init(&f->meter, &f->config, &stored), 0);
		load(f, 0, 120, 1, 100.0 / 3, 0);
		play(f, 1);
	}
	ck_assert_int_le(llabs(f->meter.registers.delivered.uwh - 33333333), 1);
}
END_TEST

/* A window's ends may be off by what is not known of them; its energy counts as it is, and its power is by its length. */
START_TEST(length_known_better_than_ends)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 50, 6000, 0);
	f->window.length_s = 1;
	f->window.start_ns = f->window.end_ns;
	f->window.end_ns += MM_NS_PER_S - 5 * MM_NS_PER_MS;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS, &f->step);
	ck_assert_double_eq(f->meter.element[0].power_w, 6000);
	ck_assert_double_eq(f->meter.element[0].power_factor, 1);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, 1666666);
}
END_TEST

static const struct {
	const char *model;
	double rated_a;
} ratings[] = {{"MMS-120-1001", 100}, {"MMS-120-2002", 200}, {"MMS-120-4001", 400}};

/* 0.1 % of rated current registers, from pf 1 down to 0.5. */
START_TEST(start_current)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	double current = ratings[_i].rated_a / 1000;

	start(f, ratings[_i].model, NULL);
	load(f, 0, 120, current, 120 * current, 0);
	play(f, 3600);
	ck_assert_int_le(llabs(f->meter.registers.delivered.uwh - (int64_t)(120e6 * current)), 1);
	load(f, 0, 120, current, 60 * current, 104 * current);
	play(f, 3600);
	ck_assert_int_le(llabs(f->meter.registers.delivered.uwh - (int64_t)(180e6 * current)), 1);
	ck_assert(f->meter.element[0].registering);
	load(f, 0, 120, current * 0.7, 120 * current * 0.7, 0);
	play(f, 1);
	ck_assert_int_eq(f->step.delivered_uwh, 0);
	ck_assert(!f->meter.element[0].registering);
}
END_TEST

/* A day with the current circuit open at 115 % voltage: noise alone, of either sign, on every figure. */
START_TEST(no_load)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	double rated_a = ratings[_i].rated_a;
	uint64_t random = 1;

	start(f, ratings[_i].model, NULL);
	for (int i = 0; i < 86400; i++) {
		load(f, 0, 138 + mm_random_noise(&random, 0.02), fabs(rated_a * (0.0002 + mm_random_noise(&random, 0.00005))),
		     mm_random_noise(&random, rated_a * 0.02), mm_random_noise(&random, rated_a * 0.02));
		play(f, 1);
		ck_assert_double_eq(f->meter.element[0].power_w, 0);
		ck_assert_double_eq(f->meter.element[0].power_factor, 0);
		ck_assert_double_eq(f->meter.element[0].apparent_va, 0);
	}
	ck_assert_int_eq(f->meter.registers.delivered.uwh + f->meter.registers.received.uwh, 0);
	ck_assert_double_eq(f->meter.registers.delivered.carry + f->meter.registers.received.carry, 0);
	ck_assert_int_eq(f->meter.registers.lagging.uwh + f->meter.registers.leading.uwh, 0);
	ck_assert_uint_eq(f->meter.windows, 86400);
}
END_TEST

/* Current enough but hardly any power: creep. The reactive energy of the same current registers. */
START_TEST(creep)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 5, 1.1, 600);
	play(f, 3600);
	ck_assert_int_eq(f->meter.registers.delivered.uwh, 0);
	ck_assert(!f->meter.element[0].registering);
	expect_wh(&f->meter.registers.lagging, 600);
	load(f, 0, 120, 5, -1.1, -600);
	play(f, 3600);
	ck_assert_int_eq(f->meter.registers.received.uwh, 0);
	expect_wh(&f->meter.registers.leading, 600);
	expect_wh(&f->meter.registers.lagging, 600);
	/* The threshold is on mean power, whatever the length of the window. */
	load(f, 0, 120, 5, 2.2, 0);
	f->window.start_ns = f->window.end_ns;
	f->window.end_ns += 2 * MM_NS_PER_S;
	mm_meter_step(&f->meter, &f->window, MM_HEALTH_OK, NOON_NS + f->window.end_ns - BOOT_NS, &f->step);
	ck_assert_int_eq(f->step.delivered_uwh, 0);
	load(f, 0, 120, 5, 1.3, 0);
	play(f, 3600);
	ck_assert_int_le(llabs(f->meter.registers.delivered.uwh - 1300000), 1);
}
END_TEST

/* The sum of the elements decides each window; each element keeps its own account. */
START_TEST(detent)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	load(f, 0, 120, 10, 1200, 100);
	load(f, 1, 120, 5, -600, -300);
	play(f, 3600);
	expect_wh(&f->meter.registers.delivered, 600);
	ck_assert_int_eq(f->meter.registers.received.uwh, 0);
	expect_wh(&f->meter.registers.element_delivered[0], 1200);
	expect_wh(&f->meter.registers.element_received[1], 600);
	ck_assert_int_eq(f->meter.registers.element_received[0].uwh + f->meter.registers.element_delivered[1].uwh, 0);
	expect_wh(&f->meter.registers.leading, 200);
	ck_assert_int_eq(f->meter.registers.lagging.uwh, 0);
	load(f, 1, 120, 20, -2400, 0);
	play(f, 3600);
	expect_wh(&f->meter.registers.delivered, 600);
	expect_wh(&f->meter.registers.received, 1200);
	expect_wh(&f->meter.registers.lagging, 100);
}
END_TEST

START_TEST(single_element_uses_its_input)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});

	start(f, "MMS-120-1001", NULL);
	f->config.input[0] = 1;
	ck_assert_int_eq(mm_meter_init(&f->meter, &f->config, NULL), 0);
	load(f, 0, 120, 50, 6000, 0);
	load(f, 1, 121, 10, 1200, 0);
	play(f, 3600);
	expect_wh(&f->meter.registers.delivered, 1200);
	ck_assert_double_eq(f->meter.element[0].voltage_v, 121);
}
END_TEST

/* One minute of the trace, ten times as strong, as 60 windows; returns the energy it holds in watt-seconds. */
static double play_minute(struct meter_fixture *f, double voltage_v, double frequency_hz, double power_w, double reactive_var,
			  double apparent_va)
{
	load(f, 0, voltage_v, 10 * apparent_va / voltage_v, 10 * power_w, 10 * reactive_var);
	f->window.input[0].frequency_hz = frequency_hz;
	for (int i = 0; i < 60; i++) {
		play_as(f, MM_HEALTH_OK);
		if (power_w == 0) {
			ck_assert_int_eq(f->step.delivered_uwh + f->step.received_uwh, 0);
		}
	}
	return 600 * power_w;
}

/*
 * The AMPds2 trace of a 120 V bedroom circuit, as if its conductor passed ten times through the CT of a 100 A model. The current
 * is derived, its column having steps of 0.1 A.
 */
START_TEST(real_circuit)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	const char *data = getenv("MM_SHARED_DATA"), *source = getenv("MM_SRCDIR");
	double voltage, frequency, power, reactive, apparent, played_ws = 0;
	char path[4096], line[256];
	long rows = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s%s/ampds2_b1e_60hz/Electricity_B1E-11.first50000.csv",
		 data != NULL	  ? data
		 : source != NULL ? source
				  : ".",
		 data != NULL ? "" : "/../shared/data");
	file = fopen(path, "r");
	if (file == NULL) {
		printf("real_circuit skipped: no %s\n", path);
		return;
	}
	start(f, "MMS-120-1001", NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*d,%lf,%*f,%lf,%*f,%*f,%lf,%*f,%lf,%*f,%lf", &voltage, &frequency, &power, &reactive,
			   &apparent) == 5) {
			played_ws += play_minute(f, voltage, frequency, power, reactive, apparent);
			rows++;
		}
	}
	fclose(file);
	printf("real_circuit: %ld minutes, played %.3f kWh, registered %.6f kWh\n", rows, played_ws / 3.6e6,
	       (double)f->meter.registers.delivered.uwh / UWH_PER_KWH);
	ck_assert_int_gt(rows, 0);
	ck_assert_double_gt(played_ws, 0);
	ck_assert_double_le(fabs((double)f->meter.registers.delivered.uwh / (played_ws * MM_UWH_PER_WS) - 1), 0.001);
	ck_assert_int_eq(f->meter.registers.received.uwh, 0);
}
END_TEST

/* Each interval's reading is that of the one before and its own energy, whatever was in the registers to begin with. */
START_TEST(an_interval_has_what_the_meter_read_at_its_end)
{
	struct meter_fixture *f = setup(&(struct meter_fixture){0});
	uint64_t random = 5;
	int64_t delivered = 12000 * UWH_PER_KWH, received = 7 * UWH_PER_KWH;
	unsigned closed = 0;

	ck_assert_int_eq(mm_meter_preset(&f->meter, delivered, received, 1), 0);
	for (int i = 0; i < 6 * 3600; i++) {
		load(f, 0, 120, 100, mm_random_between(&random, -8000, 12000), 0);
		/* Windows do not end where intervals do. */
		f->window.end_ns += mm_random_below(&random, 1000) == 0 ? 333 * MM_NS_PER_S / 1000 : 0;
		play_as(f, MM_HEALTH_OK);
		for (unsigned k = 0; k < f->step.closed_count; k++) {
			delivered += f->step.closed[k].delivered_uwh;
			received += f->step.closed[k].received_uwh;
			ck_assert_int_eq(f->step.closed[k].register_delivered_uwh, delivered);
			ck_assert_int_eq(f->step.closed[k].register_received_uwh, received);
			closed++;
		}
	}
	ck_assert_uint_ge(closed, 22);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = tcase_create("meter");
	TCase *slow = tcase_create("slow");

	tcase_set_timeout(tcase, 900);
	tcase_add_loop_test(tcase, refuses_config, 0, 5);
	tcase_add_loop_test(tcase, refuses_registers, 0, 11);
	tcase_add_test(tcase, carry_over_restarts);
	tcase_add_test(tcase, an_interval_has_what_the_meter_read_at_its_end);
	tcase_add_test(tcase, length_known_better_than_ends);
	tcase_add_loop_test(tcase, start_current, 0, MM_COUNT_OF(ratings));
	tcase_add_test(tcase, creep);
	tcase_add_test(tcase, detent);
	tcase_add_test(tcase, single_element_uses_its_input);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 900);
	tcase_add_loop_test(slow, nothing_lost_nothing_twice, 0, 2);
	tcase_add_loop_test(slow, no_load, 0, MM_COUNT_OF(ratings));
	tcase_add_test(slow, real_circuit);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
