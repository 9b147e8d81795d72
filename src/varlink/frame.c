/* SPDX-License-Identifier: MIT */
/* Framing: growing buffers with limits, NUL terminators, and the checks on foreign JSON that jansson leaves to us. */
#include "varlink/frame.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "varlink/varlink.h"

#define FRAME_SIZE_MIN 4096

void mm_frame_clear(struct mm_frame *frame)
{
	free(frame->data);
	*frame = (struct mm_frame){0};
}

/* Makes room for at least one more byte and at most count more, within max bytes in all. */
static int reserve(struct mm_frame *frame, size_t count, size_t max)
{
	size_t size = frame->size ? frame->size : FRAME_SIZE_MIN;
	char *data;

	while (size < frame->used + count && size < max) {
		size *= 2;
	}
	size = size < max ? size : max;
	if (size == frame->size) {
		return 0;
	}
	data = realloc(frame->data, size);
	if (!data) {
		return -ENOMEM;
	}
	frame->data = data;
	frame->size = size;
	return 0;
}

/* Forgets the first length bytes. */
static void shift(struct mm_frame *frame, size_t length)
{
	if (length == frame->used) {
		mm_frame_clear(frame);
		return;
	}
	memmove(frame->data, frame->data + length, frame->used - length);
	frame->used -= length;
	frame->message = 0;
}

/* Looks for the end of the first message among the bytes from offset on. */
static void scan(struct mm_frame *frame, size_t offset)
{
	const char *nul = frame->used > offset ? memchr(frame->data + offset, 0, frame->used - offset) : NULL;

	if (nul) {
		frame->message = (size_t)(nul - frame->data) + 1;
	}
}

int mm_frame_recv(struct mm_frame *frame, int fd, size_t max)
{
	size_t old = frame->used;
	ssize_t n;
	int r;

	assert(!frame->message);
	if (frame->used >= max) {
		return -EMSGSIZE;
	}
	r = reserve(frame, frame->used == frame->size, max);
	if (r < 0) {
		return r;
	}
	n = recv(fd, frame->data + frame->used, frame->size - frame->used, MSG_DONTWAIT);
	if (n <= 0) {
		r = n == 0 ? -ECONNRESET : errno == EINTR ? -EAGAIN : -errno;
		if (frame->used == 0) {
			mm_frame_clear(frame);
		}
		return r;
	}
	frame->used += (size_t)n;
	scan(frame, old);
	return 0;
}

/* jansson descends once a bracket, thousands deep: count brackets outside strings before it sees them. */
static bool nested_too_deep(const char *text, size_t length)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (in_string && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			in_string = !in_string;
		} else if (!in_string && (text[i] == '{' || text[i] == '[')) {
			if (++depth > MM_VARLINK_DEPTH_MAX) {
				return true;
			}
		} else if (!in_string && (text[i] == '}' || text[i] == ']')) {
			depth--;
		}
	}
	return false;
}

int mm_frame_take(struct mm_frame *frame, json_t **ret)
{
	size_t length = frame->message;
	json_t *json = NULL;

	assert(length > 0);
	if (!nested_too_deep(frame->data, length - 1)) {
		json = json_loadb(frame->data, length - 1, JSON_REJECT_DUPLICATES, NULL);
	}
	shift(frame, length);
	scan(frame, 0);
	if (!json) {
		return -EBADMSG;
	}
	*ret = json;
	return 0;
}

struct sink {
	struct mm_frame *frame;
	size_t max;
};

static int append(const char *data, size_t length, void *userdata)
{
	struct sink *sink = userdata;
	struct mm_frame *frame = sink->frame;

	if (reserve(frame, length, sink->max) < 0 || frame->size - frame->used < length) {
		return -1;
	}
	memcpy(frame->data + frame->used, data, length);
	frame->used += length;
	return 0;
}

/* What a message that does not fit began is taken back. */
static int ended(struct sink *sink, size_t old, bool fits)
{
	if (fits) {
		return 0;
	}
	sink->frame->used = old;
	if (old == 0) {
		mm_frame_clear(sink->frame);
	}
	return -ENOBUFS;
}

int mm_frame_put(struct mm_frame *frame, const json_t *message, size_t max)
{
	struct sink sink = {.frame = frame, .max = max};
	size_t old = frame->used;

	/* 15 digits hold a µWh in a GWh, and 0.1 stays 0.1. */
	return ended(&sink, old,
		     json_dump_callback(message, append, &sink, JSON_COMPACT | JSON_REAL_PRECISION(15)) == 0 &&
			     append("", 1, &sink) == 0);
}

int mm_frame_put_text(struct mm_frame *frame, const char *before, const struct mm_text *text, const char *after, size_t max)
{
	struct sink sink = {.frame = frame, .max = max};
	size_t old = frame->used;

	return ended(&sink, old,
		     append(before, strlen(before), &sink) == 0 && append(text->bytes, text->used, &sink) == 0 &&
			     append(after, strlen(after) + 1, &sink) == 0);
}

int mm_frame_send(struct mm_frame *frame, int fd)
{
	ssize_t n = send(fd, frame->data, frame->used, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0) {
		return errno == EINTR ? -EAGAIN : -errno;
	}
	shift(frame, (size_t)n);
	return 0;
}
