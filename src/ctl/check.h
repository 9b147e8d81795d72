/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_CHECK_H
#define MM_CTL_CHECK_H

/*
 * The installation test (IMS manual, 3.9). Its items are objects: item, element (or null), state, text and next. check_items.c
 * judges them from the daemon's answers, which check_state.c fetches; check_dialog.c asks people, check_watch.c says what it sees
 * of the loads that they switch, and check_sheet.c puts the result on record.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/reading.h"
#include "ctl/private.h"

/* The test of one meter under way. */
struct mm_check {
	struct mm_ctl *ctl;
	json_t *parameters; /* {"meter": NAME} */
	const char *name;
	bool interactive;
	json_t *loads;		      /* the same, and what somebody says of loads */
	json_t *plate;		      /* the nameplate */
	struct mm_readings *readings; /* the latest of the meter */
	const struct mm_reading *reading;
	json_t *diagnosis;
	struct mm_output_states *outputs;
	json_t *items;
	unsigned seen; /* 1 << enum mm_check_seen, by --seen */
};

/* What a person must look at: without one, the option says beforehand that somebody did, and that it was in order. */
enum mm_check_seen {
	MM_CHECK_SEEN_LINES, /* 240 or 208 V between the lines */
	MM_CHECK_SEEN_PULSES,
	MM_CHECK_SEEN_LEDS,
	MM_CHECK_SEEN_DISPLAY,
	MM_CHECK_SEEN_COUNT,
};

enum mm_check_state {
	MM_CHECK_OK,
	MM_CHECK_FAULT,
	MM_CHECK_UNDECIDED, /* more load or time is needed */
	MM_CHECK_NOT_DONE,  /* not measured by this front end, or nobody has looked */
	MM_CHECK_STATE_COUNT,
};

/* ---- Items (check_items.c) ---- */

/* What somebody has said of what the meter can't see: 'y', 'n', or 0 where nobody was asked or knew. */
typedef char mm_check_answer;

/* The load LED at one moment, and the registers between which it was then: the outputs are a window late. */
struct mm_check_led {
	bool level;
	int64_t edges;
	int64_t earliest_uwh, latest_uwh;
	double power_w;
	int64_t half_uwh; /* it is on for so much and off for the next */
};

/* Adds an item; element 0: of the meter as a whole; next NULL: nothing is left to do. */
void mm_check_add(json_t *items, const char *item, int element, enum mm_check_state state, const char *next, const char *format,
		  ...) __attribute__((format(printf, 6, 7)));

/*
 * Voltages, the angle between the lines, loads, CTs, their correction, faults that the meter reports, power and reverse-phase
 * LED: by one meter's Read and Diagnose. apart: a voltmeter shows that L1 and L2 are two lines, for where the angle is not
 * known.
 */
void mm_check_readings(json_t *items, const struct mm_reading *reading, const json_t *diagnosis, mm_check_answer apart);

#define MM_CHECK_APART_MAX 64

/* What a voltmeter shows between two lines of this meter: "240 V, or 208 V in a wye". */
void mm_check_between_lines(const struct mm_reading *reading, char ret[static MM_CHECK_APART_MAX]);

/* Whether the power is the load that somebody states, in W; for 0, whether nothing registers. */
void mm_check_load(json_t *items, const struct mm_reading *reading, const json_t *diagnosis, double load_w);

#define MM_CHECK_LINES_MAX 160

/* The pulse outputs that have a line, by the rows of GetOutputs: "10 on GPIO17, 100 on GPIO27". False: none has. */
bool mm_check_pulse_lines(const struct mm_output_states *outputs, char ret[static MM_CHECK_LINES_MAX]);

/* Whether the equipment that reads the pulse outputs counts as many; nothing where none has a line. */
void mm_check_outputs(json_t *items, const struct mm_output_states *outputs, mm_check_answer counted);

/* Whether the load LED changed as often as the energy demands, and has the right level. */
void mm_check_load_led(json_t *items, const struct mm_check_led *before, const struct mm_check_led *after);

/* The LED as GetOutputs has it, what was delivered in a reading just before that, and a reading just after. */
struct mm_check_led mm_check_led(int64_t before_uwh, const struct mm_output_state *output, const struct mm_reading *after);

/* The number of items in that state. */
unsigned mm_check_count(const json_t *items, enum mm_check_state state);

/* True where an element of the reading has less load than phasing needs; *ret_element is the first such, 1 or 2. */
bool mm_check_lacks_load(const struct mm_reading *reading, int *ret_element);

/* Is the angle between the lines known, by the diagnosis? */
bool mm_check_knows_angle(const json_t *diagnosis);

/* ---- The daemon's answers (check_state.c) ---- */

/* Each fetches what it says anew, and returns an exit code after having printed what went wrong. */
int mm_check_refresh_reading(struct mm_check *check);
int mm_check_refresh_diagnosis(struct mm_check *check);

/* The outputs, and the load LED between two readings. */
int mm_check_refresh_outputs(struct mm_check *check, struct mm_check_led *ret_led);

/* Waits for windows to pass, on a connection of its own: a stream of readings has no end. It ends early where none comes. */
void mm_check_wait_windows(struct mm_check *check, unsigned windows);

/* ---- Loads that are switched (check_watch.c) ---- */

#define MM_CHECK_SEEN_MAX 96

/* What is waited for: lines that carry enough (line 0), or a load that is switched on line 1 or 2, wanted times. */
struct mm_check_watch {
	int line;
	unsigned wanted, seen;
	bool begun, settling; /* a reading came; a window after a step is wholly behind it */
	double before_a[MM_ELEMENTS_MAX];
};

/* Takes the next reading of a stream. True with a line of text where a load came or went: "+10.8 A on line 1, 1 of 2". */
bool mm_check_watch_reading(struct mm_check_watch *watch, const struct mm_reading *reading, char ret[static MM_CHECK_SEEN_MAX]);

/* Reads a line; its first letter, small, '\n' for Enter alone, or EOF at the end of the input: nobody says anything more. */
int mm_check_read_answer(void);

/*
 * Prints that of each reading until somebody answers, and returns the answer as above. After Enter it goes on for some windows
 * where not all has been seen yet.
 */
int mm_check_watch(struct mm_check *check, struct mm_check_watch *watch);

/* ---- The record (check_sheet.c) ---- */

/* As wide as paper. */
#define MM_CHECK_SHEET_COLUMNS 80

/* Do the options about the record go together, and can the admin socket be used? Asked before the test begins. */
int mm_check_may_record(struct mm_check *check);

/*
 * Puts the items on record, with the installer and the seals of the options or as typed. *ret is a new reference: the daemon's
 * answer, with both.
 */
int mm_check_record(struct mm_check *check, json_t **ret);

/* What a sheet has before the items, and after them. */
void mm_check_sheet_begin(struct mm_check *check, const json_t *record);
void mm_check_sheet_end(struct mm_check *check, const json_t *record);

/* ---- Questions (check_dialog.c) ---- */

/* Takes --seen; a usage error where it names what cannot be looked at. */
int mm_check_read_seen(struct mm_check *check);

/* Asks for a load where there is too little, and what it sees of it. */
int mm_check_ask_for_loads(struct mm_check *check);

/* Asks for a load to be switched where the readings fit several causes. */
int mm_check_ask_to_switch(struct mm_check *check);

/* Asks for a voltmeter's word where the angle between the lines is not known. */
mm_check_answer mm_check_ask_apart(struct mm_check *check);

/* Asks for a look at what has a line: the LEDs, the display and the pulse outputs. */
void mm_check_look_at_outputs(struct mm_check *check);

#endif
