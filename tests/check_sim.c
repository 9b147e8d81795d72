/* SPDX-License-Identifier: MIT */
/* The simulated board without its sockets: scenario, physics, chip, time, truth and faults. */
#include "sim/board.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fixture {
	struct mm_sim_scenario *scenario;
	struct mm_sim_board *board;
};

static struct fixture start(const char *text)
{
	struct fixture f;
	char error[MM_SIM_ERROR_MAX] = "";

	ck_assert_msg(mm_sim_scenario_parse("t.ini", text, strlen(text), &f.scenario, error) == 0, "%s", error);
	ck_assert_int_eq(mm_sim_board_new(f.scenario, true, 0, &f.board), 0);
	return f;
}

static void stop(struct fixture *f)
{
	mm_sim_board_free(f->board);
	mm_sim_scenario_free(f->scenario);
}

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

static void override(struct fixture *f, enum mm_sim_key key, const char *text)
{
	union mm_sim_value value;
	const char *reason;

	ck_assert_int_eq(mm_sim_value_parse(key, text, &value, &reason), 0);
	mm_sim_board_override(f->board, key, &value);
}

#define CT_REASON "\"ok\", \"reversed\", \"open\", \"on b\" or \"reversed on b\""
#define LEAD_REASON "\"ok\", \"open\" or \"on b\" (a, b, c, or n for the neutral)"

