/* SPDX-License-Identifier: MIT */
/* The simulated board as its clients see it: answers byte for byte, the context, and the server under bad clients. */
#include "sim/iiod.h"
#include "sim/server.h"
#include "suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fixture {
	struct mm_sim_scenario *scenario;
	struct mm_sim_board *board;
	struct mm_sim_session session;
};

static struct fixture *start(const char *text, bool stepped)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[MM_SIM_ERROR_MAX] = "";

	ck_assert_ptr_nonnull(f);
	ck_assert_msg(mm_sim_scenario_parse("t.ini", text, strlen(text), &f->scenario, error) == 0, "%s", error);
	ck_assert_int_eq(mm_sim_board_new(f->scenario, stepped, 1748736000, &f->board), 0);
	mm_sim_session_init(&f->session);
	return f;
}

static void stop(struct fixture *f)
{
	mm_sim_board_free(f->board);
	mm_sim_scenario_free(f->scenario);
	free(f);
}

/* Says something and compares everything that comes back. */
static void expect_bytes(struct fixture *f, const char *request, size_t request_len, const char *answer, size_t answer_len)
{
	struct mm_sim_session *session = &f->session;

	ck_assert_uint_le(session->in_len + request_len, sizeof(session->in));
	memcpy(session->in + session->in_len, request, request_len);
	session->in_len += request_len;
	mm_sim_session_run(session, f->board);
	ck_assert_uint_eq(session->out_len - session->out_start, answer_len);
	ck_assert_mem_eq(session->out + session->out_start, answer, answer_len);
	session->out_start = session->out_len;
}

#define EXPECT(f, request, answer) expect_bytes(f, request, sizeof(request) - 1, answer, sizeof(answer) - 1)

START_TEST(answers_plain_commands)
{
	struct fixture *f = start("", true);

	EXPECT(f, "VERSION\r\n", "0.26.minimtr\n");
	EXPECT(f, "ZPRINT\r\n", "-22\n");
	EXPECT(f, "TIMEOUT 2500\r\n", "0\n");
	EXPECT(f, "TIMEOUT\r\n", "-22\n");
	EXPECT(f, "SET iio:device0 BUFFERS_COUNT 4\r\n", "0\n");
	EXPECT(f, "SET iio:device7 BUFFERS_COUNT 4\r\n", "-19\n");
	EXPECT(f, "GETTRIG iio:device0\r\n", "-2\n");
	EXPECT(f, "SETTRIG iio:device0 trigger0\r\n", "-2\n");
	EXPECT(f, "OPEN iio:device0 64 00000003\r\n", "-35\n");
	EXPECT(f, "READBUF iio:device0 64\r\n", "-9\n");
	EXPECT(f, "CLOSE iio:device0\r\n", "-9\n");
	EXPECT(f, "\r\n\n", "");
	EXPECT(f, "read iio:device0 filter_type\r\n", "-22\n");
	EXPECT(f, "a b c d e f g h i j k\n", "-22\n");
	ck_assert(!f->session.closing);
	EXPECT(f, "EXIT\r\nVERSION\r\n", "");
	ck_assert(f->session.closing);
	stop(f);
}
END_TEST

START_TEST(answers_reads)
{
	struct fixture *f = start("[board]\nnoise=off\n[at 0]\nload_a = 1500 W 0.8 lag\n", true);

	EXPECT(f, "READ iio:device0 filter_type_available\r\n", "15\nsinc4 sinc4+lp\0\n");
	EXPECT(f, "READ ade9000 BUFFER direction\r\n", "3\nin\0\n");
	EXPECT(f, "READ iio:device0 INPUT altvoltage0 scale\r\n", "12\n0.000000018\0\n");
	EXPECT(f, "READ iio:device0 INPUT voltage2 scale\r\n", "12\n0.000000013\0\n");
	EXPECT(f, "READ iio:device0 INPUT power1 reactive_scale\r\n", "12\n0.000000048\0\n");
	EXPECT(f, "READ iio:device0 INPUT voltage0 calibscale\r\n", "-22\n");
	EXPECT(f, "READ iio:device0 INPUT altcurrent2 calibbias\r\n", "-22\n");
	EXPECT(f, "READ iio:device0 filter_type\r\n", "-22\n");
	EXPECT(f, "READ iio:device0 INPUT voltage0 frequency\r\n", "13\n30.000001144\0\n");
	EXPECT(f, "READ iio:device0 INPUT power0 powerfactor\r\n", "10\n107374182\0\n");
	EXPECT(f, "READ iio:device0 INPUT energy0 active_raw\r\n", "2\n0\0\n");
	/* A list in one answer: -EINVAL for the calibbias, then 4 of "60", then the scale. */
	EXPECT(f, "READ iio:device0 INPUT altcurrent1 \r\n",
	       "28\n\xff\xff\xff\xea\0\0\0\x03"
	       "60\0\0\0\0\0\x0c"
	       "0.000000018\0\n");
	EXPECT(f, "READ iio:device0 INPUT voltage3 raw\r\n", "-2\n");
	EXPECT(f, "READ iio:device0 OUTPUT voltage0 raw\r\n", "-2\n");
	EXPECT(f, "READ iio:device0 INPUT voltage0 rms\r\n", "-2\n");
	EXPECT(f, "READ iio:device0 INPUT voltage0 raw raw\r\n", "-22\n");
	EXPECT(f, "READ iio:device0 DEBUG direct_reg_access\r\n", "-2\n");
	EXPECT(f, "READ iio:device0 INPUT\r\n", "-22\n");
	EXPECT(f, "READ\r\n", "-22\n");
	ck_assert(!f->session.closing);
	stop(f);
}
END_TEST

