/* SPDX-License-Identifier: MIT */
/* The adapter of waveform converters against the simulated board. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/afe_fixture.h"
#include "core/units.h"
#include "fixture/suite.h"

#define BURDEN_OHM 3.3

static const struct chip {
	const char *driver;
	const char *board;
	double sample_rate;
} chips[] = {
	{"mcp3912", "chip = mcp3912\n", 0},
	{"mcp3912", "chip = mcp3912\nstores_as_declared = on\n", 0},
	{"mcp3914", "chip = mcp3914\noffset_uv = 500\n", 0},
	{"mcp3913", "chip = mcp3913\ngain = 2\n", 0},
	{"ads131e04", "chip = ads131e04\n", 4000},
	{"ads131e08", "chip = ads131e08\noffset_uv = -2000\n", 8000},
	{"ad7779", "chip = ad7779\noffset_uv = 1000\n", 4000},
};

static void start(struct fixture *b, const struct chip *chip)
{
	const struct mm_afe_driver *driver = mm_afe_driver_find(chip->driver);
	const double full_scale_v = driver->adc_full_scale_v * 1001.0;
	const double full_scale_a = driver->adc_full_scale_v / BURDEN_OHM * 200.0 / 0.1;
	const struct mm_afe_config front_end = {
		.input = {{0, full_scale_v, full_scale_a, 1, 0, 0.0, 120}, {1, full_scale_v, full_scale_a, 3, 2, 0.0, 120}},
		.mclk_hz = 4e6,
		.osr = 256,
		.sample_rate = (unsigned)chip->sample_rate,
	};

	fixture_start(b, driver, &front_end);
}

static struct fixture *begin(const struct chip *chip, double ppm)
{
	struct fixture *b = begin_scenario(ppm, chip->board);

	say(b, "burden_ohm = %g\n", BURDEN_OHM);
	return b;
}

/* Truth at the ends of what has been booked is what it is there; here, of loads that stay. */
static double seconds_of(const struct fixture *b, int64_t start_ns)
{
	return (double)(b->last.end_ns - start_ns) / MM_NS_PER_S;
}

START_TEST(energy_is_what_flowed)
{
	struct fixture *b;
	int64_t start_ns;
	double seconds;

	b = begin(&chips[_i], 50);
	say(b, "[at 0]\nload_a = 3000 W 0.5 lag\nload_b = 250 W\nct_b = reversed\n");
	start(b, &chips[_i]);
	run_until(b, 30); /* the chip's rate is learnt */
	fixture_reset(b);
	start_ns = b->last.end_ns;
	run_until(b, 90);
	seconds = seconds_of(b, start_ns);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_ge(b->windows, 58);
	ck_assert_uint_eq(b->missed, 0);
	assert_energy(b->active_ws[0], (int64_t)(3000 * seconds * MM_UWH_PER_WS), 1e-4);
	assert_energy(b->active_ws[1], (int64_t)(-250 * seconds * MM_UWH_PER_WS), 3e-4);
	ck_assert_double_eq_tol(b->last.input[0].voltage_v, 120, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].current_a, 50, 0.01);
	ck_assert_double_eq_tol(b->last.input[1].current_a, 250 / 120.0, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].frequency_hz, 60, 0.01);
	ck_assert_double_eq_tol(b->last.input[0].reactive_vars, 3000 * sqrt(3), 10);
	ck_assert_int_eq(ask(b, "lost_samples"), 0);
	fixture_free(b);
}
END_TEST

/* What each fault is called, whether by the adapter's error or by its measurement. */
static const struct {
	const char *fault;
	enum mm_health health;
	bool error;
	const char *message;
} faults[] = {
	{"stuck", MM_HEALTH_STUCK, false, "channel voltage1 of mcp3912 stands still"},
	{"implausible", MM_HEALTH_SATURATED, false, "channel voltage1 of mcp3912 is at its rails"},
	{"swapped", MM_HEALTH_SWAPPED, false, "channel voltage0 of mcp3912 has what looks like the supply"},
	{"rate 50", MM_HEALTH_WRONG_RATE, false, "mcp3912 takes 1953 samples a second, not 3906"},
	{"rate 120", MM_HEALTH_WRONG_RATE, false, "samples a second, not 3906"},
	{"losing 200", MM_HEALTH_STALE, false, "samples of mcp3912 get lost"},
	{"no-trigger", MM_HEALTH_NO_TRIGGER, true, "reading samples of mcp3912: Connection timed out"},
	{"eio", MM_HEALTH_NO_TRIGGER, true, "reading samples of mcp3912: Connection timed out"},
	{"vanished", MM_HEALTH_ABSENT, true, "reading samples of mcp3912: No such device"},
	{"no-channel", MM_HEALTH_NO_CHANNEL, true, "looking for channel voltage3 of mcp3912"},
};

