/* SPDX-License-Identifier: MIT */
/*
 * A train of pulses: edges at their instants, late ones put off and never bunched; and whatever is done to it, what is planned is
 * what was played and what is queued.
 */
#include "outputs/pulse_train.h"

#include <check.h>
#include <stdlib.h>

#include "fixture/random.h"
#include "fixture/suite.h"

static const struct mm_model coarse = {.elements = 2, .kh_wh = 10};
static const struct mm_model fine = {.elements = 2, .kh_wh = 10, .fine_pulses = true};

static struct mm_edge edge(int64_t at_ms, enum mm_output output, bool level, int64_t position_wh)
{
	return (struct mm_edge){
		.at_ns = at_ms * MM_NS_PER_MS, .position_uwh = position_wh * MM_UWH_PER_WH, .output = output, .level = level};
}

/* A train that has the edges queued, up to 99 Wh. */
static struct mm_pulse_train *make(const struct mm_edge *edges, unsigned count)
{
	struct mm_pulse_train *train = malloc(sizeof(*train));

	ck_assert_ptr_nonnull(train);
	mm_pulse_train_init(train, 99 * MM_UWH_PER_WH, 99 * MM_UWH_PER_WH);
	for (unsigned i = 0; i < count; i++) {
		ck_assert(mm_pulse_train_restore(train, &edges[i]));
	}
	return train;
}

/* Plays the first edge if it is due. */
static bool play(struct mm_pulse_train *train, int64_t now_ns)
{
	if (!mm_pulse_train_first(train, now_ns)) {
		return false;
	}
	mm_pulse_train_played(train, now_ns);
	return true;
}

START_TEST(an_edge_waits_for_its_delay)
{
	struct mm_edge one = edge(10000, MM_OUTPUT_10, true, 5);
	struct mm_pulse_train *train = make(&one, 1);
	int64_t due = mm_pulse_train_due(train);

	ck_assert_int_eq(due, 10000 * MM_NS_PER_MS + MM_OUTPUT_DELAY_NS);
	ck_assert_ptr_null(mm_pulse_train_first(train, due - 1));
	ck_assert_int_eq(mm_pulse_train_first(train, due)->position_uwh, 5 * MM_UWH_PER_WH);
	mm_pulse_train_played(train, due);
	ck_assert_int_eq(mm_pulse_train_due(train), INT64_MAX);
	free(train);
}
END_TEST

START_TEST(late_edges_of_one_output_keep_their_distance)
{
	struct mm_edge two[] = {edge(10000, MM_OUTPUT_10, true, 5), edge(10100, MM_OUTPUT_10, false, 10)};
	struct mm_pulse_train *train = make(two, 2);
	int64_t late = 20000 * MM_NS_PER_MS;

	ck_assert(play(train, late));
	ck_assert(!play(train, late));
	ck_assert_int_eq(mm_pulse_train_due(train), late + MM_PULSE_MIN_NS);
	ck_assert(play(train, late + MM_PULSE_MIN_NS));
	free(train);
}
END_TEST

START_TEST(late_edges_of_different_outputs_go_together)
{
	struct mm_edge two[] = {edge(10000, MM_OUTPUT_10, true, 5), edge(10000, MM_OUTPUT_LED_LOAD, true, 5)};
	struct mm_pulse_train *train = make(two, 2);
	int64_t late = 20000 * MM_NS_PER_MS;

	ck_assert(play(train, late));
	ck_assert(play(train, late));
	free(train);
}
END_TEST

START_TEST(no_edge_comes_right_after_the_start)
{
	struct mm_edge one = edge(10000, MM_OUTPUT_10, true, 5);
	struct mm_pulse_train *train = make(&one, 1);
	int64_t late = 20000 * MM_NS_PER_MS;

	mm_pulse_train_start(train, late);
	ck_assert_int_eq(mm_pulse_train_due(train), late + MM_PULSE_MIN_NS);
	free(train);
}
END_TEST

START_TEST(the_position_is_what_has_been_played)
{
	struct mm_edge one = edge(10000, MM_OUTPUT_10, true, 5);
	struct mm_pulse_train *train = make(&one, 1);

	/* Just short of the edge that has not been played: a restart from here plays it once. */
	ck_assert_int_eq(mm_pulse_train_played_uwh(train), 5 * MM_UWH_PER_WH - 1);
	ck_assert(play(train, INT64_MAX));
	ck_assert_int_eq(mm_pulse_train_played_uwh(train), 99 * MM_UWH_PER_WH);
	free(train);
}
END_TEST

