/* SPDX-License-Identifier: MIT */
/*
 * The meter: registers to the last µWh, thresholds, detent, flags, indicators, maximum demand and display; then a year's corner
 * of a real circuit.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/meter.h"
#include "core/units.h"
#include "random.h"
#include "suite.h"

#define NOON_NS (INT64_C(1780315200) * MM_NS_PER_S) /* 2026-06-01 12:00 UTC */
#define BOOT_NS (50 * MM_NS_PER_S)
#define UWH_PER_KWH (1000 * MM_UWH_PER_WH)

static struct mm_meter_config config;
static struct mm_meter meter;
static struct mm_meter_step step;
static struct mm_measurement window;

static void start(const char *model, const struct mm_registers *registers)
{
	struct mm_model_error error;

	config = (struct mm_meter_config){.input = {0, 1}, .profile_interval_s = 900};
	ck_assert_int_eq(mm_model_parse(model, &config.model, &error), 0);
	ck_assert_int_eq(mm_meter_init(&meter, &config, registers), 0);
	window = (struct mm_measurement){.end_ns = BOOT_NS, .latched = true, .input_count = 2};
}

static void setup(void)
{
	start("MMD-120-1001", NULL);
}

/* Sets the load of one input for the windows to come. */
static void load(unsigned input, double voltage_v, double current_a, double power_w, double reactive_var)
{
	window.input[input] = (struct mm_input_reading){
		.voltage_v = voltage_v,
		.current_a = current_a,
		.active_ws = power_w,
		.reactive_vars = reactive_var,
		.frequency_hz = 60,
	};
}

/* Plays the next second with the judged health given. */
static void play_as(enum mm_health health)
{
	window.start_ns = window.end_ns;
	window.end_ns += MM_NS_PER_S;
	mm_meter_step(&meter, &window, health, NOON_NS + window.end_ns - BOOT_NS, &step);
}

static void play(int windows)
{
	for (int i = 0; i < windows; i++) {
		play_as(MM_HEALTH_OK);
	}
}

/* Whole hours of whole watts, but for what is still below 1 µWh. */
static void expect_wh(const struct mm_energy *energy, int64_t wh)
{
	ck_assert_int_le(llabs(energy->uwh - wh * MM_UWH_PER_WH), 1);
}

START_TEST(refuses_config)
{
	struct mm_meter before = meter;

	config.model.elements = _i == 0 ? 0 : _i == 1 ? 3 : 2;
	config.input[1] = _i == 2 ? MM_INPUTS_MAX : _i == 3 ? 0 : 1;
	config.profile_interval_s = _i == 4 ? 1000 : 900;
	ck_assert_int_eq(mm_meter_init(&meter, &config, NULL), -EINVAL);
	ck_assert_mem_eq(&meter, &before, sizeof(before));
}
END_TEST

START_TEST(refuses_registers)
{
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
	ck_assert_int_eq(mm_meter_init(&meter, &config, &registers), -ERANGE);
	ck_assert_int_eq(mm_meter_init(&meter, &config, &good), 0);
	ck_assert_int_eq(meter.registers.delivered.uwh, 5);
}
END_TEST

/* A million windows of any power: the register is the exact sum, to the µWh, and so are the increments it gave. */
START_TEST(nothing_lost_nothing_twice)
{
	uint64_t random = (uint64_t)_i + 1;
	int64_t exact_mws[2] = {0}; /* delivered and received, in whole milliwatt-seconds: sums without rounding */
	int64_t delivered = 0, received = 0;

	for (int i = 0; i < 1000000; i++) {
		int64_t mws = (int64_t)mm_random_between(&random, _i == 0 ? 1300 : -12e6, 12e6);

		load(0, 120, 110, (double)mws / 1000, 0);
		play_as(MM_HEALTH_OK);
		if (llabs(mws) > 1200) {
			exact_mws[mws < 0] += llabs(mws);
		}
		delivered += step.delivered_uwh;
		received += step.received_uwh;
	}
	ck_assert_int_eq(delivered, meter.registers.delivered.uwh);
	ck_assert_int_eq(received, meter.registers.received.uwh);
	/* 1 mWs is 1/3.6 µWh. */
	ck_assert_int_le(llabs(delivered * 36 - exact_mws[0] * 10), 36);
	ck_assert_int_le(llabs(received * 36 - exact_mws[1] * 10), 36);
	ck_assert_int_eq(meter.registers.element_delivered[0].uwh, delivered);
	ck_assert_int_eq(meter.registers.element_received[0].uwh, received);
}
END_TEST

