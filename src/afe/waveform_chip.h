/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_WAVEFORM_CHIP_H
#define MM_AFE_WAVEFORM_CHIP_H

/* The waveform converters: what their data sheets say, how their drivers take the rate, and what a code is worth. */

#include "afe/afe.h"
#include "afe/iio_stream.h"

#define MM_WAVEFORM_CODE_MAX 8388607 /* 24 bits, signed */

/*
 * The code that the peak of the largest sine gives which the chip is specified for, and its driver's scale in mV, at gain 1.
 * Drivers print scales with nine decimals: the data sheet's constant serves where it fits.
 */
struct mm_waveform_chip {
	const char *name;
	unsigned channels;
	double full_scale_code;
	double scale_mv;
	bool unscaled;	    /* the driver tells no scale, and leaves the gain at 1 */
	bool whole_frames;  /* the driver stores all channels, whichever are enabled: all must be */
	bool has_osr;	    /* the rate is MCLK / (4 * OSR), and the driver takes the ratio; */
	unsigned rate_unit; /* else it takes the rate: in samples a second, or thousands of them (1000), */
	const char *rate;   /* in this file */
};

/* Samples a second, as configured. */
double mm_waveform_chip_rate(const struct mm_waveform_chip *chip, const struct mm_afe_config *config);

/* Tells the device its rate. -EINVAL: the driver can't set it, and it is not what the chip comes up with; other -errno. */
int mm_waveform_chip_set_rate(const struct mm_waveform_chip *chip, const struct mm_afe_config *config,
			      struct mm_iio_device *device);

/*
 * A channel's gain, or what takes its place where the reference is another, by the driver's scale: how much more a code counts
 * than at gain 1. -EINVAL: a scale that none of the chip's gains gives; other -errno.
 */
int mm_waveform_chip_gain(const struct mm_waveform_chip *chip, struct mm_iio_device *device, unsigned channel, double *ret);

#endif
