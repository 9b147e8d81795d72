/* SPDX-License-Identifier: MIT */
/* What metering goes on with after a stop or a kill: registers, rows and events on their way, and memory that was kept. Of the
 * outputs: check_carryover_outputs.c. */
#include "fixture/metering_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "fixture/older_memory.h"
#include "fixture/suite.h"

START_TEST(a_restart_goes_on_where_it_stopped)
{
	struct metering_fixture *f = setup();
	int64_t before;

	for (int i = 0; i < 10; i++) {
		window(f, 7200);
	}
	before = f->metering->meters[0].meter.registers.delivered.uwh;
	stop(f);
	start(f);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, before);
	stop(f);
	teardown(f);
}
END_TEST

/* Windows of many powers; after each one a crash, or none. */
static void run_windows(struct metering_fixture *f, unsigned count, bool crashes)
{
	for (unsigned i = 0; i < count; i++) {
		window(f, 500 + (i * 7919 % 13) * 1777.7);
		run_timer_until(f, f->now_ns);
		if (crashes) {
			crash(f);
			start(f);
		}
	}
	for (int i = 0; i < 5; i++) {
		window(f, 0);
		run_timer_until(f, f->now_ns);
	}
}

START_TEST(a_crash_after_any_window_changes_nothing)
{
	struct metering_fixture *f = setup();
	struct mm_registers expected;
	struct mm_edge edges[EDGES_MAX];
	unsigned count;

	run_windows(f, 60, false);
	expected = f->metering->meters[0].meter.registers;
	count = f->lines.edges;
	memcpy(edges, f->lines.edge, sizeof(edges));
	ck_assert_uint_gt(count, 40);
	stop(f);
	teardown(f);
	f = setup();
	stop(f);
	keep_memory(f);
	start(f);
	run_windows(f, 60, true);
	ck_assert_mem_eq(&f->metering->meters[0].meter.registers, &expected, sizeof(expected));
	ck_assert_uint_eq(f->lines.edges, count);
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(f->lines.edge[i].at_ns, edges[i].at_ns);
		ck_assert_int_eq(f->lines.edge[i].position_uwh, edges[i].position_uwh);
		ck_assert_uint_eq(f->lines.edge[i].output, edges[i].output);
		ck_assert(f->lines.edge[i].level == edges[i].level);
	}
	ck_assert_uint_eq(mm_view_front_end(f->metering, 0).missed, 0);
	stop(f);
	teardown(f);
}
END_TEST

static const struct mm_profile_row *interval(const struct metering_fixture *f)
{
	return &f->metering->meters[0].meter.registers.profile.row;
}