static const struct {
	const char *text, *error;
} refusals[] = {
	{"ppm = 5\n", "t.ini:1: ppm: stands before the first [section]"},
	{"[board]\nppm = fast\n", "t.ini:2: ppm: parts per million from -1000 to 1000"},
	{"[board]\nppm = nan\n", "t.ini:2: ppm: parts per million from -1000 to 1000"},
	{"[board]\nppm = 0x10\n", "t.ini:2: ppm: parts per million from -1000 to 1000"},
	{"[board]\nppm = 1\nppm = 2\n", "t.ini:3: ppm: set a second time"},
	{"[board]\n\n# c\ncolour = red\n", "t.ini:4: colour: unknown key in [board]"},
	{"[board]\nseed = -1\n", "t.ini:2: seed: a whole number from 0 to 4294967295"},
	{"[board]\nnoise = yes\n", "t.ini:2: noise: on or off"},
	{"[board]\nstart_time = yesterday\n",
	 "t.ini:2: start_time: a time such as 2025-06-01T00:00:00Z or 2025-06-01T02:00:00+02:00"},
	{"[board]\nrepeat = 59\n", "t.ini:2: repeat: a time such as 86400 or 24:00:00, 1 min to 10 years"},
	{"[board]\nburden_ohm = 0\n", "t.ini:2: burden_ohm: ohms from 0.01 to 10000"},
	{"[meter]\n", "t.ini:1: meter: not [board], [at SECONDS] or [at HH:MM:SS]"},
	{"[at noon]\n", "t.ini:1: at noon: not [board], [at SECONDS] or [at HH:MM:SS]"},
	{"[at 25:61]\n", "t.ini:1: at 25:61: not [board], [at SECONDS] or [at HH:MM:SS]"},
	{"[at 10]\nload_a = off\n[at 10]\nload_a = off\n", "t.ini:3: at 10: not later than the section before it"},
	{"[at 0]\nload_d = off\n", "t.ini:2: load_d: unknown key in [at]"},
	{"[at 0]\nload_a = off\nload_a = 1 W\n", "t.ini:3: load_a: set a second time at the same moment"},
	{"[at 0]\nload_a = 5 kW\n",
	 "t.ini:2: load_a: \"off\", \"1500 W\", \"1500 W 0.8 lag\" (or lead) or \"1500 W 30 var\", up to 1 MW"},
	{"[at 0]\nload_a = 5 W 0.5 late\n",
	 "t.ini:2: load_a: \"off\", \"1500 W\", \"1500 W 0.8 lag\" (or lead) or \"1500 W 30 var\", up to 1 MW"},
	{"[at 0]\nload_a = 5 W 30 var more\n",
	 "t.ini:2: load_a: \"off\", \"1500 W\", \"1500 W 0.8 lag\" (or lead) or \"1500 W 30 var\", up to 1 MW"},
	{"[at 0]\nerror_a = 1 % 2\n",
	 "t.ini:2: error_a: \"none\", or percent, degrees and watts as \"1.5 % 0.2 deg -0.3 W\", up to 100 each"},
	{"[at 0]\nerror_a = 1 % 2 %\n",
	 "t.ini:2: error_a: \"none\", or percent, degrees and watts as \"1.5 % 0.2 deg -0.3 W\", up to 100 each"},
	{"[at 0]\nerror_a = 101 W\n",
	 "t.ini:2: error_a: \"none\", or percent, degrees and watts as \"1.5 % 0.2 deg -0.3 W\", up to 100 each"},
	{"[at 0]\nerror_a = 1 A\n",
	 "t.ini:2: error_a: \"none\", or percent, degrees and watts as \"1.5 % 0.2 deg -0.3 W\", up to 100 each"},
	{"[at 0]\nct_a = on d\n", "t.ini:2: ct_a: " CT_REASON},
	{"[at 0]\nct_a = reversed b\n", "t.ini:2: ct_a: " CT_REASON},
	{"[at 0]\nct_a = open on b\n", "t.ini:2: ct_a: " CT_REASON},
	{"[at 0]\nlead_a = on x\n", "t.ini:2: lead_a: " LEAD_REASON},
	{"[at 0]\nlead_n = reversed\n", "t.ini:2: lead_n: " LEAD_REASON},
	{"[at 0]\nline_ohm = 11\n", "t.ini:2: line_ohm: ohms from 0 to 10"},
	{"[at 0]\nvoltage_a = 1001\n", "t.ini:2: voltage_a: volts from 0 to 1000"},
	{"[at 0]\ncurrent_harmonics = 1:40\n",
	 "t.ini:2: current_harmonics: \"none\" or up to four of different order, as \"5:40 7:20:180\" (order, percent, degrees)"},
	{"[at 0]\ncurrent_harmonics = 5:40 5:2\n",
	 "t.ini:2: current_harmonics: \"none\" or up to four of different order, as \"5:40 7:20:180\" (order, percent, degrees)"},
	{"[at 0]\nvoltage_harmonics = 5\n",
	 "t.ini:2: voltage_harmonics: \"none\" or up to four of different order, as \"5:40 7:20:180\" (order, percent, degrees)"},
	{"[at 0]\ncurrent_shape = burst 2\n", "t.ini:2: current_shape: \"sine\", \"half-wave\", \"phase-fired 90\" (degrees up "
					      "to 170) or \"burst 2 2\" (cycles on and off)"},
	{"[at 0]\ncurrent_shape = phase-fired 175\n", "t.ini:2: current_shape: \"sine\", \"half-wave\", \"phase-fired 90\" "
						      "(degrees up to 170) or \"burst 2 2\" (cycles on and off)"},
	{"[at 0]\nfault = rate 5\n",
	 "t.ini:2: fault: none, frozen, stall MS (up to 60000), eio, vanished, stuck, implausible, no-scale, swapped, "
	 "rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger or no-channel"},
	{"[board]\nchip = ade7753\n", "t.ini:2: chip: ade9000, mcp3910, mcp3911, mcp3912, mcp3913, mcp3914, mcp3918, mcp3919, "
				      "ads131e04, ads131e06 or ads131e08"},
	{"[at 0]\nfault = stall\n",
	 "t.ini:2: fault: none, frozen, stall MS (up to 60000), eio, vanished, stuck, implausible, no-scale, swapped, "
	 "rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger or no-channel"},
	{"[at 0]\nfault = eio 5\n",
	 "t.ini:2: fault: none, frozen, stall MS (up to 60000), eio, vanished, stuck, implausible, no-scale, swapped, "
	 "rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger or no-channel"},
	{"[at 0]\nrubbish\nload_d = off\n", "t.ini:2: line: neither [section] nor key = value"},
	{"[at 0]\nload_a = off\n  1 W\n", "t.ini:3: line: begins with a blank"},
	{"[at 0\n", "t.ini:1: section: no ] where it should be"},
};

