/* SPDX-License-Identifier: MIT */
/* What the sections of a tariff must say together, and the terms that they make. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/zone_file.h"
#include "config/private.h"

/* The years that are looked at begin with this one, so that an error names the same day whenever it is read. */
#define FIRST_YEAR 2026
#define MINUTES_PER_HOUR 60
/* Its begin: the offsets that the zone has from then on count. */
#define FIRST_S INT64_C(1767225600)

/* A tariff on its way to its terms. */
struct making {
	struct mm_config_reading *reading;
	struct mm_config_tariff *tariff;
	unsigned line;				 /* of its section */
	unsigned rate[MM_TARIFF_RATES_MAX];	 /* index in the configuration */
	unsigned rule_line[MM_TARIFF_RULES_MAX]; /* where each rule is */
	bool unread;				 /* a line of it could not be read, and has its error */
};

static unsigned line_of_section(const struct mm_config_reading *reading, size_t part)
{
	return reading->begun_first[part];
}

static const struct mm_config_rate *rate_of(const struct making *making, unsigned rate)
{
	return &making->reading->config->rate[making->rate[rate]];
}

static unsigned line_of_rate(const struct making *making, unsigned rate)
{
	return line_of_section(making->reading, mm_config_part_of_rate(making->rate[rate]));
}

/* Could any line of a section not be read? */
static bool is_part_unread(const struct mm_config_reading *reading, size_t part)
{
	for (size_t k = 0; k < MM_CONFIG_KEYS_MAX; k++) {
		if (mm_config_is_unread(reading, reading->given[part][k])) {
			return true;
		}
	}
	return false;
}

/* ---- What it consists of ---- */

static void find_rates(struct making *making)
{
	struct mm_config *config = making->reading->config;
	struct mm_config_terms *terms = &making->tariff->terms;

	for (unsigned i = 0; i < config->rate_count; i++) {
		const struct mm_config_rate *rate = &config->rate[i];
		size_t length = strlen(making->tariff->name);

		if (strncmp(rate->name, making->tariff->name, length) != 0 || rate->name[length] != ' ') {
			continue;
		}
		making->unread = making->unread || is_part_unread(making->reading, mm_config_part_of_rate(i));
		if (terms->tariff.rate_count == MM_TARIFF_RATES_MAX) {
			mm_config_complain(making->reading, line_of_section(making->reading, mm_config_part_of_rate(i)),
					   "[rate %s]: a tariff has at most %d rates", rate->name, MM_TARIFF_RATES_MAX);
			making->unread = true;
			continue;
		}
		snprintf(terms->rate[terms->tariff.rate_count].name, sizeof(terms->rate[0].name), "%s", rate->name + length + 1);
		terms->rate[terms->tariff.rate_count].has_price = rate->price_text[0] != '\0';
		terms->rate[terms->tariff.rate_count].price = rate->price;
		making->rate[terms->tariff.rate_count++] = i;
	}
}

static void add_holidays(struct making *making)
{
	struct mm_tariff *tariff = &making->tariff->terms.tariff;

	for (unsigned i = 0; i < MM_CONFIG_LINES; i++) {
		for (unsigned h = 0; h < making->tariff->holidays[i].count; h++) {
			tariff->holiday[tariff->holiday_count++] = making->tariff->holidays[i].holiday[h];
		}
	}
}

/* The day before or after, in a year that has all days there are. */
static int16_t neighbour(int16_t month_day, int days)
{
	struct mm_date date = {2028, month_day / 100, month_day % 100};

	date = mm_calendar_date(mm_calendar_day(date) + days);
	return (int16_t)(date.month * 100 + date.day);
}

/* The dates of a rule that says a season. */
static void settle_season(struct making *making, const struct mm_config_rule *when, const char *text, unsigned line,
			  struct mm_tariff_rule *rule)
{
	const struct mm_config_tariff *tariff = making->tariff;

	switch (when->season) {
	case MM_SEASON_YEAR:
	case MM_SEASON_DATES:
		return;
	case MM_SEASON_SUMMER:
		rule->first = tariff->summer_first;
		rule->last = tariff->summer_last;
		break;
	case MM_SEASON_WINTER:
		rule->first = neighbour(tariff->summer_last, 1);
		rule->last = neighbour(tariff->summer_first, -1);
		break;
	}
	if (tariff->summer_text[0] == '\0') {
		mm_config_complain(
			making->reading, line,
			"%.60s: when is that? Add its dates to [tariff %s], as in summer = jun 1 - sep 30; winter is the "
			"rest of the year",
			text, tariff->name);
		making->unread = true;
	} else if (neighbour(tariff->summer_last, 1) == tariff->summer_first) {
		mm_config_complain(making->reading, mm_config_line_of(making->reading, tariff->summer_text),
				   "summer = %.60s: this is the whole year; leave the seasons out", tariff->summer_text);
		making->unread = true;
	}
}

