/* SPDX-License-Identifier: MIT */
/* The simulated board without its sockets: physics, chip, time, truth and faults. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/sim_fixture.h"
#include "fixture/suite.h"

static void advance(struct fixture *f, int64_t time_ns)
{
	ck_assert_int_eq(mm_sim_board_advance(f->board, time_ns), 0);
}

static int64_t code(struct fixture *f, enum mm_sim_register which, unsigned phase)
{
	int64_t value = 0;

	ck_assert_int_eq(mm_sim_board_read(f->board, which, phase, &value), 0);
	return value;
}

static struct mm_sim_truth truth(struct fixture *f)
{
	struct mm_sim_truth t;

	mm_sim_board_truth(f->board, &t);
	return t;
}

/* Default full scale: 0.70710678 V through a divider of 1001, and over 5.1 ohm behind 200:0.1. */
#define FULL_SCALE_W (0.70710678 * 1001.0 * 0.70710678 / 5.1 * 2000.0)

/* What a client makes of a window: HI * 8192 + LO, as watt-seconds of a second of 8000 samples. */
static double window_ws(int64_t raw)
{
	int64_t energy = (raw >> 32) * 8192 + (raw & 0x1fff);

	ck_assert_int_eq(raw & 0xffffe000, 0);
	return (double)energy / 8000.0 / 20694066.0 * FULL_SCALE_W;
}

/* What each element is shown in watts and vars, for loads of 1000 W at pf 0.8 on A and 500 W on B. */
static const struct {
	const char *wiring;
	double a_w, a_var, b_w;
} wirings[] = {
	{"", 1000, 750, 500},
	{"load_a = 1000 W 0.8 lead\n", 1000, -750, 500},
	{"ct_a = reversed\n", -1000, -750, 500},
	{"ct_a = open\n", 0, 0, 500},
	/* On B's conductor, with B's voltage opposed to A's: 500 W backwards. */
	{"ct_a = on b\n", -500, 0, 500},
	{"ct_a = reversed on b\n", 500, 0, 500},
	{"ct_a = on b\nct_b = on a\n", -500, 0, -1000},
	/* 60 degrees further, A's voltage sees B's current at cos 120. */
	{"phase_b = 120\nct_a = on b\n", -250, 433.0127, 500},
	/* A load over both lines shows as half on each. */
	{"load_ab = 4000 W\n", 3000, 750, 2500},
	{"load_ab = 4000 W\nvoltage_b = 60\n", 1000 + 4000 * 120.0 / 180.0, 750, 500 + 4000 * 60.0 / 180.0},
	{"voltage_a = 0\n", 0, 0, 500},
	/* The leads crossed: each voltage with the other line's current. */
	{"lead_a = on b\nlead_b = on a\n", -1000, -750, -500},
	{"lead_b = on a\n", 1000, 750, -500},
	{"lead_b = open\n", 1000, 750, 0},
	/* Neutral and L1 swapped: A against itself, B against A. */
	{"lead_n = on a\nlead_a = on n\n", -1000, -750, 1000},
	/* A floating neutral stands in the middle, which is where it should be as long as the lines are alike. */
	{"lead_n = open\n", 1000, 750, 500},
	{"lead_n = open\nvoltage_b = 118\n", 1000 * 119 / 120.0, 750 * 119 / 120.0, 500 * 119 / 118.0},
	{"lead_n = open\nlead_b = open\n", 0, 0, 0},
	/* The loads draw what they draw, whatever the supply's conductors leave of the voltage. */
	{"line_ohm = 0.1\n", 1000, 750, 500},
	/* A current that leads by 1 degree is seen at S exp(-j 1 deg); what leaks in goes by the square of the voltage. */
	{"error_a = 2 %\nerror_b = -3 W\n", 1020, 765, 497},
	{"error_a = 1 deg\n", 1012.9370, 732.4334, 500},
	{"error_a = 2 W\nvoltage_a = 60\n", 1000.5, 750, 500},
	{"ct_a = open\nerror_a = 2 % 1 deg 2 W\n", 2, 0, 500},
};

