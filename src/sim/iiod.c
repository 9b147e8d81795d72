/* SPDX-License-Identifier: MIT */
/*
 * Commands as iiod's parser accepts them: words between blanks, a line end of \n or \r\n. An answer is a number on its own line,
 * negative for an errno; if it counts bytes, these and a line end follow. The answer to any other line is -EINVAL.
 */
#include "sim/iiod.h"

#include "base/count_of.h"
#include "sim/iiod_buffer.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

/* The longest time limit that a client is granted. */
#define TIMEOUT_MAX_MS 60000
#define READ_ALL_MAX 64
/* Clients expect seven characters behind the numbers. */
#define VERSION_ANSWER "0.26.minimtr\n"

static enum mm_sim_outcome do_print(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	char xml[MM_SIM_XML_MAX];

	(void)request;
	mm_sim_put_bytes(session, xml, mm_sim_context_xml(board, xml));
	return MM_SIM_DONE;
}

static enum mm_sim_outcome do_version(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	(void)board;
	(void)request;
	mm_sim_put(session, VERSION_ANSWER, strlen(VERSION_ANSWER));
	return MM_SIM_DONE;
}

static enum mm_sim_outcome do_exit(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	(void)session;
	(void)board;
	(void)request;
	return MM_SIM_CLOSE;
}

static enum mm_sim_outcome do_timeout(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	long ms = request->count == 2 ? mm_sim_request_number(request, 1) : -1;

	(void)board;
	if (ms < 0) {
		return mm_sim_answer(session, -EINVAL);
	}
	session->timeout_ms = ms == 0 || ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : (unsigned)ms;
	return mm_sim_answer(session, 0);
}

/*
 * READ and WRITE name an attribute as "DEVICE [INPUT|OUTPUT CHANNEL|DEBUG|BUFFER] [ATTRIBUTE]". Finds its list; ret_next is the
 * attribute's word.
 */
static int find_group(const struct mm_sim_board *board, const struct mm_sim_request *request, struct mm_sim_group *ret,
		      unsigned *ret_next)
{
	const char *place = request->count > 2 ? request->word[2] : "";
	enum mm_sim_scope scope = MM_SIM_SCOPE_DEVICE;
	const char *channel = NULL;

	if (request->count < 2) {
		return -EINVAL;
	}
	if (strcmp(place, "INPUT") == 0 || strcmp(place, "OUTPUT") == 0) {
		if (request->count < 4) {
			return -EINVAL;
		}
		scope = MM_SIM_SCOPE_CHANNEL;
		/* This board has no output channel. */
		channel = place[0] == 'I' ? request->word[3] : "";
		*ret_next = 4;
	} else if (strcmp(place, "DEBUG") == 0 || strcmp(place, "BUFFER") == 0) {
		scope = place[0] == 'D' ? MM_SIM_SCOPE_DEBUG : MM_SIM_SCOPE_BUFFER;
		*ret_next = 3;
	} else {
		*ret_next = 2;
	}
	return mm_sim_context_find_group(board, request->word[1], scope, channel, ret);
}

/* All attributes in one answer: each has its length or errno in 32 bits, big-endian, and its text padded to four bytes. */
static enum mm_sim_outcome read_all(struct mm_sim_session *session, struct mm_sim_board *board, const struct mm_sim_group *group)
{
	char data[READ_ALL_MAX * (MM_SIM_ATTR_TEXT_MAX + 4)];
	size_t len = 0;

	assert(group->attrs.count <= READ_ALL_MAX);
	for (unsigned i = 0; i < group->attrs.count; i++) {
		char text[MM_SIM_ATTR_TEXT_MAX] = "";
		ssize_t r = mm_sim_context_read(board, group, i, text);
		size_t padded = r > 0 ? ((size_t)r + 3) / 4 * 4 : 0;
		uint32_t length = htobe32((uint32_t)r);

		memcpy(data + len, &length, sizeof(length));
		memcpy(data + len + sizeof(length), text, padded);
		len += sizeof(length) + padded;
	}
	mm_sim_put_bytes(session, data, len);
	return MM_SIM_DONE;
}

static enum mm_sim_outcome do_read(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	char text[MM_SIM_ATTR_TEXT_MAX];
	struct mm_sim_group group;
	unsigned next = 0;
	ssize_t len;
	int r = find_group(board, request, &group, &next);

	if (r < 0) {
		return mm_sim_answer_gone(session, r);
	}
	if (request->count > next + 1) {
		return mm_sim_answer(session, -EINVAL);
	}
	if (request->count == next + 1) {
		r = mm_sim_context_narrow(&group, request->word[next]);
		if (r < 0) {
			return mm_sim_answer(session, r);
		}
	}
	if (mm_sim_context_on_bus(&group) && mm_sim_stalls(session, board)) {
		return MM_SIM_WAIT;
	}
	if (request->count == next) {
		return read_all(session, board, &group);
	}
	len = mm_sim_context_read(board, &group, 0, text);
	if (len < 0) {
		return mm_sim_answer_gone(session, (int)len);
	}
	mm_sim_put_bytes(session, text, (size_t)len);
	return MM_SIM_DONE;
}

