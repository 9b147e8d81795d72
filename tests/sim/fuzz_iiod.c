/* SPDX-License-Identifier: MIT */
/* Fuzz target: a client that says anything, in pieces of any size, to a board of its own. The first byte chooses the size and the
 * chip. */
#include "sim/iiod.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void converse(struct mm_sim_session *session, struct mm_sim_board *board, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0 && !session->closing) {
		size_t room = sizeof(session->in) - session->in_len;
		size_t len = size < piece ? size : piece;

		len = len < room ? len : room;
		if (len == 0) {
			/* A complete request always fits, so a full buffer must have been worked off. */
			abort();
		}
		memcpy(session->in + session->in_len, data, len);
		session->in_len += len;
		data += len;
		size -= len;
		/* On a stepped board a read under way goes on at once. */
		while (mm_sim_session_run(session, board) || session->resume_ns > 0) {
			session->out_start = session->out_len;
		}
		session->out_start = session->out_len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const chips[] = {"ade9000", "mcp3912", "ads131e08"};
	struct mm_sim_session *session = malloc(sizeof(*session));
	struct mm_sim_scenario *scenario = NULL;
	struct mm_sim_board *board = NULL;

	if (size > 0 && session && mm_sim_scenario_new(&scenario) == 0) {
		scenario->board.chip = mm_sim_chip_find(chips[data[0] % 3]);
		if (mm_sim_board_new(scenario, true, 0, &board) == 0) {
			mm_sim_session_init(session);
			converse(session, board, data + 1, size - 1, (size_t)data[0] + 1);
			mm_sim_session_end(session, board);
		}
	}
	mm_sim_board_free(board);
	mm_sim_scenario_free(scenario);
	free(session);
	return 0;
}
