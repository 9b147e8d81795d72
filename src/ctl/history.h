/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_HISTORY_H
#define MM_CTL_HISTORY_H

/*
 * The intervals of one meter since the month or the day before began, whichever was earlier, as GetProfile gives them page by
 * page: what the panel says of today and of the last hours. With the interval that is open, which a reading has, a figure is up
 * to that reading; without, "up to" the end of the last that is closed.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MM_HISTORY_HOURS 24

struct mm_history;

/* Of the meter of that name, as of now_s. -ENOMEM. */
int mm_history_new(const char *meter, int64_t now_s, struct mm_history **ret);
/* NULL-safe. */
void mm_history_free(struct mm_history *history);

/* history NULL: false. */
bool mm_history_is_of(const struct mm_history *history, const char *meter);

/* The parameters of GetProfile for the next page: a new object. */
json_t *mm_history_parameters(const struct mm_history *history);

/* Takes an answer of GetProfile. Returns the number of intervals that it had, or -EBADMSG for another answer or meter, -ENOMEM.
 */
int mm_history_take(struct mm_history *history, const json_t *answer);

struct mm_history_sums {
	double today_wh, yesterday_wh, month_wh;
	double hour_wh[MM_HISTORY_HOURS]; /* the last one is the hour of now */
	double most_wh;			  /* of an hour */
	int64_t until_s;		  /* of when they are; 0: there is no interval */
};

/* The interval that is open: its begin, how far it has come, and what was delivered in it. */
struct mm_history_open {
	int64_t start_s, until_s;
	double delivered_wh;
};

/* Energy delivered since local midnight, the day before, since the month began, and by hours. open NULL: it is not known. */
struct mm_history_sums mm_history_sum(const struct mm_history *history, int64_t now_s, const struct mm_history_open *open);

#endif
