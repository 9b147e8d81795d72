/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_BOARD_H
#define MM_SIM_BOARD_H

/*
 * The board over time: plays the scenario, latches the chip's energy windows, keeps the truth and stages the faults. It has no
 * clock: somebody says what time it is. All times are nanoseconds since the scenario's start.
 */

#include "sim/ade9000.h"
#include "sim/stream.h"

struct mm_sim_board;

/* What the loads drew and the elements were shown since time 0: exact integrals, no windows, no noise. */
struct mm_sim_truth {
	int64_t load_uwh[MM_SIM_LINES]; /* by line */
	int64_t seen_uwh[MM_SIM_LINES]; /* by element, through its current transformer, wiring and errors; net and signed */
	int64_t load_total_uwh;
};

/* One move of the board at most: it is computed in one go. */
#define MM_SIM_ADVANCE_MAX_NS (INT64_C(366) * 86400 * 1000000000)

/* scenario must outlive the board. start_s: CLOCK_REALTIME seconds at time 0. Returns 0 or -ENOMEM. */
int mm_sim_board_new(const struct mm_sim_scenario *scenario, bool stepped, int64_t start_s, struct mm_sim_board **ret);

/* NULL-safe. */
void mm_sim_board_free(struct mm_sim_board *board);

/* Moves on to a time; an earlier one does nothing. -ERANGE for a move of more than MM_SIM_ADVANCE_MAX_NS. */
int mm_sim_board_advance(struct mm_sim_board *board, int64_t time_ns);

int64_t mm_sim_board_time(const struct mm_sim_board *board);
int64_t mm_sim_board_start(const struct mm_sim_board *board);
bool mm_sim_board_stepped(const struct mm_sim_board *board);

/* Energy windows that have ended so far. */
uint64_t mm_sim_board_windows(const struct mm_sim_board *board);

/* The board's chip, and its converter at work; NULL for a chip that has none. */
const struct mm_sim_chip *mm_sim_board_chip(const struct mm_sim_board *board);
struct mm_sim_stream *mm_sim_board_stream(struct mm_sim_board *board);

/* One conversion of a converter's channel just now: 0, -ENODEV or -EIO by the present fault. */
int mm_sim_board_convert(struct mm_sim_board *board, unsigned channel, int32_t *ret);

/* What the scenario and the live switches make of the board just now. */
const struct mm_sim_state *mm_sim_board_state(const struct mm_sim_board *board);

void mm_sim_board_truth(const struct mm_sim_board *board, struct mm_sim_truth *ret);

/* Overrides one key from now on, whatever the scenario says; NULL gives it back to the scenario. */
void mm_sim_board_override(struct mm_sim_board *board, enum mm_sim_key key, const union mm_sim_value *value);

/* Reads a chip's register through the driver: 0, -ENODEV or -EIO by the present fault. A stall is the caller's to wait for. */
int mm_sim_board_read(struct mm_sim_board *board, enum mm_sim_register which, unsigned phase, int64_t *ret);

#endif
