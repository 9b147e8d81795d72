/* SPDX-License-Identifier: MIT */
/* A slot of the second copy as bytes: what goes in comes out, and whatever is damaged is never taken for a slot. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "store/slot.h"
#include "fixture/older_slot.h"
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
	ck_assert_mem_eq(&got.heads, &slot.heads, sizeof(got.heads));
	ck_assert_mem_eq(got.mac, slot.mac, sizeof(got.mac));
	ck_assert_int_eq(got.page, slot.page);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		ck_assert_str_eq(got.state.nameplate[i].serial, slot.state.nameplate[i].serial);
		ck_assert_str_eq(got.state.nameplate[i].model, slot.state.nameplate[i].model);
		ck_assert_mem_eq(&got.state.meter[i], &slot.state.meter[i], sizeof(got.state.meter[i]));
	}
	ck_assert_uint_eq(got.row_count, MM_SLOT_ROWS_MAX);
	ck_assert_uint_eq(got.event_count, MM_SLOT_EVENTS_MAX);
	assert_same_history(&slot, &got);
}
END_TEST

START_TEST(test_history_that_does_not_fit_stays_out)
{
	static uint8_t bytes[2560];
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

START_TEST(test_a_slot_of_layout_1_is_read)
{
	static uint8_t bytes[MM_SLOT_SIZE_MAX];
	static struct mm_slot slot, got;

	fixture_slot(5, 3, 4, 3, &slot);
	(void)older_slot_write_1(&slot, bytes, sizeof(bytes));
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), 0);
	ck_assert_uint_eq(got.state.sequence, 5);
	ck_assert_uint_eq(got.database, 2);
	ck_assert_str_eq(got.program, "");
	for (unsigned i = 0; i < 3; i++) {
		struct mm_registers expected = slot.state.meter[i];

		expected.element_delivered[2] = expected.element_received[2] = (struct mm_energy){0};
		expected.calibration.constants[2] = (struct mm_calibration){0};
		fixture_slot_as_version_2(&expected.profile.row);
		ck_assert_mem_eq(&got.state.meter[i], &expected, sizeof(expected));
		ck_assert_str_eq(got.state.nameplate[i].serial, slot.state.nameplate[i].serial);
	}
	for (size_t i = 0; i < 4; i++) {
		fixture_slot_as_version_2(&slot.row[i].row);
		slot.row[i].row.register_delivered_uwh = slot.row[i].row.register_received_uwh = -1; /* not known */
	}
	ck_assert_uint_eq(got.row_count, 4);
	ck_assert_uint_eq(got.event_count, 3);
	assert_same_history(&slot, &got);
}
END_TEST

/* Whatever comes after the head there: it is named, and never read. */
START_TEST(test_a_slot_of_a_newer_layout_names_its_program)
{
	static uint8_t bytes[MM_SLOT_SIZE_MAX];
	static struct mm_slot slot, got;
	struct mm_writer layout = {.bytes = bytes, .size = sizeof(bytes), .used = 8},
			 sum = {.bytes = bytes, .size = sizeof(bytes), .used = 48};
	size_t length;

	fixture_slot(5, 3, 4, 3, &slot);
	length = (size_t)mm_slot_write(&slot, bytes, sizeof(bytes));
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), 0);
	ck_assert_str_eq(got.program, PACKAGE_VERSION);
	mm_put_u64(&layout, 3);
	strcpy((char *)bytes + 16, "9.8.7");
	memset(bytes + 56, 0xa5, length - 56);
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), -EBADMSG);
	mm_put_u64(&sum, mm_checksum_on(mm_checksum(bytes, 48), bytes + 56, length - 56));
	ck_assert_int_eq(mm_slot_read(bytes, sizeof(bytes), &got), -EPROTO);
	ck_assert_str_eq(got.program, "9.8.7");
}
END_TEST

/* A medium that writes by sectors has one for each meter, whose place never changes; what is behind them is for the history. */
START_TEST(test_a_meter_has_a_sector)
{
	static uint8_t bytes[2][MM_SLOT_SIZE_MAX];
	static struct mm_slot slot;

	fixture_slot(5, MM_STORE_METERS_MAX, 0, 0, &slot);
	ck_assert_int_ge(mm_slot_write(&slot, bytes[0], sizeof(bytes[0])), 512 * (1 + MM_STORE_METERS_MAX));
	slot.state.meter[7].delivered.uwh++;
	slot.row_count = 1;
	slot.row[0].row.start_s = 900;
	ck_assert_int_gt(mm_slot_write(&slot, bytes[1], sizeof(bytes[1])), 0);
	for (unsigned i = 0; i < MM_STORE_METERS_MAX; i++) {
		size_t at = 512 * (1 + (size_t)i);

		ck_assert_int_eq(memcmp(bytes[0] + at, bytes[1] + at, 512) != 0, i == 7);
	}
	/* One meter fits two sectors, its serial number and model included. */
	fixture_slot(5, 1, 0, 0, &slot);
	ck_assert_int_eq(mm_slot_write(&slot, bytes[0], 1024), 1024);
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
	tcase_add_test(tcase, test_a_slot_of_layout_1_is_read);
	tcase_add_test(tcase, test_a_slot_of_a_newer_layout_names_its_program);
	tcase_add_test(tcase, test_a_meter_has_a_sector);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
