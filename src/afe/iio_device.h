/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_IIO_DEVICE_H
#define MM_AFE_IIO_DEVICE_H

/*
 * One IIO device through a libiio context of its own. Attributes are found by their file's name under sysfs: newer channel
 * modifiers are unknown to libiio 0.24 and 0.26, so channel and attribute names depend on what else the device has, file names
 * don't. On this machine that file is kept open and read again from its start, which takes one call of the system in place of
 * five. Every error is put into words, with the device and the attribute.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct iio_channel;
struct iio_context;
struct iio_device;

/* One attribute; valid as long as its device is open. */
struct mm_iio_attr {
	const struct iio_channel *channel; /* NULL: an attribute of the device itself */
	const char *name;		   /* within it */
	const char *file;
	int fd; /* its file, which the device keeps open; -1: libiio reads it */
};

/* Files of a device that are kept open; what there is beyond them, libiio reads. */
#define MM_IIO_FILES_MAX 32

struct mm_iio_device {
	struct iio_context *context;
	const struct iio_device *device;
	const char *name;	/* as it was asked for */
	struct mm_error *error; /* where errors go; may be NULL */
	unsigned file_count;
	int fd[MM_IIO_FILES_MAX];
};

/*
 * Connects to the context at uri and finds the device that name means, as mm_iio_find() does; name and error must outlive it.
 * -ENODEV: the context has no such device; -ENOTUNIQ: it has more; other -errno from connecting.
 */
int mm_iio_device_open(struct mm_iio_device *device, const char *uri, const char *name, struct mm_error *error);

/*
 * What was found, in words that are the same whenever it is: "NAME, label LABEL, at PLACE". PLACE is the path of what it is part
 * of, as in mm_iio_place(), or else the context's URI. What does not fit size bytes is cut.
 */
void mm_iio_device_chip(const struct mm_iio_device *device, const char *uri, char *ret, size_t size);

/* Does nothing where it is not open. */
void mm_iio_device_close(struct mm_iio_device *device);

/* Finds an attribute by its file's name, of the device or any of its channels. -ENOENT. */
int mm_iio_device_find(struct mm_iio_device *device, const char *file, struct mm_iio_attr *ret);

/* Reads a text, up to the end of its line; what is longer is cut off. -errno of the device or the transport. */
int mm_iio_device_read_text(struct mm_iio_device *device, const struct mm_iio_attr *attr, char *ret, size_t size);

/* Reads a whole number, a real number. -EPROTO where the text is something else; -errno of the device or the transport. */
int mm_iio_device_read_s64(struct mm_iio_device *device, const struct mm_iio_attr *attr, int64_t *ret);
int mm_iio_device_read_double(struct mm_iio_device *device, const struct mm_iio_attr *attr, double *ret);

int mm_iio_device_write_text(struct mm_iio_device *device, const struct mm_iio_attr *attr, const char *text);
int mm_iio_device_write_s64(struct mm_iio_device *device, const struct mm_iio_attr *attr, int64_t value);

/* Puts an error into words: text as printf() makes it, a colon, and what r (-errno) means. Returns r. */
__attribute__((format(printf, 3, 4))) int mm_iio_device_error(struct mm_iio_device *device, int r, const char *format, ...);

#endif
