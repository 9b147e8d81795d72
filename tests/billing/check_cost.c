/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "billing/cost.h"
#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

START_TEST(costs_are_rounded_once_half_away_from_zero)
{
	ck_assert_int_eq(mm_cost(MM_UWH_PER_KWH, 301200, 2), 30);
	ck_assert_int_eq(mm_cost(100 * MM_UWH_PER_KWH, 301200, 2), 3012);
	ck_assert_int_eq(mm_cost(MM_UWH_PER_KWH / 2, 10000, 2), 1); /* half a cent */
	ck_assert_int_eq(mm_cost(MM_UWH_PER_KWH / 2 - 1, 10000, 2), 0);
	ck_assert_int_eq(mm_cost(-MM_UWH_PER_KWH / 2, 10000, 2), -1);
	ck_assert_int_eq(mm_cost(MM_UWH_PER_KWH / 2, -10000, 2), -1);
	ck_assert_int_eq(mm_cost(3 * MM_UWH_PER_KWH / 2, 1000000, 0), 2);
	ck_assert_int_eq(mm_cost(3 * MM_UWH_PER_KWH / 2, 1000, 3), 2);
	ck_assert_int_eq(mm_cost(0, 301200, 2), 0);
	ck_assert_int_eq(mm_cost(INT64_MAX, MM_PRICE_MAX, 3), INT64_C(92233720368547758));
}
END_TEST

/* Of more digits than a double has: by long division. */
START_TEST(costs_are_exact)
{
	uint64_t chance = 7;

	for (int i = 0; i < 100000; i++) {
		int64_t uwh = (int64_t)(mm_random(&chance) >> (1 + mm_random_below(&chance, 60)));
		int64_t price = (int64_t)(mm_random(&chance) % (uint64_t)(MM_PRICE_MAX + 1));
		unsigned decimals = (unsigned[]){0, 2, 3}[mm_random_below(&chance, 3)];
		int64_t cost = mm_cost(uwh, price, decimals);
		uint64_t unit = (uint64_t)pow(10, MM_PRICE_DECIMALS - decimals), rest = 0, quotient = 0;

		/* uwh * price / (1e9 * unit), a bit of uwh at a time: what is left is always below the divisor. */
		for (int bit = 62; bit >= 0; bit--) {
			uint64_t divisor = (uint64_t)MM_UWH_PER_KWH * unit;

			rest = 2 * rest + ((uint64_t)uwh >> bit & 1) * (uint64_t)price;
			quotient = 2 * quotient + rest / divisor;
			rest %= divisor;
			if (bit == 0 && 2 * rest >= divisor) {
				quotient++;
			}
		}
		ck_assert_msg((uint64_t)cost == quotient, "%lld of %lld: %lld", (long long)uwh, (long long)price,
			      (long long)cost);
		ck_assert_int_eq(mm_cost(-uwh, price, decimals), -cost);
	}
}
END_TEST

static const struct {
	const char *text;
	bool right;
	int64_t price;
	const char *written; /* NULL: the same */
} prices[] = {
	{"0.3012", true, 301200, NULL},
	{"12", true, 12000000, NULL},
	{"-0.5", true, -500000, NULL},
	{"0.000001", true, 1, NULL},
	{"0.10", true, 100000, "0.1"},
	{"10000", true, MM_PRICE_MAX, NULL},
	{"0", true, 0, NULL},
	{"10000.000001", false, 0, NULL},
	{"99999999999999999999", false, 0, NULL},
	{"0.0000001", false, 0, NULL},
	{"0,30", false, 0, NULL},
	{".5", false, 0, NULL},
	{"5.", false, 0, NULL},
	{"", false, 0, NULL},
	{"-", false, 0, NULL},
	{"1e3", false, 0, NULL},
	{"1.2.3", false, 0, NULL},
	{"0.30 EUR", false, 0, NULL},
};

START_TEST(prices_are_decimal_text)
{
	char text[MM_MONEY_TEXT_MAX];
	int64_t price = 77;

	ck_assert_int_eq(mm_price_parse(prices[_i].text, &price), prices[_i].right);
	ck_assert_int_eq(price, prices[_i].right ? prices[_i].price : 77);
	if (prices[_i].right) {
		ck_assert_str_eq(mm_price_text(price, text), prices[_i].written ? prices[_i].written : prices[_i].text);
	}
}
END_TEST

START_TEST(amounts_have_the_digits_of_their_currency)
{
	char text[MM_MONEY_TEXT_MAX];

	ck_assert_str_eq(mm_money_text(12345, 2, text), "123.45");
	ck_assert_str_eq(mm_money_text(5, 2, text), "0.05");
	ck_assert_str_eq(mm_money_text(0, 2, text), "0.00");
	ck_assert_str_eq(mm_money_text(-5, 3, text), "-0.005");
	ck_assert_str_eq(mm_money_text(-120, 0, text), "-120");
	ck_assert_str_eq(mm_money_text(0, 0, text), "0");
	ck_assert_str_eq(mm_money_text(INT64_MIN, 2, text), "-92233720368547758.08");
	ck_assert_uint_eq(mm_currency_decimals("EUR"), 2);
	ck_assert_uint_eq(mm_currency_decimals("JPY"), 0);
	ck_assert_uint_eq(mm_currency_decimals("KWD"), 3);
	ck_assert(mm_currency_is_valid("USD"));
	ck_assert(!mm_currency_is_valid("usd") && !mm_currency_is_valid("US") && !mm_currency_is_valid("USDX"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cost");
	TCase *tcase = tcase_create("cost");

	tcase_add_test(tcase, costs_are_rounded_once_half_away_from_zero);
	tcase_add_test(tcase, costs_are_exact);
	tcase_add_loop_test(tcase, prices_are_decimal_text, 0, MM_COUNT_OF(prices));
	tcase_add_test(tcase, amounts_have_the_digits_of_their_currency);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
