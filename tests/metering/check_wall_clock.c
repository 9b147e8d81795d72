/* SPDX-License-Identifier: MIT */
/* The wall clock as a label: what counts as a step of it, and what a start says of how the run before ended. */
#include "metering/wall_clock.h"

#include <check.h>
#include <string.h>

#include "core/units.h"
#include "fixture/journal_fixture.h"
#include "fixture/suite.h"

static void pass(struct journal_fixture *f, int64_t ns, int64_t wall_ns)
{
	f->boottime_ns += ns;
	f->realtime_ns += wall_ns;
}

START_TEST(a_step_is_one_event_and_slewing_is_none)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};

	mm_wall_clock_look(&wall); /* the first look has nothing to compare with */
	for (int i = 0; i < 1000; i++) {
		pass(f, MM_NS_PER_S, MM_NS_PER_S + MM_NS_PER_S / 2000); /* 500 ppm, as fast as a clock is slewed */
		mm_wall_clock_look(&wall);
	}
	ck_assert_uint_eq(f->pending.event_count, 0);
	pass(f, MM_NS_PER_S, MM_NS_PER_S + MM_PROFILE_STEP_NS + 1);
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(f->pending.event_count, 1);
	ck_assert_str_eq(latest(f)->code, "clock-step");
	pass(f, MM_NS_PER_S, MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(f->pending.event_count, 1);
	pass(f, MM_NS_PER_S, -3600 * MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(f->pending.event_count, 2);
	ck_assert_ptr_nonnull(strstr(latest(f)->text, "(-3601.000 s)"));
	journal_end(f);
}
END_TEST

/* An interval begins with a minute of the wall clock: what is asked then holds for it, and nobody asks in each window. */
START_TEST(whether_it_is_synchronised_is_asked_once_a_minute)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};

	f->realtime_ns += 45 * MM_NS_PER_S - f->realtime_ns % (60 * MM_NS_PER_S);
	f->unsynchronized = true;
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(f->asked, 1);
	ck_assert_uint_eq(mm_wall_clock_status(&wall, f->realtime_ns) & MM_PROFILE_CLOCK_INVALID, MM_PROFILE_CLOCK_INVALID);
	f->unsynchronized = false;
	for (int i = 1; i <= 120; i++) {
		bool asked = i >= 15;

		pass(f, MM_NS_PER_S, MM_NS_PER_S);
		mm_wall_clock_look(&wall);
		ck_assert_int_eq((mm_wall_clock_status(&wall, f->realtime_ns) & MM_PROFILE_CLOCK_INVALID) == 0, asked);
	}
	/* Once more in each minute that began, and as often as events were written. */
	ck_assert_uint_eq(f->asked, 3 + f->pending.event_count);
	journal_end(f);
}
END_TEST

/* A clock that is set has another minute: what it was set by is known at once. */
START_TEST(a_clock_that_is_set_is_asked_at_once)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};

	f->unsynchronized = true;
	mm_wall_clock_look(&wall);
	pass(f, MM_NS_PER_S, MM_NS_PER_S);
	f->unsynchronized = false;
	pass(f, MM_NS_PER_S, 3601 * MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(mm_wall_clock_status(&wall, f->realtime_ns) & MM_PROFILE_CLOCK_INVALID, 0);
	journal_end(f);
}
END_TEST

static const struct {
	int64_t set_ns; /* by which the clock is set while nobody knows it, in two steps */
	const char *text;
} findings[] = {
	{0, "the wall clock is synchronised now; it did not have to be set"},
	{250 * MM_NS_PER_MS, "the wall clock is synchronised now; it was set by +0.250 s, by which"},
	{-86400 * MM_NS_PER_S, "the wall clock is synchronised now; it was set by -86400.000 s, by which"},
};

