/* SPDX-License-Identifier: MIT */
#include "afe/iio_find.h"

#include <errno.h>
#include <iio.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The directory of the device's own, which sysfs has below what the device is part of. False: not known. */
static bool find_parent(const struct iio_device *device, const char *sysfs, char ret[static PATH_MAX])
{
	char link[PATH_MAX], *slash;

	if (!sysfs || snprintf(link, sizeof(link), "%s/%s", sysfs, iio_device_get_id(device)) >= (int)sizeof(link) ||
	    !realpath(link, ret)) {
		return false;
	}
	slash = strrchr(ret, '/');
	*slash = '\0';
	return true;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void mm_iio_place(const struct iio_device *device, const char *sysfs, char ret[static MM_IIO_PLACE_MAX])
{
	static const char devices[] = "/sys/devices/";
	char parent[PATH_MAX] = "";
	const char *place = parent;

	if (find_parent(device, sysfs, parent) && strncmp(parent, devices, strlen(devices)) == 0) {
		place += strlen(devices);
	}
	if (strlen(place) >= MM_IIO_PLACE_MAX) {
		place += strlen(place) - (MM_IIO_PLACE_MAX - 1);
	}
	snprintf(ret, MM_IIO_PLACE_MAX, "%.*s", MM_IIO_PLACE_MAX - 1, place);
}

/* Our own driver's device has the other's name and this behind it: who wants the chip can mean either. */
static bool is_named(const char *name, const char *wanted)
{
	size_t length = strlen(wanted);

	return strncmp(name, wanted, length) == 0 && (name[length] == '\0' || strcmp(name + length, "-minimeter") == 0);
}

static bool is_wanted(const struct iio_device *device, const char *wanted, const char *sysfs)
{
	const char *name = iio_device_get_name(device), *label = iio_device_get_label(device);
	char parent[PATH_MAX], path[PATH_MAX];

	if ((name && is_named(name, wanted)) || (label && strcmp(label, wanted) == 0)) {
		return true;
	}
	if (!find_parent(device, sysfs, parent)) {
		return false;
	}
	return wanted[0] == '/' ? realpath(wanted, path) && strcmp(path, parent) == 0
				: strcmp(last_component(parent), wanted) == 0;
}

/* Adds "ade9000 (spi0.1, label flat)" to a list of them. */
static void list(const struct iio_device *device, const char *sysfs, struct mm_error *names)
{
	const char *name = iio_device_get_name(device), *label = iio_device_get_label(device);
	char parent[PATH_MAX];
	bool placed = find_parent(device, sysfs, parent);

	mm_error_say(names, "%s%s%s (%s, %s%s)", names->text, names->text[0] ? ", " : "", name ? name : "without a name",
		     placed ? last_component(parent) : iio_device_get_id(device), label ? "label " : "without a label",
		     label ? label : "");
}

int mm_iio_find(const struct iio_context *context, const char *wanted, const char *where, const char *sysfs,
		const struct iio_device **ret, struct mm_error *error)
{
	const struct iio_device *found = NULL;
	struct mm_error names = {0};
	unsigned count = 0;

	for (unsigned i = 0; i < iio_context_get_devices_count(context); i++) {
		const struct iio_device *device = iio_context_get_device(context, i);

		if (is_wanted(device, wanted, sysfs)) {
			found = device;
			list(device, sysfs, &names);
			count++;
		}
	}
	if (count > 1) {
		return mm_error_set(error, -ENOTUNIQ,
				    "device = %s means %u IIO devices at %s: %s; write the label%s of the right one", wanted,
				    count, where, names.text, sysfs ? " or the SPI device" : "");
	}
	if (!found) {
		return mm_error_set(error, -ENODEV, "no IIO device %s at %s: %s", wanted, where, strerror(ENODEV));
	}
	*ret = found;
	return 0;
}
