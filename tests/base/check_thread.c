/* SPDX-License-Identifier: MIT */
/* Threads: no signal, a name; and the time limits that are waited with. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "fixture/suite.h"
#include "base/now.h"
#include "base/thread.h"

struct seen {
	sigset_t blocked;
	char name[16];
	pthread_mutex_t mutex; /* the thread has its name once it gets this */
};

static void *look(void *userdata)
{
	struct seen *seen = userdata;

	pthread_mutex_lock(&seen->mutex);
	pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
	pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	pthread_mutex_unlock(&seen->mutex);
	return NULL;
}

START_TEST(signals_stay_with_the_starter)
{
	struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	sigset_t before, after;
	pthread_t thread;

	pthread_sigmask(SIG_SETMASK, NULL, &before);
	pthread_mutex_lock(&seen.mutex);
	ck_assert_int_eq(mm_thread_start(&thread, "looker", look, &seen), 0);
	pthread_mutex_unlock(&seen.mutex);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_str_eq(seen.name, "looker");
	for (int signal = 1; signal < 32; signal++) {
		bool can_be_blocked = signal != SIGKILL && signal != SIGSTOP;

		ck_assert_int_eq(sigismember(&after, signal), sigismember(&before, signal));
		ck_assert_int_eq(sigismember(&seen.blocked, signal), can_be_blocked);
	}
}
END_TEST

START_TEST(times_go_on)
{
	int64_t before = mm_now(CLOCK_MONOTONIC), after;
	struct timespec until = mm_timespec(before + INT64_C(1500000000));

	after = mm_now(CLOCK_MONOTONIC);
	ck_assert_int_gt(before, 0);
	ck_assert_int_ge(after, before);
	ck_assert_int_lt(until.tv_nsec, 1000000000);
	ck_assert_int_eq((int64_t)until.tv_sec * 1000000000 + until.tv_nsec, before + INT64_C(1500000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("thread");
	TCase *tcase = tcase_create("start");

	tcase_add_test(tcase, signals_stay_with_the_starter);
	tcase_add_test(tcase, times_go_on);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
