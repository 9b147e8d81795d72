/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_BOARD_H
#define MM_SIM_BOARD_H

/*
 * The board over time: it runs the scenario, latches the chip's energy windows, keeps the truth and has the faults. It has no
 * clock: its caller moves the time. All times are nanoseconds since the scenario's start.
 */

#include "sim/ade9000.h"
#include "sim/stream.h"

struct mm_sim_board;

/* The energy of the loads, and the one at the elements' inputs, since time 0: exact integrals without windows and noise. */
struct mm_sim_truth {
	int64_t load_uwh[MM_SIM_LINES]; /* by line */
	int64_t seen_uwh[MM_SIM_LINES]; /* by element, through its current transformer, wiring and errors; net and signed */
	int64_t load_total_uwh;
};

/* The longest single move of the board. */
#define MM_SIM_ADVANCE_MAX_NS (INT64_C(366) * 86400 * 1000000000)

/* scenario must outlive the board. start_s: CLOCK_REALTIME seconds at time 0. Returns 0 or -ENOMEM. */
int mm_sim_board_new(const struct mm_sim_scenario *scenario, bool stepped, int64_t start_s, struct mm_sim_board **ret);

/* NULL-safe. */
void mm_sim_board_free(struct mm_sim_board *board);

/* Moves the board on to a time; an earlier one does nothing. -ERANGE for a move of more than MM_SIM_ADVANCE_MAX_NS. */
int mm_sim_board_advance(struct mm_sim_board *board, int64_t time_ns);

int64_t mm_sim_board_time(const struct mm_sim_board *board);
int64_t mm_sim_board_start(const struct mm_sim_board *board);
const struct mm_sim_board_config *mm_sim_board_config(const struct mm_sim_board *board);
bool mm_sim_board_stepped(const struct mm_sim_board *board);

/* Energy windows that have ended so far. */
uint64_t mm_sim_board_windows(const struct mm_sim_board *board);

/* The board's chip, and its stream of samples: NULL for a chip without one. */
const struct mm_sim_chip *mm_sim_board_chip(const struct mm_sim_board *board);
struct mm_sim_stream *mm_sim_board_stream(struct mm_sim_board *board);

/* Converts one channel now. Returns 0, or -ENODEV or -EIO by the present fault. */
int mm_sim_board_convert(struct mm_sim_board *board, unsigned channel, int32_t *ret);

/* The present state, by the scenario and the overrides. */
const struct mm_sim_state *mm_sim_board_state(const struct mm_sim_board *board);

void mm_sim_board_truth(const struct mm_sim_board *board, struct mm_sim_truth *ret);

/* Overrides one key of the scenario from now on; NULL ends that. */
void mm_sim_board_override(struct mm_sim_board *board, enum mm_sim_key key, const union mm_sim_value *value);

/* What a chip that counts has counted up to the end of the last window. */
struct mm_sim_counts {
	uint32_t epoch;
	uint64_t windows; /* since time 0 */
	int64_t end_ns;
	int64_t count[MM_SIM_ENERGIES][MM_SIM_LINES];
};

/*
 * 0; -ENODEV or -EIO by the present fault; -ENODATA: no window has ended yet; -ESTALE: none since the chip restarted; -ETIME:
 * none ends any more.
 */
int mm_sim_board_counts(const struct mm_sim_board *board, struct mm_sim_counts *ret);

/* Reads a chip's register through the driver. Returns 0, or -ENODEV or -EIO by the present fault. The caller waits for a stall.
 */
int mm_sim_board_read(struct mm_sim_board *board, enum mm_sim_register which, unsigned phase, int64_t *ret);

#endif