/* The fraction outlives a restart at every window. */
START_TEST(carry_over_restarts)
{
	for (int i = 0; i < 3600; i++) {
		struct mm_registers stored = meter.registers;

		ck_assert_int_eq(mm_meter_init(&meter, &config, &stored), 0);
		load(0, 120, 1, 100.0 / 3, 0);
		play(1);
	}
	ck_assert_int_le(llabs(meter.registers.delivered.uwh - 33333333), 1);
}
END_TEST

static const struct {
	const char *model;
	double rated_a;
} ratings[] = {{"MMS-120-1001", 100}, {"MMS-120-2002", 200}, {"MMS-120-4001", 400}};

/* 0.1 % of rated current registers, from pf 1 down to 0.5. */
START_TEST(start_current)
{
	double current = ratings[_i].rated_a / 1000;

	start(ratings[_i].model, NULL);
	load(0, 120, current, 120 * current, 0);
	play(3600);
	ck_assert_int_le(llabs(meter.registers.delivered.uwh - (int64_t)(120e6 * current)), 1);
	load(0, 120, current, 60 * current, 104 * current);
	play(3600);
	ck_assert_int_le(llabs(meter.registers.delivered.uwh - (int64_t)(180e6 * current)), 1);
	ck_assert(meter.element[0].registering);
	load(0, 120, current * 0.7, 120 * current * 0.7, 0);
	play(1);
	ck_assert_int_eq(step.delivered_uwh, 0);
	ck_assert(!meter.element[0].registering);
}
END_TEST

/* A day with the current circuit open at 115 % voltage: noise alone, of either sign, on every figure. */
START_TEST(no_load)
{
	double rated_a = ratings[_i].rated_a;
	uint64_t random = 1;

	start(ratings[_i].model, NULL);
	for (int i = 0; i < 86400; i++) {
		load(0, 138 + mm_random_noise(&random, 0.02), fabs(rated_a * (0.0002 + mm_random_noise(&random, 0.00005))),
		     mm_random_noise(&random, rated_a * 0.02), mm_random_noise(&random, rated_a * 0.02));
		play(1);
		ck_assert_double_eq(meter.element[0].power_w, 0);
		ck_assert_double_eq(meter.element[0].power_factor, 0);
		ck_assert_double_eq(meter.element[0].apparent_va, 0);
	}
	ck_assert_int_eq(meter.registers.delivered.uwh + meter.registers.received.uwh, 0);
	ck_assert_double_eq(meter.registers.delivered.carry + meter.registers.received.carry, 0);
	ck_assert_int_eq(meter.registers.lagging.uwh + meter.registers.leading.uwh, 0);
	ck_assert_uint_eq(meter.windows, 86400);
}
END_TEST

/* Current enough but hardly any power: creep. The reactive energy of the same current registers. */
START_TEST(creep)
{
	load(0, 120, 5, 1.1, 600);
	play(3600);
	ck_assert_int_eq(meter.registers.delivered.uwh, 0);
	ck_assert(!meter.element[0].registering);
	expect_wh(&meter.registers.lagging, 600);
	load(0, 120, 5, -1.1, -600);
	play(3600);
	ck_assert_int_eq(meter.registers.received.uwh, 0);
	expect_wh(&meter.registers.leading, 600);
	expect_wh(&meter.registers.lagging, 600);
	/* The threshold is on mean power, whatever the length of the window. */
	load(0, 120, 5, 2.2, 0);
	window.start_ns = window.end_ns;
	window.end_ns += 2 * MM_NS_PER_S;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS + window.end_ns - BOOT_NS, &step);
	ck_assert_int_eq(step.delivered_uwh, 0);
	load(0, 120, 5, 1.3, 0);
	play(3600);
	ck_assert_int_le(llabs(meter.registers.delivered.uwh - 1300000), 1);
}
END_TEST

