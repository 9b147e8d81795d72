/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_IIOD_SESSION_H
#define MM_SIM_IIOD_SESSION_H

/* A client's session: its input and its answers in two fixed buffers, and what all its commands need. */

#include "sim/context.h"

#define MM_SIM_LINE_MAX 1024	/* a command with its line end */
#define MM_SIM_PAYLOAD_MAX 4096 /* the data of one WRITE */
#define MM_SIM_IN_MAX 8192
#define MM_SIM_ANSWER_MAX (MM_SIM_XML_MAX + 64)

struct mm_sim_session {
	char in[MM_SIM_IN_MAX];
	size_t in_len;
	char out[2 * MM_SIM_ANSWER_MAX];
	size_t out_start, out_len; /* out[out_start] to out[out_len - 1] is unsent */
	int64_t resume_ns;	   /* board time at which a stalled read goes on; 0: no read stalls */
	unsigned timeout_ms;	   /* of a read from a buffer */
	int64_t deadline_ns;	   /* of the present read; 0: there is none */
	size_t sent_frames;	   /* of the present block of the buffer */
	bool closing;		   /* no more input: close once all is sent */
};

#define MM_SIM_WORDS_MAX 8

struct mm_sim_request {
	char *word[MM_SIM_WORDS_MAX];
	unsigned count;
	char *payload; /* the bytes behind the line: WRITE only */
	size_t payload_max;
};

/* What to do with the bytes of a request. */
enum mm_sim_outcome {
	MM_SIM_DONE,
	MM_SIM_WAIT, /* keep them: the request is incomplete, or the read stalls */
	MM_SIM_CLOSE,
};

void mm_sim_session_init(struct mm_sim_session *session);

void mm_sim_put(struct mm_sim_session *session, const void *data, size_t len);
void mm_sim_put_number(struct mm_sim_session *session, long number);

/* Puts their number, the bytes, and a line end. */
void mm_sim_put_bytes(struct mm_sim_session *session, const void *data, size_t len);

/* Answers with a number alone. */
enum mm_sim_outcome mm_sim_answer(struct mm_sim_session *session, long number);

/* Answers with an error alone. After -ENODEV the connection ends, as it does with iiod. */
enum mm_sim_outcome mm_sim_answer_gone(struct mm_sim_session *session, int error);

/* Word i as a whole number of up to nine digits; -1 if it is not one. */
long mm_sim_request_number(const struct mm_sim_request *request, unsigned i);

/* True when the read must wait. On a stepped board nothing else moves the time while a read stalls, so the read itself does. */
bool mm_sim_stalls(struct mm_sim_session *session, struct mm_sim_board *board);

#endif
