/* SPDX-License-Identifier: MIT */
/* The state of all meters as bytes: it comes back as it was, or not at all. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/state.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define COLUMNS_AT (8 * 4 + 8 + 36 + 8 * 2) /* where the number of columns stands: behind a boot id of 36 characters */
#define VERSION_AT 8
#define LENGTH_AT 16

struct written {
	struct mm_state state;
	uint8_t bytes[MM_STATE_SIZE_MAX]; /* the state as written */
	size_t length;			  /* of what was written */
};

static struct written *make(void)
{
	struct written *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	f->state = (struct mm_state){
		.sequence = 4711,
		.boot_id = FIXTURE_BOOT,
		.boottime_ns = 12345678901,
		.realtime_ns = FIXTURE_EPOCH_S * 1000000000,
		.meter_count = 2,
		.nameplate = {{"flat 1", "SN-1001", "MMD-120-2001-T-SCC"}, {"flat 2", "SN-1002", "MMS-120-1001"}}};
	for (unsigned i = 0; i < f->state.meter_count; i++) {
		fixture_registers(7, i, &f->state.meter[i]);
	}
	f->length = mm_state_write(&f->state, f->bytes, sizeof(f->bytes));
	ck_assert_uint_le(f->length, sizeof(f->bytes));
	return f;
}

/* Makes the check sum right again after a change that somebody meant. */
static void seal(struct written *f, size_t size)
{
	struct mm_writer at = {.bytes = f->bytes, .size = sizeof(f->bytes), .used = LENGTH_AT};

	mm_put_u64(&at, size);
	at.used = size - 8;
	mm_put_u64(&at, mm_checksum(f->bytes, size - 8));
}

static void set(struct written *f, size_t at, uint64_t value)
{
	struct mm_writer writer = {.bytes = f->bytes, .size = sizeof(f->bytes), .used = at};

	mm_put_u64(&writer, value);
}

START_TEST(it_comes_back_as_it_was)
{
	struct written *f = make();
	struct mm_state got;

	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(mm_state_read(f->bytes, sizeof(f->bytes), &got), f->length);
	ck_assert_mem_eq(&got, &f->state, sizeof(got));
	free(f);
}
END_TEST

START_TEST(the_largest_fits)
{
	struct written *f = make();

	f->state.meter_count = MM_STORE_METERS_MAX;
	for (unsigned i = 0; i < f->state.meter_count; i++) {
		fixture_registers(7, i, &f->state.meter[i]);
		memset(&f->state.nameplate[i], 'x', sizeof(f->state.nameplate[i]));
	}
	ck_assert_uint_le(mm_state_write(&f->state, f->bytes, sizeof(f->bytes)), MM_STATE_SIZE_MAX);
	/* Texts without a NUL are cut, so it is not read back the same, but it is read. */
	ck_assert_int_gt(mm_state_read(f->bytes, sizeof(f->bytes), &f->state), 0);
	ck_assert_uint_eq(strlen(f->state.nameplate[0].serial), sizeof(f->state.nameplate[0].serial) - 1);
	ck_assert_uint_gt(mm_state_write(&f->state, f->bytes, 100), 100);
	free(f);
}
END_TEST

START_TEST(any_changed_byte_is_found)
{
	struct written *f = make();

	for (size_t i = 0; i < f->length; i++) {
		for (unsigned mask = 1; mask < 256; mask = mask * 2 + 1) {
			struct mm_state got = {.sequence = 1};

			f->bytes[i] ^= (uint8_t)mask;
			ck_assert_int_lt(mm_state_read(f->bytes, sizeof(f->bytes), &got), 0);
			ck_assert_uint_eq(got.sequence, 1);
			f->bytes[i] ^= (uint8_t)mask;
		}
	}
	free(f);
}
END_TEST

START_TEST(a_part_is_not_taken)
{
	struct written *f = make();

	for (size_t size = 0; size < f->length; size++) {
		ck_assert_int_eq(mm_state_read(f->bytes, size, &f->state), -EBADMSG);
	}
	free(f);
}
END_TEST

START_TEST(an_unknown_version_is_no_damage)
{
	struct written *f = make();

	set(f, VERSION_AT, 2);
	seal(f, f->length);
	ck_assert_int_eq(mm_state_read(f->bytes, sizeof(f->bytes), &f->state), -EPROTO);
	set(f, VERSION_AT, 1);
	set(f, COLUMNS_AT, 1000);
	seal(f, f->length);
	ck_assert_int_eq(mm_state_read(f->bytes, sizeof(f->bytes), &f->state), -EPROTO);
	free(f);
}
END_TEST

START_TEST(columns_that_are_not_there_are_zero)
{
	struct written *f = make();
	struct mm_state one = f->state, got;
	struct mm_reader reader = {.bytes = f->bytes, .size = sizeof(f->bytes), .used = COLUMNS_AT};

	one.meter_count = 1;
	f->length = mm_state_write(&one, f->bytes, sizeof(f->bytes));
	set(f, COLUMNS_AT, mm_get_u64(&reader) - 1);
	seal(f, f->length - 8);
	ck_assert_int_eq(mm_state_read(f->bytes, sizeof(f->bytes), &got), f->length - 8);
	ck_assert_int_eq(got.meter[0].profile.row.element_received_uwh[2], 0);
	ck_assert_int_eq(got.meter[0].profile.row.element_delivered_uwh[2], one.meter[0].profile.row.element_delivered_uwh[2]);
	ck_assert_int_ne(one.meter[0].profile.row.element_received_uwh[2], 0);
	free(f);
}
END_TEST

START_TEST(figures_that_no_meter_gives_are_refused)
{
	struct written *f = make();

	f->state.meter[1].received.uwh = -1;
	(void)mm_state_write(&f->state, f->bytes, sizeof(f->bytes));
	ck_assert_int_eq(mm_state_read(f->bytes, sizeof(f->bytes), &f->state), -EBADMSG);
	f->state.meter[1].received.uwh = 1;
	f->state.meter[1].received.carry = 1;
	(void)mm_state_write(&f->state, f->bytes, sizeof(f->bytes));
	ck_assert_int_eq(mm_state_read(f->bytes, sizeof(f->bytes), &f->state), -EBADMSG);
	free(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register state");
	TCase *tc = tcase_create("state");

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
