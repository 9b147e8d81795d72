/* SPDX-License-Identifier: MIT */
/* The sections of tariffs: what is written becomes the rules that it says, or an error that says what to do. */
#include "config/check_config.h"

#define M METER "tariff = t\n"
#define T "[tariff t]\n"
#define DAY_NIGHT "[rate t day]\nwhen = otherwise\n[rate t night]\nwhen = 00:30-07:30\n"

#define E_TOU_D                                                                                                                  \
	"[tariff e-tou-d]\ncurrency = USD\nsummer = jun 1 - sep 30\n"                                                            \
	"holidays = jan 1 observed, 3rd mon feb, last mon may, jul 4 observed\n"                                                 \
	"holidays2 = 1st mon of September, 11 nov observed, 4th thu nov, dec 25 observed\n"                                      \
	"[rate e-tou-d summer peak]\nprice = 0.51\nwhen = summer mon-fri 17:00-20:00\n"                                          \
	"[rate e-tou-d summer off-peak]\nprice = 0.37\nwhen = summer otherwise\n"                                                \
	"[rate e-tou-d winter peak]\nprice = 0.41\nwhen = winter mon-fri 17:00-20:00\n"                                          \
	"[rate e-tou-d winter off-peak]\nprice = 0.37\nwhen = winter otherwise\n"

#define BERLIN                                                                                                                   \
	"[tariff berlin]\nholidays = jan 1, mar 8, easter-2, easter+1, may 1, easter+39\n"                                       \
	"holidays2 = easter+50, oct 3, dec 25, dec 26, 2026-12-24\ndemand_min = 60\ndemand = sliding\n"                          \
	"[rate berlin HT]\nwhen = mon-fri 06:00-22:00\n"                                                                         \
	"[rate berlin NT]\nwhen = Monday-Friday 00:00-6:00, 22:00-24:00\nwhen2 = sat, sun, holidays\n"

static uint8_t rate_at(const struct mm_config_terms *terms, int year, int month, int day, int hour)
{
	struct mm_tariff_day found;

	mm_tariff_day(&terms->tariff, mm_calendar_day((struct mm_date){year, month, day}), &found);
	return mm_tariff_day_rate(&found, hour * 60);
}

START_TEST(seasons_and_holidays_are_read)
{
	struct fixture *f = setup();
	const struct mm_config_terms *terms;

	ck_assert_int_eq(load(f, METER "tariff = e-tou-d\n" E_TOU_D), 0);
	terms = mm_config_terms(f->config, 0);
	ck_assert_str_eq(terms->name, "e-tou-d");
	ck_assert_str_eq(terms->currency, "USD");
	ck_assert_uint_eq(terms->tariff.rate_count, 4);
	ck_assert_uint_eq(terms->tariff.holiday_count, 8);
	ck_assert_str_eq(terms->rate[3].name, "winter off-peak");
	ck_assert_int_eq(terms->rate[0].price, 510000);
	ck_assert_uint_eq(rate_at(terms, 2026, 6, 1, 17), 0);
	ck_assert_uint_eq(rate_at(terms, 2026, 7, 3, 17), 1); /* observed */
	ck_assert_uint_eq(rate_at(terms, 2026, 9, 7, 17), 1); /* Labor Day */
	ck_assert_uint_eq(rate_at(terms, 2026, 10, 1, 19), 2);
	ck_assert_uint_eq(rate_at(terms, 2026, 5, 31, 19), 3); /* a Sunday */
	ck_assert_int_eq(terms->demand_s, 0);
	teardown(f);
}
END_TEST

START_TEST(days_and_times_are_read)
{
	struct fixture *f = setup();
	const struct mm_config_terms *terms;

	ck_assert_int_eq(load(f, METER "tariff = berlin\n" BERLIN), 0);
	terms = mm_config_terms(f->config, 0);
	ck_assert_uint_eq(rate_at(terms, 2026, 4, 2, 21), 0);
	ck_assert_uint_eq(rate_at(terms, 2026, 4, 2, 22), 1);
	ck_assert_uint_eq(rate_at(terms, 2026, 4, 3, 12), 1);	/* Good Friday */
	ck_assert_uint_eq(rate_at(terms, 2026, 12, 24, 12), 1); /* a Thursday, of that year alone */
	ck_assert_uint_eq(rate_at(terms, 2027, 12, 24, 12), 0);
	ck_assert_int_eq(terms->demand_s, 3600);
	ck_assert(terms->sliding);
	ck_assert(!terms->rate[0].has_price);
	teardown(f);
}
END_TEST

