/* SPDX-License-Identifier: MIT */
/* The board's waveform converters: codes against closed forms, and buffers over the protocol byte for byte. */
#include <check.h>
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/sim_fixture.h"
#include "fixture/suite.h"

/* Sends a request; the whole answer stays in the session until the next one. */
static const char *ask(struct fixture *f, const char *request, size_t *ret_len)
{
	struct mm_sim_session *session = &f->session;

	session->out_start = session->out_len;
	memcpy(session->in + session->in_len, request, strlen(request));
	session->in_len += strlen(request);
	mm_sim_session_run(session, f->board);
	*ret_len = session->out_len - session->out_start;
	return session->out + session->out_start;
}

static void expect(struct fixture *f, const char *request, const char *answer)
{
	size_t len;
	const char *got = ask(f, request, &len);

	ck_assert_msg(len == strlen(answer) && memcmp(got, answer, len) == 0, "%.*s instead of %s to %s", (int)len, got, answer,
		      request);
}

/* Reads frames of one word each; the head is "<bytes>\n<mask>\n". */
static void read_words(struct fixture *f, unsigned count, uint32_t *ret)
{
	char request[64], head[64];
	const char *got;
	size_t len;

	snprintf(request, sizeof(request), "READBUF iio:device0 %u\r\n", count * 4);
	got = ask(f, request, &len);
	snprintf(head, sizeof(head), "%u\n%08x\n", count * 4, (unsigned)mm_sim_board_stream(f->board)->mask);
	ck_assert_uint_eq(len, strlen(head) + count * 4);
	ck_assert_mem_eq(got, head, strlen(head));
	memcpy(ret, got + strlen(head), count * 4);
}

