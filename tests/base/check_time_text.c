/* SPDX-License-Identifier: MIT */
/* RFC 3339: what is written, what is read, and what is refused. */
#include <errno.h>

#include "fixture/suite.h"
#include "base/time_text.h"

START_TEST(times_are_written)
{
	char text[MM_TIME_TEXT_MAX];

	ck_assert_str_eq(mm_time_text(0, text), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(mm_time_text(1772366400, text), "2026-03-01T12:00:00Z");
	ck_assert_str_eq(mm_time_text(INT64_C(4102444799), text), "2099-12-31T23:59:59Z");
	ck_assert_str_eq(mm_time_text(INT64_C(253402300799), text), "9999-12-31T23:59:59Z");
	ck_assert_str_eq(mm_time_text(INT64_C(253402300800), text), "an impossible time");
	ck_assert_str_eq(mm_time_text(INT64_MAX, text), "an impossible time");
	ck_assert_str_eq(mm_time_text(INT64_MIN, text), "an impossible time");
	ck_assert_str_eq(mm_time_text_ns(INT64_C(1772366400999999999), text), "2026-03-01T12:00:00Z");
	ck_assert_str_eq(mm_time_text_ns(-1, text), "1969-12-31T23:59:59Z");
}
END_TEST

START_TEST(milliseconds_are_written)
{
	char text[MM_TIME_TEXT_MAX];

	ck_assert_str_eq(mm_time_text_ms(INT64_C(1772366400012999999), text), "2026-03-01T12:00:00.012Z");
	ck_assert_str_eq(mm_time_text_ms(-1, text), "1969-12-31T23:59:59.999Z");
	ck_assert_str_eq(mm_time_text_ms(INT64_MAX, text), "2262-04-11T23:47:16.854Z");
	ck_assert_str_eq(mm_time_text_ms(INT64_MIN, text), "1677-09-21T00:12:43.145Z");
}
END_TEST

static const struct {
	const char *text;
	int64_t seconds;
	int32_t ns;
} times[] = {
	{"1970-01-01T00:00:00Z", 0, 0},
	{"2026-03-01T12:00:00Z", 1772366400, 0},
	{"2026-03-01t12:00:00z", 1772366400, 0},
	{"2026-03-01T13:30:00+01:30", 1772366400, 0},
	{"2026-03-01T07:00:00-05:00", 1772366400, 0},
	{"2026-03-01T12:00:00.25Z", 1772366400, 250000000},
	{"2026-03-01T12:00:00.1234567891Z", 1772366400, 123456789},
	{"2024-02-29T00:00:00Z", 1709164800, 0},
	{"2016-12-31T23:59:60Z", 1483228800, 0},
	{"1969-12-31T23:59:59.5Z", -1, 500000000},
	{"0001-01-01T00:00:00Z", INT64_C(-62135596800), 0},
};

START_TEST(times_are_read)
{
	int64_t seconds;
	int32_t ns;

	ck_assert_int_eq(mm_time_parse(times[_i].text, &seconds, &ns), 0);
	ck_assert_int_eq(seconds, times[_i].seconds);
	ck_assert_int_eq(ns, times[_i].ns);
	ck_assert_int_eq(mm_time_parse(times[_i].text, &seconds, NULL), times[_i].ns == 0 ? 0 : -EINVAL);
}
END_TEST

static const char *const refusals[] = {
	"",
	"now",
	"2026-03-01",
	"2026-03-01T12:00Z",
	"2026-03-01T12:00:00",
	"2026-03-01 12:00:00Z",
	" 2026-03-01T12:00:00Z",
	"2026-03-01T12:00:00Z ",
	"2026-3-1T12:00:00Z",
	"2026-13-01T12:00:00Z",
	"2026-02-29T12:00:00Z",
	"2026-04-31T12:00:00Z",
	"2026-03-01T24:00:00Z",
	"2026-03-01T12:60:00Z",
	"2026-03-01T12:00:61Z",
	"2026-03-01T12:00:00.Z",
	"2026-03-01T12:00:00+1:00",
	"2026-03-01T12:00:00+01:60",
	"2026-03-01T12:00:00+24:00",
	"2026-03-01T12:00:00+ 1:00",
	"2026-03-01T-1:00:00Z",
	"+026-03-01T12:00:00Z",
	"12026-03-01T12:00:00Z",
};

START_TEST(others_are_refused)
{
	int64_t seconds = 7;
	int32_t ns = 7;

	ck_assert_int_eq(mm_time_parse(refusals[_i], &seconds, &ns), -EINVAL);
	ck_assert_int_eq(seconds, 7);
	ck_assert_int_eq(ns, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("time_text");
	TCase *tcase = tcase_create("RFC 3339");

	tcase_add_test(tcase, times_are_written);
	tcase_add_test(tcase, milliseconds_are_written);
	tcase_add_loop_test(tcase, times_are_read, 0, MM_COUNT_OF(times));
	tcase_add_loop_test(tcase, others_are_refused, 0, MM_COUNT_OF(refusals));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
