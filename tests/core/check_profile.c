/* SPDX-License-Identifier: MIT */
/*
 * Load profile: windows laid over intervals of the wall clock, whatever that clock does.
 */
#include <check.h>
#include <errno.h>

#include "core/profile.h"
#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

#define NOON_S INT64_C(1780315200) /* 2026-06-01 12:00 UTC */
#define LENGTH_S 900

struct fixture {
	struct mm_profile profile;
	struct mm_profile_row closed[MM_PROFILE_CLOSED_MAX];
};

static struct fixture *setup(struct fixture *f)
{
	*f = (struct fixture){0};
	ck_assert_int_eq(mm_profile_init(&f->profile, LENGTH_S), 0);
	return f;
}

/* A window of duration_s that ended at real_s after noon and boot_s after the start, with one µWh for each ms. */
static unsigned add(struct fixture *f, double real_s, double boot_s, double duration_s, uint32_t status)
{
	struct mm_profile_row increment = {
		.status = status,
		.delivered_uwh = (int64_t)(duration_s * 1000),
		.received_uwh = 3,
		.lagging_uvarh = 1,
		.leading_uvarh = 2,
	};

	return mm_profile_add(&f->profile, NOON_S * MM_NS_PER_S + (int64_t)(real_s * MM_NS_PER_S),
			      (int64_t)((1000 + boot_s) * MM_NS_PER_S), (int64_t)(duration_s * MM_NS_PER_S), &increment,
			      f->closed);
}

static void check_row(const struct mm_profile_row *row, int64_t start_s, uint32_t status, int64_t delivered_uwh)
{
	ck_assert_int_eq(row->start_s, NOON_S + start_s);
	ck_assert_int_eq(row->duration_s, LENGTH_S);
	ck_assert_uint_eq(row->status, status);
	ck_assert_int_eq(row->delivered_uwh, delivered_uwh);
	ck_assert_int_eq(row->covered_ns, delivered_uwh * MM_NS_PER_MS);
}

START_TEST(interval_lengths)
{
	struct fixture fixture, *f = setup(&fixture);
	static const struct {
		int32_t interval_s;
		int result;
	} lengths[] = {{60, 0},	      {300, 0},	     {900, 0},	   {3600, 0},	    {0, -EINVAL},    {-900, -EINVAL},
		       {59, -EINVAL}, {61, -EINVAL}, {7, -EINVAL}, {3601, -EINVAL}, {7200, -EINVAL}, {INT32_MAX, -EINVAL}};

	for (int i = 0; i < MM_COUNT_OF(lengths); i++) {
		ck_assert_int_eq(mm_profile_init(&f->profile, lengths[i].interval_s), lengths[i].result);
	}
}
END_TEST

START_TEST(aligned_and_whole)
{
	struct fixture fixture, *f = setup(&fixture);
	unsigned rows = 0;

	for (int t = 1; t <= 3 * LENGTH_S; t++) {
		if (add(f, t, t, 1, 0) == 0) {
			continue;
		}
		check_row(&f->closed[0], rows * LENGTH_S, 0, LENGTH_S * 1000);
		ck_assert_int_eq(f->closed[0].received_uwh, 3 * LENGTH_S);
		ck_assert_int_eq(f->closed[0].lagging_uvarh, 1 * LENGTH_S);
		ck_assert_int_eq(f->closed[0].leading_uvarh, 2 * LENGTH_S);
		ck_assert(!f->profile.open);
		rows++;
	}
	ck_assert_uint_eq(rows, 3);
	ck_assert_double_eq_tol(mm_profile_demand_w(&f->closed[0]), 3.6, 1e-9);
}
END_TEST

