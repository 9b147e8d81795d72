/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_VARLINK_H
#define MM_VARLINK_VARLINK_H

/*
 * Varlink (https://varlink.org): a JSON object and a NUL byte each way over a stream socket. The server side here is a state
 * machine over a descriptor that some event loop watches: it never blocks and knows no loop. The client side is client.h.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "varlink/text.h"

#define MM_VARLINK_REQUEST_MAX (64 * 1024) /* one request, NUL included */
#define MM_VARLINK_QUEUE_MAX (512 * 1024)  /* unsent answers to one client; so also the longest answer, NUL included */
#define MM_VARLINK_DEPTH_MAX 16		   /* nesting of a message */

/* src/varlink/org.minimeter.varlink, the text. */
extern const char mm_varlink_minimeter_interface[];

struct mm_varlink_conn;
struct mm_varlink_call;

/* Which sockets a method may be called on. */
enum mm_varlink_access { MM_VARLINK_READ, MM_VARLINK_ADMIN };

struct mm_varlink_method {
	const char *name; /* "org.minimeter.Read" */
	/*
	 * Handles a call: replies with mm_varlink_reply() or mm_varlink_error(), now or later, and owns the call until then.
	 * Parameters are an object, never NULL, borrowed from the call. Must not free the connection. NULL: MethodNotImplemented.
	 */
	void (*handle)(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
	enum mm_varlink_access access;
};

struct mm_varlink_service {
	const char *vendor, *product, *version, *url;
	const char *interface;	 /* "org.minimeter" */
	const char *description; /* its Varlink interface text */
	const struct mm_varlink_method *methods;
	size_t method_count;
	bool admin; /* has the methods of MM_VARLINK_ADMIN as well */
	/* Answers a call of such a method where it has not. May be NULL where there is none. */
	void (*not_permitted)(struct mm_varlink_call *call);
	void *userdata;
};

struct mm_varlink_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Takes over a connected non-blocking Unix socket, if it succeeds. service is borrowed. 0 or -errno. */
int mm_varlink_conn_new(int fd, const struct mm_varlink_service *service, struct mm_varlink_conn **ret);

/* Drops the connection; a call still open is detached: its reply functions only free it from then on. NULL-safe. */
void mm_varlink_conn_free(struct mm_varlink_conn *conn);

int mm_varlink_conn_fd(const struct mm_varlink_conn *conn);
/*
 * poll(2) events that matter now: POLLIN while a request may come, POLLOUT while bytes wait or there is something to go on with.
 * At 0 (a call is open) go on watching: POLLHUP and POLLERR come unasked and say that the peer is gone.
 */
short mm_varlink_conn_events(const struct mm_varlink_conn *conn);
/*
 * Handles poll(2) revents: one receive and one request at most. 0 to go on; negative: free the connection (-ECONNRESET closed,
 * -EBADMSG garbage, -EMSGSIZE request too long, -ENOBUFS answer too long, ...).
 */
int mm_varlink_conn_process(struct mm_varlink_conn *conn, short revents);
/*
 * True while it is the peer's turn: to send (the rest of) a request, or to read its answers. The idle deadline runs from the last
 * process(), or from when this became true if that was later.
 */
bool mm_varlink_conn_idle(const struct mm_varlink_conn *conn);
/* Peer credentials as of connect(2). */
const struct mm_varlink_peer *mm_varlink_conn_peer(const struct mm_varlink_conn *conn);
/*
 * Called after a change of mm_varlink_conn_events() that did not come from process(): an answer given later. The last thing that
 * a reply function does, so it may free the connection.
 */
void mm_varlink_conn_set_wakeup(struct mm_varlink_conn *conn, void (*wakeup)(struct mm_varlink_conn *, void *), void *userdata);

/* True when the caller asked for a stream ("more"). */
bool mm_varlink_call_more(const struct mm_varlink_call *call);
const struct mm_varlink_peer *mm_varlink_call_peer(const struct mm_varlink_call *call);
/* True once the peer is gone: a stream ends with mm_varlink_call_unref(). */
bool mm_varlink_call_gone(const struct mm_varlink_call *call);

/*
 * Answers; parameters (an object) is stolen, NULL means {}. With continues (only for "more" calls) the call stays open, and
 * -ENOBUFS says that the client reads too slowly for this reply, which was skipped. Otherwise the call is freed, whatever is
 * returned; a last answer that does not fit fails the connection. -ECONNRESET: the peer is gone. A "oneway" call is finished
 * without a word. Reals are written with 15 significant digits.
 */
int mm_varlink_reply(struct mm_varlink_call *call, json_t *parameters, bool continues);
/* The same of a text, an object, which is borrowed. A text that failed is one that does not fit. */
int mm_varlink_reply_text(struct mm_varlink_call *call, const struct mm_text *parameters, bool continues);
/* Answers with an error ("org.varlink.service.InvalidParameter", "org.minimeter.NoSuchMeter", ...) and frees the call. */
int mm_varlink_error(struct mm_varlink_call *call, const char *error, json_t *parameters);
/* "org.varlink.service.InvalidParameter" with the field's name. */
int mm_varlink_invalid_parameter(struct mm_varlink_call *call, const char *field);
/* Gives a call up without an answer: its peer is gone, or is dropped by this. */
void mm_varlink_call_unref(struct mm_varlink_call *call);

/*
 * The pace of a long stream: calls drained once, from mm_varlink_conn_process(), when the peer has taken every answer so far; or
 * from mm_varlink_conn_free(), with mm_varlink_call_gone() true. Not called for a call finished before. NULL calls it off.
 */
void mm_varlink_call_when_drained(struct mm_varlink_call *call, void (*drained)(struct mm_varlink_call *, void *),
				  void *userdata);

#endif
