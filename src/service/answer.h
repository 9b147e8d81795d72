/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_ANSWER_H
#define MM_SERVICE_ANSWER_H

/*
 * What is answered each second or by the thousand, as text of the types that org.minimeter.varlink describes: meters, intervals
 * and events. The others are JSON values, by json.h.
 */

#include "metering/view.h"
#include "store/store.h"
#include "varlink/text.h"

/* Calls fn with each fault in words: the front end's state, and every element's flags as "element1-reversed". */
void mm_each_fault(const struct mm_metering *metering, unsigned meter, void (*fn)(void *userdata, const char *name),
		   void *userdata);

/* The reply of Read: the meter of that number, or all of them (-1). */
void mm_answer_meters(struct mm_text *text, const struct mm_metering *metering, int meter);

/* Each appends one object to an array. These two may run on the store's thread. name: of the event's meter, or NULL. */
void mm_answer_interval(struct mm_text *text, const struct mm_store_interval *interval, unsigned elements);
void mm_answer_event(struct mm_text *text, const char *name, const struct mm_store_event *event);

#endif
