/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_ADE9000_CHIP_H
#define MM_AFE_ADE9000_CHIP_H

/*
 * The ADE9000's registers as the mainline Linux driver shows them, in units. What the driver says of scales is cut off after
 * nine decimals, so the constants of the data sheet are used instead. All that reads may block on the bus; a transfer that fails
 * with -EIO is tried once more. Errors are put into words in the error given to open.
 */

#include <stdbool.h>

#include "afe/drivers.h"
#include "afe/iio_device.h"
#include "metrology/quadrature.h"

enum mm_ade9000_energy {
	MM_ADE9000_ACTIVE,
	MM_ADE9000_REACTIVE,
	MM_ADE9000_APPARENT,
	MM_ADE9000_ENERGY_COUNT,
};

struct mm_ade9000_input {
	struct mm_afe_input config;
	struct mm_iio_attr energy[MM_ADE9000_ENERGY_COUNT];
	struct mm_iio_attr power;
	struct mm_iio_attr voltage;
	struct mm_iio_attr current;
	struct mm_iio_attr waveform; /* of the voltage */
};

struct mm_ade9000_chip {
	struct mm_clock *clock;
	char *uri, *name; /* where it is, and what it is called there */
	struct mm_iio_device device;
	struct mm_iio_attr frequency;
	struct mm_iio_attr window; /* of minimeter's own driver */
	unsigned input_count;
	struct mm_ade9000_input input[MM_INPUTS_MAX];
};

/* All that is read for one window. */
struct mm_ade9000_reading {
	int64_t begin_ns, end_ns;				/* CLOCK_BOOTTIME of reading the energies */
	int64_t energy[MM_INPUTS_MAX][MM_ADE9000_ENERGY_COUNT]; /* codes of the last window latched */
	double voltage_v[MM_INPUTS_MAX];			/* rms */
	double current_a[MM_INPUTS_MAX];
	double frequency_hz; /* 0: not known */
};

/* Takes over what the configuration says. -EINVAL or -ENOMEM, in words. */
int mm_ade9000_chip_init(struct mm_ade9000_chip *chip, const struct mm_afe_config *config, struct mm_clock *clock,
			 struct mm_error *error);

/* Closes it, and frees what init() has taken. */
void mm_ade9000_chip_free(struct mm_ade9000_chip *chip);

/* Connects and finds everything. -ENODEV, -ENOENT (an attribute missing), -EINVAL (another chip's scales), other -errno. */
int mm_ade9000_chip_open(struct mm_ade9000_chip *chip, struct mm_error *error);

/* The same behind minimeter's own driver: the window, powers and waveforms are found, and nothing else. */
int mm_ade9000_chip_open_counting(struct mm_ade9000_chip *chip, struct mm_error *error);

/* Does nothing where it is not open. */
void mm_ade9000_chip_close(struct mm_ade9000_chip *chip);

/*
 * Reads all energies, or one; then voltages, currents and frequency. Where the energies are new, and there is voltage, a current
 * is that of its apparent energy, which is no reading: each one over the network takes as long as a reply, and 2,700
 * instructions.
 */
int mm_ade9000_chip_read_energies(struct mm_ade9000_chip *chip, struct mm_ade9000_reading *ret);
int mm_ade9000_chip_read_energy(struct mm_ade9000_chip *chip, unsigned input, enum mm_ade9000_energy kind, int64_t *ret);
int mm_ade9000_chip_read_rms(struct mm_ade9000_chip *chip, struct mm_ade9000_reading *ret, bool new_energies);

/* Reads the active power of an input as it is just now, ripple and all. */
int mm_ade9000_chip_read_power(struct mm_ade9000_chip *chip, unsigned input, double *ret_w);

/*
 * Reads what the voltage of an input is just now. now_ns has CLOCK_BOOTTIME as it begins, and then as it ends. It is tried once,
 * and has to be back in time: -ETIME where the bus took so long that the instant is not known to 2 ms.
 */
int mm_ade9000_chip_read_instant(struct mm_ade9000_chip *chip, unsigned input, int64_t *now_ns, struct mm_instant *ret_v);

/* An input's full scale in VA, and what an energy code is worth as mean power over its window, in W. */
double mm_ade9000_full_scale_va(const struct mm_afe_input *config);
double mm_ade9000_watts_per_energy(const struct mm_afe_input *config);

/* Below this the voltage of an input tells no current. */
#define MM_ADE9000_VOLTAGE_MIN_V 1.0

/* What an rms register's code means, by what it means at full scale. */
double mm_ade9000_rms(int64_t code, double full_scale);

/* Below this part of full-scale power noise hides a missing energy and a wrong one; above it every register must show it. */
#define MM_ADE9000_LOADED_RATIO 0.01
bool mm_ade9000_is_loaded(const struct mm_afe_input *config, double power);

/*
 * Volts and amperes of a window itself, where input has the rms. The rms registers show only its end, where a load may have come
 * or gone: the current is the apparent energy's over the voltage. Where that is more than there can be it is the voltage that has
 * gone: the one reported last takes its place then.
 */
void mm_ade9000_volt_amperes(const struct mm_afe_input *config, double apparent_va, double last_v,
			     struct mm_input_reading *input);

#endif
