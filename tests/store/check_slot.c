/* SPDX-License-Identifier: MIT */
/* A slot of the second copy as bytes: what goes in comes out, and whatever is damaged is never taken for a slot. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "store/slot.h"
#include "fixture/slot_fixture.h"
#include "fixture/suite.h"

static void assert_same_history(const struct mm_slot *slot, const struct mm_slot *got)
{
	for (size_t i = 0; i < got->row_count; i++) {
		ck_assert_int_eq(got->row[i].meter, slot->row[i].meter);
		ck_assert_mem_eq(&got->row[i].row, &slot->row[i].row, sizeof(got->row[i].row));
	}
	for (size_t i = 0; i < got->event_count; i++) {
		ck_assert_int_eq(got->event[i].meter, slot->event[i].meter);
		ck_assert_int_eq(got->event[i].boottime_ns, slot->event[i].boottime_ns);
		ck_assert_int_eq(got->event[i].realtime_ns, slot->event[i].realtime_ns);
		ck_assert_str_eq(got->event[i].code, slot->event[i].code);
		ck_assert_str_eq(got->event[i].text, slot->event[i].text);
	}
}

START_TEST(test_slot_comes_back)
{
	static uint8_t bytes[MM_SLOT_SIZE_MAX];
	static struct mm_slot slot, got;

	fixture_slot(7, MM_STORE_METERS_MAX, MM_SLOT_ROWS_MAX, MM_SLOT_EVENTS_MAX, &slot);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		memset(slot.state.nameplate[i].name, 'n', MM_STORE_NAME_MAX - 1);
		memset(slot.state.nameplate[i].serial, 's', MM_STORE_NAME_MAX - 1);
		memset(slot.state.nameplate[i].model, 'm', MM_MODEL_TEXT_MAX - 1);
	}
	ck_assert_int_gt(mm_slot_write(&slot, bytes, sizeof(bytes)), 0);
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), 0);
	ck_assert_uint_eq(got.database, 3);
	ck_assert_uint_eq(got.state.sequence, 7);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		ck_assert_str_eq(got.state.nameplate[i].serial, slot.state.nameplate[i].serial);
		ck_assert_mem_eq(&got.state.meter[i], &slot.state.meter[i], sizeof(got.state.meter[i]));
	}
	ck_assert_uint_eq(got.row_count, MM_SLOT_ROWS_MAX);
	ck_assert_uint_eq(got.event_count, MM_SLOT_EVENTS_MAX);
	assert_same_history(&slot, &got);
}
END_TEST

START_TEST(test_history_that_does_not_fit_stays_out)
{
	static uint8_t bytes[4096];
	static struct mm_slot slot, got;
	size_t rows = 0, events = 0;

	fixture_slot(3, 1, 20, 10, &slot);
	for (size_t size = 0; size <= sizeof(bytes); size += 8) {
		ssize_t length = mm_slot_write(&slot, bytes, size);

		if (length < 0) {
			ck_assert_int_eq(length, -ENOSPC);
			ck_assert_uint_eq(rows, 0);
			continue;
		}
		ck_assert_uint_le((size_t)length, size);
		ck_assert_int_eq(mm_slot_read(bytes, size, &got), 0);
		ck_assert_uint_ge(got.row_count, rows);
		ck_assert_uint_ge(got.row_count < 20 ? 0 : got.event_count, events);
		rows = got.row_count;
		events = rows < 20 ? 0 : got.event_count;
		assert_same_history(&slot, &got);
		ck_assert_mem_eq(&got.state.meter[0], &slot.state.meter[0], sizeof(got.state.meter[0]));
	}
	ck_assert_uint_eq(rows, 20);
	ck_assert_uint_gt(events, 3);
	ck_assert_uint_lt(events, 10);
}
END_TEST

START_TEST(test_every_changed_bit_is_found)
{
	static uint8_t bytes[MM_SLOT_SIZE_MAX];
	static struct mm_slot slot, got;
	int length, r;

	fixture_slot(3, 2, 2, 1, &slot);
	length = (int)mm_slot_write(&slot, bytes, sizeof(bytes));
	for (int bit = 0; bit < length * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		r = mm_slot_read(bytes, sizeof(bytes), &got);
		ck_assert_msg(r == -EBADMSG || (r == -ENOMSG && bit < 64), "bit %d: %d", bit, r);
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	for (int cut = 1; cut < length; cut++) {
		r = mm_slot_read(bytes, (size_t)cut, &got);
		ck_assert_msg(r == -EBADMSG || r == -ENOMSG, "cut at %d: %d", cut, r);
	}
	memset(bytes, 0, sizeof(bytes));
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), -ENODATA);
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), -ENODATA);
	ck_assert_int_eq(mm_slot_read(bytes, 0, &got), -ENODATA);
	memset(bytes, 0x5a, sizeof(bytes));
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), -ENOMSG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slot");
	TCase *tcase = tcase_create("slot");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_slot_comes_back);
	tcase_add_test(tcase, test_history_that_does_not_fit_stays_out);
	tcase_add_test(tcase, test_every_changed_bit_is_found);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
