/* SPDX-License-Identifier: MIT */
/* Times and references as people write them, and CSV. */

#include "ctl/check_ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/count_of.h"
#include "ctl/reference.h"
#include "ctl/when.h"
#include "ctl/writer.h"

START_TEST(times_are_read)
{
	/* 2026-03-29 02:00 is when this zone's summer time begins: that day has 23 hours. */
	static const struct {
		const char *text;
		int64_t seconds; /* from 2026-03-29T00:00:00+01:00 */
	} table[] = {
		{"now", 43200},
		{"today", 0},
		{"yesterday", -86400},
		{"-90m", 43200 - 5400},
		{"-30s", 43200 - 30},
		{"-24h", 43200 - 86400},
		{"-7d", 43200 - 7 * 86400},
		{"-2w", 43200 - 14 * 86400},
		{"2026-03-29", 0},
		{"2026-03-30", 82800},
		{"2026-03-29T12:00", 39600},
		{"2026-03-29 12:00:30", 39630},
		{"2026-03-28T23:00:00Z", 0},
		{"2026-03-28t23:00:00.25z", 0},
		{"2026-03-29T01:30:00+02:30", 0},
		{"2026-03-28T18:00:00-05:00", 0},
		{"2024-02-29T00:00:00Z", -65574000},
	};
	static const char *const wrong[] = {
		"",
		"tomorrow",
		"2026",
		"2026-13-01",
		"2026-02-29",
		"2026-03-00",
		"2026-3-1",
		"-",
		"-h",
		"-5",
		"-5hh",
		"-5y",
		"-1000000000h",
		"2026-03-29T",
		"20260329",
		"2026-03-29T24:00",
		"2026-03-29T12:60",
		"2026-03-29T12:00:61",
		"2026-03-29T12:00+1",
		"2026-03-29Z",
		"2026-03-29T12:00:00.Z",
		"2026-03-29T12:00:00ZZ",
		"1969-12-31",
	};
	int64_t midnight, got;
	char text[MM_WHEN_MAX];

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	ck_assert_int_eq(mm_when_parse("2026-03-28T23:00:00Z", 0, &midnight), 0);
	ck_assert_int_eq(midnight, 1774738800);
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		ck_assert_msg(mm_when_parse(table[i].text, midnight + 43200, &got) == 0, "%s", table[i].text);
		ck_assert_msg(got - midnight == table[i].seconds, "%s: %jd", table[i].text, (intmax_t)(got - midnight));
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		got = 4711;
		ck_assert_msg(mm_when_parse(wrong[i], midnight, &got) == -EINVAL, "%s", wrong[i]);
		ck_assert_int_eq(got, 4711);
	}
	mm_when_local(midnight + 43200, text);
	ck_assert_str_eq(text, "2026-03-29 13:00:00");
	/* Without forks, as under valgrind, the next test runs in the same process. */
	setenv("TZ", "UTC0", 1);
	tzset();
}
END_TEST

START_TEST(months_are_read)
{
	/* In this zone summer time begins on 2026-03-29. */
	static const struct {
		const char *text;
		int64_t from_s, days, hours;
	} table[] = {
		{"2026-03", 1772319600, 31, -1}, {"this", 1772319600, 31, -1},	 {"last", 1769900400, 28, 0},
		{"2024-02", 1706742000, 29, 0},	 {"2025-12", 1764543600, 31, 0},
	};
	static const char *const wrong[] = {"", "2026", "2026-3", "2026-00", "2026-13", "2026-03-01", "next", "-1w", "2026-0x"};
	int64_t from, to;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		ck_assert_msg(mm_when_month(table[i].text, 1774738800, &from, &to) == 0, "%s", table[i].text);
		ck_assert_msg(from == table[i].from_s && to - from == table[i].days * 86400 + table[i].hours * 3600,
			      "%s: %jd to %jd", table[i].text, (intmax_t)from, (intmax_t)to);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		from = to = 4711;
		ck_assert_msg(mm_when_month(wrong[i], 1774738800, &from, &to) == -EINVAL, "%s", wrong[i]);
		ck_assert(from == 4711 && to == 4711);
	}
	setenv("TZ", "UTC0", 1);
	tzset();
}
END_TEST

START_TEST(references_are_read)
{
	static const struct {
		const char *text;
		double power_w;
	} table[] = {
		{"12003.5", 12003.5},
		{"12003.5 W", 12003.5},
		{" 12.0035kW ", 12003.5},
		{".5 w", 0.5},
		{"100 Wh in 30 s", 12000},
		{"100Wh 30s", 12000},
		{"0.1 kWh in 0.5 min", 12000},
		{"20 pulses of 5 Wh in 30 s", 12000},
		{"1 pulse of 10 Wh in 3 s", 12000},
		{"20 x 5 Wh in 30 s", 12000},
		{"20x5Wh 30s", 12000},
	};
	static const char *const wrong[] = {
		"",
		"W",
		"12003,5 W",
		"0",
		"-5 W",
		"1e3",
		"nan",
		"inf W",
		"5 A",
		"5 W 5 W",
		"100 Wh",
		"30 s in 100 Wh",
		"100 Wh in 0 s",
		"1.2.3 W",
		"5 W in",
		"20 pulses 5 Wh",
		"20 of 5 Wh in 30 s",
		"20 pulses of 5 W in 30 s",
		"1 x 1 Wh 1 s 1",
		"0x10 W",
		"9999999999 W",
		"5 Wx",
	};
	double got;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		ck_assert_msg(mm_reference_parse(table[i].text, &got) == 0, "%s", table[i].text);
		ck_assert_msg(got > table[i].power_w * (1 - 1e-12) && got < table[i].power_w * (1 + 1e-12), "%s: %.17g",
			      table[i].text, got);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		got = 4711;
		ck_assert_msg(mm_reference_parse(wrong[i], &got) == -EINVAL, "%s", wrong[i]);
		ck_assert_double_eq(got, 4711);
	}
}
END_TEST

START_TEST(csv_is_quoted)
{
	static const char *const keys[] = {"a", "b"};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *rows = json_pack("[{s:s, s:n}, {s:s, s:b}]", "a", "x,\"y\"\n", "b", "a", "%d", "b", 1);

	mm_writer_csv(out, keys, COUNT_OF(keys), rows, true);
	fclose(out);
	ck_assert_str_eq(text, "a,b\n\"x,\"\"y\"\"\n\",\n%d,true\n");
	free(text);
	json_decref(rows);
}
END_TEST

TCase *texts_tcase(void)
{
	TCase *texts = tcase_create("texts");

	tcase_add_test(texts, times_are_read);
	tcase_add_test(texts, months_are_read);
	tcase_add_test(texts, references_are_read);
	tcase_add_test(texts, csv_is_quoted);
	return texts;
}
