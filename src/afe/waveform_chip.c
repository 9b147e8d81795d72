/* SPDX-License-Identifier: MIT */
#include "afe/waveform_chip.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/units.h"

#define OSR_AT_RESET 256 /* of an MCP391x */
/* A scale this near a gain's is that gain's: its ninth decimal is 200 ppm of the smallest. */
#define GAIN_TOLERANCE 0.001
#define GAIN_MAX 32.0
/* References from outside: 4 V has an ADS131E at 0.6. */
#define GAIN_MIN 0.25

double mm_waveform_chip_rate(const struct mm_waveform_chip *chip, const struct mm_afe_config *config)
{
	return chip->has_osr ? config->mclk_hz / (4.0 * config->osr) : config->sample_rate;
}

int mm_waveform_chip_set_rate(const struct mm_waveform_chip *chip, const struct mm_afe_config *config,
			      struct mm_iio_device *device)
{
	struct mm_iio_attr attr;
	int r;

	r = mm_iio_device_find(device, chip->rate, &attr);
	if (r == -ENOENT && chip->has_osr) {
		/* The driver of Linux 6.1 has no such file. */
		return config->osr == OSR_AT_RESET
			       ? 0
			       : mm_iio_device_error(device, -EINVAL,
						     "the driver can't set the oversampling ratio of %s: osr = %d is what it has",
						     device->name, OSR_AT_RESET);
	}
	return r < 0 ? r
		     : mm_iio_device_write_s64(device, &attr,
					       chip->has_osr ? config->osr : config->sample_rate / chip->rate_unit);
}

int mm_waveform_chip_gain(const struct mm_waveform_chip *chip, struct mm_iio_device *device, unsigned channel, double *ret)
{
	struct mm_iio_attr attr;
	double scale_mv, ratio;
	char file[40];
	int r;

	snprintf(file, sizeof(file), "in_voltage%u_scale", channel);
	r = mm_iio_device_find(device, file, &attr);
	if (r == -ENOENT && chip->unscaled) {
		*ret = 1.0;
		return 0;
	}
	if (r == 0) {
		r = mm_iio_device_read_double(device, &attr, &scale_mv);
	}
	if (r < 0) {
		return r;
	}
	ratio = chip->scale_mv / scale_mv;
	if (!(ratio >= GAIN_MIN && ratio <= GAIN_MAX * (1.0 + GAIN_TOLERANCE))) {
		return mm_iio_device_error(device, -EINVAL, "%s of %s is %.9f mV: no gain of this chip", file, device->name,
					   scale_mv);
	}
	*ret = fabs(ratio / round(ratio) - 1.0) <= GAIN_TOLERANCE ? round(ratio) : ratio;
	return 0;
}
