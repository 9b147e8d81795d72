/* SPDX-License-Identifier: MIT */
/* The angle between the lines from instants of their voltages. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "afe/afe.h"
#include "metrology/quadrature.h"
#include "fixture/afe_fixture.h"
#include "fixture/suite.h"

static double lag_deg(const struct fixture *b)
{
	struct mm_phasor product = mm_phasor_power(b->last.phasors[0].voltage, b->last.phasors[1].voltage);

	return atan2(product.im, product.re) * 180 / M_PI;
}

START_TEST(angle_between_the_voltages)
{
	static const double lags[] = {180, 120, 240, 0};
	struct fixture *b;

	b = begin_scenario(-80, "");
	say(b,
	    "[at 0]\nphase_b = %g\nload_a = 300 W\nfrequency_hz = 49.6\n[at 30]\nfrequency_hz = 60.4\nload_a = off\n"
	    "[at 60]\nvoltage_b = 0\n",
	    lags[_i]);
	fixture_start_ade9000(b);
	for (unsigned i = 5; i < 55; i++) {
		if (i == 30) {
			run_until(b, 33);
		}
		(void)step(b);
		ck_assert_double_eq_tol(remainder(lag_deg(b) - lags[_i], 360), 0, 0.1);
		ck_assert_double_eq_tol(hypot(b->last.phasors[1].voltage.re, b->last.phasors[1].voltage.im), 120, 0.2);
	}
	run_until(b, 65);
	ck_assert(b->last.phasors[1].voltage.re == 0 && b->last.phasors[1].voltage.im == 0);
	ck_assert_double_eq_tol(hypot(b->last.phasors[0].voltage.re, b->last.phasors[0].voltage.im), 120, 0.2);
	fixture_free(b);
}
END_TEST

/* Instants that the bus gives too late are none; the windows go on as before. */
START_TEST(angle_of_a_slow_bus)
{
	struct fixture *b;

	b = begin_scenario(10, "");
	say(b, "[at 0]\nload_a = 5000 W\n[at 60]\nfault = stall 3\n[at 90]\nfault = none\n");
	fixture_start_ade9000(b);
	run_until(b, 58);
	ck_assert(b->last.phasors[1].voltage.re != 0);
	run_until(b, 88);
	ck_assert(b->last.phasors[1].voltage.re == 0 && b->last.phasors[1].voltage.im == 0);
	ck_assert_int_eq(b->last.health, MM_HEALTH_OK);
	run_until(b, 93);
	ck_assert(b->last.phasors[1].voltage.re != 0);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_eq(b->missed, 0);
	fixture_free(b);
}
END_TEST

START_TEST(phasor_of_two_instants)
{
	const double hz = 50 + 2.5 * (_i % 5), origin_ns = 7e15, angle = 0.7 * _i;
	struct mm_phasor phasor = {0, 0};
	struct mm_instant instant[2];

	for (unsigned i = 0; i < 2; i++) {
		instant[i].at_ns = (int64_t)(origin_ns + 1e5 * _i + (i == 0 ? 0 : (40 + 11 * _i) / 360.0 / hz * 1e9));
		instant[i].value = 120 * M_SQRT2 * cos(2 * M_PI * hz * ((double)instant[i].at_ns - origin_ns) * 1e-9 + angle);
	}
	ck_assert(mm_quadrature_phasor(instant, hz, (int64_t)origin_ns, &phasor));
	ck_assert_double_eq_tol(phasor.re, 120 * cos(angle), 1e-3);
	ck_assert_double_eq_tol(phasor.im, 120 * sin(angle), 1e-3);
	instant[1].at_ns = instant[0].at_ns + (int64_t)(0.5 / hz * 1e9); /* says the same once more */
	ck_assert(!mm_quadrature_phasor(instant, hz, (int64_t)origin_ns, &phasor));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ade9000_angle");
	TCase *tcase = tcase_create("angle");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, angle_between_the_voltages, 0, 4);
	tcase_add_test(tcase, angle_of_a_slow_bus);
	tcase_add_loop_test(tcase, phasor_of_two_instants, 0, 10);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
