/* SPDX-License-Identifier: MIT */
/* Tariffs: the keys of their sections, and what these must say together. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/private.h"

#define MINUTES_PER_HOUR 60

/* ---- Keys ---- */

static int parse_currency(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	(void)key;
	if (!mm_currency_is_valid(value)) {
		return mm_error_set(error, -EINVAL, "must be three capital letters, as in EUR");
	}
	strcpy(((struct mm_config_tariff *)settings)->currency, value);
	return 0;
}

static int parse_summer(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_tariff *tariff = settings;
	int16_t first, last;

	if (mm_config_read_dates(value, &first, &last, error) < 0) {
		return -EINVAL;
	}
	tariff->summer_first = first;
	tariff->summer_last = last;
	return mm_key_text.parse(key, value, settings, error);
}

static unsigned line_of_holidays(const struct mm_key *key)
{
	return (unsigned)((key->offset - offsetof(struct mm_config_tariff, holidays_text)) / MM_LINE_TEXT_MAX);
}

static int parse_holidays(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_holidays *line = &((struct mm_config_tariff *)settings)->holidays[line_of_holidays(key)];

	if (strlen(value) >= key->size) {
		return mm_error_set(error, -EINVAL,
				    "is longer than %zu characters: go on in another line, holidays2 to holidays4",
				    key->size - 1);
	}
	if (mm_config_read_holidays(value, line->holiday, MM_CONFIG_HOLIDAYS_MAX, &line->count, error) < 0) {
		return -EINVAL;
	}
	return mm_key_text.parse(key, value, settings, error);
}

static int parse_demand(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	int minutes = 0;

	if (mm_key_parse_whole(key, value, &minutes, error) < 0) {
		return -EINVAL;
	}
	if (MINUTES_PER_HOUR % minutes != 0) {
		return mm_error_set(error, -EINVAL, "must divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60");
	}
	((struct mm_config_tariff *)settings)->demand_min = minutes;
	return 0;
}

static void format_demand(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	int minutes = ((const struct mm_config_tariff *)settings)->demand_min;

	(void)key;
	ret[0] = '\0';
	if (minutes > 0) {
		snprintf(ret, size, "%d", minutes);
	}
}

static const char *demand_kind(size_t index)
{
	static const char *const names[] = {"block", "sliding"};

	return index < COUNT_OF(names) ? names[index] : NULL;
}

static int parse_price(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_rate *rate = settings;
	int64_t price;

	if (!mm_price_parse(value, &price)) {
		return mm_error_set(error, -EINVAL,
				    "must be the price of a kWh, a decimal number such as 0.3012: with a point, up to %d digits "
				    "behind it, and at most %d",
				    MM_PRICE_DECIMALS, (int)(MM_PRICE_MAX / MM_PRICE_ONE));
	}
	rate->price = price;
	return mm_key_text.parse(key, value, settings, error);
}

static unsigned line_of_when(const struct mm_key *key)
{
	return (unsigned)((key->offset - offsetof(struct mm_config_rate, when_text)) / MM_LINE_TEXT_MAX);
}

static int parse_when(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_rate *rate = settings;

	if (mm_config_read_rule(value, &rate->when[line_of_when(key)], error) < 0) {
		return -EINVAL;
	}
	return mm_key_text.parse(key, value, settings, error);
}

static void format_text(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	mm_key_text.format(key, settings, ret, size);
}

static const struct mm_key_type currency_key = {parse_currency, format_text}, summer_key = {parse_summer, format_text},
				holidays_key = {parse_holidays, format_text}, demand_key = {parse_demand, format_demand},
				price_key = {parse_price, format_text}, when_key = {parse_when, format_text};

#define TARIFF_FIELD(member) MM_KEY_FIELD(struct mm_config_tariff, member)
#define RATE_FIELD(member) MM_KEY_FIELD(struct mm_config_rate, member)

static const struct mm_key tariff_keys[] = {
	{"currency", &currency_key, TARIFF_FIELD(currency)},
	{"summer", &summer_key, TARIFF_FIELD(summer_text)},
	{"holidays", &holidays_key, TARIFF_FIELD(holidays_text[0])},
	{"holidays2", &holidays_key, TARIFF_FIELD(holidays_text[1])},
	{"holidays3", &holidays_key, TARIFF_FIELD(holidays_text[2])},
	{"holidays4", &holidays_key, TARIFF_FIELD(holidays_text[3])},
	{"demand_min", &demand_key, TARIFF_FIELD(demand_min), MM_KEY_RANGE(NULL, 1, MINUTES_PER_HOUR)},
	{"demand", &mm_key_word, TARIFF_FIELD(demand), .word = demand_kind},
};

static const struct mm_key rate_keys[] = {
	{"price", &price_key, RATE_FIELD(price_text)},	{"when", &when_key, RATE_FIELD(when_text[0])},
	{"when2", &when_key, RATE_FIELD(when_text[1])}, {"when3", &when_key, RATE_FIELD(when_text[2])},
	{"when4", &when_key, RATE_FIELD(when_text[3])},
};

const struct mm_key_table mm_config_tariff_keys = MM_KEY_TABLE(tariff_keys), mm_config_rate_keys = MM_KEY_TABLE(rate_keys);

/* ---- Terms ---- */

const struct mm_config_terms *mm_config_terms(const struct mm_config *config, unsigned meter)
{
	static const struct mm_config_terms none = {
		.rate = {{.name = "all"}},
		.tariff = {.rate_count = 1, .rule_count = 1, .rule = {{.days = MM_TARIFF_EVERY_DAY, .first = 101, .last = 1231}}},
	};

	for (unsigned i = 0; i < config->tariff_count; i++) {
		if (strcmp(config->tariff[i].name, config->meter[meter].tariff) == 0) {
			return &config->tariff[i].terms;
		}
	}
	return &none;
}
