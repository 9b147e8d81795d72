/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_STATEMENT_H
#define MM_SERVICE_STATEMENT_H

/*
 * What a meter has used in a period: added up out of the register on the store's thread, a slice at a time, so that no commit
 * waits long; then put into JSON and, for what is uncertain, into words on the main loop.
 */

#include <jansson.h>

#include "billing/bill.h"
#include "metering/view.h"
#include "service/issued.h"
#include "store/store.h"

enum mm_statement_stage { MM_STATEMENT_BEGIN, MM_STATEMENT_INTERVALS, MM_STATEMENT_EVENTS, MM_STATEMENT_DONE };

/* What happened to the meter or to the register that a bill has to say: a code of an event, and what it means. */
#define MM_STATEMENT_HAPPENINGS 9
extern const struct mm_statement_happening {
	const char *code, *words;
} mm_statement_happenings[MM_STATEMENT_HAPPENINGS];

/* All zero but for meter, from and to. */
struct mm_statement {
	int meter;
	int64_t from, to; /* seconds of CLOCK_REALTIME */
	enum mm_statement_stage stage;
	struct mm_store_interval start, end; /* id 0: there is none */
	int64_t after;			     /* of the next slice: the id of an interval or an event */
	unsigned read;			     /* in this slice */
	struct mm_bill bill;
	int64_t happened[MM_STATEMENT_HAPPENINGS];
	struct mm_issued issued; /* where a statement of just this period was */
};

struct mm_varlink_call;

/* Reads the parameters meter, from and to of a call; false after having answered that they are no period that is over. */
bool mm_statement_parameters(struct mm_varlink_call *call, const json_t *parameters, const struct mm_metering *metering,
			     struct mm_statement *ret);

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
