/* SPDX-License-Identifier: MIT */
#include "billing/cost.h"

#include <string.h>

#include "base/count_of.h"
#include "core/units.h"

bool mm_currency_is_valid(const char *currency)
{
	size_t i = 0;

	while (currency[i] >= 'A' && currency[i] <= 'Z') {
		i++;
	}
	return i == MM_CURRENCY_LEN && currency[i] == '\0';
}

unsigned mm_currency_decimals(const char *currency)
{
	static const char none[][MM_CURRENCY_LEN + 1] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
							 "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
	static const char three[][MM_CURRENCY_LEN + 1] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};

	for (size_t i = 0; i < COUNT_OF(none); i++) {
		if (strcmp(currency, none[i]) == 0) {
			return 0;
		}
	}
	for (size_t i = 0; i < COUNT_OF(three); i++) {
		if (strcmp(currency, three[i]) == 0) {
			return 3;
		}
	}
	return 2;
}

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/*
 * The product has up to 97 bits, and 32-bit machines have no type for it. So kWh and the rest are apart, and of the price what
 * makes whole units a kWh: each part fits, and what is divided last has all that is not whole.
 */
int64_t mm_cost(int64_t uwh, int64_t price, unsigned decimals)
{
	uint64_t unit = 1, kwh = magnitude(uwh) / (uint64_t)MM_UWH_PER_KWH, rest = magnitude(uwh) % (uint64_t)MM_UWH_PER_KWH;
	uint64_t whole, part, divisor, cost;

	for (unsigned i = decimals; i < MM_PRICE_DECIMALS; i++) {
		unit *= 10;
	}
	whole = kwh * (magnitude(price) / unit);
	part = kwh * (magnitude(price) % unit);
	whole += part / unit;
	divisor = (uint64_t)MM_UWH_PER_KWH * unit;
	part = part % unit * (uint64_t)MM_UWH_PER_KWH + rest * magnitude(price);
	cost = whole + part / divisor + (part % divisor >= divisor - divisor / 2);
	return (uwh < 0) != (price < 0) ? -(int64_t)cost : (int64_t)cost;
}

bool mm_price_parse(const char *text, int64_t *ret)
{
	const char *at = text[0] == '-' ? text + 1 : text;
	unsigned decimals = 0;
	bool point = false, digit = false;
	int64_t price = 0;

	for (; *at != '\0'; at++) {
		if (*at == '.' && digit && !point) {
			point = true;
			continue;
		}
		if (*at < '0' || *at > '9' || decimals == MM_PRICE_DECIMALS || price > MM_PRICE_MAX) {
			return false;
		}
		digit = true;
		decimals += point;
		price = price * 10 + (*at - '0');
	}
	if (!digit || (point && decimals == 0)) {
		return false;
	}
	for (; decimals < MM_PRICE_DECIMALS; decimals++) {
		if (price > MM_PRICE_MAX) {
			return false;
		}
		price *= 10;
	}
	if (price > MM_PRICE_MAX) {
		return false;
	}
	*ret = text[0] == '-' ? -price : price;
	return true;
}

const char *mm_money_text(int64_t amount, unsigned decimals, char ret[static MM_MONEY_TEXT_MAX])
{
	uint64_t left = magnitude(amount);
	size_t at = MM_MONEY_TEXT_MAX - 1, digits = 0;

	ret[at] = '\0';
	do {
		if (digits == decimals && decimals > 0) {
			ret[--at] = '.';
		}
		ret[--at] = (char)('0' + left % 10);
		left /= 10;
		digits++;
	} while (left > 0 || digits <= decimals);
	if (amount < 0) {
		ret[--at] = '-';
	}
	memmove(ret, ret + at, MM_MONEY_TEXT_MAX - at);
	return ret;
}

const char *mm_price_text(int64_t price, char ret[static MM_MONEY_TEXT_MAX])
{
	size_t length;

	mm_money_text(price, MM_PRICE_DECIMALS, ret);
	length = strlen(ret);
	while (ret[length - 1] == '0') {
		ret[--length] = '\0';
	}
	if (ret[length - 1] == '.') {
		ret[length - 1] = '\0';
	}
	return ret;
}
