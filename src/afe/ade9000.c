/* SPDX-License-Identifier: MIT */
/*
 * Analog Devices ADE9000 through the mainline Linux driver. Energy comes from the chip's own energy registers, which hold one
 * window each, 8000 samples at 8 kS/s of the chip's clock; the tracker in window.c finds each of them once. What the driver says
 * of scales is cut off after nine decimals, so the constants of the data sheet are used instead.
 */
#include "afe/afe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "afe/iio_device.h"
#include "afe/power_check.h"
#include "afe/window.h"
#include "core/units.h"

#define PHASES 3
/* Data sheet: codes at full scale, and samples in a window as the driver sets EGY_TIME. */
#define RMS_FULL_SCALE 52866837.0
#define POWER_FULL_SCALE 20694066.0
#define WINDOW_SAMPLES 8000.0
#define WINDOW_NS MM_NS_PER_S
/* The driver's scale attributes, cut off, are up to 5 % low; a chip whose scale is further off is another chip. */
#define SCALE_TOLERANCE 0.06

/* A failed transfer is tried once more after this. */
#define RETRY_NS (5 * MM_NS_PER_MS)

/* Below this part of full-scale power neither a missing energy nor a wrong one can be told from noise. */
#define LOADED_RATIO 0.01

enum energy {
	ACTIVE,
	REACTIVE,
	APPARENT,
	ENERGY_COUNT,
};

struct input {
	struct mm_afe_input config;
	struct mm_iio_attr energy[ENERGY_COUNT];
	struct mm_iio_attr power;
	struct mm_iio_attr voltage;
	struct mm_iio_attr current;
};

/* All that is read for one window. */
struct reading {
	int64_t begin_ns, end_ns; /* of reading the energies */
	int64_t energy[MM_INPUTS_MAX][ENERGY_COUNT];
	double voltage_v[MM_INPUTS_MAX];
	double current_a[MM_INPUTS_MAX];
	double frequency_hz;
};

struct ade9000 {
	struct mm_afe afe;
	struct mm_clock *clock;
	char *uri;
	char *device_name;
	struct mm_iio_device device;
	unsigned input_count;
	struct input input[MM_INPUTS_MAX];
	struct mm_iio_attr frequency;
	struct mm_window window;
	struct reading standing; /* the energies that stand in the registers, and what came with them */
	unsigned probe_input;	 /* the register furthest from zero */
	enum energy probe_energy;
	struct mm_power_check check;
	bool polling; /* for the check */
	unsigned polled_input;
	int64_t next_poll_ns;
};

static struct ade9000 *from_afe(struct mm_afe *afe)
{
	return (struct ade9000 *)afe;
}

static double full_scale_va(const struct mm_afe_input *config)
{
	return config->full_scale_v * config->full_scale_a;
}

/* What one code of an energy register is worth, as mean power over the window. */
static double watts_per_energy(const struct mm_afe_input *config)
{
	return full_scale_va(config) / POWER_FULL_SCALE / WINDOW_SAMPLES;
}

/* Is this a load that everything has to show? */
static bool is_loaded(const struct mm_afe_input *config, double power)
{
	return fabs(power) >= LOADED_RATIO * full_scale_va(config);
}

/* A single transfer may fail for once, from a disturbance on the bus: 0 after a pause where r is such a failure, else r. */
static int forgive(struct ade9000 *a, int r)
{
	return r == -EIO ? mm_clock_sleep_until(a->clock, mm_clock_boottime(a->clock) + RETRY_NS) : r;
}

static int read_s64(struct ade9000 *a, const struct mm_iio_attr *attr, int64_t *ret)
{
	int r = mm_iio_device_read_s64(&a->device, attr, ret);

	if (r < 0) {
		r = forgive(a, r);
		return r < 0 ? r : mm_iio_device_read_s64(&a->device, attr, ret);
	}
	return 0;
}

