/* SPDX-License-Identifier: MIT */
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

int main(void)
{
	Suite *suite = suite_create("hex");
	TCase *tcase = tcase_create("digits");

	tcase_add_test(tcase, bytes_become_digits);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