START_TEST(without_a_tariff_there_is_one_rate)
{
	struct fixture *f = setup();
	const struct mm_config_terms *terms;
	struct mm_tariff_fault fault;

	ck_assert_int_eq(load(f, METER BERLIN), 0); /* a tariff that no meter has is no error */
	terms = mm_config_terms(f->config, 0);
	ck_assert_str_eq(terms->name, "");
	ck_assert_str_eq(terms->rate[0].name, "all");
	ck_assert_uint_eq(terms->tariff.rate_count, 1);
	ck_assert(mm_tariff_check(&terms->tariff, 2026, &fault));
	teardown(f);
}
END_TEST

/* Every form of a line of times, and the rule that it is. */
static const struct {
	const char *text;
	struct mm_config_rule expected;
} rules[] = {
	{"otherwise", {MM_SEASON_YEAR, {.otherwise = true, .days = 0xff, .first = 101, .last = 1231}}},
	{"daily", {MM_SEASON_YEAR, {.days = 0xff, .first = 101, .last = 1231}}},
	{"winter otherwise", {MM_SEASON_WINTER, {.otherwise = true, .days = 0xff, .first = 101, .last = 1231}}},
	{"summer", {MM_SEASON_SUMMER, {.days = 0xff, .first = 101, .last = 1231}}},
	{"22:00-06:00", {MM_SEASON_YEAR, {.days = 0xff, .first = 101, .last = 1231, .times_count = 1, .times = {{1320, 360}}}}},
	{"22:00-00:00", {MM_SEASON_YEAR, {.days = 0xff, .first = 101, .last = 1231, .times_count = 1, .times = {{1320, 1440}}}}},
	{"sat-mon", {MM_SEASON_YEAR, {.days = 0x61, .first = 101, .last = 1231}}},
	{"Sat , HOLIDAYS 9:30 - 10:15,12:00-13:00",
	 {MM_SEASON_YEAR, {.days = 0xa0, .first = 101, .last = 1231, .times_count = 2, .times = {{570, 615}, {720, 780}}}}},
	{"nov 1 - feb 29 wed 00:00-24:00",
	 {MM_SEASON_DATES, {.days = 0x04, .first = 1101, .last = 229, .times_count = 1, .times = {{0, 1440}}}}},
	{"15 march - 1 april", {MM_SEASON_DATES, {.days = 0xff, .first = 315, .last = 401}}},
};

START_TEST(times_are_read_in_every_form)
{
	struct mm_config_rule rule = {0};
	struct mm_error error = {0};

	ck_assert_msg(mm_config_read_rule(rules[_i].text, &rule, &error) == 0, "%s: %s", rules[_i].text, error.text);
	ck_assert_int_eq(rule.season, rules[_i].expected.season);
	ck_assert_int_eq(rule.rule.otherwise, rules[_i].expected.rule.otherwise);
	ck_assert_uint_eq(rule.rule.days, rules[_i].expected.rule.days);
	ck_assert_int_eq(rule.rule.first, rules[_i].expected.rule.first);
	ck_assert_int_eq(rule.rule.last, rules[_i].expected.rule.last);
	ck_assert_uint_eq(rule.rule.times_count, rules[_i].expected.rule.times_count);
	ck_assert_mem_eq(rule.rule.times, rules[_i].expected.rule.times, sizeof(rule.rule.times));
}
END_TEST