START_TEST(refuses_with_line)
{
	struct mm_sim_scenario *scenario = NULL;
	char error[MM_SIM_ERROR_MAX] = "";

	ck_assert_int_eq(mm_sim_scenario_parse("t.ini", refusals[_i].text, strlen(refusals[_i].text), &scenario, error), -EINVAL);
	ck_assert_str_eq(error, refusals[_i].error);
	ck_assert_ptr_null(scenario);
}
END_TEST

START_TEST(refuses_long_lines_and_missing_files)
{
	struct mm_sim_scenario *scenario = NULL;
	char error[MM_SIM_ERROR_MAX] = "", text[600] = "[at 0]\nload_a = ";

	memset(text + strlen(text), '9', 500);
	ck_assert_int_eq(mm_sim_scenario_parse("t.ini", text, sizeof(text), &scenario, error), -EINVAL);
	ck_assert_str_eq(error, "t.ini:2: line: too long, or not text");
	ck_assert_int_eq(mm_sim_scenario_load("/nonexistent/x.ini", &scenario, error), -ENOENT);
	ck_assert_str_eq(error, "/nonexistent/x.ini: No such file or directory");
}
END_TEST

START_TEST(reads_board_and_times)
{
	struct fixture f = start("[board]\nppm = -20.5\nseed=7\nstart_time = 2025-06-01T02:00:00+02:00\nrepeat=24:00:00\n"
				 "noise=off ; quiet\n[at 0]\nload_a = 100 W\n[at 90.5]\nload_a = off\n[at 06:30]\nload_a = 1 W\n"
				 "[at 06:30:15]\nload_a=2 W\n");

	ck_assert_double_eq(f.scenario->board.ppm, -20.5);
	ck_assert_uint_eq(f.scenario->board.seed, 7);
	ck_assert(f.scenario->board.has_start && !f.scenario->board.noise);
	ck_assert_int_eq(f.scenario->board.start_s, 1748736000);
	ck_assert_int_eq(f.scenario->board.repeat_ns, DAY);
	ck_assert_uint_eq(f.scenario->event_count, 4);
	ck_assert_int_eq(f.scenario->events[1].time_ns, 90500000000);
	ck_assert_int_eq(f.scenario->events[2].time_ns, 23400 * SECOND);
	ck_assert_int_eq(f.scenario->events[3].time_ns, 23415 * SECOND);
	stop(&f);
}
END_TEST

