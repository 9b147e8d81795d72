/* SPDX-License-Identifier: MIT */
/* Finding and reading the chip's registers through libiio. */
#include "afe/ade9000_chip.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "core/units.h"

/* Data sheet: codes at full scale, and samples in a window as the driver sets EGY_TIME. */
#define RMS_FULL_SCALE 52866837.0
#define POWER_FULL_SCALE 20694066.0
#define WAVEFORM_FULL_SCALE 74770000.0
#define WINDOW_SAMPLES 8000.0
/* The driver's scale attributes, cut off, are up to 5 % low; a chip whose scale is further off is another chip. */
#define SCALE_TOLERANCE 0.06

/* A failed transfer is tried once more after this. */
#define RETRY_NS (5 * MM_NS_PER_MS)
/* What takes longer to read has no instant. */
#define INSTANT_NS (2 * MM_NS_PER_MS)

double mm_ade9000_full_scale_va(const struct mm_afe_input *config)
{
	return config->full_scale_v * config->full_scale_a;
}

double mm_ade9000_watts_per_energy(const struct mm_afe_input *config)
{
	return mm_ade9000_full_scale_va(config) / POWER_FULL_SCALE / WINDOW_SAMPLES;
}

double mm_ade9000_rms(int64_t code, double full_scale)
{
	return (double)code * full_scale / RMS_FULL_SCALE;
}

bool mm_ade9000_is_loaded(const struct mm_afe_input *config, double power)
{
	return fabs(power) >= MM_ADE9000_LOADED_RATIO * mm_ade9000_full_scale_va(config);
}

void mm_ade9000_volt_amperes(const struct mm_afe_input *config, double apparent_va, double last_v, struct mm_input_reading *input)
{
	if (apparent_va > input->voltage_v * config->full_scale_a && last_v > input->voltage_v) {
		input->voltage_v = last_v;
	}
	if (input->voltage_v >= MM_ADE9000_VOLTAGE_MIN_V && apparent_va > 0.0) {
		input->current_a = apparent_va / input->voltage_v;
	}
}

/* A disturbance on the bus can make a single transfer fail: 0 after a pause where r is such a failure, else r. */
static int wait_to_retry(struct mm_ade9000_chip *chip, int r)
{
	return r == -EIO ? mm_clock_sleep_until(chip->clock, mm_clock_boottime(chip->clock) + RETRY_NS) : r;
}

static int read_s64(struct mm_ade9000_chip *chip, const struct mm_iio_attr *attr, int64_t *ret)
{
	int r = mm_iio_device_read_s64(&chip->device, attr, ret);

	if (r < 0) {
		r = wait_to_retry(chip, r);
		return r < 0 ? r : mm_iio_device_read_s64(&chip->device, attr, ret);
	}
	return 0;
}

static int read_double(struct mm_ade9000_chip *chip, const struct mm_iio_attr *attr, double *ret)
{
	int r = mm_iio_device_read_double(&chip->device, attr, ret);

	if (r < 0) {
		r = wait_to_retry(chip, r);
		return r < 0 ? r : mm_iio_device_read_double(&chip->device, attr, ret);
	}
	return 0;
}

static int read_scaled(struct mm_ade9000_chip *chip, const struct mm_iio_attr *attr, double scale, double *ret)
{
	int64_t code;
	int r = read_s64(chip, attr, &code);

	if (r < 0) {
		return r;
	}
	*ret = (double)code * scale;
	return 0;
}

/* The driver hands out HI << 32 | LO, of which LO has 13 bits that count. */
int mm_ade9000_chip_read_energy(struct mm_ade9000_chip *chip, unsigned input, enum mm_ade9000_energy kind, int64_t *ret)
{
	int64_t raw;
	int r = read_s64(chip, &chip->input[input].energy[kind], &raw);

	if (r < 0) {
		return r;
	}
	*ret = (raw >> 32) * 8192 + (raw & 0x1fff);
	return 0;
}

/* The driver computes with half the chip's rate; one that has been put right says 50 where this one says 25. */
static int read_frequency(struct mm_ade9000_chip *chip, double *ret)
{
	double hz;
	int r = read_double(chip, &chip->frequency, &hz);

	if (r < 0) {
		return r;
	}
	hz = hz < 35.0 ? 2.0 * hz : hz;
	*ret = hz >= 35.0 && hz <= 100.0 ? hz : 0.0; /* with no signal it is 262144000 */
	return 0;
}

