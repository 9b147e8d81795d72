/* SPDX-License-Identifier: MIT */
/* INI files: what the callbacks get, and on which line reading ends. */
#include <errno.h>
#include <string.h>

#include "base/ini.h"
#include "fixture/suite.h"

struct seen {
	unsigned lines, keys;
	char last[64];
	unsigned refused_line; /* the line callback fails there */
};

static int see_line(void *userdata, const char *line)
{
	struct seen *seen = userdata;

	(void)line;
	return ++seen->lines == seen->refused_line ? -ERANGE : 0;
}

static int see_key(void *userdata, const char *section, const char *key, const char *value)
{
	struct seen *seen = userdata;

	seen->keys++;
	snprintf(seen->last, sizeof(seen->last), "%s.%s=%s", section, key, value);
	return strcmp(value, "bad") == 0 ? -EDOM : 0;
}

static int read_text(const char *text, size_t size, struct seen *seen, unsigned *ret_line)
{
	const struct mm_ini_callbacks callbacks = {see_line, see_key};
	FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
	int r;

	ck_assert_ptr_nonnull(file);
	r = mm_ini_read(file, &callbacks, seen, ret_line);
	fclose(file);
	return r;
}

START_TEST(keys_and_lines)
{
	static const char text[] = "\n[a b]\n# c\nx = 1 ; one\ny=2";
	struct seen seen = {0};
	unsigned line;

	ck_assert_int_eq(read_text(text, sizeof(text) - 1, &seen, &line), 0);
	ck_assert_uint_eq(seen.lines, 5);
	ck_assert_uint_eq(seen.keys, 2);
	ck_assert_str_eq(seen.last, "a b.y=2");
}
END_TEST

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

/* The first error ends the reading; a line that inih cannot read counts as well as one that a callback refuses. */
static const struct {
	const char *text;
	size_t size;
	int r;
	unsigned line, keys;
} errors[] = {
#define ROW(text, ...)                                                                                                           \
	{                                                                                                                        \
		text, sizeof(text) - 1, __VA_ARGS__                                                                              \
	}
	ROW("x = 1\nx = bad\nx = 2\n", -EDOM, 2, 2),
	ROW("rubbish\nx = 1\nx = bad\n", -EBADMSG, 1, 2),
	ROW("x = bad\nrubbish\n", -EDOM, 1, 1),
	ROW("[open\nx = 1\n", -EBADMSG, 1, 1),
	ROW("x = 1\nx = " LONG LONG "\nx = bad\n", -EMSGSIZE, 2, 1),
	ROW("x = 1\nx = \0 1\n", -EMSGSIZE, 2, 1),
	ROW("\0", -EMSGSIZE, 1, 0),
	ROW("x = 1\n\n\n\n\n\nx = 2\nx = 3\n", -ERANGE, 7, 1),
};

START_TEST(the_first_error_counts)
{
	struct seen seen = {.refused_line = 7};
	unsigned line = 0;

	ck_assert_int_eq(read_text(errors[_i].text, errors[_i].size, &seen, &line), errors[_i].r);
	ck_assert_uint_eq(line, errors[_i].line);
	ck_assert_uint_eq(seen.keys, errors[_i].keys);
}
END_TEST

START_TEST(a_directory_is_no_file)
{
	const struct mm_ini_callbacks callbacks = {.key = see_key};
	FILE *file = fopen("/", "re");
	struct seen seen = {0};
	unsigned line;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(mm_ini_read(file, &callbacks, &seen, &line), -EIO);
	fclose(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ini");
	TCase *tcase = tcase_create("ini");

	tcase_add_test(tcase, keys_and_lines);
	tcase_add_loop_test(tcase, the_first_error_counts, 0, MM_COUNT_OF(errors));
	tcase_add_test(tcase, a_directory_is_no_file);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