static const struct {
	enum mm_sim_key key;
	const char *text, *back;
} values[] = {
	{MM_SIM_VOLTAGE_B, "118.5", "118.5"},
	{MM_SIM_LOAD_A, "1500 W 0.8 lag", "1500 W 1125 var"},
	{MM_SIM_LOAD_A, "1500 W 0.8 lead", "1500 W -1125 var"},
	{MM_SIM_LOAD_A, "-200 W", "-200 W"},
	{MM_SIM_LOAD_AB, "0 W 30 var", "0 W 30 var"},
	{MM_SIM_LOAD_C, "off", "off"},
	{MM_SIM_CT_A, "on a", "ok"},
	{MM_SIM_CT_A, "on b", "on b"},
	{MM_SIM_CT_B, "reversed on c", "reversed on c"},
	{MM_SIM_CT_B, "reversed", "reversed"},
	{MM_SIM_CT_C, "open", "open"},
	{MM_SIM_ERROR_A, "none", "none"},
	{MM_SIM_ERROR_B, "-0.5 W 1.5 %", "1.5 % 0 deg -0.5 W"},
	{MM_SIM_ERROR_C, "0.2 deg", "0 % 0.2 deg 0 W"},
	{MM_SIM_LEAD_B, "on a", "on a"},
	{MM_SIM_LEAD_B, "on b", "ok"},
	{MM_SIM_LEAD_N, "on a", "on a"},
	{MM_SIM_LEAD_N, "open", "open"},
	{MM_SIM_LINE_OHM, "0.05", "0.05"},
	{MM_SIM_FAULT, "stall 250", "stall 250"},
	{MM_SIM_FAULT, "implausible", "implausible"},
	{MM_SIM_FAULT, "rate 50", "rate 50"},
	{MM_SIM_FAULT, "no-trigger", "no-trigger"},
	{MM_SIM_VOLTAGE_HARMONICS, "none", "none"},
	{MM_SIM_CURRENT_HARMONICS, "5:40 7:20:180", "5:40:0 7:20:180"},
	{MM_SIM_CURRENT_SHAPE, "sine", "sine"},
	{MM_SIM_CURRENT_SHAPE, "half-wave", "half-wave"},
	{MM_SIM_CURRENT_SHAPE, "phase-fired 90", "phase-fired 90"},
	{MM_SIM_CURRENT_SHAPE, "burst 2 3", "burst 2 3"},
};

START_TEST(values_come_back)
{
	struct fixture f = start("");
	char text[MM_SIM_VALUE_TEXT_MAX];

	override(&f, values[_i].key, values[_i].text);
	mm_sim_state_format(mm_sim_board_state(f.board), values[_i].key, text);
	ck_assert_str_eq(text, values[_i].back);
	stop(&f);
}
END_TEST

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
	struct fixture f = start("[at 0]\nvoltage_a = 121\nline_ohm = 0.1\nload_a = 1190 W\n");
	struct mm_sim_flow flow;

	mm_sim_flow_compute(mm_sim_board_state(f.board), &flow);
	ck_assert_double_eq_tol(flow.voltage_v[0], 119.0, 1e-9);
	ck_assert_double_eq_tol(flow.current_a[0], 10.0, 1e-9);
	ck_assert_double_eq_tol(flow.voltage_v[1], 121.0, 1e-9);
	override(&f, MM_SIM_LOAD_AB, "2380 W");
	override(&f, MM_SIM_LOAD_A, "off");
	mm_sim_flow_compute(mm_sim_board_state(f.board), &flow);
	ck_assert_double_eq_tol(flow.voltage_v[0] + flow.voltage_v[1], 241.0 - 2.0 * 0.1 * flow.current_a[0], 1e-9);
	ck_assert_double_eq_tol(121.0 - flow.voltage_v[0], 120.0 - flow.voltage_v[1], 1e-9);
	stop(&f);
}
END_TEST

START_TEST(elements_see_the_wiring)
{
	struct mm_sim_flow flow;
	struct fixture f;
	char text[256];

	snprintf(text, sizeof(text), "[at 0]\nload_b = 500 W\n%s%s",
		 strstr(wirings[_i].wiring, "load_a =") ? "" : "load_a = 1000 W 0.8 lag\n", wirings[_i].wiring);
	f = start(text);
	mm_sim_flow_compute(mm_sim_board_state(f.board), &flow);
	ck_assert_double_eq_tol((double)flow.active_uw[0] / 1e6, wirings[_i].a_w, 1e-4);
	ck_assert_double_eq_tol((double)flow.reactive_uvar[0] / 1e6, wirings[_i].a_var, 1e-4);
	ck_assert_double_eq_tol((double)flow.active_uw[1] / 1e6, wirings[_i].b_w, 1e-4);
	stop(&f);
}
END_TEST

