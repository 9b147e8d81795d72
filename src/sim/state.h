/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_STATE_H
#define MM_SIM_STATE_H

/*
 * What a scenario or a client can change while the board runs: supply, loads, wiring and the board's fault. Each is a key with a
 * name and a value, which has a form as one line of text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/wave.h"

#define MM_SIM_LINES 3 /* A, B and C: the chip's phases */
#define MM_SIM_NEUTRAL MM_SIM_LINES
#define MM_SIM_VALUE_TEXT_MAX 64

/* A load: its power is the same at any voltage, and 0 on a dead line. */
struct mm_sim_load {
	double active_w;     /* negative: it generates */
	double reactive_var; /* positive: lagging (inductive) */
};

/* A voltage lead of the meter: it has one to each line and one to the neutral. */
struct mm_sim_lead {
	unsigned conductor; /* a line, 0 to 2, or MM_SIM_NEUTRAL */
	bool open;
};

/* The current transformer of one element. */
struct mm_sim_ct {
	unsigned line; /* the line around which it is, 0 to 2 */
	bool reversed;
	bool open;
};

/* The error of an element's current channel. */
struct mm_sim_error {
	double ratio_percent; /* positive: it reads high */
	double phase_deg;     /* positive: it leads the primary current */
	double offset_w;      /* leakage from the voltage, at MM_SIM_OFFSET_V; it goes by the square of the voltage */
};

#define MM_SIM_OFFSET_V 120.0

enum mm_sim_fault_kind {
	MM_SIM_FAULT_NONE,
	MM_SIM_FAULT_FROZEN,	  /* the driver's register cache: each register repeats its first reading */
	MM_SIM_FAULT_STALL,	  /* each register, or block of samples, needs number ms to read */
	MM_SIM_FAULT_EIO,	  /* the bus fails */
	MM_SIM_FAULT_VANISHED,	  /* the device is gone */
	MM_SIM_FAULT_STUCK,	  /* energy no longer latches, rms lives on; a converter repeats one code */
	MM_SIM_FAULT_IMPLAUSIBLE, /* rms codes above full scale; a converter is driven to its rails */
	MM_SIM_FAULT_NO_SCALE,	  /* scales read 0 */
	/* Of waveform converters only: */
	MM_SIM_FAULT_SWAPPED,	 /* the inputs of voltage and current change places */
	MM_SIM_FAULT_RATE,	 /* the master clock has number percent of its frequency */
	MM_SIM_FAULT_LOSING,	 /* one sample in number is lost */
	MM_SIM_FAULT_NO_TRIGGER, /* data-ready does not come */
	MM_SIM_FAULT_NO_CHANNEL, /* the driver does not know the last channel */
	MM_SIM_FAULT_RESTARTED,	 /* a chip that counts lost its power for a moment, and begins at 0 */
	MM_SIM_FAULT_COUNT,
};

struct mm_sim_fault {
	enum mm_sim_fault_kind kind;
	unsigned number;
};

struct mm_sim_state {
	double voltage_v[MM_SIM_LINES]; /* rms to neutral, without load */
	double lag_deg[MM_SIM_LINES];	/* behind the zero of line A */
	struct mm_sim_load load[MM_SIM_LINES];
	struct mm_sim_load load_ab; /* between lines A and B */
	double line_ohm;	    /* resistance of each supply conductor, the neutral's as well */
	struct mm_sim_lead lead[MM_SIM_LINES + 1];
	struct mm_sim_ct ct[MM_SIM_LINES];
	struct mm_sim_error error[MM_SIM_LINES];
	double frequency_hz;
	struct mm_sim_wave wave; /* of all lines alike */
	struct mm_sim_fault fault;
};

/* Each key: its number, its name, and what state.c knows of its values. */
#define MM_SIM_KEYS(X)                                                                                                           \
	X(VOLTAGE_A, "voltage_a", VOLTAGE(0))                                                                                    \
	X(VOLTAGE_B, "voltage_b", VOLTAGE(1))                                                                                    \
	X(VOLTAGE_C, "voltage_c", VOLTAGE(2))                                                                                    \
	X(PHASE_A, "phase_a", PHASE(0))                                                                                          \
	X(PHASE_B, "phase_b", PHASE(1))                                                                                          \
	X(PHASE_C, "phase_c", PHASE(2))                                                                                          \
	X(FREQUENCY, "frequency_hz", FREQUENCY)                                                                                  \
	X(LOAD_A, "load_a", LOAD(load[0]))                                                                                       \
	X(LOAD_B, "load_b", LOAD(load[1]))                                                                                       \
	X(LOAD_C, "load_c", LOAD(load[2]))                                                                                       \
	X(LOAD_AB, "load_ab", LOAD(load_ab))                                                                                     \
	X(LINE_OHM, "line_ohm", OHM)                                                                                             \
	X(LEAD_A, "lead_a", LEAD(0))                                                                                             \
	X(LEAD_B, "lead_b", LEAD(1))                                                                                             \
	X(LEAD_C, "lead_c", LEAD(2))                                                                                             \
	X(LEAD_N, "lead_n", LEAD(MM_SIM_NEUTRAL))                                                                                \
	X(CT_A, "ct_a", CT(0))                                                                                                   \
	X(CT_B, "ct_b", CT(1))                                                                                                   \
	X(CT_C, "ct_c", CT(2))                                                                                                   \
	X(ERROR_A, "error_a", ERROR(0))                                                                                          \
	X(ERROR_B, "error_b", ERROR(1))                                                                                          \
	X(ERROR_C, "error_c", ERROR(2))                                                                                          \
	X(VOLTAGE_HARMONICS, "voltage_harmonics", HARMONICS(wave.voltage))                                                       \
	X(CURRENT_HARMONICS, "current_harmonics", HARMONICS(wave.current))                                                       \
	X(CURRENT_SHAPE, "current_shape", SHAPE)                                                                                 \
	X(FAULT, "fault", FAULT)

#define MM_SIM_KEY_NUMBER(id, ...) MM_SIM_##id,

enum mm_sim_key {
	MM_SIM_KEYS(MM_SIM_KEY_NUMBER) MM_SIM_KEY_COUNT,
};

union mm_sim_value {
	double number;
	struct mm_sim_load load;
	struct mm_sim_lead lead;
	struct mm_sim_ct ct;
	struct mm_sim_error error;
	struct mm_sim_harmonics harmonics;
	struct mm_sim_shape shape;
	struct mm_sim_fault fault;
};

/* A split-phase supply of 120 V at 60 Hz on lines A and B, nothing on C, no load, all wired right. */
void mm_sim_state_init(struct mm_sim_state *state);

/* The key of that name: "voltage_a", "load_ab", "fault", ...; -ENOENT. */
int mm_sim_key_find(const char *name, enum mm_sim_key *ret);

/* Reads a key's value from its text. -EINVAL: ret_reason (static) says what the value must be. */
int mm_sim_value_parse(enum mm_sim_key key, const char *text, union mm_sim_value *ret, const char **ret_reason);

void mm_sim_state_set(struct mm_sim_state *state, enum mm_sim_key key, const union mm_sim_value *value);

/* Writes the text of a key's value as mm_sim_value_parse() reads it. */
void mm_sim_state_format(const struct mm_sim_state *state, enum mm_sim_key key, char ret[static MM_SIM_VALUE_TEXT_MAX]);

#endif
