/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_IIOD_H
#define MM_SIM_IIOD_H

/* The commands of libiio's network protocol (iiod, 0.24 and 0.26). No sockets and no clock: the server moves bytes and time. */

#include "sim/iiod_session.h"

/* The client is gone: its buffer is disabled. */
void mm_sim_session_end(struct mm_sim_session *session, struct mm_sim_board *board);

/*
 * Runs the complete commands of the in buffer, while the out buffer has room and no read stalls. Call it after adding input,
 * after taking output and at resume_ns. Returns true when it stopped because the out buffer is full: call it again once that is
 * sent.
 */
bool mm_sim_session_run(struct mm_sim_session *session, struct mm_sim_board *board);

#endif
