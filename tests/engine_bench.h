/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_ENGINE_BENCH_H
#define MM_TESTS_ENGINE_BENCH_H

/*
 * The engine between its ports: a clock that is set by hand, output lines that can fail, and a real register of one meter,
 * MMS-120-2001. A test is one process, so that there is one of each.
 */

#include <check.h>

#include "daemon/engine.h"

extern int64_t now_ns, wall_offset_ns;

#define EDGES_MAX 512
struct lines {
	bool level[MM_OUTPUT_COUNT];
	bool reverts; /* the kernel lets lines go dark with the process */
	unsigned rising[MM_OUTPUT_COUNT];
	int set_error, new_error;
	unsigned made, freed;
	struct mm_edge edge[EDGES_MAX]; /* edges of energy outputs that were put out */
	unsigned edges;
};
extern struct lines lines;

/* An instant inside the setting of a line, just before or after its effect: what a kill there would leave. */
struct instant {
	unsigned countdown; /* of sets of energy outputs; 0: never */
	bool after;
	uint8_t *memory; /* what was handed over, then; NULL: the instant has not come */
	bool level[MM_OUTPUT_COUNT];
	unsigned rising[MM_OUTPUT_COUNT];
};
extern struct instant instant;

extern char directory[], register_path[64], copy_path[80]; /* copy_path "": no copy */
extern struct mm_config config;
extern struct mm_engine engine;
extern struct mm_register_worker *worker;
extern struct mm_handover *handover; /* NULL: nothing is kept over a crash */

/* The fixture: a register of its own, and the engine started. */
void setup(void);
void teardown(void);

void start(void);
void stop(void);

/* What a kill leaves: commits that the register's thread has, and the memory. */
void crash(void);

/* From the next start on there is memory that outlives a crash. */
void keep_memory(void);

extern double supply_v;			      /* of windows, 120 */
extern struct mm_voltage_event voltage_event; /* which the next good window brings where it has a length */

/* One good window of watts, shared by the meter's elements. Each differs in its last digits, as live figures do. */
bool window(double watts);

void failed_report(int error);

/* Waits until the register's thread has nothing left to do, and hands its status to the engine. */
struct mm_register_status settle(void);

/* The timer as the main loop would run it, up to an instant. */
void run_timer_until(int64_t until_ns);

/* What the database has once all commits are done. */
struct counts {
	unsigned unrecorded, power_fail, power_returned, clock_step, gap, absent, sag, resumed, refused, uncertain, rows,
		received, voltage_low;
	int64_t rows_uwh;
	bool done;
};
struct counts count(void);

#endif