/* The sum of the elements decides each window; each element keeps its own account. */
START_TEST(detent)
{
	load(0, 120, 10, 1200, 100);
	load(1, 120, 5, -600, -300);
	play(3600);
	expect_wh(&meter.registers.delivered, 600);
	ck_assert_int_eq(meter.registers.received.uwh, 0);
	expect_wh(&meter.registers.element_delivered[0], 1200);
	expect_wh(&meter.registers.element_received[1], 600);
	ck_assert_int_eq(meter.registers.element_received[0].uwh + meter.registers.element_delivered[1].uwh, 0);
	expect_wh(&meter.registers.leading, 200);
	ck_assert_int_eq(meter.registers.lagging.uwh, 0);
	load(1, 120, 20, -2400, 0);
	play(3600);
	expect_wh(&meter.registers.delivered, 600);
	expect_wh(&meter.registers.received, 1200);
	expect_wh(&meter.registers.lagging, 100);
	ck_assert_int_eq(meter.registers.output_uwh, meter.registers.delivered.uwh);
}
END_TEST

START_TEST(single_element_uses_its_input)
{
	start("MMS-120-1001", NULL);
	config.input[0] = 1;
	ck_assert_int_eq(mm_meter_init(&meter, &config, NULL), 0);
	load(0, 120, 50, 6000, 0);
	load(1, 121, 10, 1200, 0);
	play(3600);
	expect_wh(&meter.registers.delivered, 1200);
	ck_assert_double_eq(meter.element[0].voltage_v, 121);
}
END_TEST

START_TEST(readings)
{
	load(0, 120, 10, 600, 1039);
	load(1, 121, 5, -605.5, 0); /* a little more than volts times amperes */
	play(1);
	ck_assert_double_eq(meter.element[0].power_w, 600);
	ck_assert_double_eq(meter.element[0].reactive_var, 1039);
	ck_assert_double_eq(meter.element[0].apparent_va, 1200);
	ck_assert_double_eq(meter.element[0].power_factor, 0.5);
	ck_assert_double_eq(meter.element[0].frequency_hz, 60);
	ck_assert_double_eq(meter.element[1].power_factor, -1);
	/* Mean power, whatever the length of the window. */
	window.end_ns += MM_NS_PER_S;
	window.start_ns = window.end_ns - 2 * MM_NS_PER_S;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS + window.end_ns - BOOT_NS, &step);
	ck_assert_double_eq(meter.element[0].power_w, 300);
}
END_TEST

/* A dead line with current on it divides nothing by nothing. */
START_TEST(power_factor_without_volts)
{
	load(0, 0, 10, 0, 0);
	load(1, 0, 0, 0, 0);
	play(1);
	ck_assert_double_eq(meter.element[0].power_factor, 0);
	ck_assert_double_eq(meter.element[1].power_factor, 0);
	load(0, 0, 10, 100, 0);
	play(1);
	ck_assert_double_eq(meter.element[0].power_factor, 0);
}
END_TEST

