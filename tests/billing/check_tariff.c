/* SPDX-License-Identifier: MIT */
/* Tariffs against brute force, minute by minute, and real ones by their tables. */
#include <string.h>

#include "billing/tariff.h"
#include "fixture/random.h"
#include "fixture/suite.h"

#define YEAR 2026
#define YEARS 4 /* with a leap year */
#define MON_FRI 0x1fu
#define SAT_SUN 0x60u

/* ---- Real tariffs ---- */

#define AT(hour, minute) ((hour)*60 + (minute))

enum { NIGHT, DAY };

/* Economy 7 in London: seven hours of the night, by local clocks. */
static const struct mm_tariff economy7 = {
	.rate_count = 2,
	.rule_count = 2,
	.rule = {{.rate = NIGHT,
		  .days = MM_TARIFF_EVERY_DAY,
		  .first = 101,
		  .last = 1231,
		  .times_count = 1,
		  .times = {{AT(0, 30), AT(7, 30)}}},
		 {.rate = DAY, .otherwise = true, .days = MM_TARIFF_EVERY_DAY, .first = 101, .last = 1231}},
};

enum { SUMMER_PEAK, SUMMER_OFF, WINTER_PEAK, WINTER_OFF };

/* PG&E E-TOU-D: peak from 17 to 20 h on workdays; summer is June to September; holidays as they are observed. */
static const struct mm_tariff e_tou_d = {
	.rate_count = 4,
	.rule_count = 4,
	.rule = {{.rate = SUMMER_PEAK,
		  .days = MON_FRI,
		  .first = 601,
		  .last = 930,
		  .times_count = 1,
		  .times = {{AT(17, 0), AT(20, 0)}}},
		 {.rate = SUMMER_OFF, .otherwise = true, .days = MM_TARIFF_EVERY_DAY, .first = 601, .last = 930},
		 {.rate = WINTER_PEAK,
		  .days = MON_FRI,
		  .first = 1001,
		  .last = 531,
		  .times_count = 1,
		  .times = {{AT(17, 0), AT(20, 0)}}},
		 {.rate = WINTER_OFF, .otherwise = true, .days = MM_TARIFF_EVERY_DAY, .first = 1001, .last = 531}},
	.holiday_count = 8,
	.holiday = {{.kind = MM_HOLIDAY_DATE, .month = 1, .day = 1, .observed = true},
		    {.kind = MM_HOLIDAY_WEEKDAY, .nth = 3, .weekday = MM_MONDAY, .month = 2},
		    {.kind = MM_HOLIDAY_WEEKDAY, .nth = -1, .weekday = MM_MONDAY, .month = 5},
		    {.kind = MM_HOLIDAY_DATE, .month = 7, .day = 4, .observed = true},
		    {.kind = MM_HOLIDAY_WEEKDAY, .nth = 1, .weekday = MM_MONDAY, .month = 9},
		    {.kind = MM_HOLIDAY_DATE, .month = 11, .day = 11, .observed = true},
		    {.kind = MM_HOLIDAY_WEEKDAY, .nth = 4, .weekday = MM_THURSDAY, .month = 11},
		    {.kind = MM_HOLIDAY_DATE, .month = 12, .day = 25, .observed = true}},
};

enum { HT, NT };