START_TEST(energy_moves_with_the_window)
{
	/* 1000 W backwards, of full scale, times 20694066 and 8000: -843474421 power-code samples: HI -102964, LO 6667. */
	struct fixture *f = start("[board]\nnoise=off\n[at 0]\nload_a = 1000 W\nct_a = reversed\n", true);

	EXPECT(f, "WRITE iio:device1 time_ns 10\r\n999999999\0", "10\n");
	EXPECT(f, "READ iio:device0 INPUT energy0 active_raw\r\n", "2\n0\0\n");
	EXPECT(f, "WRITE iio:device1 time_ns 10\r\n1000000000", "10\n");
	EXPECT(f, "READ iio:device0 INPUT energy0 active_raw\r\n", "17\n-442227012658677\0\n");
	stop(f);
}
END_TEST

START_TEST(writes_switch_the_board)
{
	struct fixture *f = start("", true);

	EXPECT(f, "WRITE iio:device1 load_a 6\r\n1000 W", "6\n");
	EXPECT(f, "READ iio:device1 load_a\r\n", "7\n1000 W\0\n");
	EXPECT(f, "WRITE minimeter-sim time_ns 14\r\n3600000000000\n", "14\n");
	EXPECT(f, "WRITE minimeter-sim time_ns 2\r\n5\0", "2\n");
	EXPECT(f, "READ iio:device1 time_ns\r\n", "14\n3600000000000\0\n");
	EXPECT(f, "READ iio:device1 truth_load_a_uwh\r\n", "11\n1000000000\0\n");
	EXPECT(f, "READ iio:device1 truth_seen_b_uwh\r\n", "2\n0\0\n");
	EXPECT(f, "READ iio:device1 windows\r\n", "5\n3600\0\n");
	EXPECT(f, "READ iio:device1 start_time\r\n", "11\n1748736000\0\n");
	EXPECT(f, "READ iio:device1 mode\r\n", "8\nstepped\0\n");
	EXPECT(f, "WRITE iio:device1 load_a 8\r\nscenario", "8\n");
	EXPECT(f, "READ iio:device1 load_a\r\n", "4\noff\0\n");
	EXPECT(f, "WRITE iio:device1 load_a 4\r\nmuch", "-22\n");
	EXPECT(f, "WRITE iio:device1 load_a 0\r\n", "-22\n");
	EXPECT(f, "WRITE iio:device1 time_ns 19\r\n9223372036854775807", "-22\n");
	EXPECT(f, "WRITE iio:device1 time_ns 18\r\n999999999999999999", "-34\n");
	EXPECT(f, "WRITE iio:device1 mode 8\r\nrealtime", "-13\n");
	EXPECT(f, "WRITE iio:device0 INPUT voltage0 raw 1\r\n1", "-13\n");
	EXPECT(f, "WRITE iio:device1 colour 3\r\nred", "-2\n");
	EXPECT(f, "WRITE iio:device1 load_a\r\n", "-22\n");
	ck_assert(f->session.closing);
	stop(f);
}
END_TEST

START_TEST(waits_for_whole_requests)
{
	static const char request[] = "WRITE iio:device1 load_b 6\r\n1000 W"
				      "READ iio:device1 load_b\r\n";
	static const char answer[] = "6\n7\n1000 W\0\n";
	struct fixture *f = start("", true);
	struct mm_sim_session *session = &f->session;

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		session->in[session->in_len++] = request[i];
		session->out_start = 0;
		mm_sim_session_run(session, f->board);
	}
	ck_assert_uint_eq(session->out_len, sizeof(answer) - 1);
	ck_assert_mem_eq(session->out, answer, sizeof(answer) - 1);
	stop(f);
}
END_TEST