static void add_rules(struct making *making)
{
	struct mm_tariff *tariff = &making->tariff->terms.tariff;

	for (uint8_t r = 0; r < tariff->rate_count; r++) {
		const struct mm_config_rate *rate = rate_of(making, r);
		bool any = false;

		for (unsigned i = 0; i < MM_CONFIG_LINES; i++) {
			unsigned line = mm_config_line_of(making->reading, rate->when_text[i]);

			if (line > 0 && !mm_config_is_unread(making->reading, line)) {
				making->rule_line[tariff->rule_count] = line;
				tariff->rule[tariff->rule_count] = rate->when[i].rule;
				tariff->rule[tariff->rule_count].rate = r;
				settle_season(making, &rate->when[i], rate->when_text[i], line,
					      &tariff->rule[tariff->rule_count++]);
			}
			any = any || line > 0;
		}
		if (!any) {
			mm_config_complain(
				making->reading, line_of_rate(making, r),
				"[rate %s]: when is missing: write its times, as in when = mon-fri 06:00-22:00, or when = "
				"otherwise",
				rate->name);
			making->unread = true;
		}
	}
}

/* ---- What it costs ---- */

static void check_prices(struct making *making)
{
	const struct mm_config_terms *terms = &making->tariff->terms;
	const char *name = making->tariff->name, *currency = making->tariff->currency;
	unsigned priced = 0;

	for (unsigned r = 0; r < terms->tariff.rate_count; r++) {
		priced += terms->rate[r].has_price;
	}
	if (making->unread) {
		return;
	}
	for (unsigned r = 0; priced > 0 && r < terms->tariff.rate_count; r++) {
		if (!terms->rate[r].has_price) {
			mm_config_complain(
				making->reading, line_of_rate(making, r),
				"[rate %s]: price is missing, and other rates of the tariff have one; all have a price, or none",
				rate_of(making, r)->name);
		}
	}
	if (priced > 0 && currency[0] == '\0') {
		mm_config_complain(making->reading, making->line,
				   "[tariff %s]: currency is missing: which one are its prices in?", name);
	} else if (priced == 0 && currency[0] != '\0') {
		mm_config_complain(making->reading, mm_config_line_of(making->reading, currency),
				   "[tariff %s]: currency = %s, and no rate has a price; remove this line, or add prices", name,
				   currency);
	}
}

/* ---- Which rate a minute has ---- */

