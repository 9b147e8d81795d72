/* SPDX-License-Identifier: MIT */
/* For which stuck threads the service manager starts the daemon again, and for which it does not. */
#include "daemon/watchdog.h"

#include <stdlib.h>

#include "core/units.h"
#include "fixture/suite.h"

#define STORE MM_FRONT_ENDS_MAX /* a number beside those of the front ends */

struct threads {
	struct mm_watchdog watchdog;
	struct mm_config *config;
	uint64_t beat[MM_FRONT_ENDS_MAX], store_beat;
	int64_t now_ns;
};

static struct threads begin(unsigned front_ends)
{
	struct threads t = {.config = calloc(1, sizeof(*t.config)), .now_ns = 5 * MM_NS_PER_S};

	ck_assert_ptr_nonnull(t.config);
	t.config->front_end_count = front_ends;
	return t;
}

/* Every thread but those that are stuck (bits) beats for some seconds. Is the watchdog fed in the last one? */
static bool run(struct threads *t, unsigned seconds, unsigned stuck)
{
	bool fed = false;

	for (unsigned s = 0; s < seconds; s++) {
		t->now_ns += MM_NS_PER_S;
		for (unsigned i = 0; i < t->config->front_end_count; i++) {
			t->beat[i] += (stuck >> i & 1) == 0;
		}
		t->store_beat += (stuck >> STORE & 1) == 0;
		fed = mm_watchdog_look(&t->watchdog, t->config, t->beat, t->store_beat, t->now_ns);
	}
	return fed;
}

START_TEST(one_stuck_front_end_of_several_is_only_logged)
{
	struct threads t = begin(3);

	ck_assert(run(&t, 100, 0));
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(run(&t, 19, 1u << i));
		ck_assert(!t.watchdog.front_end[i].stalled);
		ck_assert(run(&t, 1000, 1u << i));
		for (unsigned other = 0; other < 3; other++) {
			ck_assert(t.watchdog.front_end[other].stalled == (other == i));
		}
		ck_assert(run(&t, 1, 0));
		ck_assert(!t.watchdog.front_end[i].stalled);
	}
	ck_assert(!t.watchdog.store.stalled);
	free(t.config);
}
END_TEST

/* Of one or of three. */
START_TEST(without_any_front_end_it_starves)
{
	unsigned count = _i == 0 ? 1 : 3, all = (1u << count) - 1;
	struct threads t = begin(count);

	ck_assert(run(&t, 10, 0));
	ck_assert(run(&t, 19, all));
	ck_assert(!run(&t, 1, all));
	ck_assert(run(&t, 1, all & ~1u));
	free(t.config);
}
END_TEST

START_TEST(without_the_store_it_starves)
{
	struct threads t = begin(2);

	ck_assert(run(&t, 10, 0));
	ck_assert(run(&t, 19, 1u << STORE));
	ck_assert(!run(&t, 1, 1u << STORE));
	ck_assert(t.watchdog.store.stalled);
	ck_assert(run(&t, 1, 0));
	ck_assert(!t.watchdog.store.stalled);
	free(t.config);
}
END_TEST

/* An administrator can write another WatchdogSec= in a drop-in. */
START_TEST(it_is_fed_twice_in_the_managers_patience)
{
	static const uint64_t patience_us[][2] = {
		{0, 5000000}, {1000000, 500000}, {5000000, 2500000}, {9000000, 4500000}, {30000000, 5000000},
	};

	for (size_t i = 0; i < MM_COUNT_OF(patience_us); i++) {
		ck_assert_uint_eq(mm_watchdog_period_us(patience_us[i][0]), patience_us[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watchdog");
	TCase *tcase = tcase_create("watchdog");

	tcase_add_test(tcase, one_stuck_front_end_of_several_is_only_logged);
	tcase_add_loop_test(tcase, without_any_front_end_it_starves, 0, 2);
	tcase_add_test(tcase, without_the_store_it_starves);
	tcase_add_test(tcase, it_is_fed_twice_in_the_managers_patience);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