START_TEST(load_pulls_its_line_down)
{
	/* 10 A at 119 V: 0.1 ohm takes 1 V from the line; the neutral's 1 V goes from this line to the other. */
	struct fixture *f = start("[at 0]\nvoltage_a = 121\nline_ohm = 0.1\nload_a = 1190 W\n", true);
	struct mm_sim_flow flow;

	mm_sim_flow_compute(mm_sim_board_state(f->board), &flow);
	ck_assert_double_eq_tol(flow.voltage_v[0], 119.0, 1e-9);
	ck_assert_double_eq_tol(flow.current_a[0], 10.0, 1e-9);
	ck_assert_double_eq_tol(flow.voltage_v[1], 121.0, 1e-9);
	override(f, MM_SIM_LOAD_AB, "2380 W");
	override(f, MM_SIM_LOAD_A, "off");
	mm_sim_flow_compute(mm_sim_board_state(f->board), &flow);
	ck_assert_double_eq_tol(flow.voltage_v[0] + flow.voltage_v[1], 241.0 - 2.0 * 0.1 * flow.current_a[0], 1e-9);
	ck_assert_double_eq_tol(121.0 - flow.voltage_v[0], 120.0 - flow.voltage_v[1], 1e-9);
	stop(f);
}
END_TEST

START_TEST(elements_see_the_wiring)
{
	struct mm_sim_flow flow;
	struct fixture *f;
	char text[256];

	snprintf(text, sizeof(text), "[at 0]\nload_b = 500 W\n%s%s",
		 strstr(wirings[_i].wiring, "load_a =") ? "" : "load_a = 1000 W 0.8 lag\n", wirings[_i].wiring);
	f = start(text, true);
	mm_sim_flow_compute(mm_sim_board_state(f->board), &flow);
	ck_assert_double_eq_tol((double)flow.active_uw[0] / 1e6, wirings[_i].a_w, 1e-4);
	ck_assert_double_eq_tol((double)flow.reactive_uvar[0] / 1e6, wirings[_i].a_var, 1e-4);
	ck_assert_double_eq_tol((double)flow.active_uw[1] / 1e6, wirings[_i].b_w, 1e-4);
	stop(f);
}
END_TEST

START_TEST(codes_are_of_full_scale)
{
	struct fixture *f = start("[board]\nnoise=off\n[at 0]\nload_a = 1200 W 0.8 lead\nct_b = reversed\nload_b=240 W\n", true);
	double full_v = 0.70710678 * 1001.0, full_a = 0.70710678 / 5.1 * 2000.0;

	advance(f, 3 * SECOND);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_VRMS, 0), 52866837 * 120.0 / full_v, 1.0);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_IRMS, 0), 52866837 * 12.5 / full_a, 1.0);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_VAR, 0), -20694066 * 900.0 / FULL_SCALE_W, 1.0);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_VA, 0), 20694066 * 1500.0 / FULL_SCALE_W, 1.0);
	ck_assert_int_eq(code(f, MM_SIM_PF, 0), llround(0.8 * 134217728));
	ck_assert_int_eq(code(f, MM_SIM_PF, 1), -134217728);
	ck_assert_int_eq(code(f, MM_SIM_PF, 2), 0);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_PERIOD, 0), 8000.0 * 65536 / 60 - 1, 1.0);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_PERIOD, 2), 8000.0 * 65536 / 50 - 1, 1.0);
	ck_assert_double_eq_tol(window_ws(code(f, MM_SIM_WATTHR, 0)), 1200.0, 1e-5);
	ck_assert_double_eq_tol(window_ws(code(f, MM_SIM_VARHR, 0)), -900.0, 1e-5);
	ck_assert_double_eq_tol(window_ws(code(f, MM_SIM_VAHR, 0)), 1500.0, 1e-5);
	ck_assert_double_eq_tol(window_ws(code(f, MM_SIM_WATTHR, 1)), -240.0, 1e-5);
	ck_assert_int_lt(code(f, MM_SIM_WATTHR, 1) >> 32, 0);
	stop(f);
}
END_TEST

START_TEST(waveform_is_a_sine)
{
	struct fixture *f = start("[board]\nnoise=off\n[at 0]\nload_a = 1200 W\n", true);
	double square = 0.0;

	for (int i = 1; i <= 1000; i++) {
		advance(f, i * SECOND / 60 / 1000);
		square += pow((double)code(f, MM_SIM_V_PCF, 0), 2.0) / 1000.0;
	}
	ck_assert_double_eq_tol(sqrt(2.0 * square) / 74770000.0, 120.0 / (0.70710678 * 1001.0), 1e-6);
	stop(f);
}
END_TEST