/* Health other than OK: nothing registers, the power LED is dark, readings stay, the profile says why. */
START_TEST(bad_health)
{
	struct mm_registers before;

	load(0, 120, 10, 1200, 100);
	load(1, 120, 10, 1200, 100);
	play(10);
	ck_assert(meter.power_led);
	before = meter.registers;
	for (enum mm_health health = MM_HEALTH_STARTING; health < MM_HEALTH_COUNT; health++) {
		load(0, 0, 99, 9999, 100);
		play_as(health);
		ck_assert_int_eq(meter.health, health);
		ck_assert(!meter.power_led);
		ck_assert(!meter.element[0].registering);
		ck_assert_double_eq(meter.element[0].voltage_v, 120);
		ck_assert_uint_eq(step.raised[0] | step.cleared[0], 0);
		ck_assert_uint_eq(step.edges.count, 0);
	}
	ck_assert_mem_eq(&meter.registers, &before, offsetof(struct mm_registers, profile));
	ck_assert_uint_eq(meter.registers.profile.row.status, MM_PROFILE_ERROR);
	ck_assert_int_eq(meter.registers.profile.row.covered_ns, 10 * MM_NS_PER_S);
	ck_assert_uint_eq(meter.windows, 10);
	load(0, 120, 10, 1200, 100);
	play(1);
	ck_assert(meter.power_led);
	ck_assert(meter.element[0].registering);
	ck_assert_int_gt(step.delivered_uwh, 0);
}
END_TEST

/* An OK window without a latch brings no energy; the next one may still bring it to the interval that it belongs to. */
START_TEST(unlatched)
{
	load(0, 120, 10, 1200, 0);
	load(1, 120, 10, 1200, 0);
	play(1);
	window.latched = false;
	play(1);
	ck_assert_int_eq(step.delivered_uwh, 0);
	ck_assert(meter.power_led);
	ck_assert_uint_eq(meter.windows, 1);
	ck_assert_uint_eq(meter.registers.profile.row.status, 0);
	ck_assert_int_eq(meter.registers.profile.row.covered_ns, MM_NS_PER_S);
	window.latched = true;
	play(898);
	ck_assert_uint_eq(meter.windows, 899);
	ck_assert_uint_eq(step.closed_count, 1);
	play(899);
	window.latched = false;
	window.end_ns += MM_NS_PER_MS * 1500;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS + window.end_ns - BOOT_NS, &step);
	ck_assert_uint_eq(step.closed_count, 0);
	window.latched = true;
	window.start_ns = window.end_ns - 1200 * MM_NS_PER_MS;
	window.end_ns += 100 * MM_NS_PER_MS;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS + window.end_ns - BOOT_NS, &step);
	ck_assert_uint_eq(step.closed_count, 1);
	ck_assert_int_eq(step.closed[0].covered_ns, 899 * MM_NS_PER_S + 700 * MM_NS_PER_MS);
}
END_TEST

static double *figure(struct mm_input_reading *input, int i)
{
	double *const figures[] = {&input->voltage_v, &input->current_a, &input->active_ws, &input->reactive_vars,
				   &input->frequency_hz};

	return figures[i];
}

static void check_nothing_registered(const struct mm_registers *before)
{
	ck_assert_int_eq(meter.health, MM_HEALTH_IMPLAUSIBLE);
	ck_assert_int_eq(step.delivered_uwh + step.received_uwh, 0);
	ck_assert_mem_eq(&meter.registers, before, offsetof(struct mm_registers, profile));
	ck_assert_double_eq(meter.element[0].voltage_v, 120);
	ck_assert_double_eq(meter.element[1].voltage_v, 121);
}

/* Figures that no judge should have let pass still can't reach a register or a reading. */
START_TEST(unusable_figures)
{
	static const double bad[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, 1.1e9};

	for (int i = 0; i < MM_COUNT_OF(bad); i++) {
		for (unsigned input = 0; input < 2; input++) {
			struct mm_registers before;

			load(0, 120, 10, 1200, 100);
			load(1, 121, 10, 1200, 100);
			play(1);
			ck_assert_int_eq(meter.health, MM_HEALTH_OK);
			before = meter.registers;
			*figure(&window.input[input], _i) = bad[i];
			play(1);
			check_nothing_registered(&before);
		}
	}
	ck_assert_uint_eq(meter.registers.profile.row.status, MM_PROFILE_ERROR);
}
END_TEST

