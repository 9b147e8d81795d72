/* SPDX-License-Identifier: MIT */
#include "sim/server.h"

#include "base/now.h"
#include "core/units.h"
#include "sim/iiod.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
	int fd;
	struct mm_sim_session session;
};

struct mm_sim_server {
	struct mm_sim_board *board;
	int64_t origin_ns; /* CLOCK_BOOTTIME at board time 0 */
	int fd;
	unsigned count;
	struct client *clients[MM_SIM_CLIENTS_MAX];
};

static int listen_at(const char *address, uint16_t port)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	struct addrinfo *info;
	const int on = 1;
	char service[8];
	int fd, r;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(address, service, &hints, &info) != 0) {
		return -EINVAL;
	}
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, MM_SIM_CLIENTS_MAX) < 0) {
		r = -errno;
		if (fd >= 0) {
			close(fd);
		}
		fd = r;
	}
	freeaddrinfo(info);
	return fd;
}

int mm_sim_server_new(struct mm_sim_board *board, const char *address, uint16_t port, struct mm_sim_server **ret)
{
	struct mm_sim_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server) {
		return -ENOMEM;
	}
	server->board = board;
	server->fd = listen_at(address, port);
	if (server->fd < 0) {
		r = server->fd;
		free(server);
		return r;
	}
	server->origin_ns = mm_now(CLOCK_BOOTTIME);
	*ret = server;
	return 0;
}

static void drop(struct mm_sim_server *server, unsigned i)
{
	mm_sim_session_end(&server->clients[i]->session, server->board);
	close(server->clients[i]->fd);
	free(server->clients[i]);
	server->clients[i] = server->clients[--server->count];
}

void mm_sim_server_free(struct mm_sim_server *server)
{
	if (server) {
		while (server->count > 0) {
			drop(server, 0);
		}
		close(server->fd);
		free(server);
	}
}

uint16_t mm_sim_server_port(const struct mm_sim_server *server)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(server->fd, (struct sockaddr *)&address, &len) < 0) {
		return 0;
	}
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

static void accept_client(struct mm_sim_server *server)
{
	int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *client;
	const int on = 1;

	if (fd < 0) {
		return;
	}
	client = server->count < MM_SIM_CLIENTS_MAX ? malloc(sizeof(*client)) : NULL;
	if (!client) {
		close(fd);
		return;
	}
	/* A client waits for each answer. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	client->fd = fd;
	mm_sim_session_init(&client->session);
	server->clients[server->count++] = client;
}

/* True when the session can use more input now. */
static bool accepts_input(const struct mm_sim_session *session)
{
	return !session->closing && session->resume_ns == 0 && session->out_start == session->out_len;
}

/* False: the connection is over. */
static bool receive(struct client *client)
{
	struct mm_sim_session *session = &client->session;
	ssize_t len = recv(client->fd, session->in + session->in_len, sizeof(session->in) - session->in_len, 0);

	if (len <= 0) {
		return len < 0 && (errno == EAGAIN || errno == EINTR);
	}
	session->in_len += (size_t)len;
	return true;
}

static bool transmit(struct client *client)
{
	struct mm_sim_session *session = &client->session;

	while (session->out_start < session->out_len) {
		ssize_t len =
			send(client->fd, session->out + session->out_start, session->out_len - session->out_start, MSG_NOSIGNAL);

		if (len < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		session->out_start += (size_t)len;
	}
	return !session->closing;
}

static bool handle(struct mm_sim_server *server, struct client *client, short revents)
{
	struct mm_sim_session *session = &client->session;
	bool more = true;

	/* POLLHUP: both directions are closed, so no answer arrives. */
	if (revents & (POLLERR | POLLHUP | POLLNVAL | POLLRDHUP)) {
		return false;
	}
	if ((revents & POLLIN) && accepts_input(session) && !receive(client)) {
		return false;
	}
	while (more) {
		more = mm_sim_session_run(session, server->board);
		if (!transmit(client)) {
			return false;
		}
		more = more && session->out_start == session->out_len;
	}
	return true;
}

/* The time until the first stalled read goes on, in milliseconds for poll(). */
static int next_timeout(const struct mm_sim_server *server)
{
	int64_t wait_ns = INT64_MAX;

	for (unsigned i = 0; i < server->count; i++) {
		int64_t resume_ns = server->clients[i]->session.resume_ns;

		if (resume_ns > 0 && resume_ns - mm_sim_board_time(server->board) < wait_ns) {
			wait_ns = resume_ns - mm_sim_board_time(server->board);
		}
	}
	return wait_ns == INT64_MAX ? -1 : wait_ns <= 0 ? 0 : (int)(wait_ns / MM_NS_PER_MS) + 1;
}

static nfds_t fill(const struct mm_sim_server *server, int stop_fd, struct pollfd fds[static MM_SIM_CLIENTS_MAX + 2])
{
	fds[0] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = server->fd, .events = POLLIN};
	for (unsigned i = 0; i < server->count; i++) {
		const struct mm_sim_session *session = &server->clients[i]->session;
		short events = accepts_input(session) ? POLLIN : 0;

		if (session->out_start < session->out_len) {
			events |= POLLOUT;
		}
		if (session->deadline_ns > 0) {
			events |= POLLRDHUP; /* a client that hangs up while it waits for samples must not keep the buffer */
		}
		fds[i + 2] = (struct pollfd){.fd = server->clients[i]->fd, .events = events};
	}
	return server->count + 2;
}

int mm_sim_server_run(struct mm_sim_server *server, int stop_fd)
{
	struct pollfd fds[MM_SIM_CLIENTS_MAX + 2];

	for (;;) {
		nfds_t count = fill(server, stop_fd, fds);

		if (poll(fds, count, next_timeout(server)) < 0 && errno != EINTR) {
			return -errno;
		}
		if (fds[0].revents) {
			return 0;
		}
		if (!mm_sim_board_stepped(server->board)) {
			/* After more than a year of sleep the board stays where it was. */
			(void)mm_sim_board_advance(server->board, mm_now(CLOCK_BOOTTIME) - server->origin_ns);
		}
		/* From the last: drop() moves the last client, which is done by then, into the free place. */
		for (unsigned i = (unsigned)count - 2; i-- > 0;) {
			if (!handle(server, server->clients[i], fds[i + 2].revents)) {
				drop(server, i);
			}
		}
		if (fds[1].revents) {
			accept_client(server);
		}
	}
}
