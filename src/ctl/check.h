/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_CHECK_H
#define MM_CTL_CHECK_H

/*
 * The items of the installation test (IMS manual, 3.9), each an object: item, element (or null), state, text and next. They are
 * judged from the daemon's answers; check.c asks people.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/reading.h"

enum mm_check_state {
	MM_CHECK_OK,
	MM_CHECK_FAULT,
	MM_CHECK_UNDECIDED, /* more load or time is needed */
	MM_CHECK_NOT_DONE,  /* not measured by this front end, or nobody was asked */
	MM_CHECK_STATE_COUNT,
};

/* The load LED at one moment, and the registers between which it was then: the outputs are a window late. */
struct mm_check_led {
	bool level;
	int64_t edges;
	int64_t earliest_uwh, latest_uwh;
	double power_w;
};

/* Adds an item; element 0: of the meter as a whole; next NULL: nothing is left to do. */
void mm_check_add(json_t *items, const char *item, int element, enum mm_check_state state, const char *next, const char *format,
		  ...) __attribute__((format(printf, 6, 7)));

/* Voltages, the angle between the lines, loads, CTs, their correction, power and reverse-phase LED: by one meter's Read and
 * Diagnose. */
void mm_check_readings(json_t *items, const struct mm_reading *reading, const json_t *diagnosis);

/* Whether the power is the load that somebody states, in W; for 0, whether nothing registers. */
void mm_check_load(json_t *items, const struct mm_reading *reading, const json_t *diagnosis, double load_w);

/* Which pulse outputs there are, by the rows of GetOutputs, and how to try them. */
void mm_check_outputs(json_t *items, const struct mm_output_states *outputs);

/* Whether the load LED changed as often as the energy demands, and has the right level. */
void mm_check_load_led(json_t *items, const struct mm_check_led *before, const struct mm_check_led *after);

/* The LED as GetOutputs has it, what was delivered in a reading just before that, and a reading just after. */
struct mm_check_led mm_check_led(int64_t before_uwh, const struct mm_output_state *output, const struct mm_reading *after);

/* The number of items in that state. */
unsigned mm_check_count(const json_t *items, enum mm_check_state state);

/* True where an element of the reading has less load than phasing needs; *ret_element is the first such, 1 or 2. */
bool mm_check_lacks_load(const struct mm_reading *reading, int *ret_element);

#endif