static const struct {
	const char *text, *expected;
} refused[] = {
	{M T, ":7: [tariff t]: it has no rate: add a section [rate t NAME] with its when"},
	{M, ":6: [meter flat 1]: tariff = t: there is no section [tariff t]"},
	{METER "[rate t day]\nwhen = otherwise\n", ":6: [rate t day]: there is no section [tariff t]"},
	{M T "[rate t day]\nprice = 1\n", ":8: [rate t day]: when is missing: write its times"},
	{M T "[rate t day]\nwhen = 07:30-24:00\n[rate t night]\nwhen = 00:30-07:30\n",
	 ":7: [tariff t]: 2026-01-01 (Thursday) 00:00 has no rate: add that time to the when of a rate, or write when = "
	 "otherwise"},
	{M T "[rate t day]\nwhen = 07:00-24:00\n[rate t night]\nwhen = 00:00-07:30\n",
	 ":11: [rate t night]: 2026-01-01 (Thursday) 07:00 is of rate day too (line 9): take that time out of one of them"},
	{M T "holidays = jan 1\n[rate t day]\nwhen = mon-fri\n[rate t end]\nwhen = sat, sun\n",
	 ":7: [tariff t]: 2026-01-01 (Thursday, holiday) 00:00 has no rate"},
	{M T "summer = mar 1 - sep 30\n[rate t s]\nwhen = summer\n[rate t w]\nwhen = oct 1 - feb 28\n",
	 "[tariff t]: 2028-02-29 (Tuesday) 00:00 has no rate"},
	{M T DAY_NIGHT "[rate t never]\nwhen = feb 29 - feb 29 holidays\n",
	 ":12: [rate t never]: no minute of any year has this rate: correct its when, or remove the section"},
	{"[daemon]\nprofile_interval_min = 60\n" M T DAY_NIGHT,
	 ":2: [tariff t]: rate night begins at 2026-01-01 (Thursday) 00:30, in UTC+00:00, within an interval of "
	 "profile_interval_min = 60; lengths that fit: 1, 2, 3, 5, 6, 10, 15, 30"},
	{"[daemon]\ntime_zone = Asia/Kolkata\nprofile_interval_min = 30\n" M T "[rate t day]\nwhen = otherwise\n[rate t night]\n"
	 "when = 00:15-07:30\n",
	 ":3: [tariff t]: rate night begins at 2026-01-01 (Thursday) 00:15, in UTC+05:30, within an interval of "
	 "profile_interval_min = 30; "},
	{M T "[rate t s]\nwhen = summer\n[rate t w]\nwhen = otherwise\n",
	 ":9: summer: when is that? Add its dates to [tariff t], as in summer = jun 1 - sep 30"},
	{M T "summer = mar 1 - feb 29\n[rate t s]\nwhen = summer\n[rate t w]\nwhen = winter\n",
	 ":8: summer = mar 1 - feb 29: this is the whole year; leave the seasons out"},
	{M T "summer = june\n" DAY_NIGHT, ":8: summer = june: must be two dates, both included, as in jun 1 - sep 30"},
	{M T "summer = jun 31 - sep 30\n" DAY_NIGHT, "must be two dates"},
	{M T "holidays = dec 25, xmas\n" DAY_NIGHT,
	 ":8: holidays = dec 25, xmas: \"xmas\" is no holiday: write dec 25, jul 4 observed, "},
	{M T "holidays = 5th mon may\n" DAY_NIGHT, "\"5th mon may\" is no holiday"},
	{M T "holidays = 2nd mon\n" DAY_NIGHT, "\"2nd mon\" is no holiday"},
	{M T "holidays = 2026-02-29\n" DAY_NIGHT, "\"2026-02-29\" is no holiday"},
	{M T "holidays = easter+400\n" DAY_NIGHT, "\"easter+400\" is no holiday"},
	{M T "holidays = jan 1,jan 2,jan 3,jan 4,jan 5,jan 6,jan 7,jan 8,jan 9,jan 10,jan 11,jan 12,jan 13\n" DAY_NIGHT,
	 "are more than 12: go on in another line, holidays2 to holidays4"},
	{M T "[rate t day]\nwhen = mon-fri 22:00-06:00\n",
	 "22:00-06:00 goes over midnight, where another day begins: write 00:00-06:00, 22:00-24:00"},
	{M T "[rate t day]\nwhen = 06:00-06:00\n", ":9: when = 06:00-06:00: 06:00 to 06:00 has no minute"},
	{M T "[rate t day]\nwhen = 6-22\n",
	 ":9: when = 6-22: times are 17:00-20:00, with commas between; the end of a day is 24:00"},
	{M T "[rate t day]\nwhen = 06:00-24:01\n", "times are 17:00-20:00"},
	{M T "[rate t day]\nwhen = weekdays\n", ":9: when = weekdays: \"weekdays\" can't be here: write season, days and times"},
	{M T "[rate t day]\nwhen = 06:00-22:00 mon-fri\n", "\"mon-fri\" can't be here"},
	{M T "[rate t day]\nwhen =\n", "is empty: write times"},
	{M T "currency = euro\n" DAY_NIGHT, ":8: currency = euro: must be three capital letters, as in EUR"},
	{M T "currency = EUR\n" DAY_NIGHT,
	 ":8: [tariff t]: currency = EUR, and no rate has a price; remove this line, or add prices"},
	{M T "currency = EUR\n" DAY_NIGHT "price = 0.3\n",
	 ":9: [rate t day]: price is missing, and other rates of the tariff have one"},
	{M T "[rate t x]\nwhen = otherwise\nprice = 0.3\n", ":7: [tariff t]: currency is missing: which one are its prices in?"},
	{M T "[rate t x]\nprice = 0,3\nwhen = otherwise\n",
	 ":9: price = 0,3: must be the price of a kWh, a decimal number such as 0.3012"},
	{M T "demand_min = 20\n" DAY_NIGHT,
	 ":8: demand_min = 20: must be whole intervals of the load profile, and profile_interval_min "
	 "is 15"},
	{M T "demand_min = 7\n" DAY_NIGHT, ":8: demand_min = 7: must divide an hour"},
	{M T "demand = sliding\n" DAY_NIGHT,
	 ":8: demand = sliding: needs a demand_min of two intervals of the load profile or more"},
	{M T "demand = rolling\n" DAY_NIGHT, ":8: demand = rolling: must be one of block|sliding"},
	{M T "price = 1\n" DAY_NIGHT, ":8: price is no key of section [tariff t]: write it below [rate TARIFF NAME]"},
	{"[tariff two words]\n" METER, ":1: a tariff's section has a name of one word, 1 to 15 characters: [tariff NAME]"},
	{"[tariff]\n" METER, ":1: a tariff's section has a name of one word"},
	{"[rate t]\n" METER,
	 ":1: a rate's section has the name of its tariff and its own, of 1 to 23 characters: [rate TARIFF NAME]"},
	{M T "[rate t a]\nwhen=00:00-01:00\n[rate t b]\nwhen=01:00-02:00\n[rate t c]\nwhen=02:00-03:00\n[rate t "
	     "d]\nwhen=03:00-04:00\n"
	     "[rate t e]\nwhen=otherwise\n",
	 ":16: [rate t e]: a tariff has at most 4 rates"},
};