/* Berlin, HT and NT: high on workdays from 6 to 22 h. */
static const struct mm_tariff berlin = {
	.rate_count = 2,
	.rule_count = 3,
	.rule = {{.rate = HT, .days = MON_FRI, .first = 101, .last = 1231, .times_count = 1, .times = {{AT(6, 0), AT(22, 0)}}},
		 {.rate = NT, .days = MON_FRI, .first = 101, .last = 1231, .times_count = 1, .times = {{AT(22, 0), AT(6, 0)}}},
		 {.rate = NT, .days = SAT_SUN | MM_TARIFF_HOLIDAYS, .first = 101, .last = 1231}},
	.holiday_count = 10,
	.holiday = {{.kind = MM_HOLIDAY_DATE, .month = 1, .day = 1},
		    {.kind = MM_HOLIDAY_DATE, .month = 3, .day = 8},
		    {.kind = MM_HOLIDAY_EASTER, .days = -2},
		    {.kind = MM_HOLIDAY_EASTER, .days = 1},
		    {.kind = MM_HOLIDAY_DATE, .month = 5, .day = 1},
		    {.kind = MM_HOLIDAY_EASTER, .days = 39},
		    {.kind = MM_HOLIDAY_EASTER, .days = 50},
		    {.kind = MM_HOLIDAY_DATE, .month = 10, .day = 3},
		    {.kind = MM_HOLIDAY_DATE, .month = 12, .day = 25},
		    {.kind = MM_HOLIDAY_DATE, .month = 12, .day = 26}},
};

static const struct {
	const struct mm_tariff *tariff;
	struct mm_date date;
	int minute;
	uint8_t rate;
} known[] = {
	{&economy7, {2026, 1, 1}, AT(0, 29), DAY},
	{&economy7, {2026, 1, 1}, AT(0, 30), NIGHT},
	{&economy7, {2026, 7, 1}, AT(7, 29), NIGHT},
	{&economy7, {2026, 7, 1}, AT(7, 30), DAY},
	{&economy7, {2028, 2, 29}, AT(23, 59), DAY},
	{&e_tou_d, {2026, 6, 1}, AT(17, 0), SUMMER_PEAK}, /* a Monday */
	{&e_tou_d, {2026, 6, 1}, AT(20, 0), SUMMER_OFF},
	{&e_tou_d, {2026, 5, 29}, AT(19, 59), WINTER_PEAK}, /* a Friday */
	{&e_tou_d, {2026, 5, 31}, AT(17, 0), WINTER_OFF},   /* a Sunday */
	{&e_tou_d, {2026, 7, 3}, AT(18, 0), SUMMER_OFF},    /* Independence Day as observed */
	{&e_tou_d, {2026, 9, 7}, AT(18, 0), SUMMER_OFF},    /* Labor Day */
	{&e_tou_d, {2026, 9, 30}, AT(18, 0), SUMMER_PEAK},
	{&e_tou_d, {2026, 10, 1}, AT(18, 0), WINTER_PEAK},
	{&e_tou_d, {2026, 11, 26}, AT(18, 0), WINTER_OFF}, /* Thanksgiving */
	{&e_tou_d, {2027, 12, 31}, AT(18, 0), WINTER_OFF}, /* New Year's Day 2028 as observed */
	{&berlin, {2026, 4, 2}, AT(21, 59), HT},	   /* Maundy Thursday */
	{&berlin, {2026, 4, 3}, AT(12, 0), NT},		   /* Good Friday */
	{&berlin, {2026, 5, 14}, AT(12, 0), NT},	   /* Ascension */
	{&berlin, {2026, 5, 15}, AT(12, 0), HT},
	{&berlin, {2026, 5, 15}, AT(5, 59), NT},
	{&berlin, {2026, 10, 3}, AT(12, 0), NT},
};

START_TEST(real_tariffs_have_the_rates_of_their_tables)
{
	struct mm_tariff_day day;

	mm_tariff_day(known[_i].tariff, mm_calendar_day(known[_i].date), &day);
	ck_assert_uint_eq(mm_tariff_day_rate(&day, known[_i].minute), known[_i].rate);
}
END_TEST

START_TEST(real_tariffs_are_right)
{
	const int32_t offsets_s[] = {0, 3600};
	const struct mm_tariff *const tariffs[] = {&economy7, &e_tou_d, &berlin};
	struct mm_tariff_fault fault = {0};

	ck_assert(mm_tariff_check(tariffs[_i], YEAR, &fault));
	ck_assert(mm_tariff_fits(tariffs[_i], YEAR, 900, offsets_s, 2, &fault));
	ck_assert_int_eq(fault.kind, MM_TARIFF_FINE);
}
END_TEST

/* ---- DST ---- */

