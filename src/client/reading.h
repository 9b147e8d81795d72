/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_READING_H
#define MM_CLIENT_READING_H

/*
 * The daemon's answers as structs: what Read, GetOutputs and Status say, with the units of org.minimeter.varlink in the names.
 * A struct is whole: an answer in which a member is missing or of another type is refused, so that no figure is 0 because nobody
 * said it. Energies are micro-watt-hours, which is what the meter counts; times are ns since 1970 in UTC, 0 where the meter did
 * not know the time. Texts belong to the struct. Every function returns 0, -EBADMSG or -ENOMEM, with a sentence for people in
 * error.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/model.h"

#define MM_NAMES_MAX 32

/* Names of conditions that hold: "reversed", "voltage-low". */
struct mm_names {
	size_t count;
	const char *name[MM_NAMES_MAX];
};

struct mm_reading_element {
	const char *name, *input;
	double voltage_v, current_a, power_w, reactive_var, apparent_va, power_factor, frequency_hz;
	bool registering;
	struct mm_names flags;
	int64_t delivered_uwh, received_uwh;
};

struct mm_reading {
	const char *name, *serial, *model;
	bool valid; /* else the figures are age_s old and the front end is at fault */
	double age_s;
	int64_t time_ns;
	int64_t delivered_uwh, received_uwh, lagging_uvarh, leading_uvarh;
	double max_demand_w;
	int64_t max_demand_time_ns; /* 0: there was none yet */
	double power_w;
	const char *display; /* what the LCD shows, in kWh; NULL: the model has none */
	bool power_led, load_led, reverse_led;
	struct mm_names faults, corrections;
	int64_t interval_ns;  /* the begin of the interval that is open; 0: none is, or the daemon is older than this answer */
	int64_t interval_uwh; /* delivered in it */
	double supply_min_v, supply_max_v; /* what is a right supply, line to neutral */
	size_t element_count;
	struct mm_reading_element element[MM_ELEMENTS_MAX];
};

struct mm_readings {
	json_t *answer; /* which has the texts */
	size_t count;
	struct mm_reading meter[];
};

/* Reads an answer of org.minimeter.Read, of which it keeps a reference. */
int mm_readings_new(json_t *answer, struct mm_readings **ret, struct mm_error *error);
/* NULL-safe. */
void mm_readings_free(struct mm_readings *readings);

struct mm_output_state {
	const char *meter, *name;
	const char *line; /* NULL: none is configured */
	bool level;
	int64_t kh_uwh; /* for one pulse; 0: an indicator */
	int64_t edges;
};

struct mm_output_states {
	json_t *answer;
	size_t count;
	struct mm_output_state output[];
};

/* Reads an answer of org.minimeter.GetOutputs, of which it keeps a reference. */
int mm_output_states_new(json_t *answer, struct mm_output_states **ret, struct mm_error *error);
/* NULL-safe. */
void mm_output_states_free(struct mm_output_states *outputs);
/* The output of that meter, or NULL. outputs may be NULL. */
const struct mm_output_state *mm_output_states_find(const struct mm_output_states *outputs, const char *meter, const char *name);

/* How far something can be trusted: "ok", or what is wrong, since when, why, and what to do. */
struct mm_condition {
	const char *state;
	double since_s;
	const char *reason, *advice; /* or NULL */
};

struct mm_daemon_status {
	json_t *answer;
	const char *version;
	double uptime_s;
	bool ok;
	struct mm_condition front_end, store;
};

/* Reads an answer of org.minimeter.Status, of which it keeps a reference. */
int mm_daemon_status_new(json_t *answer, struct mm_daemon_status **ret, struct mm_error *error);
/* NULL-safe. */
void mm_daemon_status_free(struct mm_daemon_status *status);

#endif
