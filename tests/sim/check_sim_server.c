/* SPDX-License-Identifier: MIT */
/* The simulated board's server: many clients, bad ones, and those that hang up in the middle. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/server.h"
#include "fixture/sim_fixture.h"
#include "fixture/suite.h"

struct service {
	struct fixture *f;
	struct mm_sim_server *server;
	int stop_fd;
	pthread_t thread;
};

static void *serve(void *userdata)
{
	struct service *service = userdata;

	return mm_sim_server_run(service->server, service->stop_fd) == 0 ? service : NULL;
}

static struct service serve_board(const char *text, struct service *service)
{
	*service = (struct service){.f = start(text, false), .stop_fd = eventfd(0, EFD_CLOEXEC)};
	ck_assert_int_ge(service->stop_fd, 0);
	ck_assert_int_eq(mm_sim_server_new(service->f->board, "127.0.0.1", 0, &service->server), 0);
	ck_assert_int_eq(pthread_create(&service->thread, NULL, serve, service), 0);
	return *service;
}

static void stop_service(struct service *service)
{
	void *result;

	ck_assert_int_eq(eventfd_write(service->stop_fd, 1), 0);
	ck_assert_int_eq(pthread_join(service->thread, &result), 0);
	ck_assert_ptr_nonnull(result);
	mm_sim_server_free(service->server);
	close(service->stop_fd);
	stop(service->f);
}

static int dial(const struct service *service)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(mm_sim_server_port(service->server)),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void expect_service(int fd)
{
	char answer[13];

	ck_assert_int_eq(send(fd, "VERSION\r\n", 9, MSG_NOSIGNAL), 9);
	ck_assert_int_eq(recv(fd, answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
	ck_assert_mem_eq(answer, "0.26.minimtr\n", sizeof(answer));
}

START_TEST(serves_all_its_clients)
{
	struct service service;
	int fds[MM_SIM_CLIENTS_MAX], fd;
	char byte;

	serve_board("", &service);
	for (unsigned i = 0; i < MM_SIM_CLIENTS_MAX; i++) {
		fds[i] = dial(&service);
		expect_service(fds[i]);
	}
	fd = dial(&service);
	ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
	close(fd);
	/* A place that gets free is given away again. */
	ck_assert_int_eq(send(fds[3], "EXIT\r\n", 6, MSG_NOSIGNAL), 6);
	ck_assert_int_eq(recv(fds[3], &byte, 1, 0), 0);
	close(fds[3]);
	fds[3] = dial(&service);
	for (unsigned i = 0; i < MM_SIM_CLIENTS_MAX; i++) {
		expect_service(fds[i]);
		close(fds[i]);
	}
	stop_service(&service);
}
END_TEST

