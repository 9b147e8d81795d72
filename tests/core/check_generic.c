/* SPDX-License-Identifier: MIT */
/* Meters that no Mini Meter number describes: their CTs, their model's text, and what follows from it. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "core/generic.h"
#include "core/pulse.h"
#include "fixture/suite.h"

static const struct {
	const char *text;
	struct mm_ct ct;
	const char *spelt;
} cts[] = {
	{"200:0.1", {200, 1000, false}, "200:0.1"},	{"200:0.333V", {200, 3330, true}, "200:0.333V"},
	{"600:5", {600, 50000, false}, "600:5"},	{"100:.3333v", {100, 3333, true}, "100:0.3333V"},
	{"10000:1V", {10000, 10000, true}, "10000:1V"}, {"200:0.3330", {200, 3330, false}, "200:0.333"},
};

START_TEST(reads_a_ct)
{
	const char *reason;
	struct mm_ct ct;
	char text[MM_CT_TEXT_MAX];

	ck_assert_int_eq(mm_ct_parse(cts[_i].text, &ct, &reason), 0);
	ck_assert_int_eq(ct.primary_a, cts[_i].ct.primary_a);
	ck_assert_int_eq(ct.secondary, cts[_i].ct.secondary);
	ck_assert_int_eq(ct.volts, cts[_i].ct.volts);
	mm_ct_format(&ct, text);
	ck_assert_str_eq(text, cts[_i].spelt);
}
END_TEST

static const char *const no_cts[] = {"",	  "200",       ":0.1",	  "200:",	    "200:V",
				     "0:0.1",	  "20000:0.1", "200:0",	  "200:11V",	    "200:0.1A",
				     "200:333mV", "-200:0.1",  "2e2:0.1", "200: 0.1",	    "200:0x1",
				     "200:1.2.3", "200:nan",   "200.5:1", "200:0.12345678", "1000000000000000000:1"};

START_TEST(refuses_what_is_no_ct)
{
	const char *reason = NULL;
	struct mm_ct ct = {7, 7, 7};

	ck_assert_int_eq(mm_ct_parse(no_cts[_i], &ct, &reason), -EINVAL);
	ck_assert_ptr_nonnull(reason);
	ck_assert_int_eq(ct.primary_a, 7);
}
END_TEST

static struct mm_model model_of(struct mm_generic generic)
{
	struct mm_model_error error;
	struct mm_model model;

	ck_assert_int_eq(mm_generic_model(&generic, &model, &error), 0);
	return model;
}

/* Another CT, service, voltage or Kh is another model, and the longest of them fits. */
START_TEST(each_part_is_of_the_text)
{
	const struct mm_generic all[] = {
		{2, 230, 10, {200, 3330, true}, MM_WIRES_NETWORK},  {1, 230, 10, {200, 3330, true}, MM_WIRES_1P2W},
		{2, 230, 10, {200, 3330, true}, MM_WIRES_SPLIT},    {2, 231, 10, {200, 3330, true}, MM_WIRES_NETWORK},
		{2, 230, 100, {200, 3330, true}, MM_WIRES_NETWORK}, {2, 230, 10, {400, 3330, true}, MM_WIRES_NETWORK},
		{2, 230, 10, {200, 3330, false}, MM_WIRES_NETWORK}, {2, 230, 10, {200, 3333, true}, MM_WIRES_NETWORK},
		{3, 230, 10, {200, 3330, true}, MM_WIRES_WYE},	    {3, 277, 1000, {10000, 3333, true}, MM_WIRES_WYE},
	};

	ck_assert_str_eq(model_of(all[0]).canonical, "GEN-2P3W-230-200:0.333V-10");
	ck_assert_str_eq(model_of(all[COUNT_OF(all) - 1]).canonical, "GEN-3P4W-277-10000:0.3333V-1000");
	for (unsigned i = 0; i < COUNT_OF(all); i++) {
		for (unsigned j = 0; j < i; j++) {
			ck_assert_str_ne(model_of(all[i]).canonical, model_of(all[j]).canonical);
		}
	}
}
END_TEST

