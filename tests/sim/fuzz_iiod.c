/* SPDX-License-Identifier: MIT */
/* Fuzz target: a client that says anything, in pieces of any size, to a board of its own. The first byte chooses the size and the
 * chip. */
#include <stdlib.h>
#include <string.h>

#include "fixture/fuzz.h"
#include "sim/iiod.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("~VERSION\r\nPRINT\r\nREAD iio:device0 INPUT energy0 active_raw\r\nREAD iio:device1\r\n"
		     "WRITE iio:device1 time_ns 10\r\n1000000000WRITE iio:device1 fault 9\r\nstall 250\r\n"
		     "READ iio:device0 INPUT power0\r\nEXIT\r\n"),
	MM_FUZZ_SEED("\x1fSETTRIG iio:device0 trigger0\r\nOPEN iio:device0 40 00000013\r\nREADBUF iio:device0 640\r\n"
		     "TIMEOUT 5\r\nREADBUF iio:device0 9999\r\nCLOSE iio:device0\r\n"),
	MM_FUZZ_SEED(" GETTRIG ads131e08\nSET iio:device0 BUFFERS_COUNT 9\nOPEN iio:device0 1 00000001\n"
		     "READ iio:device0 INPUT voltage0 \nWRITE iio:device0 BUFFER enable 2\n1\0READBUF iio:device0 4\n"),
	{NULL, 0},
};

static void converse(struct mm_sim_session *session, struct mm_sim_board *board, const uint8_t *data, size_t size, size_t piece)
{
	while (size > 0 && !session->closing) {
		size_t room = sizeof(session->in) - session->in_len;
		size_t len = size < piece ? size : piece;

		len = len < room ? len : room;
		/* A complete request always fits, so a full buffer cannot stay full. */
		MM_FUZZ_CHECK(len > 0);
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
