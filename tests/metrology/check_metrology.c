/* SPDX-License-Identifier: MIT */
/* What metrology's windows say of signals whose figures are known in closed form, at any frequency, with offsets, noise and
 * delays. */
#include "fixture/metrology_fixture.h"

#include <math.h>

#include "fixture/suite.h"

static const double frequencies[] = {47.3, 60, 45, 50, 54.99, 55.02, 62.7, 65};

/* Every figure of steady sines, as near as codes can tell, from 45 to 65 Hz: nothing leaks from cycle to cycle. */
START_TEST(steady_sines)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.frequency_hz = frequencies[_i];
	f->signal.lag_deg[0] = 60;
	f->signal.lag_deg[1] = -25;
	f->signal.offset[0] = 3000;
	f->signal.offset[1] = -5000;
	skip(f, 2);
	for (int i = 0; i < 20; i++) {
		int64_t end_ns = f->window.measurement.end_ns;

		next_window(f);
		ck_assert_int_eq(f->window.measurement.start_ns, end_ns);
		ck_assert(f->window.synchronous && f->window.measurement.latched && f->window.measurement.health == MM_HEALTH_OK);
		assert_near(window_s(f), (frequencies[_i] < 55 ? 10 : 12) / frequencies[_i], 1e-6);
		for (unsigned e = 0; e < INPUTS; e++) {
			const struct mm_input_reading *reading = &f->window.measurement.input[e];
			double va = f->signal.voltage_v[e] * f->signal.current_a[e], lag = f->signal.lag_deg[e] * M_PI / 180;

			assert_near(reading->voltage_v / f->signal.voltage_v[e], 1, 2e-6);
			assert_near(reading->current_a / f->signal.current_a[e], 1, 2e-6);
			assert_near(reading->frequency_hz, frequencies[_i], 1e-4);
			assert_near(f->window.detail[e].active_w / va, cos(lag), 4e-6);
			assert_near(reading->active_ws / window_s(f) / va, cos(lag), 4e-6);
			assert_near(reading->reactive_vars / window_s(f) / va, sin(lag), 4e-6);
			assert_near(f->window.detail[e].apparent_va / va, 1, 4e-6);
			assert_near(f->window.detail[e].nonactive_var / va, fabs(sin(lag)), 1e-5);
			assert_near(f->window.detail[e].power_factor, cos(lag), 4e-6);
		}
	}
}
END_TEST

static double degrees(struct mm_phasor phasor)
{
	return atan2(phasor.im, phasor.re) * 180 / M_PI;
}

/* The power of one line's voltage with the other's current, and the angle between the lines. */
START_TEST(phasors_of_lines)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	const struct mm_input_phasors *phasors = f->window.measurement.phasors;
	struct mm_phasor cross;

	f->signal.lag_deg[1] = 30;
	skip(f, 4);
	cross = mm_phasor_power(phasors[0].voltage, phasors[1].current);
	assert_near(cross.re, -120 * 5 * cos(M_PI / 6), 1e-3);
	assert_near(cross.im, -120 * 5 * sin(M_PI / 6), 1e-3);
	assert_near(fabs(degrees(mm_phasor_power(phasors[0].voltage, phasors[1].voltage))), 180, 1e-3);
}
END_TEST

/* A channel's delay is taken out at every frequency, a current transformer's angle whatever the frequency. */
START_TEST(delays_are_taken_out)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.frequency_hz = frequencies[_i];
	f->signal.lag_deg[0] = 60;
	f->signal.lag_deg[1] = -60;
	f->signal.fifth_v = 0.1;
	f->signal.fifth_a = 0.4;
	f->signal.fifth_deg = 90;
	f->signal.late[0] = 0.4;
	f->signal.late[1] = -0.3;
	f->signal.late[3] = 1.2;
	f->signal.lag_channel_deg[3] = -0.15;
	f->config.input[0].voltage.delay_s = 0.4 / 8000;
	f->config.input[0].current.delay_s = -0.3 / 8000;
	f->config.input[1].current.delay_s = 1.2 / 8000;
	f->config.input[1].current.lag_deg = -0.15;
	ck_assert_int_eq(mm_metrology_init(&f->metrology, &f->config), 0);
	skip(f, 3);
	next_window(f);
	assert_near(f->window.detail[0].active_w / 1200, 0.5, 1e-5);
	/* An angle that is the same for every harmonic is not what a delay corrects: 0.15 degrees at the fifth's 90. */
	assert_near(f->window.detail[1].active_w / 600, 0.5, 2e-4);
	assert_near(f->window.measurement.input[1].reactive_vars / window_s(f) / 600, -sin(M_PI / 3), 1e-5);
}
END_TEST

