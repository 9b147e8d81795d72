/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_INTERVAL_H
#define MM_CLIENT_INTERVAL_H

/*
 * Intervals of the load profile as structs, and where they come from. An interval is whole: one in which a member is missing is
 * refused.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "client/client.h"
#include "client/reading.h"

struct mm_interval {
	int64_t id;
	int64_t start_s, duration_s; /* seconds since 1970 in UTC; the nominal length */
	int64_t delivered_uwh, received_uwh;
	double covered_s;   /* of its length, what was measured */
	bool has_registers; /* else the two below are 0: an interval of which it was not kept */
	int64_t register_delivered_uwh, register_received_uwh;
	struct mm_names flags; /* the texts belong to the JSON */
};

/* Reads an Interval of org.minimeter. -EBADMSG, with a sentence for people in error. */
int mm_interval_read(const json_t *row, struct mm_interval *ret, struct mm_error *error);

/* Does one of its flags say that something about it is uncertain? That daylight saving time is in force does not. */
bool mm_interval_is_doubtful(const struct mm_interval *interval);

/* What takes intervals one by one. A result < 0 ends the walk, which returns it. */
typedef int (*mm_interval_fn)(void *userdata, const struct mm_interval *interval, struct mm_error *error);

/* Something that has the intervals of a period in order of id, and can go through them again. */
struct mm_interval_source {
	int (*each)(const struct mm_interval_source *source, mm_interval_fn fn, void *userdata, struct mm_error *error);
	const void *of; /* its own */
};

/* Those of a meter behind the interval after_id (0: from its first one) up to last_id, page by page from the daemon. */
struct mm_interval_range {
	struct mm_client *client;
	const char *meter;
	int64_t after_id;
	const char *after_hash; /* NULL: there is none */
	int64_t last_id;	/* 0: there are none */
};

/* A source of a range, which must outlive it. Its results are those of mm_client_call() and mm_interval_read(). */
struct mm_interval_source mm_interval_source_of(const struct mm_interval_range *range);

#endif