/* Time that stands still or goes back: the same window handed in again is not counted again. */
START_TEST(unusable_time)
{
	static const struct {
		int64_t start_ns, end_ns;
	} bad[] = {{100, 100}, {101, 100}, {99, 100}, {50, 99}, {-1, 200}, {250, 200}};
	struct mm_registers before;

	load(0, 120, 10, 1200, 100);
	load(1, 121, 10, 1200, 100);
	window.start_ns = 99;
	window.end_ns = 100;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS, &step);
	before = meter.registers;
	window.start_ns = bad[_i].start_ns;
	window.end_ns = bad[_i].end_ns;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS, &step);
	check_nothing_registered(&before);
}
END_TEST

/* The front end has fewer inputs than the meter was configured for. */
START_TEST(input_missing)
{
	struct mm_registers before;

	load(0, 120, 10, 1200, 100);
	load(1, 121, 10, 1200, 100);
	play(1);
	before = meter.registers;
	window.input_count = 1;
	play(1);
	check_nothing_registered(&before);
}
END_TEST

/* Windows that overlap a little: the energy counts, the time once. */
START_TEST(overlapping_windows)
{
	load(0, 120, 10, 1200, 0);
	play(1);
	window.start_ns = window.end_ns - MM_NS_PER_MS;
	window.end_ns += MM_NS_PER_S - MM_NS_PER_MS;
	mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS + window.end_ns - BOOT_NS, &step);
	ck_assert_int_eq(meter.registers.delivered.uwh, 666666);
	ck_assert_int_eq(meter.registers.profile.row.covered_ns, 2 * MM_NS_PER_S - MM_NS_PER_MS);
}
END_TEST

/* Plays one window and says which flags of element 0 came and went. */
static void expect_flags(double voltage_v, double current_a, double frequency_hz, uint32_t raised, uint32_t cleared)
{
	load(0, voltage_v, current_a, voltage_v * current_a, 0);
	load(1, 120, 1, 120, 0);
	window.input[0].frequency_hz = frequency_hz;
	play(1);
	ck_assert_uint_eq(step.raised[0], raised);
	ck_assert_uint_eq(step.cleared[0], cleared);
	ck_assert_uint_eq(step.raised[1] | step.cleared[1], 0);
}

START_TEST(limit_flags)
{
	expect_flags(102, 110, 45, 0, 0);
	expect_flags(138, 110, 65, 0, 0);
	expect_flags(101.9, 50, 60, MM_ELEMENT_VOLTAGE_LOW, 0);
	ck_assert(!meter.power_led);
	expect_flags(102.1, 50, 60, 0, 0);
	expect_flags(101.9, 50, 60, 0, 0);
	expect_flags(103.1, 50, 60, 0, MM_ELEMENT_VOLTAGE_LOW);
	ck_assert(meter.power_led);
	expect_flags(138.1, 50, 60, MM_ELEMENT_VOLTAGE_HIGH, 0);
	ck_assert(!meter.power_led);
	expect_flags(137.9, 50, 60, 0, 0);
	expect_flags(136.5, 50, 60, 0, MM_ELEMENT_VOLTAGE_HIGH);
	expect_flags(120, 110.1, 60, MM_ELEMENT_OVERCURRENT, 0);
	ck_assert(meter.power_led);
	expect_flags(120, 109.5, 60, 0, 0);
	expect_flags(120, 108.8, 60, 0, MM_ELEMENT_OVERCURRENT);
	expect_flags(120, 50, 44.9, MM_ELEMENT_FREQUENCY, 0);
	expect_flags(120, 50, 45.2, 0, 0);
	expect_flags(120, 50, 45.6, 0, MM_ELEMENT_FREQUENCY);
	expect_flags(120, 50, 65.1, MM_ELEMENT_FREQUENCY, 0);
	expect_flags(120, 50, 64.8, 0, 0);
	expect_flags(120, 50, 0, 0, MM_ELEMENT_FREQUENCY);
	expect_flags(0, 0, 0, MM_ELEMENT_VOLTAGE_LOW, 0);
	expect_flags(139, 111, 66, MM_ELEMENT_VOLTAGE_HIGH | MM_ELEMENT_OVERCURRENT | MM_ELEMENT_FREQUENCY,
		     MM_ELEMENT_VOLTAGE_LOW);
}
END_TEST

