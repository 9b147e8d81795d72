/* SPDX-License-Identifier: MIT */
/* A queue of edges in the order of their instants. */
#include "metering/player.h"

#include <assert.h>
#include <string.h>

bool mm_player_has_room(const struct mm_player *player)
{
	return player->count + MM_EDGES_MAX <= MM_PLAYER_LENGTH;
}

void mm_player_add(struct mm_player *player, const struct mm_edges *edges)
{
	assert(player->count + edges->count <= MM_PLAYER_LENGTH);
	for (unsigned i = 0; i < edges->count; i++) {
		player->queue[(player->head + player->count++) % MM_PLAYER_LENGTH] = edges->edge[i];
	}
}

int64_t mm_player_due(const struct mm_player *player)
{
	const struct mm_edge *edge = &player->queue[player->head];
	int64_t due, earliest;

	if (player->count == 0) {
		return INT64_MAX;
	}
	due = edge->at_ns + MM_OUTPUT_DELAY_NS;
	earliest = player->last_ns[edge->output] + MM_PULSE_MIN_NS;
	return due > earliest ? due : earliest;
}

const struct mm_edge *mm_player_first(const struct mm_player *player, int64_t now_ns)
{
	return mm_player_due(player) <= now_ns ? &player->queue[player->head] : NULL;
}

void mm_player_played(struct mm_player *player, int64_t now_ns)
{
	assert(player->count > 0);
	player->last_ns[player->queue[player->head].output] = now_ns;
	player->head = (player->head + 1) % MM_PLAYER_LENGTH;
	player->count--;
}

void mm_player_shift(struct mm_player *player, int64_t uwh)
{
	for (unsigned i = 0; i < player->count; i++) {
		player->queue[(player->head + i) % MM_PLAYER_LENGTH].position_uwh += uwh;
	}
}

int64_t mm_player_position(const struct mm_player *player, int64_t planned_uwh)
{
	return player->count > 0 ? player->queue[player->head].position_uwh - 1 : planned_uwh;
}