/* Plays windows and returns the mean power of an input over all of them, as a register would see it. */
static double mean_power(struct metrology_fixture *f, int windows, unsigned input)
{
	double ws = 0, seconds = 0;

	while (windows-- > 0) {
		next_window(f);
		ws += f->window.measurement.input[input].active_ws;
		seconds += window_s(f);
	}
	return ws / seconds;
}

/* The class 0.1S test at light load: noise of a 16-bit converter at its best, offsets, and 0.1 % of 100 A. */
START_TEST(light_load)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.noise = 170;
	f->signal.current_a[0] = 0.1;
	f->signal.current_a[1] = 0;
	f->signal.offset[1] = 20000;
	f->signal.offset[0] = 5000;
	skip(f, 2);
	assert_near(mean_power(f, 300, 0) / 12, 1, 1e-3);
	assert_near(mean_power(f, 300, 1), 0, 0.01);
	ck_assert(f->window.measurement.input[1].current_a < 0.005);
}
END_TEST

static double half_wave(struct metrology_fixture *f, double turns, double sine)
{
	(void)f;
	(void)turns;
	return sine > 0 ? sine : 0;
}

/* Of each half cycle the second half: resistance behind a dimmer at 90 degrees. */
static double phase_fired(struct metrology_fixture *f, double turns, double sine)
{
	(void)f;
	double half = 2 * turns - floor(2 * turns);

	return half >= 0.5 ? sine : 0;
}

/* Two cycles on, four off. */
static double burst(struct metrology_fixture *f, double turns, double sine)
{
	(void)f;
	return fmod(turns, 6) < 2 ? sine : 0;
}

/* A half-wave load's direct current carries no power, whatever the offset of the voltage's channel. */
START_TEST(half_wave_load)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.shape = half_wave;
	f->signal.frequency_hz = 59.87;
	f->signal.offset[0] = 80000; /* 1 % of the rail, and 6 % of the voltage's peak */
	f->signal.offset[1] = -80000;
	skip(f, 2);
	assert_near(mean_power(f, 50, 0) / 600, 1, 2e-5);
	assert_near(f->window.measurement.input[0].current_a, 10 * sqrt(0.5 - 2 / (M_PI * M_PI)), 1e-3);
}
END_TEST

START_TEST(phase_fired_load)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.shape = phase_fired;
	f->signal.frequency_hz = 59.87;
	f->signal.offset[0] = 80000;
	skip(f, 2);
	assert_near(mean_power(f, 200, 0) / 600, 1, 2e-4);
}
END_TEST

/* Bursts start and end within windows; over a whole number of both the energy is what has flowed. */
START_TEST(burst_load)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.shape = burst;
	f->signal.offset[0] = 80000;
	f->signal.offset[1] = 80000;
	skip(f, 2);
	assert_near(mean_power(f, 100, 0) / 400, 1, 2e-5);
}
END_TEST

/* IEC 62053-22: fifth harmonic, 10 % of the voltage and 40 % of the current, in phase: the power is more by 4 %. */
START_TEST(fifth_harmonic)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.fifth_v = 0.1;
	f->signal.fifth_a = 0.4;
	skip(f, 2);
	assert_near(mean_power(f, 50, 0) / 1200, 1.04, 1e-5);
	assert_near(f->window.measurement.input[0].reactive_vars, 0, 1e-2);
	assert_near(f->window.measurement.input[0].voltage_v, 120 * sqrt(1.01), 1e-3);
	assert_near(f->window.measurement.input[0].frequency_hz, 60, 1e-4);
}
END_TEST

