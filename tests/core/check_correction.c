/* SPDX-License-Identifier: MIT */
/*
 * Wiring corrected by arithmetic: every mistake that a correction is for, made with phasors, gives the readings of right wiring.
 */
#include <check.h>
#include <complex.h>
#include <math.h>

#include "core/correction.h"
#include "fixture/suite.h"

#define SECONDS 1.5
#define DEGREE (acos(-1.0) / 180)

static const unsigned input[MM_ELEMENTS_MAX] = {2, 0}; /* the front end's order is its own */

/* Two lines, the second one lagging, and what flows on them. */
struct circuit {
	double complex voltage[2], current[2];
};

static struct circuit circuit(double lag_deg)
{
	struct circuit c = {.voltage = {121.3, 118.2 * cexp(-I * lag_deg * DEGREE)}};

	c.current[0] = 10 * cexp(I * carg(c.voltage[0]) - I * 40 * DEGREE); /* lagging */
	c.current[1] = 17 * cexp(I * carg(c.voltage[1]) + I * 55 * DEGREE); /* leading */
	return c;
}

/* What a chip reads whose CTs carry these currents. */
static void read_input(const struct circuit *c, unsigned element, double complex current, struct mm_measurement *ret)
{
	double complex s = c->voltage[element] * conj(current) * SECONDS;

	ret->input[input[element]] = (struct mm_input_reading){
		.voltage_v = cabs(c->voltage[element]),
		.current_a = cabs(current),
		.active_ws = creal(s),
		.reactive_vars = cimag(s),
		.frequency_hz = 60,
	};
}

static void expect_reading(const struct mm_input_reading *is, const struct mm_input_reading *wanted)
{
	ck_assert_double_eq_tol(is->voltage_v, wanted->voltage_v, 1e-9);
	ck_assert_double_eq_tol(is->current_a, wanted->current_a, 1e-9);
	ck_assert_double_eq_tol(is->active_ws, wanted->active_ws, 1e-7);
	ck_assert_double_eq_tol(is->reactive_vars, wanted->reactive_vars, 1e-7);
}

START_TEST(mistakes_are_undone)
{
	static const struct {
		double lag_deg;
		uint32_t correction;
	} mistakes[] = {
		{180, 0},
		{180, MM_CORRECTION_CT1_REVERSED},
		{120, MM_CORRECTION_CT2_REVERSED},
		{240, MM_CORRECTION_CT1_REVERSED | MM_CORRECTION_CT2_REVERSED},
		{180, MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180},
		{120, MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_120},
		{240, MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_240},
		{180, MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180 | MM_CORRECTION_CT1_REVERSED},
		{120, MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_120 | MM_CORRECTION_CT2_REVERSED},
	};
	struct circuit c = circuit(mistakes[_i].lag_deg);
	uint32_t correction = mistakes[_i].correction;
	struct mm_measurement right = {.input_count = 3}, wrong = {.input_count = 3};

	for (unsigned ct = 0; ct < 2; ct++) {
		unsigned line = correction & MM_CORRECTION_CT_CROSSED ? 1 - ct : ct;
		double complex through = c.current[line];

		if (correction & (ct == 0 ? MM_CORRECTION_CT1_REVERSED : MM_CORRECTION_CT2_REVERSED)) {
			through = -through;
		}
		read_input(&c, ct, c.current[ct], &right);
		read_input(&c, ct, through, &wrong);
	}
	ck_assert(mm_correction_valid(correction, 2));
	for (unsigned e = 0; e < 2; e++) {
		struct mm_input_reading corrected = mm_correction_apply(correction, &wrong, input, e);

		expect_reading(&corrected, &right.input[input[e]]);
	}
}
END_TEST

START_TEST(dead_line)
{
	struct circuit c = circuit(180);
	struct mm_measurement m = {.input_count = 3};
	struct mm_input_reading reading;

	c.voltage[1] = 1e-9;
	read_input(&c, 0, c.current[1], &m);
	read_input(&c, 1, c.current[0], &m);
	for (unsigned e = 0; e < 2; e++) {
		reading = mm_correction_apply(MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180, &m, input, e);
		ck_assert_double_eq(reading.active_ws, 0);
	}
	m.input[input[1]].voltage_v = 0;
	m.input[input[0]].voltage_v = 0;
	reading = mm_correction_apply(MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_120, &m, input, 0);
	ck_assert_double_eq(reading.active_ws, 0);
	ck_assert_double_eq(reading.reactive_vars, 0);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const uint32_t never[] = {0x08,
					 0x80,
					 MM_CORRECTION_CT_CROSSED,
					 MM_CORRECTION_LINES_180,
					 MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180 | MM_CORRECTION_LINES_120,
					 MM_CORRECTION_CT1_REVERSED | MM_CORRECTION_LINES_240};

	for (int i = 0; i < MM_COUNT_OF(never); i++) {
		ck_assert(!mm_correction_valid(never[i], 2));
		ck_assert(!mm_correction_valid(never[i], 1));
	}
	/* Of three, any can be turned, and nothing else is corrected. */
	ck_assert(mm_correction_valid(MM_CORRECTION_CT1_REVERSED | MM_CORRECTION_CT3_REVERSED, 3));
	ck_assert(!mm_correction_valid(MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_120, 3));
	ck_assert(!mm_correction_valid(MM_CORRECTION_CT3_REVERSED, 2));
	ck_assert_ptr_null(mm_correction_name(0x80));
	ck_assert_str_eq(mm_correction_name(1u << (MM_CORRECTION_BITS - 1)), "lines-240");
	ck_assert(mm_correction_valid(MM_CORRECTION_CT1_REVERSED, 1));
	ck_assert(!mm_correction_valid(MM_CORRECTION_CT2_REVERSED, 1));
	ck_assert(!mm_correction_valid(MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("correction");
	TCase *tcase = tcase_create("correction");

	tcase_add_loop_test(tcase, mistakes_are_undone, 0, 9);
	tcase_add_test(tcase, dead_line);
	tcase_add_test(tcase, nonsense_is_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