int mm_ade9000_chip_read_energies(struct mm_ade9000_chip *chip, struct mm_ade9000_reading *ret)
{
	ret->begin_ns = mm_clock_boottime(chip->clock);
	for (unsigned i = 0; i < chip->input_count; i++) {
		for (enum mm_ade9000_energy kind = 0; kind < MM_ADE9000_ENERGY_COUNT; kind++) {
			int r = mm_ade9000_chip_read_energy(chip, i, kind, &ret->energy[i][kind]);

			if (r < 0) {
				return r;
			}
		}
	}
	ret->end_ns = mm_clock_boottime(chip->clock);
	return 0;
}

static int read_current(struct mm_ade9000_chip *chip, unsigned i, bool new_energies, struct mm_ade9000_reading *ret)
{
	const struct mm_ade9000_input *input = &chip->input[i];
	int64_t apparent = ret->energy[i][MM_ADE9000_APPARENT];

	if (new_energies && apparent > 0 && ret->voltage_v[i] >= MM_ADE9000_VOLTAGE_MIN_V) {
		ret->current_a[i] = (double)apparent * mm_ade9000_watts_per_energy(&input->config) / ret->voltage_v[i];
		return 0;
	}
	return read_scaled(chip, &input->current, input->config.full_scale_a / RMS_FULL_SCALE, &ret->current_a[i]);
}

int mm_ade9000_chip_read_rms(struct mm_ade9000_chip *chip, struct mm_ade9000_reading *ret, bool new_energies)
{
	for (unsigned i = 0; i < chip->input_count; i++) {
		const struct mm_ade9000_input *input = &chip->input[i];
		int r = read_scaled(chip, &input->voltage, input->config.full_scale_v / RMS_FULL_SCALE, &ret->voltage_v[i]);

		if (r < 0) {
			return r;
		}
		r = read_current(chip, i, new_energies, ret);
		if (r < 0) {
			return r;
		}
	}
	return read_frequency(chip, &ret->frequency_hz);
}

int mm_ade9000_chip_read_power(struct mm_ade9000_chip *chip, unsigned input, double *ret_w)
{
	const struct mm_ade9000_input *from = &chip->input[input];

	return read_scaled(chip, &from->power, mm_ade9000_full_scale_va(&from->config) / POWER_FULL_SCALE, ret_w);
}

int mm_ade9000_chip_read_instant(struct mm_ade9000_chip *chip, unsigned input, int64_t *now_ns, struct mm_instant *ret_v)
{
	const struct mm_ade9000_input *from = &chip->input[input];
	int64_t begin_ns = *now_ns, code, took_ns;
	int r = mm_iio_device_read_s64(&chip->device, &from->waveform, &code);

	if (r < 0) {
		return r;
	}
	*now_ns = mm_clock_boottime(chip->clock);
	took_ns = *now_ns - begin_ns;
	if (took_ns > INSTANT_NS) {
		return -ETIME;
	}
	ret_v->value = (double)code / WAVEFORM_FULL_SCALE * M_SQRT2 * from->config.full_scale_v;
	ret_v->at_ns = begin_ns + took_ns / 2;
	return 0;
}

static bool config_is_valid(const struct mm_afe_config *config)
{
	if (!config->uri || !config->device || config->input_count < 1 || config->input_count > MM_INPUTS_MAX) {
		return false;
	}
	for (unsigned i = 0; i < config->input_count; i++) {
		const struct mm_afe_input *input = &config->input[i];

		if (input->phase >= MM_AFE_PHASES || !(input->full_scale_v > 0.0 && isfinite(input->full_scale_v)) ||
		    !(input->full_scale_a > 0.0 && isfinite(input->full_scale_a))) {
			return false;
		}
	}
	return true;
}

int mm_ade9000_chip_init(struct mm_ade9000_chip *chip, const struct mm_afe_config *config, struct mm_clock *clock,
			 struct mm_error *error)
{
	struct mm_ade9000_chip new = {.clock = clock, .input_count = config->input_count};

