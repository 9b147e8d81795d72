/* SPDX-License-Identifier: MIT */
/* Memory between two runs: whatever moment a run ends at, the next one finds one image whole, and the edges played since. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metering/memory.h"
#include "fixture/let_run.h"
#include "fixture/older_memory.h"
#include "fixture/random.h"
#include "fixture/suite.h"

#define BOOT "0123456789abcdef0123456789abcdef"
#define QUEUE 7

struct fixture {
	struct mm_memory *memory;
	struct mm_memory_content content; /* to be written, or what was read */
	struct mm_pulse_train train[MM_STORE_METERS_MAX];
	struct mm_memory_counters counters[MM_MEMORY_FRONT_ENDS_MAX];
	struct mm_pending pending;
	int fd; /* of the memory */
};

/* Everything that is read goes here. */
static void blank(struct fixture *f)
{
	memset(&f->pending, 0, sizeof(f->pending));
	memset(&f->content, 0, sizeof(f->content));
	f->content.pending = &f->pending;
	f->content.counters = f->counters;
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		f->content.meter[i].train = f->content.meter[i].restored = &f->train[i];
	}
}

/* Two meters that stand at n in every respect. Asserts nothing: a child that is killed runs it. */
static void fill(struct fixture *f, int64_t n)
{
	blank(f);
	f->content.state.meter_count = 2;
	f->content.counter_count = 1;
	f->counters[0] = (struct mm_memory_counters){.counters = {.epoch = (uint32_t)n, .end_ns = n, .count = {{n, 2 * n}}}};
	for (unsigned i = 0; i < 2; i++) {
		strcpy(f->content.state.nameplate[i].serial, i == 0 ? "one" : "two");
		f->content.state.meter[i].delivered.uwh = n;
		f->content.state.meter[i].profile.row.covered_ns = n;
		f->content.meter[i].carryover = (struct mm_meter_carried){
			.window_end_ns = n, .flags = {MM_ELEMENT_OVERCURRENT, MM_ELEMENT_REVERSED}, .backward = {false, true}};
		f->content.meter[i].received_noted_ns = n + 1;
		f->content.state.meter[i].output_uwh = n * 10 + QUEUE;
		mm_pulse_train_init(&f->train[i], n * 10 + QUEUE, n * 10 + QUEUE);
		for (unsigned e = 0; e < MM_PULSE_TRAIN_LENGTH - 3; e++) { /* across the ring's end */
			(void)mm_pulse_train_restore(&f->train[i], &(struct mm_edge){0});
			mm_pulse_train_played(&f->train[i], 0);
		}
		for (unsigned e = 0; e < QUEUE; e++) {
			struct mm_edge edge = {
				.at_ns = n + e, .position_uwh = n * 10 + e, .output = MM_OUTPUT_COUNTER, .level = e % 2 != 0};

			(void)mm_pulse_train_restore(&f->train[i], &edge);
		}
	}
	for (int i = 0; i < (int)(n % 5); i++) {
		struct mm_store_event event = {.meter = i - 1, .boottime_ns = n, .code = "gap"};
		struct mm_store_profile_row row = {.meter = 1, .row = {.start_s = n, .status = 7, .covered_ns = i}};

		snprintf(event.text, sizeof(event.text), "event %d of %lld", i, (long long)n);
		(void)mm_pending_add_event(&f->pending, &event);
		(void)mm_pending_add_row(&f->pending, &row);
		if (i < 2) {
			mm_pending_submitted(&f->pending, n + i);
		}
	}
}

