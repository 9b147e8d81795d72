/* SPDX-License-Identifier: MIT */
/* Accepting clients and moving their bytes. Nothing here waits for a client. */
#include "service/server.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/events.h"
#include "base/log.h"
#include "service/private.h"

/* Connections that wait to be accepted: as many as there can be clients. */
#define BACKLOG 256
/* Administrators that are let in where readers have taken all places: whoever must stop or correct something comes through. */
#define ADMIN_PLACES 4

/*
 * Edges and windows come first; clients share what time is left. Whoever administrates the meter does not wait for those that
 * read it, however many these are, and a new one does not wait for the answers of others.
 */
#define PRIORITY_CLIENT SD_EVENT_PRIORITY_IDLE
#define PRIORITY_ACCEPT (SD_EVENT_PRIORITY_IDLE - 1)
#define PRIORITY_ADMIN (SD_EVENT_PRIORITY_IDLE - 2)

struct client {
	struct client *next, **link;
	struct mm_server *server;
	struct mm_varlink_conn *conn;
	sd_event_source *io;
	sd_event_source *deadline;
};

struct listener {
	struct mm_server *server;
	const struct mm_varlink_service *service;
	const char *path;
	const char *group; /* that can connect */
	int fd;
	bool bound; /* here, so removed here */
	sd_event_source *io;
};

struct mm_server {
	sd_event *event;
	const struct mm_config *config;
	struct mm_service *service;
	struct client *clients;
	struct listener listener[MM_SERVER_SOCKETS];
	bool full; /* the cap was reached, and said so */
};

/* ---- Clients ---- */

static void client_free(struct client *client)
{
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->deadline);
	mm_varlink_conn_free(client->conn);
	*client->link = client->next;
	if (client->next) {
		client->next->link = client->link;
	}
	client->server->service->clients--;
	free(client);
}

/* Watches for what matters to the connection now, and lets the idle deadline run only while the client owes us something. */
static void client_arm(struct client *client)
{
	short events = mm_varlink_conn_events(client->conn);
	bool idle = mm_varlink_conn_idle(client->conn);

	(void)sd_event_source_set_io_events(client->io, (events & POLLIN ? EPOLLIN : 0u) | (events & POLLOUT ? EPOLLOUT : 0u));
	if (idle) {
		(void)sd_event_source_set_time_relative(client->deadline,
							(uint64_t)client->server->config->idle_timeout_s * 1000000);
	}
	(void)sd_event_source_set_enabled(client->deadline, idle ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct client *client = userdata;
	short events = (short)((revents & EPOLLIN ? POLLIN : 0) | (revents & EPOLLOUT ? POLLOUT : 0) |
			       (revents & EPOLLERR ? POLLERR : 0) | (revents & EPOLLHUP ? POLLHUP : 0));

	(void)source;
	(void)fd;
	if (mm_varlink_conn_process(client->conn, events) < 0) {
		client_free(client);
		return 0;
	}
	client_arm(client);
	return 0;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	client_free(userdata);
	return 0;
}

static void on_wakeup(struct mm_varlink_conn *conn, void *userdata)
{
	(void)conn;
	client_arm(userdata);
}

static int client_new(struct mm_server *server, int fd, const struct mm_varlink_service *service)
{
	struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client) {
		close(fd);
		return -ENOMEM;
	}
	client->server = server;
	client->link = &server->clients;
	client->next = server->clients;
	if (client->next) {
		client->next->link = &client->next;
	}
	server->clients = client;
	server->service->clients++;
	r = mm_varlink_conn_new(fd, service, &client->conn);
	if (r < 0) {
		close(fd);
		goto fail;
	}
	mm_varlink_conn_set_wakeup(client->conn, on_wakeup, client);
	r = sd_event_add_io(server->event, &client->io, fd, EPOLLIN, on_client, client);
	if (r < 0) {
		goto fail;
	}
	r = sd_event_add_time_relative(server->event, &client->deadline, CLOCK_MONOTONIC, 0, 0, on_idle, client);
	if (r < 0) {
		goto fail;
	}
	(void)sd_event_source_set_priority(client->io, service->admin ? PRIORITY_ADMIN : PRIORITY_CLIENT);
	client_arm(client);
	return 0;
fail:
	client_free(client);
	return r;
}

