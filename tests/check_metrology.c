/* SPDX-License-Identifier: MIT */
/*
 * Metrology: what windows say of signals whose figures are known in closed form, at any frequency, with offsets, noise, delays
 * and a converter whose clock is off; and that samples are neither lost nor counted twice however they come.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/units.h"
#include "dsp/metrology.h"
#include "random.h"
#include "suite.h"

#define CHANNELS 4 /* voltage and current of two inputs */
#define BLOCK 250
#define VOLT_CODES 8000.0 /* per volt: 1049 V at the rail */
#define AMPERE_CODES 4e4  /* 210 A */
#define BOOT_NS (100 * MM_NS_PER_S)

/* A sine on each line; the second voltage is opposite to the first. */
static struct {
	double rate_hz; /* true */
	double frequency_hz;
	double voltage_v;
	double current_a[2];
	double lag_deg[2];
	double offset[CHANNELS]; /* codes */
	double noise;		 /* codes rms */
	double late[CHANNELS];	 /* samples by which a channel is late */
} signal;

static struct mm_metrology_config config;
static struct mm_metrology metrology;
static struct mm_metrology_window window;
static int64_t frame; /* next to be sampled */
static uint64_t random_state;

static void setup(void)
{
	memset(&signal, 0, sizeof(signal));
	signal.rate_hz = 8000;
	signal.frequency_hz = 60;
	signal.voltage_v = 120;
	signal.current_a[0] = 10;
	signal.current_a[1] = 5;
	config = (struct mm_metrology_config){
		.rate_hz = 8000,
		.frame_channels = CHANNELS,
		.rails = {-(1 << 23), (1 << 23) - 1},
		.nominal_v = 120,
		.input_count = 2,
	};
	for (unsigned i = 0; i < 2; i++) {
		config.input[i].voltage = (struct mm_metrology_channel){.slot = 2 * i, .scale = 1 / VOLT_CODES};
		config.input[i].current = (struct mm_metrology_channel){.slot = 2 * i + 1, .scale = 1 / AMPERE_CODES};
	}
	frame = 0;
	random_state = 1;
	ck_assert_int_eq(mm_metrology_init(&metrology, &config), 0);
}

static double sample(unsigned channel, double at)
{
	unsigned input = channel / 2;
	double turns = signal.frequency_hz * (at - signal.late[channel]) / signal.rate_hz + 0.3 + 0.5 * input;
	double angle = 2 * M_PI * (turns - floor(turns));

	return channel % 2 == 0
		       ? VOLT_CODES * signal.voltage_v * M_SQRT2 * sin(angle)
		       : AMPERE_CODES * signal.current_a[input] * M_SQRT2 * sin(angle - signal.lag_deg[input] * M_PI / 180);
}

/* Samples a block of up to BLOCK frames. */
static void play(unsigned count)
{
	static int32_t codes[BLOCK * CHANNELS];

	for (unsigned k = 0; k < count * CHANNELS; k++) {
		unsigned channel = k % CHANNELS;
		double code = sample(channel, (double)frame + k / CHANNELS) + signal.offset[channel];

		if (signal.noise > 0) {
			code += mm_random_noise(&random_state, signal.noise);
		}
		codes[k] = (int32_t)lround(fmax(config.rails.min, fmin(config.rails.max, code)));
	}
	frame += count;
	mm_metrology_feed(&metrology, codes, count, BOOT_NS + (int64_t)((double)(frame - 1) / signal.rate_hz * 1e9));
}

/* Plays until the next window is there. */
static void next_window(void)
{
	for (int blocks = 0; !mm_metrology_next(&metrology, &window); blocks++) {
		ck_assert_int_lt(blocks, 1000);
		play(BLOCK);
	}
}

static void assert_near(double value, double expected, double tolerance)
{
	ck_assert_msg(fabs(value - expected) <= tolerance, "%.9g, not %.9g to %.3g", value, expected, tolerance);
}

static const double frequencies[] = {45, 47.3, 50, 54.99, 55.02, 60, 62.7, 65};

/* Every figure of steady sines, as near as codes can tell, from 45 to 65 Hz: no leakage. */
START_TEST(steady_sines)
{
	signal.frequency_hz = frequencies[_i];
	signal.lag_deg[0] = 60;
	signal.lag_deg[1] = -25;
	signal.offset[0] = 3000;
	signal.offset[1] = -5000;
	for (int i = 0; i < 2; i++) {
		next_window(); /* frequency is known from the first on */
	}
	for (int i = 0; i < 20; i++) {
		int64_t end_ns = window.measurement.end_ns;

		next_window();
		ck_assert_int_eq(window.measurement.start_ns, end_ns);
		ck_assert(window.synchronous && window.measurement.latched && window.measurement.health == MM_HEALTH_OK);
		for (unsigned e = 0; e < 2; e++) {
			const struct mm_input_reading *reading = &window.measurement.input[e];
			double seconds = (double)(window.measurement.end_ns - window.measurement.start_ns) * 1e-9;
			double va = signal.voltage_v * signal.current_a[e], lag = signal.lag_deg[e] * M_PI / 180;

			assert_near(seconds, (frequencies[_i] < 55 ? 10 : 12) / frequencies[_i], 1e-6);
			assert_near(reading->voltage_v / signal.voltage_v, 1, 2e-6);
			assert_near(reading->current_a / signal.current_a[e], 1, 2e-6);
			assert_near(reading->frequency_hz, frequencies[_i], 1e-4);
			assert_near(window.detail[e].active_w / va, cos(lag), 4e-6);
			assert_near(reading->active_ws / seconds / va, cos(lag), 4e-6);
			assert_near(reading->reactive_vars / seconds / va, sin(lag), 4e-6);
			assert_near(window.detail[e].nonactive_var / va, fabs(sin(lag)), 1e-5);
			assert_near(window.detail[e].power_factor, cos(lag), 4e-6);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrology");
	TCase *tcase = tcase_create("signals");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, steady_sines, 0, MM_COUNT_OF(frequencies));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
