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

#include "varlink/frame.h"
#include "varlink/service.h"
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

/* True when the next request may be taken up. */
static bool ready(const struct mm_varlink_conn *conn)
{
	return !conn->error && !conn->call && conn->out.used == 0;
}

bool mm_varlink_conn_idle(const struct mm_varlink_conn *conn)
{
	return !conn->call || conn->out.used > 0;
}

short mm_varlink_conn_events(const struct mm_varlink_conn *conn)
{
	if (conn->error) {
		return 0;
	}
	if (ready(conn)) {
		/* A request already read makes no POLLIN; a socket with an empty queue is writable at once. */
		return conn->in.message ? POLLOUT : POLLIN;
	}
	return conn->out.used > 0 || (conn->call && conn->call->drained) ? POLLOUT : 0;
}

/* A shut down socket reports POLLHUP whatever is asked of poll(2): so the owner comes to process() and learns of the error. */
static void fail(struct mm_varlink_conn *conn, int error)
{
	if (!conn->error) {
		conn->error = error;
		(void)shutdown(conn->fd, SHUT_RDWR);
	}
}

static void flush(struct mm_varlink_conn *conn)
{
	int r = mm_frame_send(&conn->out, conn->fd);

	if (r < 0 && r != -EAGAIN) {
		fail(conn, -ECONNRESET);
	}
}

static void call_free(struct mm_varlink_call *call)
{
	json_decref(call->request);
	free(call);
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
	if (!ready(conn) && (revents & (POLLHUP | POLLERR | POLLNVAL))) {
		fail(conn, -ECONNRESET);
		return;
	}
	if (conn->out.used > 0) {
		flush(conn);
	}
	if (conn->call && conn->out.used == 0) {
		run_drained(conn->call);
	}
	if (ready(conn) && !conn->in.message && revents) {
		r = mm_frame_recv(&conn->in, conn->fd, MM_VARLINK_REQUEST_MAX);
	}
	if (ready(conn) && conn->in.message) {
		r = take_request(conn);
	}
	if (r < 0 && r != -EAGAIN) {
		fail(conn, r);
	}
}

int mm_varlink_conn_process(struct mm_varlink_conn *conn, short revents)
{
	conn->processing = true;
	step(conn, revents);
	conn->processing = false;
	return conn->error;
}

bool mm_varlink_call_more(const struct mm_varlink_call *call)
{
	return call->more;
}

const struct mm_varlink_peer *mm_varlink_call_peer(const struct mm_varlink_call *call)
{
	return &call->peer;
}

bool mm_varlink_call_gone(const struct mm_varlink_call *call)
{
	return !call->conn || call->conn->error;
}

/* Tells the owner where events, as they were, are no longer what to watch for. */
static void wake_if_changed(struct mm_varlink_conn *conn, short events)
{
	if (conn->wakeup && !conn->processing && mm_varlink_conn_events(conn) != events) {
		conn->wakeup(conn, conn->wakeup_userdata);
	}
}

void mm_varlink_call_when_drained(struct mm_varlink_call *call, void (*drained)(struct mm_varlink_call *, void *), void *userdata)
{
	short events = call->conn ? mm_varlink_conn_events(call->conn) : 0;

	call->drained = drained;
	call->drained_userdata = userdata;
	if (call->conn) {
		wake_if_changed(call->conn, events);
	}
}

/* Queues an answer (stolen; NULL: memory was short) and finishes the call unless it continues. */
static int answer(struct mm_varlink_call *call, json_t *message, bool continues)
{
	struct mm_varlink_conn *conn = call->conn;
	short events = conn ? mm_varlink_conn_events(conn) : 0;
	int r = 0;

	assert(call->more || !continues);
	if (mm_varlink_call_gone(call)) {
		r = -ECONNRESET;
	} else if (!call->oneway) {
		r = message ? mm_frame_put(&conn->out, message, MM_VARLINK_QUEUE_MAX) : -ENOBUFS;
		if (r == 0) {
			flush(conn);
		} else if (!continues) {
			fail(conn, r);
		}
	}
	json_decref(message);
	if (!continues) {
		if (conn) {
			conn->call = NULL;
		}
		call_free(call);
	}
	if (conn) {
		wake_if_changed(conn, events);
	}
	return r;
}

int mm_varlink_reply(struct mm_varlink_call *call, json_t *parameters, bool continues)
{
	json_t *message = json_pack("{s:o}", "parameters", parameters ? parameters : json_object());

	if (continues && message && json_object_set_new(message, "continues", json_true()) < 0) {
		json_decref(message);
		message = NULL;
	}
	return answer(call, message, continues);
}

int mm_varlink_error(struct mm_varlink_call *call, const char *error, json_t *parameters)
{
	return answer(call, json_pack("{s:s, s:o}", "error", error, "parameters", parameters ? parameters : json_object()),
		      false);
}

int mm_varlink_invalid_parameter(struct mm_varlink_call *call, const char *field)
{
	return mm_varlink_error(call, "org.varlink.service.InvalidParameter", json_pack("{s:s}", "parameter", field));
}

void mm_varlink_call_unref(struct mm_varlink_call *call)
{
	if (call->conn) {
		/* Its peer waits for an answer that will not come. */
		fail(call->conn, -ECONNRESET);
		call->conn->call = NULL;
	}
	call_free(call);
}
