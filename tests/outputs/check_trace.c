/* SPDX-License-Identifier: MIT */
/* The trace of edges: what a line of it says, and files that are full, torn or not to be had. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "clock/clock.h"
#include "fixture/outputs_fixture.h"
#include "fixture/suite.h"

static int64_t counting_boottime(struct mm_clock *clock)
{
	return ++((struct counting_clock *)clock)->now_ns;
}

static const struct mm_clock_ops counting_ops = {.boottime = counting_boottime};

static struct outputs_fixture *start_trace(struct outputs_fixture *f)
{
	make_directory(f);
	f->clock = (struct counting_clock){.base.ops = &counting_ops, .now_ns = 1000};
	return f;
}

static struct mm_outputs *must_trace(struct outputs_fixture *f, const char *path, const char *meter)
{
	struct mm_outputs *outputs = NULL;

	ck_assert_msg(
		mm_outputs_trace_new(path, &(struct mm_outputs_config){.meter = meter}, &f->clock.base, &f->error, &outputs) == 0,
		"%s", f->error.text);
	return outputs;
}

static int set(struct mm_outputs *outputs, enum mm_output output, bool level, int64_t position_uwh)
{
	return outputs->ops->set(outputs, output, level, 900, position_uwh);
}

START_TEST(trace_format)
{
	struct outputs_fixture *f = start_trace(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_trace(f, path_of(f, "trace"), "tenant-1");

	ck_assert_int_eq(set(outputs, MM_OUTPUT_LED_POWER, false, 0), 0); /* changes nothing: not recorded */
	ck_assert_int_eq(set(outputs, MM_OUTPUT_LED_POWER, true, 0), 0);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_LED_POWER, true, 0), 0);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, true, INT64_C(9000000000005000000)), 0);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, true, 5000000), 0); /* an edge, even where it repeats the level */
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, false, 10000000), 0);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_COUNTER, true, 500000000), 0);
	/* Every line is in the file at once. */
	ck_assert_str_eq(read_file(f, "trace"), "1001 900 tenant-1 led_power 1 0\n"
						"1002 900 tenant-1 10 1 9000000000005000000\n"
						"1003 900 tenant-1 10 1 5000000\n"
						"1004 900 tenant-1 10 0 10000000\n"
						"1005 900 tenant-1 counter 1 500000000\n");
	remove_file(f, "trace");
	outputs->ops->free(outputs);

	outputs = must_trace(f, path_of(f, "trace"), "tenant-1");
	set(outputs, MM_OUTPUT_LED_POWER, true, 0);
	set(outputs, MM_OUTPUT_100, true, 50000000);
	mm_outputs_free(outputs);
	outputs = must_trace(f, path_of(f, "trace"), "tenant-2"); /* appends */
	set(outputs, MM_OUTPUT_1000, true, 500000000);
	set(outputs, MM_OUTPUT_1000, false, 1000000000);
	mm_outputs_free(outputs);
	ck_assert_str_eq(read_file(f, "trace"), "1010 900 tenant-1 led_power 1 0\n"
						"1011 900 tenant-1 100 1 50000000\n"
						"1013 1012 tenant-1 100 0 safe\n"
						"1015 1014 tenant-1 led_power 0 safe\n"
						"1016 900 tenant-2 1000 1 500000000\n"
						"1017 900 tenant-2 1000 0 1000000000\n");
	remove_directory(f);
}
END_TEST

START_TEST(trace_full_disk)
{
	struct outputs_fixture *f = start_trace(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_trace(f, "/dev/full", "tenant-1");

	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, true, 5000000), -ENOSPC);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_LED_POWER, true, 0), -ENOSPC);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_LED_POWER, true, 0), -ENOSPC); /* a level not recorded is tried again */
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST

START_TEST(trace_torn_line)
{
	struct outputs_fixture *f = start_trace(&(struct outputs_fixture){0});
	struct rlimit limit;
	struct mm_outputs *outputs = must_trace(f, path_of(f, "trace"), "tenant-1");

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	rlim_t whole = limit.rlim_cur;
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, true, 5000000), 0);
	limit.rlim_cur = 40; /* room for 6 bytes more */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, false, 10000000), -ENOSPC);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, true, 15000000), -EFBIG);
	limit.rlim_cur = whole;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(set(outputs, MM_OUTPUT_10, false, 20000000), 0);
	mm_outputs_free(outputs);
	ck_assert_str_eq(read_file(f, "trace"), "1001 900 tenant-1 10 1 5000000\n"
						"1002 900 \n"
						"1004 900 tenant-1 10 0 20000000\n");
	remove_directory(f);
}
END_TEST

START_TEST(trace_not_writable)
{
	struct outputs_fixture *f = start_trace(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = NULL;

	ck_assert_int_eq(mm_outputs_trace_new("/nowhere/trace", &(struct mm_outputs_config){.meter = "tenant-1"}, &f->clock.base,
					      &f->error, &outputs),
			 -ENOENT);
	ck_assert_str_eq(f->error.text, "meter \"tenant-1\": trace file /nowhere/trace: No such file or directory");
	ck_assert_ptr_null(outputs);
	/* A pipe that nobody reads must not hold the main loop up. */
	ck_assert_int_eq(mkfifo(path_of(f, "trace"), 0600), 0);
	ck_assert_int_eq(mm_outputs_trace_new(path_of(f, "trace"), &(struct mm_outputs_config){.meter = "tenant-1"},
					      &f->clock.base, &f->error, &outputs),
			 -ENXIO);
	remove_directory(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *trace = tcase_create("trace");

	tcase_add_test(trace, trace_format);
	tcase_add_test(trace, trace_full_disk);
	tcase_add_test(trace, trace_torn_line);
	tcase_add_test(trace, trace_not_writable);
	suite_add_tcase(suite, trace);
	return mm_run_suite(suite);
}
