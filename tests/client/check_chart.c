/* SPDX-License-Identifier: MIT */
/* The load profile as a picture: buckets of each length, gaps and marks, and the picture as a document. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/count_of.h"
#include "client/chart.h"
#include "client/svg.h"
#include "client/xml.h"
#include "fixture/suite.h"

#define DAY_S 86400
#define FIRST_S INT64_C(1772323200) /* 2026-03-01 00:00 UTC */

static struct mm_chart *new_chart(int64_t from_s, int64_t to_s, int64_t now_s)
{
	struct mm_chart *chart;

	ck_assert_int_eq(mm_chart_new(from_s, to_s, now_s, &chart), 0);
	return chart;
}

static void add(struct mm_chart *chart, int64_t start_s, int64_t delivered_wh, const char *flag)
{
	struct mm_interval interval = {
		.start_s = start_s, .duration_s = 900, .covered_s = 900, .delivered_uwh = delivered_wh * 1000000};

	if (flag != NULL) {
		interval.flags = (struct mm_names){.count = 1, .name = {flag}};
	}
	ck_assert_int_eq(mm_chart_add(chart, &interval), 0);
}

static size_t count_buckets(const struct mm_chart *chart)
{
	size_t count = 0;

	for (; mm_chart_bucket(chart, count) != NULL; count++) {
	}
	return count;
}

static char *draw(const struct mm_chart *chart, const struct mm_svg *svg)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	mm_svg_write(out, chart, svg);
	fclose(out);
	return text;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
		count++;
	}
	return count;
}

START_TEST(buckets_fit_the_span)
{
	static const struct {
		int64_t days;
		enum mm_chart_unit unit;
		size_t buckets;
	} table[] = {
		{1, MM_CHART_INTERVAL, 96}, {2, MM_CHART_INTERVAL, 192}, {7, MM_CHART_HOUR, 168},
		{31, MM_CHART_DAY, 31},	    {92, MM_CHART_DAY, 92},	 {365, MM_CHART_MONTH, 12},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		int64_t to_s = FIRST_S + table[i].days * DAY_S;
		struct mm_chart *chart = new_chart(FIRST_S, to_s, to_s);
		double wh = 0;

		for (int64_t at_s = FIRST_S; at_s < to_s; at_s += 900) {
			add(chart, at_s, 100, NULL);
		}
		ck_assert_int_eq(mm_chart_unit(chart), table[i].unit);
		ck_assert_uint_eq(count_buckets(chart), table[i].buckets);
		for (size_t b = 0; b < table[i].buckets; b++) {
			const struct mm_chart_bucket *bucket = mm_chart_bucket(chart, b);

			ck_assert_double_eq_tol(bucket->known_s, bucket->wanted_s, 1e-6);
			wh += bucket->delivered_wh;
		}
		ck_assert_double_eq_tol(wh, (double)table[i].days * 9600, 1e-6);
		ck_assert_int_eq(mm_chart_sum(chart).delivered_uwh, table[i].days * 9600 * 1000000);
		mm_chart_free(chart);
	}
	mm_chart_free(NULL);
}
END_TEST

/* A day of 23 h, in a zone that has one. */
START_TEST(days_are_those_of_the_zone)
{
	struct mm_chart *chart;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	chart = new_chart(FIRST_S - 3600, FIRST_S + 31 * DAY_S - 7200, FIRST_S + 31 * DAY_S);
	add(chart, FIRST_S, 1, NULL);
	ck_assert_uint_eq(count_buckets(chart), 31);
	ck_assert_int_eq(mm_chart_bucket(chart, 28)->end_s - mm_chart_bucket(chart, 28)->begin_s, 23 * 3600);
	mm_chart_free(chart);
	unsetenv("TZ");
	tzset();
}
END_TEST