/* Noise around a limit is one event, not hundreds. */
START_TEST(flags_with_noise)
{
	uint64_t random = 1;
	int events = 0;

	for (int i = 0; i < 3600; i++) {
		load(0, 102 + mm_random_noise(&random, 0.1), 110 + mm_random_noise(&random, 0.1), 1200, 0);
		play(1);
		events += __builtin_popcount(step.raised[0]) + __builtin_popcount(step.cleared[0]);
	}
	ck_assert_int_eq(events, 2);
}
END_TEST

static void expect_reversed(double current_a, double power_w, uint32_t raised, uint32_t cleared)
{
	load(0, 120, 10, 1200, 0);
	load(1, 120, current_a, power_w, 0);
	play(1);
	ck_assert_uint_eq(step.raised[1], raised);
	ck_assert_uint_eq(step.cleared[1], cleared);
	ck_assert_uint_eq(meter.element[0].flags, 0);
	ck_assert_int_eq(meter.reverse_led, (meter.element[1].flags & MM_ELEMENT_REVERSED) != 0);
}

/* One CT of two turned round: the element says so, over 1 A, from the second window on, though the sum is positive. */
START_TEST(reversed_element)
{
	expect_reversed(0.99, -118, 0, 0);
	expect_reversed(0.99, -118, 0, 0);
	expect_reversed(2, -240, 0, 0);
	expect_reversed(2, 240, 0, 0);
	expect_reversed(2, -240, 0, 0);
	expect_reversed(2, -240, MM_ELEMENT_REVERSED, 0);
	ck_assert(meter.reverse_led);
	ck_assert_int_gt(step.delivered_uwh, 0);
	expect_reversed(0.995, -119, 0, 0);
	expect_reversed(0.9, -108, 0, MM_ELEMENT_REVERSED);
	expect_reversed(2, -240, 0, 0);
	expect_reversed(2, -240, MM_ELEMENT_REVERSED, 0);
	play_as(MM_HEALTH_ABSENT);
	ck_assert(meter.reverse_led);
	expect_reversed(2, 240, 0, MM_ELEMENT_REVERSED);
	ck_assert(!meter.reverse_led);
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
	ck_assert(!meter.power_led);
	window.latched = false;
	play(1);
	ck_assert(!meter.power_led);
	window.latched = true;
	load(0, 120, 0, 0, 0);
	load(1, 0, 0, 0, 0);
	play(1);
	ck_assert(!meter.power_led);
	load(1, 120, 0, 0, 0);
	play(1);
	ck_assert(meter.power_led);
}
END_TEST

START_TEST(missed_windows)
{
	load(0, 120, 10, 1200, 0);
	play(5);
	window.end_ns += 3 * MM_NS_PER_S;
	window.missed = 3;
	play(1);
	window.missed = 0;
	play(1);
	ck_assert_uint_eq(meter.missed, 3);
	ck_assert_uint_eq(meter.windows, 7);
	ck_assert_int_eq(meter.registers.delivered.uwh, 7 * 1200 * MM_UWH_PER_WH / 3600);
	ck_assert_uint_eq(meter.registers.profile.row.status, MM_PROFILE_DATA_INVALID);
	ck_assert_int_eq(meter.registers.profile.row.covered_ns, 7 * MM_NS_PER_S);
}
END_TEST

