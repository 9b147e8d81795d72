/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_SIM_BENCH_H
#define MM_TESTS_SIM_BENCH_H

/* The simulated board of a scenario, and one client's session with it, without sockets. */

#include "sim/iiod.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define BOARD_START_S 1748736000 /* 2025-06-01 00:00 UTC */

struct fixture {
	struct mm_sim_scenario *scenario;
	struct mm_sim_board *board;
	struct mm_sim_session session;
};

/* The text is a scenario's; stepped: the client moves the clock. */
struct fixture *start(const char *text, bool stepped);
void stop(struct fixture *f);

/* Feeds a fuzz target a text of so many bytes 5000 times, a few of them knocked into one of 16 others and the end cut off
 * anywhere. */
void mangle(const char *text, size_t size, const char others[static 16], int (*target)(const uint8_t *data, size_t size));

/* Sets a key as a client does. */
void override(struct fixture *f, enum mm_sim_key key, const char *text);

#endif
