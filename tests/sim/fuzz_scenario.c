/* SPDX-License-Identifier: MIT */
/* Fuzz target: a scenario file of any bytes is read or refused with a message, and what was read runs for an hour. */
#include <string.h>

#include "fixture/fuzz.h"
#include "sim/board.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("[board]\nppm = 20\nrepeat = 60\nstart_time = 2025-06-01T00:00:00Z\n[at 0]\nvoltage_a = 120\n"
		     "load_a = 1500 W 0.8 lag\nct_b = reversed on a\n[at 00:00:30]\nfault = stall 20\nload_ab = off\n"),
	MM_FUZZ_SEED("# c\n[board]\nchip=mcp3912 ; c\nnoise=off\nseed=7\n[at 0.5]\ncurrent_shape = burst 2 3\n"
		     "voltage_harmonics=5:40 7:20:180\nerror_a = 1.5 % 0.2 deg -0.3 W\nlead_n=open\nline_ohm=-0e9\n"),
	{NULL, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_error error = {0};
	struct mm_sim_scenario *scenario;
	struct mm_sim_board *board;

	if (mm_sim_scenario_parse("fuzz.ini", (const char *)data, size, &error, &scenario) < 0) {
		MM_FUZZ_CHECK(error.text[0] != '\0' && strchr(error.text, '\n') == NULL);
		return 0;
	}
	if (mm_sim_board_new(scenario, true, 0, &board) == 0) {
		(void)mm_sim_board_advance(board, INT64_C(3600) * 1000000000);
		mm_sim_board_free(board);
	}
	mm_sim_scenario_free(scenario);
	return 0;
}