static int read_double(struct ade9000 *a, const struct mm_iio_attr *attr, double *ret)
{
	int r = mm_iio_device_read_double(&a->device, attr, ret);

	if (r < 0) {
		r = forgive(a, r);
		return r < 0 ? r : mm_iio_device_read_double(&a->device, attr, ret);
	}
	return 0;
}

static int read_scaled(struct ade9000 *a, const struct mm_iio_attr *attr, double scale, double *ret)
{
	int64_t code;
	int r = read_s64(a, attr, &code);

	if (r < 0) {
		return r;
	}
	*ret = (double)code * scale;
	return 0;
}

/* The driver hands out HI << 32 | LO, of which LO has 13 bits that count. */
static int read_energy(struct ade9000 *a, const struct mm_iio_attr *attr, int64_t *ret)
{
	int64_t raw;
	int r = read_s64(a, attr, &raw);

	if (r < 0) {
		return r;
	}
	*ret = (raw >> 32) * 8192 + (raw & 0x1fff);
	return 0;
}

/* The driver computes with half the chip's rate; one that has been put right says 50 where this one says 25. */
static int read_frequency(struct ade9000 *a, double *ret)
{
	double hz;
	int r = read_double(a, &a->frequency, &hz);

	if (r < 0) {
		return r;
	}
	hz = hz < 35.0 ? 2.0 * hz : hz;
	*ret = hz >= 35.0 && hz <= 100.0 ? hz : 0.0; /* with no signal it is 262144000 */
	return 0;
}

static int read_energies(struct ade9000 *a, struct reading *ret)
{
	ret->begin_ns = mm_clock_boottime(a->clock);
	for (unsigned i = 0; i < a->input_count; i++) {
		for (enum energy kind = 0; kind < ENERGY_COUNT; kind++) {
			int r = read_energy(a, &a->input[i].energy[kind], &ret->energy[i][kind]);

			if (r < 0) {
				return r;
			}
		}
	}
	ret->end_ns = mm_clock_boottime(a->clock);
	return 0;
}

/* Has a register changed from what stands? Is one still what it was, and not zero? Is one not zero at all? */
struct comparison {
	bool changed, standing, live;
};

static struct comparison compare(const struct ade9000 *a, const struct reading *reading)
{
	struct comparison result = {0};

	for (unsigned i = 0; i < a->input_count; i++) {
		for (enum energy kind = 0; kind < ENERGY_COUNT; kind++) {
			bool same = reading->energy[i][kind] == a->standing.energy[i][kind];
			bool live = reading->energy[i][kind] != 0;

			result.changed |= !same;
			result.standing |= same && live;
			result.live |= live;
		}
	}
	return result;
}

/* The energies first: they are what has a time to be read in. */
static int read_all(struct ade9000 *a, struct reading *ret)
{
	struct comparison result;
	int r = read_energies(a, ret);

	if (r == 0) {
		result = compare(a, ret);
		/* Caught in the act of latching; or else a small one has come out the same once more. */
		r = result.changed && result.standing ? read_energies(a, ret) : 0;
	}
	for (unsigned i = 0; i < a->input_count && r == 0; i++) {
		const struct input *input = &a->input[i];

		r = read_scaled(a, &input->voltage, input->config.full_scale_v / RMS_FULL_SCALE, &ret->voltage_v[i]);
		if (r == 0) {
			r = read_scaled(a, &input->current, input->config.full_scale_a / RMS_FULL_SCALE, &ret->current_a[i]);
		}
	}
	return r < 0 ? r : read_frequency(a, &ret->frequency_hz);
}

static void stand(struct ade9000 *a, const struct reading *reading)
{
	int64_t furthest = 0;

	a->standing = *reading;
	for (unsigned i = 0; i < a->input_count; i++) {
		for (enum energy kind = 0; kind < ENERGY_COUNT; kind++) {
			int64_t magnitude = llabs(reading->energy[i][kind]);

			if (magnitude > furthest) {
				furthest = magnitude;
				a->probe_input = i;
				a->probe_energy = kind;
			}
		}
	}
}