static void set_fault(struct fixture *b, const char *fault)
{
	ck_assert_int_ge(fixture_write(b, "fault", fault), 0);
}

/* Steps until this health comes, as the daemon goes on after errors. */
static void step_to(struct fixture *b, enum mm_health health)
{
	for (unsigned i = 0; i < 30; i++) {
		struct mm_measurement m;
		enum mm_health seen;
		int r;

		b->afe->error.text[0] = '\0';
		b->last = (struct mm_measurement){0};
		b->afe->fault = MM_HEALTH_OK;
		r = b->open ? 0 : b->afe->ops->open(b->afe);
		b->open = r == 0;
		r = r == 0 ? b->afe->ops->next(b->afe, &m) : r;
		if (r < 0 && b->open) {
			b->afe->ops->close(b->afe);
			b->open = false;
		}
		seen = r == 0 ? mm_health_judge(&b->judge, &m) : b->afe->fault == MM_HEALTH_OK ? MM_HEALTH_ABSENT : b->afe->fault;
		if (seen == health) {
			return;
		}
		if (r < 0) {
			ck_assert_int_eq(mm_clock_sleep_until(b->clock, mm_clock_boottime(b->clock) + MM_NS_PER_S), 0);
		}
	}
	ck_abort_msg("%s instead of %s", b->afe->error.text, mm_health_name(health));
}

START_TEST(faults_are_named_and_pass)
{
	struct fixture *b;

	b = begin(&chips[0], 0);
	say(b, "[at 0]\nload_a = 3000 W\nload_b = 2000 W\n");
	start(b, &chips[0]);
	run_until(b, 5);
	set_fault(b, faults[_i].fault);
	if (faults[_i].health == MM_HEALTH_NO_CHANNEL) {
		/* A driver's channels are what they are when it is loaded. */
		b->afe->ops->close(b->afe);
		b->open = false;
	}
	step_to(b, faults[_i].health);
	ck_assert_msg(strstr(b->afe->error.text, faults[_i].message), "%s", b->afe->error.text);
	step_to(b, faults[_i].health);
	set_fault(b, "none");
	step_to(b, MM_HEALTH_OK);
	step_to(b, MM_HEALTH_OK);
	fixture_reset(b);
	run_until(b, mm_clock_boottime(b->clock) / 1e9 + 5);
	ck_assert_uint_ge(b->windows, 4);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	fixture_free(b);
}
END_TEST

/* A reader that is held up for longer than the queue lasts: a gap, flagged, and not a watt-second for it. */
START_TEST(an_overrun_is_a_gap)
{
	double ws = 0, seconds;
	int64_t hole_ns = 0, start_ns;
	struct fixture *b;

	b = begin(&chips[_i], 20);
	say(b, "[at 0]\nload_a = 6000 W\n");
	start(b, &chips[_i]);
	run_until(b, 20);
	fixture_reset(b);
	start_ns = b->last.end_ns;
	ck_assert_int_eq(mm_clock_sleep_until(b->clock, mm_clock_boottime(b->clock) + 4 * MM_NS_PER_S), 0);
	while (mm_clock_boottime(b->clock) < 40 * MM_NS_PER_S) {
		struct mm_measurement m;

		ck_assert_int_eq(b->afe->ops->next(b->afe, &m), 0);
		if (m.latched && m.health == MM_HEALTH_OK) {
			hole_ns += m.missed > 0 ? m.start_ns - b->last.end_ns : 0;
			ws += m.input[0].active_ws;
			b->missed += m.missed;
			b->last = m;
		}
	}
	ck_assert_int_gt(ask(b, "lost_samples"), 4000);
	ck_assert_uint_gt(b->missed, 0);
	seconds = seconds_of(b, start_ns) - (double)hole_ns / MM_NS_PER_S;
	ck_assert_double_gt((double)hole_ns / MM_NS_PER_S, 2.0);
	ck_assert_double_eq_tol(ws / (6000 * seconds), 1, 2e-3);
	fixture_free(b);
}
END_TEST

