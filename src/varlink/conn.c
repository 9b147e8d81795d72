/* SPDX-License-Identifier: MIT */
/*
 * The server side of one connection. One call at a time: while a call is open or its answer still lies here, nothing more is
 * read, so that a peer can make us hold no more than one request and one queue of answers, however fast it sends or slowly it
 * reads.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "varlink/private.h"

int mm_varlink_conn_new(int fd, const struct mm_varlink_service *service, struct mm_varlink_conn **ret)
{
	struct ucred ucred;
	socklen_t length = sizeof(ucred);
	struct mm_varlink_conn *conn;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &length) < 0) {
		return -errno;
	}
	conn = calloc(1, sizeof(*conn));
	if (!conn) {
		return -ENOMEM;
	}
	conn->fd = fd;
	conn->service = service;
	conn->peer = (struct mm_varlink_peer){.pid = ucred.pid, .uid = ucred.uid, .gid = ucred.gid};
	*ret = conn;
	return 0;
}

/* Runs the hook of mm_varlink_call_when_drained(), once. */
static void run_drained(struct mm_varlink_call *call)
{
	void (*drained)(struct mm_varlink_call *, void *) = call->drained;

	call->drained = NULL;
	if (drained) {
		drained(call, call->drained_userdata);
	}
}

void mm_varlink_conn_free(struct mm_varlink_conn *conn)
{
	struct mm_varlink_call *call;

	if (!conn) {
		return;
	}
	assert(!conn->processing);
	call = conn->call;
	mm_frame_clear(&conn->in);
	mm_frame_clear(&conn->out);
	close(conn->fd);
	free(conn);
	if (call) {
		call->conn = NULL;
		run_drained(call);
	}
}

int mm_varlink_conn_fd(const struct mm_varlink_conn *conn)
{
	return conn->fd;
}

const struct mm_varlink_peer *mm_varlink_conn_peer(const struct mm_varlink_conn *conn)
{
	return &conn->peer;
}

void mm_varlink_conn_set_wakeup(struct mm_varlink_conn *conn, void (*wakeup)(struct mm_varlink_conn *, void *), void *userdata)
{
	conn->wakeup = wakeup;
	conn->wakeup_userdata = userdata;
}

bool mm_varlink_conn_idle(const struct mm_varlink_conn *conn)
{
	return !conn->call || conn->out.used > 0;
}

/* Takes the first buffered request up. */
static int take_request(struct mm_varlink_conn *conn)
{
	struct mm_varlink_call *call;
	json_t *request, *parameters = NULL;
	const char *method;
	int more = 0, oneway = 0;
	int r;

	r = mm_frame_take(&conn->in, &request);
	if (r < 0) {
		return r;
	}
	r = -EBADMSG;
	if (json_unpack(request, "{s:s, s?o, s?b, s?b}", "method", &method, "parameters", &parameters, "more", &more, "oneway",
			&oneway) < 0 ||
	    (parameters && !json_is_object(parameters)) || (more && oneway)) {
		goto fail;
	}
	r = -ENOMEM;
	if (!parameters) {
		parameters = json_object();
		if (json_object_set_new(request, "parameters", parameters) < 0) {
			goto fail;
		}
	}
	call = calloc(1, sizeof(*call));
	if (!call) {
		goto fail;
	}
	call->conn = conn;
	call->request = request;
	call->peer = conn->peer;
	call->more = more;
	call->oneway = oneway;
	conn->call = call;
	mm_varlink_dispatch(call, conn->service, method, parameters);
	return 0;

fail:
	json_decref(request);
	return r;
}

/* One receive, one request at most: no client keeps the loop from the others. */
static void step(struct mm_varlink_conn *conn, short revents)
{
	int r = 0;

	/* A peer that only shut down its sending side makes no POLLHUP, and gets its answers. */
	if (!mm_varlink_conn_ready(conn) && (revents & (POLLHUP | POLLERR | POLLNVAL))) {
		mm_varlink_conn_fail(conn, -ECONNRESET);
		return;
	}
	if (conn->out.used > 0) {
		mm_varlink_conn_flush(conn);
	}
	if (conn->call && conn->out.used == 0) {
		run_drained(conn->call);
	}
	if (mm_varlink_conn_ready(conn) && !conn->in.message && revents) {
		r = mm_frame_recv(&conn->in, conn->fd, MM_VARLINK_REQUEST_MAX);
	}
	if (mm_varlink_conn_ready(conn) && conn->in.message) {
		r = take_request(conn);
	}
	if (r < 0 && r != -EAGAIN) {
		mm_varlink_conn_fail(conn, r);
	}
}

int mm_varlink_conn_process(struct mm_varlink_conn *conn, short revents)
{
	conn->processing = true;
	step(conn, revents);
	conn->processing = false;
	return conn->error;
}
