/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_PULSE_H
#define MM_CORE_PULSE_H

/*
 * Pulse outputs as a function of the delivered register. An output of Kh watt-hours per pulse is on while
 * (register mod Kh) >= Kh / 2: it starts dark, turns on in the middle and off at the full Kh, so that the rising edges up to
 * register r number floor((r + Kh/2) / Kh) and the falling ones floor(r / Kh).
 *
 * The outputs follow the register along a position of their own, which is stored with it: what the register has and
 * the position has not is owed, and is paid out at a legal rate.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"
#include "core/units.h"

enum mm_output {
	MM_OUTPUT_10,	       /* 10 Wh per pulse; like the next, absent where the fastest has more */
	MM_OUTPUT_100,	       /* 100 Wh per pulse */
	MM_OUTPUT_1000,	       /* 1 kWh per pulse; absent on T models */
	MM_OUTPUT_COUNTER,     /* electromechanical counter: 1 kWh, or 100 Wh on T models */
	MM_OUTPUT_LED_LOAD,    /* a cycle as the fastest output; 10 Wh: at 200 W 90 s on, 90 s off */
	MM_OUTPUT_LED_POWER,   /* lit with proper voltage on every element */
	MM_OUTPUT_LED_REVERSE, /* lit with a phasing problem on any element */
	MM_OUTPUT_COUNT,
};

/* Outputs below this number follow energy; those from it on are plain levels. */
#define MM_OUTPUT_ENERGY_COUNT (MM_OUTPUT_LED_LOAD + 1)

/* Every edge of every output of a model lies on a multiple of this, half a cycle of the finest ones: 5 Wh of a Mini Meter. */
int64_t mm_pulse_step_uwh(const struct mm_model *model);

/* The shortest on or off time that is ever put out. IEC 62053-31 asks for 30 ms; a margin covers late timers. */
#define MM_PULSE_MIN_NS (40 * MM_NS_PER_MS)

/* Room for the edges of one window: of a Mini Meter 435 Wh, which is 13 s of full load (121 kW). pulse.c shows why it is enough.
 */
#define MM_EDGES_MAX 192

struct mm_edge {
	int64_t at_ns;	       /* CLOCK_BOOTTIME, the instant inside the window at which the register crossed */
	int64_t position_uwh;  /* the register value crossed */
	enum mm_output output; /* an energy output */
	bool level;
};

struct mm_edges {
	unsigned count;
	struct mm_edge edge[MM_EDGES_MAX]; /* in order of at_ns */
};

/* Stable names: "10", "100", "1000", "counter", "led_load", "led_power", "led_reverse". */
const char *mm_output_name(enum mm_output output);

/* The most power whose pulses are not too fast, watts: 450 kW where the fastest output has 10 Wh. */
double mm_pulse_full_w(const struct mm_model *model);

/* Energy per full cycle of an output in µWh; 0 where the model does not have it or it does not follow energy. */
int64_t mm_output_kh_uwh(const struct mm_model *model, enum mm_output output);

/* Level of an energy output at a register value of 0 or more. */
bool mm_output_level(const struct mm_model *model, enum mm_output output, int64_t register_uwh);

/*
 * Moves the output position from *position_uwh towards target_uwh over the window start_ns to end_ns at constant power and
 * gives the edges that lie between, each at its instant. Edges of one output are never closer than MM_PULSE_MIN_NS, exactly and
 * from one window to the next too, as long as windows do not overlap; nor are there more than MM_EDGES_MAX. What does not
 * fit stays owed. A target below the position and a window without length move nothing.
 */
void mm_pulse_advance(const struct mm_model *model, int64_t *position_uwh, int64_t target_uwh, int64_t start_ns, int64_t end_ns,
		      struct mm_edges *ret);

#endif
