/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_IIOD_H
#define MM_SIM_IIOD_H

/*
 * One client's conversation in libiio's network protocol (iiod, 0.24 and 0.26): lines in, answers out, between two fixed
 * buffers. No sockets and no clock: the server moves the bytes and the board's time.
 */

#include "sim/iiod_session.h"

/* The client is gone: its buffer is disabled. */
void mm_sim_session_end(struct mm_sim_session *session, struct mm_sim_board *board);

/*
 * Takes what is in the in buffer as far as it is complete, there is room for the answers and no read stalls. Call it after
 * adding input, after taking output and when resume_ns has come. True: it stopped for want of room, and there may be more to do
 * once the answers are sent.
 */
bool mm_sim_session_run(struct mm_sim_session *session, struct mm_sim_board *board);

#endif
