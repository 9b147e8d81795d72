/* SPDX-License-Identifier: MIT */
#include "sim/adc.h"

#include <math.h>

#include "core/units.h"
#include "sim/noise.h"
#include "sim/recording.h"

#define CODE_MAX ((1 << (MM_SIM_ADC_BITS - 1)) - 1)
/* The factor by which "implausible" overdrives the inputs. */
#define OVERDRIVE 1e4

void mm_sim_adc_init(struct mm_sim_adc *adc, const struct mm_sim_board_config *board)
{
	const struct mm_sim_converter *converter = board->chip->converter;
	double codes_per_pin_v;

	if (!converter) {
		*adc = (struct mm_sim_adc){.chip = board->chip};
		return;
	}
	codes_per_pin_v = board->gain * (CODE_MAX + 1) / converter->full_scale_v;
	*adc = (struct mm_sim_adc){
		.chip = board->chip,
		.codes_per_v = codes_per_pin_v / board->voltage_divider,
		.codes_per_a = codes_per_pin_v * mm_sim_secondary_v(board) / board->ct_primary_a,
		.offset_codes = codes_per_pin_v * board->offset_uv * 1e-6,
		.noise_codes = board->noise ? codes_per_pin_v * converter->noise_v : 0.0,
		.seed = board->seed,
	};
}

/* An angle that turns by a fixed step, as a product with a unit vector. The error stays small for the length of a call. */
struct turning {
	double cosine, sine, step_cosine, step_sine;
};

static struct turning turning(double angle, double step)
{
	return (struct turning){cos(angle), sin(angle), cos(step), sin(step)};
}

static void turn(struct turning *t)
{
	double cosine = t->cosine * t->step_cosine - t->sine * t->step_sine;

	t->sine = t->cosine * t->step_sine + t->sine * t->step_cosine;
	t->cosine = cosine;
}

static int32_t code(const struct mm_sim_adc *adc, double value, uint64_t number, unsigned channel)
{
	/* A triangular density with half base w has an rms value of w / sqrt(6). */
	double noise = adc->noise_codes > 0.0 ? mm_sim_noise(adc->seed, channel, number, adc->noise_codes * sqrt(6.0)) : 0.0;

	return (int32_t)lrint(fmin(fmax(value + adc->offset_codes + noise, -CODE_MAX - 1), CODE_MAX));
}

/* A recording is at the inputs of element A alone. */
static void convert_recording(const struct mm_sim_adc *adc, const struct mm_sim_recording *recording,
			      const struct mm_sim_frames *frames, unsigned channel, bool voltage, int32_t *ret)
{
	const double codes = voltage ? adc->codes_per_v : adc->codes_per_a;

	for (unsigned i = 0; i < frames->count; i++) {
		double value = mm_sim_recording_at(recording, voltage ? 0 : 1, frames->time_ns + i * frames->step_ns);

		ret[i * adc->chip->channels + channel] = code(adc, codes * value, frames->number + i, channel);
	}
}

static void convert_channel(const struct mm_sim_adc *adc, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
			    const struct mm_sim_frames *frames, unsigned channel, unsigned source, int32_t *ret)
{
	const bool sine = mm_sim_wave_is_sine(&state->wave), voltage = source % 2 == 1;
	const unsigned element = source / 2;
	double lag = 0.0, peak = 0.0, turns, step = flow->frequency_hz * frames->step_ns / MM_NS_PER_S;
	struct turning angle;

	if (element < MM_SIM_LINES) {
		lag = voltage ? flow->voltage_lag_rad[element] : flow->current_lag_rad[element];
		peak = M_SQRT2 * (voltage ? flow->sine_v[element] * adc->codes_per_v : flow->sine_a[element] * adc->codes_per_a);
	}
	if (state->fault.kind == MM_SIM_FAULT_IMPLAUSIBLE) {
		peak *= OVERDRIVE;
	}
	turns = flow->frequency_hz * (frames->time_ns / MM_NS_PER_S) - lag / (2.0 * M_PI);
	angle = turning(2.0 * M_PI * (turns - floor(turns)), 2.0 * M_PI * step);
	for (unsigned i = 0; i < frames->count; i++, turn(&angle)) {
		double wave = sine	? angle.sine
			      : voltage ? mm_sim_wave_voltage(&state->wave, angle.sine, angle.cosine)
					: mm_sim_wave_current(&state->wave, angle.sine, angle.cosine, turns + i * step);

		ret[i * adc->chip->channels + channel] = code(adc, peak * wave, frames->number + i, channel);
	}
}

void mm_sim_adc_convert(const struct mm_sim_adc *adc, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
			const struct mm_sim_frames *frames, int32_t *ret)
{
	const unsigned channels = adc->chip->channels;

	for (unsigned channel = 0; channel < channels; channel++) {
		unsigned source = state->fault.kind == MM_SIM_FAULT_SWAPPED ? channel ^ 1u : channel;

		if (flow->recording && source / 2 == 0) {
			convert_recording(adc, flow->recording, frames, channel, source == 1, ret);
		} else {
			convert_channel(adc, state, flow, frames, channel, source, ret);
		}
	}
	for (unsigned i = 0; i < frames->count * channels && state->fault.kind == MM_SIM_FAULT_STUCK; i++) {
		ret[i] = (int32_t)adc->offset_codes + (int32_t)(i % channels) * 1000;
	}
}