START_TEST(split_at_boundary)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_uint_eq(add(f, 899.25, 0, 1, 0), 0);
	ck_assert_uint_eq(add(f, 900.5, 1.25, 1.25, 0), 1);
	/* 0.75 s of 1.25 s lie before the boundary; a fraction falls to the later interval. */
	check_row(&f->closed[0], 0, 0, 1750);
	ck_assert_int_eq(f->closed[0].received_uwh, 3 + 1);
	ck_assert_int_eq(f->closed[0].lagging_uvarh, 1 + 0);
	check_row(&f->profile.row, 900, 0, 500);
	ck_assert_int_eq(f->profile.row.received_uwh, 2);
	ck_assert_int_eq(f->profile.row.lagging_uvarh, 1);
}
END_TEST

/* The first window of all may lie across a boundary as well. */
START_TEST(split_first)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_uint_eq(add(f, 0.25, 0, 1, 0), 1);
	check_row(&f->closed[0], -900, 0, 750);
	check_row(&f->profile.row, 0, 0, 250);
}
END_TEST

START_TEST(parts_add_up)
{
	struct fixture fixture, *f = setup(&fixture);
	uint64_t random = (uint64_t)_i + 1;
	struct mm_profile_row in = {0}, out = {0};
	int64_t real_ns = NOON_S * MM_NS_PER_S, boot_ns = 5, last_start_s = 0;

	mm_profile_init(&f->profile, 60);
	for (int window = 0; window < 20000; window++) {
		int64_t duration = (int64_t)mm_random_between(&random, 1, 3e9);
		struct mm_profile_row increment = {
			.delivered_uwh = (int64_t)mm_random_between(&random, 0, 4e7),
			.received_uwh = (int64_t)mm_random_between(&random, 0, 3),
			.lagging_uvarh = (int64_t)mm_random_between(&random, 0, 4e7),
			.leading_uvarh = (int64_t)mm_random_between(&random, 0, 4e7),
		};
		int64_t slew = (int64_t)mm_random_between(&random, -1e6, 1e6);
		unsigned count;

		boot_ns += duration;
		real_ns += duration + slew;
		in.covered_ns += duration;
		in.delivered_uwh += increment.delivered_uwh;
		in.received_uwh += increment.received_uwh;
		in.lagging_uvarh += increment.lagging_uvarh;
		in.leading_uvarh += increment.leading_uvarh;
		count = mm_profile_add(&f->profile, real_ns, boot_ns, duration, &increment, f->closed);
		for (unsigned i = 0; i < count; i++) {
			ck_assert_int_gt(f->closed[i].start_s, last_start_s);
			ck_assert_uint_eq(f->closed[i].status, 0);
			last_start_s = f->closed[i].start_s;
			out.delivered_uwh += f->closed[i].delivered_uwh;
			out.received_uwh += f->closed[i].received_uwh;
			out.lagging_uvarh += f->closed[i].lagging_uvarh;
			out.leading_uvarh += f->closed[i].leading_uvarh;
			out.covered_ns += f->closed[i].covered_ns;
		}
		if (f->profile.open) {
			ck_assert_int_ge(f->profile.row.received_uwh, 0);
		}
	}
	ck_assert_int_eq(out.delivered_uwh + (f->profile.open ? f->profile.row.delivered_uwh : 0), in.delivered_uwh);
	ck_assert_int_eq(out.received_uwh + (f->profile.open ? f->profile.row.received_uwh : 0), in.received_uwh);
	ck_assert_int_eq(out.lagging_uvarh + (f->profile.open ? f->profile.row.lagging_uvarh : 0), in.lagging_uvarh);
	ck_assert_int_eq(out.leading_uvarh + (f->profile.open ? f->profile.row.leading_uvarh : 0), in.leading_uvarh);
	ck_assert_int_eq(out.covered_ns + (f->profile.open ? f->profile.row.covered_ns : 0), in.covered_ns);
}
END_TEST

/* A clock slewed back just after a boundary does not open the closed interval again. */
START_TEST(slewed_back_over_boundary)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 899, 0, 1, 0);
	ck_assert_uint_eq(add(f, 900, 1, 1, 0), 1);
	ck_assert_uint_eq(add(f, 900.9, 2, 1, 0), 0);
	check_row(&f->profile.row, 900, 0, 1000);
	add(f, 1799.5, 900.7, 1, 0);
	ck_assert_uint_eq(add(f, 1800.5, 901.7, 1, 0), 1);
	ck_assert_uint_eq(add(f, 1799.9, 902.7, 1, 0), 0);
	check_row(&f->profile.row, 1800, 0, 1500);
}
END_TEST

