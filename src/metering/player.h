/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_PLAYER_H
#define MM_METERING_PLAYER_H

/*
 * Plays the edges of one meter's outputs at their instants, a fixed delay after the energy that caused them: a window is known
 * only after its end, so the outputs run one window behind. When the loop is late, edges are put off rather than bunched: no
 * output ever changes twice within MM_PULSE_MIN_NS.
 */

#include "core/pulse.h"
#include "core/units.h"

/* From an instant in a window to its edge: one window, the time to read it, and a margin for a slow bus. */
#define MM_OUTPUT_DELAY_NS (1250 * MM_NS_PER_MS)

#define MM_PLAYER_LENGTH 1024

struct mm_player {
	struct mm_edge queue[MM_PLAYER_LENGTH];
	unsigned head, count;
	int64_t last_ns[MM_OUTPUT_COUNT]; /* when each output changed last */
};

/* True when the edges of one more window are sure to fit. */
bool mm_player_has_room(const struct mm_player *player);

/* Queues edges; there must be room. */
void mm_player_add(struct mm_player *player, const struct mm_edges *edges);

/* CLOCK_BOOTTIME at which the first edge is to be played; INT64_MAX: none waits. */
int64_t mm_player_due(const struct mm_player *player);

/* The first edge if it is due at now_ns, or NULL. */
const struct mm_edge *mm_player_first(const struct mm_player *player, int64_t now_ns);

/* Takes the first edge off: it was played at now_ns. */
void mm_player_played(struct mm_player *player, int64_t now_ns);

/* The register was preset by so much: the queued edges lie that much higher, at the same instants. */
void mm_player_shift(struct mm_player *player, int64_t uwh);

/* Energy up to which the outputs have been played, when the queued edges reach up to planned_uwh. */
int64_t mm_player_position(const struct mm_player *player, int64_t planned_uwh);

#endif
