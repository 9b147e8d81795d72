/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_VARLINK_H
#define MM_VARLINK_VARLINK_H

/*
 * Varlink (https://varlink.org): a JSON object and a NUL byte each way over a stream socket. The server side here is a state
 * machine over a descriptor that some event loop watches: it never blocks and knows no loop. The client side blocks.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define MM_VARLINK_MESSAGE_MAX (64 * 1024) /* one request or reply, NUL included */
#define MM_VARLINK_DEPTH_MAX 16		   /* nesting of a request */
#define MM_VARLINK_QUEUE_MAX (256 * 1024)  /* unsent bytes after which a client that does not read is dropped */

/* ---- Server ---- */

struct mm_varlink_conn;
struct mm_varlink_call;

struct mm_varlink_method {
	const char *name; /* "org.minimeter.Read" */
	/*
	 * Handles a call: replies with mm_varlink_reply() or mm_varlink_error(), now or later, and owns the call until then.
	 * Parameters are an object, never NULL, borrowed from the call.
	 */
	void (*handle)(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
};

struct mm_varlink_service {
	const char *vendor, *product, *version, *url;
	const char *interface;	 /* "org.minimeter" */
	const char *description; /* its Varlink interface text */
	const struct mm_varlink_method *methods;
	size_t method_count;
	void *userdata;
};

struct mm_varlink_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Takes over a connected non-blocking socket. service is borrowed. 0 or -errno. */
int mm_varlink_conn_new(int fd, const struct mm_varlink_service *service, struct mm_varlink_conn **ret);

/* Drops the connection; calls still open are detached: their reply functions do nothing from then on. NULL-safe. */
void mm_varlink_conn_free(struct mm_varlink_conn *conn);

int mm_varlink_conn_fd(const struct mm_varlink_conn *conn);
/* poll(2) events that matter now: POLLIN unless a call is being handled, POLLOUT while bytes wait. */
short mm_varlink_conn_events(const struct mm_varlink_conn *conn);
/* Handles poll(2) revents. 0 to go on; negative: drop the connection (-ECONNRESET closed, -EBADMSG garbage, -EMSGSIZE, -ENOBUFS).
 */
int mm_varlink_conn_process(struct mm_varlink_conn *conn, short revents);
/* True while the peer owes us something (half a message) or nothing is open: the idle deadline applies. */
bool mm_varlink_conn_idle(const struct mm_varlink_conn *conn);
/* Peer credentials as of connect(2). */
const struct mm_varlink_peer *mm_varlink_conn_peer(const struct mm_varlink_conn *conn);
/* Called after every change of mm_varlink_conn_events() that did not come from process(): a reply given later. */
void mm_varlink_conn_set_wakeup(struct mm_varlink_conn *conn, void (*wakeup)(struct mm_varlink_conn *, void *), void *userdata);

/* True when the caller asked for a stream ("more"). */
bool mm_varlink_call_more(const struct mm_varlink_call *call);
const struct mm_varlink_peer *mm_varlink_call_peer(const struct mm_varlink_call *call);
/* True once the peer is gone: a stream ends with mm_varlink_call_unref(). */
bool mm_varlink_call_gone(const struct mm_varlink_call *call);

/*
 * Answers; parameters (an object) is stolen, NULL stands for {}. With continues (only for "more" calls) the call stays open and
 * -ENOBUFS says that the client reads too slowly for this reply, which was skipped. Otherwise the call is finished and freed. A
 * "oneway" call is finished without a word.
 */
int mm_varlink_reply(struct mm_varlink_call *call, json_t *parameters, bool continues);
/* Answers with an error ("org.varlink.service.InvalidParameter", "org.minimeter.NoSuchMeter", ...) and frees the call. */
int mm_varlink_error(struct mm_varlink_call *call, const char *error, json_t *parameters);
/* "org.varlink.service.InvalidParameter" with the field's name. */
int mm_varlink_invalid_parameter(struct mm_varlink_call *call, const char *field);
/* Gives a call up without an answer (its connection is gone). */
void mm_varlink_call_unref(struct mm_varlink_call *call);

/* ---- Client ---- */

struct mm_varlink_client;

/* Connects to a Unix socket path. 0 or -errno. */
int mm_varlink_client_connect(const char *path, struct mm_varlink_client **ret);
void mm_varlink_client_free(struct mm_varlink_client *client);
int mm_varlink_client_fd(const struct mm_varlink_client *client);
/* Sends a call; parameters is stolen, may be NULL. */
int mm_varlink_client_send(struct mm_varlink_client *client, const char *method, json_t *parameters, bool more);
/*
 * Waits up to timeout_ms (-1: for ever) for a reply. *ret_parameters is a new reference; *ret_error is NULL or the error's name,
 * a new string; *ret_continues says that more will follow. -ETIMEDOUT, -ECONNRESET, -EBADMSG.
 */
int mm_varlink_client_receive(struct mm_varlink_client *client, int timeout_ms, json_t **ret_parameters, char **ret_error,
			      bool *ret_continues);

#endif