static int on_accept(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
	struct listener *listener = userdata;
	struct mm_server *server = listener->server;
	int fd;

	(void)source;
	(void)revents;
	fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		return 0; /* gone already, or no descriptors left: the others are served on */
	}
	if (server->service->clients >= (unsigned)server->config->clients_max + (listener->service->admin ? ADMIN_PLACES : 0)) {
		close(fd);
		if (!server->full) {
			mm_log_event(CLIENT_REFUSED, NULL, server->config->clients_max);
		}
		server->full = true;
		return 0;
	}
	server->full = false;
	(void)client_new(server, fd, listener->service);
	return 0;
}

/* ---- Sockets ---- */

/* Removes a socket that nobody listens on any more. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, r = 0;

	if (lstat(address->sun_path, &st) < 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	if (!S_ISSOCK(st.st_mode)) {
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0) {
		r = -EADDRINUSE;
	} else if (unlink(address->sun_path) < 0) {
		r = -errno;
	}
	close(fd);
	return r;
}

static int bind_socket(struct listener *listener)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct group *group = getgrnam(listener->group);
	mode_t mask;
	int fd, r;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", listener->path);
	r = remove_stale(&address);
	if (r < 0) {
		return r;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	/* Nobody else gets in between bind and the right group: the mask is closed until then. */
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0) {
		goto fail;
	}
	/* Without the group (a daemon started by hand) the socket stays its user's own. */
	if (group && chown(listener->path, (uid_t)-1, group->gr_gid) == 0 && chmod(listener->path, 0660) < 0) {
		r = -errno;
		goto fail;
	}
	if (listen(fd, BACKLOG) < 0) {
		r = -errno;
		goto fail;
	}
	listener->fd = fd;
	listener->bound = true;
	return 0;
fail:
	close(fd);
	return r;
}

static const char *socket_advice(int r)
{
	switch (r) {
	case -EADDRINUSE:
		return "another minimeterd serves it";
	case -EEXIST:
		return "a file that is no socket is in the way";
	case -ENOENT:
		return "the directory does not exist";
	}
	return strerror(-r);
}

/* 0, or -errno with one line in error. */
static int listener_start(struct listener *listener, struct mm_error *error)
{
	int r = listener->fd < 0 ? bind_socket(listener) : 0;

	if (r == 0) {
		r = sd_event_add_io(listener->server->event, &listener->io, listener->fd, EPOLLIN, on_accept, listener);
	}
	if (r < 0) {
		return mm_error_set(error, r, "socket %s: %s", listener->path, socket_advice(r));
	}
	(void)sd_event_source_set_priority(listener->io, listener->service->admin ? PRIORITY_ADMIN : PRIORITY_ACCEPT);
	return 0;
}

int mm_server_new(sd_event *event, const struct mm_config *config, struct mm_service *service, const int fds[MM_SERVER_SOCKETS],
		  struct mm_error *error, struct mm_server **ret)
{
	struct mm_server *server = calloc(1, sizeof(*server));
	int r = 0;

	if (!server) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	server->event = sd_event_ref(event);
	server->config = config;
	server->service = service;
	server->listener[MM_SERVER_READ] =
		(struct listener){.server = server, .service = &service->read, .path = config->socket, .group = "minimeter"};
	server->listener[MM_SERVER_ADMIN] = (struct listener){
		.server = server, .service = &service->admin, .path = config->admin_socket, .group = "minimeter-admin"};
	for (int l = 0; l < MM_SERVER_SOCKETS; l++) {
		server->listener[l].fd = fds[l];
	}
	for (int l = 0; l < MM_SERVER_SOCKETS && r == 0; l++) {
		r = listener_start(&server->listener[l], error);
	}
	if (r < 0) {
		mm_server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

void mm_server_free(struct mm_server *server)
{
	if (!server) {
		return;
	}
	while (server->clients) {
		client_free(server->clients);
	}
	for (int l = 0; l < MM_SERVER_SOCKETS; l++) {
		struct listener *listener = &server->listener[l];

		sd_event_source_disable_unref(listener->io);
		if (listener->bound) {
			(void)unlink(listener->path);
		}
		if (listener->fd >= 0) {
			close(listener->fd);
		}
	}
	sd_event_unref(server->event);
	free(server);
}
