/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_STATEMENT_H
#define MM_CLIENT_STATEMENT_H

/*
 * A statement of org.minimeter.GetStatement as a struct, and the forms that it is put into for people and for other programs.
 * The daemon computes; nothing here adds energy up in another way than it does. A statement is whole: where a member is missing
 * it is refused, but for those that a daemon without rates or prices does not have.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "client/interval.h"

#define MM_STATEMENT_RATES_MAX 16

/*
 * What the meter read at the end of an interval. Before its first one nobody knows it: the registers of the statement's start are
 * then what makes end less start what was used.
 */
struct mm_statement_reading {
	bool known;
	int64_t time_ns, interval;
	const char *hash;
	int64_t delivered_uwh, received_uwh;
};

struct mm_statement_rate {
	const char *name;
	int64_t delivered_uwh, received_uwh;
	const char *price, *cost; /* decimal numbers; NULL: none */
};

/* Texts, remarks and times belong to the answer. Times are ns since 1970 in UTC; 0: there is none. */
struct mm_statement_view {
	const char *meter, *serial, *model, *version;
	double multiplier;
	int64_t from_ns, to_ns;
	const char *time_zone; /* NULL: it was not said */
	struct mm_statement_reading start, end;
	int64_t delivered_uwh, received_uwh;		   /* end less start, less preset */
	int64_t preset_delivered_uwh, preset_received_uwh; /* that a start reading added in the period */
	bool has_demand;
	double maximum_demand_w;
	int64_t maximum_demand_ns; /* the end of the time over which that is the mean */
	int64_t demand_s;	   /* how long that is; 0: an interval */
	double uncovered_s;
	const json_t *remarks; /* objects with "words" */
	size_t rate_count;
	struct mm_statement_rate rate[MM_STATEMENT_RATES_MAX];
	const char *tariff, *currency, *cost; /* NULL: none */
	int64_t page;			      /* of the statement as it was issued; 0: it was not */
	int64_t issued_ns;
};

/* Reads the member "statement" of an answer, which must outlive it. -EBADMSG, with a sentence for people in error. */
int mm_statement_view_read(const json_t *statement, struct mm_statement_view *ret, struct mm_error *error);

/* uWh as whole Wh, half away from zero, as a reading is shown. */
int64_t mm_statement_whole_wh(int64_t uwh);

/*
 * What was used, in whole Wh: the difference of the readings as they are shown, so that what a year's statements say adds up on
 * paper too.
 */
int64_t mm_statement_delivered_wh(const struct mm_statement_view *statement);
int64_t mm_statement_received_wh(const struct mm_statement_view *statement);

/* One document of the statements of all meters. Whether all was written out the stream says (ferror()). */
struct mm_statement_form {
	/* first: the statement that comes first; any other one of the document is of the same period. */
	void (*begin)(FILE *out, const struct mm_statement_view *first);
	/*
	 * One statement; number counts them from 1 on. profile has the intervals between its readings, and can be gone through
	 * more than once. 0, -ENOMEM, or what the profile returns.
	 */
	int (*one)(FILE *out, const struct mm_statement_view *statement, const struct mm_interval_source *profile,
		   unsigned number, struct mm_error *error);
	void (*end)(FILE *out);
};

/* For people: one page a meter, on paper (A4 or Letter) or on a screen from 360 pixels on, without anything from elsewhere. */
extern const struct mm_statement_form mm_statement_html;

/* For programs that read Green Button files (NAESB REQ.21 ESPI, in Atom): the same statement is the same file, to the byte. */
extern const struct mm_statement_form mm_statement_green_button;

#endif
