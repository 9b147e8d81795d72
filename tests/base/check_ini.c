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
	const struct mm_ini_callbacks callbacks = {.line = see_line, .key = see_key};
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
	ROW("rubbish\nx = 1\nx = bad\n", -EBADMSG, 1, 0),
	ROW("x = bad\nrubbish\n", -EDOM, 1, 1),
	ROW("[open\nx = 1\n", -EBADMSG, 1, 0),
	ROW("x = 1\nx = " LONG LONG "\nx = bad\n", -EMSGSIZE, 2, 1),
	ROW("x = 1\nx = \0 1\n", -EMSGSIZE, 2, 1),
	ROW("\0", -EMSGSIZE, 1, 0),
	ROW("x = 1\nx = \xfc\n", -EMSGSIZE, 2, 1),
	ROW("x = 1\n  x = 2\n", -EBADMSG, 2, 1),
	ROW("[a] x = 1\n", -EBADMSG, 1, 0),
	ROW("x = 1\n[a ;]\n", -EBADMSG, 2, 1),
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

/* Where somebody takes what is wrong with a line, reading goes on. */
struct complaints {
	char text[1024];
	unsigned line;
};

static char *end_of(struct complaints *complaints)
{
	return complaints->text + strlen(complaints->text);
}

static void note_bad(void *userdata, const char *what)
{
	struct complaints *complaints = userdata;

	sprintf(end_of(complaints), "%u! %.8s\n", complaints->line, what);
}

static int note_section(void *userdata, const char *name)
{
	struct complaints *complaints = userdata;

	sprintf(end_of(complaints), "%u [%s]\n", complaints->line, name);
	return 0;
}

static int note_key(void *userdata, const char *section, const char *key, const char *value)
{
	struct complaints *complaints = userdata;

	sprintf(end_of(complaints), "%u %s.%s=%s\n", complaints->line, section, key, value);
	return 0;
}

#define COMMENT "# " LONG LONG LONG

static const struct {
	const char *text, *expected;
} forms[] = {
	{"x = 1\nrubbish\ny = 2\n", "1 .x=1\n2! is neith\n3 .y=2\n"},
	{"[a\nx = 1\n[b] y = 2\nz = 3\n", "1! begins a\n1 [a]\n2 a.x=1\n3! goes on \n3 [b]\n4 b.z=3\n"},
	{"[ a ] ; one\nx=1\n", "1 [a]\n2 a.x=1\n"},
	{"x = 1\n\t y = 2\n  # c\n", "1 .x=1\n2! begins w\n2 .y=2\n"},
	{"\xef\xbb\xbfx = 1\n", "1 .x=1\n"},
	{"x = \xc3\xbc\ny = \xfc\n", "1 .x=\xc3\xbc\n2! is not U\n2 .y=?\n"},
	{"x = \xed\xa0\x80\xc0\x80\xf0\x9f\x98\x80\xe2\x82\n", "1! is not U\n1 .x=?????\xf0\x9f\x98\x80??\n"},
	{"x = \033[2J\n", "1! has a co\n1 .x=?[2J\n"},
	{"x = a\xe2\x80\x8b\n# \xe2\x80\x8d\n ; \xe2\x80\x8d\n", "1! has a hi\n1 .x=a???\n"},
	{"\xef\xbb\xbf# \xe2\x80\x8d\nx = \xef\xbb\xbf\n", "2! has a hi\n2 .x=???\n"},
	{COMMENT "x = 1\ny = 2\n", "2 .y=2\n"},
	{"  ; " LONG LONG "x = 1", ""},
	{"x = " LONG LONG "\n", "1! is too l\n1 .x=" LONG "0123456789012345678901234567890123456789012345678901234567890123456789"
				"012345678901234567890123\n"},
	{"[123456789012345678901234567890123456789012345678901234567890]\nx = 1\n",
	 "1 [123456789012345678901234567890123456789012345678901234567890]\n"
	 "2 123456789012345678901234567890123456789012345678901234567890.x=1\n"},
};

START_TEST(what_is_wrong_with_lines_is_collected)
{
	static const struct mm_ini_callbacks callbacks = {NULL, note_key, note_section, note_bad};
	struct complaints complaints = {{0}, 0};
	FILE *file = fmemopen((void *)(uintptr_t)forms[_i].text, strlen(forms[_i].text), "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(mm_ini_read(file, &callbacks, &complaints, &complaints.line), 0);
	fclose(file);
	ck_assert_str_eq(complaints.text, forms[_i].expected);
}
END_TEST

/* The longest line there is, and one byte more. */
START_TEST(lines_end_where_the_buffer_does)
{
	for (int length = MM_INI_LINE_MAX - 1; length <= MM_INI_LINE_MAX + 1; length++) {
		struct seen seen = {0};
		char text[MM_INI_LINE_MAX + 8];
		unsigned line;
		int size = snprintf(text, sizeof(text), "x = %0*d\ny = 2\n", length - 4, 1);

		ck_assert_int_eq(read_text(text, (size_t)size, &seen, &line), length > MM_INI_LINE_MAX ? -EMSGSIZE : 0);
		ck_assert_uint_eq(line, length > MM_INI_LINE_MAX ? 1 : 2);
		ck_assert_uint_eq(seen.keys, length > MM_INI_LINE_MAX ? 0 : 2);
	}
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

static const struct {
	const char *value, *fault; /* its begin; NULL: none */
} values[] = {
	{"", NULL},
	{"42", NULL},
	{"42#2", NULL},
	{"#2", NULL},
	{"'", NULL},
	{"the shop's", NULL},
	{"M\xc3\xbcller", NULL},
	{"SN \"42\"", "the quotes would be part of the value"},
	{"12\"", "the quotes would be part of the value"},
	{"'42'", "the quotes would be part of the value"},
	{"42 #2", "a # begins a comment only at the start of a line"},
	{"42\t#2", "a # begins a comment only at the start of a line"},
	{"# 42", "a # begins a comment only at the start of a line"},
	{"M\xfcller", "is not UTF-8 text: save the file as UTF-8"},
	{"4\x01", "has a control character"},
	{"4\xe2\x80\x8b", "has a hidden character"},
};

START_TEST(values_that_nobody_meant)
{
	const char *fault = mm_ini_value_fault(values[_i].value);

	ck_assert_int_eq(fault == NULL, values[_i].fault == NULL);
	ck_assert(!fault || strncmp(fault, values[_i].fault, strlen(values[_i].fault)) == 0);
	/* Another spelling would be another serial number. */
	ck_assert(!fault || !strstr(fault, "accents"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ini");
	TCase *tcase = tcase_create("ini");

	tcase_add_test(tcase, keys_and_lines);
	tcase_add_loop_test(tcase, the_first_error_counts, 0, MM_COUNT_OF(errors));
	tcase_add_loop_test(tcase, what_is_wrong_with_lines_is_collected, 0, MM_COUNT_OF(forms));
	tcase_add_test(tcase, lines_end_where_the_buffer_does);
	tcase_add_loop_test(tcase, values_that_nobody_meant, 0, MM_COUNT_OF(values));
	tcase_add_test(tcase, a_directory_is_no_file);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
