/* SPDX-License-Identifier: MIT */
/* Recordings: what is read and refused, what lies between two samples, and the figures of the curves between them. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/flow.h"
#include "sim/recording.h"
#include "fixture/suite.h"

static int read_text(const char *text, struct mm_error *error, struct mm_sim_recording **ret)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int r = mm_sim_recording_read(file, "it.csv", 2, error, ret);

	fclose(file);
	return r;
}

/* A cubic is what it is between its samples too, and the end joins the beginning. */
START_TEST(between_samples)
{
	struct mm_sim_recording *recording;

	ck_assert_int_eq(read_text("# volts,amperes\n0,1\n1,-2\r\n8,4e1\n27,0\n64,0.5\n", NULL, &recording), 0);
	ck_assert_uint_eq(recording->count, 5);
	ck_assert_double_eq_tol(mm_sim_recording_at(recording, 0, 750e6), 3.375, 1e-12);
	ck_assert_double_eq_tol(mm_sim_recording_at(recording, 1, 1e9), 40, 1e-12);
	ck_assert_double_eq_tol(mm_sim_recording_at(recording, 1, 1e9 + 7 * 2500e6), 40, 1e-9);
	/* Half way from 64 to 0: 9/16 of these two less 1/16 of 27 and 1. */
	ck_assert_double_eq_tol(mm_sim_recording_at(recording, 0, 2250e6), (9 * 64 - 27 - 1) / 16.0, 1e-12);
	mm_sim_recording_free(recording);
}
END_TEST

/* Against sums over many points of the curves. */
START_TEST(figures)
{
	struct mm_sim_recording *recording;
	struct mm_sim_flow flow = {0};
	double v = 0, i = 0, vv = 0, ii = 0, vi = 0;
	const int points = 300000;

	ck_assert_int_eq(read_text("100,2\n-30,1\n-80,-4\n20,3\n7,0\n", NULL, &recording), 0);
	for (int k = 0; k < points; k++) {
		double at = (k + 0.5) / points * 2.5e9;
		double volts = mm_sim_recording_at(recording, 0, at), amperes = mm_sim_recording_at(recording, 1, at);

		v += volts / points;
		i += amperes / points;
		vv += volts * volts / points;
		ii += amperes * amperes / points;
		vi += volts * amperes / points;
	}
	mm_sim_flow_record(&flow, recording);
	ck_assert_double_eq_tol(flow.voltage_v[0], sqrt(vv - v * v), 1e-6);
	ck_assert_double_eq_tol(flow.current_a[0], sqrt(ii - i * i), 1e-6);
	ck_assert_double_eq_tol((double)flow.active_uw[0] * 1e-6, vi - v * i, 1e-5);
	ck_assert_int_eq(flow.load_uw[0], flow.active_uw[0]);
	mm_sim_recording_free(recording);
}
END_TEST

static const struct {
	const char *text, *error;
} refusals[] = {
	{"1,2\n", "it.csv:1: fewer than two samples"},
	{"# nothing\n", "it.csv:1: fewer than two samples"},
	{"1,2\n3\n", "it.csv:2: not VOLTS,AMPERES"},
	{"1,2\n3,4,5\n", "it.csv:2: not VOLTS,AMPERES"},
	{"volts,amperes\n1,2\n", "it.csv:1: not VOLTS,AMPERES"},
	{"1,nan\n", "it.csv:1: not VOLTS,AMPERES"},
	{"1,2e6\n", "it.csv:1: not VOLTS,AMPERES"},
	{"1,\n", "it.csv:1: not VOLTS,AMPERES"},
};

START_TEST(refused)
{
	struct mm_sim_recording *recording = NULL;
	struct mm_error error = {0};

	ck_assert_int_eq(read_text(refusals[_i].text, &error, &recording), -EINVAL);
	ck_assert_str_eq(error.text, refusals[_i].error);
	ck_assert_ptr_null(recording);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recording");
	TCase *tcase = tcase_create("recording");

	tcase_add_test(tcase, between_samples);
	tcase_add_test(tcase, figures);
	tcase_add_loop_test(tcase, refused, 0, MM_COUNT_OF(refusals));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