START_TEST(polled_power_ripples_at_twice_the_frequency)
{
	struct fixture *f = start("[board]\nnoise=off\n[at 0]\nload_a = 1000 W\n", true);
	double mean = 20694066 * 1000.0 / FULL_SCALE_W, sum = 0.0, most = 0.0;

	for (int i = 0; i < 120; i++) {
		advance(f, SECOND + i * SECOND / 120 / 120);
		sum += (double)code(f, MM_SIM_WATT, 0) / 120.0;
		most = fmax(most, fabs((double)code(f, MM_SIM_WATT, 0) - mean));
	}
	ck_assert_double_eq_tol(sum, mean, 1.0);
	ck_assert_double_eq_tol(most / mean, 8.9 / 120.0, 1e-3);
	/* And at a rate that divides 120 Hz every reading is off by the same. */
	for (int i = 2; i < 10; i++) {
		advance(f, i * SECOND);
		ck_assert_double_gt(fabs((double)code(f, MM_SIM_WATT, 0) - mean) / mean, 0.05);
	}
	stop(f);
}
END_TEST

START_TEST(windows_add_up_to_the_truth)
{
	struct fixture *f = start("[board]\nseed=3\n[at 0]\nload_a = 1234.5 W 0.7 lag\nload_b=77 W\n[at 100.25]\nload_a = off\n"
				  "[at 300.75]\nload_a = 20000 W\nload_b = -3000 W\n[at 1000.001]\nload_b = off\n",
				  true);
	double sum[2] = {0.0, 0.0};
	struct mm_sim_truth t;

	for (int i = 1; i <= 3600; i++) {
		advance(f, i * SECOND);
		sum[0] += window_ws(code(f, MM_SIM_WATTHR, 0)) / 3600.0;
		sum[1] += window_ws(code(f, MM_SIM_WATTHR, 1)) / 3600.0;
	}
	t = truth(f);
	ck_assert_uint_eq(mm_sim_board_windows(f->board), 3600);
	/* 1234.5 W for 100.25 s, 20 kW for the last 3299.25 s; 77 W for 300.75 s, -3 kW for 699.251 s. */
	ck_assert_int_eq(t.load_uwh[0], llround((1234.5 * 100.25 + 20000.0 * 3299.25) / 3600.0 * 1e6));
	ck_assert_int_eq(t.load_uwh[1], llround((77.0 * 300.75 - 3000.0 * 699.251) / 3600.0 * 1e6));
	ck_assert_int_le(llabs(t.load_total_uwh - t.load_uwh[0] - t.load_uwh[1]), 1);
	ck_assert_int_eq(t.seen_uwh[0], t.load_uwh[0]);
	ck_assert_double_eq_tol(sum[0], (double)t.seen_uwh[0] * 1e-6, 1e-3);
	ck_assert_double_eq_tol(sum[1], (double)t.seen_uwh[1] * 1e-6, 1e-3);
	stop(f);
}
END_TEST

START_TEST(truth_does_not_depend_on_the_steps)
{
	const char *text =
		"[board]\nrepeat=3600\nppm=30\n[at 0]\nload_a = 333.333 W\n[at 17.5]\nload_ab = 1000 W\nct_a = reversed\n";
	struct fixture *one = start(text, true), *many = start(text, true);
	struct mm_sim_truth a, b;

	advance(one, 2 * DAY + 12345);
	for (int64_t t = 0; t < 2 * DAY; t += 777777777777) {
		advance(many, t);
	}
	advance(many, 2 * DAY + 12345);
	a = truth(one);
	b = truth(many);
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert_uint_eq(mm_sim_board_windows(one->board), mm_sim_board_windows(many->board));
	for (enum mm_sim_register which = 0; which < MM_SIM_REGISTER_COUNT; which++) {
		ck_assert_int_eq(code(one, which, 0), code(many, which, 0));
	}
	/* Each round: 333.333 W all through; from 17.5 s on half of the 1000 W on each line; seen backwards from then on. */
	ck_assert_int_eq(a.load_uwh[0] / 1000, (int64_t)(48 * (333.333 + 500.0 * 3582.5 / 3600.0) * 1e3));
	ck_assert_int_eq(a.seen_uwh[0] / 1000, (int64_t)(48 * (333.333 * 17.5 - 833.333 * 3582.5) / 3600.0 * 1e3));
	stop(one);
	stop(many);
}
END_TEST