#define BERLIN_SPRING INT64_C(1774746000) /* 2026-03-29T01:00:00Z, 02:00 becomes 03:00 */
#define BERLIN_AUTUMN INT64_C(1792890000) /* 2026-10-25T01:00:00Z, 03:00 becomes 02:00 */

/* A rate of the hour that a day in spring has not, and a day in autumn twice. */
START_TEST(dst_days_have_23_and_25_hours)
{
	static const struct mm_tariff tariff = {
		.rate_count = 2,
		.rule_count = 2,
		.rule = {{.rate = 1,
			  .days = MM_TARIFF_EVERY_DAY,
			  .first = 101,
			  .last = 1231,
			  .times_count = 1,
			  .times = {{AT(2, 0), AT(3, 0)}}},
			 {.rate = 0, .otherwise = true, .days = MM_TARIFF_EVERY_DAY, .first = 101, .last = 1231}},
	};
	const struct {
		int64_t midnight, change;
		int32_t before_s, after_s;
		unsigned hours, special;
	} days[] = {
		{BERLIN_SPRING - 2 * 3600, BERLIN_SPRING, 3600, 7200, 23, 0},
		{BERLIN_AUTUMN - 3 * 3600, BERLIN_AUTUMN, 7200, 3600, 25, 2},
	};
	unsigned quarters[2] = {0};
	struct mm_tariff_day day = {.count = 0};

	for (unsigned quarter = 0; quarter < 4 * days[_i].hours; quarter++) {
		int64_t at = days[_i].midnight + quarter * 900;

		quarters[mm_tariff_rate(&tariff, at, at < days[_i].change ? days[_i].before_s : days[_i].after_s, &day)]++;
	}
	ck_assert_uint_eq(quarters[1], 4 * days[_i].special);
	ck_assert_uint_eq(quarters[0], 4 * (days[_i].hours - days[_i].special));
}
END_TEST

/* ---- Random tariffs against brute force ---- */

static bool in_range(int value, int from, int to)
{
	return from <= to ? value >= from && value <= to : value >= from || value <= to;
}

/* A tariff with the minutes of a day that each rule names, marked one by one. */
struct plain {
	struct mm_tariff tariff;
	bool has[MM_TARIFF_RULES_MAX][MM_MINUTES_PER_DAY];
};

static void mark(struct plain *plain)
{
	memset(plain->has, 0, sizeof(plain->has));
	for (int i = 0; i < plain->tariff.rule_count; i++) {
		const struct mm_tariff_rule *rule = &plain->tariff.rule[i];

		memset(plain->has[i], rule->times_count == 0, MM_MINUTES_PER_DAY);
		for (int t = 0; t < rule->times_count; t++) {
			int minute = rule->times[t].from;

			do {
				plain->has[i][minute] = true;
				minute++;
				minute = minute == MM_MINUTES_PER_DAY && rule->times[t].to != minute ? 0 : minute;
			} while (minute != rule->times[t].to);
		}
	}
}

/* The rate of a minute; *ret_two: another one has it as well. */
static uint8_t plain_rate(const struct plain *plain, const struct mm_date *date, unsigned kind, int minute, bool *ret_two)
{
	for (int otherwise = 0; otherwise <= 1; otherwise++) {
		uint8_t rate = MM_TARIFF_NO_RATE;

		for (int i = 0; i < plain->tariff.rule_count; i++) {
			const struct mm_tariff_rule *rule = &plain->tariff.rule[i];

			if (rule->otherwise == (otherwise == 1) && plain->has[i][minute] && (rule->days & kind) &&
			    in_range(date->month * 100 + date->day, rule->first, rule->last)) {
				*ret_two = *ret_two || (rate != MM_TARIFF_NO_RATE && rate != rule->rate);
				rate = rate == MM_TARIFF_NO_RATE ? rule->rate : rate;
			}
		}
		if (rate != MM_TARIFF_NO_RATE) {
			return rate;
		}
	}
	return MM_TARIFF_NO_RATE;
}

