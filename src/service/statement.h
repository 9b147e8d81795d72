/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_STATEMENT_H
#define MM_SERVICE_STATEMENT_H

/*
 * What a meter has used in a period: added up out of the register on the store's thread, a slice at a time, so that no commit
 * waits long; then put into JSON and, for what is uncertain, into words on the main loop.
 */

#include <jansson.h>

#include "base/zone.h"
#include "billing/bill.h"
#include "config/config.h"
#include "metering/view.h"
#include "service/issued.h"
#include "store/store.h"

enum mm_statement_stage {
	MM_STATEMENT_BEGIN,
	MM_STATEMENT_CLOCK,
	MM_STATEMENT_INTERVALS,
	MM_STATEMENT_EVENTS,
	MM_STATEMENT_DONE
};

/* What happened to the meter or to the register that a bill has to say: a code of an event, and what it means. */
#define MM_STATEMENT_HAPPENINGS 10
extern const struct mm_statement_happening {
	const char *code, *words;
} mm_statement_happenings[MM_STATEMENT_HAPPENINGS];

/* Changes of a zone's clocks that are kept at once. */
#define MM_STATEMENT_SPANS 16

/* Which rate an interval has: as it was configured when the statement was asked for, and what was looked up last. */
struct mm_statement_rates {
	struct mm_config_terms terms;
	int32_t demand_s;
	int span_count;
	struct mm_zone_span span[MM_STATEMENT_SPANS];
	int64_t spans_end_s;
	struct mm_tariff_day day;
};

/* Times at which the clock became known that are looked at; intervals of further ones count as of the time that they claim. */
#define MM_STATEMENT_UNSET 16

/* What the intervals of a run claim that began while the clock was not set, and by how much that is wrong. */
struct mm_statement_unset {
	int64_t from_s, to_s; /* of their time */
	int64_t by_s;	      /* to be added */
};

struct mm_statement_clock {
	unsigned count;
	struct mm_store_event known[MM_STATEMENT_UNSET];
	struct mm_statement_unset unset[MM_STATEMENT_UNSET];
	unsigned at;	/* which of them the interval before was of, */
	int64_t last_s; /* and what it claimed */
	int64_t found;	/* intervals whose time is known by now */
};

/* All zero but for meter, from, to and rates. */
struct mm_statement {
	int meter;
	int64_t from, to; /* seconds of CLOCK_REALTIME */
	enum mm_statement_stage stage;
	struct mm_store_interval start, end; /* id 0: there is none */
	int64_t after;			     /* of the next slice: the id of an interval or an event */
	unsigned read;			     /* in this slice */
	struct mm_statement_clock clock;
	struct mm_statement_rates rates;
	struct mm_bill bill;
	int64_t happened[MM_STATEMENT_HAPPENINGS];
	struct mm_issued issued; /* where a statement of just this period was */
};

struct mm_varlink_call;

/* Reads the parameters meter, from and to of a call; false after having answered that they are no period that is over. Takes over
 * the meter's tariff. */
bool mm_statement_parameters(struct mm_varlink_call *call, const json_t *parameters, const struct mm_metering *metering,
			     struct mm_statement *ret);

/* Takes over the tariff of the meter. On the main loop, before the first slice. */
void mm_statement_set_terms(struct mm_statement *statement, const struct mm_metering *metering);

/* Reads when the clock became known. On the store's thread. */
int mm_statement_read_clock(struct mm_store *store, struct mm_statement *statement);

/* When an interval began, in the order of ids: corrected where the clock was not set, and known later. */
int64_t mm_statement_time(struct mm_statement *statement, const struct mm_profile_row *row);

/* The rate that an interval has which begins then; what is looked up for it is kept. */
uint8_t mm_statement_rate(struct mm_statement *statement, int64_t at_s);

/* Adds to the type Statement what it has of its tariff, and of demand. */
void mm_statement_put_rates(json_t *json, const struct mm_statement *statement);

/* Reads the next slice. Call it until the stage is MM_STATEMENT_DONE. Returns 0 or -errno. On the store's thread. */
int mm_statement_slice(struct mm_store *store, struct mm_statement *statement);

/* The type Statement of the interface. A new reference. */
json_t *mm_statement_json(const struct mm_statement *statement, const struct mm_metering *metering);

/* The time of the period that no right window covers. */
double mm_statement_uncovered_s(const struct mm_statement *statement);

/* What is uncertain, as an array of StatementRemark. A new reference. */
json_t *mm_statement_remarks(const struct mm_statement *statement);

/* Frees what it points to. */
void mm_statement_release(struct mm_statement *statement);

#endif