START_TEST(step_out_of_interval)
{
	struct fixture fixture, *f = setup(&fixture);
	double to_s = _i == 0 ? 7200.5 : -7199.5;

	add(f, 100, 0, 1, 0);
	ck_assert_uint_eq(add(f, to_s, 1, 1, 0), 1);
	check_row(&f->closed[0], 0, MM_PROFILE_CLOCK_ADJUSTED, 1000);
	check_row(&f->profile.row, _i == 0 ? 7200 : -7200, MM_PROFILE_CLOCK_ADJUSTED, 1000);
	ck_assert_uint_eq(add(f, to_s + 1, 2, 1, 0), 0);
	ck_assert_uint_eq(add(f, to_s + 900, 901, 1, 0), 1);
	ck_assert_uint_eq(f->profile.row.status, 0);
}
END_TEST

START_TEST(step_within_interval)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 0, 1, 0);
	ck_assert_uint_eq(add(f, 103.1, 1, 1, 0), 0);
	check_row(&f->profile.row, 0, MM_PROFILE_CLOCK_ADJUSTED, 2000);
}
END_TEST

START_TEST(slew_is_no_step)
{
	struct fixture fixture, *f = setup(&fixture);

	for (int t = 1; t <= 800; t++) {
		ck_assert_uint_eq(add(f, t * 1.08, t, 1, 0), 0);
	}
	ck_assert_uint_eq(f->profile.row.status, 0);
}
END_TEST

START_TEST(clock_set_late)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100 - (double)NOON_S, 0, 1, MM_PROFILE_CLOCK_INVALID);
	ck_assert_uint_eq(f->profile.row.status, MM_PROFILE_CLOCK_INVALID);
	ck_assert_uint_eq(add(f, 100, 1, 1, 0), 1);
	ck_assert_int_eq(f->closed[0].start_s, 0);
	ck_assert_uint_eq(f->closed[0].status, MM_PROFILE_CLOCK_INVALID | MM_PROFILE_CLOCK_ADJUSTED);
	check_row(&f->profile.row, 0, MM_PROFILE_CLOCK_ADJUSTED, 1000);
}
END_TEST

/* Nobody knew the time when it began: that it is known before the end makes it no other. */
START_TEST(clock_known_without_a_step)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 100, 1, 0);
	add(f, 101, 101, 1, MM_PROFILE_CLOCK_INVALID);
	ck_assert_uint_eq(f->profile.row.status, 0);
	add(f, 899, 899, 1, MM_PROFILE_CLOCK_INVALID);
	ck_assert_uint_eq(add(f, 901, 901, 2, MM_PROFILE_CLOCK_INVALID), 1);
	ck_assert_uint_eq(f->closed[0].status, 0);
	add(f, 1000, 1000, 1, 0);
	ck_assert_uint_eq(f->profile.row.status, MM_PROFILE_CLOCK_INVALID);
	ck_assert_uint_eq(add(f, 1801, 1801, 2, 0), 1);
	ck_assert_uint_eq(f->closed[0].status, MM_PROFILE_CLOCK_INVALID);
	ck_assert_uint_eq(f->profile.row.status, 0);
}
END_TEST

/* A clock before 1970 is as wrong as any, and aligned like any. */
START_TEST(clock_before_epoch)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_uint_eq(add(f, -0.25 - (double)NOON_S, 0, 0.5, 0), 0);
	ck_assert_int_eq(f->profile.row.start_s, -LENGTH_S);
}
END_TEST