/* What was read is a record of fill(), all of it of the same n, which is returned. */
static int64_t assert_whole(const struct fixture *f)
{
	int64_t n = f->content.state.meter[0].delivered.uwh;

	ck_assert_uint_eq(f->content.state.meter_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(f->content.state.meter[i].delivered.uwh, n);
		ck_assert_int_eq(f->content.state.meter[i].profile.row.covered_ns, n);
		ck_assert_int_eq(f->content.meter[i].carryover.window_end_ns, n);
		ck_assert_uint_eq(f->content.meter[i].carryover.flags[0], MM_ELEMENT_OVERCURRENT);
		ck_assert_uint_eq(f->content.meter[i].carryover.flags[1], MM_ELEMENT_REVERSED);
		ck_assert(!f->content.meter[i].carryover.backward[0] && f->content.meter[i].carryover.backward[1]);
		ck_assert_int_eq(f->content.meter[i].received_noted_ns, n + 1);
		for (unsigned e = 0; e < mm_pulse_train_count(&f->train[i]); e++) {
			const struct mm_edge *edge = mm_pulse_train_edge(&f->train[i], e);
			unsigned number = e + QUEUE - mm_pulse_train_count(&f->train[i]);

			ck_assert_int_eq(edge->at_ns, n + number);
			ck_assert_int_eq(edge->position_uwh, n * 10 + number);
			ck_assert_uint_eq(edge->output, MM_OUTPUT_COUNTER);
			ck_assert(edge->level == (number % 2 != 0));
		}
	}
	ck_assert_uint_eq(f->pending.event_count, (size_t)(n % 5));
	ck_assert_uint_eq(f->pending.row_count, (size_t)(n % 5));
	ck_assert_uint_eq(f->pending.events_submitted, f->pending.event_count < 2 ? f->pending.event_count : 2);
	for (size_t i = 0; i < f->pending.event_count; i++) {
		char text[64];

		snprintf(text, sizeof(text), "event %zu of %lld", i, (long long)n);
		ck_assert_str_eq(f->pending.event[i].text, text);
		ck_assert_int_eq(f->pending.event[i].meter, (int)i - 1);
		ck_assert_int_eq(f->pending.row[i].row.start_s, n);
		ck_assert_int_eq(f->pending.row[i].row.covered_ns, (int64_t)i);
	}
	return n;
}

/* Another run: the memory is the same, the mapping is not. */
static int reopen(struct fixture *f, const char *boot_id)
{
	int copy = dup(f->fd);

	mm_memory_free(f->memory);
	f->memory = NULL;
	ck_assert_int_eq(mm_memory_new(copy, boot_id, &f->memory), 0);
	blank(f);
	return mm_memory_read(f->memory, &f->content);
}

static struct fixture *setup(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	blank(f);
	ck_assert_int_eq(mm_memory_new(-1, BOOT, &f->memory), 0);
	f->fd = dup(mm_memory_fd(f->memory));
	ck_assert_int_ge(f->fd, 0);
	return f;
}

static void teardown(struct fixture *f)
{
	mm_memory_free(f->memory);
	close(f->fd);
	free(f);
}

static void write_n(struct fixture *f, int64_t n)
{
	fill(f, n);
	mm_memory_write(f->memory, &f->content);
}

START_TEST(nothing_comes_of_nothing)
{
	struct fixture *f = setup();

	ck_assert_int_eq(mm_memory_read(f->memory, &f->content), -ENODATA);
	ck_assert_int_eq(reopen(f, BOOT), -ENODATA);
	teardown(f);
}
END_TEST

START_TEST(the_newest_is_found)
{
	struct fixture *f = setup();
	for (int64_t n = 1; n <= 6; n++) {
		write_n(f, n);
		ck_assert_int_eq(reopen(f, BOOT), 0);
		ck_assert_int_eq(assert_whole(f), n);
		ck_assert_uint_eq(mm_pulse_train_count(&f->train[0]), QUEUE);
	}
	teardown(f);
}
END_TEST