START_TEST(codes_are_of_full_scale)
{
	struct fixture f = start("[board]\nnoise=off\n[at 0]\nload_a = 1200 W 0.8 lead\nct_b = reversed\nload_b=240 W\n");
	double full_v = 0.70710678 * 1001.0, full_a = 0.70710678 / 5.1 * 2000.0;

	advance(&f, 3 * SECOND);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_VRMS, 0), 52866837 * 120.0 / full_v, 1.0);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_IRMS, 0), 52866837 * 12.5 / full_a, 1.0);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_VAR, 0), -20694066 * 900.0 / FULL_SCALE_W, 1.0);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_VA, 0), 20694066 * 1500.0 / FULL_SCALE_W, 1.0);
	ck_assert_int_eq(code(&f, MM_SIM_PF, 0), llround(0.8 * 134217728));
	ck_assert_int_eq(code(&f, MM_SIM_PF, 1), -134217728);
	ck_assert_int_eq(code(&f, MM_SIM_PF, 2), 0);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_PERIOD, 0), 8000.0 * 65536 / 60 - 1, 1.0);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_PERIOD, 2), 8000.0 * 65536 / 50 - 1, 1.0);
	ck_assert_double_eq_tol(window_ws(code(&f, MM_SIM_WATTHR, 0)), 1200.0, 1e-5);
	ck_assert_double_eq_tol(window_ws(code(&f, MM_SIM_VARHR, 0)), -900.0, 1e-5);
	ck_assert_double_eq_tol(window_ws(code(&f, MM_SIM_VAHR, 0)), 1500.0, 1e-5);
	ck_assert_double_eq_tol(window_ws(code(&f, MM_SIM_WATTHR, 1)), -240.0, 1e-5);
	ck_assert_int_lt(code(&f, MM_SIM_WATTHR, 1) >> 32, 0);
	stop(&f);
}
END_TEST

START_TEST(waveform_is_a_sine)
{
	struct fixture f = start("[board]\nnoise=off\n[at 0]\nload_a = 1200 W\n");
	double square = 0.0;

	for (int i = 1; i <= 1000; i++) {
		advance(&f, i * SECOND / 60 / 1000);
		square += pow((double)code(&f, MM_SIM_V_PCF, 0), 2.0) / 1000.0;
	}
	ck_assert_double_eq_tol(sqrt(2.0 * square) / 74770000.0, 120.0 / (0.70710678 * 1001.0), 1e-6);
	stop(&f);
}
END_TEST

START_TEST(polled_power_ripples_at_twice_the_frequency)
{
	struct fixture f = start("[board]\nnoise=off\n[at 0]\nload_a = 1000 W\n");
	double mean = 20694066 * 1000.0 / FULL_SCALE_W, sum = 0.0, most = 0.0;

	for (int i = 0; i < 120; i++) {
		advance(&f, SECOND + i * SECOND / 120 / 120);
		sum += (double)code(&f, MM_SIM_WATT, 0) / 120.0;
		most = fmax(most, fabs((double)code(&f, MM_SIM_WATT, 0) - mean));
	}
	ck_assert_double_eq_tol(sum, mean, 1.0);
	ck_assert_double_eq_tol(most / mean, 8.9 / 120.0, 1e-3);
	/* And at a rate that divides 120 Hz every reading is off by the same. */
	for (int i = 2; i < 10; i++) {
		advance(&f, i * SECOND);
		ck_assert_double_gt(fabs((double)code(&f, MM_SIM_WATT, 0) - mean) / mean, 0.05);
	}
	stop(&f);
}
END_TEST

