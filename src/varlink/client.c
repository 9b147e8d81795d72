/* SPDX-License-Identifier: MIT */
#include "varlink/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/now.h"
#include "varlink/frame.h"
#include "varlink/varlink.h"

/* A server that takes no request for so long is not coming back. */
#define SEND_TIMEOUT_MS 10000

struct mm_varlink_client {
	int fd;
	struct mm_frame in;
};

int mm_varlink_client_connect(const char *path, struct mm_varlink_client **ret)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct mm_varlink_client *client;
	int r;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path));
	client = calloc(1, sizeof(*client));
	if (!client) {
		return -ENOMEM;
	}
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		mm_varlink_client_free(client);
		return r;
	}
	*ret = client;
	return 0;
}

void mm_varlink_client_free(struct mm_varlink_client *client)
{
	if (!client) {
		return;
	}
	mm_frame_clear(&client->in);
	if (client->fd >= 0) {
		close(client->fd);
	}
	free(client);
}

int mm_varlink_client_fd(const struct mm_varlink_client *client)
{
	return client->fd;
}

static int64_t now_ms(void)
{
	return mm_now(CLOCK_MONOTONIC) / 1000000;
}

/* Waits for events until the deadline (-1: for ever). */
static int wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd pollfd = {.fd = fd, .events = events};
	int r;

	do {
		int64_t left = deadline_ms < 0 ? -1 : deadline_ms - now_ms();

		r = poll(&pollfd, 1, deadline_ms >= 0 && left < 0 ? 0 : (int)left);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

int mm_varlink_client_send(struct mm_varlink_client *client, const char *method, json_t *parameters, bool more)
{
	json_t *message = json_pack("{s:s, s:o}", "method", method, "parameters", parameters ? parameters : json_object());
	int64_t deadline_ms = now_ms() + SEND_TIMEOUT_MS;
	struct mm_frame out = {0};
	int r = -ENOMEM;

	if (message && (!more || json_object_set_new(message, "more", json_true()) == 0)) {
		r = mm_frame_put(&out, message, MM_VARLINK_REQUEST_MAX);
	}
	json_decref(message);
	while (r == 0 && out.used > 0) {
		r = mm_frame_send(&out, client->fd);
		if (r == -EAGAIN) {
			r = wait_for(client->fd, POLLOUT, deadline_ms);
		}
	}
	mm_frame_clear(&out);
	return r == -EPIPE ? -ECONNRESET : r;
}

/* Checks a reply and takes it apart. */
static int read_reply(json_t *reply, json_t **ret_parameters, char **ret_error, bool *ret_continues)
{
	json_t *parameters = NULL;
	const char *error = NULL;
	char *copy = NULL;
	int continues = 0;

	if (json_unpack(reply, "{s?o, s?s, s?b}", "parameters", &parameters, "error", &error, "continues", &continues) < 0 ||
	    (parameters && !json_is_object(parameters))) {
		return -EBADMSG;
	}
	if (error) {
		copy = strdup(error);
		if (!copy) {
			return -ENOMEM;
		}
	}
	parameters = parameters ? json_incref(parameters) : json_object();
	if (!parameters) {
		free(copy);
		return -ENOMEM;
	}
	*ret_parameters = parameters;
	*ret_error = copy;
	*ret_continues = continues;
	return 0;
}

int mm_varlink_client_receive(struct mm_varlink_client *client, int timeout_ms, json_t **ret_parameters, char **ret_error,
			      bool *ret_continues)
{
	int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	json_t *reply;
	int r;

	while (!client->in.message) {
		r = mm_frame_recv(&client->in, client->fd, MM_VARLINK_QUEUE_MAX);
		if (r == -EAGAIN) {
			r = wait_for(client->fd, POLLIN, deadline_ms);
		}
		if (r < 0) {
			return r;
		}
	}
	r = mm_frame_take(&client->in, &reply);
	if (r < 0) {
		return r;
	}
	r = read_reply(reply, ret_parameters, ret_error, ret_continues);
	json_decref(reply);
	return r;
}
