/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_SCENARIO_H
#define MM_SIM_SCENARIO_H

/*
 * A scenario: the board's own properties, and its changes by time. It is an INI text with a [board] section and [at TIME]
 * sections, as in minimeter-sim(1).
 */

#include "base/error.h"
#include "sim/chip.h"
#include "sim/state.h"

#define MM_SIM_TIME_MAX_S (10.0 * 366 * 86400)

struct mm_sim_recording;

struct mm_sim_board_config {
	const struct mm_sim_chip *chip;
	double ppm;	      /* positive: the chip's clock is fast */
	uint64_t seed;	      /* of the noise */
	bool noise;	      /* the codes have noise */
	bool has_start;	      /* start_s was given */
	int64_t start_s;      /* CLOCK_REALTIME seconds at board time 0 */
	int64_t clock_set_ns; /* nothing has set CLOCK_REALTIME before that time, */
	double clock_error_s; /* and up to then it is wrong by this */
	int64_t repeat_ns;    /* the scenario starts again after this time; 0: never */
	double voltage_divider;
	double burden_ohm;
	double ct_primary_a;
	double ct_secondary_a;
	double ct_secondary_v; /* of CTs that give volts, without a burden; 0: they give amperes */
	/* Of waveform converters only: */
	double mclk_hz;				  /* nominal master clock of an MCP39xx */
	double gain;				  /* of each channel's amplifier */
	double offset_uv;			  /* of each channel, at the chip's pins */
	bool stores_as_declared;		  /* samples in the declared byte order: the kernel's driver stores others */
	const struct mm_sim_recording *recording; /* at element A, or NULL; it must outlive the board */
};

/* At the chip's pins, where the primary carries its rated current. */
static inline double mm_sim_secondary_v(const struct mm_sim_board_config *board)
{
	return board->ct_secondary_v > 0.0 ? board->ct_secondary_v : board->burden_ohm * board->ct_secondary_a;
}

struct mm_sim_event {
	int64_t time_ns;
	enum mm_sim_key key;
	union mm_sim_value value;
};

struct mm_sim_scenario {
	struct mm_sim_board_config board;
	size_t event_count;
	struct mm_sim_event *events; /* by time */
};

/* The defaults, without an event. Returns 0 or -ENOMEM. */
int mm_sim_scenario_new(struct mm_sim_scenario **ret);

/*
 * Reads a scenario from len bytes of text. name is the file's, for the error. Returns 0, -ENOMEM, or -EINVAL with the error
 * "name:line: field: reason".
 */
int mm_sim_scenario_parse(const char *name, const char *text, size_t len, struct mm_error *error, struct mm_sim_scenario **ret);

/* Reads a scenario file of at most 64 MiB. Returns as above, or -errno of reading it, with its error. */
int mm_sim_scenario_load(const char *path, struct mm_error *error, struct mm_sim_scenario **ret);

/* NULL-safe. */
void mm_sim_scenario_free(struct mm_sim_scenario *scenario);

#endif
