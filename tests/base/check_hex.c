/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "fixture/suite.h"
#include "base/hex.h"

START_TEST(bytes_become_digits)
{
	static const unsigned char bytes[] = {0x00, 0x09, 0x0a, 0x7f, 0x80, 0xff};
	char text[MM_HEX_MAX(sizeof(bytes))];

	ck_assert_str_eq(mm_hex(bytes, sizeof(bytes), text), "00090a7f80ff");
	ck_assert_str_eq(mm_hex(bytes, 0, text), "");
}
END_TEST

START_TEST(digits_become_the_same_bytes)
{
	unsigned char bytes[3] = {0};

	ck_assert_int_eq(mm_hex_parse("00aFfe", bytes, sizeof(bytes)), 0);
	ck_assert_mem_eq(bytes, "\x00\xaf\xfe", 3);
	ck_assert_int_eq(mm_hex_parse("", bytes, 0), 0);
}
END_TEST

static const char *const no_bytes[] = {"", "00aff", "00affg", "00affe0", "00 ffe", "00aff-", "0x00af"};

START_TEST(what_is_no_such_digits_is_refused)
{
	unsigned char bytes[3] = {1, 2, 3};

	ck_assert_int_eq(mm_hex_parse(no_bytes[_i], bytes, sizeof(bytes)), -EINVAL);
	ck_assert_mem_eq(bytes, "\x01\x02\x03", 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hex");
	TCase *tcase = tcase_create("digits");

	tcase_add_test(tcase, bytes_become_digits);
	tcase_add_test(tcase, digits_become_the_same_bytes);
	tcase_add_loop_test(tcase, what_is_no_such_digits_is_refused, 0, (int)(sizeof(no_bytes) / sizeof(no_bytes[0])));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
