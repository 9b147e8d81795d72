/* SPDX-License-Identifier: MIT */
/* The clocks: the system's sleeps and can be cancelled; the stepped one moves only when nobody holds it. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/timex.h>

#include "clock/clock.h"
#include "core/units.h"
#include "fixture/suite.h"

static int64_t board_now;

/* A board that goes exactly where it is told. */
static int64_t step(void *userdata, int64_t t)
{
	int64_t *stalls = userdata;

	if (t > board_now) {
		board_now = t + *stalls;
	}
	return board_now;
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

START_TEST(the_system_clock_does_not_sleep_for_the_past)
{
	struct mm_clock *clock;

	ck_assert_int_eq(mm_clock_system_new(&clock), 0);
	ck_assert_int_eq(mm_clock_sleep_until(clock, mm_clock_boottime(clock) - 1), 0);
	ck_assert_int_eq(mm_clock_timer_arm(clock, mm_clock_boottime(clock) - 1), 0);
	ck_assert(readable(clock->timer_fd));
	ck_assert_int_eq(mm_clock_timer_arm(clock, MM_CLOCK_NEVER), 0);
	ck_assert(!readable(clock->timer_fd));
	mm_clock_free(clock);
	mm_clock_free(NULL);
}
END_TEST

/* What the kernel says, in the place of the C library's: the state and status of the case that runs, or an error. */
static struct {
	int state, status, error;
} kernel;

int clock_adjtime(clockid_t id, struct timex *timex)
{
	ck_assert_int_eq(id, CLOCK_REALTIME);
	ck_assert_uint_eq(timex->modes, 0); /* nothing is changed */
	timex->status = kernel.status;
	errno = kernel.error;
	return kernel.error ? -1 : kernel.state;
}

START_TEST(the_system_clock_is_as_the_kernel_knows_it)
{
	static const struct {
		int state, status, error;
		bool synchronized;
	} cases[] = {
		{TIME_OK, STA_PLL, 0, true},
		{TIME_INS, STA_PLL | STA_INS, 0, true},
		{TIME_ERROR, STA_UNSYNC, 0, false},
		{TIME_OK, STA_UNSYNC, 0, false},
		{TIME_ERROR, STA_PLL | STA_CLOCKERR, 0, false},
		{TIME_OK, 0, EPERM, false},
	};
	struct mm_clock *clock;

	kernel.state = cases[_i].state;
	kernel.status = cases[_i].status;
	kernel.error = cases[_i].error;
	ck_assert_int_eq(mm_clock_system_new(&clock), 0);
	ck_assert_int_eq(mm_clock_synchronized(clock), cases[_i].synchronized);
	ck_assert_int_gt(mm_clock_realtime(clock), 0);
	mm_clock_free(clock);
}
END_TEST

START_TEST(a_cancelled_clock_wakes_every_sleeper)
{
	struct mm_clock *clock;

	ck_assert_int_eq(mm_clock_system_new(&clock), 0);
	mm_clock_cancel(clock);
	ck_assert_int_eq(mm_clock_sleep_until(clock, MM_CLOCK_NEVER), -ECANCELED);
	ck_assert_int_eq(mm_clock_sleep_until(clock, 0), -ECANCELED);
	mm_clock_free(clock);
}
END_TEST

static struct mm_clock *stepped(int64_t *stalls)
{
	struct mm_clock *clock;

	board_now = 100;
	ck_assert_int_eq(mm_clock_stepped_new(step, NULL, stalls, 5000, &clock), 0);
	return clock;
}

START_TEST(a_stepped_clock_goes_where_the_sleeper_wants)
{
	int64_t stalls = 0;
	struct mm_clock *clock = stepped(&stalls);

	ck_assert_int_eq(mm_clock_boottime(clock), 100);
	ck_assert_int_eq(mm_clock_realtime(clock), 5100);
	ck_assert_int_eq(mm_clock_sleep_until(clock, 250), 0);
	ck_assert_int_eq(mm_clock_boottime(clock), 250);
	ck_assert_int_eq(mm_clock_sleep_until(clock, 200), 0);
	ck_assert_int_eq(mm_clock_boottime(clock), 250);
	board_now = 400; /* the board went on by itself */
	ck_assert_int_eq(mm_clock_boottime(clock), 400);
	mm_clock_free(clock);
}
END_TEST

/* Synchronised and right, unless it's said that nothing has set it yet. */
START_TEST(a_stepped_clock_can_wake_unset)
{
	int64_t stalls = 0;
	struct mm_clock *clock = stepped(&stalls);

	ck_assert(mm_clock_synchronized(clock));
	mm_clock_stepped_unset(clock, 300, -4000);
	ck_assert(!mm_clock_synchronized(clock));
	ck_assert_int_eq(mm_clock_realtime(clock), 1100);
	ck_assert_int_eq(mm_clock_sleep_until(clock, 299), 0);
	ck_assert(!mm_clock_synchronized(clock));
	ck_assert_int_eq(mm_clock_realtime(clock), 1299);
	ck_assert_int_eq(mm_clock_sleep_until(clock, 300), 0);
	ck_assert(mm_clock_synchronized(clock));
	ck_assert_int_eq(mm_clock_realtime(clock), 5300);
	mm_clock_free(clock);
}
END_TEST

START_TEST(a_board_that_fails_ends_the_sleep)
{
	int64_t stalls = 0;
	struct mm_clock *clock = stepped(&stalls);

	stalls = -1000; /* the next step answers with a negative instant, as an error does */
	ck_assert_int_lt(mm_clock_sleep_until(clock, 500), 0);
	mm_clock_free(clock);
}
END_TEST

struct sleeper {
	struct mm_clock *clock;
	int64_t until;
	int result;
};

static void *sleep_in_thread(void *userdata)
{
	struct sleeper *s = userdata;

	s->result = mm_clock_sleep_until(s->clock, s->until);
	return NULL;
}

START_TEST(the_timer_comes_before_the_sleeper_and_holds_it_up)
{
	int64_t stalls = 0;
	struct mm_clock *clock = stepped(&stalls);
	struct sleeper s = {.clock = clock, .until = 1000};
	struct pollfd p = {.fd = clock->timer_fd, .events = POLLIN};
	pthread_t thread;

	ck_assert_int_eq(mm_clock_timer_arm(clock, 300), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, sleep_in_thread, &s), 0);
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(mm_clock_boottime(clock), 300); /* stands still until the timer is armed again */
	ck_assert_int_eq(mm_clock_timer_arm(clock, 700), 0);
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(mm_clock_boottime(clock), 700);
	ck_assert_int_eq(mm_clock_timer_arm(clock, MM_CLOCK_NEVER), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(s.result, 0);
	ck_assert_int_eq(mm_clock_boottime(clock), 1000);
	mm_clock_free(clock);
}
END_TEST

START_TEST(a_held_clock_stands_still_until_released_or_cancelled)
{
	int64_t stalls = 0;
	struct mm_clock *clock = stepped(&stalls);
	struct sleeper s = {.clock = clock, .until = 1000};
	pthread_t thread;

	mm_clock_hold(clock);
	ck_assert_int_eq(pthread_create(&thread, NULL, sleep_in_thread, &s), 0);
	ck_assert_int_eq(mm_clock_boottime(clock), 100);
	mm_clock_release(clock);
	pthread_join(thread, NULL);
	ck_assert_int_eq(s.result, 0);
	ck_assert_int_eq(mm_clock_boottime(clock), 1000);

	mm_clock_hold(clock);
	s.until = 2000;
	ck_assert_int_eq(pthread_create(&thread, NULL, sleep_in_thread, &s), 0);
	mm_clock_cancel(clock);
	pthread_join(thread, NULL);
	ck_assert_int_eq(s.result, -ECANCELED);
	ck_assert_int_eq(mm_clock_boottime(clock), 1000);
	mm_clock_free(clock);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");

	tcase_add_test(tc, the_system_clock_does_not_sleep_for_the_past);
	tcase_add_loop_test(tc, the_system_clock_is_as_the_kernel_knows_it, 0, 6);
	tcase_add_test(tc, a_cancelled_clock_wakes_every_sleeper);
	tcase_add_test(tc, a_stepped_clock_goes_where_the_sleeper_wants);
	tcase_add_test(tc, a_stepped_clock_can_wake_unset);
	tcase_add_test(tc, a_board_that_fails_ends_the_sleep);
	tcase_add_test(tc, the_timer_comes_before_the_sleeper_and_holds_it_up);
	tcase_add_test(tc, a_held_clock_stands_still_until_released_or_cancelled);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
