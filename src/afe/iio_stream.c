/* SPDX-License-Identifier: MIT */
/* libiio's buffers, with their pitfalls. */
#include "afe/iio_stream.h"

#include <errno.h>
#include <iio.h>
#include <stdio.h>
#include <string.h>

/* The kernel's queue, in blocks: it lasts while a busy machine leaves us waiting. */
#define BLOCKS 8
#define WORD_BITS 24
#define WORD_LENGTH 32

void mm_iio_stream_init(struct mm_iio_stream *stream)
{
	*stream = (struct mm_iio_stream){0};
	pthread_mutex_init(&stream->mutex, NULL);
}

static int find_channels(struct mm_iio_stream *stream, const unsigned numbers[], unsigned count)
{
	const struct iio_device *device = stream->device.device;

	stream->channel_count = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct iio_data_format *format;
		struct iio_channel *channel;
		char id[24];

		snprintf(id, sizeof(id), "voltage%u", numbers[i]);
		channel = iio_device_find_channel(device, id, false);
		if (!channel || !iio_channel_is_scan_element(channel)) {
			return mm_iio_device_error(&stream->device, -ECHRNG, "looking for channel %s of %s", id,
						   stream->device.name);
		}
		format = iio_channel_get_data_format(channel);
		if (format->bits != WORD_BITS || format->length != WORD_LENGTH || !format->is_signed ||
		    format->shift > WORD_LENGTH - WORD_BITS || (i > 0 && format->shift != stream->shift)) {
			return mm_iio_device_error(&stream->device, -EPROTO, "channel %s of %s has %u bits in %u", id,
						   stream->device.name, format->bits, format->length);
		}
		stream->shift = format->shift;
		stream->declared_be = format->is_be;
		stream->channel[stream->channel_count++] = channel;
	}
	return 0;
}

/* A buffer that a crash left enabled is busy: nobody but us may read the meter's chip. */
static void clear_leftover(struct mm_iio_stream *stream)
{
	(void)iio_device_buffer_attr_write(stream->device.device, "enable", "0");
}

int mm_iio_stream_open(struct mm_iio_stream *stream, const char *uri, const char *name, const unsigned numbers[], unsigned count,
		       struct mm_error *error)
{
	int r = mm_iio_device_open(&stream->device, uri, name, error);

	if (r < 0) {
		return r;
	}
	r = iio_context_set_timeout(stream->device.context, MM_IIO_STREAM_TIMEOUT_MS);
	if (r < 0) {
		mm_iio_device_error(&stream->device, r, "connecting to %s", uri);
	} else {
		r = find_channels(stream, numbers, count);
	}
	if (r < 0) {
		mm_iio_stream_close(stream);
		return r;
	}
	clear_leftover(stream);
	return 0;
}

/* Time stamps of the wall clock would have a step of it look like lost samples: without the choice there are none. */
static void choose_stamps(struct mm_iio_stream *stream)
{
	struct iio_channel *channel = iio_device_find_channel(stream->device.device, "timestamp", false);

	stream->stamp = NULL;
	if (channel && iio_channel_is_scan_element(channel) &&
	    iio_device_attr_write(stream->device.device, "current_timestamp_clock", "boottime") >= 0) {
		stream->stamp = channel;
	}
}

/* The driver's own trigger, which is named after the device and its number: NAME-dev1 of iio:device1. NULL: there is none. */
static const struct iio_device *find_trigger(const struct mm_iio_stream *stream, const char *name)
{
	const struct iio_context *context = stream->device.context;
	const char *id = iio_device_get_id(stream->device.device);

	for (unsigned i = 0; i < iio_context_get_devices_count(context); i++) {
		const struct iio_device *candidate = iio_context_get_device(context, i);
		const char *found = iio_device_get_name(candidate);
		size_t len = strlen(name);

		if (iio_device_is_trigger(candidate) && found && strncmp(found, name, len) == 0 &&
		    strncmp(found + len, "-dev", 4) == 0 && strcmp(found + len + 4, id + strcspn(id, "0123456789")) == 0) {
			return candidate;
		}
	}
	return NULL;
}