START_TEST(the_largest_power_adds_up_for_a_year)
{
	/* 1.1 V between the lines: 1 MW takes 909 kA, and each line would bear 100 times what it may. */
	struct fixture *f = start("[at 0]\nvoltage_a = 121.1\nvoltage_b = 120\nphase_b = 0\nload_ab = 1000000 W\n", true);

	advance(f, 366 * DAY);
	ck_assert_int_eq(truth(f).load_uwh[0], 2 * INT64_C(1000000000000) * 366 * 24);
	ck_assert_int_eq(truth(f).load_uwh[1], -2 * INT64_C(1000000000000) * 366 * 24);
	ck_assert_int_eq(truth(f).load_total_uwh, 0);
	stop(f);
}
END_TEST

START_TEST(a_fast_chip_has_more_windows)
{
	struct fixture *f = start("[board]\nppm=100\nnoise=off\n[at 0]\nload_a = 1000 W\n", true);

	advance(f, DAY);
	ck_assert_uint_eq(mm_sim_board_windows(f->board), 86408);
	/* It takes its own second for one, so each window still reads 1000 Ws. */
	ck_assert_double_eq_tol(window_ws(code(f, MM_SIM_WATTHR, 0)), 1000.0, 1e-5);
	ck_assert_double_eq_tol((double)code(f, MM_SIM_PERIOD, 0), 8000.0 * 65536 * 1.0001 / 60 - 1, 1.0);
	/* The window ends on the chip's second, not on ours. */
	advance(f, DAY + 359000000);
	ck_assert_uint_eq(mm_sim_board_windows(f->board), 86408);
	advance(f, DAY + 360000000);
	ck_assert_uint_eq(mm_sim_board_windows(f->board), 86409);
	stop(f);
}
END_TEST

START_TEST(live_registers_never_rest)
{
	struct fixture *f = start("[at 0]\nload_a = 1000 W\n", true), *again = start("[at 0]\nload_a = 1000 W\n", true);
	static const enum mm_sim_register live[] = {MM_SIM_VRMS, MM_SIM_IRMS, MM_SIM_WATTHR};

	for (unsigned r = 0; r < 3; r++) {
		unsigned moved = 0;
		int64_t last = 0, base = mm_sim_board_time(f->board) / SECOND;

		for (int i = 1; i <= 100; i++) {
			int64_t now;

			advance(f, (base + i) * SECOND);
			advance(again, (base + i) * SECOND);
			now = code(f, live[r], 0);
			ck_assert_int_eq(now, code(again, live[r], 0));
			moved += now != last;
			last = now;
		}
		ck_assert_uint_ge(moved, 90);
	}
	stop(f);
	stop(again);
}
END_TEST

START_TEST(frozen_repeats_the_first_reading)
{
	struct fixture *f =
		start("[at 0]\nload_a = 1000 W\n[at 10]\nfault = frozen\n[at 60]\nfault = none\n[at 70]\nfault = frozen\n", true);
	int64_t volts, energy;

	advance(f, 10 * SECOND);
	volts = code(f, MM_SIM_VRMS, 0);
	energy = code(f, MM_SIM_WATTHR, 0);
	advance(f, 59 * SECOND);
	ck_assert_int_eq(code(f, MM_SIM_VRMS, 0), volts);
	ck_assert_int_eq(code(f, MM_SIM_WATTHR, 0), energy);
	advance(f, 61 * SECOND);
	ck_assert_int_ne(code(f, MM_SIM_VRMS, 0), volts);
	ck_assert_int_ne(code(f, MM_SIM_WATTHR, 0), energy);
	/* A new freeze holds what is read then, not what the one before held. */
	advance(f, 71 * SECOND);
	ck_assert_int_ne(code(f, MM_SIM_WATTHR, 0), energy);
	stop(f);
}
END_TEST