START_TEST(long_gap)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 0, 1, 0);
	add(f, 101, 1, 1, 0);
	ck_assert_uint_eq(add(f, 4000.5, 3900.5, 1, MM_PROFILE_DATA_INVALID), 1);
	check_row(&f->closed[0], 0, MM_PROFILE_DATA_INVALID, 2000);
	check_row(&f->profile.row, 3600, MM_PROFILE_DATA_INVALID, 1000);
}
END_TEST

/* The gap ends across a boundary: the interval left open and the one before the boundary are both closed. */
START_TEST(long_gap_to_boundary)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 0, 1, 0);
	ck_assert_uint_eq(add(f, 4500.25, 4400.25, 1, MM_PROFILE_DATA_INVALID), 2);
	check_row(&f->closed[0], 0, MM_PROFILE_DATA_INVALID, 1000);
	check_row(&f->closed[1], 3600, MM_PROFILE_DATA_INVALID, 750);
	check_row(&f->profile.row, 4500, MM_PROFILE_DATA_INVALID, 250);
}
END_TEST

/* No front end has such windows, but nothing of one may be lost. */
START_TEST(window_of_many_intervals)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 0, 1, 0);
	ck_assert_uint_eq(add(f, 9000, 8900, 8900, 0), 2);
	ck_assert_int_eq(f->closed[0].delivered_uwh + f->closed[1].delivered_uwh + f->profile.row.delivered_uwh, 8901000);
	ck_assert_int_eq(f->closed[0].covered_ns, 801 * MM_NS_PER_S);
	ck_assert_int_eq(f->closed[1].covered_ns, 900 * MM_NS_PER_S);
	ck_assert_int_eq(f->profile.row.start_s, NOON_S + 9000);
}
END_TEST

START_TEST(marks_without_time)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 899, 0, 1, 0);
	ck_assert_uint_eq(add(f, 901, 2, 0, MM_PROFILE_ERROR), 1);
	check_row(&f->closed[0], 0, MM_PROFILE_ERROR, 1000);
	check_row(&f->profile.row, 900, MM_PROFILE_ERROR, 0);
	ck_assert_uint_eq(add(f, 1800, 901, 0, 0), 1);
	check_row(&f->closed[0], 900, MM_PROFILE_ERROR, 0);
}
END_TEST

static void stop_and_resume(struct fixture *f)
{
	struct mm_profile stored = f->profile;

	stored.last_boot_ns = 0;
	mm_profile_init(&f->profile, LENGTH_S);
	ck_assert_int_eq(mm_profile_resume(&f->profile, &stored), 0);
}

/* Another run of the program, of the same machine, that has missed nothing. */
START_TEST(goes_on_unmarked)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_profile stored;

	add(f, 100, 0, 1, 0);
	stored = f->profile;
	mm_profile_init(&f->profile, LENGTH_S);
	ck_assert_int_eq(mm_profile_resume(&f->profile, &stored), 0);
	ck_assert_uint_eq(add(f, 101, 1, 1, 0), 0);
	check_row(&f->profile.row, 0, 0, 2000);
	/* And knows a step over the restart for one. */
	add(f, 200, 2, 1, 0);
	check_row(&f->profile.row, 0, MM_PROFILE_CLOCK_ADJUSTED, 3000);
}
END_TEST

START_TEST(resumes_same_interval)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 0, 1, 0);
	stop_and_resume(f);
	ck_assert_uint_eq(add(f, 200, -900, 1, 0), 0);
	check_row(&f->profile.row, 0, MM_PROFILE_POWER_DOWN, 2000);
}
END_TEST

START_TEST(resumes_later)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 100, 0, 1, 0);
	stop_and_resume(f);
	ck_assert_uint_eq(add(f, 2000, -900, 1, 0), 1);
	check_row(&f->closed[0], 0, MM_PROFILE_POWER_DOWN, 1000);
	check_row(&f->profile.row, 1800, MM_PROFILE_POWER_DOWN, 1000);
	add(f, 2699.5, -200.5, 1, 0);
	ck_assert_uint_eq(add(f, 2700.5, -199.5, 1, 0), 1);
	check_row(&f->profile.row, 2700, 0, 500);
}
END_TEST

