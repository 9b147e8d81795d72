/* SPDX-License-Identifier: MIT */
/*
 * The real daemon on an ADE9000 that counts: killed, stopped and left dead for a minute, it registers what the chip counted, to
 * the micro-watt-hour. MM_KILLS sets how often (default 30).
 */
#include "fixture/restart_fixture.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "afe/ade9000_window.h"
#include "afe/afe.h"
#include "fixture/let_run.h"
#include "fixture/random.h"
#include "fixture/suite.h"

/* Of a 200:0.1 CT at 400:0.1 on the board's 5.1 ohm, and a divider of 1001: watt-seconds of a count. */
static double ws_of(int64_t count)
{
	double full_v = M_SQRT1_2 * 1001.0, full_a = M_SQRT1_2 / 5.1 * 400.0 / 0.1;

	return (double)count * full_v * full_a / 20694066.0 / 8000.0;
}

/* What both elements counted between two moments; each window's energy flows into one register or the other. */
static double counted_uwh(const struct mm_counters *from, const struct mm_counters *to)
{
	double ws = 0;

	for (unsigned phase = 0; phase < 2; phase++) {
		ws += ws_of(mm_ade9000_window_counted(from->count[phase][0], to->count[phase][0]));
	}
	return ws * MM_UWH_PER_WS;
}

static int64_t net_uwh(const struct mm_registers *registers)
{
	return registers->delivered.uwh - registers->received.uwh;
}

/* Nobody meters meanwhile, and the chip counts on. */
static void let_time_go_by(const struct restart_fixture *f, int64_t ns)
{
	struct mm_clock *clock;

	ck_assert_int_eq(mm_afe_board_clock_new(f->uri, &clock), 0);
	ck_assert_int_eq(mm_clock_sleep_until(clock, mm_clock_boottime(clock) + ns), 0);
	mm_clock_free(clock);
}

/* Loads are above what starts the meter: below, nothing counts, however much has been counted. */
START_TEST(nothing_is_lost)
{
	struct restart_fixture *f = setup_with("ade9000-minimeter", 0, 100);
	const char *kills = getenv("MM_KILLS");
	int rounds = kills ? atoi(kills) : 30;
	struct left first, left, before;
	double expected_uwh = 0;

	manager_begin(&f->manager, true);
	run_until_metering(f);
	first = before = read_memory(f);
	ck_assert(first.known && first.counters.epoch != 0);
	for (int round = 0; round < rounds; round++) {
		let_run(f->manager.child, (int64_t)(mm_random(&f->chance) % (40 * MM_NS_PER_MS)));
		(void)manager_stop(&f->manager, round % 5 == 4 ? SIGTERM : SIGKILL);
		left = read_memory(f);
		expected_uwh += counted_uwh(&before.counters, &left.counters);
		before = left;
		ck_assert_msg(fabs(expected_uwh - (double)(net_uwh(&left.registers) - net_uwh(&first.registers))) <= 5,
			      "round %d: %" PRId64 " registered, %.1f counted", round,
			      net_uwh(&left.registers) - net_uwh(&first.registers), expected_uwh);
		let_time_go_by(f, mm_random_between(&f->chance, 0, 60) * MM_NS_PER_S);
		run_until_metering(f);
	}
	ck_assert_double_gt(expected_uwh, 1e6 * rounds);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restart_counting");
	TCase *tcase = tcase_create("kills");

	tcase_set_timeout(tcase, 120);
	tcase_set_tags(tcase, "slow");
	tcase_add_test(tcase, nothing_is_lost);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
