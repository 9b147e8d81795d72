/* SPDX-License-Identifier: MIT */
/* A daemon that answers from a script. */

#include "fake_daemon.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEERS_MAX 8
#define ROWS_MAX 32
#define REQUEST_MAX 4096

struct peer {
	int fd;
	size_t used;
	char request[REQUEST_MAX];
};

struct fake_daemon {
	const struct fake_answer *script;
	int used[ROWS_MAX];
	int listen_fd, stop_fd;
	char *path;
	struct peer peer[PEERS_MAX];
	pthread_t thread;
	pthread_mutex_t lock;
	json_t *requests; /* by method */
};

/* Sends the messages of a row; false where they end with closing. */
static bool send_messages(int fd, const char *messages)
{
	while (*messages != '\0') {
		size_t length = strcspn(messages, "\n");
		if (length == strlen("close") && strncmp(messages, "close", length) == 0) {
			return false;
		}
		if (send(fd, messages, length, MSG_NOSIGNAL) < 0 || send(fd, "", 1, MSG_NOSIGNAL) < 0) {
			return false;
		}
		messages += length + (messages[length] == '\n');
	}
	return true;
}

static bool answer(struct fake_daemon *daemon, int fd, const char *text)
{
	json_t *request = json_loads(text, 0, NULL);
	const char *name = json_string_value(json_object_get(request, "method"));
	const char *method = name != NULL ? strrchr(name, '.') + 1 : "";
	const char *messages = "{\"error\":\"org.varlink.service.MethodNotFound\"}";

	pthread_mutex_lock(&daemon->lock);
	json_object_set(daemon->requests, method, request);
	pthread_mutex_unlock(&daemon->lock);
	for (int i = 0; daemon->script[i].method != NULL; i++) {
		const struct fake_answer *row = &daemon->script[i];
		if (strcmp(row->method, method) == 0 && (row->times == 0 || daemon->used[i] < row->times)) {
			daemon->used[i]++;
			messages = row->messages;
			break;
		}
	}
	json_decref(request);
	return send_messages(fd, messages);
}

static void drop(struct peer *peer)
{
	close(peer->fd);
	peer->fd = -1;
	peer->used = 0;
}

/* Takes what came and answers every whole request. */
static void serve(struct fake_daemon *daemon, struct peer *peer)
{
	ssize_t got = read(peer->fd, peer->request + peer->used, sizeof(peer->request) - peer->used);
	char *end;

	if (got <= 0) {
		drop(peer);
		return;
	}
	peer->used += (size_t)got;
	while ((end = memchr(peer->request, '\0', peer->used)) != NULL) {
		if (!answer(daemon, peer->fd, peer->request)) {
			drop(peer);
			return;
		}
		peer->used -= (size_t)(end + 1 - peer->request);
		memmove(peer->request, end + 1, peer->used);
	}
}

static void take_peer(struct fake_daemon *daemon)
{
	int fd = accept(daemon->listen_fd, NULL, NULL);

	for (int i = 0; i < PEERS_MAX; i++) {
		if (daemon->peer[i].fd < 0) {
			daemon->peer[i].fd = fd;
			return;
		}
	}
	close(fd);
}

static void *run(void *userdata)
{
	struct fake_daemon *daemon = userdata;
	struct pollfd fds[PEERS_MAX + 2];

	for (;;) {
		for (int i = 0; i < PEERS_MAX; i++) {
			fds[i] = (struct pollfd){.fd = daemon->peer[i].fd, .events = POLLIN};
		}
		fds[PEERS_MAX] = (struct pollfd){.fd = daemon->listen_fd, .events = POLLIN};
		fds[PEERS_MAX + 1] = (struct pollfd){.fd = daemon->stop_fd, .events = POLLIN};
		poll(fds, PEERS_MAX + 2, -1);
		if (fds[PEERS_MAX + 1].revents != 0) {
			return NULL;
		}
		for (int i = 0; i < PEERS_MAX; i++) {
			if (fds[i].revents != 0) {
				serve(daemon, &daemon->peer[i]);
			}
		}
		if (fds[PEERS_MAX].revents != 0) {
			take_peer(daemon);
		}
	}
}

struct fake_daemon *fake_daemon_new(const char *path, const struct fake_answer *script)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fake_daemon *daemon = calloc(1, sizeof(*daemon));

	ck_assert_ptr_nonnull(daemon);
	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	daemon->script = script;
	daemon->path = strdup(path);
	daemon->requests = json_object();
	for (int i = 0; i < PEERS_MAX; i++) {
		daemon->peer[i].fd = -1;
	}
	pthread_mutex_init(&daemon->lock, NULL);
	daemon->stop_fd = eventfd(0, EFD_CLOEXEC);
	daemon->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	ck_assert_int_eq(bind(daemon->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(daemon->listen_fd, PEERS_MAX), 0);
	ck_assert_int_eq(pthread_create(&daemon->thread, NULL, run, daemon), 0);
	return daemon;
}

void fake_daemon_free(struct fake_daemon *daemon)
{
	if (daemon == NULL) {
		return;
	}
	eventfd_write(daemon->stop_fd, 1);
	pthread_join(daemon->thread, NULL);
	for (int i = 0; i < PEERS_MAX; i++) {
		if (daemon->peer[i].fd >= 0) {
			close(daemon->peer[i].fd);
		}
	}
	close(daemon->listen_fd);
	close(daemon->stop_fd);
	unlink(daemon->path);
	free(daemon->path);
	json_decref(daemon->requests);
	pthread_mutex_destroy(&daemon->lock);
	free(daemon);
}

json_t *fake_daemon_request(struct fake_daemon *daemon, const char *method)
{
	pthread_mutex_lock(&daemon->lock);
	json_t *request = json_deep_copy(json_object_get(daemon->requests, method));
	pthread_mutex_unlock(&daemon->lock);
	return request;
}