START_TEST(windows_add_up_to_the_truth)
{
	struct fixture f = start("[board]\nseed=3\n[at 0]\nload_a = 1234.5 W 0.7 lag\nload_b=77 W\n[at 100.25]\nload_a = off\n"
				 "[at 300.75]\nload_a = 20000 W\nload_b = -3000 W\n[at 1000.001]\nload_b = off\n");
	double sum[2] = {0.0, 0.0};
	struct mm_sim_truth t;

	for (int i = 1; i <= 3600; i++) {
		advance(&f, i * SECOND);
		sum[0] += window_ws(code(&f, MM_SIM_WATTHR, 0)) / 3600.0;
		sum[1] += window_ws(code(&f, MM_SIM_WATTHR, 1)) / 3600.0;
	}
	t = truth(&f);
	ck_assert_uint_eq(mm_sim_board_windows(f.board), 3600);
	/* 1234.5 W for 100.25 s, 20 kW for the last 3299.25 s; 77 W for 300.75 s, -3 kW for 699.251 s. */
	ck_assert_int_eq(t.load_uwh[0], llround((1234.5 * 100.25 + 20000.0 * 3299.25) / 3600.0 * 1e6));
	ck_assert_int_eq(t.load_uwh[1], llround((77.0 * 300.75 - 3000.0 * 699.251) / 3600.0 * 1e6));
	ck_assert_int_le(llabs(t.load_total_uwh - t.load_uwh[0] - t.load_uwh[1]), 1);
	ck_assert_int_eq(t.seen_uwh[0], t.load_uwh[0]);
	ck_assert_double_eq_tol(sum[0], (double)t.seen_uwh[0] * 1e-6, 1e-3);
	ck_assert_double_eq_tol(sum[1], (double)t.seen_uwh[1] * 1e-6, 1e-3);
	stop(&f);
}
END_TEST

START_TEST(truth_does_not_depend_on_the_steps)
{
	const char *text =
		"[board]\nrepeat=3600\nppm=30\n[at 0]\nload_a = 333.333 W\n[at 17.5]\nload_ab = 1000 W\nct_a = reversed\n";
	struct fixture one = start(text), many = start(text);
	struct mm_sim_truth a, b;

	advance(&one, 2 * DAY + 12345);
	for (int64_t t = 0; t < 2 * DAY; t += 777777777777) {
		advance(&many, t);
	}
	advance(&many, 2 * DAY + 12345);
	a = truth(&one);
	b = truth(&many);
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert_uint_eq(mm_sim_board_windows(one.board), mm_sim_board_windows(many.board));
	for (enum mm_sim_register which = 0; which < MM_SIM_REGISTER_COUNT; which++) {
		ck_assert_int_eq(code(&one, which, 0), code(&many, which, 0));
	}
	/* Each round: 333.333 W all through; from 17.5 s on half of the 1000 W on each line; seen backwards from then on. */
	ck_assert_int_eq(a.load_uwh[0] / 1000, (int64_t)(48 * (333.333 + 500.0 * 3582.5 / 3600.0) * 1e3));
	ck_assert_int_eq(a.seen_uwh[0] / 1000, (int64_t)(48 * (333.333 * 17.5 - 833.333 * 3582.5) / 3600.0 * 1e3));
	stop(&one);
	stop(&many);
}
END_TEST

START_TEST(the_largest_power_adds_up_for_a_year)
{
	/* 1.1 V between the lines: 1 MW takes 909 kA, and each line would bear 100 times what it may. */
	struct fixture f = start("[at 0]\nvoltage_a = 121.1\nvoltage_b = 120\nphase_b = 0\nload_ab = 1000000 W\n");

	advance(&f, 366 * DAY);
	ck_assert_int_eq(truth(&f).load_uwh[0], 2 * INT64_C(1000000000000) * 366 * 24);
	ck_assert_int_eq(truth(&f).load_uwh[1], -2 * INT64_C(1000000000000) * 366 * 24);
	ck_assert_int_eq(truth(&f).load_total_uwh, 0);
	stop(&f);
}
END_TEST

