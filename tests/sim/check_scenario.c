/* SPDX-License-Identifier: MIT */
/* Scenarios: what is read and refused, with the line, and values as they come back. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "fixture/sim_fixture.h"
#include "fixture/suite.h"

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
	 "rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger, no-channel or restarted"},
	{"[board]\nchip = ade7753\n",
	 "t.ini:2: chip: ade9000, ade9000-minimeter, mcp3910, mcp3911, mcp3912, mcp3913, mcp3914, mcp3918, mcp3919, "
	 "ads131e04, ads131e06, ads131e08 or ad7779"},
	{"[at 0]\nfault = stall\n",
	 "t.ini:2: fault: none, frozen, stall MS (up to 60000), eio, vanished, stuck, implausible, no-scale, swapped, "
	 "rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger, no-channel or restarted"},
	{"[at 0]\nfault = eio 5\n",
	 "t.ini:2: fault: none, frozen, stall MS (up to 60000), eio, vanished, stuck, implausible, no-scale, swapped, "
	 "rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger, no-channel or restarted"},
	{"[at 0]\nrubbish\nload_d = off\n", "t.ini:2: line: neither [section] nor key = value"},
	{"[at 0]\nload_a = off\n  1 W\n", "t.ini:3: line: begins with a blank"},
	{"[at 0\n", "t.ini:1: section: no ] where it should be"},
};

START_TEST(refuses_with_line)
{
	struct mm_sim_scenario *scenario = NULL;
	struct mm_error error = {0};

	ck_assert_int_eq(mm_sim_scenario_parse("t.ini", refusals[_i].text, strlen(refusals[_i].text), &error, &scenario),
			 -EINVAL);
	ck_assert_str_eq(error.text, refusals[_i].error);
	ck_assert_ptr_null(scenario);
}
END_TEST

START_TEST(refuses_long_lines_and_missing_files)
{
	struct mm_sim_scenario *scenario = NULL;
	struct mm_error error = {0};
	char text[600] = "[at 0]\nload_a = ";

	memset(text + strlen(text), '9', 500);
	ck_assert_int_eq(mm_sim_scenario_parse("t.ini", text, sizeof(text), &error, &scenario), -EINVAL);
	ck_assert_str_eq(error.text, "t.ini:2: line: too long, or not text");
	ck_assert_int_eq(mm_sim_scenario_load("/nonexistent/x.ini", &error, &scenario), -ENOENT);
	ck_assert_str_eq(error.text, "/nonexistent/x.ini: No such file or directory");
}
END_TEST

START_TEST(reads_board_and_times)
{
	struct fixture *f = start("[board]\nppm = -20.5\nseed=7\nstart_time = 2025-06-01T02:00:00+02:00\nrepeat=24:00:00\n"
				  "noise=off ; quiet\n[at 0]\nload_a = 100 W\n[at 90.5]\nload_a = off\n[at 06:30]\nload_a = 1 W\n"
				  "[at 06:30:15]\nload_a=2 W\n",
				  true);

	ck_assert_double_eq(f->scenario->board.ppm, -20.5);
	ck_assert_uint_eq(f->scenario->board.seed, 7);
	ck_assert(f->scenario->board.has_start && !f->scenario->board.noise);
	ck_assert_int_eq(f->scenario->board.start_s, 1748736000);
	ck_assert_int_eq(f->scenario->board.repeat_ns, DAY);
	ck_assert_uint_eq(f->scenario->event_count, 4);
	ck_assert_int_eq(f->scenario->events[1].time_ns, 90500000000);
	ck_assert_int_eq(f->scenario->events[2].time_ns, 23400 * SECOND);
	ck_assert_int_eq(f->scenario->events[3].time_ns, 23415 * SECOND);
	stop(f);
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
	struct fixture *f = start("", true);
	char text[MM_SIM_VALUE_TEXT_MAX];

	override(f, values[_i].key, values[_i].text);
	mm_sim_state_format(mm_sim_board_state(f->board), values[_i].key, text);
	ck_assert_str_eq(text, values[_i].back);
	stop(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario");
	TCase *scenario = tcase_create("scenario");

	/* Generous: under valgrind on a busy machine nothing is fast. */
	tcase_set_timeout(scenario, 120);
	tcase_add_loop_test(scenario, refuses_with_line, 0, MM_COUNT_OF(refusals));
	tcase_add_test(scenario, refuses_long_lines_and_missing_files);
	tcase_add_test(scenario, reads_board_and_times);
	tcase_add_loop_test(scenario, values_come_back, 0, MM_COUNT_OF(values));
	suite_add_tcase(suite, scenario);
	return mm_run_suite(suite);
}
