/* SPDX-License-Identifier: MIT */
/* A call and its answers, and the connection as far as they go through it. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "varlink/private.h"

bool mm_varlink_conn_ready(const struct mm_varlink_conn *conn)
{
	return !conn->error && !conn->call && conn->out.used == 0;
}

short mm_varlink_conn_events(const struct mm_varlink_conn *conn)
{
	if (conn->error) {
		return 0;
	}
	if (mm_varlink_conn_ready(conn)) {
		/* A request already read makes no POLLIN; a socket with an empty queue is writable at once. */
		return conn->in.message ? POLLOUT : POLLIN;
	}
	return conn->out.used > 0 || (conn->call && conn->call->drained) ? POLLOUT : 0;
}

/* A shut down socket reports POLLHUP whatever is asked of poll(2): so the owner comes to process() and learns of the error. */
void mm_varlink_conn_fail(struct mm_varlink_conn *conn, int error)
{
	if (!conn->error) {
		conn->error = error;
		(void)shutdown(conn->fd, SHUT_RDWR);
	}
}

void mm_varlink_conn_flush(struct mm_varlink_conn *conn)
{
	int r = mm_frame_send(&conn->out, conn->fd);

	if (r < 0 && r != -EAGAIN) {
		mm_varlink_conn_fail(conn, -ECONNRESET);
	}
}

static void call_free(struct mm_varlink_call *call)
{
	json_decref(call->request);
	free(call);
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

/* What is sent: a message, or where there is none a text for its parameters. Neither: memory was short. */
struct content {
	const json_t *message;
	const struct mm_text *text;
};

static int put(struct mm_frame *out, const struct content *content, bool continues)
{
	if (content->message) {
		return mm_frame_put(out, content->message, MM_VARLINK_QUEUE_MAX);
	}
	if (content->text && !content->text->failed) {
		return mm_frame_put_text(out, "{\"parameters\":", content->text, continues ? ",\"continues\":true}" : "}",
					 MM_VARLINK_QUEUE_MAX);
	}
	return -ENOBUFS;
}

/* Queues an answer and finishes the call unless it continues. */
static int answer(struct mm_varlink_call *call, const struct content *content, bool continues)
{
	struct mm_varlink_conn *conn = call->conn;
	short events = conn ? mm_varlink_conn_events(conn) : 0;
	int r = 0;

	assert(call->more || !continues);
	if (mm_varlink_call_gone(call)) {
		r = -ECONNRESET;
	} else if (!call->oneway) {
		r = put(&conn->out, content, continues);
		if (r == 0) {
			mm_varlink_conn_flush(conn);
		} else if (!continues) {
			mm_varlink_conn_fail(conn, r);
		}
	}
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

/* message is stolen. */
static int answer_json(struct mm_varlink_call *call, json_t *message, bool continues)
{
	int r = answer(call, &(struct content){.message = message}, continues);

	json_decref(message);
	return r;
}

int mm_varlink_reply(struct mm_varlink_call *call, json_t *parameters, bool continues)
{
	json_t *message = json_pack("{s:o}", "parameters", parameters ? parameters : json_object());

	if (continues && message && json_object_set_new(message, "continues", json_true()) < 0) {
		json_decref(message);
		message = NULL;
	}
	return answer_json(call, message, continues);
}

int mm_varlink_reply_text(struct mm_varlink_call *call, const struct mm_text *parameters, bool continues)
{
	return answer(call, &(struct content){.text = parameters}, continues);
}

int mm_varlink_error(struct mm_varlink_call *call, const char *error, json_t *parameters)
{
	return answer_json(call, json_pack("{s:s, s:o}", "error", error, "parameters", parameters ? parameters : json_object()),
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
		mm_varlink_conn_fail(call->conn, -ECONNRESET);
		call->conn->call = NULL;
	}
	call_free(call);
}