START_TEST(single_samples_lost_are_seen_by_their_stamps)
{
	struct fixture *b;

	b = begin(&chips[0], 0);
	say(b, "[at 0]\nload_a = 6000 W\n");
	start(b, &chips[0]);
	run_until(b, 5);
	ck_assert_uint_eq(b->missed, 0);
	set_fault(b, "losing 20000"); /* one in 5 s */
	run_until(b, 26);
	set_fault(b, "none");
	ck_assert_int_ge(ask(b, "lost_samples"), 4);
	ck_assert_uint_ge(b->missed, 4);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	fixture_free(b);
}
END_TEST

/* As a client does that is killed. */
static void leave_buffer(const struct fixture *b)
{
	char command[128];

	snprintf(command, sizeof(command), "iio_attr -q -u %s -B mcp3912 enable 1 >/dev/null", b->uri);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(what_a_crash_left_is_cleared)
{
	struct fixture *b;

	b = begin(&chips[0], 0);
	start(b, &chips[0]);
	b->afe->ops->close(b->afe);
	leave_buffer(b);
	ck_assert_msg(b->afe->ops->open(b->afe) == 0, "%s", b->afe->error.text);
	run_until(b, 3);
	ck_assert_uint_ge(b->windows, 1);
	fixture_free(b);
}
END_TEST

/* A motor's start that clips is metered as far as it goes; a converter that stays at its rails is not believed. */
START_TEST(clipping_for_a_moment_counts)
{
	struct fixture *b;

	b = begin(&chips[0], 0);
	say(b, "[at 0]\nload_a = 3000 W\n[at 10.3]\nload_a = 45000 W\n[at 10.6]\nload_a = 3000 W\n[at 20]\nload_a = 45000 W\n");
	start(b, &chips[0]);
	run_until(b, 19);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_double_gt(b->active_ws[0], 3000 * 17.5 + 0.8 * 42000 * 0.3);
	ck_assert_double_lt(b->active_ws[0], 3000 * 19 + 42000 * 0.3);
	run_until(b, 25);
	ck_assert_uint_ge(b->health[MM_HEALTH_SATURATED], 3);
	fixture_free(b);
}
END_TEST

/* A supply that breaks down under load is no wiring mistake, and a load whose lead is off neither. */
START_TEST(sags_and_open_leads_are_not_swapped)
{
	struct fixture *b;

	b = begin(&chips[0], 0);
	say(b, "[at 0]\nload_a = 8400 W\nload_b = 8400 W\n");
	say(b, "[at 10]\nvoltage_b = 50\nload_b = 3500 W\n[at 11.5]\nvoltage_b = 120\nload_b = 8400 W\n[at 15]\nlead_b = open\n");
	start(b, &chips[0]);
	run_until(b, 30);
	ck_assert_uint_eq(b->health[MM_HEALTH_OK], b->windows);
	ck_assert_uint_ge(b->windows, 28);
	fixture_free(b);
}
END_TEST

/* What only some of a second's windows have is not lost among the others. */
START_TEST(events_and_harmonics_come_through)
{
	unsigned sags = 0;
	struct fixture *b;

	b = begin(&chips[0], 0);
	say(b, "[at 0]\nload_a = 1200 W\nload_b = 600 W\ncurrent_harmonics = 5:40\n[at 5]\nvoltage_b = 60\n[at 5.3]\nvoltage_b = "
	       "120\n");
	start(b, &chips[0]);
	while (mm_clock_boottime(b->clock) < 10 * MM_NS_PER_S) {
		(void)step(b);
		ck_assert_ptr_null(b->afe->harmonics);
		for (unsigned i = 0; i < b->last.event_count; i++) {
			ck_assert_uint_eq(b->last.event[i].input, 1);
			ck_assert_int_eq(b->last.event[i].kind, MM_VOLTAGE_SAG);
			ck_assert_double_eq_tol((double)(b->last.event[i].end_ns - b->last.event[i].start_ns) / 1e9, 0.3, 0.02);
			sags++;
		}
	}
	ck_assert_uint_eq(sags, 1);
	b->afe->ops->request_harmonics(b->afe, 7); /* nobody's */
	(void)step(b);
	ck_assert_ptr_null(b->afe->harmonics);
	b->afe->ops->request_harmonics(b->afe, 0);
	(void)step(b);
	ck_assert_ptr_nonnull(b->afe->harmonics);
	ck_assert_double_eq_tol(b->afe->harmonics->current_a[4], 4.0, 0.02);
	ck_assert_double_eq_tol(b->afe->harmonics->current_thd, 0.4, 0.002);
	(void)step(b);
	ck_assert_ptr_null(b->afe->harmonics);
	fixture_free(b);
}
END_TEST

START_TEST(a_scale_that_is_no_gain_is_refused)
{
	struct fixture *b;

	b = begin(&chips[0], 0);
	start(b, &chips[0]);
	b->afe->ops->close(b->afe);
	set_fault(b, "no-scale");
	ck_assert_int_eq(b->afe->ops->open(b->afe), -EINVAL);
	ck_assert_msg(strstr(b->afe->error.text, "in_voltage1_scale of mcp3912 is 0.000000000 mV"), "%s", b->afe->error.text);
	fixture_free(b);
}
END_TEST

/* The AD7779's driver stores all channels from the first on, whichever are enabled, and libiio would take them for ours. */
START_TEST(whole_frames_are_read_whole)
{
	const struct chip chip = {"ad7779", "chip = ad7779\n", 4000};
	struct fixture *b;
	int64_t start_ns;

	b = begin(&chip, 0);
	say(b, "[at 0]\nvoltage_c = 120\nload_a = 9000 W\nload_b = 3000 W\nload_c = 600 W\n");
	start(b, &chip);
	mm_afe_free(b->afe);
	b->front_end.input[0] =
		(struct mm_afe_input){1, b->front_end.input[0].full_scale_v, b->front_end.input[0].full_scale_a, 3, 2, 0, 120};
	b->front_end.input[1] =
		(struct mm_afe_input){2, b->front_end.input[0].full_scale_v, b->front_end.input[0].full_scale_a, 5, 4, 0, 120};
	b->afe = fixture_new_afe(b, "ad7779");
	ck_assert_int_eq(b->afe->ops->open(b->afe), 0);
	run_until(b, 10);
	fixture_reset(b);
	start_ns = b->last.end_ns;
	run_until(b, 20);
	assert_energy(b->active_ws[0], (int64_t)(3000 * seconds_of(b, start_ns) * MM_UWH_PER_WS), 1e-3);
	assert_energy(b->active_ws[1], (int64_t)(600 * seconds_of(b, start_ns) * MM_UWH_PER_WS), 1e-3);
	fixture_free(b);
}
END_TEST

/* The driver of Linux 6.1 sets no oversampling ratio: that of the chip after reset will do, and no other. */
START_TEST(a_driver_without_oversampling)
{
	const struct chip chip = {"ads131e04", "chip = ads131e04\n", 4000};
	struct mm_afe *afe;
	struct fixture *b;

	b = begin(&chip, 0);
	start(b, &chip);
	b->afe->ops->close(b->afe);
	b->driver = mm_afe_driver_find("mcp3912");
	afe = fixture_new_afe(b, "ads131e04");
	ck_assert_msg(afe->ops->open(afe) == 0, "%s", afe->error.text);
	mm_afe_free(afe);
	b->front_end.osr = 128;
	afe = fixture_new_afe(b, "ads131e04");
	ck_assert_int_eq(afe->ops->open(afe), -EINVAL);
	ck_assert_msg(strstr(afe->error.text, "osr = 256 is what it has"), "%s", afe->error.text);
	mm_afe_free(afe);
	fixture_free(b);
}
END_TEST

static void *cancel(void *userdata)
{
	struct mm_afe *afe = userdata;

	afe->ops->cancel(afe);
	return NULL;
}

START_TEST(a_read_under_way_is_cancelled)
{
	struct mm_measurement m;
	pthread_t thread;
	struct fixture *b;
	int r = 0;

	b = begin(&chips[0], 0);
	start(b, &chips[0]);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel, b->afe), 0);
	for (unsigned i = 0; i < 100000 && r == 0; i++) {
		r = b->afe->ops->next(b->afe, &m);
	}
	ck_assert_int_eq(r, -ECANCELED);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	b->afe->ops->close(b->afe);
	ck_assert_int_eq(b->afe->ops->open(b->afe), -ECANCELED);
	fixture_free(b);
}
END_TEST

