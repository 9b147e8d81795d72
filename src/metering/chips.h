/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_CHIPS_H
#define MM_METERING_CHIPS_H

/*
 * Which chip serves which meter, as the audit trail has it: a record of each meter whenever its chip is another than in the
 * record before. A board on which two have changed places shows itself so, whatever the cause.
 */

#include "afe/afe.h"
#include "config/config.h"
#include "metering/journal.h"
#include "store/store.h"

struct mm_chips;

/* Takes down that a front end, a number of the configuration's, has found this chip. config is borrowed. -ENOMEM. */
int mm_chips_new(const struct mm_config *config, unsigned front_end, const char *chip, struct mm_clock *clock,
		 struct mm_chips **ret);
void mm_chips_free(struct mm_chips *chips); /* NULL-safe */

/* Adds the records of the meters whose last one is of another chip. A mm_store_query_fn; chips is the userdata. */
int mm_chips_record(struct mm_store *store, void *chips);

/* Logs what has changed by that. */
void mm_chips_log(const struct mm_chips *chips);

#endif