START_TEST(stuck_energy_and_implausible_rms)
{
	struct fixture *f = start("[at 0]\nload_a = 1000 W\n[at 10.5]\nfault = stuck\n[at 20.5]\nfault = implausible\n", true);
	int64_t volts, energy;

	advance(f, 11 * SECOND);
	volts = code(f, MM_SIM_VRMS, 0);
	energy = code(f, MM_SIM_WATTHR, 0);
	advance(f, 20 * SECOND);
	ck_assert_int_eq(code(f, MM_SIM_WATTHR, 0), energy);
	ck_assert_int_ne(code(f, MM_SIM_VRMS, 0), volts);
	advance(f, 22 * SECOND);
	ck_assert_int_ne(code(f, MM_SIM_WATTHR, 0), energy);
	ck_assert_int_gt(code(f, MM_SIM_VRMS, 0), 52866837);
	stop(f);
}
END_TEST

START_TEST(bus_faults_fail_reads)
{
	struct fixture *f = start("[at 1]\nfault = eio\n[at 2]\nfault = vanished\n", true);
	int64_t value = 42;

	advance(f, SECOND);
	ck_assert_int_eq(mm_sim_board_read(f->board, MM_SIM_VRMS, 0, &value), -EIO);
	advance(f, 2 * SECOND);
	ck_assert_int_eq(mm_sim_board_read(f->board, MM_SIM_VRMS, 0, &value), -ENODEV);
	ck_assert_int_eq(value, 42);
	stop(f);
}
END_TEST

START_TEST(overrides_hold_until_given_back)
{
	struct fixture *f = start("[at 0]\nload_a = 1000 W\n[at 3600]\nload_a = 2000 W\n", true);

	override(f, MM_SIM_LOAD_A, "500 W");
	advance(f, 7200 * SECOND);
	ck_assert_int_eq(truth(f).load_uwh[0], 1000 * 1000000);
	mm_sim_board_override(f->board, MM_SIM_LOAD_A, NULL);
	advance(f, 10800 * SECOND);
	ck_assert_int_eq(truth(f).load_uwh[0], 3000 * INT64_C(1000000));
	stop(f);
}
END_TEST

START_TEST(time_only_goes_forward)
{
	struct fixture *f = start("", true);

	advance(f, 5 * SECOND);
	advance(f, 3 * SECOND);
	ck_assert_int_eq(mm_sim_board_time(f->board), 5 * SECOND);
	ck_assert_int_eq(mm_sim_board_advance(f->board, 5 * SECOND + MM_SIM_ADVANCE_MAX_NS + 1), -ERANGE);
	ck_assert_int_eq(mm_sim_board_time(f->board), 5 * SECOND);
	ck_assert_int_eq(mm_sim_board_advance(f->board, INT64_MAX), -ERANGE);
	stop(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim");
	TCase *physics = tcase_create("physics"), *board = tcase_create("board");

	tcase_add_loop_test(physics, elements_see_the_wiring, 0, MM_COUNT_OF(wirings));
	tcase_add_test(physics, load_pulls_its_line_down);
	tcase_add_test(physics, codes_are_of_full_scale);
	tcase_add_test(physics, waveform_is_a_sine);
	tcase_add_test(physics, polled_power_ripples_at_twice_the_frequency);
	suite_add_tcase(suite, physics);
	/* Generous: under valgrind on a busy machine nothing is fast. */
	tcase_set_timeout(board, 120);
	tcase_add_test(board, windows_add_up_to_the_truth);
	tcase_add_test(board, truth_does_not_depend_on_the_steps);
	tcase_add_test(board, the_largest_power_adds_up_for_a_year);
	tcase_add_test(board, a_fast_chip_has_more_windows);
	tcase_add_test(board, live_registers_never_rest);
	tcase_add_test(board, frozen_repeats_the_first_reading);
	tcase_add_test(board, stuck_energy_and_implausible_rms);
	tcase_add_test(board, bus_faults_fail_reads);
	tcase_add_test(board, overrides_hold_until_given_back);
	tcase_add_test(board, time_only_goes_forward);
	suite_add_tcase(suite, board);
	return mm_run_suite(suite);
}
