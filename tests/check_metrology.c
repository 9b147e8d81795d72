/* SPDX-License-Identifier: MIT */
/*
 * Metrology: what windows say of signals whose figures are known in closed form, at any frequency, with offsets, noise, delays
 * and a converter whose clock is off; that samples are neither lost nor counted twice however they come; and what becomes of a
 * supply that sags, goes and comes back.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/units.h"
#include "dsp/metrology.h"
#include "random.h"
#include "suite.h"

#define INPUTS 2
#define CHANNELS (2 * INPUTS) /* voltage and current of each input by turns */
#define BLOCK_MAX 1000
#define VOLT_CODES 8000.0 /* codes per volt: 1049 V at the rail */
#define AMPERE_CODES 4e4  /* codes per ampere: 210 A */
#define BOOT_NS (100 * MM_NS_PER_S)

/* What is sampled. The second line is opposite to the first; angles are in turns of the supply. */
static struct {
	double rate_hz; /* true */
	double frequency_hz;
	double voltage_v[INPUTS];
	double current_a[INPUTS];			     /* of the sine */
	double lag_deg[INPUTS];				     /* and by how much it lags */
	double fifth_v, fifth_a, fifth_deg;		     /* ratios to the sines, and angle between the two of them */
	double (*shape)(double turns, double angle_current); /* of the current, from the sine that it would be */
	double offset[CHANNELS];			     /* codes */
	double noise;					     /* codes rms */
	double late[CHANNELS];				     /* samples by which a channel is late */
	double lag_channel_deg[CHANNELS];		     /* and by which it lags at any frequency */
	double jitter_ns;				     /* of the blocks' times, rms */
} signal;

static struct mm_metrology_config config;
static struct mm_metrology metrology;
static struct mm_metrology_window window;
static unsigned block;
static double turns_begun; /* of the supply before the present stretch of constant frequency, */
static int64_t frame_begun;
static int64_t frame; /* the next one to be sampled */
static int32_t codes[BLOCK_MAX * CHANNELS];
static uint64_t random_state;

static void setup(void)
{
	memset(&signal, 0, sizeof(signal));
	signal.rate_hz = 8000;
	signal.frequency_hz = 60;
	config = (struct mm_metrology_config){
		.rate_hz = 8000,
		.frame_channels = CHANNELS,
		.rails = {-(1 << 23), (1 << 23) - 1},
		.nominal_v = 120,
		.input_count = INPUTS,
	};
	for (unsigned i = 0; i < INPUTS; i++) {
		signal.voltage_v[i] = 120;
		signal.current_a[i] = 10.0 / (i + 1);
		config.input[i].voltage = (struct mm_metrology_channel){.slot = 2 * i, .scale = 1 / VOLT_CODES};
		config.input[i].current = (struct mm_metrology_channel){.slot = 2 * i + 1, .scale = 1 / AMPERE_CODES};
	}
	block = 250;
	frame = frame_begun = 0;
	turns_begun = 0.3;
	random_state = 1;
	ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
}

/* Goes on at another frequency. */
static void change_frequency(double hz)
{
	turns_begun += (double)(frame - frame_begun) * signal.frequency_hz / signal.rate_hz;
	frame_begun = frame;
	signal.frequency_hz = hz;
}

static double radians(double turns)
{
	return 2 * M_PI * (turns - floor(turns));
}

/* In volts or amperes, as the channel will see it. */
static double sample(unsigned channel, double since)
{
	unsigned input = channel / 2;
	double turns = turns_begun + 0.5 * input + signal.frequency_hz * (since - signal.late[channel]) / signal.rate_hz -
		       signal.lag_channel_deg[channel] / 360;
	double lag = signal.lag_deg[input] / 360, fifth = signal.fifth_deg / 360;
	double sine;

	if (channel % 2 == 0) {
		return signal.voltage_v[input] * M_SQRT2 * (sin(radians(turns)) + signal.fifth_v * sin(radians(5 * turns)));
	}
	sine = signal.current_a[input] * M_SQRT2 * (sin(radians(turns - lag)) + signal.fifth_a * sin(radians(5 * turns - fifth)));
	return signal.shape != NULL ? signal.shape(turns, sine) : sine;
}