static const char *const unbearable[] = {
	"WRITE iio:device1 load_a 4097\r\n",
	"WRITE iio:device1 load_a 99999999999999999999\r\n",
	"WRITE iio:device1 load_a -1\r\n",
};

START_TEST(hangs_up_on_what_it_cannot_follow)
{
	struct fixture *f = start("", true);

	expect_bytes(f, unbearable[_i], strlen(unbearable[_i]), "-22\n", 4);
	ck_assert(f->session.closing);
	stop(f);
}
END_TEST

START_TEST(hangs_up_on_endless_lines)
{
	struct fixture *f = start("", true);
	char line[MM_SIM_LINE_MAX + 1];

	memset(line, 'x', sizeof(line));
	expect_bytes(f, line, MM_SIM_LINE_MAX, "", 0);
	expect_bytes(f, line, 1, "-22\n", 4);
	ck_assert(f->session.closing);
	stop(f);
}
END_TEST

START_TEST(a_vanished_chip_is_not_there)
{
	struct fixture *f = start("[at 0]\nfault = vanished\n", true);
	char xml[MM_SIM_XML_MAX];

	mm_sim_context_xml(f->board, xml);
	ck_assert_ptr_null(strstr(xml, "ade9000"));
	ck_assert_ptr_nonnull(strstr(xml, "<device id=\"iio:device1\" name=\"minimeter-sim\" >"));
	EXPECT(f, "READ iio:device1 fault\r\n", "9\nvanished\0\n");
	EXPECT(f, "GETTRIG iio:device0\r\n", "-19\n");
	EXPECT(f, "READ iio:device0 INPUT altvoltage0 scale\r\n", "-19\n");
	ck_assert(f->session.closing);
	mm_sim_session_init(&f->session);
	EXPECT(f, "WRITE iio:device1 fault 4\r\nnone", "4\n");
	mm_sim_context_xml(f->board, xml);
	ck_assert_ptr_nonnull(strstr(xml, "<device id=\"iio:device0\" name=\"ade9000\" >"));
	stop(f);
}
END_TEST

START_TEST(a_failing_bus_fails_registers_only)
{
	struct fixture *f = start("[at 0]\nfault = eio\n", true);

	EXPECT(f, "READ iio:device0 INPUT altvoltage0 raw\r\n", "-5\n");
	EXPECT(f, "READ iio:device0 INPUT altvoltage0 scale\r\n", "12\n0.000000018\0\n");
	EXPECT(f, "READ iio:device1 fault\r\n", "4\neio\0\n");
	ck_assert(!f->session.closing);
	stop(f);
}
END_TEST

START_TEST(a_stall_takes_board_time)
{
	struct fixture *f = start("[board]\nnoise=off\n[at 0]\nfault = stall 250\n", true);

	EXPECT(f, "READ iio:device0 INPUT altcurrent0 raw\r\n", "3\n60\0\n");
	EXPECT(f, "READ iio:device1 time_ns\r\n", "10\n250000000\0\n");
	EXPECT(f, "READ iio:device0 INPUT altcurrent0 scale\r\n", "12\n0.000000018\0\n");
	EXPECT(f, "READ iio:device1 time_ns\r\n", "10\n250000000\0\n");
	stop(f);
	/* In real time the answer waits for it, and what was said after it waits as well. */
	f = start("[board]\nnoise=off\n[at 0]\nfault = stall 250\n", false);
	EXPECT(f, "READ iio:device0 INPUT altcurrent0 raw\r\nVERSION\r\n", "");
	ck_assert_int_eq(f->session.resume_ns, 250000000);
	ck_assert_int_eq(mm_sim_board_advance(f->board, 249999999), 0);
	EXPECT(f, "", "");
	ck_assert_int_eq(mm_sim_board_advance(f->board, 250000000), 0);
	EXPECT(f, "", "3\n60\0\n0.26.minimtr\n");
	EXPECT(f, "WRITE iio:device1 time_ns 1\r\n9", "-13\n");
	stop(f);
}
END_TEST

/* Everything between <channel and </channel> of the simulated chip stands in the real one's context as well, and nothing is
 * missing. */