START_TEST(what_is_out_of_order_is_not_restored)
{
	struct mm_edge two[] = {edge(10000, MM_OUTPUT_10, false, 10), edge(10100, MM_OUTPUT_10, true, 15)};
	struct mm_edge back = edge(10200, MM_OUTPUT_10, false, 10), beyond = edge(10200, MM_OUTPUT_10, false, 100);
	struct mm_pulse_train *train = make(two, 2);

	ck_assert(!mm_pulse_train_restore(train, &back));
	ck_assert(!mm_pulse_train_restore(train, &beyond));
	ck_assert_uint_eq(mm_pulse_train_count(train), 2);
	while (mm_pulse_train_restore(train, &two[1])) {
	}
	ck_assert_uint_eq(mm_pulse_train_count(train), MM_PULSE_TRAIN_LENGTH);
	free(train);
}
END_TEST

/* What the outputs had not played before a stop is played after it. */
START_TEST(owed_pulses)
{
	struct mm_pulse_train *train = make(NULL, 0);

	mm_pulse_train_init(train, 6 * MM_UWH_PER_WH, 12 * MM_UWH_PER_WH);
	mm_pulse_train_plan(train, &coarse, 12 * MM_UWH_PER_WH, 0, MM_NS_PER_S);
	ck_assert_uint_eq(mm_pulse_train_count(train), 2);
	ck_assert_int_eq(mm_pulse_train_planned_uwh(train), 12 * MM_UWH_PER_WH);
	free(train);
}
END_TEST

/* A preset is no energy: the next edges are those of output 10 and the load LED at 20 Wh, as without it. */
START_TEST(a_preset_brings_no_edge)
{
	int64_t preset = INT64_C(123456700) * MM_UWH_PER_WH;
	struct mm_pulse_train *train = make(NULL, 0);

	mm_pulse_train_init(train, 17 * MM_UWH_PER_WH, 17 * MM_UWH_PER_WH);
	mm_pulse_train_preset(train, preset);
	mm_pulse_train_plan(train, &fine, preset + 20 * MM_UWH_PER_WH, 0, MM_NS_PER_S);
	ck_assert_uint_eq(mm_pulse_train_count(train), 2);
	ck_assert_int_eq(mm_pulse_train_edge(train, 0)->position_uwh, preset + 20 * MM_UWH_PER_WH);
	free(train);
}
END_TEST

START_TEST(a_preset_pays_nothing_of_what_is_owed)
{
	struct mm_pulse_train *train = make(NULL, 0);

	mm_pulse_train_init(train, 6 * MM_UWH_PER_WH, 12 * MM_UWH_PER_WH);
	mm_pulse_train_start(train, 0);
	mm_pulse_train_plan(train, &coarse, 12 * MM_UWH_PER_WH, 0, MM_NS_PER_S);
	ck_assert(!mm_pulse_train_is_debt_paid(train));
	mm_pulse_train_preset(train, 1000 * MM_UWH_PER_WH);
	ck_assert(!mm_pulse_train_is_debt_paid(train));
	ck_assert_int_eq(mm_pulse_train_repeatable_uwh(train, &coarse), 0);
	while (mm_pulse_train_count(train) > 0) {
		ck_assert(play(train, mm_pulse_train_due(train)));
	}
	ck_assert(mm_pulse_train_is_debt_paid(train));
	ck_assert_int_eq(mm_pulse_train_repeatable_uwh(train, &coarse), 4 * MM_UWH_PER_WH);
	mm_pulse_train_commit(train);
	ck_assert(!mm_pulse_train_is_debt_paid(train));
	ck_assert_int_eq(mm_pulse_train_repeatable_uwh(train, &coarse), 0);
	free(train);
}
END_TEST

/* Plays what is due until then; no edge may call for a commit. */
static void play_steadily(struct mm_pulse_train *train, int64_t until_ns, int64_t commit_uwh)
{
	bool right = true;

	while (mm_pulse_train_due(train) <= until_ns) {
		mm_pulse_train_played(train, mm_pulse_train_due(train));
		right = right && mm_pulse_train_repeatable_uwh(train, &coarse) < commit_uwh &&
			!mm_pulse_train_is_debt_paid(train);
	}
	ck_assert(right);
}

/* Commits at the ends of windows, whenever energy is due: pulses call for none of their own. */
START_TEST(a_steady_load_needs_no_commit_for_its_pulses)
{
	static const double loads_w[] = {0, 150, 1234.5, 3000, 7200, 14399, 14400, 14401, 25000, 48000, 121440};
	const int64_t commit_uwh = 8 * MM_UWH_PER_WH, delay_ns = 200 * MM_NS_PER_MS;

	for (int i = 0; i < MM_COUNT_OF(loads_w); i++) {
		int64_t window_uwh = (int64_t)(loads_w[i] * MM_UWH_PER_WS), committed = 0, now = 1000 * MM_NS_PER_S;
		struct mm_pulse_train *train = make(NULL, 0);

		mm_pulse_train_init(train, 0, 0);
		mm_pulse_train_start(train, now);
		for (int64_t n = 1; n < 500; n++) {
			now += MM_NS_PER_S;
			play_steadily(train, now + delay_ns, commit_uwh);
			mm_pulse_train_plan(train, &fine, n * window_uwh, now - MM_NS_PER_S, now);
			if ((n + 1) * window_uwh - committed >= commit_uwh) {
				mm_pulse_train_commit(train);
				committed = n * window_uwh;
			}
		}
		free(train);
	}
}
END_TEST