START_TEST(triggers_and_buffers)
{
	struct fixture *f = start("[board]\nchip = mcp3912\n", true);
	struct mm_sim_session other;

	expect(f, "GETTRIG iio:device0\r\n", "0\n");
	expect(f, "OPEN iio:device0 4 00000003\r\n", "-22\n"); /* no trigger */
	expect(f, "SETTRIG iio:device0 trigger7\r\n", "-19\n");
	expect(f, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	expect(f, "GETTRIG iio:device0\r\n", "12\nmcp3912-dev0\n");
	expect(f, "OPEN iio:device0 4 00000000\r\n", "-22\n");
	expect(f, "OPEN iio:device0 4 00000020\r\n", "-22\n"); /* no such channel */
	expect(f, "OPEN iio:device0 0 00000001\r\n", "-22\n");
	expect(f, "OPEN iio:device1 4 00000001\r\n", "-19\n");
	expect(f, "READBUF iio:device0 16\r\n", "-9\n");
	expect(f, "OPEN iio:device0 4 00000003\r\n", "0\n");
	expect(f, "OPEN iio:device0 4 00000003\r\n", "-16\n");
	expect(f, "SETTRIG iio:device0\r\n", "-16\n");
	expect(f, "WRITE iio:device0 INPUT voltage0 oversampling_ratio 3\r\n512", "-16\n");
	expect(f, "READBUF iio:device0 4\r\n", "-22\n");
	/* Another connection can't have it, until this one hangs up. */
	mm_sim_session_init(&other);
	memcpy(other.in, "OPEN trigger 4 3\nREADBUF iio:device0 8\n", 39);
	other.in_len = 39;
	mm_sim_session_run(&other, f->board);
	ck_assert_mem_eq(other.out, "-19\n-9\n", 7);
	expect(f, "CLOSE iio:device0\r\n", "0\n");
	expect(f, "CLOSE iio:device0\r\n", "-9\n");
	/* What a killed client leaves behind has to be cleared. */
	expect(f, "WRITE iio:device0 BUFFER enable 1\r\n1", "1\n");
	expect(f, "OPEN iio:device0 4 00000003\r\n", "-16\n");
	expect(f, "WRITE iio:device0 BUFFER enable 1\r\n0", "1\n");
	expect(f, "OPEN iio:device0 4 00000003\r\n", "0\n");
	mm_sim_session_end(&f->session, f->board);
	ck_assert(!mm_sim_board_stream(f->board)->enabled);
	stop(f);
}
END_TEST

/* 120 V through 1001 at 0.8 V full scale; 10 A through 2000 and 3.3 ohm. The first sample is taken one period after the opening.
 */
static const struct {
	const char *board;
	const char *mask;
	double rate_hz, peak;
	unsigned shift;
	bool cpu_order;
	uint32_t header;
} chips[] = {
	{"chip = mcp3912\n", "00000002", 3906.25, 8388608.0 / 0.8 / 1001 * 120 * M_SQRT2, 0, true},
	{"chip = mcp3911\n", "00000001", 3906.25, 8388608.0 / 0.8 * 3.3 * 0.0005 * 10 * M_SQRT2, 0, true},
	{"chip = mcp3914\nstores_as_declared = on\nmclk_hz = 8000000\n", "00000002", 7812.5,
	 8388608.0 / 0.8 / 1001 * 120 * M_SQRT2, 0, false},
	{"chip = ads131e08\n", "00000002", 1000.0, 8388608.0 / 2.4 / 1001 * 120 * M_SQRT2, 8, false},
	/* Whichever channel is enabled: the first. */
	{"chip = ad7779\n", "00000002", 8000.0, 8388608.0 / 2.5 * 3.3 * 0.0005 * 10 * M_SQRT2, 0, false, 0xf},
};

START_TEST(codes_are_stored_as_the_driver_does)
{
	char text[256], request[64];
	struct fixture *f;
	uint32_t words[64];

	snprintf(text, sizeof(text), "[board]\n%sburden_ohm = 3.3\nnoise = off\n[at 0]\nload_a = 1200 W\n", chips[_i].board);
	f = start(text, true);
	expect(f, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	snprintf(request, sizeof(request), "OPEN iio:device0 64 %s\r\n", chips[_i].mask);
	expect(f, request, "0\n");
	read_words(f, 64, words);
	for (unsigned i = 0; i < 64; i++) {
		uint32_t word = chips[_i].cpu_order ? words[i] : be32toh(words[i]);
		int32_t code = (int32_t)(word << (8 - chips[_i].shift)) >> 8;
		double right = chips[_i].peak * sin(2 * M_PI * 60 * (i + 1) / chips[_i].rate_hz);

		ck_assert_msg(fabs(code - right) < 0.6, "%u: %d instead of %.1f", i, code, right);
		ck_assert_uint_eq((chips[_i].shift ? word & 0xff : word >> 24) & ~chips[_i].header, 0);
	}
	stop(f);
}
END_TEST

START_TEST(time_stamps_follow_the_clock_chosen)
{
	struct fixture *f = start("[board]\nchip = mcp3912\nppm = 100\n", true);
	int64_t stamp;

	expect(f, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	expect(f, "OPEN iio:device0 1 00000010\r\n", "0\n");
	read_words(f, 2, (uint32_t *)&stamp);
	ck_assert_int_eq(stamp, BOARD_START_S * SECOND + 255974); /* 256 us of a clock that is 100 ppm fast */
	expect(f, "CLOSE iio:device0\r\n", "0\n");
	expect(f, "WRITE iio:device0 current_timestamp_clock 8\r\nboottime", "8\n");
	expect(f, "WRITE iio:device0 current_timestamp_clock 9\r\nyesterday", "-22\n");
	expect(f, "OPEN iio:device0 1 00000010\r\n", "0\n");
	read_words(f, 2, (uint32_t *)&stamp);
	ck_assert_int_eq(stamp, 255976 + 255974);
	stop(f);
}
END_TEST

START_TEST(a_queue_that_nobody_reads_loses)
{
	struct fixture *f = start("[board]\nchip = mcp3912\n", true);
	uint32_t words[64];

	expect(f, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	expect(f, "SET iio:device0 BUFFERS_COUNT 2\r\n", "0\n");
	expect(f, "OPEN iio:device0 32 00000001\r\n", "0\n");
	ck_assert_int_eq(mm_sim_board_advance(f->board, 1 * SECOND), 0);
	ck_assert_uint_eq(mm_sim_board_stream(f->board)->lost, 3906 - 64);
	read_words(f, 64, words);
	/* The board moves on to the samples asked for. */
	read_words(f, 32, words);
	ck_assert_int_ge(mm_sim_board_time(f->board), 1 * SECOND + 31 * 256000);
	ck_assert_uint_eq(mm_sim_board_stream(f->board)->lost, 3906 - 64);
	stop(f);
}
END_TEST

/* What a reader notices of each fault within a second, and how many samples are missing then. */
static const struct {
	const char *fault, *answer;
	unsigned lost;
	double time_s; /* at which 1000 samples have come */
} faults[] = {
	{"none", NULL, 0, 0.256},    {"losing 100", NULL, 11, 0.258816},  {"rate 50", NULL, 0, 0.512},
	{"stall 300", NULL, 0, 0.3}, {"no-trigger", "-110\n", 9765, 2.5}, {"eio", "-110\n", 9765, 2.5},
	{"vanished", "-19\n", 0, 0},
};

START_TEST(faults_show_in_the_buffer)
{
	char text[128];
	struct fixture *f;
	uint32_t words[1000];

	snprintf(text, sizeof(text), "[board]\nchip = mcp3912\n[at 0]\nvoltage_a = 120\n");
	f = start(text, true);
	expect(f, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	expect(f, "OPEN iio:device0 1000 00000001\r\n", "0\n");
	snprintf(text, sizeof(text), "WRITE iio:device1 fault %zu\r\n%s", strlen(faults[_i].fault), faults[_i].fault);
	(void)ask(f, text, &(size_t){0});
	if (faults[_i].answer) {
		expect(f, "READBUF iio:device0 4000\r\n", faults[_i].answer);
	} else {
		read_words(f, 1000, words);
	}
	ck_assert_double_eq_tol((double)mm_sim_board_time(f->board) / SECOND, faults[_i].time_s, 0.001);
	ck_assert_uint_eq(mm_sim_board_stream(f->board)->lost, faults[_i].lost);
	stop(f);
}
END_TEST

START_TEST(a_long_block_comes_in_pieces)
{
	struct fixture *f = start("[board]\nchip = mcp3914\nnoise = off\n", true);
	struct mm_sim_session *session = &f->session;
	size_t left = 4000 * 40, parts = 0;
	const char *line = "READBUF iio:device0 160000\r\n";

	expect(f, "SETTRIG iio:device0 trigger0\r\n", "0\n");
	expect(f, "OPEN iio:device0 4000 000001ff\r\n", "0\n");
	session->out_start = session->out_len = 0;
	memcpy(session->in, line, strlen(line));
	session->in_len = strlen(line);
	do {
		char *end;
		size_t bytes;

		mm_sim_session_run(session, f->board);
		bytes = strtoul(session->out, &end, 10);
		end += parts++ == 0 ? 10 : 1; /* the mask comes once */
		ck_assert_uint_eq((size_t)(end - session->out) + bytes, session->out_len);
		ck_assert_uint_eq(bytes % 40, 0);
		ck_assert_uint_le(bytes, left);
		left -= bytes;
		session->out_start = session->out_len;
	} while (session->resume_ns > 0);
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(parts, 5);
	ck_assert_uint_eq(session->in_len, 0);
	stop(f);
}
END_TEST

/* Wave forms, and the mean power in W of 1000 W at 0.8 lag as IEC 62053-22's tables or a textbook's integrals have it. */
static const struct {
	const char *keys;
	double active_w; /* 0: only the sum over samples tells */
} waves[] = {
	{"", 1000.0},
	{"voltage_harmonics = 5:10\ncurrent_harmonics = 5:40\n", 0},
	{"voltage_harmonics = 3:10:30 5:5:190\ncurrent_harmonics = 3:40:10 7:20\n", 0},
	{"current_shape = half-wave\n", 1000.0},
	{"current_shape = half-wave\nvoltage_harmonics = 2:5:40\n", 0},
	/* cos phi + 2/pi sin phi of the apparent power: the fundamental of the current lags by its own angle as well */
	{"current_shape = phase-fired 90\n", 1250.0 * (0.8 - 2.0 / M_PI * 0.6)},
	{"current_shape = phase-fired 135\nvoltage_harmonics = 3:10 5:10:77\ncurrent_harmonics = 3:20:50\n", 0},
	{"current_shape = burst 2 3\n", 1000.0},
	{"ct_a = reversed\ncurrent_shape = half-wave\n", -1000.0},
};

START_TEST(wave_forms_have_the_power_they_are_said_to_have)
{
	enum { CYCLES = 10, STEPS = 4000 };
	static int32_t codes[CYCLES * STEPS * 2];
	struct mm_sim_adc adc;
	double sum = 0.0, voltage = 0.0, current = 0.0;
	const struct mm_sim_state *state;
	struct mm_sim_flow flow;
	struct fixture *f;
	char text[256];

	snprintf(text, sizeof(text), "[board]\nchip = mcp3911\nnoise = off\n[at 0]\nload_a = 1000 W 0.8 lag\n%s", waves[_i].keys);
	f = start(text, true);
	state = mm_sim_board_state(f->board);
	mm_sim_flow_compute(state, &flow);
	mm_sim_adc_init(&adc, &f->scenario->board);
	mm_sim_adc_convert(&adc, state, &flow, &(struct mm_sim_frames){0, 0.0, 1e9 / 60 / STEPS, CYCLES * STEPS}, codes);
	for (unsigned i = 0; i < CYCLES * STEPS; i++) {
		double v = codes[2 * i + 1] / adc.codes_per_v, a = codes[2 * i] / adc.codes_per_a;

		sum += v * a;
		voltage += v * v;
		current += a * a;
	}
	ck_assert_double_eq_tol(sum / (CYCLES * STEPS), flow.active_uw[0] / 1e6, 0.5);
	ck_assert_double_eq_tol(sqrt(voltage / (CYCLES * STEPS)), flow.voltage_v[0], 0.02);
	ck_assert_double_eq_tol(sqrt(current / (CYCLES * STEPS)), flow.current_a[0], 0.02);
	if (waves[_i].active_w != 0.0) {
		ck_assert_double_eq_tol(flow.active_uw[0] / 1e6, waves[_i].active_w, 1e-3);
	}
	ck_assert_int_eq(flow.load_uw[0], state->ct[0].reversed ? -flow.active_uw[0] : flow.active_uw[0]);
	stop(f);
}
END_TEST

static Suite *adc_suite(void)
{
	Suite *suite = suite_create("sim_adc");
	TCase *tcase = tcase_create("adc");

	tcase_add_test(tcase, triggers_and_buffers);
	tcase_add_loop_test(tcase, codes_are_stored_as_the_driver_does, 0, MM_COUNT_OF(chips));
	tcase_add_test(tcase, time_stamps_follow_the_clock_chosen);
	tcase_add_test(tcase, a_queue_that_nobody_reads_loses);
	tcase_add_loop_test(tcase, faults_show_in_the_buffer, 0, MM_COUNT_OF(faults));
	tcase_add_test(tcase, a_long_block_comes_in_pieces);
	tcase_add_loop_test(tcase, wave_forms_have_the_power_they_are_said_to_have, 0, MM_COUNT_OF(waves));
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return mm_run_suite(adc_suite());
}