static int16_t random_date(uint64_t *chance)
{
	int month = 1 + (int)mm_random_below(chance, 12);

	return (int16_t)(month * 100 + 1 + (int)mm_random_below(chance, (unsigned)mm_calendar_month_days(2028, month)));
}

static struct mm_holiday random_holiday(uint64_t *chance)
{
	int month = 1 + (int)mm_random_below(chance, 12);

	return (struct mm_holiday){
		.kind = (enum mm_holiday_kind)mm_random_below(chance, 4),
		.observed = mm_random_below(chance, 2) == 0,
		.year = YEAR + (int)mm_random_below(chance, YEARS),
		.month = month,
		.day = 1 + (int)mm_random_below(chance, 28),
		.days = (int)mm_random_below(chance, 100) - 50,
		.weekday = (enum mm_weekday)mm_random_below(chance, 7),
		.nth = mm_random_below(chance, 3) == 0 ? -1 : 1 + (int)mm_random_below(chance, 5),
	};
}

/* Some leave a minute out or give one twice, some are right. */
static void make_tariff(struct mm_tariff *tariff, uint64_t *chance)
{
	int step = (int[]){1, 15, 30, 60}[mm_random_below(chance, 4)];
	bool whole = mm_random_below(chance, 2) == 0;

	*tariff = (struct mm_tariff){.rate_count = (uint8_t)(1 + mm_random_below(chance, MM_TARIFF_RATES_MAX)),
				     .rule_count = (uint8_t)(1 + mm_random_below(chance, 5)),
				     .holiday_count = (uint8_t)mm_random_below(chance, 6)};
	for (int i = 0; i < tariff->holiday_count; i++) {
		tariff->holiday[i] = random_holiday(chance);
	}
	for (int i = 0; i < tariff->rule_count; i++) {
		struct mm_tariff_rule *rule = &tariff->rule[i];

		*rule = (struct mm_tariff_rule){
			.rate = (uint8_t)mm_random_below(chance, tariff->rate_count),
			.otherwise = i == 0 && whole,
			.days = whole && i == 0 ? MM_TARIFF_EVERY_DAY
						: (uint8_t)(1 + mm_random_below(chance, MM_TARIFF_EVERY_DAY)),
			.first = 101,
			.last = 1231,
			.times_count = whole && i == 0 ? 0 : (uint8_t)mm_random_below(chance, 3),
		};
		if (!(whole && i == 0) && mm_random_below(chance, 2) == 0) {
			rule->first = random_date(chance);
			rule->last = random_date(chance);
		}
		for (int t = 0; t < rule->times_count; t++) {
			int from = (int)mm_random_below(chance, (unsigned)(MM_MINUTES_PER_DAY / step)) * step;
			int to = ((int)mm_random_below(chance, (unsigned)(MM_MINUTES_PER_DAY / step)) + 1) * step;

			rule->times[t] = (struct mm_tariff_times){(int16_t)from, (int16_t)(to == from ? from + step : to)};
		}
	}
}

/* The largest length that divides an hour and a minute of it, where a rate begins. */
static int divisor_of(int a, int b)
{
	return b == 0 ? a : divisor_of(b, a % b);
}

struct comparison {
	bool right; /* all minutes have exactly one rate */
	int64_t day;
	int minute; /* the first that has not */
	int unit;   /* minutes into the hour at which rates begin are multiples of that */
};

/* Every minute of four years. */
static struct comparison compare_years(const struct plain *plain)
{
	int64_t first = mm_calendar_day((struct mm_date){YEAR, 1, 1}),
		end = mm_calendar_day((struct mm_date){YEAR + YEARS, 1, 1});
	struct comparison ret = {.right = true, .unit = 60};
	uint8_t last = MM_TARIFF_NO_RATE;

