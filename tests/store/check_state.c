/* SPDX-License-Identifier: MIT */
/* The state of all meters as bytes: it comes back as it was, or not at all. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "store/state.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define COLUMNS_AT (8 * 4 + 8 + 36 + 8 * 2) /* where the number of columns stands: behind a boot id of 36 characters */
#define VERSION_AT 8
#define LENGTH_AT 16

static struct mm_state state;
static uint8_t bytes[MM_STATE_SIZE_MAX];
static size_t length;

static void setup(void)
{
	state = (struct mm_state){
		.sequence = 4711,
		.boot_id = BENCH_BOOT,
		.boottime_ns = 12345678901,
		.realtime_ns = BENCH_EPOCH_S * 1000000000,
		.meter_count = 2,
		.nameplate = {{"flat 1", "SN-1001", "MMD-120-2001-T-SCC"}, {"flat 2", "SN-1002", "MMS-120-1001"}}};
	for (unsigned i = 0; i < state.meter_count; i++) {
		fixture_registers(7, i, &state.meter[i]);
	}
	memset(bytes, 0, sizeof(bytes));
	length = mm_state_write(&state, bytes, sizeof(bytes));
	ck_assert_uint_le(length, sizeof(bytes));
}

/* Makes the check sum right again after a change that somebody meant. */
static void seal(size_t size)
{
	struct mm_writer at = {.bytes = bytes, .size = sizeof(bytes), .used = LENGTH_AT};

	mm_put_u64(&at, size);
	at.used = size - 8;
	mm_put_u64(&at, mm_checksum(bytes, size - 8));
}

static void set(size_t at, uint64_t value)
{
	struct mm_writer writer = {.bytes = bytes, .size = sizeof(bytes), .used = at};

	mm_put_u64(&writer, value);
}

START_TEST(it_comes_back_as_it_was)
{
	struct mm_state got;

	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(mm_state_read(bytes, sizeof(bytes), &got), length);
	ck_assert_mem_eq(&got, &state, sizeof(got));
}
END_TEST

START_TEST(the_largest_fits)
{
	state.meter_count = MM_STORE_METERS_MAX;
	for (unsigned i = 0; i < state.meter_count; i++) {
		fixture_registers(7, i, &state.meter[i]);
		memset(&state.nameplate[i], 'x', sizeof(state.nameplate[i]));
	}
	ck_assert_uint_le(mm_state_write(&state, bytes, sizeof(bytes)), MM_STATE_SIZE_MAX);
	/* Texts without a NUL are cut, so it is not read back the same, but it is read. */
	ck_assert_int_gt(mm_state_read(bytes, sizeof(bytes), &state), 0);
	ck_assert_uint_eq(strlen(state.nameplate[0].serial), sizeof(state.nameplate[0].serial) - 1);
	ck_assert_uint_gt(mm_state_write(&state, bytes, 100), 100);
}
END_TEST

START_TEST(any_changed_byte_is_found)
{
	for (size_t i = 0; i < length; i++) {
		for (unsigned mask = 1; mask < 256; mask = mask * 2 + 1) {
			struct mm_state got = {.sequence = 1};

			bytes[i] ^= (uint8_t)mask;
			ck_assert_int_lt(mm_state_read(bytes, sizeof(bytes), &got), 0);
			ck_assert_uint_eq(got.sequence, 1);
			bytes[i] ^= (uint8_t)mask;
		}
	}
}
END_TEST

START_TEST(a_part_is_not_taken)
{
	for (size_t size = 0; size < length; size++) {
		ck_assert_int_eq(mm_state_read(bytes, size, &state), -EBADMSG);
	}
}
END_TEST

START_TEST(an_unknown_version_is_no_damage)
{
	set(VERSION_AT, 2);
	seal(length);
	ck_assert_int_eq(mm_state_read(bytes, sizeof(bytes), &state), -EPROTO);
	set(VERSION_AT, 1);
	set(COLUMNS_AT, 1000);
	seal(length);
	ck_assert_int_eq(mm_state_read(bytes, sizeof(bytes), &state), -EPROTO);
}
END_TEST

START_TEST(columns_that_are_not_there_are_zero)
{
	struct mm_state one = state, got;
	struct mm_reader reader = {.bytes = bytes, .size = sizeof(bytes), .used = COLUMNS_AT};

	one.meter_count = 1;
	length = mm_state_write(&one, bytes, sizeof(bytes));
	set(COLUMNS_AT, mm_get_u64(&reader) - 1);
	seal(length - 8);
	ck_assert_int_eq(mm_state_read(bytes, sizeof(bytes), &got), length - 8);
	ck_assert_double_eq(got.meter[0].calibration.constants[1].offset_w, 0);
	ck_assert_double_eq(got.meter[0].calibration.constants[1].phase_deg, one.meter[0].calibration.constants[1].phase_deg);
}
END_TEST

START_TEST(figures_that_no_meter_gives_are_refused)
{
	state.meter[1].received.uwh = -1;
	(void)mm_state_write(&state, bytes, sizeof(bytes));
	ck_assert_int_eq(mm_state_read(bytes, sizeof(bytes), &state), -EBADMSG);
	state.meter[1].received.uwh = 1;
	state.meter[1].received.carry = 1;
	(void)mm_state_write(&state, bytes, sizeof(bytes));
	ck_assert_int_eq(mm_state_read(bytes, sizeof(bytes), &state), -EBADMSG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register state");
	TCase *tc = tcase_create("state");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, it_comes_back_as_it_was);
	tcase_add_test(tc, the_largest_fits);
	tcase_add_test(tc, any_changed_byte_is_found);
	tcase_add_test(tc, a_part_is_not_taken);
	tcase_add_test(tc, an_unknown_version_is_no_damage);
	tcase_add_test(tc, columns_that_are_not_there_are_zero);
	tcase_add_test(tc, figures_that_no_meter_gives_are_refused);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
