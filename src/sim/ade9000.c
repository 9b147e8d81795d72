/* SPDX-License-Identifier: MIT */
/* Codes of the ADE9000 for steady sines at its inputs. */
#include "sim/ade9000.h"

#include <math.h>

#include "core/units.h"
#include "sim/noise.h"

/* The one-pole filter behind the multiplier lets 2f through: about 7 % of the apparent power at 120 Hz. */
#define POWER_FILTER_HZ 8.9
/* Peaks of the noise in codes; its density is a triangle of mean zero. */
#define RMS_NOISE 64.0
#define WAVEFORM_NOISE 400.0
#define POWER_NOISE 24.0
#define PERIOD_NOISE 3.0
#define ENERGY_NOISE 2000.0
/* The code of an rms register without an input. */
#define RMS_FLOOR 60.0
/* Below this voltage the chip measures no period and shows that of 50 Hz (SELFREQ in ACCMODE is clear). */
#define PERIOD_MIN_V 5.0
#define ENERGY_MAX ((INT64_C(1) << 44) - 1)

void mm_sim_ade9000_init(struct mm_sim_ade9000 *chip, const struct mm_sim_board_config *board)
{
	*chip = (struct mm_sim_ade9000){
		.full_scale_v = MM_SIM_ADC_FULL_SCALE_V * board->voltage_divider,
		.full_scale_a = MM_SIM_ADC_FULL_SCALE_V / mm_sim_secondary_v(board) * board->ct_primary_a,
		.clock_ratio = 1.0 + board->ppm * 1e-6,
		.noise = board->noise,
		.seed = board->seed,
	};
}

static double noise(const struct mm_sim_ade9000 *chip, unsigned channel, uint64_t moment, double peak)
{
	return chip->noise ? mm_sim_noise(chip->seed, channel, moment, peak) : 0.0;
}

static int64_t clamp(double code, int64_t min, int64_t max)
{
	return code <= (double)min ? min : code >= (double)max ? max : llround(code);
}

static unsigned channel_of(enum mm_sim_register which, unsigned phase)
{
	return (unsigned)which * MM_SIM_LINES + phase;
}

static double power_code(const struct mm_sim_ade9000 *chip, double power_uw)
{
	return power_uw * 1e-6 * MM_SIM_POWER_FULL_SCALE / (chip->full_scale_v * chip->full_scale_a);
}

void mm_sim_ade9000_latch(struct mm_sim_ade9000 *chip, uint64_t window, const double mean[MM_SIM_ENERGIES][MM_SIM_LINES])
{
	for (unsigned energy = 0; energy < MM_SIM_ENERGIES; energy++) {
		for (unsigned phase = 0; phase < MM_SIM_LINES; phase++) {
			unsigned channel = channel_of(MM_SIM_WATTHR + energy, phase);
			double code = power_code(chip, mean[energy][phase]) * MM_SIM_WINDOW_SAMPLES;

			code += noise(chip, channel, window, ENERGY_NOISE);
			chip->latched[energy][phase] =
				clamp(code, MM_SIM_WATTHR + energy == MM_SIM_VAHR ? 0 : -ENERGY_MAX, ENERGY_MAX);
		}
	}
}

/* The register pair is a signed number of 45 bits: LO holds its lowest 13, HI the rest with the sign. */
static int64_t energy_raw(int64_t energy)
{
	int64_t lo = energy & 0x1fff;
	int64_t hi = (energy - lo) / 8192;

	return hi * (INT64_C(1) << 32) + lo;
}

int64_t mm_sim_ade9000_count(const struct mm_sim_ade9000 *chip, int64_t uwh, int64_t rest)
{
	long double uws = (long double)uwh * 3600 + (long double)rest / MM_NS_PER_S;
	long double watt_code = (long double)MM_SIM_POWER_FULL_SCALE / ((long double)chip->full_scale_v * chip->full_scale_a);
	int64_t count = llrintl(uws * 1e-6L * watt_code * MM_SIM_WINDOW_SAMPLES * chip->clock_ratio);

	return (int64_t)((uint64_t)count << 19) >> 19;
}