START_TEST(a_fast_chip_has_more_windows)
{
	struct fixture f = start("[board]\nppm=100\nnoise=off\n[at 0]\nload_a = 1000 W\n");

	advance(&f, DAY);
	ck_assert_uint_eq(mm_sim_board_windows(f.board), 86408);
	/* It takes its own second for one, so each window still reads 1000 Ws. */
	ck_assert_double_eq_tol(window_ws(code(&f, MM_SIM_WATTHR, 0)), 1000.0, 1e-5);
	ck_assert_double_eq_tol((double)code(&f, MM_SIM_PERIOD, 0), 8000.0 * 65536 * 1.0001 / 60 - 1, 1.0);
	/* The window ends on the chip's second, not on ours. */
	advance(&f, DAY + 359000000);
	ck_assert_uint_eq(mm_sim_board_windows(f.board), 86408);
	advance(&f, DAY + 360000000);
	ck_assert_uint_eq(mm_sim_board_windows(f.board), 86409);
	stop(&f);
}
END_TEST

START_TEST(live_registers_never_rest)
{
	struct fixture f = start("[at 0]\nload_a = 1000 W\n"), again = start("[at 0]\nload_a = 1000 W\n");
	static const enum mm_sim_register live[] = {MM_SIM_VRMS, MM_SIM_IRMS, MM_SIM_WATTHR};

	for (unsigned r = 0; r < 3; r++) {
		unsigned moved = 0;
		int64_t last = 0, base = mm_sim_board_time(f.board) / SECOND;

		for (int i = 1; i <= 100; i++) {
			int64_t now;

			advance(&f, (base + i) * SECOND);
			advance(&again, (base + i) * SECOND);
			now = code(&f, live[r], 0);
			ck_assert_int_eq(now, code(&again, live[r], 0));
			moved += now != last;
			last = now;
		}
		ck_assert_uint_ge(moved, 90);
	}
	stop(&f);
	stop(&again);
}
END_TEST

START_TEST(frozen_repeats_the_first_reading)
{
	struct fixture f =
		start("[at 0]\nload_a = 1000 W\n[at 10]\nfault = frozen\n[at 60]\nfault = none\n[at 70]\nfault = frozen\n");
	int64_t volts, energy;

	advance(&f, 10 * SECOND);
	volts = code(&f, MM_SIM_VRMS, 0);
	energy = code(&f, MM_SIM_WATTHR, 0);
	advance(&f, 59 * SECOND);
	ck_assert_int_eq(code(&f, MM_SIM_VRMS, 0), volts);
	ck_assert_int_eq(code(&f, MM_SIM_WATTHR, 0), energy);
	advance(&f, 61 * SECOND);
	ck_assert_int_ne(code(&f, MM_SIM_VRMS, 0), volts);
	ck_assert_int_ne(code(&f, MM_SIM_WATTHR, 0), energy);
	/* A new freeze holds what is read then, not what the one before held. */
	advance(&f, 71 * SECOND);
	ck_assert_int_ne(code(&f, MM_SIM_WATTHR, 0), energy);
	stop(&f);
}
END_TEST

START_TEST(stuck_energy_and_implausible_rms)
{
	struct fixture f = start("[at 0]\nload_a = 1000 W\n[at 10.5]\nfault = stuck\n[at 20.5]\nfault = implausible\n");
	int64_t volts, energy;

	advance(&f, 11 * SECOND);
	volts = code(&f, MM_SIM_VRMS, 0);
	energy = code(&f, MM_SIM_WATTHR, 0);
	advance(&f, 20 * SECOND);
	ck_assert_int_eq(code(&f, MM_SIM_WATTHR, 0), energy);
	ck_assert_int_ne(code(&f, MM_SIM_VRMS, 0), volts);
	advance(&f, 22 * SECOND);
	ck_assert_int_ne(code(&f, MM_SIM_WATTHR, 0), energy);
	ck_assert_int_gt(code(&f, MM_SIM_VRMS, 0), 52866837);
	stop(&f);
}
END_TEST

START_TEST(bus_faults_fail_reads)
{
	struct fixture f = start("[at 1]\nfault = eio\n[at 2]\nfault = vanished\n");
	int64_t value = 42;

	advance(&f, SECOND);
	ck_assert_int_eq(mm_sim_board_read(f.board, MM_SIM_VRMS, 0, &value), -EIO);
	advance(&f, 2 * SECOND);
	ck_assert_int_eq(mm_sim_board_read(f.board, MM_SIM_VRMS, 0, &value), -ENODEV);
	ck_assert_int_eq(value, 42);
	stop(&f);
}
END_TEST

