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

START_TEST(times_are_local)
{
	char text[MM_WHEN_MAX];
	int64_t when_s;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	ck_assert_int_eq(mm_when_read("2026-03-29T11:00:00.250Z", &when_s), 0);
	ck_assert_int_eq(when_s, 1774782000);
	ck_assert_int_eq(mm_when_read("2026-03-29", &when_s), -EINVAL);
	mm_when_local(when_s, text);
	ck_assert_str_eq(text, "2026-03-29 13:00:00");
	/* Without forks, as under valgrind, the next test runs in the same process. */
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

	tcase_add_test(texts, times_are_local);
	tcase_add_test(texts, references_are_read);
	tcase_add_test(texts, csv_is_quoted);
	return texts;
}
