/* SPDX-License-Identifier: MIT */
/* Errors as text: whole strings, cut where they are too long, and put behind one another. */
#include <errno.h>
#include <string.h>

#include "fixture/suite.h"
#include "base/error.h"

START_TEST(returns_what_it_is_given)
{
	struct mm_error error = {0};

	ck_assert_str_eq(error.text, "");
	ck_assert_int_eq(mm_error_set(&error, -EINVAL, "%s:%d: %s", "t.conf", 3, "unknown key"), -EINVAL);
	ck_assert_str_eq(error.text, "t.conf:3: unknown key");
	ck_assert_int_eq(mm_error_set(NULL, -EIO, "nobody reads this"), -EIO);
	mm_error_say(NULL, "nor this");
}
END_TEST

START_TEST(can_quote_itself)
{
	struct mm_error error = {"the line is gone"};

	mm_error_say(&error, "meter \"%s\": %s", "main", error.text);
	ck_assert_str_eq(error.text, "meter \"main\": the line is gone");
}
END_TEST

START_TEST(is_cut_at_its_end)
{
	struct {
		struct mm_error error;
		char guard[8];
	} guarded;
	char longer[2 * MM_ERROR_TEXT_MAX];

	memset(&guarded, '#', sizeof(guarded));
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	mm_error_say(&guarded.error, "%s", longer);
	ck_assert_uint_eq(strlen(guarded.error.text), MM_ERROR_TEXT_MAX - 1);
	ck_assert_int_eq(memcmp(guarded.guard, "########", sizeof(guarded.guard)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = tcase_create("text");

	tcase_add_test(tcase, returns_what_it_is_given);
	tcase_add_test(tcase, can_quote_itself);
	tcase_add_test(tcase, is_cut_at_its_end);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