/* Of the input asked for, once, to the last order; the others are as small as the codes' steps. */
START_TEST(harmonics_on_request)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	const struct mm_harmonics *harmonics;

	f->signal.fifth_v = 0.1;
	f->signal.fifth_a = 0.4;
	f->signal.frequency_hz = 59.87;
	f->config.input[1].current.delay_s = 0.4 / 8000;
	ck_assert_int_eq(mm_metrology_init(&f->metrology, &f->config), 0);
	skip(f, 3);
	ck_assert_ptr_null(f->window.harmonics);
	mm_metrology_request_harmonics(&f->metrology, 0);
	mm_metrology_request_harmonics(&f->metrology, 1);
	skip(f, 2);
	harmonics = f->window.harmonics;
	ck_assert_ptr_nonnull(harmonics);
	ck_assert_uint_eq(harmonics->input, 1);
	assert_near(harmonics->voltage_v[0], 120, 1e-3);
	assert_near(harmonics->voltage_v[4], 12, 1e-3);
	assert_near(harmonics->voltage_v[39], 0, 5e-3);
	assert_near(harmonics->voltage_thd, 0.1, 1e-5);
	assert_near(harmonics->current_a[4], 2, 1e-3);
	assert_near(harmonics->current_thd, 0.4, 1e-4);
	next_window(f);
	ck_assert_ptr_null(f->window.harmonics);
}
END_TEST

/* A half-wave sine in closed form: half of the sine, and 2 / (pi (n² - 1)) of its peak in each even order. */
START_TEST(harmonics_of_half_wave)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	const struct mm_harmonics *harmonics;

	f->signal.shape = half_wave;
	f->signal.frequency_hz = 59.87;
	skip(f, 2);
	mm_metrology_request_harmonics(&f->metrology, 0);
	skip(f, 2);
	harmonics = f->window.harmonics;
	ck_assert_ptr_nonnull(harmonics);
	for (int order = 1; order <= MM_HARMONICS_MAX; order++) {
		double expected = order == 1 ? 5 : order % 2 == 0 ? 10 * 2 / (M_PI * (order * order - 1)) : 0;

		/* The corner at zero is sampled, not filtered: orders beyond half the rate fold back. */
		assert_near(harmonics->current_a[order - 1], expected, 3e-3);
	}
}
END_TEST

/* Orders beyond half the sample rate are not made up. */
START_TEST(harmonics_of_a_slow_converter)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	const struct mm_harmonics *harmonics;

	f->signal.rate_hz = f->config.rate_hz = 4000;
	f->signal.fifth_a = 0.4;
	ck_assert_int_eq(mm_metrology_init(&f->metrology, &f->config), 0);
	skip(f, 2);
	mm_metrology_request_harmonics(&f->metrology, 0);
	skip(f, 2);
	harmonics = f->window.harmonics;
	ck_assert_ptr_nonnull(harmonics);
	assert_near(harmonics->current_a[4], 4, 1e-3);
	ck_assert(harmonics->current_a[32] > 0);
	ck_assert(harmonics->current_a[33] == 0); /* 2040 Hz */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrology");
	TCase *figures = tcase_create("figures"), *slow = tcase_create("more frequencies");

	tcase_add_loop_test(figures, steady_sines, 0, 2);
	tcase_add_test(figures, phasors_of_lines);
	tcase_add_loop_test(figures, delays_are_taken_out, 0, 2);
	tcase_add_test(figures, light_load);
	tcase_add_test(figures, half_wave_load);
	tcase_add_test(figures, phase_fired_load);
	tcase_add_test(figures, burst_load);
	tcase_add_test(figures, fifth_harmonic);
	tcase_add_test(figures, harmonics_on_request);
	tcase_add_test(figures, harmonics_of_half_wave);
	tcase_add_test(figures, harmonics_of_a_slow_converter);
	suite_add_tcase(suite, figures);
	/* Left out under valgrind. */
	tcase_set_tags(slow, "slow");
	tcase_add_loop_test(slow, steady_sines, 2, MM_COUNT_OF(frequencies));
	tcase_add_loop_test(slow, delays_are_taken_out, 2, MM_COUNT_OF(frequencies));
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
