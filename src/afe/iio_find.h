/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_IIO_FIND_H
#define MM_AFE_IIO_FIND_H

/*
 * Which device of an IIO context is meant. The kernel numbers devices in the order in which it finds them, another one after each
 * boot, so that of two chips of one name neither is meant by it: who would take the first of them would bill another load.
 */

#include "base/error.h"

struct iio_context;
struct iio_device;

#define MM_IIO_PLACE_MAX 192 /* what does not fit of a path is cut at its beginning */

/* The places that devices have below sysfs; the daemon's is MM_IIO_SYSFS. */
#define MM_IIO_SYSFS "/sys/bus/iio/devices"

/*
 * Finds the one device that wanted means: by the label that its device tree gives it; by the path of what it is part of, the last
 * component alone ("spi0.1") or from the root on; or by its name. where and sysfs: the context's URI, for errors, and the
 * directory with a link for each device, NULL where they are not on this machine. -ENODEV: there is none; -ENOTUNIQ: there are
 * more, and error lists them.
 */
int mm_iio_find(const struct iio_context *context, const char *wanted, const char *where, const char *sysfs,
		const struct iio_device **ret, struct mm_error *error);

/* The path of what a device is part of, without links and the "/sys/devices/" at its begin. Empty: not known. */
void mm_iio_place(const struct iio_device *device, const char *sysfs, char ret[static MM_IIO_PLACE_MAX]);

#endif
