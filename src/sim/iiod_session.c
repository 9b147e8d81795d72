/* SPDX-License-Identifier: MIT */
#include "sim/iiod_session.h"

#include "core/units.h"
#include "sim/number.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The default of libiio's clients. */
#define TIMEOUT_DEFAULT_MS 2500

void mm_sim_session_init(struct mm_sim_session *session)
{
	session->in_len = session->out_start = session->out_len = 0;
	session->resume_ns = session->deadline_ns = 0;
	session->timeout_ms = TIMEOUT_DEFAULT_MS;
	session->sent_frames = 0;
	session->closing = false;
}

void mm_sim_put(struct mm_sim_session *session, const void *data, size_t len)
{
	assert(session->out_len + len <= sizeof(session->out));
	memcpy(session->out + session->out_len, data, len);
	session->out_len += len;
}

void mm_sim_put_number(struct mm_sim_session *session, long number)
{
	char text[24];

	mm_sim_put(session, text, (size_t)snprintf(text, sizeof(text), "%ld\n", number));
}

void mm_sim_put_bytes(struct mm_sim_session *session, const void *data, size_t len)
{
	mm_sim_put_number(session, (long)len);
	mm_sim_put(session, data, len);
	mm_sim_put(session, "\n", 1);
}

enum mm_sim_outcome mm_sim_answer(struct mm_sim_session *session, long number)
{
	mm_sim_put_number(session, number);
	return MM_SIM_DONE;
}

enum mm_sim_outcome mm_sim_answer_gone(struct mm_sim_session *session, int error)
{
	mm_sim_put_number(session, error);
	return error == -ENODEV ? MM_SIM_CLOSE : MM_SIM_DONE;
}

long mm_sim_request_number(const struct mm_sim_request *request, unsigned i)
{
	uint64_t number;

	return mm_sim_whole_parse(request->word[i], 999999999, &number) ? (long)number : -1;
}

bool mm_sim_stalls(struct mm_sim_session *session, struct mm_sim_board *board)
{
	const struct mm_sim_fault *fault = &mm_sim_board_state(board)->fault;
	int64_t now_ns = mm_sim_board_time(board);

	if (session->resume_ns > 0) {
		if (now_ns < session->resume_ns) {
			return true;
		}
		session->resume_ns = 0;
		return false;
	}
	if (fault->kind != MM_SIM_FAULT_STALL || fault->number == 0) {
		return false;
	}
	now_ns += fault->number * MM_NS_PER_MS;
	if (mm_sim_board_stepped(board)) {
		(void)mm_sim_board_advance(board, now_ns);
		return false;
	}
	session->resume_ns = now_ns;
	return true;
}