/* "2026-01-02 (Friday, holiday) 21:45" */
static const char *example(const struct mm_tariff_fault *fault, char ret[static 64])
{
	static const char *const days[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
	struct mm_date date = mm_calendar_date(fault->day);

	snprintf(ret, 64, "%04d-%02d-%02d (%s%s) %02d:%02d", date.year, date.month, date.day,
		 days[mm_calendar_weekday(fault->day)], fault->holiday ? ", holiday" : "", fault->minute / 60,
		 fault->minute % 60);
	return ret;
}

static void complain_of_minutes(struct making *making, const struct mm_tariff_fault *fault)
{
	const struct mm_tariff *tariff = &making->tariff->terms.tariff;
	char at[64], place[MM_CONFIG_PLACE_MAX];
	unsigned line;

	switch (fault->kind) {
	case MM_TARIFF_NONE:
		mm_config_complain(
			making->reading, making->line,
			"[tariff %s]: %s has no rate: add that time to the when of a rate, or write when = otherwise in one",
			making->tariff->name, example(fault, at));
		break;
	case MM_TARIFF_TWO:
		line = making->rule_line[fault->rule[1]];
		mm_config_complain(making->reading, line,
				   "[rate %s]: %s is of rate %s too (%s): take that time out of one of them",
				   rate_of(making, tariff->rule[fault->rule[1]].rate)->name, example(fault, at),
				   making->tariff->terms.rate[tariff->rule[fault->rule[0]].rate].name,
				   mm_config_place_from(making->reading, line, making->rule_line[fault->rule[0]], place));
		break;
	case MM_TARIFF_UNUSED:
		mm_config_complain(making->reading, line_of_rate(making, fault->rate),
				   "[rate %s]: no minute of any year has this rate: correct its when, or remove the section",
				   rate_of(making, fault->rate)->name);
		break;
	case MM_TARIFF_FINE:
	case MM_TARIFF_BOUNDARY:
		break;
	}
}

/* The minutes that divide an hour and that length. */
static void list_lengths(int32_t unit_s, char *ret, size_t size)
{
	ret[0] = '\0';
	for (int minutes = 1; minutes <= MINUTES_PER_HOUR; minutes++) {
		if (MINUTES_PER_HOUR % minutes == 0 && unit_s % (minutes * 60) == 0) {
			char text[16];

			snprintf(text, sizeof(text), "%d", minutes);
			mm_text_list(ret, size, text);
		}
	}
}

static void complain_of_boundary(struct making *making, const struct mm_tariff_fault *fault)
{
	const struct mm_config *config = making->reading->config;
	unsigned line = mm_config_line_of(making->reading, &config->profile_interval_min);
	int offset_min = (fault->offset_s < 0 ? -fault->offset_s : fault->offset_s) / 60;
	char at[64], lengths[64];

	list_lengths(fault->unit_s, lengths, sizeof(lengths));
	mm_config_complain(
		making->reading, line > 0 ? line : making->line,
		"[tariff %s]: rate %s begins at %s, in UTC%c%02d:%02d, within an interval of profile_interval_min = %d; "
		"lengths that fit: %s",
		making->tariff->name, making->tariff->terms.rate[fault->rate].name, example(fault, at),
		fault->offset_s < 0 ? '-' : '+', offset_min / 60 % 100, offset_min % 60, config->profile_interval_min, lengths);
}

static void check_rules(struct making *making)
{
	const struct mm_config *config = making->reading->config;
	const struct mm_tariff *tariff = &making->tariff->terms.tariff;
	unsigned line = mm_config_line_of(making->reading, &config->profile_interval_min);
	struct mm_zone_offsets offsets;
	struct mm_tariff_fault fault;

	if (!mm_tariff_check(tariff, FIRST_YEAR, &fault)) {
		complain_of_minutes(making, &fault);
		return;
	}
	if (mm_zone_file_offsets(config->time_zone, FIRST_S, &offsets, NULL) < 0) {
		offsets = (struct mm_zone_offsets){.count = 1}; /* A machine without files of zones has UTC. */
	}
	if (!mm_config_is_unread(making->reading, line) &&
	    !mm_tariff_fits(tariff, FIRST_YEAR, config->profile_interval_min * 60, offsets.offset_s, offsets.count, &fault)) {
		complain_of_boundary(making, &fault);
	}
}

static void check_demand(struct making *making)
{
	const struct mm_config *config = making->reading->config;
	struct mm_config_tariff *tariff = making->tariff;
	unsigned line = mm_config_line_of(making->reading, &tariff->demand_min);
	bool sliding = strcmp(tariff->demand, "sliding") == 0;

	tariff->terms.demand_s = tariff->demand_min * 60;
	tariff->terms.sliding = sliding;
	if (tariff->demand_min > 0 && tariff->demand_min % config->profile_interval_min != 0) {
		mm_config_complain(making->reading, line,
				   "demand_min = %d: must be whole intervals of the load profile, and profile_interval_min is %d",
				   tariff->demand_min, config->profile_interval_min);
	} else if (sliding && tariff->demand_min <= config->profile_interval_min) {
		mm_config_complain(making->reading, line > 0 ? line : mm_config_line_of(making->reading, tariff->demand),
				   "demand = sliding: needs a demand_min of two intervals of the load profile or more, and "
				   "profile_interval_min is %d",
				   config->profile_interval_min);
	}
}

static void make(struct mm_config_reading *reading, unsigned index)
{
	struct making making = {
		.reading = reading,
		.tariff = &reading->config->tariff[index],
		.line = line_of_section(reading, mm_config_part_of_tariff(index)),
		.unread = is_part_unread(reading, mm_config_part_of_tariff(index)),
	};
	struct mm_config_terms *terms = &making.tariff->terms;

	*terms = (struct mm_config_terms){0};
	snprintf(terms->name, sizeof(terms->name), "%.*s", (int)sizeof(terms->name) - 1, making.tariff->name);
	snprintf(terms->currency, sizeof(terms->currency), "%s", making.tariff->currency);
	find_rates(&making);
	if (terms->tariff.rate_count == 0) {
		mm_config_complain(reading, making.line,
				   "[tariff %s]: it has no rate: add a section [rate %s NAME] with its when", terms->name,
				   terms->name);
		return;
	}
	add_holidays(&making);
	add_rules(&making);
	check_prices(&making);
	check_demand(&making);
	if (!making.unread) {
		check_rules(&making);
	}
}

static bool has_tariff(const struct mm_config *config, const char *name, size_t length)
{
	for (unsigned i = 0; i < config->tariff_count; i++) {
		if (strlen(config->tariff[i].name) == length && strncmp(config->tariff[i].name, name, length) == 0) {
			return true;
		}
	}
	return false;
}

void mm_config_check_tariffs(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;

	for (unsigned i = 0; i < config->rate_count; i++) {
		const char *name = config->rate[i].name;
		int length = (int)strcspn(name, " ");

		if (!has_tariff(config, name, (size_t)length)) {
			mm_config_complain(reading, line_of_section(reading, mm_config_part_of_rate(i)),
					   "[rate %s]: there is no section [tariff %.*s]", name, length, name);
		}
	}
	for (unsigned i = 0; i < config->tariff_count; i++) {
		make(reading, i);
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		const char *tariff = config->meter[i].tariff;

		if (tariff[0] != '\0' && !has_tariff(config, tariff, strlen(tariff))) {
			mm_config_complain(reading, mm_config_line_of(reading, tariff),
					   "[meter %s]: tariff = %s: there is no section [tariff %s]", config->meter[i].name,
					   tariff, tariff);
		}
	}
}
