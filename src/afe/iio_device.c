/* SPDX-License-Identifier: MIT */
/* libiio, with its pitfalls taken care of in one place. */
#include "afe/iio_device.h"

#include <errno.h>
#include <fcntl.h>
#include <iio.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "afe/iio_find.h"

/* Over the network only: on the local bus a read takes as long as the kernel lets it. */
#define TIMEOUT_MS 5000
#define TEXT_MAX 64

int mm_iio_device_error(struct mm_iio_device *device, int r, const char *format, ...)
{
	char text[MM_ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return mm_error_set(device->error, r, "%s: %s", text, strerror(-r));
}

/* Where devices have their places; NULL: on another machine, or none. */
static const char *sysfs_of(const struct iio_context *context)
{
	return strcmp(iio_context_get_name(context), "local") == 0 ? MM_IIO_SYSFS : NULL;
}

int mm_iio_device_open(struct mm_iio_device *device, const char *uri, const char *name, struct mm_error *error)
{
	struct mm_iio_device new = {.name = name, .error = error};
	char *copy = strdup(uri); /* libiio 0.24 writes into it */
	int r;

	if (!copy) {
		return -ENOMEM;
	}
	errno = 0;
	new.context = iio_create_context_from_uri(copy);
	r = errno > 0 ? -errno : -EIO;
	free(copy);
	if (!new.context) {
		return mm_iio_device_error(&new, r, "connecting to %s", uri);
	}
	r = iio_context_set_timeout(new.context, TIMEOUT_MS);
	if (r < 0) {
		mm_iio_device_error(&new, r, "connecting to %s", uri);
		goto fail;
	}
	r = mm_iio_find(new.context, name, uri, sysfs_of(new.context), &new.device, error);
	if (r < 0) {
		goto fail;
	}
	*device = new;
	return 0;
fail:
	iio_context_destroy(new.context);
	return r;
}

void mm_iio_device_chip(const struct mm_iio_device *device, const char *uri, char *ret, size_t size)
{
	const char *name = iio_device_get_name(device->device), *label = iio_device_get_label(device->device);
	char place[MM_IIO_PLACE_MAX];

	mm_iio_place(device->device, sysfs_of(device->context), place);
	snprintf(ret, size, "%s%s%s at %s", name ? name : "without a name", label ? ", label " : "", label ? label : "",
		 place[0] != '\0' ? place : uri);
}

void mm_iio_device_close(struct mm_iio_device *device)
{
	while (device->file_count > 0) {
		close(device->fd[--device->file_count]);
	}
	if (device->context) {
		iio_context_destroy(device->context);
		device->context = NULL;
	}
}

/* The attribute's file, for reading; -1: it is on another machine, can't be read, or is one too many. */
static int keep_open(struct mm_iio_device *device, const char *file)
{
	const char *sysfs = sysfs_of(device->context);
	char path[PATH_MAX];
	int fd;

	if (!sysfs || device->file_count == MM_IIO_FILES_MAX) {
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s/%s", sysfs, iio_device_get_id(device->device), file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		device->fd[device->file_count++] = fd;
	}
	return fd;
}

static void find_in_channel(const struct iio_channel *channel, const char *file, struct mm_iio_attr *ret)
{
	unsigned count = iio_channel_get_attrs_count(channel);

	for (unsigned i = 0; i < count; i++) {
		const char *name = iio_channel_get_attr(channel, i);
		const char *found = iio_channel_attr_get_filename(channel, name);

		if (found && strcmp(found, file) == 0) {
			*ret = (struct mm_iio_attr){.channel = channel, .name = name, .file = found};
			return;
		}
	}
}

int mm_iio_device_find(struct mm_iio_device *device, const char *file, struct mm_iio_attr *ret)
{
	unsigned count = iio_device_get_channels_count(device->device);
	const char *name = iio_device_find_attr(device->device, file);
	struct mm_iio_attr found = {.name = name, .file = name};

	for (unsigned i = 0; i < count && !found.file; i++) {
		find_in_channel(iio_device_get_channel(device->device, i), file, &found);
	}
	if (!found.file) {
		return mm_iio_device_error(device, -ENOENT, "looking for %s of %s", file, device->name);
	}
	found.fd = keep_open(device, file);
	*ret = found;
	return 0;
}

/* As read() does, of the whole file. */
static ssize_t read_attr(const struct mm_iio_device *device, const struct mm_iio_attr *attr, char *ret, size_t size)
{
	if (attr->fd >= 0) {
		ssize_t length = pread(attr->fd, ret, size, 0);

		return length < 0 ? -errno : length;
	}
	return attr->channel ? iio_channel_attr_read(attr->channel, attr->name, ret, size)
			     : iio_device_attr_read(device->device, attr->name, ret, size);
}

int mm_iio_device_read_text(struct mm_iio_device *device, const struct mm_iio_attr *attr, char *ret, size_t size)
{
	ssize_t len = read_attr(device, attr, ret, size - 1);

	if (len < 0) {
		return mm_iio_device_error(device, (int)len, "reading %s of %s", attr->file, device->name);
	}
	ret[(size_t)len < size ? (size_t)len : size - 1] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

int mm_iio_device_read_s64(struct mm_iio_device *device, const struct mm_iio_attr *attr, int64_t *ret)
{
	char text[TEXT_MAX], *end;
	int64_t value;
	int r = mm_iio_device_read_text(device, attr, text, sizeof(text));

	if (r < 0) {
		return r;
	}
	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0) {
		return mm_iio_device_error(device, -EPROTO, "reading %s of %s: \"%s\" is no whole number", attr->file,
					   device->name, text);
	}
	*ret = value;
	return 0;
}

int mm_iio_device_read_double(struct mm_iio_device *device, const struct mm_iio_attr *attr, double *ret)
{
	char text[TEXT_MAX], *end;
	double value;
	int r = mm_iio_device_read_text(device, attr, text, sizeof(text));

	if (r < 0) {
		return r;
	}
	value = strtod(text, &end);
	if (end == text || *end != '\0') {
		return mm_iio_device_error(device, -EPROTO, "reading %s of %s: \"%s\" is no number", attr->file, device->name,
					   text);
	}
	*ret = value;
	return 0;
}

int mm_iio_device_write_text(struct mm_iio_device *device, const struct mm_iio_attr *attr, const char *text)
{
	ssize_t len = attr->channel ? iio_channel_attr_write(attr->channel, attr->name, text)
				    : iio_device_attr_write(device->device, attr->name, text);

	return len < 0 ? mm_iio_device_error(device, (int)len, "writing %s of %s", attr->file, device->name) : 0;
}

int mm_iio_device_write_s64(struct mm_iio_device *device, const struct mm_iio_attr *attr, int64_t value)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return mm_iio_device_write_text(device, attr, text);
}
