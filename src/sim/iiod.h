/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_IIOD_H
#define MM_SIM_IIOD_H

/*
 * One client's conversation in libiio's network protocol (iiod, 0.24 and 0.26): lines in, answers out, between two fixed
 * buffers. No sockets and no clock: the server moves the bytes and the board's time.
 */

#include "sim/context.h"

#define MM_SIM_LINE_MAX 1024	/* a command with its line end */
#define MM_SIM_PAYLOAD_MAX 4096 /* the data of one WRITE */
#define MM_SIM_IN_MAX 8192
#define MM_SIM_ANSWER_MAX (MM_SIM_XML_MAX + 64)

struct mm_sim_session {
	char in[MM_SIM_IN_MAX];
	size_t in_len;
	char out[2 * MM_SIM_ANSWER_MAX];
	size_t out_start, out_len; /* unsent bytes are out[out_start] to out[out_len - 1] */
	int64_t resume_ns;	   /* board time at which a stalled read goes on; 0: none is under way */
	unsigned timeout_ms;	   /* of a read from a buffer */
	int64_t deadline_ns;	   /* by it; 0: none is under way */
	size_t sent_frames;	   /* of the block being read from the buffer */
	bool closing;		   /* nothing more is read: close when all is sent */
};

void mm_sim_session_init(struct mm_sim_session *session);

/* The client is gone: its buffer is disabled. */
void mm_sim_session_end(struct mm_sim_session *session, struct mm_sim_board *board);

/*
 * Takes what is in the in buffer as far as it is complete, there is room for the answers and no read stalls. Call it after
 * adding input, after taking output and when resume_ns has come. True: it stopped for want of room, and there may be more to do
 * once the answers are sent.
 */
bool mm_sim_session_run(struct mm_sim_session *session, struct mm_sim_board *board);

#endif