START_TEST(edges_played_since_are_off_the_queue)
{
	struct fixture *f = setup();

	write_n(f, 3);
	for (unsigned played = 0; played < QUEUE; played++) {
		ck_assert_int_eq(reopen(f, BOOT), 0);
		ck_assert_uint_eq(mm_pulse_train_count(&f->train[1]), QUEUE - played);
		ck_assert_uint_eq(mm_pulse_train_count(&f->train[0]), QUEUE);
		ck_assert(!f->content.meter[1].in_doubt);
		ck_assert_int_eq(assert_whole(f), 3);

		/* One that failed is owed still; one in the midst counts as played and is named. */
		mm_memory_edge_begun(f->memory, 1);
		mm_memory_edge_ended(f->memory, 1, false);
		mm_memory_edge_begun(f->memory, 1);
		ck_assert_int_eq(reopen(f, BOOT), 0);
		ck_assert_uint_eq(mm_pulse_train_count(&f->train[1]), QUEUE - played - 1);
		ck_assert(f->content.meter[1].in_doubt);
		ck_assert_int_eq(f->content.meter[1].doubtful.position_uwh, 30 + played);
		mm_memory_edge_ended(f->memory, 1, true);
	}
	write_n(f, 4);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_uint_eq(mm_pulse_train_count(&f->train[1]), QUEUE);
	teardown(f);
}
END_TEST

/* Byte at a place of the memory. */
static void spoil(const struct fixture *f, off_t at)
{
	uint8_t byte;

	ck_assert_int_eq(pread(f->fd, &byte, 1, at), 1);
	byte ^= 0x40;
	ck_assert_int_eq(pwrite(f->fd, &byte, 1, at), 1);
}

/* Where the memory holds a text, after that number of others. */
static off_t find(struct fixture *f, const char *text, unsigned skip)
{
	size_t size = (size_t)lseek(f->fd, 0, SEEK_END);
	char *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, f->fd, 0), *at = bytes - 1;
	off_t offset;

	ck_assert_ptr_ne(bytes, MAP_FAILED);
	do {
		at = memmem(at + 1, (size_t)(bytes + size - at - 1), text, strlen(text));
		ck_assert_ptr_nonnull(at);
	} while (skip-- > 0);
	offset = at - bytes;
	munmap(bytes, size);
	return offset;
}

START_TEST(a_damaged_image_leaves_the_other)
{
	struct fixture *f = setup();

	write_n(f, 1);
	write_n(f, 2);
	spoil(f, find(f, "event 1 of 2", 0));
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_int_eq(assert_whole(f), 1);
	spoil(f, find(f, "one", 0));
	ck_assert_int_eq(reopen(f, BOOT), -EBADMSG);
	/* And is written over. */
	write_n(f, 3);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_int_eq(assert_whole(f), 3);
	teardown(f);
}
END_TEST

START_TEST(another_layout_is_refused_and_written_over)
{
	struct fixture *f = setup();

	write_n(f, 1);
	spoil(f, 12);
	ck_assert_int_eq(reopen(f, BOOT), -EPROTO);
	write_n(f, 2);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_int_eq(assert_whole(f), 2);
	spoil(f, 0);
	ck_assert_int_eq(reopen(f, BOOT), -EPROTO);
	ck_assert_int_eq(ftruncate(f->fd, 100), 0);
	ck_assert_int_lt(reopen(f, BOOT), 0);
	teardown(f);
}
END_TEST

START_TEST(each_front_end_has_its_counters)
{
	struct fixture *f = setup();

	fill(f, 4);
	f->counters[1] = f->counters[0];
	f->counters[1].counters.epoch = 17;
	f->counters[1].counters.count[MM_COUNTER_PHASES - 1][MM_COUNTERS - 1] = -5;
	strcpy(f->counters[1].front_end, "flat");
	f->content.counter_count = 2;
	mm_memory_write(f->memory, &f->content);
	memset(f->counters, 0xff, sizeof(f->counters));
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_uint_eq(f->content.counter_count, 2);
	ck_assert_str_eq(f->counters[0].front_end, "");
	ck_assert_uint_eq(f->counters[0].counters.epoch, 4);
	ck_assert_int_eq(f->counters[0].counters.count[0][1], 8);
	ck_assert_str_eq(f->counters[1].front_end, "flat");
	ck_assert_uint_eq(f->counters[1].counters.epoch, 17);
	ck_assert_int_eq(f->counters[1].counters.count[MM_COUNTER_PHASES - 1][MM_COUNTERS - 1], -5);
	teardown(f);
}
END_TEST