START_TEST(an_interval_is_marked_where_time_was_missed)
{
	struct metering_fixture *f = setup();

	stop(f);
	keep_memory(f);
	start(f);
	window(f, 3600);
	crash(f);
	start(f);
	window(f, 3600);
	ck_assert_uint_eq(interval(f)->status, 0);
	crash(f);
	f->now_ns += 3 * MM_NS_PER_S;
	start(f);
	window(f, 3600);
	ck_assert_uint_eq(interval(f)->status, MM_PROFILE_POWER_DOWN | MM_PROFILE_DATA_INVALID);
	ck_assert_int_eq(interval(f)->delivered_uwh, 3 * MM_UWH_PER_WH);
	/* A gap in the midst of a run is none of a stop. */
	f->now_ns += 900 * MM_NS_PER_S;
	window(f, 3600);
	ck_assert_uint_eq(interval(f)->status, MM_PROFILE_DATA_INVALID);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(without_memory_a_restart_marks_its_interval)
{
	struct metering_fixture *f = setup();

	for (int i = 0; i < 10; i++) {
		window(f, 3600);
	}
	(void)settle(f);
	crash(f);
	start(f);
	window(f, 3600);
	ck_assert_uint_eq(interval(f)->status, MM_PROFILE_POWER_DOWN);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(what_stood_before_a_crash_is_no_event_after_it)
{
	struct metering_fixture *f = setup();

	stop(f);
	keep_memory(f);
	start(f);
	f->supply_v = 90;
	for (int i = 0; i < 4; i++) {
		window(f, -50);
		ck_assert_uint_ne(f->metering->meters[0].meter.element[0].flags & MM_ELEMENT_VOLTAGE_LOW, 0);
		crash(f);
		start(f);
		ck_assert_uint_ne(f->metering->meters[0].meter.element[0].flags & MM_ELEMENT_VOLTAGE_LOW, 0);
	}
	ck_assert_uint_eq(count(f).voltage_low, 1);
	ck_assert_uint_eq(count(f).received, 1);
	f->supply_v = 120;
	window(f, 3600);
	crash(f);
	start(f);
	ck_assert_uint_eq(count(f).voltage_low, 2); /* and that it is over */
	stop(f);
	teardown(f);
}
END_TEST

/* Keeps the register's file aside, or puts it back: then what was committed since is not durable. */
static void copy_register(const struct metering_fixture *f, const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s/%s* && cp %s/%s %s/%s", f->directory, to, f->directory, from, f->directory,
		 to);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(rows_and_events_that_were_on_their_way_are_there_once)
{
	struct metering_fixture *f = setup();
	struct counts counts;

	stop(f);
	keep_memory(f);
	start(f);
	/* Two intervals are closed; a gap in each. */
	for (int i = 0; i < 40; i++) {
		if (i == 20) {
			stop(f);
			copy_register(f, "register.db", "aside");
			start(f);
		}
		window(f, 3600);
		f->now_ns += i % 20 == 10 ? 900 * MM_NS_PER_S : 0;
	}
	crash(f);
	copy_register(f, "aside", "register.db");
	start(f);
	window(f, 3600);
	counts = count(f);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.rows, 2);
	ck_assert_uint_eq(counts.resumed, 2); /* that of the crash, and the one before, which was not durable */
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 41 * MM_UWH_PER_WH);
	ck_assert_int_eq(counts.rows_uwh + f->metering->meters[0].meter.registers.profile.row.delivered_uwh, 41 * MM_UWH_PER_WH);
	/* What is durable by now is not written again. */
	crash(f);
	start(f);
	for (int i = 0; i < 10; i++) {
		window(f, 3600);
	}
	counts = count(f);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.rows, 2);
	ck_assert_uint_eq(counts.resumed, 3);
	stop(f);
	teardown(f);
}
END_TEST

/*
 * Puts what the version before would have left in place of this one's memory: it knew a commit by its CLOCK_BOOTTIME. What the
 * store had when it was kept aside was committed at durable_ns.
 */
static void leave_as_the_version_before(struct metering_fixture *f, uint64_t durable, int64_t durable_ns)
{
	struct mm_pulse_train *restored = calloc(MM_STORE_METERS_MAX, sizeof(*restored));
	struct mm_pending *pending = calloc(1, sizeof(*pending));
	struct mm_memory_counters counters[MM_MEMORY_FRONT_ENDS_MAX];
	struct mm_memory_content content = {.pending = pending, .counters = counters};

	ck_assert(restored && pending);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		content.meter[i].restored = &restored[i];
		content.meter[i].train = &restored[i];
	}
	ck_assert_int_eq(mm_memory_read(f->memory, &content), 0);
	for (size_t i = 0; i < pending->events_submitted; i++) {
		pending->event_commit[i] = (uint64_t)(pending->event_commit[i] <= durable ? durable_ns : f->now_ns);
	}
	for (size_t i = 0; i < pending->rows_submitted; i++) {
		pending->row_commit[i] = (uint64_t)(pending->row_commit[i] <= durable ? durable_ns : f->now_ns);
	}
	mm_memory_free(f->memory);
	keep_memory(f);
	content.state.meter[0].output_uwh = mm_pulse_train_planned_uwh(&restored[0]);
	mm_memory_write(f->memory, &content);
	make_older_memory(mm_memory_fd(f->memory), 2);
	free(pending);
	free(restored);
}

