/* SPDX-License-Identifier: MIT */
/* The player: edges at their instants, late ones put off and never bunched, positions for the register. */
#include <check.h>
#include <stdlib.h>

#include "metering/player.h"
#include "fixture/suite.h"

static struct mm_player player;

static void setup(void)
{
	player = (struct mm_player){0};
}

static struct mm_edge edge(int64_t at_ms, enum mm_output output, bool level, int64_t position_wh)
{
	return (struct mm_edge){
		.at_ns = at_ms * MM_NS_PER_MS, .position_uwh = position_wh * MM_UWH_PER_WH, .output = output, .level = level};
}

/* Plays the first edge if it is due. */
static bool play(int64_t now_ns)
{
	if (!mm_player_first(&player, now_ns)) {
		return false;
	}
	mm_player_played(&player, now_ns);
	return true;
}

static void add(struct mm_edge e)
{
	struct mm_edges edges = {.count = 1, .edge = {e}};

	mm_player_add(&player, &edges);
}

START_TEST(an_edge_waits_for_its_delay)
{
	int64_t due;

	ck_assert_int_eq(mm_player_due(&player), INT64_MAX);
	add(edge(10000, MM_OUTPUT_10, true, 5));
	ck_assert_int_eq(mm_player_due(&player), 10000 * MM_NS_PER_MS + MM_OUTPUT_DELAY_NS);
	due = mm_player_due(&player);
	ck_assert_ptr_null(mm_player_first(&player, due - 1));
	ck_assert_int_eq(mm_player_first(&player, due)->position_uwh, 5 * MM_UWH_PER_WH);
	mm_player_played(&player, due);
	ck_assert_int_eq(mm_player_due(&player), INT64_MAX);
}
END_TEST

START_TEST(late_edges_of_one_output_keep_their_distance)
{
	int64_t late = 20000 * MM_NS_PER_MS;

	add(edge(10000, MM_OUTPUT_10, true, 5));
	add(edge(10100, MM_OUTPUT_10, false, 10));
	ck_assert(play(late));
	ck_assert(!play(late));
	ck_assert_int_eq(mm_player_due(&player), late + MM_PULSE_MIN_NS);
	ck_assert(play(late + MM_PULSE_MIN_NS));
}
END_TEST

START_TEST(late_edges_of_different_outputs_go_together)
{
	int64_t late = 20000 * MM_NS_PER_MS;

	add(edge(10000, MM_OUTPUT_10, true, 5));
	add(edge(10000, MM_OUTPUT_LED_LOAD, true, 5));
	ck_assert(play(late));
	ck_assert(play(late));
}
END_TEST

START_TEST(the_position_is_what_has_been_played)
{
	ck_assert_int_eq(mm_player_position(&player, 7), 7);
	add(edge(10000, MM_OUTPUT_10, true, 5));
	/* Just short of the edge that has not been played: a restart from here plays it once. */
	ck_assert_int_eq(mm_player_position(&player, 6 * MM_UWH_PER_WH), 5 * MM_UWH_PER_WH - 1);
	ck_assert(play(INT64_MAX));
	ck_assert_int_eq(mm_player_position(&player, 6 * MM_UWH_PER_WH), 6 * MM_UWH_PER_WH);
}
END_TEST

START_TEST(room_is_kept_for_a_whole_window)
{
	struct mm_edges full = {.count = MM_EDGES_MAX};
	unsigned windows = 0;

	for (unsigned i = 0; i < MM_EDGES_MAX; i++) {
		full.edge[i] = edge(i * 100, MM_OUTPUT_10, i % 2 == 0, i * 5);
	}
	while (mm_player_has_room(&player)) {
		mm_player_add(&player, &full);
		windows++;
	}
	ck_assert_uint_eq(windows, MM_PLAYER_LENGTH / MM_EDGES_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("player");
	TCase *tc = tcase_create("player");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, an_edge_waits_for_its_delay);
	tcase_add_test(tc, late_edges_of_one_output_keep_their_distance);
	tcase_add_test(tc, late_edges_of_different_outputs_go_together);
	tcase_add_test(tc, the_position_is_what_has_been_played);
	tcase_add_test(tc, room_is_kept_for_a_whole_window);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
