/* SPDX-License-Identifier: MIT */
/* The sockets: who comes first where many readers are busy, and who comes in where all places are taken. */
#include "service/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture/service_fixture.h"
#include "fixture/suite.h"
#include "service/private.h"

#define READERS 200

struct sockets {
	struct service_fixture *fixture;
	sd_event *event;
	struct mm_server *server;
	int reader[READERS];
};

static struct sockets *serve(int clients_max)
{
	static const int none[MM_SERVER_SOCKETS] = {-1, -1};
	struct sockets *s = calloc(1, sizeof(*s));
	struct mm_config *config;
	struct mm_error error = {0};

	ck_assert_ptr_nonnull(s);
	s->fixture = setup();
	config = &s->fixture->config;
	config->clients_max = clients_max;
	config->idle_timeout_s = 60;
	snprintf(config->socket, sizeof(config->socket), "%s/read", s->fixture->directory);
	snprintf(config->admin_socket, sizeof(config->admin_socket), "%s/admin", s->fixture->directory);
	ck_assert_int_ge(sd_event_new(&s->event), 0);
	ck_assert_int_eq(mm_server_new(s->event, config, s->fixture->service, none, &error, &s->server), 0);
	return s;
}

static void end(struct sockets *s)
{
	mm_server_free(s->server);
	sd_event_unref(s->event);
	teardown(s->fixture);
	free(s);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void ask(int fd)
{
	static const char request[] = "{\"method\":\"org.minimeter.Read\"}";

	ck_assert_int_eq(send(fd, request, sizeof(request), MSG_NOSIGNAL), sizeof(request));
}

static bool is_answered(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK) == 1;
}

static void connect_readers(struct sockets *s, int count)
{
	for (int i = 0; i < count; i++) {
		s->reader[i] = connect_to(s->fixture->config.socket);
		while (sd_event_run(s->event, 0) > 0) {
		}
	}
}

/* One step of the loop handles one client. */
static int steps_until_answered(struct sockets *s, int fd)
{
	int steps = 0;

	while (!is_answered(fd) && steps < 2 * READERS && sd_event_run(s->event, 0) > 0) {
		steps++;
	}
	ck_assert(is_answered(fd));
	return steps;
}

START_TEST(an_administrator_does_not_wait_for_readers)
{
	struct sockets *s = serve(READERS);
	int admin, answered = 0;

	connect_readers(s, READERS);
	for (int i = 0; i < READERS; i++) {
		ask(s->reader[i]);
	}
	admin = connect_to(s->fixture->config.admin_socket);
	ask(admin);
	ck_assert_int_le(steps_until_answered(s, admin), 4);
	for (int i = 0; i < READERS; i++) {
		answered += is_answered(s->reader[i]);
		close(s->reader[i]);
	}
	ck_assert_int_le(answered, 2);
	close(admin);
	end(s);
}
END_TEST

START_TEST(a_new_reader_is_accepted_before_others_are_answered)
{
	struct sockets *s = serve(READERS);
	int answered = 0;

	connect_readers(s, READERS - 1);
	for (int i = 0; i < READERS - 1; i++) {
		ask(s->reader[i]);
	}
	/* The loop has seen them all. */
	ck_assert_int_gt(sd_event_run(s->event, 0), 0);
	s->reader[READERS - 1] = connect_to(s->fixture->config.socket);
	for (int i = 0; i < 4 && s->fixture->service->clients < READERS; i++) {
		ck_assert_int_gt(sd_event_run(s->event, 0), 0);
	}
	ck_assert_uint_eq(s->fixture->service->clients, READERS);
	for (int i = 0; i < READERS - 1; i++) {
		answered += is_answered(s->reader[i]);
	}
	ck_assert_int_le(answered, 3);
	ask(s->reader[READERS - 1]);
	(void)steps_until_answered(s, s->reader[READERS - 1]);
	for (int i = 0; i < READERS; i++) {
		close(s->reader[i]);
	}
	end(s);
}
END_TEST

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 0;
}

START_TEST(readers_leave_room_for_an_administrator)
{
	struct sockets *s = serve(2);
	int admin;

	connect_readers(s, 3);
	ck_assert(!is_closed(s->reader[1]));
	ck_assert(is_closed(s->reader[2]));
	admin = connect_to(s->fixture->config.admin_socket);
	ask(admin);
	(void)steps_until_answered(s, admin);
	for (int i = 0; i < 3; i++) {
		close(s->reader[i]);
	}
	close(admin);
	end(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service: server");
	TCase *server = tcase_create("server");

	tcase_add_test(server, an_administrator_does_not_wait_for_readers);
	tcase_add_test(server, a_new_reader_is_accepted_before_others_are_answered);
	tcase_add_test(server, readers_leave_room_for_an_administrator);
	suite_add_tcase(suite, server);
	return mm_run_suite(suite);
}