START_TEST(wrong_tariffs_are_refused)
{
	struct fixture *f = setup();

	ck_assert_int_eq(load(f, refused[_i].text), -EINVAL);
	ck_assert_msg(is_said(f, refused[_i].expected), "\"%s\" is not in \"%s\"", refused[_i].expected, f->errors.error[0].text);
	ck_assert_msg(f->errors.count == 1, "a second error: %s", f->errors.error[1].text);
	teardown(f);
}
END_TEST

/* A reload takes tariffs over, and which meter has which, unless something else of the meter waits for a restart. */
START_TEST(a_reload_takes_tariffs_over)
{
	struct fixture *f = setup(), *newer = setup();
	char ignored[256];

	ck_assert_int_eq(load(f, METER), 0);
	ck_assert_int_eq(load(newer, METER "tariff = e-tou-d\n" E_TOU_D), 0);
	mm_config_reload(f->config, newer->config, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "");
	ck_assert_str_eq(mm_config_terms(f->config, 0)->name, "e-tou-d");
	free(newer->config);
	newer->config = NULL;
	ck_assert_int_eq(load(newer, METER "generation = yes\n"), 0);
	mm_config_reload(f->config, newer->config, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "[meter] sections");
	ck_assert_str_eq(mm_config_terms(f->config, 0)->name, ""); /* its sections are gone */
	teardown(newer);
	teardown(f);
}
END_TEST

START_TEST(tariffs_are_printed_as_they_would_be_read)
{
	struct fixture *f = setup(), *again = setup();
	char *text = NULL, list[8192] = "", other[8192] = "";
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_int_eq(load(f, METER "tariff = berlin\n" BERLIN), 0);
	ck_assert_int_eq(mm_config_print(f->path, to, &f->errors), 0);
	fclose(to);
	ck_assert_ptr_nonnull(strstr(text, "[rate berlin NT]"));
	ck_assert_int_eq(load(again, text), 0);
	mm_config_each(f->config, take_setting, list);
	mm_config_each(again->config, take_setting, other);
	ck_assert_str_eq(strstr(list, "tariff berlin"), strstr(other, "tariff berlin"));
	free(text);
	teardown(again);
	teardown(f);
}
END_TEST

TCase *tariff_tcase(void)
{
	TCase *tcase = tcase_create("tariffs");

	tcase_add_test(tcase, seasons_and_holidays_are_read);
	tcase_add_test(tcase, days_and_times_are_read);
	tcase_add_test(tcase, without_a_tariff_there_is_one_rate);
	tcase_add_loop_test(tcase, times_are_read_in_every_form, 0, MM_COUNT_OF(rules));
	tcase_add_loop_test(tcase, wrong_tariffs_are_refused, 0, MM_COUNT_OF(refused));
	tcase_add_test(tcase, a_reload_takes_tariffs_over);
	tcase_add_test(tcase, tariffs_are_printed_as_they_would_be_read);
	return tcase;
}