/* Stopped just when an interval was closed: there is none to mark but the next. */
START_TEST(resumes_between)
{
	struct fixture fixture, *f = setup(&fixture);

	ck_assert_uint_eq(add(f, 900, 0, 1, 0), 1);
	stop_and_resume(f);
	ck_assert(!f->profile.open);
	ck_assert_uint_eq(f->profile.row.status, 0);
	add(f, 2000, -900, 1, 0);
	check_row(&f->profile.row, 1800, MM_PROFILE_POWER_DOWN, 1000);
}
END_TEST

/* A board without a battery comes up with an old clock. */
START_TEST(resumes_in_the_past)
{
	struct fixture fixture, *f = setup(&fixture);

	add(f, 5000, 0, 1, 0);
	stop_and_resume(f);
	ck_assert_uint_eq(add(f, 1000, -900, 1, 0), 1);
	check_row(&f->closed[0], 4500, MM_PROFILE_POWER_DOWN | MM_PROFILE_CLOCK_ADJUSTED, 1000);
	check_row(&f->profile.row, 900, MM_PROFILE_POWER_DOWN | MM_PROFILE_CLOCK_ADJUSTED, 1000);
}
END_TEST

/* The interval length was changed while stopped: the open one keeps its own. */
START_TEST(resumes_with_other_length)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_profile stored;

	add(f, 100, 0, 1, 0);
	stored = f->profile;
	mm_profile_init(&f->profile, 300);
	ck_assert_int_eq(mm_profile_resume(&f->profile, &stored), 0);
	ck_assert_uint_eq(add(f, 500, 400, 1, 0), 0);
	ck_assert_uint_eq(add(f, 900.5, 800.5, 1, 0), 1);
	ck_assert_int_eq(f->closed[0].duration_s, 900);
	ck_assert_int_eq(f->profile.row.duration_s, 300);
	ck_assert_int_eq(f->profile.row.start_s, NOON_S + 900);
}
END_TEST

START_TEST(refuses_nonsense)
{
	struct fixture fixture, *f = setup(&fixture);
	struct mm_profile stored = {.open = true, .row = {.start_s = NOON_S, .duration_s = 900}}, before = f->profile;

	stored.row.duration_s = _i == 0 ? 0 : _i == 1 ? INT32_MAX : 900;
	stored.row.start_s = _i == 2 ? -1 : _i == 3 ? INT64_MAX : NOON_S;
	ck_assert_int_eq(mm_profile_resume(&f->profile, &stored), -ERANGE);
	ck_assert_mem_eq(&f->profile, &before, sizeof(before));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("profile");
	TCase *tcase = tcase_create("profile");

	tcase_add_test(tcase, interval_lengths);
	tcase_add_test(tcase, aligned_and_whole);
	tcase_add_test(tcase, split_at_boundary);
	tcase_add_test(tcase, split_first);
	tcase_add_loop_test(tcase, parts_add_up, 0, 10);
	tcase_add_test(tcase, slewed_back_over_boundary);
	tcase_add_loop_test(tcase, step_out_of_interval, 0, 2);
	tcase_add_test(tcase, step_within_interval);
	tcase_add_test(tcase, slew_is_no_step);
	tcase_add_test(tcase, clock_set_late);
	tcase_add_test(tcase, clock_known_without_a_step);
	tcase_add_test(tcase, clock_before_epoch);
	tcase_add_test(tcase, long_gap);
	tcase_add_test(tcase, long_gap_to_boundary);
	tcase_add_test(tcase, window_of_many_intervals);
	tcase_add_test(tcase, marks_without_time);
	tcase_add_test(tcase, goes_on_unmarked);
	tcase_add_test(tcase, resumes_same_interval);
	tcase_add_test(tcase, resumes_later);
	tcase_add_test(tcase, resumes_between);
	tcase_add_test(tcase, resumes_in_the_past);
	tcase_add_test(tcase, resumes_with_other_length);
	tcase_add_loop_test(tcase, refuses_nonsense, 0, 4);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
