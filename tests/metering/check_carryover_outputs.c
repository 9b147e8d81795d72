/* SPDX-License-Identifier: MIT */
/* The outputs over a stop, a kill or a power cut: edges that are owed, and what may be put out twice. */
#include "fixture/metering_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

/* Windows of that load, each with the edges that are due in it. */
static void windows(struct metering_fixture *f, int count, double w)
{
	for (int i = 0; i < count; i++) {
		window(f, w);
		run_timer_until(f, f->now_ns);
	}
}

START_TEST(edges_that_were_not_played_are_owed_after_a_restart)
{
	struct metering_fixture *f = setup();

	/* 36 Wh in nine windows: the edge at 35 Wh lies within the delay when the stop comes. */
	windows(f, 9, 14400);
	ck_assert_uint_lt(f->lines.rising[MM_OUTPUT_10], 4);
	stop(f);
	start(f);
	for (int i = 0; i < 5; i++) {
		window(f, 0);
		run_timer_until(f, f->now_ns);
	}
	ck_assert_uint_eq(f->lines.rising[MM_OUTPUT_10], 4);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(without_memory_outputs_get_ahead_once_and_it_is_logged)
{
	struct metering_fixture *f = setup();
	int64_t ahead = -1;
	unsigned before;

	/* 36 Wh in nine windows, the last of which are not committed. */
	windows(f, 9, 14400);
	ck_assert_uint_eq(count(f).uncertain, 0);
	before = f->lines.rising[MM_OUTPUT_10];
	crash(f);
	start(f);
	for (int i = 0; i < 60; i++) {
		int64_t position;

		window(f, 14400);
		run_timer_until(f, f->now_ns);
		position = mm_pulse_train_played_uwh(first_train(f));
		if (i > 1) {
			int64_t now_ahead = f->lines.rising[MM_OUTPUT_10] - (position + 5 * MM_UWH_PER_WH) / (10 * MM_UWH_PER_WH);

			ck_assert(ahead < 0 || now_ahead == ahead);
			ahead = now_ahead;
		}
	}
	ck_assert_int_le(ahead, 1);
	ck_assert_int_ge(ahead, 0);
	ck_assert_uint_gt(f->lines.rising[MM_OUTPUT_10], before);
	ck_assert_uint_eq(count(f).uncertain, 1);
	stop(f);
	start(f);
	window(f, 14400);
	ck_assert_uint_eq(count(f).uncertain, 1);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(what_was_owed_is_put_out_again_once_over_any_number_of_power_cuts)
{
	struct metering_fixture *f = setup();
	unsigned before;

	/* Nine windows, the last of which are not committed, and then no load. */
	windows(f, 9, 14400);
	for (int cuts = 0; cuts < 4; cuts++) {
		before = f->lines.edges;
		crash(f);
		start(f);
		windows(f, 3, 0);
		if (cuts == 0) {
			ck_assert_uint_gt(f->lines.edges, before); /* or there is nothing to show */
		} else {
			ck_assert_uint_eq(f->lines.edges, before);
		}
	}
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(a_preset_while_pulses_are_owed_counts_none_as_paid)
{
	struct metering_fixture *f = setup();
	unsigned before;

	/* Nine windows, the last of which are not committed, and then no load. */
	windows(f, 9, 14400);
	crash(f);
	start(f);
	ck_assert_int_lt(mm_pulse_train_played_uwh(first_train(f)), f->metering->meters[0].meter.registers.delivered.uwh);
	window(f, 0);
	ck_assert_int_eq(mm_metering_preset(f->metering, 0, 1000 * MM_UWH_PER_WH, 0, "old", "the test"), 0);
	(void)mm_metering_commit(f->metering);
	windows(f, 3, 0);
	ck_assert_int_eq(mm_pulse_train_played_uwh(first_train(f)), f->metering->meters[0].meter.registers.delivered.uwh);
	before = f->lines.edges;
	crash(f);
	start(f);
	windows(f, 3, 0);
	ck_assert_uint_eq(f->lines.edges, before);
	stop(f);
	teardown(f);
}
END_TEST

/* Plays what is due up to an instant, each commit being durable before time goes on, as a stepped clock has it. */
static void play_until(struct metering_fixture *f, int64_t until_ns)
{
	do {
		settle(f);
	} while (run_timer_once(f, until_ns));
	settle(f);
	f->now_ns = until_ns;
}

/*
 * Lives of 0 to 100 windows, many of them so short that they put out less than they register. Each ends at any moment of a
 * window: it has put out each pulse of its own once, and the next one repeats no more than the bound.
 */
START_TEST(power_cuts_repeat_no_more_than_the_bound)
{
	struct metering_fixture *f = setup();
	static const double full_w = 26000, loads_w[] = {0, 400, 5000, 26000};
	const int64_t bound_uwh = 8 * MM_UWH_PER_WH + (int64_t)(full_w * MM_UWH_PER_WS) + 5 * MM_UWH_PER_WH;
	int64_t worst_owed = 0, worst = 0;
	uint64_t random = 4711;

	stop(f);
	snprintf(f->copy_path, sizeof(f->copy_path), "%s.copy", f->register_path);
	f->lines.reverts = true;
	start(f);
	for (int life = 0; life < 150; life++) {
		bool brief = life % 30 < 24; /* pulses gather */
		unsigned windows = (unsigned)(mm_random(&random) % (brief ? 2 : life % 30 == 29 ? 101 : 5));
		double load_w = brief ? full_w : loads_w[mm_random(&random) % MM_COUNT_OF(loads_w)];
		int64_t began = mm_pulse_train_played_uwh(first_train(f)), played, repeated;
		unsigned before = f->lines.rising[MM_OUTPUT_10];

		for (unsigned i = 0; i < windows; i++) {
			play_until(f, f->now_ns + MM_NS_PER_S);
			f->now_ns -= MM_NS_PER_S;
			window(f, mm_random_between(&random, load_w / 2, load_w));
		}
		play_until(f, f->now_ns + (int64_t)(mm_random(&random) % MM_NS_PER_S));
		played = mm_pulse_train_played_uwh(first_train(f));
		ck_assert_int_eq(f->lines.rising[MM_OUTPUT_10] - before, pulses_to(played) - pulses_to(began));
		crash(f);
		start(f);
		repeated = played - mm_pulse_train_played_uwh(first_train(f));
		ck_assert_msg(repeated >= 0 && repeated <= bound_uwh, "life %d of %u windows: %lld uWh repeated", life, windows,
			      (long long)repeated);
		worst = repeated > worst ? repeated : worst;
		repeated = f->metering->meters[0].meter.registers.delivered.uwh - mm_pulse_train_played_uwh(first_train(f));
		worst_owed = repeated > worst_owed ? repeated : worst_owed;
	}
	/* More was owed than may be repeated, or there was nothing to show. */
	ck_assert_int_gt(worst_owed, 2 * bound_uwh);
	ck_assert_int_gt(worst, 5 * MM_UWH_PER_WH);
	stop(f);
	teardown(f);
}
END_TEST

/* Windows of 5 Wh, with one kill within a set; returns how many pulses of 10 Wh a counter on the line has seen. */
static unsigned pulses_after_kill_in_set(unsigned number, bool after, bool reverts)
{
	struct metering_fixture *f = setup();

	stop(f);
	keep_memory(f);
	f->lines.reverts = reverts;
	start(f);
	f->instant.countdown = number;
	f->instant.after = after;
	for (int i = 0; i < 24; i++) {
		window(f, i < 20 ? 18000 : 0);
		run_timer_until(f, f->now_ns);
		if (f->instant.memory) {
			size_t size = (size_t)lseek(mm_memory_fd(f->memory), 0, SEEK_END);

			crash(f);
			ck_assert_int_eq(pwrite(mm_memory_fd(f->memory), f->instant.memory, size, 0), (ssize_t)size);
			memcpy(f->lines.level, f->instant.level, sizeof(f->lines.level));
			memcpy(f->lines.rising, f->instant.rising, sizeof(f->lines.rising));
			if (reverts) {
				memset(f->lines.level, 0, sizeof(f->lines.level));
			}
			free(f->instant.memory);
			f->instant.memory = NULL;
			start(f);
			/* And another right after what was due has been put out. */
			run_timer_until(f, f->now_ns + 50 * MM_NS_PER_MS);
			f->now_ns -= 50 * MM_NS_PER_MS;
			crash(f);
			start(f);
		}
	}
	ck_assert_uint_eq(f->instant.countdown, 0);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 100 * MM_UWH_PER_WH);
	number = f->lines.rising[MM_OUTPUT_10];
	stop(f);
	teardown(f);
	return number;
}

START_TEST(a_kill_while_a_line_is_set_loses_and_repeats_no_pulse)
{
	unsigned lost = 0;

	for (unsigned number = 1; number <= 22; number += 3) {
		ck_assert_uint_eq(pulses_after_kill_in_set(number, false, false), 10);
		ck_assert_uint_eq(pulses_after_kill_in_set(number, true, false), 10);
		ck_assert_uint_eq(pulses_after_kill_in_set(number, true, true), 10);
		/* Noted, not made, and the line went dark: nothing on the machine knows. */
		lost += 10 - pulses_after_kill_in_set(number, false, true);
	}
	ck_assert_uint_le(lost, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering: outputs over a restart");
	TCase *tc = tcase_create("restart"), *slow = tcase_create("slow");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, edges_that_were_not_played_are_owed_after_a_restart);
	tcase_add_test(tc, without_memory_outputs_get_ahead_once_and_it_is_logged);
	tcase_add_test(tc, what_was_owed_is_put_out_again_once_over_any_number_of_power_cuts);
	tcase_add_test(tc, a_preset_while_pulses_are_owed_counts_none_as_paid);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(slow, 60);
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, power_cuts_repeat_no_more_than_the_bound);
	tcase_add_test(slow, a_kill_while_a_line_is_set_loses_and_repeats_no_pulse);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