/* libiio sends a value with a NUL, a newline or neither. */
static int write_attribute(struct mm_sim_board *board, const struct mm_sim_group *attribute, const char *payload, size_t len)
{
	char text[MM_SIM_ATTR_TEXT_MAX];

	while (len > 0 && (payload[len - 1] == '\0' || payload[len - 1] == '\n')) {
		len--;
	}
	if (len >= sizeof(text) || memchr(payload, '\0', len)) {
		return -EINVAL;
	}
	memcpy(text, payload, len);
	text[len] = '\0';
	return mm_sim_context_write(board, attribute, 0, text);
}

static enum mm_sim_outcome do_write(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request)
{
	long len = mm_sim_request_number(request, request->count - 1);
	struct mm_sim_group group;
	unsigned next = 0;
	int r;

	if (len < 0 || len > MM_SIM_PAYLOAD_MAX) {
		/* The start of the next command is unknown. */
		mm_sim_put_number(session, -EINVAL);
		return MM_SIM_CLOSE;
	}
	if (request->payload_max < (size_t)len) {
		return MM_SIM_WAIT;
	}
	request->payload_max = (size_t)len;
	r = find_group(board, request, &group, &next);
	if (r == 0) {
		r = request->count != next + 2 ? -EINVAL : mm_sim_context_narrow(&group, request->word[next]);
	}
	if (r == 0) {
		r = write_attribute(board, &group, request->payload, (size_t)len);
	}
	return r < 0 ? mm_sim_answer_gone(session, r) : mm_sim_answer(session, len);
}

static const struct {
	const char *name;
	enum mm_sim_outcome (*run)(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
	bool payload;
} commands[] = {
	{"READ", do_read, false},
	{"WRITE", do_write, true},
	{"PRINT", do_print, false},
	{"VERSION", do_version, false},
	{"TIMEOUT", do_timeout, false},
	{"OPEN", mm_sim_do_open, false},
	{"CLOSE", mm_sim_do_close, false},
	{"READBUF", mm_sim_do_readbuf, false},
	{"WRITEBUF", mm_sim_do_writebuf, false},
	{"GETTRIG", mm_sim_do_gettrig, false},
	{"SETTRIG", mm_sim_do_settrig, false},
	{"SET", mm_sim_do_set, false},
	{"EXIT", do_exit, false},
};

/* Runs the first command of in, a line of len bytes with its end. ret_used is the number of bytes that it used. */
static enum mm_sim_outcome run_line(struct mm_sim_session *session, struct mm_sim_board *board, size_t len, size_t *ret_used)
{
	struct mm_sim_request request = {.payload = session->in + len};
	char line[MM_SIM_LINE_MAX], *rest = NULL;

	memcpy(line, session->in, len);
	line[len - 1] = '\0';
	*ret_used = len;
	for (char *word = strtok_r(line, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest)) {
		if (request.count == MM_SIM_WORDS_MAX) {
			return mm_sim_answer(session, -EINVAL);
		}
		request.word[request.count++] = word;
	}
	if (request.count == 0) {
		return MM_SIM_DONE;
	}
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (strcmp(commands[i].name, request.word[0]) == 0) {
			enum mm_sim_outcome outcome;

			request.payload_max = commands[i].payload ? session->in_len - len : 0;
			outcome = commands[i].run(session, board, &request);
			*ret_used = len + request.payload_max;
			return outcome;
		}
	}
	return mm_sim_answer(session, -EINVAL);
}

static void make_room(struct mm_sim_session *session)
{
	memmove(session->out, session->out + session->out_start, session->out_len - session->out_start);
	session->out_len -= session->out_start;
	session->out_start = 0;
}

bool mm_sim_session_run(struct mm_sim_session *session, struct mm_sim_board *board)
{
	make_room(session);
	while (!session->closing) {
		const char *newline = memchr(session->in, '\n', session->in_len);
		size_t len = newline ? (size_t)(newline - session->in) + 1 : session->in_len;
		enum mm_sim_outcome outcome;
		size_t used;

		if (session->out_len > sizeof(session->out) - MM_SIM_ANSWER_MAX) {
			return true;
		}
		if (len > MM_SIM_LINE_MAX) {
			mm_sim_put_number(session, -EINVAL);
			session->closing = true;
			break;
		}
		if (!newline) {
			break;
		}
		outcome = run_line(session, board, len, &used);
		if (outcome == MM_SIM_WAIT) {
			break;
		}
		session->closing = outcome == MM_SIM_CLOSE;
		session->in_len -= used;
		memmove(session->in, session->in + used, session->in_len);
	}
	return false;
}

void mm_sim_session_end(struct mm_sim_session *session, struct mm_sim_board *board)
{
	(void)mm_sim_stream_close(mm_sim_board_stream(board), session); /* -EBADF: it had no buffer */
}