START_TEST(overrides_hold_until_given_back)
{
	struct fixture f = start("[at 0]\nload_a = 1000 W\n[at 3600]\nload_a = 2000 W\n");

	override(&f, MM_SIM_LOAD_A, "500 W");
	advance(&f, 7200 * SECOND);
	ck_assert_int_eq(truth(&f).load_uwh[0], 1000 * 1000000);
	mm_sim_board_override(f.board, MM_SIM_LOAD_A, NULL);
	advance(&f, 10800 * SECOND);
	ck_assert_int_eq(truth(&f).load_uwh[0], 3000 * INT64_C(1000000));
	stop(&f);
}
END_TEST

START_TEST(time_only_goes_forward)
{
	struct fixture f = start("");

	advance(&f, 5 * SECOND);
	advance(&f, 3 * SECOND);
	ck_assert_int_eq(mm_sim_board_time(f.board), 5 * SECOND);
	ck_assert_int_eq(mm_sim_board_advance(f.board, 5 * SECOND + MM_SIM_ADVANCE_MAX_NS + 1), -ERANGE);
	ck_assert_int_eq(mm_sim_board_time(f.board), 5 * SECOND);
	ck_assert_int_eq(mm_sim_board_advance(f.board, INT64_MAX), -ERANGE);
	stop(&f);
}
END_TEST

/* The fuzz target on a valid text with bytes knocked about. */
START_TEST(mangled_scenarios_do_no_harm)
{
	static const char text[] =
		"[board]\nppm = 20\nrepeat = 60\nstart_time = 2025-06-01T00:00:00Z\n[at 0]\nvoltage_a = 120\n"
		"load_a = 1500 W 0.8 lag\nct_b = reversed on a\n[at 00:00:30]\nfault = stall 20\nload_ab = off\n";
	uint8_t copy[sizeof(text)];
	uint32_t dice = 1;

	for (unsigned round = 0; round < 5000; round++) {
		memcpy(copy, text, sizeof(text));
		for (unsigned i = 0; i <= round % 4; i++) {
			dice = dice * 1664525 + 1013904223;
			copy[(dice >> 8) % (sizeof(text) - 1)] = (uint8_t)("\n[]= 0x-9.:\xff\0ea"[(dice >> 4) % 16]);
		}
		ck_assert_int_eq(LLVMFuzzerTestOneInput(copy, (dice >> 16) % sizeof(text)), 0);
	}
}
END_TEST

static Suite *sim_suite(void)
{
	Suite *suite = suite_create("sim");
	TCase *scenario = tcase_create("scenario"), *physics = tcase_create("physics"), *board = tcase_create("board");

	/* Generous: under valgrind on a busy machine nothing is fast. */
	tcase_set_timeout(scenario, 120);
	tcase_set_timeout(board, 120);
	tcase_add_loop_test(scenario, refuses_with_line, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(scenario, refuses_long_lines_and_missing_files);
	tcase_add_test(scenario, reads_board_and_times);
	tcase_add_loop_test(scenario, values_come_back, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(scenario, mangled_scenarios_do_no_harm);
	suite_add_tcase(suite, scenario);
	tcase_add_loop_test(physics, elements_see_the_wiring, 0, sizeof(wirings) / sizeof(wirings[0]));
	tcase_add_test(physics, load_pulls_its_line_down);
	tcase_add_test(physics, codes_are_of_full_scale);
	tcase_add_test(physics, waveform_is_a_sine);
	tcase_add_test(physics, polled_power_ripples_at_twice_the_frequency);
	suite_add_tcase(suite, physics);
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
	return suite;
}

int main(void)
{
	return mm_run_suite(sim_suite());
}