	for (int64_t number = first; number < end; number++) {
		struct mm_date date = mm_calendar_date(number);
		unsigned kind =
			mm_tariff_is_holiday(&plain->tariff, number) ? MM_TARIFF_HOLIDAYS : 1u << mm_calendar_weekday(number);
		struct mm_tariff_day day;

		mm_tariff_day(&plain->tariff, number, &day);
		for (int minute = 0; minute < MM_MINUTES_PER_DAY; minute++) {
			bool two = false;
			uint8_t rate = plain_rate(plain, &date, kind, minute, &two);

			if (mm_tariff_day_rate(&day, minute) != rate) {
				ck_abort_msg("%d-%d-%d minute %d: %u, not %u", date.year, date.month, date.day, minute,
					     mm_tariff_day_rate(&day, minute), rate);
			}
			if (ret.right && (two || rate == MM_TARIFF_NO_RATE)) {
				ret.right = false;
				ret.day = number;
				ret.minute = minute;
			}
			ret.unit = last != MM_TARIFF_NO_RATE && rate != last ? divisor_of(ret.unit, minute % 60) : ret.unit;
			last = rate;
		}
	}
	return ret;
}

START_TEST(lookups_are_those_of_brute_force)
{
	const int32_t utc_s = 0;
	uint64_t chance = 1000 + (uint64_t)_i;
	struct mm_tariff_fault fault = {0};
	static struct plain plain;
	struct comparison plainly;

	make_tariff(&plain.tariff, &chance);
	mark(&plain);
	plainly = compare_years(&plain);
	if (mm_tariff_check(&plain.tariff, YEAR, &fault)) {
		ck_assert(plainly.right);
		ck_assert_int_eq(mm_tariff_fits(&plain.tariff, YEAR, 3600, &utc_s, 1, &fault), plainly.unit == 60);
		ck_assert(plainly.unit == 60 || plainly.unit * 60 % fault.unit_s == 0); /* other years can have more */
	} else if (!plainly.right) {
		ck_assert_int_eq(fault.day, plainly.day);
		ck_assert_int_eq(fault.minute, plainly.minute);
		ck_assert_int_eq(fault.holiday, mm_tariff_is_holiday(&plain.tariff, plainly.day));
	}
}
END_TEST

/* ---- Faults ---- */

START_TEST(a_minute_without_a_rate_is_found)
{
	struct mm_tariff tariff = berlin;
	struct mm_tariff_fault fault;

	tariff.rule[0].times[0].to = AT(21, 45);
	ck_assert(!mm_tariff_check(&tariff, YEAR, &fault));
	ck_assert_int_eq(fault.kind, MM_TARIFF_NONE);
	ck_assert_int_eq(fault.day, mm_calendar_day((struct mm_date){2026, 1, 2})); /* the 1st is a holiday */
	ck_assert_int_eq(fault.minute, AT(21, 45));
	tariff = berlin;
	tariff.rule[2].days = SAT_SUN;
	ck_assert(!mm_tariff_check(&tariff, YEAR, &fault));
	ck_assert_int_eq(fault.day, mm_calendar_day((struct mm_date){2026, 1, 1}));
	ck_assert(fault.holiday);
	/* Only leap years have it. */
	tariff = e_tou_d;
	tariff.rule[1].first = tariff.rule[0].first = 301;
	tariff.rule[3].last = tariff.rule[2].last = 228;
	ck_assert(!mm_tariff_check(&tariff, YEAR, &fault));
	ck_assert_int_eq(fault.day, mm_calendar_day((struct mm_date){2028, 2, 29}));
	ck_assert_int_eq(fault.minute, 0);
}
END_TEST

START_TEST(a_minute_with_two_rates_is_found)
{
	struct mm_tariff tariff = berlin;
	struct mm_tariff_fault fault;

	tariff.rule[1].times[0].from = AT(21, 30);
	ck_assert(!mm_tariff_check(&tariff, YEAR, &fault));
	ck_assert_int_eq(fault.kind, MM_TARIFF_TWO);
	ck_assert_int_eq(fault.minute, AT(21, 30));
	ck_assert_uint_eq(fault.rule[0], 0);
	ck_assert_uint_eq(fault.rule[1], 1);
	tariff.rule[0].rate = NT; /* the same rate twice is no harm, but the other one has nothing */
	ck_assert(!mm_tariff_check(&tariff, YEAR, &fault));
	ck_assert_int_eq(fault.kind, MM_TARIFF_UNUSED);
	ck_assert_uint_eq(fault.rate, HT);
}
END_TEST

