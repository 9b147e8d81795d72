/* SPDX-License-Identifier: MIT */
#ifndef MM_CONFIG_TARIFF_TEXT_H
#define MM_CONFIG_TARIFF_TEXT_H

/*
 * What people write in the sections of a tariff: dates, holidays and times. Months and days of the week are English, in full or
 * as their first letters, three or more; case does not matter.
 */

#include "base/error.h"
#include "billing/tariff.h"

enum mm_config_season { MM_SEASON_YEAR, MM_SEASON_SUMMER, MM_SEASON_WINTER, MM_SEASON_DATES };

/* A line of a rate: a rule, whose dates are those of the tariff's summer, or the others, where it says so. */
struct mm_config_rule {
	enum mm_config_season season;
	struct mm_tariff_rule rule;
};

/* All return 0, or -EINVAL with what is wrong and what would be right; then what is returned is untouched. */

/* "jun 1 - sep 30", also "1 jun - 30 sep": months * 100 + days. */
int mm_config_read_dates(const char *text, int16_t *ret_first, int16_t *ret_last, struct mm_error *error);

/* "dec 25, jul 4 observed, easter-2, last mon may, 4th thu nov, 2026-12-24". */
int mm_config_read_holidays(const char *text, struct mm_holiday *ret, unsigned max, unsigned *ret_count, struct mm_error *error);

/* "summer mon-fri 17:00-20:00", "sat, sun, holidays", "oct 1 - mar 31 22:00-06:00", "otherwise", "winter otherwise", "daily". */
int mm_config_read_rule(const char *text, struct mm_config_rule *ret, struct mm_error *error);

#endif