	if (!config_is_valid(config)) {
		return mm_error_set(error, -EINVAL, "1 to %d inputs with a full scale above 0", MM_AFE_PHASES);
	}
	new.uri = strdup(config->uri);
	new.name = strdup(config->device);
	if (!new.uri || !new.name) {
		mm_ade9000_chip_free(&new);
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	for (unsigned i = 0; i < config->input_count; i++) {
		new.input[i].config = config->input[i];
	}
	*chip = new;
	return 0;
}

void mm_ade9000_chip_free(struct mm_ade9000_chip *chip)
{
	mm_ade9000_chip_close(chip);
	free(chip->uri);
	free(chip->name);
}

/* Finds one attribute of a phase: prefix, the phase's number, suffix. */
static int find_attr(struct mm_ade9000_chip *chip, const char *prefix, unsigned phase, const char *suffix,
		     struct mm_iio_attr *ret)
{
	char file[48];

	snprintf(file, sizeof(file), "%s%u%s", prefix, phase, suffix);
	return mm_iio_device_find(&chip->device, file, ret);
}

static int find_input(struct mm_ade9000_chip *chip, struct mm_ade9000_input *input)
{
	const struct {
		const char *prefix, *suffix;
		struct mm_iio_attr *attr;
	} attrs[] = {
		{"in_energy", "_active_raw", &input->energy[MM_ADE9000_ACTIVE]},
		{"in_energy", "_reactive_raw", &input->energy[MM_ADE9000_REACTIVE]},
		{"in_energy", "_apparent_raw", &input->energy[MM_ADE9000_APPARENT]},
		{"in_power", "_active_raw", &input->power},
		{"in_altvoltage", "_rms_raw", &input->voltage},
		{"in_altcurrent", "_rms_raw", &input->current},
		{"in_voltage", "_raw", &input->waveform},
	};

	for (unsigned i = 0; i < COUNT_OF(attrs); i++) {
		int r = find_attr(chip, attrs[i].prefix, input->config.phase, attrs[i].suffix, attrs[i].attr);

		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* The driver's own idea of full scale tells whether this is the chip that the constants are for. */
static int check_scale(struct mm_ade9000_chip *chip, const char *prefix, const char *suffix, double full_scale)
{
	struct mm_iio_attr attr;
	double scale;
	int r = find_attr(chip, prefix, chip->input[0].config.phase, suffix, &attr);

	if (r == 0) {
		r = read_double(chip, &attr, &scale);
	}
	if (r == 0 && !(fabs(scale * full_scale - 1.0) <= SCALE_TOLERANCE)) {
		r = mm_iio_device_error(&chip->device, -EINVAL, "%s of %s is %.9f, not the 1/%.0f of an ADE9000", attr.file,
					chip->device.name, scale, full_scale);
	}
	return r;
}

static int find_all(struct mm_ade9000_chip *chip)
{
	int r = find_attr(chip, "in_voltage", chip->input[0].config.phase, "_frequency", &chip->frequency);

	for (unsigned i = 0; i < chip->input_count && r == 0; i++) {
		r = find_input(chip, &chip->input[i]);
	}
	if (r == 0) {
		r = check_scale(chip, "in_altvoltage", "_rms_scale", RMS_FULL_SCALE);
	}
	if (r == 0) {
		r = check_scale(chip, "in_power", "_active_scale", POWER_FULL_SCALE);
	}
	return r;
}

/* What there is between windows. */
static int find_counting(struct mm_ade9000_chip *chip)
{
	int r = mm_iio_device_find(&chip->device, "window", &chip->window);

	for (unsigned i = 0; i < chip->input_count && r == 0; i++) {
		struct mm_ade9000_input *input = &chip->input[i];

		r = find_attr(chip, "in_power", input->config.phase, "_active_raw", &input->power);
		if (r == 0) {
			r = find_attr(chip, "in_voltage", input->config.phase, "_raw", &input->waveform);
		}
	}
	return r;
}

static int open_with(struct mm_ade9000_chip *chip, struct mm_error *error, int (*find)(struct mm_ade9000_chip *chip))
{
	int r = mm_iio_device_open(&chip->device, chip->uri, chip->name, error);

	if (r < 0) {
		return r;
	}
	r = find(chip);
	if (r < 0) {
		mm_ade9000_chip_close(chip);
	}
	return r;
}

int mm_ade9000_chip_open(struct mm_ade9000_chip *chip, struct mm_error *error)
{
	return open_with(chip, error, find_all);
}

int mm_ade9000_chip_open_counting(struct mm_ade9000_chip *chip, struct mm_error *error)
{
	return open_with(chip, error, find_counting);
}

void mm_ade9000_chip_close(struct mm_ade9000_chip *chip)
{
	mm_iio_device_close(&chip->device);
}