/* ---- Whatever is done to it ---- */

/* A train beside the truth: what the register has, and each edge that lines have seen. */
struct trial {
	struct mm_pulse_train *train;
	const struct mm_model *model;
	uint64_t random;
	int64_t now_ns, register_uwh;
	int64_t begin_uwh;			 /* where the lines began, with all presets since */
	unsigned edges[MM_OUTPUT_ENERGY_COUNT];	 /* played since */
	int64_t last_ns[MM_OUTPUT_ENERGY_COUNT]; /* of each output */
};

/* Edges of an output between two positions. */
static int64_t edges_between(const struct mm_model *model, enum mm_output output, int64_t from_uwh, int64_t to_uwh)
{
	int64_t half = mm_output_kh_uwh(model, output) / 2;

	return half == 0 ? 0 : to_uwh / half - from_uwh / half;
}

static void assert_invariant(const struct trial *trial)
{
	const struct mm_pulse_train *train = trial->train;
	int64_t played = mm_pulse_train_played_uwh(train), planned = mm_pulse_train_planned_uwh(train), last = played;
	unsigned queued[MM_OUTPUT_ENERGY_COUNT] = {0};
	bool right = true;

	ck_assert_int_le(played, planned);
	ck_assert_int_le(planned, trial->register_uwh);
	for (unsigned i = 0; i < mm_pulse_train_count(train); i++) {
		const struct mm_edge *e = mm_pulse_train_edge(train, i);

		right = right && e->position_uwh >= last && e->position_uwh <= planned &&
			e->level == mm_output_level(trial->model, e->output, e->position_uwh);
		last = e->position_uwh;
		queued[e->output]++;
	}
	ck_assert(right);
	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		/* Each edge is played once or queued once. */
		ck_assert_int_eq(trial->edges[o] + queued[o], edges_between(trial->model, o, trial->begin_uwh, planned));
	}
}

static void trial_window(struct trial *trial)
{
	static const double watts[] = {0, 150, 3000, 121440, 900000};
	int64_t length =
		mm_random(&trial->random) % 8 == 0 ? (int64_t)(mm_random(&trial->random) % (20 * MM_NS_PER_S)) : MM_NS_PER_S;

	trial->register_uwh += (int64_t)(mm_random_between(&trial->random, 0, watts[mm_random(&trial->random) % 5]) *
					 (double)length / MM_NS_PER_S * MM_UWH_PER_WS);
	mm_pulse_train_plan(trial->train, trial->model, trial->register_uwh, trial->now_ns, trial->now_ns + length);
	trial->now_ns += length;
}

/* Plays what is due, up to an instant; a loop that is late looks seldom. */
static void trial_play(struct trial *trial, int64_t until_ns, int64_t late_ns)
{
	int64_t now = trial->now_ns;
	bool right = true;

	while (mm_pulse_train_due(trial->train) <= until_ns) {
		const struct mm_edge *e;

		now = mm_pulse_train_due(trial->train) > now ? mm_pulse_train_due(trial->train) : now;
		now += late_ns;
		while ((e = mm_pulse_train_first(trial->train, now))) {
			right = right && now - trial->last_ns[e->output] >= MM_PULSE_MIN_NS &&
				now >= e->at_ns + MM_OUTPUT_DELAY_NS;
			trial->last_ns[e->output] = now;
			trial->edges[e->output]++;
			mm_pulse_train_played(trial->train, now);
		}
	}
	ck_assert(right);
	trial->now_ns = now > until_ns ? now : until_ns;
}

/* A power cut, some time after a commit: what was played since is repeated, and counts no more. */
static void trial_power_cut(struct trial *trial)
{
	int64_t played = mm_pulse_train_played_uwh(trial->train), stored = played;
	int64_t registered = trial->register_uwh;

	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		ck_assert_int_eq(trial->edges[o], edges_between(trial->model, o, trial->begin_uwh, stored));
	}
	for (unsigned i = (unsigned)(mm_random(&trial->random) % 3); i > 0; i--) {
		trial_window(trial);
		trial_play(trial, trial->now_ns + MM_NS_PER_S / 2, 0);
	}
	mm_pulse_train_init(trial->train, stored, registered);
	trial->register_uwh = registered;
	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		trial->edges[o] = (unsigned)edges_between(trial->model, o, trial->begin_uwh, stored);
	}
	mm_pulse_train_start(trial->train, trial->now_ns);
}