/* 200 W: the load LED is 90 s on and 90 s off (manual, table 3), to the time that 1 µWh takes at either edge. */
START_TEST(load_led)
{
	int64_t last_ns = BOOT_NS;
	bool level = false;

	load(0, 120, 200.0 / 120, 200, 0);
	for (int i = 0; i < 3600; i++) {
		play(1);
		for (unsigned n = 0; n < step.edges.count; n++) {
			const struct mm_edge *edge = &step.edges.edge[n];

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

/* What the outputs had not played before a stop is played after it. */
START_TEST(owed_pulses)
{
	struct mm_registers registers = {.delivered = {12 * MM_UWH_PER_WH, 0}, .output_uwh = 6 * MM_UWH_PER_WH};

	start("MMD-120-1001", &registers);
	load(0, 120, 0, 0, 0);
	play(1);
	ck_assert_uint_eq(step.edges.count, 2);
	ck_assert_int_eq(meter.registers.output_uwh, 12 * MM_UWH_PER_WH);
}
END_TEST

START_TEST(max_demand)
{
	load(0, 120, 10, 1200, 0);
	play(899);
	ck_assert(!step.new_max_demand);
	play(1);
	ck_assert(step.new_max_demand);
	ck_assert_uint_eq(step.closed_count, 1);
	ck_assert_double_eq_tol(meter.registers.max_demand_w, 1200, 1e-5);
	ck_assert_int_eq(meter.registers.max_demand_s, NOON_NS / MM_NS_PER_S + 900);
	load(0, 120, 9, 1080, 0);
	play(900);
	ck_assert_uint_eq(step.closed_count, 1);
	ck_assert(!step.new_max_demand);
	/* 9 s of 900 may be missing, 10 may not. */
	load(0, 120, 20, 2400, 0);
	play(450);
	window.end_ns += 10 * MM_NS_PER_S;
	play(440);
	ck_assert_uint_eq(step.closed_count, 1);
	ck_assert(!step.new_max_demand);
	play(450);
	window.end_ns += 9 * MM_NS_PER_S;
	play(441);
	ck_assert(step.new_max_demand);
	ck_assert_double_eq_tol(meter.registers.max_demand_w, 2400 * 0.99, 1e-5);
}
END_TEST

/* An interval during which the clock was set back lasts longer than it says: it is no demand. */
START_TEST(max_demand_not_from_adjusted)
{
	load(0, 120, 10, 1200, 0);
	play(800);
	for (int i = 0; i < 800; i++) {
		window.start_ns = window.end_ns;
		window.end_ns += MM_NS_PER_S;
		mm_meter_step(&meter, &window, MM_HEALTH_OK, NOON_NS + (100 + i) * MM_NS_PER_S, &step);
	}
	mm_meter_step(&meter, &window, MM_HEALTH_STALE, NOON_NS + 900 * MM_NS_PER_S, &step);
	ck_assert_uint_eq(step.closed_count, 1);
	ck_assert_int_gt(step.closed[0].covered_ns, 1500 * MM_NS_PER_S);
	ck_assert_double_eq(meter.registers.max_demand_w, 0);
}
END_TEST

START_TEST(display)
{
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

		start("MMD-120-1001", &registers);
		mm_meter_display(&meter, text);
		ck_assert_str_eq(text, texts[i].coarse);
		start("MMD-120-1001-T", &registers);
		mm_meter_display(&meter, text);
		ck_assert_str_eq(text, texts[i].fine);
	}
}
END_TEST

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
	ck_assert_int_eq(meter.registers.output_uwh - before.output_uwh, INT64_C(123456700) * MM_UWH_PER_WH);
	ck_assert_int_eq(meter.registers.element_delivered[0].uwh, before.element_delivered[0].uwh);
	ck_assert_mem_eq(&meter.registers.profile, &before.profile, sizeof(before.profile));
	mm_meter_display(&meter, text);
	ck_assert_str_eq(text, "123456.7");
	play(3);
	ck_assert_int_eq(step.edges.count, 2); /* output 10 and the load LED at 20 Wh, as without a preset */
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
				 mm_output_level(&config.model, o, meter.registers.output_uwh);
		}
		ck_assert_int_eq(mm_meter_preset(&meter, 54321 * UWH_PER_KWH, 3 * UWH_PER_KWH, 0), 0);
		for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
			ck_assert(!mm_output_kh_uwh(&config.model, o) ||
				  mm_output_level(&config.model, o, meter.registers.output_uwh) == was[o]);
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

/* One minute of the trace, ten times as strong, as 60 windows; returns the energy it holds in watt-seconds. */
static double play_minute(double voltage_v, double frequency_hz, double power_w, double reactive_var, double apparent_va)
{
	load(0, voltage_v, 10 * apparent_va / voltage_v, 10 * power_w, 10 * reactive_var);
	window.input[0].frequency_hz = frequency_hz;
	for (int i = 0; i < 60; i++) {
		play_as(MM_HEALTH_OK);
		if (power_w == 0) {
			ck_assert_int_eq(step.delivered_uwh + step.received_uwh, 0);
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
	start("MMS-120-1001", NULL);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%*d,%lf,%*f,%lf,%*f,%*f,%lf,%*f,%lf,%*f,%lf", &voltage, &frequency, &power, &reactive,
			   &apparent) == 5) {
			played_ws += play_minute(voltage, frequency, power, reactive, apparent);
			rows++;
		}
	}
	fclose(file);
	printf("real_circuit: %ld minutes, played %.3f kWh, registered %.6f kWh\n", rows, played_ws / 3.6e6,
	       (double)meter.registers.delivered.uwh / UWH_PER_KWH);
	ck_assert_int_gt(rows, 0);
	ck_assert_double_gt(played_ws, 0);
	ck_assert_double_le(fabs((double)meter.registers.delivered.uwh / (played_ws * MM_UWH_PER_WS) - 1), 0.001);
	ck_assert_int_eq(meter.registers.received.uwh, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = tcase_create("meter");
	TCase *slow = tcase_create("slow");

	tcase_set_timeout(tcase, 900);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, refuses_config, 0, 5);
	tcase_add_loop_test(tcase, refuses_registers, 0, 11);
	tcase_add_test(tcase, carry_over_restarts);
	tcase_add_loop_test(tcase, start_current, 0, MM_COUNT_OF(ratings));
	tcase_add_test(tcase, creep);
	tcase_add_test(tcase, detent);
	tcase_add_test(tcase, single_element_uses_its_input);
	tcase_add_test(tcase, readings);
	tcase_add_test(tcase, power_factor_without_volts);
	tcase_add_test(tcase, bad_health);
	tcase_add_test(tcase, unlatched);
	tcase_add_loop_test(tcase, unusable_figures, 0, 5);
	tcase_add_loop_test(tcase, unusable_time, 0, 6);
	tcase_add_test(tcase, input_missing);
	tcase_add_test(tcase, overlapping_windows);
	tcase_add_test(tcase, limit_flags);
	tcase_add_test(tcase, flags_with_noise);
	tcase_add_test(tcase, reversed_element);
	tcase_add_test(tcase, flag_names);
	tcase_add_test(tcase, power_led);
	tcase_add_test(tcase, missed_windows);
	tcase_add_test(tcase, load_led);
	tcase_add_test(tcase, owed_pulses);
	tcase_add_test(tcase, max_demand);
	tcase_add_test(tcase, max_demand_not_from_adjusted);
	tcase_add_test(tcase, display);
	tcase_add_test(tcase, calibrated);
	tcase_add_test(tcase, preset);
	tcase_add_test(tcase, preset_outputs);
	tcase_add_test(tcase, preset_refused);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 900);
	tcase_add_checked_fixture(slow, setup, NULL);
	tcase_add_loop_test(slow, nothing_lost_nothing_twice, 0, 2);
	tcase_add_loop_test(slow, no_load, 0, MM_COUNT_OF(ratings));
	tcase_add_test(slow, real_circuit);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
