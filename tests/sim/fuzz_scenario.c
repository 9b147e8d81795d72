/* SPDX-License-Identifier: MIT */
/* Fuzz target: a scenario file of any bytes is read or refused with a message, and what was read plays for an hour. */
#include "sim/board.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_error error = {0};
	struct mm_sim_scenario *scenario;
	struct mm_sim_board *board;

	if (mm_sim_scenario_parse("fuzz.ini", (const char *)data, size, &error, &scenario) < 0) {
		if (error.text[0] == '\0' || strchr(error.text, '\n')) {
			abort();
		}
		return 0;
	}
	if (mm_sim_board_new(scenario, true, 0, &board) == 0) {
		(void)mm_sim_board_advance(board, INT64_C(3600) * 1000000000);
		mm_sim_board_free(board);
	}
	mm_sim_scenario_free(scenario);
	return 0;
}