START_TEST(a_clock_that_is_known_again_is_an_event_with_what_it_was_set_by)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};
	unsigned before;

	mm_wall_clock_look(&wall);
	/* What was set while something kept it right is no news when it is right again. */
	pass(f, MM_NS_PER_S, 3600 * MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	f->unsynchronized = true;
	for (int i = 0; i < 2; i++) {
		pass(f, 60 * MM_NS_PER_S, 60 * MM_NS_PER_S);
		mm_wall_clock_look(&wall);
		pass(f, 0, findings[_i].set_ns / 2);
	}
	mm_wall_clock_look(&wall);
	before = (unsigned)f->pending.event_count;
	f->unsynchronized = false;
	pass(f, 60 * MM_NS_PER_S, 60 * MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(f->pending.event_count, before + 1);
	ck_assert_str_eq(latest(f)->code, "clock-known");
	ck_assert_msg(strstr(latest(f)->text, findings[_i].text) == latest(f)->text, "%s", latest(f)->text);
	ck_assert_uint_eq(latest(f)->clock_flags, MM_STORE_CLOCK_SYNCHRONIZED);
	pass(f, 60 * MM_NS_PER_S, 60 * MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	ck_assert_uint_eq(f->pending.event_count, before + 1);
	journal_end(f);
}
END_TEST

START_TEST(a_run_that_did_not_know_the_time_is_told_apart)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};
	const struct mm_store_last_run knew = {.realtime_ns = f->realtime_ns},
				       knew_not = {.realtime_ns = f->realtime_ns, .unsynchronized = true};

	mm_wall_clock_note_last_run(&wall, &knew);
	f->unsynchronized = true;
	mm_wall_clock_note_last_run(&wall, &knew_not); /* nor does this one, yet */
	ck_assert_uint_eq(f->pending.event_count, 0);
	f->unsynchronized = false;
	mm_wall_clock_note_last_run(&wall, &knew_not);
	ck_assert_uint_eq(f->pending.event_count, 1);
	ck_assert_str_eq(latest(f)->code, "clock-known");
	ck_assert_ptr_nonnull(strstr(latest(f)->text, "nothing can say"));
	journal_end(f);
}
END_TEST

START_TEST(an_instant_is_labelled_by_the_last_look)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};
	int64_t at = f->boottime_ns - 5 * MM_NS_PER_S;

	mm_wall_clock_look(&wall);
	ck_assert_int_eq(mm_wall_clock_at(&wall, at), f->realtime_ns - 5 * MM_NS_PER_S);
	f->realtime_ns += 3600 * MM_NS_PER_S;
	ck_assert_int_eq(mm_wall_clock_at(&wall, f->boottime_ns), f->realtime_ns - 3600 * MM_NS_PER_S);
	mm_wall_clock_look(&wall);
	ck_assert_int_eq(mm_wall_clock_at(&wall, f->boottime_ns), f->realtime_ns);
	journal_end(f);
}
END_TEST

static const struct {
	bool unclean, same_boot;
	int64_t ago_s; /* by the wall clock */
	const char *codes[2];
	const char *text; /* in the first event */
} ends[] = {
	{false, true, 60, {NULL, NULL}, NULL},
	{true, true, 60, {"crash", NULL}, "60.0 s ago"},
	{true, false, 60, {"power-down", NULL}, "60 s ago by the wall clock"},
	{true, false, -60, {"power-down", "clock-step"}, "how long ago no clock can tell"},
	{false, false, -60, {"clock-step", NULL}, "(-60.000 s)"},
};

START_TEST(a_start_says_how_the_run_before_ended)
{
	struct journal_fixture *f = journal_begin();
	struct mm_wall_clock wall = {.clock = &f->clock, .journal = &f->journal};
	struct mm_store_last_run last = {.unclean = ends[_i].unclean,
					 .same_boot = ends[_i].same_boot,
					 .boottime_ns = f->boottime_ns - 60 * MM_NS_PER_S,
					 .realtime_ns = f->realtime_ns - ends[_i].ago_s * MM_NS_PER_S};
	size_t count = 0;

	mm_wall_clock_note_last_run(&wall, &last);
	while (count < 2 && ends[_i].codes[count]) {
		ck_assert_uint_lt(count, f->pending.event_count);
		ck_assert_str_eq(f->pending.event[count].code, ends[_i].codes[count]);
		count++;
	}
	ck_assert_uint_eq(f->pending.event_count, count);
	if (count > 0) {
		ck_assert_ptr_nonnull(strstr(f->pending.event[0].text, ends[_i].text));
	}
	journal_end(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering: wall clock");
	TCase *tc = tcase_create("wall clock");

	tcase_add_test(tc, a_step_is_one_event_and_slewing_is_none);
	tcase_add_test(tc, whether_it_is_synchronised_is_asked_once_a_minute);
	tcase_add_test(tc, a_clock_that_is_set_is_asked_at_once);
	tcase_add_loop_test(tc, a_clock_that_is_known_again_is_an_event_with_what_it_was_set_by, 0, MM_COUNT_OF(findings));
	tcase_add_test(tc, a_run_that_did_not_know_the_time_is_told_apart);
	tcase_add_test(tc, an_instant_is_labelled_by_the_last_look);
	tcase_add_loop_test(tc, a_start_says_how_the_run_before_ended, 0, MM_COUNT_OF(ends));
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
