/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_CALL_H
#define MM_SERVICE_CALL_H

/*
 * What methods share: their parameters as tables, and the answers that several of them give.
 */

#include <math.h>
#include <stddef.h>

#include "metering/view.h"
#include "varlink/varlink.h"

enum mm_parameter_kind {
	MM_PARAMETER_METERS,	/* int: the number of the meter; absent: untouched, for all of them */
	MM_PARAMETER_METER,	/* int: the number of the meter, which must be named */
	MM_PARAMETER_ONE_METER, /* int: the same, or 0 where it is absent and there is but one */
	MM_PARAMETER_INTEGER,	/* int64_t, min to max */
	MM_PARAMETER_NUMBER,	/* double, min to max */
	MM_PARAMETER_BOOLEAN,	/* bool */
	/* const char *, min to max bytes without hidden characters, and where min is above 0 not only blanks; valid as long as
	 * the call */
	MM_PARAMETER_TEXT,
	MM_PARAMETER_TIME,   /* int64_t, seconds of CLOCK_REALTIME: the first of a text as mm_period_parse() reads it */
	MM_PARAMETER_SPAN,   /* the same; and where it is a year, a month or a day, its end goes to the int64_t behind it */
	MM_PARAMETER_HASH,   /* struct mm_call_hash: of a row, in hex */
	MM_PARAMETER_CHOICE, /* int: the number, below max, of which the parameter is the name */
	MM_PARAMETER_ARRAY,  /* const json_t *; valid as long as the call */
	MM_PARAMETER_OBJECT, /* the same */
};

struct mm_call_hash {
	bool given;
	uint8_t bytes[MM_ROW_HASH_SIZE];
};

/* One parameter: where it goes, and what it may be. */
struct mm_parameter {
	const char *name;
	enum mm_parameter_kind kind;
	size_t offset;
	bool mandatory;
	double min, max;
	const char *(*choice)(int number);
};

/* The begin of a row: the parameter has the name of the field that it goes to. */
#define MM_PARAMETER(type, field, kind_) .name = #field, .kind = MM_PARAMETER_##kind_, .offset = offsetof(type, field)

/*
 * Reads the parameters of a call into the struct at ret by a table, in its order. What is absent or null and not mandatory leaves
 * its field as it was. False after having answered: InvalidParameter with the name of the first that is wrong, or NoSuchMeter.
 */
bool mm_call_parameters(struct mm_varlink_call *call, const json_t *parameters, const struct mm_metering *metering,
			const struct mm_parameter *table, size_t count, void *ret);

/*
 * Has a time, the value of a parameter, come? False after having answered: InvalidParameter for 1970 and before, which stand for
 * no time, NotYet for one to come.
 */
bool mm_call_has_come(struct mm_varlink_call *call, const struct mm_metering *metering, const char *parameter, int64_t time_s);

/* Is it what MM_PARAMETER_TEXT is, of 1 to max bytes? For the texts within an array. */
bool mm_call_is_text(const json_t *value, size_t max);

/* Each of these finishes the call. A reply that is NULL, where memory is short, is answered with Busy, never with an empty
 * object.
 */
void mm_call_reply(struct mm_varlink_call *call, json_t *reply);
void mm_call_reply_text(struct mm_varlink_call *call, const struct mm_text *reply); /* borrowed; one that failed is as NULL */
void mm_call_error(struct mm_varlink_call *call, const char *error, json_t *parameters); /* parameters is stolen */
void mm_call_invalid(struct mm_varlink_call *call, const char *parameter);
void mm_call_busy(struct mm_varlink_call *call, const char *reason);
void mm_call_not_permitted(struct mm_varlink_call *call, const char *reason);
void mm_call_store_failed(struct mm_varlink_call *call, const char *reason);

#endif