/* One register where one is live, or else the apparent energies: they are there with every kind of load. */
static int probe(struct ade9000 *a)
{
	bool live = a->standing.energy[a->probe_input][a->probe_energy] != 0;
	unsigned first = live ? a->probe_input : 0, last = live ? a->probe_input : a->input_count - 1;
	enum energy kind = live ? a->probe_energy : APPARENT;
	int64_t begin_ns = mm_clock_boottime(a->clock);
	bool changed = false;

	for (unsigned i = first; i <= last && !changed; i++) {
		int64_t energy;
		int r = read_energy(a, &a->input[i].energy[kind], &energy);

		if (r < 0) {
			return r;
		}
		changed = energy != a->standing.energy[i][kind];
	}
	mm_window_probed(&a->window, begin_ns, changed ? mm_clock_boottime(a->clock) : begin_ns, changed);
	return 0;
}

/* Polls the active power for the check while there is time until t. */
static int poll_power(struct ade9000 *a, int64_t t)
{
	const struct input *input = &a->input[a->polled_input];
	double scale = full_scale_va(&input->config) / POWER_FULL_SCALE;

	while (a->polling && a->next_poll_ns < t) {
		double power_w;
		int r = mm_clock_sleep_until(a->clock, a->next_poll_ns);

		if (r < 0) {
			return r;
		}
		r = read_scaled(a, &input->power, scale, &power_w);
		if (r < 0) {
			return r;
		}
		mm_power_check_poll(&a->check, power_w);
		a->next_poll_ns = mm_clock_boottime(a->clock) + MM_POWER_CHECK_STEP_NS;
	}
	return 0;
}

/* Compares the window that has just ended with what was polled in it. */
static void check_power(struct ade9000 *a)
{
	const struct mm_afe_input *config = &a->input[a->polled_input].config;
	double mean_w = (double)a->standing.energy[a->polled_input][ACTIVE] * watts_per_energy(config);
	double polled_w = mm_power_check_end(&a->check, mean_w, LOADED_RATIO * full_scale_va(config));

	if (a->check.wrong) {
		snprintf(a->afe.message, sizeof(a->afe.message),
			 "energy and power of %s phase %c disagree: %.1f W by its energy, %.1f W polled", a->device_name,
			 'A' + (char)config->phase, mean_w, polled_w);
	}
}

/* Takes up polling for the window that has begun, on the input with the greatest load. */
static void begin_check(struct ade9000 *a)
{
	double most_va = 0.0;

	a->polling = false;
	for (unsigned i = 0; i < a->input_count && !a->check.done; i++) {
		double va = a->standing.voltage_v[i] * a->standing.current_a[i];

		if (is_loaded(&a->input[i].config, va) && va > most_va) {
			most_va = va;
			a->polled_input = i;
			a->polling = true;
		}
	}
	a->next_poll_ns = a->standing.end_ns;
	mm_power_check_begin(&a->check);
}

/* Was there a load at both ends of the window? Energy registers at zero are not those of a live chip then. */
static bool is_loaded_through(const struct ade9000 *a, const struct reading *before, const struct reading *reading)
{
	for (unsigned i = 0; i < a->input_count; i++) {
		const struct mm_afe_input *config = &a->input[i].config;

		if (is_loaded(config, before->voltage_v[i] * before->current_a[i]) &&
		    is_loaded(config, reading->voltage_v[i] * reading->current_a[i])) {
			return true;
		}
	}
	return false;
}

