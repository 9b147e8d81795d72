/* SPDX-License-Identifier: MIT */
/* Samples and time: none is lost nor counted twice however they come, and a converter's clock may be off. */
#include "fixture/metrology_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "fixture/suite.h"

/* A converter that is off by 300 ppm, read by a busy machine: energy goes by the machine's clock, in the long run exactly. */
START_TEST(time_is_that_of_the_machine)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	int64_t start_ns;
	double ws = 0;

	f->signal.rate_hz = 8000 * (_i == 0 ? 1 + 300e-6 : 1 - 0.015);
	f->signal.jitter_ns = 1e6;
	next_window(f);
	start_ns = f->window.measurement.start_ns;
	for (int i = 0; i < 600; i++) {
		next_window(f);
		ws += f->window.measurement.input[0].active_ws;
	}
	assert_near(f->window.rate_hz / f->signal.rate_hz, 1, 1e-5);
	assert_near(f->window.measurement.input[0].frequency_hz, 60, 1e-3);
	assert_near(ws / ((double)(f->window.measurement.end_ns - start_ns) * 1e-9 - 0.2) / 1200, 1, 1e-4);
	/* And the windows' ends are where the samples were, but for the mean lateness of the blocks. */
	assert_near((double)(f->window.measurement.end_ns - start_ns) * 1e-9, 601 * 0.2, 1e-3);
}
END_TEST

/* The figures don't depend on how the samples come in blocks: not in their last bit. */
START_TEST(blocks_do_not_matter)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	static const unsigned blocks[] = {1, 7, 63, 64, 65, 1000};
	struct mm_metrology_window expected[10];

	f->signal.noise = 100;
	f->signal.lag_deg[0] = 30;
	for (int i = 0; i < 10; i++) {
		next_window(f);
		expected[i] = f->window;
	}
	for (int b = 0; b < MM_COUNT_OF(blocks); b++) {
		f->frame = 0;
		f->random_state = 1;
		f->block = blocks[b];
		ck_assert_int_eq(mm_metrology_init(&f->metrology, &f->config), 0);
		for (int i = 0; i < 10; i++) {
			next_window(f);
			ck_assert_mem_eq(f->window.detail, expected[i].detail, sizeof(f->window.detail));
			ck_assert_mem_eq(f->window.measurement.phasors, expected[i].measurement.phasors,
					 sizeof(f->window.measurement.phasors));
			ck_assert_int_le(llabs(f->window.measurement.end_ns - expected[i].measurement.end_ns), 2);
		}
	}
}
END_TEST

static double impulse(struct metrology_fixture *f, double turns, double sine)
{
	(void)sine;
	return turns == f->turns_begun + f->signal.frequency_hz * (double)(f->impulse_frame - f->frame_begun) / f->signal.rate_hz
		       ? 100
		       : 0;
}

/* One sample of current, ever further across the end of a window: its energy is there once, wherever it lies. */
START_TEST(every_sample_counts_once)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	double ws = 0;

	f->signal.shape = impulse;
	f->signal.frequency_hz = 57.3;
	next_window(f);
	next_window(f);
	/* The next window ends 12 cycles later; the end of this one is known to a sample. */
	f->impulse_frame = llround(((double)(f->window.measurement.end_ns - BOOT_NS) * 1e-9 + 12 / 57.3) * 8000) - 5 + _i;
	for (int i = 0; i < 3; i++) {
		next_window(f);
		ws += f->window.measurement.input[0].active_ws;
	}
	assert_near(ws * 8000 / 100 / sample(f, 0, (double)f->impulse_frame), 1, 1e-4);
}
END_TEST

/* Samples were lost: the window under way is given up, the next one begins after the gap and says so. */
START_TEST(restart)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	int64_t end_ns;

	skip(f, 3);
	end_ns = f->window.measurement.end_ns;
	play(f);
	f->frame += 8000; /* a second is lost */
	mm_metrology_restart(&f->metrology, 5);
	next_window(f);
	ck_assert_uint_eq(f->window.measurement.missed, 5);
	assert_near((double)(f->window.measurement.start_ns - end_ns) * 1e-9, 1 + 250.0 / 8000, 0.07);
	ck_assert(f->window.measurement.start_ns > end_ns + MM_NS_PER_S);
	assert_near(f->window.detail[0].active_w / 1200, 1, 1e-4);
	end_ns = f->window.measurement.end_ns;
	next_window(f);
	ck_assert_uint_eq(f->window.measurement.missed, 0);
	ck_assert_int_eq(f->window.measurement.start_ns, end_ns);
}
END_TEST

/* A block that comes late is told from one whose samples are missing: the next ones are on time again. */
START_TEST(lateness)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	skip(f, 20);
	f->frame += 80; /* samples lost: 10 ms */
	play(f);
	ck_assert_int_ge(f->metrology.clock.late_ns, 9 * MM_NS_PER_MS);
	while (mm_metrology_next(&f->metrology, &f->window)) {
	}
	play(f);
	ck_assert_int_ge(f->metrology.clock.late_ns, 8 * MM_NS_PER_MS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrology: time");
	TCase *samples = tcase_create("samples and time"), *slow = tcase_create("two minutes");

	tcase_add_test(samples, blocks_do_not_matter);
	tcase_add_loop_test(samples, every_sample_counts_once, 0, 11);
	tcase_add_test(samples, restart);
	tcase_add_test(samples, lateness);
	suite_add_tcase(suite, samples);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_add_loop_test(slow, time_is_that_of_the_machine, 0, 2);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
