/* SPDX-License-Identifier: MIT */
/* When metering commits: what may be lost, what the medium is spared, backups, and a supply that fails. */
#include "fixture/metering_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

START_TEST(what_waits_stays_below_the_bound)
{
	struct metering_fixture *f = setup();

	/* 7200 W are 2 Wh a window. */
	for (int i = 0; i < 100; i++) {
		struct mm_store_status status;

		window(f, 7200);
		status = settle(f);
		ck_assert_int_lt(mm_committer_uncommitted_uwh(f->metering->committer, &status), 8 * MM_UWH_PER_WH);
	}
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 200 * MM_UWH_PER_WH);
	ck_assert_uint_lt(settle(f).commits, 40);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(a_small_load_is_committed_by_the_clock)
{
	struct metering_fixture *f = setup();
	uint64_t commits;

	window(f, 120);
	commits = settle(f).commits;
	for (int i = 0; i < 300; i++) {
		window(f, 120);
		settle(f);
	}
	ck_assert_uint_ge(settle(f).commits - commits, 5);
	ck_assert_uint_le(settle(f).commits - commits, 6 + 1); /* every 60 s, and one for the profile's interval */
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(a_meter_without_load_does_not_write)
{
	struct metering_fixture *f = setup();
	uint64_t commits;

	window(f, 0);
	for (int i = 0; i < 120; i++) {
		window(f, 0);
	}
	commits = settle(f).commits;
	for (int i = 0; i < 300; i++) {
		window(f, 0);
	}
	ck_assert_uint_le(settle(f).commits - commits, 1); /* the profile's interval */
	stop(f);
	teardown(f);
}
END_TEST

/* The same register with a copy. */
static void start_with_copy(struct metering_fixture *f)
{
	stop(f);
	snprintf(f->copy_path, sizeof(f->copy_path), "%s.copy", f->register_path);
	start(f);
	f->config.commit_interval_s = 300;
}

/*
 * What is durable lacks commit_wh at most whenever a window has been dealt with; the window itself is all that can be lost
 * besides. The largest model at its limits: two elements with 440 A at 138 V.
 */
START_TEST(loss_is_bound_at_any_load)
{
	struct metering_fixture *f = setup();
	static const double full_w = 2 * 440 * 138;
	static const double loads_w[] = {40, 3000, 14000, 25000, 48000, 2 * 440 * 138};
	struct mm_model_error error;

	stop(f);
	ck_assert_int_eq(unlink(f->register_path), 0);
	ck_assert_int_eq(mm_model_parse("MMD-120-4001", &f->config.meter[0].model, &error), 0);
	f->config.meter[0].phase[1] = 1;
	f->config.front_end[0].afe.voltage_channel[1] = f->config.front_end[0].afe.current_channel[1] = 1;
	f->supply_v = 138;
	start(f);
	start_with_copy(f);
	for (int i = 0; i < MM_COUNT_OF(loads_w); i++) {
		for (int n = 0; n < 60; n++) {
			struct mm_store_status status;

			/* Loads come and go from one window to the next. */
			window(f, n % 17 == 16 ? full_w : loads_w[i]);
			status = settle(f);
			ck_assert_msg(mm_committer_uncommitted_uwh(f->metering->committer, &status) <= 8 * MM_UWH_PER_WH,
				      "%g W: %lld uWh", loads_w[i],
				      (long long)mm_committer_uncommitted_uwh(f->metering->committer, &status));
		}
	}
	/* All of it was registered: 57 windows of each of the first five loads with three full ones between, then 60 full ones.
	 */
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh / MM_UWH_PER_WH,
			 (int64_t)((57 * (40 + 3000 + 14000 + 25000 + 48000) + (15 + 60) * full_w) / 3600));
	stop(f);
	teardown(f);
}
END_TEST

/* 3 kW for a quarter of an hour: the copy takes a write every nine seconds, the database one in five minutes and one an interval.
 */
