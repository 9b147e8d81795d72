/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_DRIVERS_H
#define MM_AFE_DRIVERS_H

/*
 * The metering chips: one table of drivers, and the keys of the configuration's [front-end] that they take. A new waveform
 * converter is a row of it; a new kind of chip brings a file as well and, where it has any, keys of its own.
 */

#include "afe/afe.h"
#include "base/key.h"

#define MM_AFE_PHASES 3 /* of a chip: A, B and C */
#define MM_AFE_URI_MAX 108
#define MM_AFE_DEVICE_MAX 64

/* What [front-end] says beside the driver's name. */
struct mm_afe_settings {
	char uri[MM_AFE_URI_MAX];
	char device[MM_AFE_DEVICE_MAX]; /* empty: the driver's own */
	double voltage_divider;		/* line volts per volt at the ADC's pins */
	double burden_ohm;
	double phase_divider[MM_AFE_PHASES], phase_burden_ohm[MM_AFE_PHASES]; /* 0: as above */
	/* Of some drivers only: */
	double mclk_hz;
	int osr;
	int sample_rate; /* samples a second */
	int voltage_channel[MM_AFE_PHASES], current_channel[MM_AFE_PHASES];
	double phase_deg[MM_AFE_PHASES]; /* by which the current channel leads */
};

/* Keys that go together: a driver takes all of a group or none. */
enum mm_afe_keys {
	MM_AFE_KEYS_BOARD, /* every driver takes them */
	MM_AFE_KEYS_CLOCK,
	MM_AFE_KEYS_RATE,
	MM_AFE_KEYS_CHANNELS,
	MM_AFE_KEYS_COUNT,
};

extern const struct mm_key_table mm_afe_keys[MM_AFE_KEYS_COUNT]; /* their fields are in struct mm_afe_settings */

struct mm_waveform_chip;

/* One chip: what the configuration's "driver" key chooses from. */
struct mm_afe_driver {
	const char *name;		     /* in the configuration, and of the IIO device where nobody says otherwise */
	double adc_full_scale_v;	     /* rms of a full-scale sine at the ADC's pins */
	unsigned keys;			     /* that it takes: bits of enum mm_afe_keys */
	const struct mm_waveform_chip *chip; /* of waveform converters */
	/* config is copied. 0, -EINVAL (bad configuration), -ENOMEM; then error says what is wrong. */
	int (*create)(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
		      struct mm_error *error, struct mm_afe **ret);
};

/* NULL: there is none of that name. */
const struct mm_afe_driver *mm_afe_driver_find(const char *name);

/* The names of all drivers, by index; NULL behind the last. */
const char *mm_afe_driver_name(size_t index);

#endif
