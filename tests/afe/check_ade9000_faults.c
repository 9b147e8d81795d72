/* SPDX-License-Identifier: MIT */
/* Faults of the ADE9000, its driver and its bus, against the simulated board. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "afe/afe.h"
#include "core/health.h"
#include "fixture/afe_fixture.h"
#include "fixture/random.h"
#include "fixture/suite.h"
#include "metrology/power_check.h"

/* Each fault, and the health that it must lead to. */
static const struct {
	const char *fault;
	enum mm_health health;
} judged_faults[] = {
	{"frozen", MM_HEALTH_FROZEN},
	{"stuck", MM_HEALTH_STALE},
	{"stall 400", MM_HEALTH_STALE},
	{"implausible", MM_HEALTH_IMPLAUSIBLE},
};

START_TEST(faults_are_told_apart)
{
	struct fixture *b;

	b = begin_scenario(50, "");
	say(b, "[at 0]\nload_a = 5000 W\nload_b = 1000 W\n[at 60.4]\nfault = %s\n[at 120.7]\nfault = none\n",
	    judged_faults[_i].fault);
	fixture_start_ade9000(b);
	run_until(b, 60);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	assert_all_windows(b, 0);
	run_until(b, 80);
	fixture_reset(b);
	run_until(b, 116);
	ck_assert_uint_ge(b->health[judged_faults[_i].health], 5);
	for (enum mm_health i = 0; i < MM_HEALTH_COUNT; i++) {
		if (i != judged_faults[_i].health) {
			ck_assert_uint_eq(b->health[i], 0);
		}
	}
	ck_assert(b->active_ws[0] == 0);
	run_until(b, 126);
	fixture_reset(b);
	run_until(b, 180);
	ck_assert_uint_ge(b->windows, 53);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_eq(b->missed, 0);
	fixture_free(b);
}
END_TEST

START_TEST(frozen_counts_no_window_twice)
{
	struct fixture *b;

	b = begin_scenario(-30, "");
	say(b, "[at 0]\nload_a = 5000 W\n[at 60.4]\nfault = frozen\n[at 90.2]\nfault = none\n");
	fixture_start_ade9000(b);
	run_until(b, 130);
	assert_all_windows(b, 0);
	ck_assert_uint_ge(b->missed, 28);
	ck_assert_uint_le(b->missed, 32);
	fixture_free(b);
}
END_TEST

static const struct {
	const char *fault;
	int error;
	const char *says;
} failing_faults[] = {
	{"eio", -EIO, "of ade9000: Input/output error"},
	{"vanished", -ENODEV, "ade9000: No such device"},
};

START_TEST(failures_are_told_apart)
{
	struct mm_measurement m;
	struct fixture *b;
	int r;

	b = begin_scenario(80, "");
	say(b, "[at 0]\nload_a = 5000 W\n[at 60.4]\nfault = %s\n[at 100.1]\nfault = none\n", failing_faults[_i].fault);
	fixture_start_ade9000(b);
	do {
		r = b->afe->ops->next(b->afe, &m);
		b->windows += r == 0 && m.latched;
	} while (r == 0);
	ck_assert_int_eq(r, failing_faults[_i].error);
	ck_assert_msg(strstr(b->afe->error.text, failing_faults[_i].says), "%s", b->afe->error.text);
	ck_assert_msg(strstr(b->afe->error.text, "reading in_"), "%s", b->afe->error.text);
	b->last.latched = false;
	ck_assert_uint_ge(reopen(b), 38);
	run_until(b, 130);
	ck_assert_uint_ge(b->missed, 39);
	ck_assert_uint_le(b->missed, 42);
	assert_all_windows(b, 0);
	fixture_free(b);
}
END_TEST

START_TEST(short_bus_errors_are_retried)
{
	uint64_t seed = 3;
	struct fixture *b;

	b = begin_scenario(10, "");
	say(b, "[at 0]\nload_a = 5000 W\n");
	for (double t = 3; t < 300; t += mm_random_between(&seed, 0.1, 0.3)) {
		say(b, "[at %.3f]\nfault = eio\n[at %.3f]\nfault = none\n", t, t + 0.003);
	}
	fixture_start_ade9000(b);
	run_until(b, 300);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	assert_all_windows(b, 0);
	fixture_free(b);
}
END_TEST

START_TEST(slow_bus)
{
	struct fixture *b;

	b = begin_scenario(10, "");
	say(b, "[at 0]\nload_a = 5000 W\nfault = stall 30\n[at 250]\nload_a = off\n");
	fixture_start_ade9000(b);
	run_until(b, 260);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_eq(b->missed, 0);
	assert_energy(b->active_ws[0] + 5000 * 1.0, ask(b, "truth_seen_a_uwh"), 5e-3); /* the first windows pass unseen */
	fixture_free(b);
}
END_TEST

START_TEST(energy_that_does_not_fit_power)
{
	struct fixture *b;

	/* A load that is on whenever the adapter polls, and off in between, looks like an energy register of other units. */
	b = begin_scenario(0, "");
	for (unsigned second = 0; second < 20; second++) {
		for (unsigned i = 0; i < 27; i++) {
			double poll = second + 0.05 + i * (double)MM_POWER_CHECK_STEP_NS * 1e-9;

			say(b, "[at %.6f]\nload_b = 20000 W\n[at %.6f]\nload_b = off\n", poll - 0.011, poll + 0.011);
		}
	}
	say(b, "[at 20.5]\nload_b = 20000 W\n");
	fixture_start_ade9000(b);
	run_until(b, 19);
	ck_assert_uint_ge(b->health[MM_HEALTH_IMPLAUSIBLE], 10);
	ck_assert_int_eq(b->last.health, MM_HEALTH_IMPLAUSIBLE);
	ck_assert_msg(strstr(b->afe->error.text, "energy and power of ade9000 phase B disagree"), "%s", b->afe->error.text);
	run_until(b, 26);
	ck_assert_int_eq(b->last.health, MM_HEALTH_OK);
	fixture_free(b);
}
END_TEST

START_TEST(zero_energy_under_load)
{
	struct fixture *b;

	b = begin_scenario(0, "noise = off");
	say(b, "[at 0]\nload_a = off\nfault = stuck\n[at 5.5]\nload_a = 5000 W\n");
	for (unsigned t = 6; t < 20; t++) {
		say(b, "[at %u]\nvoltage_a = 120.%02u\n", t, t);
	}
	fixture_start_ade9000(b);
	run_until(b, 5);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	run_until(b, 12);
	ck_assert_int_eq(step(b), MM_HEALTH_STALE);
	ck_assert(!b->last.latched);
	fixture_free(b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ade9000_faults");
	TCase *tcase = tcase_create("faults");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, faults_are_told_apart, 0, 4);
	tcase_add_test(tcase, frozen_counts_no_window_twice);
	tcase_add_loop_test(tcase, failures_are_told_apart, 0, 2);
	tcase_add_test(tcase, short_bus_errors_are_retried);
	tcase_add_test(tcase, slow_bus);
	tcase_add_test(tcase, energy_that_does_not_fit_power);
	tcase_add_test(tcase, zero_energy_under_load);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
