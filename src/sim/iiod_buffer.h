/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_IIOD_BUFFER_H
#define MM_SIM_IIOD_BUFFER_H

/* The commands about buffers and triggers. A client has a connection of its own for a buffer. */

#include "sim/iiod_session.h"

enum mm_sim_outcome mm_sim_do_open(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_close(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_readbuf(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_writebuf(struct mm_sim_session *session, struct mm_sim_board *board,
				       struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_gettrig(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_settrig(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_set(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);

#endif