/* A chip of one channel is known, and what it lacks is said: nothing is made up for it. */
START_TEST(one_channel_does_not_meter)
{
	const struct mm_afe_config config = {.uri = "local:",
					     .device = "mcp3918",
					     .input_count = 1,
					     .input = {{0, 400, 200, 0, 0, 0, 120}},
					     .mclk_hz = 4e6,
					     .osr = 256};
	const struct mm_afe_driver *driver = mm_afe_driver_find("mcp3918");
	struct mm_error error = {0};
	struct mm_afe *afe = NULL;

	ck_assert_ptr_nonnull(driver);
	ck_assert_int_eq(driver->create(driver, &config, NULL, &error, &afe), -EINVAL);
	ck_assert_str_eq(error.text, "mcp3918 has a single channel: energy needs a voltage and a current");
	ck_assert_ptr_null(afe);
}
END_TEST

static const struct {
	struct mm_afe_input input[2];
	unsigned osr;
	const char *message; /* NULL: it is right */
} configurations[] = {
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 3, 2, 0, 120}}, 256, NULL},
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 1, 2, 0, 120}}, 256, NULL}, /* one voltage for both */
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 3, 4, 0, 120}}, 256, "current_channel_b"},
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 3, 2, 20, 120}}, 256, "phase_deg"},
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 3, 0, 0, 120}}, 256, "channel 0 is the current of two phases"},
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 0, 2, 0, 120}}, 256, "channel 0 is both a voltage and a current"},
	{{{0, 400, 200, 1, 0, 0, 120}, {1, 400, 200, 3, 2, 0, 120}}, 4096, "gives 244 samples a second"},
};