START_TEST(a_client_gone_in_a_stall_frees_its_place)
{
	static const char request[] = "READ iio:device0 INPUT altvoltage0 raw\r\n";
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct service service;
	int fds[MM_SIM_CLIENTS_MAX], fd;

	serve_board("[at 0]\nfault = stall 60000\n", &service);
	for (unsigned i = 0; i < MM_SIM_CLIENTS_MAX; i++) {
		fds[i] = dial(&service);
		expect_service(fds[i]);
		ck_assert_int_eq(send(fds[i], request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	}
	for (unsigned i = 0; i < MM_SIM_CLIENTS_MAX; i++) {
		ck_assert_int_eq(setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
		close(fds[i]);
	}
	fd = dial(&service);
	expect_service(fd);
	close(fd);
	stop_service(&service);
}
END_TEST

static void expect_answer(int fd, const char *request, const char *answer)
{
	char got[64];

	ck_assert_int_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	ck_assert_int_eq(recv(fd, got, strlen(answer), MSG_WAITALL), (ssize_t)strlen(answer));
	ck_assert_mem_eq(got, answer, strlen(answer));
}

/* It waits for samples, which do not come for a minute, and hangs up. */
START_TEST(a_client_gone_in_a_block_frees_the_buffer)
{
	static const char request[] = "READBUF iio:device0 16\r\n";
	struct service service;
	int fd, next;

	serve_board("[board]\nchip = mcp3912\n[at 0]\nfault = no-trigger\n", &service);
	fd = dial(&service);
	expect_answer(fd, "TIMEOUT 60000\r\n", "0\n");
	expect_answer(fd, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	expect_answer(fd, "OPEN iio:device0 4 00000001\r\n", "0\n");
	ck_assert_int_eq(send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL), sizeof(request) - 1);
	next = dial(&service);
	expect_answer(next, "OPEN iio:device0 4 00000001\r\n", "-16\n");
	close(fd);
	/* Once another one has an answer, the server has dropped the one that hung up. */
	fd = dial(&service);
	expect_service(fd);
	expect_service(next);
	expect_answer(next, "OPEN iio:device0 4 00000001\r\n", "0\n");
	close(fd);
	close(next);
	stop_service(&service);
}
END_TEST

START_TEST(bad_clients_hold_up_nobody)
{
	static const char stalled[] = "READ iio:device0 INPUT altvoltage0 raw\r\n", print[] = "PRINT\r\n";
	struct service service;
	int stalling, deaf, endless, good;
	char junk[4096];

	serve_board("[at 0]\nfault = stall 60000\n", &service);
	stalling = dial(&service);
	deaf = dial(&service);
	endless = dial(&service);
	good = dial(&service);
	ck_assert_int_eq(send(stalling, stalled, sizeof(stalled) - 1, MSG_NOSIGNAL), sizeof(stalled) - 1);
	/* What it says meanwhile is more than the server keeps of it. */
	memset(junk, '\n', sizeof(junk));
	for (unsigned i = 0; i < 8; i++) {
		ck_assert_int_eq(send(stalling, junk, sizeof(junk), MSG_NOSIGNAL), sizeof(junk));
	}
	/* One that asks and never reads: until its own buffers are full. */
	ck_assert_int_eq(fcntl(deaf, F_SETFL, O_NONBLOCK), 0);
	for (unsigned i = 0; i < 2000 && send(deaf, print, sizeof(print) - 1, MSG_NOSIGNAL) > 0; i++) {
		continue;
	}
	/* One that sends 10 MB without a line end: it is hung up on. */
	memset(junk, 'x', sizeof(junk));
	for (unsigned i = 0; i < 2560 && send(endless, junk, sizeof(junk), MSG_NOSIGNAL) > 0; i++) {
		continue;
	}
	while (recv(endless, junk, sizeof(junk), 0) > 0) {
		continue;
	}
	expect_service(good);
	ck_assert_int_lt(recv(stalling, junk, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(errno, EAGAIN);
	close(stalling);
	close(deaf);
	expect_service(good);
	close(endless);
	close(good);
	stop_service(&service);
}
END_TEST

START_TEST(answers_all_that_is_pipelined)
{
	static const char print[] = "PRINT\r\n";
	struct service service;
	size_t len, all = 0;
	char xml[MM_SIM_XML_MAX], junk[4096];
	ssize_t got;
	int fd;

	serve_board("", &service);
	len = mm_sim_context_xml(service.f->board, xml);
	len += (size_t)snprintf(junk, sizeof(junk), "%zu\n\n", len);
	fd = dial(&service);
	for (unsigned i = 0; i < 500; i++) {
		ck_assert_int_eq(send(fd, print, sizeof(print) - 1, MSG_NOSIGNAL), sizeof(print) - 1);
	}
	ck_assert_int_eq(send(fd, "EXIT\r\n", 6, MSG_NOSIGNAL), 6);
	while ((got = recv(fd, junk, sizeof(junk), 0)) > 0) {
		all += (size_t)got;
	}
	ck_assert_uint_eq(all, 500 * len);
	close(fd);
	stop_service(&service);
}
END_TEST

START_TEST(refuses_bad_addresses)
{
	struct fixture *f = start("", true);
	struct mm_sim_server *server = NULL;

	ck_assert_int_eq(mm_sim_server_new(f->board, "localhost.example", 0, &server), -EINVAL);
	ck_assert_int_eq(mm_sim_server_new(f->board, "192.0.2.1", 0, &server), -EADDRNOTAVAIL);
	ck_assert_ptr_null(server);
	stop(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *server = tcase_create("server");

	/* Generous: under valgrind on a busy machine nothing is fast. */
	tcase_set_timeout(server, 120);
	tcase_add_test(server, serves_all_its_clients);
	tcase_add_test(server, a_client_gone_in_a_stall_frees_its_place);
	tcase_add_test(server, a_client_gone_in_a_block_frees_the_buffer);
	tcase_add_test(server, bad_clients_hold_up_nobody);
	tcase_add_test(server, answers_all_that_is_pipelined);
	tcase_add_test(server, refuses_bad_addresses);
	suite_add_tcase(suite, server);
	return mm_run_suite(suite);
}
