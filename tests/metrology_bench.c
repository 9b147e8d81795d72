/* SPDX-License-Identifier: MIT */
#include "metrology_bench.h"

#include <math.h>
#include <string.h>

#include "core/units.h"
#include "random.h"

#define VOLT_CODES 8000.0 /* codes per volt: 1049 V at the rail */
#define AMPERE_CODES 4e4  /* codes per ampere: 210 A */

struct signal signal;
struct mm_metrology_config config;
struct mm_metrology metrology;
struct mm_metrology_window window;
unsigned block;
int64_t frame, frame_begun;
double turns_begun;
int32_t codes[BLOCK_MAX * CHANNELS];
uint64_t random_state;

void setup(void)
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

void change_frequency(double hz)
{
	turns_begun += (double)(frame - frame_begun) * signal.frequency_hz / signal.rate_hz;
	frame_begun = frame;
	signal.frequency_hz = hz;
}

static double radians(double turns)
{
	return 2 * M_PI * (turns - floor(turns));
}

double sample(unsigned channel, double since)
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

void play(void)
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

void next_window(void)
{
	for (unsigned frames = 0; !mm_metrology_next(&metrology, &window); frames += block) {
		ck_assert_uint_lt(frames, 100000);
		play();
	}
}

void skip(int windows)
{
	while (windows-- > 0) {
		next_window();
	}
}

double window_s(void)
{
	return (double)(window.measurement.end_ns - window.measurement.start_ns) * 1e-9;
}

void assert_near(double value, double expected, double tolerance)
{
	ck_assert_msg(fabs(value - expected) <= tolerance, "%.9g, not %.9g to %.3g", value, expected, tolerance);
}

void assert_finite(void)
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