START_TEST(context_is_the_real_one)
{
	const char *dir = getenv("MM_SHARED_DATA"), *srcdir = getenv("MM_SRCDIR");
	struct fixture *f = start("", true);
	char path[512], xml[MM_SIM_XML_MAX], *real = NULL;
	unsigned ours = 0, theirs = 0;
	size_t room = 0;
	FILE *file;

	if (dir) {
		snprintf(path, sizeof(path), "%s/ade9000_context/context.xml", dir);
	} else {
		snprintf(path, sizeof(path), "%s/../shared/data/ade9000_context/context.xml", srcdir ? srcdir : ".");
	}
	file = fopen(path, "re");
	if (!file) {
		printf("skipped: %s is not there\n", path);
		stop(f);
		return;
	}
	ck_assert_int_gt(getdelim(&real, &room, '\0', file), 0);
	fclose(file);
	mm_sim_context_xml(f->board, xml);
	for (char *at = xml; (at = strstr(at, "<channel ")); at++, ours++) {
		char *end = strstr(at, "</channel>");

		ck_assert_ptr_nonnull(end);
		*end = '\0';
		ck_assert_msg(strstr(real, at) != NULL, "not in the real context: %s", at);
		*end = '<';
	}
	for (char *at = real; (at = strstr(at, "<channel ")); at++) {
		theirs++;
	}
	ck_assert_uint_eq(ours, theirs);
	for (char *at = strstr(real, "<attribute name=\"filter"); at; at = NULL) {
		char *end = strstr(at, "</device>");

		ck_assert_ptr_nonnull(end);
		*end = '\0';
		ck_assert_ptr_nonnull(strstr(xml, at));
	}
	free(real);
	stop(f);
}
END_TEST

START_TEST(mangled_requests_do_no_harm)
{
	static const char text[] =
		"~VERSION\r\nPRINT\r\nREAD iio:device0 INPUT energy0 active_raw\r\nREAD iio:device1\r\n"
		"WRITE iio:device1 time_ns 10\r\n1000000000WRITE iio:device1 fault 9\r\nstall 250\r\n"
		"READ iio:device0 INPUT power0\r\nSETTRIG iio:device0 trigger0\r\nOPEN iio:device0 40 00000013\r\n"
		"READBUF iio:device0 640\r\nTIMEOUT 5\r\nREADBUF iio:device0 9999\r\nCLOSE iio:device0\r\nEXIT\r\n";
	uint8_t copy[sizeof(text)];
	uint32_t dice = 1;

	for (unsigned round = 0; round < 5000; round++) {
		memcpy(copy, text, sizeof(text));
		for (unsigned i = 0; i <= round % 4; i++) {
			dice = dice * 1664525 + 1013904223;
			copy[(dice >> 8) % (sizeof(text) - 1)] = (uint8_t)("\r\n 0129-:\xff\0eaRW"[(dice >> 4) % 16]);
		}
		ck_assert_int_eq(LLVMFuzzerTestOneInput(copy, (dice >> 16) % sizeof(text)), 0);
	}
}
END_TEST

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

START_TEST(serves_so_many_clients)
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

/* One that waits for samples, which don't come for a minute, and hangs up in the usual way. */
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
	/* By the time that another one is served, the one that hung up has been seen to. */
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

static Suite *iiod_suite(void)
{
	Suite *suite = suite_create("iiod");
	TCase *protocol = tcase_create("protocol"), *server = tcase_create("server");

	tcase_add_test(protocol, answers_plain_commands);
	tcase_add_test(protocol, answers_reads);
	tcase_add_test(protocol, energy_moves_with_the_window);
	tcase_add_test(protocol, writes_switch_the_board);
	tcase_add_test(protocol, waits_for_whole_requests);
	tcase_add_loop_test(protocol, hangs_up_on_what_it_cannot_follow, 0, sizeof(unbearable) / sizeof(unbearable[0]));
	tcase_add_test(protocol, hangs_up_on_endless_lines);
	tcase_add_test(protocol, a_vanished_chip_is_not_there);
	tcase_add_test(protocol, a_failing_bus_fails_registers_only);
	tcase_add_test(protocol, a_stall_takes_board_time);
	tcase_add_test(protocol, context_is_the_real_one);
	tcase_add_test(protocol, mangled_requests_do_no_harm);
	suite_add_tcase(suite, protocol);
	/* Generous: under valgrind on a busy machine nothing is fast. */
	tcase_set_timeout(protocol, 120);
	tcase_set_timeout(server, 120);
	tcase_add_test(server, serves_so_many_clients);
	tcase_add_test(server, a_client_gone_in_a_stall_frees_its_place);
	tcase_add_test(server, a_client_gone_in_a_block_frees_the_buffer);
	tcase_add_test(server, bad_clients_hold_up_nobody);
	tcase_add_test(server, answers_all_that_is_pipelined);
	tcase_add_test(server, refuses_bad_addresses);
	suite_add_tcase(suite, server);
	return suite;
}

int main(void)
{
	return mm_run_suite(iiod_suite());
}
