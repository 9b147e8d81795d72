/* SPDX-License-Identifier: MIT */
/*
 * What the load profile makes of a wall clock that is set: steps of a second to years in both directions, at boundaries and
 * between them, once and twice in one interval, there and back, over a restart, and from 1970. Whatever it does, each register is
 * the sum of its intervals to the last µWh, no time is counted twice or lost, and what was reported once stays as it was.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/meter.h"
#include "core/units.h"
#include "fixture/random.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define NOON_S INT64_C(1780315200) /* 2026-06-01 12:00 UTC */
#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
/* Windows before the step, between two, and after. */
#define WINDOWS 40
#define ROWS_MAX 4096

/* ---- A meter whose wall clock is ours to set ---- */

struct run {
	struct mm_meter meter;
	int64_t boot_ns, real_ns; /* at the end of the last window */
	int64_t metered_ns;	  /* time that was metered */
	uint64_t random;
	bool wakes_unset; /* nothing has synchronised the clock while it is in 1970 */
	unsigned row_count;
	struct mm_store_profile_row *rows; /* all that were ever closed */
};

static void check_row(const struct run *run, const struct mm_profile_row *row)
{
	ck_assert_int_eq(row->start_s % row->duration_s, 0);
	ck_assert_int_ge(row->covered_ns, 0);
	ck_assert_int_ge(row->delivered_uwh, 0);
	ck_assert_int_ge(row->received_uwh, 0);
	/* One whose clock was never set is not longer than it says, but for what is no step yet. */
	ck_assert((row->status & MM_PROFILE_CLOCK_ADJUSTED) != 0 ||
		  row->covered_ns <= row->duration_s * MM_NS_PER_S + 2 * MM_PROFILE_STEP_NS);
	ck_assert(!run->wakes_unset || ((row->status & MM_PROFILE_CLOCK_INVALID) != 0) == (row->start_s < YEAR));
}

/* Windows of about a second with loads that change and now and then turn round. */
static void run_windows(struct run *run, int count)
{
	for (int i = 0; i < count; i++) {
		int64_t length_ns = MM_NS_PER_S + (int64_t)mm_random_between(&run->random, -2e7, 2e7);
		double power_w = mm_random_between(&run->random, -500, 5000),
		       reactive_var = mm_random_between(&run->random, -300, 300);
		struct mm_measurement window = {.start_ns = run->boot_ns,
						.end_ns = run->boot_ns + length_ns,
						.latched = true,
						.input_count = 1,
						.health = MM_HEALTH_OK};
		struct mm_meter_step step;

		window.input[0] = (struct mm_input_reading){.voltage_v = 120,
							    .current_a = 20,
							    .frequency_hz = 60,
							    .active_ws = power_w * (double)length_ns / MM_NS_PER_S,
							    .reactive_vars = reactive_var * (double)length_ns / MM_NS_PER_S};
		run->boot_ns += length_ns;
		run->real_ns += length_ns;
		run->metered_ns += length_ns;
		if (run->wakes_unset) {
			run->meter.clock_status = run->real_ns < YEAR * MM_NS_PER_S ? MM_PROFILE_CLOCK_INVALID : 0;
		}
		mm_meter_step(&run->meter, &window, MM_HEALTH_OK, run->real_ns, &step);
		for (unsigned k = 0; k < step.closed_count; k++) {
			ck_assert_uint_lt(run->row_count, ROWS_MAX);
			check_row(run, &step.closed[k]);
			run->rows[run->row_count++].row = step.closed[k];
		}
	}
}

static void start_meter(struct run *run, int32_t interval_s, const struct mm_registers *registers)
{
	struct mm_meter_config config = {.profile_interval_s = interval_s};
	struct mm_model_error error;

	ck_assert_int_eq(mm_model_parse("MMS-120-1001", &config.model, &error), 0);
	ck_assert_int_eq(mm_meter_init(&run->meter, &config, registers), 0);
}

/* Another run of the machine goes on from what was stored. */
static void restart(struct run *run, int32_t interval_s)
{
	struct mm_registers stored = run->meter.registers;

	stored.profile.last_boot_ns = 0;
	run->boot_ns = 10 * MM_NS_PER_S;
	start_meter(run, interval_s, &stored);
}

/* ---- The sums ---- */

/* By how much the intervals and the registers, and the time covered and metered, differ: µWh, µvarh and ns together. */
static int64_t difference(const struct run *run)
{
	const struct mm_registers *registers = &run->meter.registers;
	struct mm_profile_row sum = {0};

	if (registers->profile.open) {
		sum = registers->profile.row;
		check_row(run, &sum);
	}
	for (unsigned i = 0; i < run->row_count; i++) {
		const struct mm_profile_row *row = &run->rows[i].row;

		sum.delivered_uwh += row->delivered_uwh;
		sum.received_uwh += row->received_uwh;
		sum.lagging_uvarh += row->lagging_uvarh;
		sum.leading_uvarh += row->leading_uvarh;
		sum.covered_ns += row->covered_ns;
	}
	ck_assert_int_gt(registers->received.uwh, 0);
	return llabs(sum.delivered_uwh - registers->delivered.uwh) + llabs(sum.received_uwh - registers->received.uwh) +
	       llabs(sum.lagging_uvarh - registers->lagging.uwh) + llabs(sum.leading_uvarh - registers->leading.uwh) +
	       llabs(sum.covered_ns - run->metered_ns);
}