static void fill(const struct ade9000 *a, const struct reading *reading, bool latched, struct mm_measurement *ret)
{
	double seconds = a->window.period_ns / (double)MM_NS_PER_S;

	*ret = (struct mm_measurement){
		.start_ns = a->window.start_ns,
		.end_ns = a->window.end_ns,
		.missed = a->window.missed,
		.health = a->check.wrong ? MM_HEALTH_IMPLAUSIBLE : MM_HEALTH_OK,
		.latched = latched,
		.input_count = a->input_count,
	};
	for (unsigned i = 0; i < a->input_count; i++) {
		double watts = watts_per_energy(&a->input[i].config);
		struct mm_input_reading *input = &ret->input[i];

		input->voltage_v = reading->voltage_v[i];
		input->current_a = reading->current_a[i];
		input->frequency_hz = reading->frequency_hz;
		if (!latched) {
			continue;
		}
		input->active_ws = (double)reading->energy[i][ACTIVE] * watts * seconds;
		input->reactive_vars = (double)reading->energy[i][REACTIVE] * watts * seconds;
		if (input->voltage_v >= 1.0) {
			/* A load that went off inside the window has no current at its end, but the window's energy has it. */
			double mean_a = (double)reading->energy[i][APPARENT] * watts / input->voltage_v;

			input->current_a = fmax(input->current_a, mean_a);
		}
	}
}

static int ade9000_next(struct mm_afe *afe, struct mm_measurement *ret)
{
	struct ade9000 *a = from_afe(afe);
	enum mm_window_verdict verdict = MM_WINDOW_AGAIN;
	struct reading reading = {0};
	struct comparison result = {0};
	bool dead;

	while (verdict == MM_WINDOW_AGAIN) {
		int64_t at_ns;
		enum mm_window_act act = mm_window_plan(&a->window, &at_ns);
		int r = poll_power(a, at_ns);

		if (r == 0) {
			r = mm_clock_sleep_until(a->clock, at_ns);
		}
		if (r == 0) {
			r = act == MM_WINDOW_PROBE ? probe(a) : read_all(a, &reading);
		}
		if (r < 0) {
			return r;
		}
		/* Nothing can fail from here on: a window counted is handed over. */
		if (act == MM_WINDOW_READ) {
			result = compare(a, &reading);
			verdict = mm_window_read(&a->window, reading.begin_ns, reading.end_ns, result.changed, result.live);
		}
	}
	dead = !result.live && is_loaded_through(a, &a->standing, &reading);
	stand(a, &reading);
	if (verdict == MM_WINDOW_LATCHED && a->window.missed == 0 && !dead) {
		check_power(a);
	}
	begin_check(a);
	fill(a, &reading, verdict == MM_WINDOW_LATCHED && !dead, ret);
	return 0;
}

/* Finds one attribute of a phase: prefix, the phase's number, suffix. */
static int find_attr(struct ade9000 *a, const char *prefix, unsigned phase, const char *suffix, struct mm_iio_attr *ret)
{
	char file[48];

	snprintf(file, sizeof(file), "%s%u%s", prefix, phase, suffix);
	return mm_iio_device_find(&a->device, file, ret);
}

