/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_IIOD_COMMAND_H
#define MM_SIM_IIOD_COMMAND_H

/* What the commands of iiod share; iiod.c finds and runs them. */

#include "sim/iiod.h"

#define MM_SIM_WORDS_MAX 8

struct mm_sim_request {
	char *word[MM_SIM_WORDS_MAX];
	unsigned count;
	char *payload; /* what follows the line: WRITE only */
	size_t payload_max;
};

/* What becomes of the bytes of a request. */
enum mm_sim_outcome {
	MM_SIM_DONE,
	MM_SIM_WAIT, /* keep them: more is needed, or the read stalls */
	MM_SIM_CLOSE,
};

void mm_sim_put(struct mm_sim_session *session, const void *data, size_t len);
void mm_sim_put_number(struct mm_sim_session *session, long number);

/* Their number, the bytes, and a line end. */
void mm_sim_put_bytes(struct mm_sim_session *session, const void *data, size_t len);

/* A number as the whole answer. */
enum mm_sim_outcome mm_sim_answer(struct mm_sim_session *session, long number);

/* A board without the device: say so and close the connection, as iiod does when its device is gone. */
enum mm_sim_outcome mm_sim_answer_gone(struct mm_sim_session *session, int error);

/* A whole number of up to nine digits; -1 where it is none. */
long mm_sim_number(const char *text);

/* Has the read to wait? A stepped board has nobody else to move its time on while a read stalls, so the read itself does. */
bool mm_sim_stalls(struct mm_sim_session *session, struct mm_sim_board *board);

/* The commands around buffers. */
enum mm_sim_outcome mm_sim_do_open(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_close(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_readbuf(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_writebuf(struct mm_sim_session *session, struct mm_sim_board *board,
				       struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_gettrig(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_settrig(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);
enum mm_sim_outcome mm_sim_do_set(struct mm_sim_session *session, struct mm_sim_board *board, struct mm_sim_request *request);

#endif