static const struct {
	const struct mm_tariff *tariff;
	int32_t interval_s, offsets_s[2], unit_s; /* 0: it fits */
} fits[] = {
	{&economy7, 1800, {0, 3600}, 0},
	{&economy7, 3600, {0, 3600}, 1800},
	{&economy7, 1800, {5 * 3600 + 2700, 5 * 3600 + 2700}, 900}, /* Kathmandu */
	{&economy7, 900, {5 * 3600 + 2700, 5 * 3600 + 2700}, 0},
	{&berlin, 3600, {3600, 7200}, 0},
	{&berlin, 3600, {19800, 19800}, 1800},		 /* Kolkata */
	{&berlin, 3600, {38 * 1000 - 200, 39600}, 1800}, /* Lord Howe: half an hour of DST */
	{&berlin, 1800, {-12600, -9000}, 0},		 /* Newfoundland */
	{&berlin, 1200, {-12600, -9000}, 1800},		 /* 10 and 15 min fit, 20 do not */
	{&e_tou_d, 3600, {-28800, -25200}, 0},
	{&e_tou_d, 3600, {20700, 20700}, 900},
};

START_TEST(changes_within_an_interval_are_found)
{
	struct mm_tariff_fault fault = {0};

	ck_assert_int_eq(mm_tariff_fits(fits[_i].tariff, YEAR, fits[_i].interval_s, fits[_i].offsets_s, 2, &fault),
			 fits[_i].unit_s == 0);
	ck_assert_int_eq(fault.unit_s, fits[_i].unit_s);
	ck_assert_int_eq(fault.kind, fits[_i].unit_s == 0 ? MM_TARIFF_FINE : MM_TARIFF_BOUNDARY);
}
END_TEST

/* Seasons alone change at midnight, which a zone of :45 has within an hour. */
START_TEST(midnight_counts_where_rates_differ)
{
	static const struct mm_tariff seasons = {
		.rate_count = 2,
		.rule_count = 2,
		.rule = {{.rate = 0, .days = MM_TARIFF_EVERY_DAY, .first = 601, .last = 930},
			 {.rate = 1, .days = MM_TARIFF_EVERY_DAY, .first = 1001, .last = 531}},
	};
	const int32_t kathmandu_s = 20700;
	struct mm_tariff_fault fault = {0};

	ck_assert(mm_tariff_check(&seasons, YEAR, &fault));
	ck_assert(!mm_tariff_fits(&seasons, YEAR, 3600, &kathmandu_s, 1, &fault));
	ck_assert_int_eq(fault.day, mm_calendar_day((struct mm_date){YEAR, 6, 1}));
	ck_assert_int_eq(fault.minute, 0);
	ck_assert_uint_eq(fault.rate, 0);
	ck_assert(mm_tariff_fits(&seasons, YEAR, 900, &kathmandu_s, 1, &fault));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tariff");
	TCase *tcase = tcase_create("tariff"), *slow = tcase_create("brute force");

	tcase_add_loop_test(tcase, real_tariffs_have_the_rates_of_their_tables, 0, MM_COUNT_OF(known));
	tcase_add_loop_test(tcase, real_tariffs_are_right, 0, 3);
	tcase_add_loop_test(tcase, dst_days_have_23_and_25_hours, 0, 2);
	tcase_add_test(tcase, a_minute_without_a_rate_is_found);
	tcase_add_test(tcase, a_minute_with_two_rates_is_found);
	tcase_add_loop_test(tcase, changes_within_an_interval_are_found, 0, MM_COUNT_OF(fits));
	tcase_add_test(tcase, midnight_counts_where_rates_differ);
	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(slow, lookups_are_those_of_brute_force, 0, 40);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
