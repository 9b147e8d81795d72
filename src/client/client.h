/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_CLIENT_H
#define MM_CLIENT_CLIENT_H

/*
 * A connection to minimeterd, for minimeterctl and the bridges. It carries one call at a time, or one call and its stream of
 * answers. Nothing here prints or exits: what goes wrong is a -errno and, in struct mm_error, a sentence for people that says
 * what to do about it. The answers are JSON as the daemon wrote it; reading.h makes structs of them.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

#define MM_CLIENT_SOCKET "/run/minimeter/minimeter.sock"
#define MM_CLIENT_ADMIN_SOCKET "/run/minimeter/admin.sock"

/* How long the daemon may take over one answer. */
#define MM_CLIENT_TIMEOUT_MS 5000

enum mm_client_socket {
	MM_CLIENT_READ, /* for the group minimeter */
	MM_CLIENT_ADMIN /* for the group minimeter-admin */
};

struct mm_client;

/* Connects to the socket at path; which one it is decides what the advice in error says. */
int mm_client_connect(enum mm_client_socket socket, const char *path, struct mm_client **ret, struct mm_error *error);
/* NULL-safe. */
void mm_client_free(struct mm_client *client);

/* For poll(2): when it is readable, receive with timeout 0 until -ETIMEDOUT, because several answers can have come at once. */
int mm_client_fd(const struct mm_client *client);

/* Sends a call of "org.minimeter.Read" or the like. parameters is stolen and may be NULL. more asks for a stream of answers. */
int mm_client_send(struct mm_client *client, const char *method, json_t *parameters, bool more, struct mm_error *error);

/*
 * Waits up to timeout_ms (-1: for ever) for the next answer. *ret is a new reference; *ret_more says that the stream goes on; it
 * may be NULL. -ETIMEDOUT: no answer in that time. -ECONNRESET: the daemon closed the connection. -EBADMSG: the peer does not
 * speak Varlink. -EREMOTEIO: the answer is an error. -ENOSYS: the daemon does not know the method. Other -errno.
 */
int mm_client_receive(struct mm_client *client, int timeout_ms, json_t **ret, bool *ret_more, struct mm_error *error);

/* Sends a call and waits MM_CLIENT_TIMEOUT_MS for its only answer. */
int mm_client_call(struct mm_client *client, const char *method, json_t *parameters, json_t **ret, struct mm_error *error);

/* The name of the error that the last answer was, such as "org.minimeter.NoSuchMeter"; NULL where it was none. */
const char *mm_client_error_name(const struct mm_client *client);

/* The parameters of that error, as the interface has them, until the next answer; NULL where it was none. */
const json_t *mm_client_error_parameters(const struct mm_client *client);

#define MM_CLIENT_NAMES_MAX 256

/* The member "name" of each object of an array: "a, b". Those that there is no room for are left out. Returns ret. */
const char *mm_client_names(const json_t *rows, char ret[static MM_CLIENT_NAMES_MAX]);

#endif
