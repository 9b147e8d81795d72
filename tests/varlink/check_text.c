/* SPDX-License-Identifier: MIT */
/* A JSON text that is appended to: jansson reads it, and finds each value as it was given. */
#include "varlink/text.h"

#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/suite.h"

static json_t *read_text(struct mm_text *text)
{
	json_error_t error;
	json_t *json;

	ck_assert(!text->failed);
	json = json_loadb(text->bytes, text->used, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(json != NULL, "%.*s: %s", (int)text->used, text->bytes, error.text);
	mm_text_clear(text);
	return json;
}

START_TEST(members_and_rows_are_parted_by_commas)
{
	struct mm_text text = {0};
	json_t *got,
		*expected = json_pack("{s:s, s:[{s:i}, {}, i, []], s:{}, s:n, s:b}", "a", "x", "b", "c", 1, 2, "d", "e", "f", 1);

	mm_text_open(&text, NULL, '{');
	mm_text_string(&text, "a", "x");
	mm_text_open(&text, "b", '[');
	mm_text_open(&text, NULL, '{');
	mm_text_integer(&text, "c", 1);
	mm_text_close(&text, '}');
	mm_text_open(&text, NULL, '{');
	mm_text_close(&text, '}');
	mm_text_integer(&text, NULL, 2);
	mm_text_open(&text, NULL, '[');
	mm_text_close(&text, ']');
	mm_text_close(&text, ']');
	mm_text_open(&text, "d", '{');
	mm_text_close(&text, '}');
	mm_text_string(&text, "e", NULL);
	mm_text_boolean(&text, "f", true);
	mm_text_close(&text, '}');
	got = read_text(&text);
	ck_assert(json_equal(got, expected));
	json_decref(got);
	json_decref(expected);
}
END_TEST

START_TEST(each_byte_of_a_string_comes_back)
{
	for (int c = 1; c < 0x80; c++) {
		const char value[] = {'a', (char)c, 'b', '\0'};
		struct mm_text text = {0};
		json_t *got;

		mm_text_open(&text, NULL, '[');
		mm_text_string(&text, NULL, value);
		mm_text_string(&text, NULL, "\xc3\xbc");
		mm_text_close(&text, ']');
		got = read_text(&text);
		ck_assert_str_eq(json_string_value(json_array_get(got, 0)), value);
		ck_assert_str_eq(json_string_value(json_array_get(got, 1)), "\xc3\xbc");
		json_decref(got);
	}
}
END_TEST

static int64_t random_64(void)
{
	return (int64_t)(((uint64_t)random() << 42) ^ ((uint64_t)random() << 21) ^ (uint64_t)random()) >> (random() % 64);
}

START_TEST(integers_are_exact)
{
	srandom(1);
	for (int i = 0; i < 10000; i++) {
		int64_t value = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : random_64();
		struct mm_text text = {0};
		json_t *got;

		mm_text_open(&text, NULL, '[');
		mm_text_integer(&text, NULL, value);
		mm_text_close(&text, ']');
		got = read_text(&text);
		ck_assert_int_eq(json_integer_value(json_array_get(got, 0)), value);
		json_decref(got);
	}
}
END_TEST

/* A decimal has the digits of its whole number: read back they are the same, whatever the point. */
START_TEST(decimals_are_exact)
{
	srandom(2);
	for (int i = 0; i < 10000; i++) {
		int64_t value = i == 0 ? INT64_MIN : random_64();
		unsigned decimals = 1 + (unsigned)i % 9, behind;
		char digits[32], *point, *end;
		struct mm_text text = {0};

		mm_text_decimal(&text, NULL, value, decimals);
		ck_assert_uint_lt(text.used, sizeof(digits));
		memcpy(digits, text.bytes, text.used);
		digits[text.used] = '\0';
		mm_text_clear(&text);
		point = strchr(digits, '.');
		ck_assert_ptr_nonnull(point);
		ck_assert_ptr_ne(point, digits);
		behind = (unsigned)strlen(point + 1);
		ck_assert(behind >= 1 && behind <= decimals);
		memmove(point, point + 1, strlen(point));
		for (; behind < decimals; behind++) {
			strcat(digits, "0");
		}
		ck_assert_int_eq(strtoll(digits, &end, 10), value);
		ck_assert_int_eq(*end, '\0');
	}
}
END_TEST

START_TEST(figures_are_the_nearest_step)
{
	static const struct {
		double value;
		unsigned decimals;
		const char *text;
	} rows[] = {
		{0, 3, "0.0"},	     {-0.0004, 3, "0.0"},     {-0.0006, 3, "-0.001"},	    {120.0005, 3, "120.001"},
		{59.95, 3, "59.95"}, {-2404.9, 2, "-2404.9"}, {1e12, 4, "1000000000000.0"}, {1e300, 3, "1e+300"},
		{NAN, 3, "0.0"},     {INFINITY, 3, "0.0"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_text text = {0};

		mm_text_figure(&text, NULL, rows[i].value, rows[i].decimals);
		ck_assert_msg(text.used == strlen(rows[i].text) && memcmp(text.bytes, rows[i].text, text.used) == 0,
			      "%.*s, not %s", (int)text.used, text.bytes, rows[i].text);
		mm_text_clear(&text);
	}
}
END_TEST

START_TEST(reals_stay_reals)
{
	static const double values[] = {0, 1, -20, 0.1, 1e-7, 1234567.25, 1e300, 12345678901234.5};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct mm_text text = {0};
		json_t *got;

		mm_text_open(&text, NULL, '[');
		mm_text_real(&text, NULL, values[i]);
		mm_text_close(&text, ']');
		got = read_text(&text);
		ck_assert(json_is_real(json_array_get(got, 0)));
		ck_assert(json_real_value(json_array_get(got, 0)) == values[i]);
		json_decref(got);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("varlink: text");
	TCase *text = tcase_create("text");

	tcase_add_test(text, members_and_rows_are_parted_by_commas);
	tcase_add_test(text, each_byte_of_a_string_comes_back);
	tcase_add_test(text, integers_are_exact);
	tcase_add_test(text, decimals_are_exact);
	tcase_add_test(text, figures_are_the_nearest_step);
	tcase_add_test(text, reals_stay_reals);
	suite_add_tcase(suite, text);
	return mm_run_suite(suite);
}