/* Samples a block. */
static void play(void)
{
	for (unsigned k = 0; k < block * CHANNELS; k++) {
		unsigned channel = k % CHANNELS;
		double code = sample(channel, (double)(frame - frame_begun) + k / CHANNELS) *
				      (channel % 2 == 0 ? VOLT_CODES : AMPERE_CODES) +
			      signal.offset[channel];

		if (signal.noise > 0) {
			code += mm_random_noise(&random_state, signal.noise);
		}
		codes[k] = (int32_t)lround(fmax(config.rails.min, fmin(config.rails.max, code)));
	}
	frame += block;
	mm_metrology_feed(&metrology, codes, block,
			  BOOT_NS + llround((double)(frame - 1) / signal.rate_hz * 1e9 +
					    (signal.jitter_ns > 0 ? fabs(mm_random_noise(&random_state, signal.jitter_ns)) : 0)));
}

/* Plays until the next window is there. */
static void next_window(void)
{
	for (unsigned frames = 0; !mm_metrology_next(&metrology, &window); frames += block) {
		ck_assert_uint_lt(frames, 100000);
		play();
	}
}

static void skip(int windows)
{
	while (windows-- > 0) {
		next_window();
	}
}

static double window_s(void)
{
	return (double)(window.measurement.end_ns - window.measurement.start_ns) * 1e-9;
}

/* Plays windows and returns the mean power of an input over all of them, as a register would see it. */
static double mean_power(int windows, unsigned input)
{
	double ws = 0, seconds = 0;

	while (windows-- > 0) {
		next_window();
		ws += window.measurement.input[input].active_ws;
		seconds += window_s();
	}
	return ws / seconds;
}

static void assert_near(double value, double expected, double tolerance)
{
	ck_assert_msg(fabs(value - expected) <= tolerance, "%.9g, not %.9g to %.3g", value, expected, tolerance);
}

static void assert_finite(void)
{
	ck_assert_int_gt(window.measurement.end_ns, window.measurement.start_ns);
	for (unsigned i = 0; i < INPUTS; i++) {
		const struct mm_input_reading *reading = &window.measurement.input[i];
		const struct mm_input_phasors *phasors = &window.measurement.phasors[i];
		const struct mm_metrology_detail *detail = &window.detail[i];

		ck_assert(isfinite(reading->voltage_v) && isfinite(reading->current_a) && isfinite(reading->active_ws) &&
			  isfinite(reading->reactive_vars) && isfinite(reading->frequency_hz) && isfinite(phasors->voltage.re) &&
			  isfinite(phasors->voltage.im) && isfinite(phasors->current.re) && isfinite(phasors->current.im) &&
			  isfinite(detail->active_w) && isfinite(detail->apparent_va) && isfinite(detail->nonactive_var) &&
			  fabs(detail->power_factor) <= 1);
	}
}

/* ---- Figures ---- */

static const double frequencies[] = {45, 47.3, 50, 54.99, 55.02, 60, 62.7, 65};