START_TEST(the_database_is_spared)
{
	struct metering_fixture *f = setup();
	uint64_t commits;

	start_with_copy(f);
	window(f, 3000);
	commits = settle(f).commits;
	for (int n = 0; n < 900; n++) {
		window(f, 3000);
		(void)settle(f);
	}
	commits = settle(f).commits - commits;
	ck_assert_msg(commits >= 3 && commits <= 5, "%llu commits", (unsigned long long)commits);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(an_event_reaches_the_database_soon)
{
	struct metering_fixture *f = setup();
	uint64_t commits;

	start_with_copy(f);
	for (int n = 0; n < 20; n++) {
		window(f, 100);
	}
	commits = settle(f).commits;
	mm_journal_add(&f->metering->journal, MM_JOURNAL_DAEMON, POWER_RETURNED);
	window(f, 100);
	ck_assert_uint_eq(settle(f).commits, commits + 1);
	/* One after the other wears nothing. */
	for (int n = 0; n < 30; n++) {
		mm_journal_add(&f->metering->journal, MM_JOURNAL_DAEMON, POWER_RETURNED);
		window(f, 100);
		(void)settle(f);
	}
	ck_assert_uint_le(settle(f).commits, commits + 5);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(a_backup_is_made_when_it_is_due)
{
	struct metering_fixture *f = setup();
	char backup[80];

	snprintf(backup, sizeof(backup), "%s.backup", f->register_path);
	f->config.backup_interval_h = 24;
	for (int n = 0; n < 590; n++) {
		window(f, 100);
	}
	(void)settle(f);
	ck_assert_int_ne(access(backup, F_OK), 0);
	for (int n = 0; n < 20; n++) {
		window(f, 100);
	}
	while (f->metering->backup.running) {
		(void)settle(f);
	}
	ck_assert_int_eq(access(backup, F_OK), 0);
	ck_assert(!f->metering->backup.failed);
	ck_assert_int_gt(f->metering->backup.next_ns, f->now_ns + 23 * 3600 * MM_NS_PER_S);
	/* One that is an hour old is not made again at a start; nor does a clock that is not set yet put it off. */
	mm_backup_schedule_plan(&f->metering->backup, mm_clock_realtime(f->metering->clock) / MM_NS_PER_S - 3600);
	ck_assert_int_gt(f->metering->backup.next_ns, f->now_ns + 22 * 3600 * MM_NS_PER_S);
	mm_backup_schedule_plan(&f->metering->backup, mm_clock_realtime(f->metering->clock) / MM_NS_PER_S + 3600);
	ck_assert_int_lt(f->metering->backup.next_ns, f->now_ns + 3600 * MM_NS_PER_S);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(a_failing_supply_is_written_for_at_once)
{
	struct metering_fixture *f = setup();
	struct mm_store_status status;
	int64_t stored_uwh;

	window(f, 3600); /* the event of the start takes this one along */
	(void)settle(f);
	window(f, 3600);
	status = settle(f);
	ck_assert_int_gt(mm_committer_uncommitted_uwh(f->metering->committer, &status), 0);
	mm_metering_power_fail(f->metering, 0);
	status = settle(f);
	ck_assert_int_eq(mm_committer_uncommitted_uwh(f->metering->committer, &status), 0);
	stored_uwh = status.committed[0].profile.row.delivered_uwh;
	ck_assert_int_eq(stored_uwh, 2 * MM_UWH_PER_WH);
	/* And metering goes on, whether it comes back or not. */
	window(f, 3600);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 3 * MM_UWH_PER_WH);
	mm_metering_power_returned(f->metering);
	for (int i = 0; i < 5; i++) {
		window(f, 7200);
	}
	ck_assert_uint_eq(count(f).power_fail, 1);
	ck_assert_uint_eq(count(f).power_returned, 1);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(a_supply_that_flickers_for_ever_does_not_wear_the_medium)
{
	struct metering_fixture *f = setup();
	uint64_t commits = settle(f).commits;

	/* A day of it, ten times a second; no load that would commit by itself. */
	for (int i = 0; i < 864000; i++) {
		f->now_ns += 100 * MM_NS_PER_MS;
		mm_metering_power_fail(f->metering, 0);
		mm_metering_power_returned(f->metering);
		if (i % 1000 == 0) {
			settle(f);
		}
	}
	ck_assert_uint_le(settle(f).commits - commits, 288 + 8);
	ck_assert_uint_ge(settle(f).commits - commits, 288 - 8);
	stop(f);
	teardown(f);
}
END_TEST

/* ---- Each commit as it is submitted ---- */

struct submissions {
	const struct metering_fixture *f;
	uint64_t number; /* of the last one */
	unsigned count;
};

/* mm_store_worker_commit() has no argument of ours; NULL: nobody looks. */
static struct submissions *submissions;

int __real_mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit);
int __wrap_mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit);

static bool is_known(const struct mm_pending *pending, const struct mm_store_event *event, uint64_t number)
{
	for (size_t i = 0; i < pending->events_submitted; i++) {
		if (pending->event_commit[i] == number && strcmp(pending->event[i].text, event->text) == 0) {
			return true;
		}
	}
	return false;
}

/* What the next run would find if this one ended here has all that the commit has. */
static void assert_carried_over(const struct metering_fixture *f, const struct mm_store_commit *commit)
{
	struct mm_pulse_train *train = calloc(MM_STORE_METERS_MAX, sizeof(*train));
	struct mm_pending *pending = calloc(1, sizeof(*pending));
	struct mm_memory_content content = {.pending = pending};
	struct mm_registers committed = commit->meter[0];
	struct mm_memory *memory;

	ck_assert(train && pending);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		content.meter[i].restored = &train[i];
	}
	ck_assert_int_eq(mm_memory_new(dup(mm_memory_fd(f->memory)), "boot", &memory), 0);
	ck_assert_int_eq(mm_memory_read(memory, &content), 0);
	ck_assert_int_eq(mm_pulse_train_played_uwh(&train[0]), committed.output_uwh);
	committed.output_uwh = content.state.meter[0].output_uwh; /* that of memory is what is planned */
	ck_assert_mem_eq(&content.state.meter[0], &committed, sizeof(committed));
	for (size_t i = 0; i < commit->event_count; i++) {
		ck_assert(is_known(pending, &commit->events[i], commit->number));
	}
	mm_memory_free(memory);
	free(pending);
	free(train);
}

