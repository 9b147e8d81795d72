/* SPDX-License-Identifier: MIT */
/* check and diagnose: what they make of the daemon's answers. */

#include "core/units.h"
#include "ctl/check_ctl.h"

#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "ctl/check.h"

#define EVENT "{\"code\":\"reversed\",\"count\":3,\"last\":\"2026-03-01T12:00:00Z\"}"

START_TEST(diagnosis_is_said_in_words)
{
	static const struct fake_answer fine[] = {{"Diagnose", 0, REPLY(DIAGNOSIS(NONE, ""))}, {NULL, 0, NULL}};
	static const struct fake_answer turned[] = {{"Diagnose", 0, REPLY(DIAGNOSIS(TURNED, EVENT))}, {NULL, 0, NULL}};
	static const struct fake_answer several[] = {
		{"Diagnose", 0,
		 REPLY(DIAGNOSIS(FINDING("ct-open", "1", "true", "0.5", TIE("1"), "null") "," FINDING(
					 "ct-reversed", "2", "true", "0.6", TIE("2"),
					 "null") "," FINDING("generation", "2", "false", "0.3", TIE("2"),
							     "null") "," FINDING("several-mistakes", "null", "true", "0.12",
										 UNTIED, "null") "," FINDING("load-too-small",
													     "1", "false", "0.5",
													     TIE("1"), "null"),
				 ""))},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(turned);
	struct outcome outcome;
	json_t *request;

	expect(fine, "diagnose", MM_CTL_FINE,
	       "main, by the last 64 windows; L2 lags L1 by 180 +- 2 degrees\n"
	       "  likeliest (97 %):\n    words of none\n      seen?[2J\n      next: next of none\n",
	       "");
	/* In a tie there are no percentages; what is hardly likely is named and no more; the event log comes last. */
	expect(turned, "diagnose", MM_CTL_FAULT,
	       "  either of these, which the readings fit alike:\n    element 2: words of ct-reversed\n      seen?[2J\n"
	       "      put right, the meter would show 2406.4 W; it shows 1203.2 W\n      next: next of ct-reversed\n"
	       "    element 2: words of generation\n      seen?[2J\n      next: next of generation\n"
	       "    or, seldom, words of cts-crossed\n\nEVENT LOG  TIMES  LAST\nreversed       3  2026",
	       "");
	/* Two ties, one inside the other, and what is in none. */
	expect(several, "diagnose", MM_CTL_FAULT,
	       "  either of these, which the readings fit alike:\n    element 1: words of ct-open\n      seen?[2J\n"
	       "      next: next of ct-open\n    element 1: words of load-too-small\n      seen?[2J\n"
	       "      next: next of load-too-small\n"
	       "  either of these, which the readings fit alike:\n    element 2: words of ct-reversed\n      seen?[2J\n"
	       "      next: next of ct-reversed\n    element 2: words of generation\n      seen?[2J\n      next: next of "
	       "generation\n"
	       "  also possible (12 %):\n    words of several-mistakes\n",
	       "");

	outcome = run_ctl(&fixture, "diagnose --loaded --json");
	ck_assert_int_eq(outcome.code, MM_CTL_FAULT);
	request = fake_daemon_request(fixture.daemon, "Diagnose");
	ck_assert(json_is_true(json_object_get(json_object_get(request, "parameters"), "loaded")));
	json_decref(request);
	outcome_free(&outcome);
	fake_socket_free(&fixture);
}
END_TEST

/* What somebody says of the load comes first, however seldom it is: percentages would contradict the order. */
START_TEST(percentages_go_with_the_order)
{
	static const struct fake_answer against[] = {
		{"Diagnose", 0,
		 REPLY(DIAGNOSIS(FINDING("creep", "1", "true", "0.6", UNTIED, "null") "," FINDING("ct-reversed", "2", "true",
												  "0.9", UNTIED, "null"),
				 ""))},
		{NULL, 0, NULL},
	};
	static const struct fake_answer with[] = {
		{"Diagnose", 0,
		 REPLY(DIAGNOSIS(FINDING("ct-reversed", "2", "true", "0.9", UNTIED, "null") "," FINDING("creep", "1", "true",
													"0.6", UNTIED, "null"),
				 ""))},
		{NULL, 0, NULL},
	};

	expect(against, "diagnose", MM_CTL_FAULT, "  likeliest:\n    element 1: words of creep\n", "");
	expect(against, "diagnose", MM_CTL_FAULT, "  also possible:\n    element 2: words of ct-reversed\n", "");
	expect(with, "diagnose", MM_CTL_FAULT, "  likeliest (90 %):\n    element 2: words of ct-reversed\n", "");
	expect(with, "diagnose", MM_CTL_FAULT, "  also possible (60 %):\n    element 1: words of creep\n", "");
}
END_TEST

START_TEST(check_judges_each_item)
{
	static const struct fake_answer fine[] = {
		CHECKED("true", DIAGNOSIS(NONE, "")),
		{NULL, 0, NULL},
	};
	static const struct fake_answer turned[] = {
		CHECKED("false", DIAGNOSIS(TURNED, "")),
		{NULL, 0, NULL},
	};
	static const struct fake_answer open[] = {
		CHECKED("true", DIAGNOSIS(FINDING("ct-open", "1", "true", "0.5", TIE("1"),
						  "null") "," FINDING("load-too-small", "1", "false", "0.5", TIE("1"), "null"),
					  "")),
		{NULL, 0, NULL},
	};

	expect(fine, "check", MM_CTL_FINE, "ok         ct 2              right way round, and on line 2\n", "");
	expect(fine, "check", MM_CTL_FINE, "ok         phase-relation    L2 lags L1 by 180 +- 2 degrees: split phase\n", "");
	expect(fine, "check", MM_CTL_FINE, "ok         load-led          in step with the register; at 2406 W on 7.5 s", "");
	expect(fine, "check", MM_CTL_FINE, "ok         reported          the meter reports no fault\n", "");
	expect(fine, "check", MM_CTL_FINE, "\nmain: 0 faults, 0 undecided, 0 not done\n", "");
	expect(fine, "check --json", MM_CTL_FINE, "\"ok\": true", "");
	/* The load LED has the wrong level; a cause that is hardly likely does not fail CT 1. */
	expect(turned, "check", MM_CTL_FAULT,
	       "undecided  ct 2              either words of ct-reversed; or words of generation\n", "");
	expect(turned, "check", MM_CTL_FAULT, "ok         ct 1              right way round", "");
	expect(turned, "check", MM_CTL_FAULT, "fault      load-led          out of step with the register", "");
	expect(turned, "check", MM_CTL_FAULT, "\nmain: 1 fault, 1 undecided, 0 not done\n", "");
	expect(turned, "check --json", MM_CTL_FAULT, "\"ok\": false", "");
	expect(open, "check", MM_CTL_FAILED, "undecided  ct 1              either words of ct-open; or words of load-too-small\n",
	       "");
	expect(open, "check", MM_CTL_FAILED, "\nmain: 0 faults, 1 undecided, 0 not done\n", "");
}
END_TEST

/* A correction in force: it is for the wires, or no longer, or nothing speaks for either. */
START_TEST(correction_is_judged)
{
#define CORRECTED                                                                                                                \
	"{\"cause\":\"ct-reversed\",\"element\":2,\"fault\":true,\"corrected\":true,\"confidence\":0.9,\"tied\":false,"          \
	"\"words\":\"turned\",\"evidence\":[],\"next\":\"turn it\",\"mended_w\":null}"
	static const struct {
		struct mm_names corrections;
		const char *findings, *state, *text;
	} table[] = {
		{{1, {"ct2-reversed"}}, CORRECTED, "ok", "ct2-reversed; costs a little accuracy"},
		{{2, {"ct-crossed", "lines-180"}},
		 CORRECTED,
		 "ok",
		 "ct-crossed lines-180; costs 0.3 % at power factor 0.5 for each 0.1 degrees between the lines"},
		{{1, {"ct2-reversed"}},
		 FINDING("correction-wrong", "null", "true", "0.7", TIE("1"), "null"),
		 "fault",
		 "ct2-reversed: not for what the wires show"},
		{{1, {"ct2-reversed"}},
		 FINDING("load-too-small", "2", "false", "0.9", UNTIED, "null"),
		 "undecided",
		 "ct2-reversed: these readings don't show whether it is for these wires"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct mm_reading reading = {
			.valid = true,
			.power_led = true,
			.corrections = table[i].corrections,
			.element_count = 2,
		};
		json_t *items = json_array(), *diagnosis, *item = NULL, *ct = NULL, *one;
		char text[1024];
		size_t at;

		snprintf(text, sizeof(text), "{\"findings\":[%s]}", table[i].findings);
		diagnosis = json_loads(text, 0, NULL);
		mm_check_readings(items, &reading, diagnosis, 0);
		json_array_foreach(items, at, one)
		{
			const char *name = json_string_value(json_object_get(one, "item"));

			item = strcmp(name, "correction") == 0 ? one : item;
			ct = strcmp(name, "ct") == 0 ? one : ct;
		}
		ck_assert_ptr_nonnull(item);
		ck_assert_str_eq(json_string_value(json_object_get(item, "state")), table[i].state);
		ck_assert_str_eq(json_string_value(json_object_get(item, "text")), table[i].text);
		if (i < 2) {
			ck_assert_str_eq(json_string_value(json_object_get(ct, "state")), "ok");
			ck_assert_str_eq(json_string_value(json_object_get(ct, "text")),
					 "turned: corrected in the configuration");
		}
		json_decref(items);
		json_decref(diagnosis);
	}
}
END_TEST

START_TEST(known_load_is_compared)
{
	static const struct fake_answer nothing[] = {{NULL, 0, NULL}};
	static const struct {
		const char *cause;
		double load_w;
		const char *state;
	} table[] = {
		{"none", 750, "ok"},	      {"none", 1500, "undecided"}, {"ct-ratio", 1500, "fault"},
		{"creep", 1500, "undecided"}, {"creep", 0, "fault"},	   {"none", 0, "undecided"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct mm_reading reading = {.valid = true, .power_w = 750.5};
		json_t *items = json_array();
		json_t *diagnosis =
			json_pack("{s:[{s:s, s:s, s:s}]}", "findings", "cause", table[i].cause, "words", "words", "next", "next");

		mm_check_load(items, &reading, diagnosis, table[i].load_w);
		ck_assert_msg(strcmp(json_string_value(json_object_get(json_array_get(items, 0), "state")), table[i].state) == 0,
			      "row %zu", i);
		json_decref(items);
		json_decref(diagnosis);
	}
	expect(nothing, "check --load much", MM_CTL_USAGE, "",
	       "--load, in watts, must be a whole number from 0 to 1000000, not 'much'");
	expect(nothing, "diagnose --load -5", MM_CTL_USAGE, "",
	       "--load, in watts, must be a whole number from 0 to 1000000, not '-5'");
}
END_TEST

static const char *state_of(const json_t *items, size_t number)
{
	return json_string_value(json_object_get(json_array_get(items, number), "state"));
}

/*
 * A fault of the whole meter that is tied with what is no fault judges no CT, whichever element that is about and wherever it is
 * in the list.
 */
START_TEST(fault_of_the_meter_in_a_tie_is_left_open)
{
#define SOURCE(tie) FINDING("generation-configured", "1", "false", "0.8", tie, "null")
#define NEUTRAL FINDING("neutral-lead-open", "null", "true", "0.2", TIE("2"), "null")
	static const struct {
		const char *findings, *one, *two;
	} table[] = {
		{SOURCE(TIE("2")) "," NEUTRAL, "undecided", "undecided"},
		{NEUTRAL "," SOURCE(TIE("2")), "undecided", "undecided"},
		{SOURCE(TIE("1")) "," NEUTRAL, "undecided", "fault"},
		{SOURCE(UNTIED) "," NEUTRAL, "undecided", "fault"},
		/* Line 1's source says nothing of a CT on line 2 that is turned. */
		{SOURCE(TIE("2")) "," FINDING("ct-reversed", "2", "true", "0.2", TIE("2"), "null"), "undecided", "fault"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct mm_reading reading = {.valid = true, .supply_min_v = 102, .supply_max_v = 138, .element_count = 2};
		json_t *items = json_array(), *diagnosis, *one;
		const char *state[2] = {NULL, NULL}, *words = NULL;
		char text[1024];
		size_t at;

		snprintf(text, sizeof(text), "{\"findings\":[%s]}", table[i].findings);
		diagnosis = json_loads(text, 0, NULL);
		mm_check_readings(items, &reading, diagnosis, 0);
		json_array_foreach(items, at, one)
		{
			if (strcmp(json_string_value(json_object_get(one, "item")), "ct") == 0) {
				state[json_integer_value(json_object_get(one, "element")) - 1] = state_of(items, at);
				words = json_string_value(json_object_get(one, "text"));
			}
		}
		ck_assert_msg(strcmp(state[0], table[i].one) == 0, "row %zu: %s", i, state[0]);
		ck_assert_msg(strcmp(state[1], table[i].two) == 0, "row %zu: %s", i, state[1]);
		if (i < 2) {
			ck_assert_str_eq(words, "either words of neutral-lead-open; or words of generation-configured");
		}
		json_decref(items);
		json_decref(diagnosis);
	}
}
END_TEST

/* Those that have a line; where none has, there is nothing to look at. */
START_TEST(pulse_outputs_are_listed)
{
	static struct mm_output_states outputs = {
		.count = 4,
		.output = {{.name = "10", .line = "GPIO17"},
			   {.name = "100"},
			   {.name = "counter", .line = "GPIO5"},
			   {.name = "led_load", .line = "GPIO23"}},
	};
	static const struct {
		mm_check_answer counted;
		const char *state, *text;
	} rows[] = {{0, "not-done", "10 on GPIO17, counter on GPIO5"},
		    {'y', "ok", "counted right: 10 on GPIO17, counter on GPIO5"},
		    {'n', "fault", "not counted right: 10 on GPIO17, counter on GPIO5"}};
	json_t *items = json_array();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		mm_check_outputs(items, &outputs, rows[i].counted);
		ck_assert_str_eq(state_of(items, i), rows[i].state);
		ck_assert_str_eq(json_string_value(json_object_get(json_array_get(items, i), "text")), rows[i].text);
	}
	outputs.output[0].line = outputs.output[2].line = NULL;
	mm_check_outputs(items, &outputs, 0);
	ck_assert_uint_eq(json_array_size(items), COUNT_OF(rows));
	json_decref(items);
}
END_TEST

START_TEST(items_are_judged_by_figures)
{
	static const struct {
		const char *lag;
		const char *state;
		const char *model;
	} angles[] = {
		{"120", "fault", "GEN-1P3W-120-200:0.1-10"},
		{"-120", "fault", "GEN-1P3W-120-200:0.1-10"},
		{"180", "fault", "GEN-2P3W-120-200:0.1-10"},
		{"180", "ok", "GEN-1P3W-120-200:0.1-10"},
		{"120", "ok", "GEN-2P3W-120-200:0.1-10"},
		{"180", "ok"},
		{"-179", "ok"},
		{"120", "ok"},
		{"-120", "ok"},
		{"14", "fault"},
		{"60", "fault"},
		{"null", "not-done"},
	};
	static const struct {
		double volts;
		const char *state;
	} volts[] = {{101.9, "fault"}, {102, "ok"}, {138, "ok"}, {138.1, "fault"}};
	char text[256];

	for (size_t i = 0; i < COUNT_OF(angles); i++) {
		const struct mm_reading reading = {
			.valid = true, .model = angles[i].model, .supply_min_v = 102, .supply_max_v = 138, .element_count = 2};
		json_t *items = json_array(), *diagnosis;

		snprintf(text, sizeof(text), "{\"lines_lag_deg\":%s}", angles[i].lag);
		diagnosis = json_loads(text, 0, NULL);
		mm_check_readings(items, &reading, diagnosis, 0);
		ck_assert_str_eq(json_string_value(json_object_get(json_array_get(items, 3), "item")), "phase-relation");
		ck_assert_msg(strcmp(state_of(items, 3), angles[i].state) == 0, "%s: %s", angles[i].lag, state_of(items, 3));
		json_decref(items);
		json_decref(diagnosis);
	}
	for (size_t i = 0; i < COUNT_OF(volts); i++) {
		const struct mm_reading reading = {
			.valid = true,
			.supply_min_v = 102,
			.supply_max_v = 138,
			.element_count = 1,
			.element = {{.voltage_v = volts[i].volts, .current_a = 1}},
		};
		json_t *items = json_array();

		mm_check_readings(items, &reading, NULL, 0);
		ck_assert_msg(strcmp(state_of(items, 1), volts[i].state) == 0, "%g V", volts[i].volts);
		/* 1 A is not over 1 A. */
		ck_assert_str_eq(state_of(items, 2), "undecided");
		json_decref(items);
	}
}
END_TEST

/* The load LED turns at every 5 Wh; a window's energy may still be on its way to it. */
START_TEST(load_led_follows_energy)
{
	static const struct {
		struct mm_check_led before, after;
		const char *state;
	} table[] = {
		{{false, 0, 900000, 1000000, 200}, {false, 0, 4700000, 4900000, 200}, "ok"},
		{{false, 0, 900000, 1000000, 200}, {true, 1, 6700000, 6900000, 200}, "ok"},
		{{false, 0, 900000, 1000000, 200},
		 {false, 0, 6700000, 6900000, 200},
		 "fault"}, /* it should have turned a while ago */
		{{false, 0, 900000, 1000000, 200}, {false, 0, 4900000, 5010000, 200}, "ok"}, /* just now */
		{{false, 0, 900000, 1000000, 200}, {true, 1, 4900000, 5010000, 200}, "ok"},
		{{false, 0, 900000, 1000000, 200}, {true, 3, 6700000, 6900000, 200}, "fault"}, /* it flickers */
		{{true, 5, 0, 0, 24000}, {false, 11, 24000000, 33000000, 24000}, "ok"},
		{{true, 5, 0, 0, 24000}, {true, 10, 24000000, 33000000, 24000}, "ok"},
		{{true, 5, 0, 0, 24000}, {true, 5, 54000000, 60000000, 24000}, "fault"}, /* it is stuck */
		{{false, 5, 7000000, 7000000, 0}, {false, 5, 7000000, 7000000, 0}, "undecided"},
		{{false, 5, 7000000, 7000000, -10}, {false, 5, 7000000, 7000000, -10}, "undecided"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct mm_check_led before = table[i].before, after = table[i].after;
		json_t *items = json_array();

		before.half_uwh = after.half_uwh = 5 * MM_UWH_PER_WH;
		mm_check_load_led(items, &before, &after);
		ck_assert_msg(strcmp(state_of(items, 0), table[i].state) == 0, "row %zu: %s", i, state_of(items, 0));
		json_decref(items);
	}
}
END_TEST

START_TEST(load_led_is_between_two_readings)
{
	const struct mm_reading after = {.delivered_uwh = 10400000, .power_w = 1200};
	const struct mm_output_state output = {.level = true, .kh_uwh = 100 * MM_UWH_PER_WH, .edges = 9};
	struct mm_check_led led = mm_check_led(10000000, &output, &after);

	ck_assert(led.level);
	ck_assert_int_eq(led.edges, 9);
	ck_assert_int_eq(led.earliest_uwh, 9000000); /* 3 s of 1.2 kW earlier */
	ck_assert_int_eq(led.latest_uwh, 10400000);
	ck_assert_int_eq(led.half_uwh, 50 * MM_UWH_PER_WH);
}
END_TEST

START_TEST(lines_are_apart_by_what_the_meter_is_rated_for)
{
	const struct mm_reading mini = {.supply_min_v = 102, .supply_max_v = 138},
				other = {.supply_min_v = 195.5, .supply_max_v = 264.5};
	char text[MM_CHECK_APART_MAX];

	mm_check_between_lines(&mini, text);
	ck_assert_str_eq(text, "240 V, or 208 V in a wye");
	mm_check_between_lines(&other, text);
	ck_assert_str_eq(text, "460 V, or 398 V in a wye");
}
END_TEST

/* With nothing said to run, what registers is the first item, and a fault. */
START_TEST(creep_is_the_first_item)
{
	static const struct fake_answer creeping[] = {
		CHECKED("true", DIAGNOSIS(FINDING("creep", "1", "true", "0.9", UNTIED, "null"), "")),
		{NULL, 0, NULL},
	};

	expect(creeping, "check --load 0", MM_CTL_FAULT,
	       "WHAT\nfault      load-power        2406.4 W where 0 W are said to run: words of creep\n", "");
	expect(creeping, "check --load 0", MM_CTL_FAULT, "ok         ct 1              right way round", "");
	expect(creeping, "diagnose --load 0", MM_CTL_FAULT, "likeliest (90 %):\n    element 1: words of creep\n", "");
}
END_TEST

/* What 'status' calls a fault is one here, and "nothing wrong" is not said beside it. */
START_TEST(a_reported_fault_fails_the_check)
{
	static const struct fake_answer reported[] = {
		ONE_METER,
		{"Read", 0, REPLY("{\"meters\":[" METER("main", "true", "\"outputs-failing\"", BOTH_ELEMENTS) "]}")},
		{"GetOutputs", 0, REPLY(LED_LOAD("true", "7"))},
		{"Diagnose", 0, REPLY(DIAGNOSIS(NONE, ""))},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(reported);
	struct outcome outcome = run_ctl(&fixture, "check");

	ck_assert_int_eq(outcome.code, MM_CTL_FAULT);
	ck_assert_ptr_nonnull(strstr(outcome.out, "fault      reported "));
	ck_assert_ptr_null(strstr(outcome.out, "words of none"));
	outcome_free(&outcome);
	fake_socket_free(&fixture);
}
END_TEST

TCase *check_tcase(void)
{
	TCase *tcase = tcase_create("check");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, diagnosis_is_said_in_words);
	tcase_add_test(tcase, check_judges_each_item);
	tcase_add_test(tcase, items_are_judged_by_figures);
	tcase_add_test(tcase, correction_is_judged);
	tcase_add_test(tcase, fault_of_the_meter_in_a_tie_is_left_open);
	tcase_add_test(tcase, known_load_is_compared);
	tcase_add_test(tcase, pulse_outputs_are_listed);
	tcase_add_test(tcase, load_led_follows_energy);
	tcase_add_test(tcase, load_led_is_between_two_readings);
	tcase_add_test(tcase, lines_are_apart_by_what_the_meter_is_rated_for);
	tcase_add_test(tcase, percentages_go_with_the_order);
	tcase_add_test(tcase, creep_is_the_first_item);
	tcase_add_test(tcase, a_reported_fault_fails_the_check);
	return tcase;
}