/* Every figure of steady sines, as near as codes can tell, from 45 to 65 Hz: nothing leaks from cycle to cycle. */
START_TEST(steady_sines)
{
	signal.frequency_hz = frequencies[_i];
	signal.lag_deg[0] = 60;
	signal.lag_deg[1] = -25;
	signal.offset[0] = 3000;
	signal.offset[1] = -5000;
	skip(2);
	for (int i = 0; i < 20; i++) {
		int64_t end_ns = window.measurement.end_ns;

		next_window();
		ck_assert_int_eq(window.measurement.start_ns, end_ns);
		ck_assert(window.synchronous && window.measurement.latched && window.measurement.health == MM_HEALTH_OK);
		assert_near(window_s(), (frequencies[_i] < 55 ? 10 : 12) / frequencies[_i], 1e-6);
		for (unsigned e = 0; e < INPUTS; e++) {
			const struct mm_input_reading *reading = &window.measurement.input[e];
			double va = signal.voltage_v[e] * signal.current_a[e], lag = signal.lag_deg[e] * M_PI / 180;

			assert_near(reading->voltage_v / signal.voltage_v[e], 1, 2e-6);
			assert_near(reading->current_a / signal.current_a[e], 1, 2e-6);
			assert_near(reading->frequency_hz, frequencies[_i], 1e-4);
			assert_near(window.detail[e].active_w / va, cos(lag), 4e-6);
			assert_near(reading->active_ws / window_s() / va, cos(lag), 4e-6);
			assert_near(reading->reactive_vars / window_s() / va, sin(lag), 4e-6);
			assert_near(window.detail[e].apparent_va / va, 1, 4e-6);
			assert_near(window.detail[e].nonactive_var / va, fabs(sin(lag)), 1e-5);
			assert_near(window.detail[e].power_factor, cos(lag), 4e-6);
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
	const struct mm_input_phasors *phasors = window.measurement.phasors;
	struct mm_phasor cross;

	signal.lag_deg[1] = 30;
	skip(4);
	cross = mm_phasor_power(phasors[0].voltage, phasors[1].current);
	assert_near(cross.re, -120 * 5 * cos(M_PI / 6), 1e-3);
	assert_near(cross.im, -120 * 5 * sin(M_PI / 6), 1e-3);
	assert_near(fabs(degrees(mm_phasor_power(phasors[0].voltage, phasors[1].voltage))), 180, 1e-3);
}
END_TEST

/* A channel's delay is taken out at every frequency, a current transformer's angle whatever the frequency. */
START_TEST(delays_are_taken_out)
{
	signal.frequency_hz = frequencies[_i];
	signal.lag_deg[0] = 60;
	signal.lag_deg[1] = -60;
	signal.fifth_v = 0.1;
	signal.fifth_a = 0.4;
	signal.fifth_deg = 90;
	signal.late[0] = 0.4;
	signal.late[1] = -0.3;
	signal.late[3] = 1.2;
	signal.lag_channel_deg[3] = -0.15;
	config.input[0].voltage.delay_s = 0.4 / 8000;
	config.input[0].current.delay_s = -0.3 / 8000;
	config.input[1].current.delay_s = 1.2 / 8000;
	config.input[1].current.lag_deg = -0.15;
	ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
	skip(3);
	next_window();
	assert_near(window.detail[0].active_w / 1200, 0.5, 1e-5);
	/* An angle that is the same for every harmonic is not what a delay corrects: 0.15 degrees at the fifth's 90. */
	assert_near(window.detail[1].active_w / 600, 0.5, 2e-4);
	assert_near(window.measurement.input[1].reactive_vars / window_s() / 600, -sin(M_PI / 3), 1e-5);
}
END_TEST

/* The class 0.1S test at light load: noise of a 16-bit converter at its best, offsets, and 0.1 % of 100 A. */
START_TEST(light_load)
{
	signal.noise = 170;
	signal.current_a[0] = 0.1;
	signal.current_a[1] = 0;
	signal.offset[1] = 20000;
	signal.offset[0] = 5000;
	skip(2);
	assert_near(mean_power(300, 0) / 12, 1, 1e-3);
	assert_near(mean_power(300, 1), 0, 0.01);
	ck_assert(window.measurement.input[1].current_a < 0.005);
}
END_TEST

static double half_wave(double turns, double sine)
{
	(void)turns;
	return sine > 0 ? sine : 0;
}

/* Of each half cycle the second half: resistance behind a dimmer at 90 degrees. */
static double phase_fired(double turns, double sine)
{
	double half = 2 * turns - floor(2 * turns);

	return half >= 0.5 ? sine : 0;
}

/* Two cycles on, four off. */
static double burst(double turns, double sine)
{
	return fmod(turns, 6) < 2 ? sine : 0;
}

/* A half-wave load's direct current carries no power, whatever the offset of the voltage's channel. */
START_TEST(half_wave_load)
{
	signal.shape = half_wave;
	signal.frequency_hz = 59.87;
	signal.offset[0] = 80000; /* 1 % of the rail, and 6 % of the voltage's peak */
	signal.offset[1] = -80000;
	skip(2);
	assert_near(mean_power(50, 0) / 600, 1, 2e-5);
	assert_near(window.measurement.input[0].current_a, 10 * sqrt(0.5 - 2 / (M_PI * M_PI)), 1e-3);
}
END_TEST

START_TEST(phase_fired_load)
{
	signal.shape = phase_fired;
	signal.frequency_hz = 59.87;
	signal.offset[0] = 80000;
	skip(2);
	assert_near(mean_power(200, 0) / 600, 1, 2e-4);
}
END_TEST

/* Bursts start and end within windows; over a whole number of both the energy is what has flowed. */
START_TEST(burst_load)
{
	signal.shape = burst;
	signal.offset[0] = 80000;
	signal.offset[1] = 80000;
	skip(2);
	assert_near(mean_power(100, 0) / 400, 1, 2e-5);
}
END_TEST

/* IEC 62053-22: fifth harmonic, 10 % of the voltage and 40 % of the current, in phase: the power is more by 4 %. */
START_TEST(fifth_harmonic)
{
	signal.fifth_v = 0.1;
	signal.fifth_a = 0.4;
	skip(2);
	assert_near(mean_power(50, 0) / 1200, 1.04, 1e-5);
	assert_near(window.measurement.input[0].reactive_vars, 0, 1e-2);
	assert_near(window.measurement.input[0].voltage_v, 120 * sqrt(1.01), 1e-3);
	assert_near(window.measurement.input[0].frequency_hz, 60, 1e-4);
}
END_TEST

/* Of the input asked for, once, to the last order; the others are as small as the codes' steps. */
START_TEST(harmonics_on_request)
{
	const struct mm_harmonics *harmonics = &window.measurement.harmonics;

	signal.fifth_v = 0.1;
	signal.fifth_a = 0.4;
	signal.frequency_hz = 59.87;
	config.input[1].current.delay_s = 0.4 / 8000;
	ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
	skip(3);
	ck_assert(!harmonics->known);
	mm_metrology_want_harmonics(&metrology, 0);
	mm_metrology_want_harmonics(&metrology, 1);
	skip(2);
	ck_assert(harmonics->known);
	ck_assert_uint_eq(harmonics->input, 1);
	assert_near(harmonics->voltage_v[0], 120, 1e-3);
	assert_near(harmonics->voltage_v[4], 12, 1e-3);
	assert_near(harmonics->voltage_v[39], 0, 5e-3);
	assert_near(harmonics->voltage_thd, 0.1, 1e-5);
	assert_near(harmonics->current_a[4], 2, 1e-3);
	assert_near(harmonics->current_thd, 0.4, 1e-4);
	next_window();
	ck_assert(!harmonics->known);
}
END_TEST

/* A half-wave sine in closed form: half of the sine, and 2 / (pi (n² - 1)) of its peak in each even order. */
START_TEST(harmonics_of_half_wave)
{
	const struct mm_harmonics *harmonics = &window.measurement.harmonics;

	signal.shape = half_wave;
	signal.frequency_hz = 59.87;
	skip(2);
	mm_metrology_want_harmonics(&metrology, 0);
	skip(2);
	ck_assert(harmonics->known);
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
	const struct mm_harmonics *harmonics = &window.measurement.harmonics;

	signal.rate_hz = config.rate_hz = 4000;
	signal.fifth_a = 0.4;
	ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
	skip(2);
	mm_metrology_want_harmonics(&metrology, 0);
	skip(2);
	assert_near(harmonics->current_a[4], 4, 1e-3);
	ck_assert(harmonics->current_a[32] > 0);
	ck_assert(harmonics->current_a[33] == 0); /* 2040 Hz */
}
END_TEST

/* ---- Samples and time ---- */

/* A converter that is off by 300 ppm, read by a busy machine: energy goes by the machine's clock, in the long run exactly. */
START_TEST(time_is_that_of_the_machine)
{
	int64_t start_ns;
	double ws = 0;

	signal.rate_hz = 8000 * (_i == 0 ? 1 + 300e-6 : 1 - 0.015);
	signal.jitter_ns = 1e6;
	next_window();
	start_ns = window.measurement.start_ns;
	for (int i = 0; i < 600; i++) {
		next_window();
		ws += window.measurement.input[0].active_ws;
	}
	assert_near(window.rate_hz / signal.rate_hz, 1, 1e-5);
	assert_near(window.measurement.input[0].frequency_hz, 60, 1e-3);
	assert_near(ws / ((double)(window.measurement.end_ns - start_ns) * 1e-9 - 0.2) / 1200, 1, 1e-4);
	/* And the windows' ends are where the samples were, but for the mean lateness of the blocks. */
	assert_near((double)(window.measurement.end_ns - start_ns) * 1e-9, 601 * 0.2, 1e-3);
}
END_TEST

/* The figures don't depend on how the samples come in blocks: not in their last bit. */
START_TEST(blocks_do_not_matter)
{
	static const unsigned blocks[] = {1, 7, 63, 64, 65, 1000};
	struct mm_metrology_window expected[10];

	signal.noise = 100;
	signal.lag_deg[0] = 30;
	for (int i = 0; i < 10; i++) {
		next_window();
		expected[i] = window;
	}
	for (int b = 0; b < MM_COUNT_OF(blocks); b++) {
		frame = 0;
		random_state = 1;
		block = blocks[b];
		ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
		for (int i = 0; i < 10; i++) {
			next_window();
			ck_assert_mem_eq(window.detail, expected[i].detail, sizeof(window.detail));
			ck_assert_mem_eq(window.measurement.phasors, expected[i].measurement.phasors,
					 sizeof(window.measurement.phasors));
			ck_assert_int_le(llabs(window.measurement.end_ns - expected[i].measurement.end_ns), 2);
		}
	}
}
END_TEST

static int64_t impulse_frame;

static double impulse(double turns, double sine)
{
	(void)sine;
	return turns == turns_begun + signal.frequency_hz * (double)(impulse_frame - frame_begun) / signal.rate_hz ? 100 : 0;
}

/* One sample of current, ever further across the end of a window: its energy is there once, wherever it lies. */
START_TEST(every_sample_counts_once)
{
	double ws = 0;

	signal.shape = impulse;
	signal.frequency_hz = 57.3;
	next_window();
	next_window();
	/* The next window ends 12 cycles later; the end of this one is known to a sample. */
	impulse_frame = llround(((double)(window.measurement.end_ns - BOOT_NS) * 1e-9 + 12 / 57.3) * 8000) - 5 + _i;
	for (int i = 0; i < 3; i++) {
		next_window();
		ws += window.measurement.input[0].active_ws;
	}
	assert_near(ws * 8000 / 100 / sample(0, (double)impulse_frame), 1, 1e-4);
}
END_TEST

/* Samples were lost: the window under way is given up, the next one begins after the gap and says so. */
START_TEST(restart)
{
	int64_t end_ns;

	skip(3);
	end_ns = window.measurement.end_ns;
	play();
	frame += 8000; /* a second is lost */
	mm_metrology_restart(&metrology, 5);
	next_window();
	ck_assert_uint_eq(window.measurement.missed, 5);
	assert_near((double)(window.measurement.start_ns - end_ns) * 1e-9, 1 + 250.0 / 8000, 0.07);
	ck_assert(window.measurement.start_ns > end_ns + MM_NS_PER_S);
	assert_near(window.detail[0].active_w / 1200, 1, 1e-4);
	end_ns = window.measurement.end_ns;
	next_window();
	ck_assert_uint_eq(window.measurement.missed, 0);
	ck_assert_int_eq(window.measurement.start_ns, end_ns);
}
END_TEST

/* A block that comes late is told from one whose samples are missing: the next ones are on time again. */
START_TEST(lateness)
{
	skip(20);
	frame += 80; /* samples lost: 10 ms */
	play();
	ck_assert_int_ge(metrology.clock.late_ns, 9 * MM_NS_PER_MS);
	while (mm_metrology_next(&metrology, &window)) {
	}
	play();
	ck_assert_int_ge(metrology.clock.late_ns, 8 * MM_NS_PER_MS);
}
END_TEST

/* ---- Supplies that fail ---- */

/* Without any supply windows go by time, and with it they are between crossings again. */
START_TEST(no_supply)
{
	for (unsigned i = 0; i < INPUTS; i++) {
		signal.voltage_v[i] = _i == 0 ? 0 : 120;
		signal.current_a[i] = 0;
	}
	signal.noise = 20;
	skip(3);
	signal.voltage_v[0] = signal.voltage_v[1] = 0;
	skip(2);
	for (int i = 0; i < 20; i++) {
		int64_t end_ns = window.measurement.end_ns;

		next_window();
		assert_finite();
		ck_assert_int_eq(window.measurement.start_ns, end_ns);
		ck_assert(!window.synchronous && window.measurement.input[0].frequency_hz == 0);
		ck_assert(window.measurement.phasors[0].voltage.re == 0);
		assert_near(window_s(), 0.3, 0.06);
	}
	signal.voltage_v[0] = 120;
	skip(3);
	ck_assert(window.synchronous);
	assert_near(window.measurement.input[0].frequency_hz, 60, 1e-3);
}
END_TEST

/* The reference loses its supply: the other line takes over. Only the first line's energy ends. */
START_TEST(reference_lost)
{
	skip(3);
	ck_assert(window.synchronous);
	signal.voltage_v[0] = 0;
	skip(4);
	for (int i = 0; i < 5; i++) {
		next_window();
		ck_assert(window.synchronous);
		assert_near(window.detail[1].active_w / 600, 1, 1e-5);
		assert_near(window.measurement.input[1].frequency_hz, 60, 1e-3);
	}
}
END_TEST

/* Steps of frequency no supply makes: windows keep joining, and are right again at once. */
START_TEST(frequency_steps)
{
	static const double steps[] = {45, 65, 50, 60, 65, 45};

	for (int s = 0; s < MM_COUNT_OF(steps); s++) {
		change_frequency(steps[s]);
		for (int i = 0; i < 4; i++) {
			int64_t end_ns = window.measurement.end_ns;

			next_window();
			assert_finite();
			if (s > 0) {
				ck_assert_int_eq(window.measurement.start_ns, end_ns);
				assert_near(window.detail[0].active_w / 1200, 1, 0.02);
			}
		}
		assert_near(window.measurement.input[0].frequency_hz, steps[s], 1e-3);
		assert_near(window.measurement.input[0].reactive_vars, 0, 0.1);
		assert_near(window.detail[0].active_w / 1200, 1, 1e-5);
	}
}
END_TEST

/* Plays so many cycles at a voltage, collecting the events of the first input. */
static int play_voltage(double voltage_v, double cycles, struct mm_voltage_event *ret)
{
	int64_t until = frame + llround(cycles / signal.frequency_hz * signal.rate_hz);
	int count = 0;

	signal.voltage_v[0] = voltage_v;
	block = 10;
	while (frame < until) {
		play();
		while (mm_metrology_next(&metrology, &window)) {
			for (unsigned e = 0; e < window.measurement.event_count; e++) {
				if (window.measurement.event[e].input == 0) {
					*ret = window.measurement.event[e];
					count++;
				}
			}
		}
	}
	return count;
}

static const struct {
	double voltage_v, cycles;
	int events;
	enum mm_voltage_event_kind kind;
} dips[] = {
	{84, 5, 1, MM_VOLTAGE_SAG},	    {84, 1.5, 1, MM_VOLTAGE_SAG},	 {138, 8, 1, MM_VOLTAGE_SWELL},
	{0, 4, 1, MM_VOLTAGE_INTERRUPTION}, {3, 40, 1, MM_VOLTAGE_INTERRUPTION}, {109, 5, 0, MM_VOLTAGE_SAG},
	{131, 5, 0, MM_VOLTAGE_SWELL},
};

/* IEC 61000-4-30: a sag is found by the rms of a cycle, its depth true and its length to a cycle. */
START_TEST(voltage_events)
{
	struct mm_voltage_event event = {0};

	ck_assert_int_eq(play_voltage(120, 40, &event), 0);
	ck_assert_int_eq(play_voltage(dips[_i].voltage_v, dips[_i].cycles, &event) + play_voltage(120, 60, &event),
			 dips[_i].events);
	if (dips[_i].events > 0) {
		ck_assert_int_eq(event.kind, dips[_i].kind);
		assert_near((double)(event.end_ns - event.start_ns) * 60e-9, dips[_i].cycles, 1.1);
		if (dips[_i].cycles >= 2) {
			assert_near(event.extreme_v, dips[_i].voltage_v, 0.6); /* class S may be off by 1.2 V */
		}
	}
}
END_TEST

/* ---- Channels that fail ---- */

static double frozen(double turns, double sine)
{
	(void)turns;
	(void)sine;
	return 1.25;
}

START_TEST(channel_flags)
{
	signal.noise = 10;
	skip(2);
	for (unsigned i = 0; i < INPUTS; i++) {
		ck_assert_uint_eq(window.detail[i].voltage_flags | window.detail[i].current_flags, 0);
	}
	signal.current_a[0] = 149; /* 210.7 A peak, beyond the rail */
	signal.noise = 0;
	signal.voltage_v[1] = 0;
	skip(3);
	ck_assert_uint_eq(window.detail[0].current_flags, MM_CHANNEL_CLIPPED);
	ck_assert_uint_eq(window.detail[1].voltage_flags, MM_CHANNEL_STUCK);
	ck_assert_uint_eq(window.detail[1].current_flags, 0);
	signal.shape = frozen;
	skip(3);
	ck_assert_uint_eq(window.detail[0].current_flags, MM_CHANNEL_STUCK);
	ck_assert_uint_eq(window.detail[0].voltage_flags, 0);
}
END_TEST

/* A channel that is not there reads zero, whatever the frames hold. */
START_TEST(dead_channel)
{
	config.input[1].voltage.slot = MM_METROLOGY_DEAD;
	config.input[1].current.slot = MM_METROLOGY_DEAD;
	ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
	skip(3);
	ck_assert(window.measurement.input[1].voltage_v == 0 && window.measurement.input[1].current_a == 0);
	ck_assert_uint_eq(window.detail[1].voltage_flags | window.detail[1].current_flags, 0);
	assert_near(window.detail[0].active_w / 1200, 1, 1e-5);
	assert_finite();
}
END_TEST

/* Whatever the codes: finite figures, and windows that join. */
START_TEST(any_codes)
{
	int64_t end_ns = 0, at_ns = BOOT_NS;
	int windows = 0;

	for (int b = 0; b < 400; b++) {
		unsigned mode = (unsigned)(mm_random(&random_state) % 4);

		for (unsigned k = 0; k < BLOCK_MAX * CHANNELS; k++) {
			codes[k] = mode == 0   ? (int32_t)mm_random(&random_state)
				   : mode == 1 ? INT32_MIN
				   : mode == 2 ? INT32_MAX * (int32_t)(mm_random(&random_state) % 2)
					       : 0;
		}
		at_ns += (int64_t)(mm_random(&random_state) % (10 * MM_NS_PER_S));
		mm_metrology_feed(&metrology, codes, BLOCK_MAX, at_ns);
		while (mm_metrology_next(&metrology, &window)) {
			assert_finite();
			ck_assert(end_ns == 0 || window.measurement.start_ns == end_ns);
			end_ns = window.measurement.end_ns;
			windows++;
		}
	}
	ck_assert_int_gt(windows, 100);
}
END_TEST

START_TEST(refused)
{
	const struct mm_metrology_config good = config;

	for (int i = 0; i < 12; i++) {
		config = good;
		switch (i) {
		case 0:
			config.rate_hz = NAN;
			break;
		case 1:
			config.rate_hz = 1000;
			break;
		case 2:
			config.rate_hz = 1e6;
			break;
		case 3:
			config.frame_channels = 0;
			break;
		case 4:
			config.frame_channels = MM_METROLOGY_FRAME_MAX + 1;
			break;
		case 5:
			config.rails.max = config.rails.min;
			break;
		case 6:
			config.nominal_v = 0;
			break;
		case 7:
			config.input_count = 0;
			break;
		case 8:
			config.input_count = MM_INPUTS_MAX + 1;
			break;
		case 9:
			config.input[1].current.slot = CHANNELS;
			break;
		case 10:
			config.input[1].current.scale = 0;
			break;
		case 11:
			config.input[1].current.lag_deg = 6;
			break; /* 2.96 samples at 45 Hz */
		}
		ck_assert_int_eq(mm_metrology_init(&metrology, &config), -EINVAL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrology");
	TCase *figures = tcase_create("figures");
	TCase *samples = tcase_create("samples and time");
	TCase *failures = tcase_create("failures");

	tcase_add_checked_fixture(figures, setup, NULL);
	tcase_add_loop_test(figures, steady_sines, 0, MM_COUNT_OF(frequencies));
	tcase_add_test(figures, phasors_of_lines);
	tcase_add_loop_test(figures, delays_are_taken_out, 0, MM_COUNT_OF(frequencies));
	tcase_add_test(figures, light_load);
	tcase_add_test(figures, half_wave_load);
	tcase_add_test(figures, phase_fired_load);
	tcase_add_test(figures, burst_load);
	tcase_add_test(figures, fifth_harmonic);
	tcase_add_test(figures, harmonics_on_request);
	tcase_add_test(figures, harmonics_of_half_wave);
	tcase_add_test(figures, harmonics_of_a_slow_converter);
	suite_add_tcase(suite, figures);
	tcase_add_checked_fixture(samples, setup, NULL);
	tcase_add_loop_test(samples, time_is_that_of_the_machine, 0, 2);
	tcase_add_test(samples, blocks_do_not_matter);
	tcase_add_loop_test(samples, every_sample_counts_once, 0, 11);
	tcase_add_test(samples, restart);
	tcase_add_test(samples, lateness);
	suite_add_tcase(suite, samples);
	tcase_add_checked_fixture(failures, setup, NULL);
	tcase_add_loop_test(failures, no_supply, 0, 2);
	tcase_add_test(failures, reference_lost);
	tcase_add_test(failures, frequency_steps);
	tcase_add_loop_test(failures, voltage_events, 0, MM_COUNT_OF(dips));
	tcase_add_test(failures, channel_flags);
	tcase_add_test(failures, dead_channel);
	tcase_add_test(failures, any_codes);
	tcase_add_test(failures, refused);
	suite_add_tcase(suite, failures);
	return mm_run_suite(suite);
}
