/* SPDX-License-Identifier: MIT */
#include "client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/private.h"

struct mm_client {
	struct mm_varlink_client *varlink;
	char *path, *method; /* where it is connected to, and what it sent last */
	char *error_name;    /* of the last answer, or NULL */
	json_t *error_parameters;
};

static int fail_connect(enum mm_client_socket socket, const char *path, int r, struct mm_error *error)
{
	const char *group = socket == MM_CLIENT_ADMIN ? "minimeter-admin" : "minimeter";

	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
		return mm_error_set(error, r, "nobody answers at %s: is minimeterd running? See 'systemctl status minimeterd'",
				    path);
	case -EACCES:
	case -EPERM:
		return mm_error_set(
			error, r,
			"you may not use %s: join the group %s ('sudo adduser $USER %s', then log in again) or use sudo", path,
			group, group);
	default:
		return mm_error_set(error, r, "can't connect to %s: %s", path, strerror(-r));
	}
}

int mm_client_connect(enum mm_client_socket socket, const char *path, struct mm_client **ret, struct mm_error *error)
{
	struct mm_client *client = calloc(1, sizeof(*client));
	int r = -ENOMEM;

	if (client != NULL && (client->path = strdup(path)) != NULL) {
		r = mm_varlink_client_connect(path, &client->varlink);
	}
	if (r < 0) {
		mm_client_free(client);
		return fail_connect(socket, path, r, error);
	}
	*ret = client;
	return 0;
}

void mm_client_free(struct mm_client *client)
{
	if (client == NULL) {
		return;
	}
	mm_varlink_client_free(client->varlink);
	free(client->path);
	free(client->method);
	free(client->error_name);
	json_decref(client->error_parameters);
	free(client);
}

int mm_client_fd(const struct mm_client *client)
{
	return mm_varlink_client_fd(client->varlink);
}

const char *mm_client_error_name(const struct mm_client *client)
{
	return client->error_name;
}

const json_t *mm_client_error_parameters(const struct mm_client *client)
{
	return client->error_parameters;
}

static int fail_transport(const struct mm_client *client, int r, struct mm_error *error)
{
	switch (r) {
	case -ETIMEDOUT:
		return mm_error_set(error, r, "no answer from %s in time: is minimeterd hung? See 'systemctl status minimeterd'",
				    client->path);
	case -ECONNRESET:
		return mm_error_set(
			error, r, "minimeterd closed the connection: it stopped or is too busy; see 'journalctl -u minimeterd'");
	case -EBADMSG:
		return mm_error_set(error, r, "what answers at %s does not speak Varlink: is it minimeterd's socket?",
				    client->path);
	default:
		return mm_error_set(error, r, "can't talk to minimeterd: %s", strerror(-r));
	}
}

int mm_client_send(struct mm_client *client, const char *method, json_t *parameters, bool more, struct mm_error *error)
{
	char *copy = strdup(method);
	int r = -ENOMEM;

	if (copy == NULL) {
		json_decref(parameters);
	} else {
		free(client->method);
		client->method = copy;
		r = mm_varlink_client_send(client->varlink, method, parameters, more);
	}
	return r < 0 ? fail_transport(client, r, error) : 0;
}

int mm_client_receive(struct mm_client *client, int timeout_ms, json_t **ret, bool *ret_more, struct mm_error *error)
{
	json_t *parameters;
	bool more;
	int r;

	free(client->error_name);
	client->error_name = NULL;
	json_decref(client->error_parameters);
	client->error_parameters = NULL;
	r = mm_varlink_client_receive(client->varlink, timeout_ms, &parameters, &client->error_name, &more);
	if (r < 0) {
		return fail_transport(client, r, error);
	}
	if (client->error_name != NULL) {
		client->error_parameters = parameters;
		return mm_client_refusal(client->varlink, client->path, client->method, client->error_name, parameters, error);
	}
	*ret = parameters;
	if (ret_more != NULL) {
		*ret_more = more;
	}
	return 0;
}

int mm_client_call(struct mm_client *client, const char *method, json_t *parameters, json_t **ret, struct mm_error *error)
{
	int r = mm_client_send(client, method, parameters, false, error);

	return r < 0 ? r : mm_client_receive(client, MM_CLIENT_TIMEOUT_MS, ret, NULL, error);
}
