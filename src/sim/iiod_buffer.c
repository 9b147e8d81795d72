/* SPDX-License-Identifier: MIT */
#include "sim/iiod_buffer.h"

#include "core/units.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of samples in one piece of an answer. */
#define PIECE_MAX 32768

enum mm_sim_outcome mm_sim_do_open(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	struct mm_sim_stream *stream = mm_sim_board_stream(board);
	char *end = NULL;
	unsigned long mask;
	long samples;

	if (request->count < 2 || !mm_sim_device_is(board, request->word[1], MM_SIM_DEVICE_CHIP)) {
		return mm_sim_answer(session, -ENODEV);
	}
	if (!stream) {
		/* The ADE9000 driver's buffer handler locks the bus mutex twice and hangs. Refuse it here. */
		return mm_sim_answer(session, -EDEADLK);
	}
	samples = request->count == 4 ? mm_sim_request_number(request, 2) : -1;
	mask = request->count == 4 ? strtoul(request->word[3], &end, 16) : 0;
	if (samples < 0 || !end || *end != '\0' || strlen(request->word[3]) != 8) {
		return mm_sim_answer(session, -EINVAL);
	}
	return mm_sim_answer(session,
			     mm_sim_stream_start(stream, session, (uint32_t)mask, (size_t)samples, mm_sim_board_time(board)));
}

enum mm_sim_outcome mm_sim_do_close(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	(void)request;
	return mm_sim_answer(session, mm_sim_stream_close(mm_sim_board_stream(board), session));
}

enum mm_sim_outcome mm_sim_do_writebuf(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	(void)board;
	(void)request;
	return mm_sim_answer(session, -EBADF);
}

/*
 * Returns 0 when the queue has that number of frames, -EAGAIN (later), or -ETIMEDOUT. As with a register that stalls, the read
 * moves the time of a stepped board.
 */
static int await(struct mm_sim_session *session, struct mm_sim_board *board, const struct mm_sim_stream *stream, size_t frames)
{
	int64_t now_ns = mm_sim_board_time(board), ready_ns, due_ns;

	if (session->deadline_ns == 0) {
		session->deadline_ns = now_ns + session->timeout_ms * MM_NS_PER_MS;
	}
	do {
		ready_ns = mm_sim_stream_ready(stream, mm_sim_board_state(board), frames);
		due_ns = ready_ns < session->deadline_ns ? ready_ns : session->deadline_ns;
		if (due_ns <= now_ns || !mm_sim_board_stepped(board)) {
			break;
		}
		(void)mm_sim_board_advance(board, due_ns);
		now_ns = due_ns;
	} while (stream->waiting < frames); /* some can be lost meanwhile */
	session->resume_ns = 0;
	if (stream->waiting >= frames) {
		session->deadline_ns = 0;
		return 0;
	}
	if (now_ns >= session->deadline_ns) {
		session->deadline_ns = 0;
		return -ETIMEDOUT;
	}
	session->resume_ns = due_ns > now_ns ? due_ns : now_ns + 1;
	return -EAGAIN;
}

static void put_frames(struct mm_sim_session *session, struct mm_sim_stream *stream, size_t frames)
{
	size_t len = frames * stream->frame_size;

	mm_sim_put_number(session, (long)len);
	if (session->sent_frames == 0) {
		char mask[16];

		mm_sim_put(session, mask, (size_t)snprintf(mask, sizeof(mask), "%08x\n", (unsigned)stream->mask));
	}
	assert(session->out_len + len <= sizeof(session->out));
	mm_sim_stream_take(stream, frames, session->out + session->out_len);
	session->out_len += len;
	session->sent_frames += frames;
}

/* Answers with a block of the buffer, in pieces if it is longer than the queue or the space for answers. */
enum mm_sim_outcome mm_sim_do_readbuf(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	struct mm_sim_stream *stream = mm_sim_board_stream(board);
	bool own = stream && stream->owner == session;
	long bytes = request->count == 3 ? mm_sim_request_number(request, 2) : -1;
	enum mm_sim_device device;
	size_t wanted, piece;
	int r;

	if (request->count > 1 && mm_sim_device_find(board, request->word[1], &device) < 0) {
		return mm_sim_answer_gone(session, -ENODEV);
	}
	if (!own || bytes < (long)stream->frame_size) {
		session->sent_frames = 0;
		return mm_sim_answer(session, own ? -EINVAL : -EBADF);
	}
	if (session->sent_frames == 0 && session->deadline_ns == 0 && mm_sim_stalls(session, board)) {
		return MM_SIM_WAIT;
	}
	wanted = (size_t)bytes / stream->frame_size - session->sent_frames;
	piece = PIECE_MAX / stream->frame_size < stream->capacity ? PIECE_MAX / stream->frame_size : stream->capacity;
	piece = wanted < piece ? wanted : piece;
	r = await(session, board, stream, piece);
	if (r == -EAGAIN) {
		return MM_SIM_WAIT;
	}
	if (r < 0) {
		session->sent_frames = 0;
		return mm_sim_answer(session, r);
	}
	put_frames(session, stream, piece);
	if (piece < wanted) {
		session->resume_ns = mm_sim_board_time(board) + 1;
		return MM_SIM_WAIT;
	}
	session->sent_frames = 0;
	if ((size_t)bytes % stream->frame_size != 0) {
		mm_sim_put_number(session, 0); /* the end of the block */
	}
	return MM_SIM_DONE;
}

/* The stream of the device that a request names. -ENODEV: there is no such device now; -ENOENT: it has no stream. */
static int find_stream(struct mm_sim_board *board, const struct mm_sim_request *request, struct mm_sim_stream **ret)
{
	enum mm_sim_device device;

	if (request->count < 2 || mm_sim_device_find(board, request->word[1], &device) < 0) {
		return -ENODEV;
	}
	*ret = device == MM_SIM_DEVICE_CHIP ? mm_sim_board_stream(board) : NULL;
	return *ret ? 0 : -ENOENT;
}

enum mm_sim_outcome mm_sim_do_gettrig(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	struct mm_sim_stream *stream;
	char name[MM_SIM_ATTR_TEXT_MAX];
	int r = find_stream(board, request, &stream);

	if (r < 0 || !stream->triggered) {
		return mm_sim_answer(session, r);
	}
	mm_sim_device_name(board, MM_SIM_DEVICE_TRIGGER, name);
	mm_sim_put_bytes(session, name, strlen(name));
	return MM_SIM_DONE;
}

enum mm_sim_outcome mm_sim_do_settrig(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	struct mm_sim_stream *stream;
	int r = find_stream(board, request, &stream);

	if (r == 0 && request->count > 2 && !mm_sim_device_is(board, request->word[2], MM_SIM_DEVICE_TRIGGER)) {
		r = -ENODEV;
	} else if (r == 0 && stream->enabled) {
		r = -EBUSY;
	}
	if (r == 0) {
		stream->triggered = request->count > 2;
	}
	return mm_sim_answer(session, r);
}

enum mm_sim_outcome mm_sim_do_set(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	long blocks = request->count == 4 ? mm_sim_request_number(request, 3) : -1;
	struct mm_sim_stream *stream;
	int r;

	if (blocks < 1 || blocks > MM_SIM_BLOCKS_MAX || strcmp(request->word[2], "BUFFERS_COUNT") != 0) {
		return mm_sim_answer(session, -EINVAL);
	}
	r = find_stream(board, request, &stream);
	if (r == 0) {
		stream->blocks = (unsigned)blocks;
	}
	return mm_sim_answer(session, r == -ENOENT ? 0 : r);
}