int __wrap_mm_store_worker_commit(struct mm_store_worker *worker, const struct mm_store_commit *commit)
{
	if (submissions) {
		ck_assert_uint_eq(commit->number, submissions->number + 1);
		submissions->number = commit->number;
		submissions->count++;
		assert_carried_over(submissions->f, commit);
	}
	return __real_mm_store_worker_commit(worker, commit);
}

/* What clients, the supply and the front end bring, in any order. */
static void do_anything(struct metering_fixture *f, uint64_t *random)
{
	switch (mm_random(random) % 12) {
	case 0:
		failed_report(f, -EIO);
		break;
	case 1:
		mm_metering_power_fail(f->metering, 0);
		mm_metering_power_returned(f->metering);
		break;
	case 2:
		ck_assert_uint_eq(mm_metering_commit(f->metering), submissions->number);
		break;
	case 3:
		f->now_ns += (int64_t)(mm_random(random) % (400 * MM_NS_PER_S));
		break;
	case 4:
		run_timer_until(f, f->now_ns + (int64_t)(mm_random(random) % MM_NS_PER_S));
		break;
	case 5:
		if (mm_random(random) % 2) {
			crash(f);
		} else {
			stop(f);
		}
		start(f);
		break;
	default:
		window(f, mm_random_between(random, -100, 26000));
	}
}

START_TEST(numbers_rise_by_one_and_carryover_knows_each_commit)
{
	struct metering_fixture *f = setup();
	struct submissions seen = {.f = f};
	uint64_t random = 4711;

	stop(f);
	keep_memory(f);
	snprintf(f->copy_path, sizeof(f->copy_path), "%s.copy", f->register_path);
	start(f);
	seen.number = settle(f).durable;
	submissions = &seen;
	for (int i = 0; i < 3000; i++) {
		struct mm_store_status status;

		do_anything(f, &random);
		if (mm_random(&random) % 3 == 0) {
			status = settle(f);
			ck_assert_uint_le(status.durable, seen.number);
			/* 26 kW for a second and what commit_wh allows. */
			ck_assert_int_le(mm_committer_uncommitted_uwh(f->metering->committer, &status),
					 8 * MM_UWH_PER_WH + (int64_t)(26000 * MM_UWH_PER_WS));
		}
	}
	(void)mm_metering_commit(f->metering);
	ck_assert_uint_eq(settle(f).durable, seen.number);
	ck_assert_uint_gt(seen.count, 500);
	stop(f);
	submissions = NULL;
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering: commits");
	TCase *tc = tcase_create("commits"), *slow = tcase_create("slow");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_waits_stays_below_the_bound);
	tcase_add_test(tc, a_small_load_is_committed_by_the_clock);
	tcase_add_test(tc, a_meter_without_load_does_not_write);
	tcase_add_test(tc, loss_is_bound_at_any_load);
	tcase_add_test(tc, the_database_is_spared);
	tcase_add_test(tc, an_event_reaches_the_database_soon);
	tcase_add_test(tc, a_backup_is_made_when_it_is_due);
	tcase_add_test(tc, a_failing_supply_is_written_for_at_once);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(slow, 60);
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, numbers_rise_by_one_and_carryover_knows_each_commit);
	tcase_add_test(slow, a_supply_that_flickers_for_ever_does_not_wear_the_medium);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
