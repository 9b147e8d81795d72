/* SPDX-License-Identifier: MIT */
/* Characters of UTF-8, and those that nobody sees. */
#include "base/utf8.h"
#include "fixture/suite.h"

static const struct {
	const char *text;
	size_t length;
	bool hidden;
} table[] = {
	{"", 1, true},
	{"\x1f", 1, true},
	{" ", 1, false},
	{"~", 1, false},
	{"\x7f", 1, true},
	{"\xc2\x9f", 2, true},
	{"\xc2\xa0", 2, false},
	{"\xd8\x9b", 2, false},
	{"\xd8\x9c", 2, true}, /* U+061C */
	{"\xd8\x9d", 2, false},
	{"\xe2\x80\x8a", 3, false},
	{"\xe2\x80\x8b", 3, true}, /* U+200B */
	{"\xe2\x80\x8f", 3, true},
	{"\xe2\x80\x90", 3, false},
	{"\xe2\x80\xa7", 3, false},
	{"\xe2\x80\xa8", 3, true}, /* U+2028 */
	{"\xe2\x80\xae", 3, true},
	{"\xe2\x80\xaf", 3, false},
	{"\xe2\x81\x9f", 3, false},
	{"\xe2\x81\xa0", 3, true}, /* U+2060 */
	{"\xe2\x81\xa9", 3, true},
	{"\xe2\x81\xaf", 3, true}, /* U+206F */
	{"\xe2\x81\xb0", 3, false},
	{"\xc2\xad", 2, true},
	{"\xef\xb8\x8f", 3, true}, /* U+FE0F */
	{"\xef\xb8\x90", 3, false},
	{"\xf3\xa0\x81\x81", 4, true}, /* U+E0041 */
	{"\xef\xbb\xbe", 3, false},
	{"\xef\xbb\xbf", 3, true}, /* U+FEFF */
	{"\xef\xbc\x80", 3, false},
	{"\xf0\x92\x80\x8b", 4, false}, /* U+1200B, not U+200B */
	{"\xff", 0, true},
	{"\xe2\x80", 0, true}, /* cut short */
};

START_TEST(hidden_characters_are_known)
{
	ck_assert_uint_eq(mm_utf8_length(table[_i].text), table[_i].length);
	ck_assert_int_eq(mm_utf8_is_hidden(table[_i].text), table[_i].hidden);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tcase = tcase_create("characters");

	tcase_add_loop_test(tcase, hidden_characters_are_known, 0, MM_COUNT_OF(table));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
