/* SPDX-License-Identifier: MIT */
#ifndef MM_BILLING_COST_H
#define MM_BILLING_COST_H

/*
 * What energy costs, in whole numbers: prices in millionths of the currency a kWh, costs in its smallest unit, such as the cent.
 * Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#define MM_PRICE_DECIMALS 6
#define MM_PRICE_ONE INT64_C(1000000)
#define MM_PRICE_MAX (10000 * MM_PRICE_ONE) /* of the currency a kWh, either sign */

#define MM_CURRENCY_LEN 3
#define MM_MONEY_TEXT_MAX 24

/* Three capital letters? ISO 4217 says which there are. */
bool mm_currency_is_valid(const char *currency);

/* Digits behind the point that amounts of it have: 0, 2 or 3 (ISO 4217, minor units). */
unsigned mm_currency_decimals(const char *currency);

/*
 * Energy times price, in the smallest unit of a currency of so many decimals. Exact, and rounded once: half away from zero.
 * Energy and price can be below 0. price: at most MM_PRICE_MAX.
 */
int64_t mm_cost(int64_t uwh, int64_t price, unsigned decimals);

/* Reads "0.3012", "12", "-0.5": up to six decimals, with a point. False: it is not that, or beyond MM_PRICE_MAX. */
bool mm_price_parse(const char *text, int64_t *ret);

/* A number of so many decimals as text: 12345 of 2 is "123.45". Returns ret. */
const char *mm_money_text(int64_t amount, unsigned decimals, char ret[static MM_MONEY_TEXT_MAX]);

/* A price without zeros at its end, as mm_price_parse() reads it. Returns ret. */
const char *mm_price_text(int64_t price, char ret[static MM_MONEY_TEXT_MAX]);

#endif