START_TEST(memory_of_the_version_before_is_read)
{
	struct fixture *f = setup();

	write_n(f, 4);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert(!f->content.commits_by_time);
	make_older_memory(f->fd, (uint64_t)_i);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_int_eq(f->content.commits_by_time, _i == 2);
	ck_assert_int_eq(assert_whole(f), 4);
	write_n(f, 6);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert(!f->content.commits_by_time);
	ck_assert_int_eq(assert_whole(f), 6);
	teardown(f);
}
END_TEST

#define LAYOUT_AT 8
#define LAYOUT(layout, readable_by) ((uint64_t)(layout) | (uint64_t)(readable_by) << 32)

/* One that only adds at the ends of its parts says that this version can read it. */
START_TEST(memory_of_a_newer_version_is_read_where_it_can_be)
{
	static const uint64_t readable = LAYOUT(5, 4), other = LAYOUT(5, 5);
	struct fixture *f = setup();
	struct stat st;

	write_n(f, 4);
	ck_assert_int_eq(pwrite(f->fd, &readable, sizeof(readable), LAYOUT_AT), sizeof(readable));
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_int_eq(assert_whole(f), 4);
	/* It is left whole where it can't be read, however large it is: the newer version may come back. */
	ck_assert_int_eq(pwrite(f->fd, &other, sizeof(other), LAYOUT_AT), sizeof(other));
	ck_assert_int_eq(ftruncate(f->fd, INT64_C(4) << 20), 0);
	ck_assert_int_eq(reopen(f, BOOT), -EPROTO);
	ck_assert_int_eq(fstat(f->fd, &st), 0);
	ck_assert_int_eq(st.st_size, INT64_C(4) << 20);
	ck_assert_int_eq(pwrite(f->fd, &readable, sizeof(readable), LAYOUT_AT), sizeof(readable));
	ck_assert_int_eq(reopen(f, BOOT), 0);
	ck_assert_int_eq(assert_whole(f), 4);
	teardown(f);
}
END_TEST

START_TEST(another_boot_is_refused)
{
	struct fixture *f = setup();

	write_n(f, 1);
	ck_assert_int_eq(reopen(f, "0123456789abcdef0123456789abcdee"), -ESTALE);
	ck_assert_int_eq(reopen(f, BOOT), 0);
	teardown(f);
}
END_TEST

START_TEST(a_kill_at_any_moment_leaves_one_whole)
{
	struct fixture *f = setup();
	uint64_t random = 4711;
	int64_t last = 0;

	/* A busy machine gives the child no time in many a round: then there are more of them. */
	for (int round = 0; round < 300 || last <= 100; round++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			for (int64_t n = last + 1;; n++) {
				write_n(f, n);
				for (unsigned e = 0; e < QUEUE; e++) {
					mm_memory_edge_begun(f->memory, 0);
					mm_memory_edge_ended(f->memory, 0, true);
				}
			}
		}
		let_run(child, (int64_t)(mm_random(&random) % 3000000));
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		if (reopen(f, BOOT) == -ENODATA) {
			ck_assert_int_eq(last, 0);
			continue;
		}
		ck_assert_int_ge(assert_whole(f), last);
		last = assert_whole(f);
	}
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tc = tcase_create("memory"), *slow = tcase_create("kills");

	tcase_add_test(tc, nothing_comes_of_nothing);
	tcase_add_test(tc, the_newest_is_found);
	tcase_add_test(tc, edges_played_since_are_off_the_queue);
	tcase_add_test(tc, a_damaged_image_leaves_the_other);
	tcase_add_test(tc, another_layout_is_refused_and_written_over);
	tcase_add_test(tc, each_front_end_has_its_counters);
	tcase_add_loop_test(tc, memory_of_the_version_before_is_read, 2, 4);
	tcase_add_test(tc, memory_of_a_newer_version_is_read_where_it_can_be);
	tcase_add_test(tc, another_boot_is_refused);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(slow, 60);
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, a_kill_at_any_moment_leaves_one_whole);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
