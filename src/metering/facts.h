/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_FACTS_H
#define MM_METERING_FACTS_H

/* The facts that supervisor and meters return, as events and intervals in the journal. */

#include "metering/journal.h"
#include "metering/meter_point.h"
#include "metering/supervisor.h"

/* What a verdict on the front end of that name (empty: it has none) has changed; reason is the supervisor's. */
void mm_facts_note_verdict(struct mm_journal *journal, const char *name, const struct mm_verdict *verdict, const char *reason);

/* What a step of this meter returned. */
void mm_facts_note_step(struct mm_journal *journal, const struct mm_meter_point *point, const struct mm_facts *facts);

#endif