/* A restart that finds what the run before had queued. */
static void trial_restore(struct trial *trial)
{
	struct mm_pulse_train *before = trial->train, *after = make(NULL, 0);

	mm_pulse_train_init(after, mm_pulse_train_planned_uwh(before), trial->register_uwh);
	for (unsigned i = 0; i < mm_pulse_train_count(before); i++) {
		ck_assert(mm_pulse_train_restore(after, mm_pulse_train_edge(before, i)));
	}
	mm_pulse_train_start(after, trial->now_ns);
	ck_assert_int_eq(mm_pulse_train_played_uwh(after), mm_pulse_train_played_uwh(before));
	trial->train = after;
	free(before);
}

static void trial_preset(struct trial *trial)
{
	int64_t uwh = (int64_t)(1 + mm_random(&trial->random) % 99999) * 1000 * MM_UWH_PER_WH;

	mm_pulse_train_preset(trial->train, uwh);
	trial->register_uwh += uwh;
	trial->begin_uwh += uwh;
}

START_TEST(planned_is_played_and_queued_whatever_is_done)
{
	struct trial trial = {.model = _i % 2 ? &fine : &coarse, .random = (uint64_t)_i + 1, .now_ns = 1000 * MM_NS_PER_S};
	unsigned most = 0;

	trial.begin_uwh = trial.register_uwh = (int64_t)(mm_random(&trial.random) % (5000 * MM_UWH_PER_WH));
	trial.train = make(NULL, 0);
	mm_pulse_train_init(trial.train, trial.begin_uwh, trial.register_uwh);
	mm_pulse_train_start(trial.train, trial.now_ns);
	for (int i = 0; i < 3000; i++) {
		switch (mm_random(&trial.random) % 32) {
		case 0:
			trial_power_cut(&trial);
			break;
		case 1:
			trial_restore(&trial);
			break;
		case 2:
			trial_preset(&trial);
			break;
		case 3: /* the loop stands still, or the lines fail: the queue fills up */
			for (unsigned n = (unsigned)(mm_random(&trial.random) % 40); n > 0; n--) {
				trial_window(&trial);
			}
			break;
		case 4:
		case 5:
			trial_play(&trial, trial.now_ns + 20 * MM_NS_PER_S, (int64_t)(mm_random(&trial.random) % MM_NS_PER_S));
			break;
		default:
			trial_window(&trial);
			trial_play(&trial, trial.now_ns + MM_NS_PER_S / 4, 0);
		}
		most = mm_pulse_train_count(trial.train) > most ? mm_pulse_train_count(trial.train) : most;
		assert_invariant(&trial);
	}
	/* The queue was full, and all is paid in the end. */
	ck_assert_uint_gt(most, MM_PULSE_TRAIN_LENGTH - MM_EDGES_MAX);
	for (int i = 0; i < 5000 && mm_pulse_train_played_uwh(trial.train) < trial.register_uwh; i++) {
		mm_pulse_train_plan(trial.train, trial.model, trial.register_uwh, trial.now_ns, trial.now_ns + MM_NS_PER_S);
		trial_play(&trial, trial.now_ns + MM_NS_PER_S, 0);
	}
	ck_assert_int_eq(mm_pulse_train_played_uwh(trial.train), trial.register_uwh);
	assert_invariant(&trial);
	free(trial.train);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pulse train");
	TCase *tc = tcase_create("pulse train"), *slow = tcase_create("more seeds");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_edge_waits_for_its_delay);
	tcase_add_test(tc, late_edges_of_one_output_keep_their_distance);
	tcase_add_test(tc, late_edges_of_different_outputs_go_together);
	tcase_add_test(tc, no_edge_comes_right_after_the_start);
	tcase_add_test(tc, the_position_is_what_has_been_played);
	tcase_add_test(tc, what_is_out_of_order_is_not_restored);
	tcase_add_test(tc, owed_pulses);
	tcase_add_test(tc, a_preset_brings_no_edge);
	tcase_add_test(tc, a_preset_pays_nothing_of_what_is_owed);
	tcase_add_test(tc, a_steady_load_needs_no_commit_for_its_pulses);
	tcase_add_loop_test(tc, planned_is_played_and_queued_whatever_is_done, 0, 1);
	suite_add_tcase(suite, tc);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_set_timeout(slow, 60);
	tcase_add_loop_test(slow, planned_is_played_and_queued_whatever_is_done, 1, 8);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