/* The real register agrees: it keeps every interval, and finds none wanting. */
static void check_stored(struct run *run)
{
	struct mm_store_commit commit = {.meter_count = 1, .row_count = run->row_count, .rows = run->rows};
	char count[16];
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	commit.meter[0] = run->meter.registers;
	ck_assert_msg(mm_store_commit(store, &commit) == 0, "%s", store->db.error.text);
	snprintf(count, sizeof(count), "%u", run->row_count);
	fixture_assert_answer(store, "SELECT count(*) FROM profile", count);
	fixture_assert_answer(store, "SELECT count(*) FROM event WHERE code = 'unprofiled'", "0");
	fixture_stop(&b, store);
}

/* ---- The matrix ---- */

static const struct {
	const char *name;
	int64_t seconds;
} steps[] = {
	{"1 s", 1},
	{"3 s", 3},
	{"59 s", 59},
	{"1 min", MINUTE},
	{"14 min 59 s", 15 * MINUTE - 1},
	{"15 min", 15 * MINUTE},
	{"1 h", HOUR},
	{"1 day", DAY},
	{"30 days", 30 * DAY},
	{"1 year", YEAR},
	{"10 years", 10 * YEAR},
	{"to 1970", NOON_S - 100},
};

/* Where in an interval the step comes, in ms before its end; windows end near to, at and after it. */
static const int64_t positions_ms[] = {30000, 1500, 1000, 500, 0};

static const int32_t intervals_s[] = {60, 900, 3600};

enum pattern { ONCE, TWICE, THERE_AND_BACK, OVER_A_RESTART, PATTERNS };
static const char *const patterns[PATTERNS] = {"once", "twice", "there and back", "over a restart"};

static void set_clock(struct run *run, int64_t seconds)
{
	run->real_ns += seconds * MM_NS_PER_S;
}

static void run_case(struct run *run, int32_t interval_s, int64_t position_ms, int64_t seconds, enum pattern pattern)
{
	/* The step comes after WINDOWS windows of 1 s on average: at the position, by the clock as it was. */
	run->real_ns = (NOON_S + interval_s - WINDOWS) * MM_NS_PER_S - position_ms * MM_NS_PER_MS;
	run->boot_ns = 1000 * MM_NS_PER_S;
	start_meter(run, interval_s, NULL);
	run_windows(run, WINDOWS);
	/* Window lengths vary: put the end of the last one where it is meant to be. A slew, no step. */
	run->real_ns = (NOON_S + interval_s) * MM_NS_PER_S - position_ms * MM_NS_PER_MS;
	if (pattern == OVER_A_RESTART) {
		restart(run, interval_s);
	}
	set_clock(run, seconds);
	run_windows(run, 3);
	if (pattern == TWICE) {
		set_clock(run, seconds > 0 ? seconds : -3 * HOUR);
	} else if (pattern == THERE_AND_BACK) {
		set_clock(run, -seconds);
	}
	run_windows(run, WINDOWS);
	/* To the end of the interval and beyond. */
	run_windows(run, interval_s <= 60 ? 130 : 10);
}

/* Both sides of a step are marked; a clock that was only slewed marks nothing. */
static void check_marks(const struct run *run, int64_t seconds, enum pattern pattern)
{
	unsigned marked = (run->meter.registers.profile.row.status & MM_PROFILE_CLOCK_ADJUSTED) != 0;
	bool reported = pattern == OVER_A_RESTART ? seconds < 0 : llabs(seconds) > 2;

	for (unsigned i = 0; i < run->row_count; i++) {
		marked += (run->rows[i].row.status & MM_PROFILE_CLOCK_ADJUSTED) != 0;
	}
	/* A second is about what the first window after a restart brings: it may be reported or not. */
	if (pattern == ONCE || (pattern == OVER_A_RESTART && llabs(seconds) > 2)) {
		ck_assert_msg((marked > 0) == reported, "%u marked after %lld s", marked, (long long)seconds);
	}
}

struct tally {
	unsigned cases, rows;
	int64_t difference;
};

static void run_step(int64_t seconds, enum pattern pattern, struct tally *tally)
{
	static struct mm_store_profile_row rows[ROWS_MAX];

	for (int i = 0; i < MM_COUNT_OF(intervals_s); i++) {
		for (int p = 0; p < MM_COUNT_OF(positions_ms); p++) {
			for (int direction = -1; direction <= 1; direction += 2) {
				struct run run = {.rows = rows, .random = 4711 + tally->cases};

				memset(rows, 0, sizeof(rows));
				run_case(&run, intervals_s[i], positions_ms[p], direction * seconds, pattern);
				tally->difference += difference(&run);
				check_marks(&run, direction * seconds, pattern);
				if (p == 0) {
					check_stored(&run);
				}
				tally->cases++;
				tally->rows += run.row_count;
			}
		}
	}
}