START_TEST(elements_are_those_of_the_service)
{
	const struct mm_generic wrong[] = {
		{2, 230, 10, {200, 1000, false}, MM_WIRES_1P2W},    {1, 230, 10, {200, 1000, false}, MM_WIRES_SPLIT},
		{1, 230, 10, {200, 1000, false}, MM_WIRES_NETWORK}, {2, 230, 10, {200, 1000, false}, MM_WIRES_3W},
		{2, 230, 10, {200, 1000, false}, MM_WIRES_WYE},	    {3, 230, 10, {200, 1000, false}, MM_WIRES_SPLIT},
		{2, 230, 10, {200, 1000, false}, MM_WIRES_COUNT}};
	struct mm_model model = {.canonical = "untouched"};
	struct mm_model_error error;

	for (unsigned i = 0; i < COUNT_OF(wrong); i++) {
		ck_assert_int_eq(mm_generic_model(&wrong[i], &model, &error), -EINVAL);
	}
	ck_assert_str_eq(model.canonical, "untouched");
}
END_TEST

/* The outputs at Kh and above; the load LED is as fast as the fastest. */
START_TEST(outputs_go_by_kh)
{
	static const int64_t kh_wh[][MM_OUTPUT_ENERGY_COUNT] = {
		{10, 100, 1000, 1000, 10}, {0, 100, 1000, 1000, 100}, {0, 0, 1000, 1000, 1000}};
	const int kh[] = {10, 100, 1000};

	for (unsigned i = 0; i < COUNT_OF(kh); i++) {
		const struct mm_model model = model_of((struct mm_generic){1, 230, kh[i], {200, 1000, false}, MM_WIRES_1P2W});

		for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
			ck_assert_int_eq(mm_output_kh_uwh(&model, o), kh_wh[i][o] * MM_UWH_PER_WH);
		}
		ck_assert_int_eq(mm_pulse_step_uwh(&model), kh[i] * MM_UWH_PER_WH / 2);
		ck_assert_double_eq_tol(mm_pulse_full_w(&model), 45000.0 * kh[i], 1e-6);
	}
}
END_TEST

/* At the most power that a Kh allows all is put out, and no edge is nearer than it may be, whatever the windows' lengths. */
START_TEST(the_fastest_pulses_are_slow_enough)
{
	const int kh[] = {10, 100, 1000};
	const struct mm_model model = model_of((struct mm_generic){1, 230, kh[_i], {200, 1000, false}, MM_WIRES_1P2W});
	int64_t position = 0, at_ns = 0, last_ns[MM_OUTPUT_COUNT], uwh = 0;
	uint64_t random = 1;
	struct mm_edges edges;

	for (int o = 0; o < MM_OUTPUT_COUNT; o++) {
		last_ns[o] = INT64_MIN / 2;
	}
	for (unsigned i = 0; i < 3000; i++) {
		int64_t length_ns;

		random = random * 6364136223846793005u + 1442695040888963407u;
		length_ns = MM_NS_PER_MS + (int64_t)(random >> 33) % (2000 * MM_NS_PER_MS);
		uwh = position + (int64_t)(2 * mm_pulse_full_w(&model) * MM_UWH_PER_WS * (double)length_ns / MM_NS_PER_S);
		mm_pulse_advance(&model, &position, uwh, at_ns, at_ns + length_ns, &edges);
		for (unsigned e = 0; e < edges.count; e++) {
			ck_assert_int_ge(edges.edge[e].at_ns - last_ns[edges.edge[e].output], MM_PULSE_MIN_NS);
			last_ns[edges.edge[e].output] = edges.edge[e].at_ns;
		}
		at_ns += length_ns;
	}
	ck_assert_double_ge((double)position, 0.99 * mm_pulse_full_w(&model) * MM_UWH_PER_WS * (double)at_ns / MM_NS_PER_S);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generic");
	TCase *tcase = tcase_create("generic"), *slow = tcase_create("pulses");

	tcase_add_loop_test(tcase, reads_a_ct, 0, MM_COUNT_OF(cts));
	tcase_add_loop_test(tcase, refuses_what_is_no_ct, 0, MM_COUNT_OF(no_cts));
	tcase_add_test(tcase, each_part_is_of_the_text);
	tcase_add_test(tcase, elements_are_those_of_the_service);
	tcase_add_test(tcase, outputs_go_by_kh);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(slow, "slow");
	tcase_add_loop_test(slow, the_fastest_pulses_are_slow_enough, 0, 3);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
