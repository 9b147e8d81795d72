/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_RESTART_BENCH_H
#define MM_TESTS_RESTART_BENCH_H

/*
 * The real daemon under a service manager that holds its memory. The board is simulated and its time steps, so that a kill falls
 * anywhere in the metering of minutes. Pulses are counted on the wires of emulated GPIO chips.
 */

#include <check.h>

#include "core/meter.h"
#include "core/units.h"
#include "gpio_shim.h"
#include "manager.h"

#define WAIT_MS 60000
#define COMMIT_WH 8
/* Both elements of a 400 A model at its limits, 440 A and 138 V, in one window of a second. */
#define FULL_W (440 * 138)
#define WINDOW_UWH (INT64_C(2) * FULL_W * MM_UWH_PER_WH / 3600)

/* "gpiod", or "none" where no chips can be emulated: then pulses are not counted. */
extern const char driver[];

/* The lines of the outputs that pulse, by offset. */
#define ON_LINE_COUNT 4
extern const enum mm_output on_line[ON_LINE_COUNT];

extern char directory[64], build[280], log_path[96];
extern struct mm_model model;
extern struct manager manager;
extern struct gpio_shim_wires *wires;
extern uint64_t chance;

/* The fixture: a board and all that the daemon needs; it does not run yet. */
void setup(void);
void teardown(void);

__attribute__((format(printf, 2, 3))) void write_text(const char *path, const char *format, ...);

/* The path of a file in the directory. */
void path_in(char *ret, size_t size, const char *name);

void run(void);
void run_until_ready(void);

/* What a run has left in the memory that the manager holds; nothing where it ended before it could hand anything to anybody. */
struct left {
	struct mm_registers registers;
	int64_t played_uwh;		  /* energy up to which edges were played */
	uint32_t expected[ON_LINE_COUNT]; /* pulses that the wires should have seen */
	bool in_doubt;
};
struct left read_memory(void);

/* What it has left in the register, by its own way to open it. */
struct mm_registers read_register(void);

void assert_pulses(const struct left *left, int round);

/* Lets the daemon run until it has registered more than that. */
void meter_beyond(int64_t uwh);

#endif
