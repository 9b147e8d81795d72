/* SPDX-License-Identifier: MIT */
#include "sim_bench.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct fixture *start(const char *text, bool stepped)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[MM_SIM_ERROR_MAX] = "";

	ck_assert_ptr_nonnull(f);
	ck_assert_msg(mm_sim_scenario_parse("t.ini", text, strlen(text), &f->scenario, error) == 0, "%s", error);
	ck_assert_int_eq(mm_sim_board_new(f->scenario, stepped, BOARD_START_S, &f->board), 0);
	mm_sim_session_init(&f->session);
	return f;
}

void stop(struct fixture *f)
{
	mm_sim_session_end(&f->session, f->board);
	mm_sim_board_free(f->board);
	mm_sim_scenario_free(f->scenario);
	free(f);
}

void mangle(const char *text, size_t size, const char others[static 16], int (*target)(const uint8_t *data, size_t size))
{
	uint8_t *copy = malloc(size);
	uint32_t dice = 1;

	ck_assert_ptr_nonnull(copy);
	for (unsigned round = 0; round < 5000; round++) {
		memcpy(copy, text, size);
		for (unsigned i = 0; i <= round % 4; i++) {
			dice = dice * 1664525 + 1013904223;
			copy[(dice >> 8) % size] = (uint8_t)others[(dice >> 4) % 16];
		}
		ck_assert_int_eq(target(copy, (dice >> 16) % (size + 1)), 0);
	}
	free(copy);
}

void override(struct fixture *f, enum mm_sim_key key, const char *text)
{
	union mm_sim_value value;
	const char *reason;

	ck_assert_int_eq(mm_sim_value_parse(key, text, &value, &reason), 0);
	mm_sim_board_override(f->board, key, &value);
}