START_TEST(gaps_and_doubts_are_seen)
{
	struct mm_chart *chart = new_chart(FIRST_S, FIRST_S + 31 * DAY_S, FIRST_S + 20 * DAY_S);
	struct mm_interval half = {.start_s = FIRST_S + 3 * DAY_S, .duration_s = 900, .covered_s = 450, .delivered_uwh = 1};
	char *text;

	for (int64_t at_s = FIRST_S; at_s < FIRST_S + 20 * DAY_S; at_s += 900) {
		int64_t day = (at_s - FIRST_S) / DAY_S;

		if (day == 5 || day == 6 || day == 9) {
			continue;
		}
		if (at_s == half.start_s) {
			ck_assert_int_eq(mm_chart_add(chart, &half), 0);
		} else {
			add(chart, at_s, 10, at_s % DAY_S != 0 ? NULL : day == 1 ? "clock-invalid" : day == 2 ? "dst" : NULL);
		}
	}
	ck_assert_uint_eq(count_buckets(chart), 20);
	ck_assert(mm_chart_bucket(chart, 1)->doubtful);
	ck_assert(!mm_chart_bucket(chart, 2)->doubtful);
	ck_assert_double_eq(mm_chart_bucket(chart, 5)->known_s, 0);
	text = draw(chart, &(struct mm_svg){.title = "main"});
	/* What is still to come is no gap. */
	ck_assert_uint_eq(count_of(text, "height=\"226.0\" fill=\"url(#mm-gap-0)\""), 2);
	ck_assert_uint_eq(count_of(text, "l-4 -7h8z"), 2);
	ck_assert_ptr_nonnull(strstr(text, "Gaps: 3; uncertain: 2."));
	free(text);
	mm_chart_free(chart);
}
END_TEST

/* After the clock was set back, and of intervals outside of the period, nothing is lost from the sum. */
START_TEST(any_order_is_drawn)
{
	struct mm_chart *chart = new_chart(INT64_MIN, INT64_MAX, FIRST_S + DAY_S);

	add(chart, FIRST_S + 1800, 10, NULL);
	add(chart, FIRST_S, 10, NULL);
	add(chart, FIRST_S + 2 * DAY_S, 10, NULL);
	add(chart, FIRST_S + 1800, 10, NULL);
	ck_assert_uint_eq(mm_chart_sum(chart).count, 4);
	ck_assert_double_eq(mm_chart_bucket(chart, 0)->delivered_wh, 20);
	mm_chart_free(chart);
}
END_TEST

START_TEST(a_picture_of_nothing_says_so)
{
	struct mm_chart *chart = new_chart(INT64_MIN, INT64_MAX, FIRST_S);
	char *text = draw(chart, &(struct mm_svg){.title = "a<b>&\"'\001\xff", .inline_in_html = 3});

	ck_assert_ptr_nonnull(strstr(text, ">no intervals<"));
	ck_assert_ptr_nonnull(strstr(text, "a&lt;b&gt;&amp;&quot;&#39;\357\277\275\357\277\275: power"));
	ck_assert_ptr_nonnull(strstr(text, "aria-labelledby=\"mm-title-3 mm-desc-3\""));
	ck_assert_ptr_null(strstr(text, "<?xml"));
	free(text);
	mm_chart_free(chart);
}
END_TEST

/* One that is still a picture where there are millions of intervals in it. */
START_TEST(a_picture_is_small)
{
	struct mm_chart *chart = new_chart(INT64_MIN, INT64_MAX, FIRST_S + 3653 * DAY_S);
	char *text;

	for (int64_t at_s = FIRST_S; at_s < FIRST_S + 3653 * DAY_S; at_s += 900) {
		add(chart, at_s, 10, NULL);
	}
	text = draw(chart, &(struct mm_svg){.title = "main"});
	ck_assert_uint_lt(strlen(text), 40000);
	free(text);
	mm_chart_free(chart);
}
END_TEST

START_TEST(hidden_characters_do_not_pass)
{
	static const char *const table[][2] = {
		{"plain \303\251", "plain \303\251"},
		{"<&>\"'", "&lt;&amp;&gt;&quot;&#39;"},
		{"a\033[2J\177", "a\357\277\275[2J\357\277\275"},
		{"a\342\200\256b", "a\357\277\275b"},
		{"\303", "\357\277\275"},
		{"\357\277\277", "\357\277\275"},
		{"", ""},
		{NULL, ""},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		mm_xml_text(out, table[i][0]);
		fclose(out);
		ck_assert_str_eq(text, table[i][1]);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chart");
	TCase *tcase = tcase_create("chart"), *slow = tcase_create("ten years");

	tcase_add_test(tcase, buckets_fit_the_span);
	tcase_add_test(tcase, days_are_those_of_the_zone);
	tcase_add_test(tcase, gaps_and_doubts_are_seen);
	tcase_add_test(tcase, any_order_is_drawn);
	tcase_add_test(tcase, a_picture_of_nothing_says_so);
	tcase_add_test(tcase, hidden_characters_do_not_pass);
	suite_add_tcase(suite, tcase);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, a_picture_is_small);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
