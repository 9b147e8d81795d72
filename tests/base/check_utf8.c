/* SPDX-License-Identifier: MIT */
/* Characters of UTF-8, and those that nobody sees. */
#include "base/utf8.h"

#include <string.h>

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

static const struct {
	const char *text;
	bool plain;
} names[] = {
	{"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85", true}, /* Persian */
	{"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7 1", true},			/* Devanagari */
	{"\xe0\xb6\x9a\xe0\xb7\x8a\xe2\x80\x8d\xe0\xb6\xbb", true},			/* Sinhala */
	{"shop \xe2\x9d\xa4\xef\xb8\x8f", true},
	{"1\xef\xb8\x8f\xe2\x83\xa3", true},
	{"\xe8\x91\x9b\xf3\xa0\x84\x80\xe5\x9f\x8e", true},					    /* Han with a variant */
	{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x91\xa8", true}, /* joined pictures */
	{"ma\xe2\x80\x8cin", false},
	{"ma\xef\xb8\x8fin", false},
	{"\xef\xb8\x8f\xe2\x9d\xa4", false},
	{"\xd9\x85 \xe2\x80\x8c\xd8\xae", false},
};

START_TEST(names_of_all_scripts_are_plain)
{
	ck_assert_int_eq(mm_utf8_is_plain(names[_i].text), names[_i].plain);
}
END_TEST

static const char *const alphabet[] = {"a",
				       " ",
				       "\xd9\x85",
				       "\xe0\xa4\x95",
				       "\xe2\x9d\xa4",
				       "\xe2\x80\x8c",
				       "\xe2\x80\x8d",
				       "\xef\xb8\x8f",
				       "\xe2\x80\xae",
				       "\xe2\x80\x8b",
				       "\xff"};

enum { LETTERS = 5, FIRST_SIGN = 2, JOINERS = 7, SELECTORS = 8 };

/* By what is before and behind it alone, -1: nothing. */
static bool may_be(int before, int character, int behind)
{
	bool sign_before = before >= FIRST_SIGN && before < LETTERS, sign_behind = behind >= FIRST_SIGN && behind < LETTERS;

	if (character < LETTERS) {
		return true;
	}
	if (character < JOINERS) {
		return (sign_before || before == JOINERS) && sign_behind;
	}
	return character < SELECTORS && sign_before;
}

/* All texts of up to five characters: no joiner at an end, none of them twice in a row, nothing that turns the text round. */
START_TEST(hidden_characters_are_judged_in_their_place)
{
	const int count = (int)MM_COUNT_OF(alphabet);
	unsigned plain = 0;

	for (int n = 0; n < count * count * count * count * count; n++) {
		int text[5];
		char bytes[32] = "";
		bool expected = true;

		for (int i = 0, rest = n; i < 5; i++, rest /= count) {
			text[i] = rest % count;
			strcat(bytes, alphabet[text[i]]);
		}
		for (int i = 0; i < 5; i++) {
			expected = expected && may_be(i > 0 ? text[i - 1] : -1, text[i], i < 4 ? text[i + 1] : -1);
		}
		plain += expected;
		ck_assert_msg(mm_utf8_is_plain(bytes) == expected, "text %d: %s", n, bytes);
	}
	ck_assert_uint_gt(plain, 3125);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tcase = tcase_create("characters");

	tcase_add_loop_test(tcase, hidden_characters_are_known, 0, MM_COUNT_OF(table));
	tcase_add_loop_test(tcase, names_of_all_scripts_are_plain, 0, MM_COUNT_OF(names));
	tcase_add_test(tcase, hidden_characters_are_judged_in_their_place);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
