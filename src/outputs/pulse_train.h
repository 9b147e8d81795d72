/* SPDX-License-Identifier: MIT */
#ifndef MM_OUTPUTS_PULSE_TRAIN_H
#define MM_OUTPUTS_PULSE_TRAIN_H

/*
 * The pulses of one meter, from the register to the lines. The invariant, whatever is done to a train (a preset, a power cut, a
 * queue that is full, a loop that is late): planned = played + queued. The queue holds each edge between the position that was
 * played and the one that is planned, once and in order, and played <= planned <= register. What the register has and the lines
 * have not is owed. Only pulse_train.c touches the fields.
 *
 * Edges come a fixed delay after the energy that caused them: a window is known only after its end, so the outputs run one
 * window behind. When the loop is late, edges are put off rather than bunched: no output ever changes twice within
 * MM_PULSE_MIN_NS.
 */

#include "core/pulse.h"
#include "core/units.h"

/* From an instant in a window to its edge: one window, the time to read it, and a margin for a slow bus. */
#define MM_OUTPUT_DELAY_NS (1250 * MM_NS_PER_MS)

#define MM_PULSE_TRAIN_LENGTH 1024

struct mm_pulse_train {
	int64_t register_uwh, planned_uwh; /* delivered energy */
	int64_t window_uwh[2];		   /* energy of the last window, and of the one before */
	/* As the last commit had it; unpaid: edges were owed beyond those of the last windows. */
	struct {
		int64_t register_uwh, played_uwh, window_uwh;
		bool unpaid;
	} committed;
	struct mm_edge queue[MM_PULSE_TRAIN_LENGTH];
	unsigned first, count;
	int64_t last_ns[MM_OUTPUT_COUNT]; /* when each output changed last */
};

/* Nothing is queued; what a register of register_uwh has beyond planned_uwh is owed. */
void mm_pulse_train_init(struct mm_pulse_train *train, int64_t planned_uwh, int64_t register_uwh);

/* Queues an edge again that an earlier run had queued: one below planned_uwh. False: there is no room, or it is out of order. */
bool mm_pulse_train_restore(struct mm_pulse_train *train, const struct mm_edge *edge);

/* The run begins now: nobody knows when the run before changed an output last. */
void mm_pulse_train_start(struct mm_pulse_train *train, int64_t now_ns);

/*
 * The register came to register_uwh in the window from start_ns to end_ns: queues the edges up to there, at a legal rate, as
 * mm_pulse_advance() does. Where they may not fit all of them stay owed until there is room.
 */
void mm_pulse_train_plan(struct mm_pulse_train *train, const struct mm_model *model, int64_t register_uwh, int64_t start_ns,
			 int64_t end_ns);

/* The register was preset by uwh: every position rises by that, at the same instants. */
void mm_pulse_train_preset(struct mm_pulse_train *train, int64_t uwh);

/* CLOCK_BOOTTIME at which the first edge must be played; INT64_MAX: none waits. */
int64_t mm_pulse_train_due(const struct mm_pulse_train *train);

/* The first edge if it is due at now_ns, or NULL. */
const struct mm_edge *mm_pulse_train_first(const struct mm_pulse_train *train, int64_t now_ns);

/* Takes the first edge off: it was played at now_ns. */
void mm_pulse_train_played(struct mm_pulse_train *train, int64_t now_ns);

/* Number of edges that are queued, and each of them. */
unsigned mm_pulse_train_count(const struct mm_pulse_train *train);
const struct mm_edge *mm_pulse_train_edge(const struct mm_pulse_train *train, unsigned index);

int64_t mm_pulse_train_planned_uwh(const struct mm_pulse_train *train);

/* Energy up to which the outputs have been played: a train that begins there plays each of the others once. */
int64_t mm_pulse_train_played_uwh(const struct mm_pulse_train *train);

/* What was played so far is committed: a power cut from now on repeats nothing of it. */
void mm_pulse_train_commit(struct mm_pulse_train *train);

/*
 * Energy of the pulses since the last commit that a power cut would repeat, beyond those of one window. It is never more than the
 * register has gained since then, unless more was owed than the last windows had brought: so the same energy counts once, either
 * as registered or as put out.
 */
int64_t mm_pulse_train_repeatable_uwh(const struct mm_pulse_train *train, const struct mm_model *model);

/* Edges were owed at the last commit, and those of its register are out by now: no later commit may be needed for long. */
bool mm_pulse_train_is_debt_paid(const struct mm_pulse_train *train);

#endif