START_TEST(test_clock_matrix)
{
	struct tally all = {0};

	printf("%-14s  %-14s  %5s  %9s  %s\n", "clock set by", "how", "cases", "intervals", "off by (uWh, uvarh, ns)");
	for (int s = 0; s < MM_COUNT_OF(steps); s++) {
		for (enum pattern pattern = ONCE; pattern < PATTERNS; pattern++) {
			struct tally tally = {0};

			run_step(steps[s].seconds, pattern, &tally);
			printf("+- %-11s  %-14s  %5u  %9u  %lld\n", steps[s].name, patterns[pattern], tally.cases, tally.rows,
			       (long long)tally.difference);
			all.cases += tally.cases;
			all.difference += tally.difference;
		}
	}
	printf("%u cases\n", all.cases);
	fflush(stdout);
	ck_assert_int_eq(all.difference, 0);
	ck_assert_uint_eq(all.cases, MM_COUNT_OF(steps) * PATTERNS * MM_COUNT_OF(intervals_s) * MM_COUNT_OF(positions_ms) * 2);
}
END_TEST

/* A board without a battery wakes up in 1970, and is set when the network is there; over and over. */
START_TEST(test_unset_at_boot)
{
	static struct mm_store_profile_row rows[ROWS_MAX];
	struct run run = {.rows = rows, .random = 1, .boot_ns = 5 * MM_NS_PER_S, .wakes_unset = true};
	unsigned invalid = 0;

	start_meter(&run, 900, NULL);
	for (int boot = 0; boot < 20; boot++) {
		run.real_ns = 7 * MM_NS_PER_S;
		run_windows(&run, 10 + 100 * boot);
		run.real_ns = (NOON_S + boot * 600) * MM_NS_PER_S;
		run_windows(&run, 500);
		restart(&run, 900);
	}
	ck_assert_int_eq(difference(&run), 0);
	check_stored(&run);
	for (unsigned i = 0; i < run.row_count; i++) {
		invalid += (rows[i].row.status & MM_PROFILE_CLOCK_INVALID) != 0;
	}
	ck_assert_uint_ge(invalid, 20);
	ck_assert_uint_ge(run.row_count, 40);
}
END_TEST

/* Set at random, often, by anything from a second to years. */
START_TEST(test_set_at_random)
{
	static struct mm_store_profile_row rows[ROWS_MAX];
	struct run run = {.rows = rows, .random = 99, .boot_ns = 5 * MM_NS_PER_S, .real_ns = NOON_S * MM_NS_PER_S};

	start_meter(&run, 60, NULL);
	for (int i = 0; i < 1000; i++) {
		int64_t seconds = steps[mm_random(&run.random) % MM_COUNT_OF(steps)].seconds;

		run_windows(&run, (int)(mm_random(&run.random) % 90));
		seconds = mm_random(&run.random) % 2 == 0 ? seconds : -seconds;
		if (run.real_ns / MM_NS_PER_S + seconds > 0 &&
		    run.real_ns / MM_NS_PER_S + seconds < NOON_S + 50 * (int64_t)YEAR) {
			set_clock(&run, seconds);
		}
		if (mm_random(&run.random) % 10 == 0) {
			restart(&run, 60);
		}
	}
	run_windows(&run, 10);
	ck_assert_int_eq(difference(&run), 0);
	check_stored(&run);
}
END_TEST

/* Daylight saving moves no interval, for they lie on UTC; those that begin in it are marked, and no other. */
START_TEST(test_daylight_saving)
{
	static struct mm_store_profile_row rows[ROWS_MAX];
	struct run run = {.rows = rows, .random = 5, .boot_ns = 5 * MM_NS_PER_S, .real_ns = (NOON_S - 1800) * MM_NS_PER_S};
	bool summer = _i == 0;

	start_meter(&run, 900, NULL);
	run.meter.clock_status = summer ? 0 : MM_PROFILE_DST;
	while (run.real_ns < (NOON_S - 2) * MM_NS_PER_S) {
		run_windows(&run, 1);
	}
	/* The window in which it changes reaches over the full hour. */
	run.meter.clock_status = summer ? MM_PROFILE_DST : 0;
	run_windows(&run, 2000);
	ck_assert_int_eq(difference(&run), 0);
	ck_assert_uint_ge(run.row_count, 4);
	for (unsigned i = 0; i < run.row_count; i++) {
		ck_assert_int_eq((rows[i].row.status & MM_PROFILE_DST) != 0, summer == (rows[i].row.start_s >= NOON_S));
		ck_assert_uint_eq(rows[i].row.status & (MM_PROFILE_CLOCK_ADJUSTED | MM_PROFILE_CLOCK_INVALID), 0);
		ck_assert(i == 0 || rows[i].row.start_s == rows[i - 1].row.start_s + 900);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock-matrix");
	TCase *tcase = tcase_create("matrix"), *slow = tcase_create("all");

	tcase_add_test(tcase, test_unset_at_boot);
	tcase_add_loop_test(tcase, test_daylight_saving, 0, 2);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 300);
	tcase_add_test(slow, test_clock_matrix);
	tcase_add_test(slow, test_set_at_random);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
