/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_CLIENT_H
#define MM_VARLINK_CLIENT_H

/* The blocking end of a Varlink connection: one call at a time, or one and its stream. */

#include <jansson.h>
#include <stdbool.h>

struct mm_varlink_client;

/* Connects to a Unix socket path. 0, -ENAMETOOLONG or -errno. */
int mm_varlink_client_connect(const char *path, struct mm_varlink_client **ret);
/* NULL-safe. */
void mm_varlink_client_free(struct mm_varlink_client *client);
/* For poll(2); when it is readable, receive with timeout 0 until -ETIMEDOUT: several replies can have come at once. */
int mm_varlink_client_fd(const struct mm_varlink_client *client);
/*
 * Sends a call; parameters is stolen, may be NULL. -ETIMEDOUT after 10 s, -ECONNRESET, -ENOBUFS (longer than a request may be).
 */
int mm_varlink_client_send(struct mm_varlink_client *client, const char *method, json_t *parameters, bool more);
/*
 * Waits up to timeout_ms (-1: for ever; signals don't end it) for a reply. *ret_parameters is a new reference; *ret_error is NULL
 * or the error's name, a new string; *ret_continues says that more will follow. -ETIMEDOUT, -ECONNRESET, -EBADMSG, -EMSGSIZE.
 */
int mm_varlink_client_receive(struct mm_varlink_client *client, int timeout_ms, json_t **ret_parameters, char **ret_error,
			      bool *ret_continues);

#endif
