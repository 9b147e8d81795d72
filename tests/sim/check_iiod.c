/* SPDX-License-Identifier: MIT */
/* The simulated board as its clients see it: answers byte for byte, and the context. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/sim_fixture.h"
#include "fixture/suite.h"

/* Sends a request and compares the whole answer. */
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
	/* In real time the answer waits for it, and so does the next request. */
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

/* The simulated chip's context has the same channels as the real one's. */
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

int main(void)
{
	Suite *suite = suite_create("iiod");
	TCase *protocol = tcase_create("protocol");

	tcase_add_test(protocol, answers_plain_commands);
	tcase_add_test(protocol, answers_reads);
	tcase_add_test(protocol, energy_moves_with_the_window);
	tcase_add_test(protocol, writes_switch_the_board);
	tcase_add_test(protocol, waits_for_whole_requests);
	tcase_add_loop_test(protocol, hangs_up_on_what_it_cannot_follow, 0, MM_COUNT_OF(unbearable));
	tcase_add_test(protocol, hangs_up_on_endless_lines);
	tcase_add_test(protocol, a_vanished_chip_is_not_there);
	tcase_add_test(protocol, a_failing_bus_fails_registers_only);
	tcase_add_test(protocol, a_stall_takes_board_time);
	tcase_add_test(protocol, context_is_the_real_one);
	suite_add_tcase(suite, protocol);
	/* Generous: under valgrind on a busy machine nothing is fast. */
	tcase_set_timeout(protocol, 120);
	return mm_run_suite(suite);
}
