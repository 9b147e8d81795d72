/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_IIO_STREAM_H
#define MM_AFE_IIO_STREAM_H

/*
 * Samples of an IIO device through its buffer, block by block. Everything blocks but mm_iio_stream_cancel(), which another thread
 * may call at any time. Errors are put into words as in afe/iio_device.h.
 */

#include <pthread.h>
#include <stdbool.h>

#include "afe/iio_device.h"

#define MM_IIO_STREAM_CHANNELS_MAX 16

struct iio_buffer;

struct mm_iio_stream {
	struct mm_iio_device device;
	unsigned channel_count;
	struct iio_channel *channel[MM_IIO_STREAM_CHANNELS_MAX];
	struct iio_channel *stamp; /* NULL: the device has no time stamps to trust */
	unsigned shift;		   /* by how many bits to shift the samples' words to the right */
	bool declared_be;	   /* what the driver says of their byte order */
	pthread_mutex_t mutex;	   /* guards what follows */
	struct iio_buffer *buffer;
	bool cancelled;
};

/* Frames as the driver stores them: word i of a frame is offset[i] bytes into it. */
struct mm_iio_block {
	const unsigned char *data;
	size_t frames;
	size_t step; /* bytes from frame to frame */
	size_t offset[MM_IIO_STREAM_CHANNELS_MAX];
	bool stamped;
	size_t stamp_offset; /* of 64 bits, CLOCK_BOOTTIME in ns */
};

void mm_iio_stream_init(struct mm_iio_stream *stream);

/*
 * Connects as mm_iio_device_open() does, finds the channels "voltageN" of these numbers, and clears what a crash has left of the
 * buffer. -ECHRNG: a channel is missing; -EPROTO: its words are not 24 bits in 32; as mm_iio_device_open().
 */
int mm_iio_stream_open(struct mm_iio_stream *stream, const char *uri, const char *name, const unsigned numbers[], unsigned count,
		       struct mm_error *error);

/*
 * Sets the device's own trigger where none is set, and begins to collect blocks of that many frames. -ENXIO: there is no trigger;
 * -ECANCELED; other -errno of device or transport.
 */
int mm_iio_stream_start(struct mm_iio_stream *stream, size_t frames);

/*
 * Waits for the next block, which lasts until the next call. -ETIMEDOUT: it did not come within MM_IIO_STREAM_TIMEOUT_MS;
 * -ECANCELED; other -errno.
 */
int mm_iio_stream_read(struct mm_iio_stream *stream, struct mm_iio_block *ret);

#define MM_IIO_STREAM_TIMEOUT_MS 2000

/* Ends a read under way; it and all to come fail with -ECANCELED. */
void mm_iio_stream_cancel(struct mm_iio_stream *stream);

/* Stops collecting and disconnects; does nothing where it is not open. */
void mm_iio_stream_close(struct mm_iio_stream *stream);

void mm_iio_stream_destroy(struct mm_iio_stream *stream);

#endif
