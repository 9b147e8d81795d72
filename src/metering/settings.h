/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_SETTINGS_H
#define MM_METERING_SETTINGS_H

/*
 * The configuration's place in the audit trail: a record with all settings whenever one differs from the record before, and one
 * by itself where the time zone does, which decides what a day and a month is.
 */

#include "config/config.h"
#include "store/store.h"

struct mm_settings;

/* Takes down a configuration and when it was in force. -ENOMEM. */
int mm_settings_new(const struct mm_config *config, struct mm_clock *clock, struct mm_settings **ret);
void mm_settings_free(struct mm_settings *settings); /* NULL-safe */

/* Adds the records where there are none of the same settings. A mm_store_query_fn; settings is the userdata. */
int mm_settings_record(struct mm_store *store, void *settings);

#endif