/* 0: half of what it submitted did not become durable; 1: all did. */
START_TEST(an_upgrade_takes_over_what_the_version_before_left)
{
	struct metering_fixture *f = setup();
	struct mm_registers before;
	struct counts counts;
	int64_t aside_ns = 0, played_uwh;
	uint64_t aside = 0;
	unsigned queued, edges;

	stop(f);
	keep_memory(f);
	start(f);
	/* Intervals and events on their way, and pulses that are owed, when it ends. */
	for (int i = 0; i < 40; i++) {
		if (i == 20) {
			aside = mm_metering_commit(f->metering) + 1; /* that of the stop */
			aside_ns = f->now_ns;
			stop(f);
			copy_register(f, "register.db", "aside");
			start(f);
		}
		window(f, 14400);
		run_timer_until(f, f->now_ns);
		f->now_ns += i % 20 == 10 ? 900 * MM_NS_PER_S : 0;
	}
	before = f->metering->meters[0].meter.registers;
	played_uwh = mm_pulse_train_played_uwh(first_train(f));
	queued = mm_pulse_train_count(first_train(f));
	edges = f->lines.edges;
	ck_assert_uint_gt(queued, 0);
	crash(f);
	if (_i == 0) {
		copy_register(f, "aside", "register.db");
	}
	leave_as_the_version_before(f, _i == 0 ? aside : UINT64_MAX, aside_ns);
	start(f);
	/* The version before did not count what each element had in the open interval. */
	memset(before.profile.row.element_delivered_uwh, 0, sizeof(before.profile.row.element_delivered_uwh));
	memset(before.profile.row.element_received_uwh, 0, sizeof(before.profile.row.element_received_uwh));
	ck_assert_mem_eq(&f->metering->meters[0].meter.registers, &before, sizeof(before));
	ck_assert_int_eq(mm_pulse_train_played_uwh(first_train(f)), played_uwh);
	ck_assert_uint_eq(mm_pulse_train_count(first_train(f)), queued);
	for (int i = 0; i < 5; i++) {
		window(f, 0);
		run_timer_until(f, f->now_ns);
	}
	ck_assert_uint_eq(f->lines.edges, edges + queued);
	ck_assert_int_eq(f->lines.rising[MM_OUTPUT_10], pulses_to(before.delivered.uwh));
	counts = count(f);
	ck_assert_uint_eq(counts.refused, 0);
	ck_assert_uint_eq(counts.uncertain, 0);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.rows, 2);
	ck_assert_uint_eq(counts.resumed, 2);
	ck_assert_int_eq(counts.rows_uwh + f->metering->meters[0].meter.registers.profile.row.delivered_uwh, 160 * MM_UWH_PER_WH);
	/* From here on memory is this version's. */
	crash(f);
	start(f);
	window(f, 0);
	counts = count(f);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.rows, 2);
	ck_assert_uint_eq(counts.resumed, 3);
	ck_assert_uint_eq(counts.refused, 0);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(memory_that_is_behind_the_register_is_refused)
{
	struct metering_fixture *f = setup();
	struct mm_memory *kept;

	stop(f);
	keep_memory(f);
	start(f);
	window(f, 7200);
	stop(f);
	/* A run without it, as by hand. */
	kept = f->memory;
	f->memory = NULL;
	start(f);
	window(f, 7200);
	stop(f);
	f->memory = kept;
	start(f);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 4 * MM_UWH_PER_WH);
	for (int i = 0; i < 5; i++) {
		window(f, 7200);
	}
	ck_assert_uint_eq(count(f).refused, 1);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 14 * MM_UWH_PER_WH);
	stop(f);
	teardown(f);
}
END_TEST

/* An earlier version took the tail of the line for part of the number; the corrected line goes on where it stopped. */
START_TEST(memory_of_a_misread_serial_number_is_taken)
{
	struct metering_fixture *f = setup();

	stop(f);
	keep_memory(f);
	strcpy(f->config.meter[0].serial, "1   # the shop's meter");
	strcat(f->register_path, "2");
	start(f);
	window(f, 7200);
	crash(f);
	strcpy(f->config.meter[0].serial, "1");
	start(f);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 2 * MM_UWH_PER_WH);
	ck_assert_uint_eq(count(f).refused, 0);
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(memory_of_another_meter_is_not_taken)
{
	struct metering_fixture *f = setup();

	stop(f);
	keep_memory(f);
	start(f);
	window(f, 7200);
	stop(f);
	strcpy(f->config.meter[0].serial, "2");
	strcat(f->register_path, "2");
	start(f);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 0);
	stop(f);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering: restart");
	TCase *tc = tcase_create("restart"), *slow = tcase_create("slow");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_restart_goes_on_where_it_stopped);
	tcase_add_test(tc, an_interval_is_marked_where_time_was_missed);
	tcase_add_test(tc, without_memory_a_restart_marks_its_interval);
	tcase_add_test(tc, what_stood_before_a_crash_is_no_event_after_it);
	tcase_add_test(tc, rows_and_events_that_were_on_their_way_are_there_once);
	tcase_add_loop_test(tc, an_upgrade_takes_over_what_the_version_before_left, 0, 2);
	tcase_add_test(tc, memory_that_is_behind_the_register_is_refused);
	tcase_add_test(tc, memory_of_a_misread_serial_number_is_taken);
	tcase_add_test(tc, memory_of_another_meter_is_not_taken);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(slow, 60);
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, a_crash_after_any_window_changes_nothing);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
