/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_FRAME_H
#define MM_VARLINK_FRAME_H

/* Messages between a socket and jansson: text that ends in a NUL byte, buffered until it is whole or until the peer takes it. */

#include <jansson.h>
#include <stddef.h>

#include "varlink/text.h"

/* Bytes on their way in or out. All zero is empty; memory is held only while there are bytes. */
struct mm_frame {
	char *data;
	size_t size;
	size_t used;
	size_t message; /* in: length of the first message if it is whole, its NUL included; else 0 */
};

void mm_frame_clear(struct mm_frame *frame);

/*
 * Receives once without blocking; call it only while no message is whole. 0; -EAGAIN nothing there; -ECONNRESET the end;
 * -EMSGSIZE max bytes and no NUL among them; other -errno.
 */
int mm_frame_recv(struct mm_frame *frame, int fd, size_t max);

/*
 * Takes the first message (which must be whole) off the frame and reads it as JSON, an object or array. -EBADMSG: not that,
 * nested too deep, a key twice, not UTF-8.
 */
int mm_frame_take(struct mm_frame *frame, json_t **ret);

/* Appends a message. -ENOBUFS where the frame would hold more than max bytes, or memory is short; the frame is as before then. */
int mm_frame_put(struct mm_frame *frame, const json_t *message, size_t max);

/* Appends a message of a text between two others, in the same way. */
int mm_frame_put_text(struct mm_frame *frame, const char *before, const struct mm_text *text, const char *after, size_t max);

/* Sends once without blocking what the peer takes. 0; -EAGAIN it takes nothing now; other -errno. Never raises SIGPIPE. */
int mm_frame_send(struct mm_frame *frame, int fd);

#endif
