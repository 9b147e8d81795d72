/* SPDX-License-Identifier: MIT */
#include "config/tariff_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/count_of.h"

#define WORD_MAX 16
#define ANY_LEAP_YEAR 2028
#define YEAR_MIN 2000
#define YEAR_MAX 2199
#define NUMBER_MAX 9999

static const char *const months[] = {"january", "february", "march",	 "april",   "may",	"june",
				     "july",	"august",   "september", "october", "november", "december"};
static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/* ---- Words and numbers ---- */

/* Takes a sign, if it is the next thing. */
static bool take_sign(const char **at, char sign)
{
	*at += strspn(*at, " \t");
	if (**at != sign) {
		return false;
	}
	(*at)++;
	return true;
}

/* Takes a whole number of some digits. */
static bool take_number(const char **at, int *ret)
{
	size_t digits;

	*at += strspn(*at, " \t");
	digits = strspn(*at, "0123456789");
	if (digits == 0 || digits > 4) {
		return false;
	}
	*ret = 0;
	for (size_t i = 0; i < digits; i++) {
		*ret = *ret * 10 + (*at)[i] - '0';
	}
	*at += digits;
	return true;
}

static size_t letters(const char *at)
{
	return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* Takes a word, if the next one is that. */
static bool take_word(const char **at, const char *word)
{
	const char *begin = *at + strspn(*at, " \t");

	if (letters(begin) != strlen(word) || strncasecmp(begin, word, strlen(word)) != 0) {
		return false;
	}
	*at = begin + strlen(word);
	return true;
}

/* Takes one of some names, in full or its first letters. ret: its index. */
static bool take_name(const char **at, const char *const *names, size_t count, int *ret)
{
	const char *begin = *at + strspn(*at, " \t");
	size_t length = letters(begin);

	for (size_t i = 0; i < count; i++) {
		if (length >= 3 && length <= strlen(names[i]) && strncasecmp(begin, names[i], length) == 0) {
			*at = begin + length;
			*ret = (int)i;
			return true;
		}
	}
	return false;
}

static bool take_month(const char **at, int *ret)
{
	bool taken = take_name(at, months, COUNT_OF(months), ret);

	*ret += taken;
	return taken;
}

static bool take_weekday(const char **at, int *ret)
{
	return take_name(at, weekdays, COUNT_OF(weekdays), ret);
}

static bool is_at_end(const char *at)
{
	return at[strspn(at, " \t")] == '\0';
}

/* ---- Dates ---- */

/* "dec 25" or "25 dec": a date of some year. Nothing is taken where there is none. */
static bool take_date(const char **at, int *ret_month, int *ret_day)
{
	const char *ahead = *at;
	int month = 0, day = 0;

	if (take_month(&ahead, &month)) {
		if (!take_number(&ahead, &day)) {
			return false;
		}
	} else if (!take_number(&ahead, &day) || !take_month(&ahead, &month)) {
		return false;
	}
	if (day < 1 || day > mm_calendar_month_days(ANY_LEAP_YEAR, month)) {
		return false;
	}
	*at = ahead;
	*ret_month = month;
	*ret_day = day;
	return true;
}

static bool take_dates(const char **at, int16_t *ret_first, int16_t *ret_last)
{
	int first_month, first_day, last_month, last_day;
	const char *ahead = *at;

	if (!take_date(&ahead, &first_month, &first_day) || !take_sign(&ahead, '-') ||
	    !take_date(&ahead, &last_month, &last_day)) {
		return false;
	}
	*at = ahead;
	*ret_first = (int16_t)(first_month * 100 + first_day);
	*ret_last = (int16_t)(last_month * 100 + last_day);
	return true;
}

int mm_config_read_dates(const char *text, int16_t *ret_first, int16_t *ret_last, struct mm_error *error)
{
	int16_t first, last;

	if (!take_dates(&text, &first, &last) || !is_at_end(text)) {
		return mm_error_set(error, -EINVAL, "must be two dates, both included, as in jun 1 - sep 30");
	}
	*ret_first = first;
	*ret_last = last;
	return 0;
}

/* ---- Holidays ---- */

/* "2026-12-24" */
static bool take_once(const char **at, struct mm_holiday *ret)
{
	const char *ahead = *at;
	int year, month, day;

	if (!take_number(&ahead, &year) || !take_sign(&ahead, '-') || !take_number(&ahead, &month) || !take_sign(&ahead, '-') ||
	    !take_number(&ahead, &day) || year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
	    day > mm_calendar_month_days(year, month)) {
		return false;
	}
	*at = ahead;
	*ret = (struct mm_holiday){.kind = MM_HOLIDAY_ONCE, .year = year, .month = month, .day = day};
	return true;
}

/* "easter", "easter+39", "easter-2" */
static bool take_easter(const char **at, struct mm_holiday *ret)
{
	const char *ahead = *at;
	int days = 0, sign;

	if (!take_word(&ahead, "easter")) {
		return false;
	}
	sign = take_sign(&ahead, '+') ? 1 : take_sign(&ahead, '-') ? -1 : 0;
	if (sign != 0 && !take_number(&ahead, &days)) {
		return false;
	}
	days *= sign;
	if (days < MM_HOLIDAY_EASTER_MIN || days > MM_HOLIDAY_EASTER_MAX) {
		return false;
	}
	*at = ahead;
	*ret = (struct mm_holiday){.kind = MM_HOLIDAY_EASTER, .days = days};
	return true;
}

/* "1st", "2nd", "3rd", "4th" or "last" */
static bool take_nth(const char **at, int *ret)
{
	static const char *const ends[] = {"st", "nd", "rd", "th"};
	const char *ahead = *at;
	int nth;

	if (take_word(&ahead, "last")) {
		nth = -1;
	} else if (!take_number(&ahead, &nth) || nth < 1 || nth > (int)COUNT_OF(ends) || !take_word(&ahead, ends[nth - 1])) {
		return false;
	}
	*at = ahead;
	*ret = nth;
	return true;
}

/* "3rd mon feb", "last mon of may" */
static bool take_nth_weekday(const char **at, struct mm_holiday *ret)
{
	const char *ahead = *at;
	int nth, weekday, month;
	bool taken = take_nth(&ahead, &nth) && take_weekday(&ahead, &weekday);

	if (!taken) {
		return false;
	}
	(void)take_word(&ahead, "of"); /* where somebody writes it */
	if (!take_month(&ahead, &month)) {
		return false;
	}
	*at = ahead;
	*ret = (struct mm_holiday){.kind = MM_HOLIDAY_WEEKDAY, .nth = nth, .weekday = (enum mm_weekday)weekday, .month = month};
	return true;
}

static bool take_holiday(const char **at, struct mm_holiday *ret)
{
	struct mm_holiday holiday = {.kind = MM_HOLIDAY_DATE};

	if (take_easter(at, ret) || take_nth_weekday(at, ret)) {
		return true;
	}
	if (!take_once(at, &holiday) && !take_date(at, &holiday.month, &holiday.day)) {
		return false;
	}
	holiday.observed = take_word(at, "observed");
	*ret = holiday;
	return true;
}

/* How much of a text an error quotes. */
static int quoted(const char *text)
{
	return (int)strcspn(text, ",") < 40 ? (int)strcspn(text, ",") : 40;
}

int mm_config_read_holidays(const char *text, struct mm_holiday *ret, unsigned max, unsigned *ret_count, struct mm_error *error)
{
	struct mm_holiday holiday[MM_TARIFF_HOLIDAYS_MAX];
	unsigned count = 0;

	do {
		const char *item = text + strspn(text, " \t");

		if (count == max || count == COUNT_OF(holiday)) {
			return mm_error_set(error, -EINVAL, "are more than %u: go on in another line, holidays2 to holidays4",
					    max);
		}
		if (!take_holiday(&text, &holiday[count]) || (!is_at_end(text) && text[strspn(text, " \t")] != ',')) {
			return mm_error_set(
				error, -EINVAL,
				"\"%.*s\" is no holiday: write dec 25, jul 4 observed, easter-2, 1st mon sep, last mon "
				"may or 2026-12-24, with commas between",
				quoted(item), item);
		}
		count++;
	} while (take_sign(&text, ','));
	memcpy(ret, holiday, count * sizeof(*ret));
	*ret_count = count;
	return 0;
}

/* ---- Rules ---- */

/* "mon-fri", "sat", "holidays", and commas between. Nothing is taken where there are none. -EINVAL: that is no list of days. */
static int take_days(const char **at, uint8_t *ret)
{
	const char *ahead = *at;
	unsigned days = 0;
	int first, last;

	do {
		if (take_word(&ahead, "holidays") || take_word(&ahead, "holiday")) {
			days |= MM_TARIFF_HOLIDAYS;
		} else if (take_word(&ahead, "daily")) {
			days |= MM_TARIFF_EVERY_DAY;
		} else if (take_weekday(&ahead, &first)) {
			last = first;
			if (take_sign(&ahead, '-') && !take_weekday(&ahead, &last)) {
				return -EINVAL;
			}
			for (int day = first; day != last; day = (day + 1) % MM_WEEKDAYS) {
				days |= 1u << day;
			}
			days |= 1u << last;
		} else {
			return days == 0 ? 0 : -EINVAL;
		}
	} while (take_sign(&ahead, ','));
	*at = ahead;
	*ret = (uint8_t)days;
	return 0;
}

/* "17:00", to the end of the day 24:00. */
static bool take_minute(const char **at, int *ret)
{
	const char *ahead = *at;
	int hour, minute;

	if (!take_number(&ahead, &hour) || ahead[0] != ':' || strspn(ahead + 1, "0123456789") != 2) {
		return false;
	}
	ahead++;
	if (!take_number(&ahead, &minute) || hour > 24 || minute > 59 || hour * 60 + minute > MM_MINUTES_PER_DAY) {
		return false;
	}
	*at = ahead;
	*ret = hour * 60 + minute;
	return true;
}

static int take_times(const char **at, struct mm_tariff_rule *rule, struct mm_error *error)
{
	do {
		int from, to;

		if (!take_minute(at, &from) || !take_sign(at, '-') || !take_minute(at, &to) || from == MM_MINUTES_PER_DAY) {
			return mm_error_set(error, -EINVAL,
					    "times are 17:00-20:00, with commas between; the end of a day is 24:00");
		}
		to = to == 0 ? MM_MINUTES_PER_DAY : to;
		if (from == to) {
			return mm_error_set(error, -EINVAL, "%02d:%02d to %02d:%02d has no minute", from / 60, from % 60, to / 60,
					    to % 60);
		}
		if (from > to && rule->days != MM_TARIFF_EVERY_DAY) {
			return mm_error_set(
				error, -EINVAL,
				"%02d:%02d-%02d:%02d goes over midnight, where another day begins: write 00:00-%02d:%02d, "
				"%02d:%02d-24:00 for both ends of these days",
				from / 60, from % 60, to / 60, to % 60, to / 60, to % 60, from / 60, from % 60);
		}
		if (rule->times_count == MM_TARIFF_TIMES_MAX) {
			return mm_error_set(error, -EINVAL, "has more than %d times: go on in another line, when2 to when4",
					    MM_TARIFF_TIMES_MAX);
		}
		rule->times[rule->times_count++] = (struct mm_tariff_times){(int16_t)from, (int16_t)to};
	} while (take_sign(at, ','));
	return 0;
}

static enum mm_config_season take_season(const char **at, struct mm_tariff_rule *rule)
{
	if (take_word(at, "summer")) {
		return MM_SEASON_SUMMER;
	}
	if (take_word(at, "winter")) {
		return MM_SEASON_WINTER;
	}
	return take_dates(at, &rule->first, &rule->last) ? MM_SEASON_DATES : MM_SEASON_YEAR;
}

int mm_config_read_rule(const char *text, struct mm_config_rule *ret, struct mm_error *error)
{
	struct mm_config_rule read = {.rule = {.days = MM_TARIFF_EVERY_DAY, .first = 101, .last = 1231}};
	int r;

	if (is_at_end(text)) {
		return mm_error_set(error, -EINVAL, "is empty: write times, as in mon-fri 06:00-22:00, or otherwise");
	}
	read.season = take_season(&text, &read.rule);
	r = take_days(&text, &read.rule.days);
	if (r == 0 && take_word(&text, "otherwise")) {
		read.rule.otherwise = true;
	} else if (r == 0 && text[strspn(text, " \t")] >= '0' && text[strspn(text, " \t")] <= '9') {
		r = take_times(&text, &read.rule, error);
		if (r < 0) {
			return r;
		}
	}
	if (r < 0 || !is_at_end(text)) {
		text += strspn(text, " \t");
		return mm_error_set(
			error, -EINVAL,
			"\"%.*s\" can't be here: write season, days and times, each if there is one, as in summer mon-fri "
			"17:00-20:00, or otherwise at the end",
			quoted(text), text);
	}
	*ret = read;
	return 0;
}