static double rms_code(double value, double full_scale, bool implausible)
{
	double code = implausible ? 1.5 * MM_SIM_RMS_FULL_SCALE : value / full_scale * MM_SIM_RMS_FULL_SCALE;

	return hypot(code, RMS_FLOOR);
}

static double waveform_code(double rms, double full_scale, double angle)
{
	return rms / full_scale * MM_SIM_WAVEFORM_FULL_SCALE * sin(angle);
}

/* The mean of v(t) i(t), and the part of its ripple, S at 2f, that the filter lets through. */
static double active_code(const struct mm_sim_ade9000 *chip, const struct mm_sim_flow *flow, unsigned phase, double angle)
{
	double gain = 1.0 / hypot(1.0, 2.0 * flow->frequency_hz / POWER_FILTER_HZ);
	double ripple = cos(2.0 * angle - flow->voltage_lag_rad[phase] - flow->current_lag_rad[phase]);

	return power_code(chip, (double)flow->active_uw[phase] - gain * (double)flow->apparent_uva[phase] * ripple);
}

static double period_code(const struct mm_sim_ade9000 *chip, const struct mm_sim_flow *flow, unsigned phase)
{
	double seen_hz = flow->voltage_v[phase] < PERIOD_MIN_V ? 50.0 : flow->frequency_hz / chip->clock_ratio;

	return 8000.0 * 65536.0 / seen_hz - 1.0;
}

int64_t mm_sim_ade9000_read(const struct mm_sim_ade9000 *chip, const struct mm_sim_flow *flow, int64_t time_ns,
			    enum mm_sim_register which, unsigned phase, bool implausible)
{
	double turns = flow->frequency_hz * ((double)(time_ns / MM_NS_PER_S) + (double)(time_ns % MM_NS_PER_S) * 1e-9);
	double angle = 2.0 * M_PI * (turns - floor(turns));
	double code = 0.0, peak = POWER_NOISE;

	switch (which) {
	case MM_SIM_I_PCF:
		code = waveform_code(flow->current_a[phase], chip->full_scale_a, angle - flow->current_lag_rad[phase]);
		peak = WAVEFORM_NOISE;
		break;
	case MM_SIM_V_PCF:
		code = waveform_code(flow->voltage_v[phase], chip->full_scale_v, angle - flow->voltage_lag_rad[phase]);
		peak = WAVEFORM_NOISE;
		break;
	case MM_SIM_IRMS:
		code = rms_code(flow->current_a[phase], chip->full_scale_a, implausible);
		peak = RMS_NOISE;
		break;
	case MM_SIM_VRMS:
		code = rms_code(flow->voltage_v[phase], chip->full_scale_v, implausible);
		peak = RMS_NOISE;
		break;
	case MM_SIM_WATT:
		code = active_code(chip, flow, phase, angle);
		break;
	case MM_SIM_VAR:
		code = power_code(chip, (double)flow->reactive_uvar[phase]);
		break;
	case MM_SIM_VA:
		code = power_code(chip, (double)flow->apparent_uva[phase]);
		break;
	case MM_SIM_PF: /* 5.27: one is 2^27 */
		code = flow->apparent_uva[phase] > 0
			       ? ldexp((double)flow->active_uw[phase] / (double)flow->apparent_uva[phase], 27)
			       : 0.0;
		break;
	case MM_SIM_PERIOD:
		code = period_code(chip, flow, phase);
		peak = PERIOD_NOISE;
		break;
	case MM_SIM_WATTHR:
	case MM_SIM_VARHR:
	case MM_SIM_VAHR:
		return energy_raw(chip->latched[which - MM_SIM_WATTHR][phase]);
	case MM_SIM_REGISTER_COUNT:
		break;
	}
	/* The DSP's registers change with each sample at 8 kS/s. */
	code += noise(chip, channel_of(which, phase), (uint64_t)(time_ns / 125000), peak);
	return clamp(code, which == MM_SIM_IRMS || which == MM_SIM_VRMS || which == MM_SIM_VA ? 0 : INT32_MIN, INT32_MAX);
}