/* Some drivers set their trigger, others leave that to us. */
static int set_trigger(struct mm_iio_stream *stream)
{
	const char *name = iio_device_get_name(stream->device.device);
	const struct iio_device *trigger = NULL;
	int r = iio_device_get_trigger(stream->device.device, &trigger);

	if (r >= 0 && trigger) {
		return 0;
	}
	trigger = find_trigger(stream, name ? name : "");
	if (!trigger) {
		return mm_iio_device_error(&stream->device, -ENXIO,
					   "%s has no trigger %s-devN: is its data-ready line in the device tree?",
					   stream->device.name, name ? name : "");
	}
	r = iio_device_set_trigger(stream->device.device, trigger);
	return r < 0 ? mm_iio_device_error(&stream->device, r, "setting trigger %s of %s", iio_device_get_name(trigger),
					   stream->device.name)
		     : 0;
}

static void enable_channels(struct mm_iio_stream *stream)
{
	const struct iio_device *device = stream->device.device;

	for (unsigned i = 0; i < iio_device_get_channels_count(device); i++) {
		iio_channel_disable(iio_device_get_channel(device, i));
	}
	for (unsigned i = 0; i < stream->channel_count; i++) {
		iio_channel_enable(stream->channel[i]);
	}
	if (stream->stamp) {
		iio_channel_enable(stream->stamp);
	}
}

int mm_iio_stream_start(struct mm_iio_stream *stream, size_t frames)
{
	struct iio_buffer *buffer;
	int r = set_trigger(stream);

	if (r < 0) {
		return r;
	}
	choose_stamps(stream);
	enable_channels(stream);
	(void)iio_device_set_kernel_buffers_count(stream->device.device, BLOCKS);
	errno = 0;
	buffer = iio_device_create_buffer(stream->device.device, frames, false);
	if (!buffer) {
		return mm_iio_device_error(&stream->device, errno > 0 ? -errno : -EIO, "opening the buffer of %s",
					   stream->device.name);
	}
	pthread_mutex_lock(&stream->mutex);
	stream->buffer = buffer;
	r = stream->cancelled ? -ECANCELED : 0;
	pthread_mutex_unlock(&stream->mutex);
	return r;
}

static bool is_cancelled(struct mm_iio_stream *stream)
{
	bool cancelled;

	pthread_mutex_lock(&stream->mutex);
	cancelled = stream->cancelled;
	pthread_mutex_unlock(&stream->mutex);
	return cancelled;
}

static size_t offset_of(const struct iio_buffer *buffer, const struct iio_channel *channel)
{
	return (size_t)((const char *)iio_buffer_first(buffer, channel) - (const char *)iio_buffer_start(buffer));
}

int mm_iio_stream_read(struct mm_iio_stream *stream, struct mm_iio_block *ret)
{
	struct iio_buffer *buffer = stream->buffer;
	ssize_t r = is_cancelled(stream) ? -ECANCELED : iio_buffer_refill(buffer);
	const unsigned char *start = iio_buffer_start(buffer);

	if (r < 0) {
		return is_cancelled(stream)
			       ? -ECANCELED
			       : mm_iio_device_error(&stream->device, (int)r, "reading samples of %s", stream->device.name);
	}
	*ret = (struct mm_iio_block){.data = start, .step = (size_t)iio_buffer_step(buffer), .stamped = stream->stamp};
	ret->frames = (size_t)((const unsigned char *)iio_buffer_end(buffer) - start) / ret->step;
	for (unsigned i = 0; i < stream->channel_count; i++) {
		ret->offset[i] = offset_of(buffer, stream->channel[i]);
	}
	if (stream->stamp) {
		ret->stamp_offset = offset_of(buffer, stream->stamp);
	}
	return 0;
}

void mm_iio_stream_cancel(struct mm_iio_stream *stream)
{
	pthread_mutex_lock(&stream->mutex);
	stream->cancelled = true;
	if (stream->buffer) {
		iio_buffer_cancel(stream->buffer);
	}
	pthread_mutex_unlock(&stream->mutex);
}

void mm_iio_stream_close(struct mm_iio_stream *stream)
{
	struct iio_buffer *buffer;

	/* Taking it down may take its time; a cancel must not wait for that. */
	pthread_mutex_lock(&stream->mutex);
	buffer = stream->buffer;
	stream->buffer = NULL;
	pthread_mutex_unlock(&stream->mutex);
	if (buffer) {
		iio_buffer_destroy(buffer);
	}
	mm_iio_device_close(&stream->device);
}

void mm_iio_stream_destroy(struct mm_iio_stream *stream)
{
	mm_iio_stream_close(stream);
	pthread_mutex_destroy(&stream->mutex);
}