static int find_input(struct ade9000 *a, struct input *input)
{
	const struct {
		const char *prefix, *suffix;
		struct mm_iio_attr *attr;
	} wanted[] = {
		{"in_energy", "_active_raw", &input->energy[ACTIVE]},
		{"in_energy", "_reactive_raw", &input->energy[REACTIVE]},
		{"in_energy", "_apparent_raw", &input->energy[APPARENT]},
		{"in_power", "_active_raw", &input->power},
		{"in_altvoltage", "_rms_raw", &input->voltage},
		{"in_altcurrent", "_rms_raw", &input->current},
	};

	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int r = find_attr(a, wanted[i].prefix, input->config.phase, wanted[i].suffix, wanted[i].attr);

		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* The driver's own idea of full scale tells whether this is the chip that the constants are for. */
static int check_scale(struct ade9000 *a, const char *prefix, const char *suffix, double full_scale)
{
	struct mm_iio_attr attr;
	double scale;
	int r = find_attr(a, prefix, a->input[0].config.phase, suffix, &attr);

	if (r == 0) {
		r = read_double(a, &attr, &scale);
	}
	if (r == 0 && !(fabs(scale * full_scale - 1.0) <= SCALE_TOLERANCE)) {
		r = mm_iio_device_error(&a->device, -EINVAL, "%s of %s is %.9f, not the 1/%.0f of an ADE9000", attr.file,
					a->device_name, scale, full_scale);
	}
	return r;
}

static int find_all(struct ade9000 *a)
{
	int r = find_attr(a, "in_voltage", a->input[0].config.phase, "_frequency", &a->frequency);

	for (unsigned i = 0; i < a->input_count && r == 0; i++) {
		r = find_input(a, &a->input[i]);
	}
	if (r == 0) {
		r = check_scale(a, "in_altvoltage", "_rms_scale", RMS_FULL_SCALE);
	}
	if (r == 0) {
		r = check_scale(a, "in_power", "_active_scale", POWER_FULL_SCALE);
	}
	return r;
}

static void ade9000_close(struct mm_afe *afe)
{
	mm_iio_device_close(&from_afe(afe)->device);
}

static int ade9000_open(struct mm_afe *afe)
{
	struct ade9000 *a = from_afe(afe);
	struct reading reading = {0};
	int r;

	ade9000_close(afe);
	r = mm_iio_device_open(&a->device, a->uri, a->device_name, afe->message, sizeof(afe->message));
	if (r < 0) {
		return r;
	}
	r = find_all(a);
	if (r == 0) {
		r = read_all(a, &reading);
	}
	if (r < 0) {
		ade9000_close(afe);
		return r;
	}
	a->check = (struct mm_power_check){0};
	a->polling = false;
	stand(a, &reading);
	mm_window_restart(&a->window, reading.begin_ns, reading.end_ns, compare(a, &reading).live);
	return 0;
}

static void ade9000_free(struct mm_afe *afe)
{
	struct ade9000 *a = from_afe(afe);

	ade9000_close(afe);
	free(a->uri);
	free(a->device_name);
	free(a);
}

static bool config_is_valid(const struct mm_afe_config *config)
{
	if (!config->uri || !config->device || config->input_count < 1 || config->input_count > MM_INPUTS_MAX) {
		return false;
	}
	for (unsigned i = 0; i < config->input_count; i++) {
		const struct mm_afe_input *input = &config->input[i];

		if (input->phase >= PHASES || !(input->full_scale_v > 0.0 && isfinite(input->full_scale_v)) ||
		    !(input->full_scale_a > 0.0 && isfinite(input->full_scale_a))) {
			return false;
		}
	}
	return true;
}

static int ade9000_new(const struct mm_afe_config *config, struct mm_clock *clock, struct mm_afe **ret)
{
	static const struct mm_afe_ops ops = {
		.open = ade9000_open,
		.next = ade9000_next,
		.close = ade9000_close,
		.free = ade9000_free,
	};
	struct ade9000 *a;

	if (!config_is_valid(config)) {
		return -EINVAL;
	}
	a = calloc(1, sizeof(*a));
	if (!a) {
		return -ENOMEM;
	}
	a->afe.ops = &ops;
	a->clock = clock;
	a->uri = strdup(config->uri);
	a->device_name = strdup(config->device);
	if (!a->uri || !a->device_name) {
		ade9000_free(&a->afe);
		return -ENOMEM;
	}
	a->input_count = config->input_count;
	for (unsigned i = 0; i < config->input_count; i++) {
		a->input[i].config = config->input[i];
	}
	mm_window_init(&a->window, WINDOW_NS);
	*ret = &a->afe;
	return 0;
}

const struct mm_afe_driver mm_afe_ade9000 = {
	.name = "ade9000",
	.device = "ade9000",
	.adc_full_scale_v = M_SQRT1_2, /* 1 V peak between the pins */
	.create = ade9000_new,
};