START_TEST(configurations_that_cannot_be_are_refused)
{
	const struct mm_afe_config config = {.uri = "local:",
					     .device = "mcp3912",
					     .input_count = 2,
					     .input = {configurations[_i].input[0], configurations[_i].input[1]},
					     .mclk_hz = 4e6,
					     .osr = configurations[_i].osr};
	struct mm_error error = {0};
	struct mm_afe *afe = NULL;
	const struct mm_afe_driver *driver = mm_afe_driver_find("mcp3912");
	int r = driver->create(driver, &config, NULL, &error, &afe);

	ck_assert_int_eq(r, configurations[_i].message ? -EINVAL : 0);
	ck_assert_msg(!configurations[_i].message || strstr(error.text, configurations[_i].message), "%s", error.text);
	mm_afe_free(afe);
}
END_TEST

static Suite *waveform_suite(void)
{
	Suite *suite = suite_create("waveform");
	TCase *configuration = tcase_create("configuration"), *board = tcase_create("board");

	tcase_add_test(configuration, one_channel_does_not_meter);
	tcase_add_loop_test(configuration, configurations_that_cannot_be_are_refused, 0, MM_COUNT_OF(configurations));
	suite_add_tcase(suite, configuration);
	tcase_set_timeout(board, 120);
	tcase_add_loop_test(board, energy_is_what_flowed, 0, MM_COUNT_OF(chips));
	tcase_add_loop_test(board, faults_are_named_and_pass, 0, MM_COUNT_OF(faults));
	tcase_add_loop_test(board, an_overrun_is_a_gap, 3, 5);
	tcase_add_test(board, single_samples_lost_are_seen_by_their_stamps);
	tcase_add_test(board, clipping_for_a_moment_counts);
	tcase_add_test(board, sags_and_open_leads_are_not_swapped);
	tcase_add_test(board, events_and_harmonics_come_through);
	tcase_add_test(board, what_a_crash_left_is_cleared);
	tcase_add_test(board, a_scale_that_is_no_gain_is_refused);
	tcase_add_test(board, a_driver_without_oversampling);
	tcase_add_test(board, whole_frames_are_read_whole);
	tcase_add_test(board, a_read_under_way_is_cancelled);
	suite_add_tcase(suite, board);
	return suite;
}

int main(void)
{
	return mm_run_suite(waveform_suite());
}
