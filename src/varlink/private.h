/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_PRIVATE_H
#define MM_VARLINK_PRIVATE_H

/* What the files of the server share: a connection (conn.c) hands its call to the service (service.c), which answers it (call.c).
 */

#include "varlink/frame.h"
#include "varlink/varlink.h"

struct mm_varlink_conn {
	int fd;
	const struct mm_varlink_service *service;
	struct mm_varlink_peer peer;
	struct mm_frame in, out;
	struct mm_varlink_call *call; /* the open one */
	int error;		      /* once negative: the socket is shut down, process() returns this */
	bool processing;
	void (*wakeup)(struct mm_varlink_conn *, void *);
	void *wakeup_userdata;
};

struct mm_varlink_call {
	struct mm_varlink_conn *conn; /* NULL: detached */
	json_t *request;
	struct mm_varlink_peer peer;
	bool more, oneway;
	void (*drained)(struct mm_varlink_call *, void *);
	void *drained_userdata;
};

/* True when the next request may be taken up. */
bool mm_varlink_conn_ready(const struct mm_varlink_conn *conn);
/* Ends the connection: error is what mm_varlink_conn_process() returns from now on. */
void mm_varlink_conn_fail(struct mm_varlink_conn *conn, int error);
/* Sends what the peer takes. */
void mm_varlink_conn_flush(struct mm_varlink_conn *conn);

/* Hands a call to the service's method of that name or to org.varlink.service; answers it with an error where there is none. */
void mm_varlink_dispatch(struct mm_varlink_call *call, const struct mm_varlink_service *service, const char *method,
			 const json_t *parameters);

#endif
